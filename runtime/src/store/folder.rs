//! The directory of a log: found, or told what is wrong with it.

use std::path::Path;
use std::sync::Arc;

use portent_grammar::codes::store as codes;
use portent_store::inspect::is_log;
use portent_store::meta::META_FILE;
use portent_store::{DiskStorage, Log, LogConfig, LogError, Recovery, Storage};

use crate::Errors;

/// The log in a directory, to be read while perhaps another process writes it. Nothing is made, locked or changed.
///
/// # Errors
/// P0700: no such directory. P0701: no log in it. P0702: what the system refuses.
pub fn look(folder: impl AsRef<Path>) -> Result<Arc<dyn Storage>, Errors> {
    let folder = folder.as_ref();
    present(folder)?;
    let storage: Arc<dyn Storage> = Arc::new(DiskStorage::read_only(folder));
    if is_log(storage.as_ref())? {
        return Ok(storage);
    }
    let errors = Errors::plain(
        codes::LOG_NONE,
        format!(
            "{} holds no log: there is no segment in it (a file that ends in .plog)",
            folder.display()
        ),
    );
    Err(match below(folder) {
        Some(name) => errors.help(format!("there is one in {}", folder.join(name).display())),
        None => errors,
    })
}

/// The log in a directory, opened for writing, or begun there. `now`: the wall time, µs.
///
/// # Errors
/// P0701: the directory holds other things, but no log. What [`Log::open`] gives: P0704 if another process has it.
pub fn begin(
    folder: impl AsRef<Path>,
    config: LogConfig,
    now: i64,
) -> Result<(Log, Recovery), Errors> {
    let folder = folder.as_ref();
    if folder.exists() {
        present(folder)?;
        let storage = DiskStorage::read_only(folder);
        let names = listed(folder)?;
        let other = names
            .iter()
            .find(|name| *name != "lock" && !name.starts_with("meta."));
        if let (false, Some(other)) = (is_log(&storage)?, other) {
            let errors = Errors::plain(
                codes::LOG_NONE,
                format!(
                    "{} holds no log, but other things, such as {other}",
                    folder.display()
                ),
            );
            return Err(match below(folder) {
                Some(name) => {
                    errors.help(format!("there is a log in {}", folder.join(name).display()))
                }
                None => errors.help("a log is begun in a directory that is new or empty"),
            });
        }
    }
    let storage = DiskStorage::new(folder).map_err(|error| LogError::Io {
        doing: "make the directory",
        path: folder.display().to_string(),
        kind: error.kind(),
        why: error.to_string(),
    })?;
    Ok(Log::open(Arc::new(storage), config, now)?)
}

/// That it is a directory.
pub(super) fn present(folder: &Path) -> Result<(), Errors> {
    let shown = folder.display();
    let refused = match std::fs::metadata(folder) {
        Ok(found) if found.is_dir() => return Ok(()),
        Ok(_) => {
            let errors = Errors::plain(
                codes::LOG_FOLDER,
                format!("{shown} is a file, and a log is a directory"),
            );
            let parent = folder.parent().filter(|it| !it.as_os_str().is_empty());
            return Err(match parent {
                Some(parent) if folder.extension().is_some_and(|it| it == "plog") => {
                    errors.help(format!("name the directory: {}", parent.display()))
                }
                _ => errors,
            });
        }
        Err(error) => error,
    };
    if refused.kind() == std::io::ErrorKind::NotFound {
        let errors = Errors::plain(codes::LOG_FOLDER, format!("no such directory: {shown}"));
        return Err(match near(folder) {
            Some(near) => errors.help(format!("did you mean {near}?")),
            None => errors,
        });
    }
    Err(Errors::plain(
        codes::LOG_IO,
        format!("cannot look at {shown}: {refused}"),
    ))
}

/// Names in a directory, in order.
fn listed(folder: &Path) -> Result<Vec<String>, Errors> {
    let refused = |error: std::io::Error| {
        Errors::plain(
            codes::LOG_IO,
            format!("cannot list {}: {error}", folder.display()),
        )
    };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(refused)? {
        names.push(
            entry
                .map_err(refused)?
                .file_name()
                .to_string_lossy()
                .into_owned(),
        );
    }
    names.sort();
    Ok(names)
}

/// A directory right below that holds a log.
fn below(folder: &Path) -> Option<String> {
    listed(folder).ok()?.into_iter().find(|name| {
        let inner = folder.join(name);
        inner.is_dir() && is_log(&DiskStorage::read_only(inner)).unwrap_or(false)
    })
}

/// A directory right below that holds a catalog, or the one above if that does.
pub(super) fn meta_nearby(folder: &Path) -> Option<String> {
    let below = listed(folder)
        .ok()?
        .into_iter()
        .map(|name| folder.join(name));
    let above = folder
        .canonicalize()
        .ok()
        .and_then(|it| it.parent().map(Path::to_path_buf));
    below
        .chain(above)
        .find(|it| it.join(META_FILE).is_file())
        .map(|it| it.display().to_string())
}

/// A directory beside the missing one with a similar name.
fn near(folder: &Path) -> Option<String> {
    let name = folder.file_name()?.to_str()?;
    let parent = folder.parent().filter(|it| !it.as_os_str().is_empty());
    let names = listed(parent.unwrap_or(Path::new("."))).ok()?;
    let folders: Vec<&str> = names
        .iter()
        .map(String::as_str)
        .filter(|it| parent.unwrap_or(Path::new(".")).join(it).is_dir())
        .collect();
    let found = crate::suggest::nearest(name, folders)?;
    Some(match parent {
        Some(parent) => parent.join(found).display().to_string(),
        None => found.to_owned(),
    })
}
