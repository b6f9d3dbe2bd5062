//! What outlives the daemon: what was created over the API, and which queries are paused.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use indexmap::{IndexMap, IndexSet};
use serde::{Deserialize, Serialize};

use super::deploy::{Key, Unit, unit};
use crate::error::SourceText;

/// The version of the file. Others are refused, never misread.
const VERSION: u32 = 1;
const NAME: &str = "catalog.json";

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct State {
    path: Option<PathBuf>,
    pub units: IndexMap<Key, Unit>,
    /// As created.
    pub paused: IndexSet<String>,
}

/// The file.
#[derive(Debug, Default, Deserialize, Serialize)]
struct Stored {
    version: u32,
    /// In the order of creation.
    statements: Vec<String>,
    paused: Vec<String>,
}

impl State {
    /// Reads what was kept in a folder, which is made if it is not there. `None`: nothing is kept.
    ///
    /// # Errors
    /// One sentence.
    pub fn open(folder: Option<&Path>) -> Result<Self, String> {
        let Some(folder) = folder else {
            return Ok(Self::default());
        };
        fs::create_dir_all(folder)
            .map_err(|error| format!("'{}' can't be made: {error}", folder.display()))?;
        let path = folder.join(NAME);
        let mut state = Self {
            path: Some(path.clone()),
            ..Self::default()
        };
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(state),
            Err(error) => return Err(format!("'{}' can't be read: {error}", path.display())),
        };
        let stored: Stored = serde_json::from_str(&text)
            .map_err(|error| format!("'{}' is damaged: {error}", path.display()))?;
        if stored.version != VERSION {
            return Err(format!(
                "'{}' is of version {}, and this daemon knows version {VERSION} only",
                path.display(),
                stored.version
            ));
        }
        for statement in stored.statements {
            let origin = SourceText::new("<created over the API>", statement);
            let parsed = portent_parser::parse(&origin.text);
            for statement in &parsed.statements {
                state.units.extend(unit(statement, &origin));
            }
        }
        state.paused = stored.paused.into_iter().collect();
        Ok(state)
    }

    /// What the log of a data directory says; that keeps it, too.
    pub fn of(units: IndexMap<Key, Unit>) -> Self {
        Self {
            units,
            ..Self::default()
        }
    }

    /// What it says stands in the log now: the file is put aside.
    ///
    /// # Errors
    /// The system refuses.
    pub fn retire(&self) -> io::Result<()> {
        match &self.path {
            Some(path) if path.exists() => fs::rename(path, path.with_extension("json.imported")),
            _ => Ok(()),
        }
    }

    /// Writes it down: as it was, or as it is, whatever happens meanwhile.
    ///
    /// # Errors
    /// The system refuses.
    pub fn save(&self) -> io::Result<()> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let stored = Stored {
            version: VERSION,
            statements: self.units.values().map(|it| it.text.clone()).collect(),
            paused: self.paused.iter().cloned().collect(),
        };
        let text = serde_json::to_string_pretty(&stored).map_err(io::Error::other)?;
        let beside = path.with_extension("json.new");
        let mut file = File::create(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        // The name is on disk only when its folder is.
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }

    /// Something was created over the API.
    pub fn add(&mut self, key: Key, unit: Unit) {
        self.units.insert(key, unit);
    }

    /// It was dropped.
    pub fn remove(&mut self, key: &Key) {
        self.units.shift_remove(key);
    }
}
