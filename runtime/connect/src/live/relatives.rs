//! The old files of one that is rotated: `x.log.1`, `x.log-20260131`.

use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};

use super::tail::identity;
use crate::files;

/// The files beside one that are called like it, with digits behind, and itself. Packed ones have another ending, and don't count.
pub(super) struct Relatives(Vec<Relative>);

struct Relative {
    path: PathBuf,
    metadata: fs::Metadata,
    is_old: bool,
}

impl Relatives {
    pub fn of(path: &Path) -> Self {
        let folder = folder(path);
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

    /// The file of this number, under whatever name.
    fn numbered(&self, number: u64) -> impl Iterator<Item = &Relative> {
        let all = self.0.iter();
        all.filter(move |it| files::number(&it.metadata) == number)
    }

    /// Where a file may be that had this number: under its own name or, renamed, beside it; then the others, into one of which it may have been copied.
    pub fn places(&self, number: u64) -> Vec<PathBuf> {
        let others = self.0.iter();
        let others = others.filter(|it| it.is_old && files::number(&it.metadata) != number);
        let own = self.0.iter().filter(|it| !it.is_old);
        let places = self.numbered(number).chain(others).chain(own);
        places.map(|it| it.path.clone()).collect()
    }

    /// Of these, only those that are not newer than the one at the path: when it was being read, they were there.
    pub fn until(mut self, path: &Path) -> Self {
        let Some(it) = self.0.iter().position(|it| it.path == path) else {
            return self;
        };
        let it = self.0.swap_remove(it);
        if it.is_old {
            self.0.retain(|other| other.is_old && !newer(other, &it));
        }
        self.0.push(it);
        self
    }

    /// Of these, only those that were not changed after that time.
    pub fn until_time(mut self, changed: u64) -> Self {
        self.0.retain(|it| files::changed(&it.metadata) <= changed);
        self
    }

    /// The old files that are among these, and whose content was not among those before under any name: the oldest first, by their numbers, or by when they
    /// were changed.
    pub fn since(&self, before: &Self) -> Vec<PathBuf> {
        let was_there = |file: &&Relative| {
            let mut there = before.0.iter();
            there.any(|it| identity(&it.metadata) == identity(&file.metadata))
        };
        let old = self.0.iter().filter(|file| file.is_old && !was_there(file));
        let mut new: Vec<&Relative> = old.collect();
        // One way for all of them: else there is no order.
        if new.iter().all(|it| rank(&it.path).is_some()) {
            new.sort_by_key(|it| Reverse(rank(&it.path)));
        } else {
            new.sort_by_key(|it| (files::changed(&it.metadata), it.path.clone()));
        }
        new.into_iter().map(|file| file.path.clone()).collect()
    }
}

/// Where a file lies.
pub(super) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Whether the one was put aside after the other: by their names, `.1` after `.2` and `-20260201` after `-20260131`; else by when they were changed.
fn newer(one: &Relative, other: &Relative) -> bool {
    match (rank(&one.path), rank(&other.path)) {
        (Some(one), Some(other)) if one != other => one < other,
        (None, None) if one.path.as_os_str().len() == other.path.as_os_str().len() => {
            one.path > other.path
        }
        _ => {
            let changed = |it: &Relative| files::changed(&it.metadata);
            changed(one) > changed(other)
        }
    }
}

/// The number of an old file whose name counts from the newest on: a few digits, and no more.
fn rank(path: &Path) -> Option<u32> {
    let name = path.file_name()?.to_str()?;
    let digits = name.rsplit(['.', '-', '_']).next()?;
    let rest = name.strip_suffix(digits)?;
    let alone = !rest
        .trim_end_matches(['.', '-', '_'])
        .ends_with(|c: char| c.is_ascii_digit());
    (alone && digits.len() < 6)
        .then(|| digits.parse().ok())
        .flatten()
}

/// `.1`, `-20260131`, `.2026-01-31T10.15`
fn is_number(rest: &str) -> bool {
    let mut chars = rest.chars();
    matches!(chars.next(), Some('.' | '-' | '_'))
        && rest.contains(|c: char| c.is_ascii_digit())
        && chars.all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '_' | ':' | 'T' | 'Z'))
}
