//! The old files of one that is rotated: `x.log.1`, `x.log-20260131`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::tail::identity;

/// The files beside one that are called like it, with digits behind, and itself. Packed ones have another ending, and don't count.
pub(super) struct Relatives(Vec<Relative>);

struct Relative {
    path: PathBuf,
    metadata: fs::Metadata,
    is_old: bool,
}

impl Relatives {
    pub fn of(path: &Path) -> Self {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let own = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let mut found = Vec::new();
        // Whoever may read the file, but not the folder, goes without.
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let Some(rest) = name.to_str().and_then(|name| name.strip_prefix(own)) else {
                continue;
            };
            if (rest.is_empty() || is_number(rest))
                && let Ok(metadata) = fs::metadata(entry.path())
                && metadata.is_file()
            {
                found.push(Relative {
                    path: entry.path(),
                    metadata,
                    is_old: !rest.is_empty(),
                });
            }
        }
        Self(found)
    }

    /// The old files that are among these, and whose content was not among those before under any name: the one changed first, first.
    pub fn since(&self, before: &Self) -> Vec<PathBuf> {
        let was_there = |file: &&Relative| {
            let mut there = before.0.iter();
            there.any(|it| identity(&it.metadata) == identity(&file.metadata))
        };
        let old = self.0.iter().filter(|file| file.is_old && !was_there(file));
        let mut new: Vec<&Relative> = old.collect();
        new.sort_by_key(|file| file.metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH));
        new.into_iter().map(|file| file.path.clone()).collect()
    }
}

/// `.1`, `-20260131`, `.2026-01-31T10.15`
fn is_number(rest: &str) -> bool {
    let mut chars = rest.chars();
    matches!(chars.next(), Some('.' | '-' | '_'))
        && rest.contains(|c: char| c.is_ascii_digit())
        && chars.all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '_' | ':' | 'T' | 'Z'))
}
