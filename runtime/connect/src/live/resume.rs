//! A file that was followed, found again by another process: under its name, under another beside it, or not at all.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::relatives::Relatives;
use crate::files;
use crate::source::place::{Before, ReadingAt};

/// Where the reading of a file is.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct FollowAt {
    /// The file's number; `None`: there was no file yet.
    pub file: Option<u64>,
    /// When it had been changed last, ns since 1970.
    pub changed: u64,
    /// What stood behind the path in its name when it was opened, if it was an old one: `.1`. By that name its rows go.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub suffix: String,
    pub at: ReadingAt,
}

/// What there is now.
pub(super) enum Found {
    /// Neither the file nor one that may be it: perhaps it comes.
    Nothing,
    /// The file.
    Here(Box<Here>),
    /// Others, and this one not; with the old ones that were there already when it was read.
    Gone(Relatives),
}

pub(super) struct Here {
    pub path: PathBuf,
    pub file: Arc<File>,
    pub before: Before,
    /// The files that were there already when it was read.
    pub others: Relatives,
}

/// Looks for the file that was read under this path: its number tells it, and what stands before the place.
///
/// A number may be given again, and a file may be copied and emptied (`copytruncate`): so the bytes must be the same in any case, and another file with the same
/// bytes at that place will do if the number is not found.
pub(super) fn look(path: &Path, at: &FollowAt) -> io::Result<Found> {
    let relatives = Relatives::of(path);
    let number = at.file.unwrap_or_default();
    let mut refused = None;
    for place in relatives.places(number) {
        let found = File::open(&place).and_then(|mut file| {
            let before = at.at.look(&mut file)?;
            Ok(before.map(|before| (file, before)))
        });
        match found {
            Ok(Some((file, before))) => {
                return Ok(Found::Here(Box::new(Here {
                    others: relatives.until(&place),
                    path: place,
                    file: Arc::new(file),
                    before,
                })));
            }
            Ok(None) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => refused = Some(error),
        }
    }
    // It may be the one that can't be read.
    if let Some(error) = refused {
        return Err(error);
    }
    match fs::metadata(path) {
        Ok(_) => Ok(Found::Gone(relatives.until_time(at.changed))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Nothing),
        Err(error) => Err(error),
    }
}

/// What stands behind a name in another one.
fn suffix(longer: &Path, name: &Path) -> String {
    let text = |path: &Path| path.file_name().map(|it| it.to_string_lossy().into_owned());
    let (longer, name) = (
        text(longer).unwrap_or_default(),
        text(name).unwrap_or_default(),
    );
    longer.strip_prefix(&name).unwrap_or_default().to_owned()
}

impl FollowAt {
    /// By which name the rows of the file go.
    pub fn name(&self, path: &str) -> String {
        if self.suffix.is_empty() {
            return path.to_owned();
        }
        let own = Path::new(path).file_name().unwrap_or_default();
        let mut own = own.to_owned();
        own.push(&self.suffix);
        let old = super::relatives::folder(Path::new(path)).join(own);
        old.to_string_lossy().into_owned()
    }
}

/// Where it is in this file, which is called so beside that one.
pub(super) fn place(file: &File, at: ReadingAt, name: &str, path: &str) -> FollowAt {
    let metadata = file.metadata().ok();
    FollowAt {
        file: metadata.as_ref().map(files::number),
        changed: metadata.as_ref().map_or(0, files::changed),
        suffix: suffix(Path::new(name), Path::new(path)),
        at,
    }
}
