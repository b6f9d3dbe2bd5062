//! What errors of the log say: what went wrong, and what mends it.

use std::fmt;

use crate::{Damage, DamageKind, LogError};

impl LogError {
    /// What went wrong, and where: one sentence without a full stop.
    pub fn problem(&self) -> String {
        match self {
            Self::Io {
                doing, path, why, ..
            } => format!("cannot {doing} {path}: {why}"),
            Self::StorageFull {
                path,
                offset,
                needed,
                reserve: None,
            } => format!(
                "no room for {needed} bytes more in {path} (offset {offset}); what was taken before stays"
            ),
            Self::StorageFull {
                path,
                needed,
                reserve: Some(reserve),
                ..
            } => format!(
                "no room for {needed} bytes more in {path}: {reserve} bytes are to be kept free"
            ),
            Self::Locked { path, holder } => locked(path, holder),
            Self::Poisoned { path, why } => format!(
                "{path} could not be synced ({why}), so that nobody knows what is on the disk: the log takes nothing more"
            ),
            Self::Damaged(damage) => damage.to_string(),
            Self::NewerVersion { path, found, known } => newer(path, *found, *known),
            Self::Gone { position, first } => {
                format!("position {position} is no longer in the log, which begins at {first}")
            }
            Self::Beyond { position, next } => {
                format!("position {position} is not in the log yet, whose next position is {next}")
            }
            Self::TooLarge { what, size, limit } => {
                format!("{what}: {size}, and at most {limit} can be written")
            }
            Self::Unwritable { column, why } if column.is_empty() => {
                format!("a value cannot be written: {why}")
            }
            Self::Unwritable { column, why } => {
                format!("a value of column {column} cannot be written: {why}")
            }
            Self::WrongColumns {
                stream,
                expected,
                found,
            } => {
                format!("a block of {found} columns for stream {stream}, which has {expected}")
            }
            Self::Unknown { what, name } => format!("there is no {what} {name} in the log"),
            Self::Closed => "the log is closed".to_owned(),
        }
    }

    /// What can be done about it: a sentence without a full stop. `None` if the system's own words say it.
    pub fn mend(&self) -> Option<String> {
        Some(match self {
            Self::Io { .. } | Self::Unwritable { .. } | Self::Unknown { .. } => return None,
            Self::StorageFull { reserve: None, .. } => {
                "Free some space, or let retention remove segments, and append again".to_owned()
            }
            Self::StorageFull { .. } => {
                "Free some space, let retention remove segments, or lower the reserve, and append again"
                    .to_owned()
            }
            Self::Locked { .. } => LOCKED.to_owned(),
            Self::Poisoned { .. } => "See to the disk, and open it again".to_owned(),
            Self::Damaged(damage) => damage.mend().to_owned(),
            Self::NewerVersion { .. } => NEWER.to_owned(),
            Self::Gone { .. } => "Begin there, or keep more (retention)".to_owned(),
            Self::Beyond { next, .. } => {
                format!("If it was there once, the log was cut: begin at {next}")
            }
            Self::TooLarge { .. } => "Cut it into smaller ones".to_owned(),
            Self::WrongColumns { .. } => {
                "Define the stream again if its columns have changed".to_owned()
            }
            Self::Closed => "Open it again".to_owned(),
        })
    }
}

/// What is done about a directory that is in use.
pub(crate) const LOCKED: &str = "Stop it, or use another directory";
/// What is done about a file of a later program.
pub(crate) const NEWER: &str = "Use the program that wrote it, or a later one";

/// Who has the directory.
pub(crate) fn locked(path: &str, holder: &str) -> String {
    let who = if holder.is_empty() {
        "another process".to_owned()
    } else {
        format!("process {holder}")
    };
    format!("{path} is locked: {who} uses this directory")
}

/// Which versions there are.
pub(crate) fn newer(path: &str, found: u32, known: u32) -> String {
    format!("{path} is of version {found}, and this program knows versions up to {known}")
}

impl Damage {
    /// What can be done about it: a sentence without a full stop.
    pub fn mend(&self) -> &'static str {
        match self.kind {
            DamageKind::Missing => {
                "Put the missing segment back from a copy; or open with on_damage = 'skip' to go on without what is affected, or with 'truncate' to cut \
                 the log there (what is cut off is kept in files that end in .damaged)"
            }
            _ => {
                "Restore the file from a copy; or open with on_damage = 'skip' to go on without what is affected, or with 'truncate' to cut the log there \
                 (what is cut off is kept in files that end in .damaged)"
            }
        }
    }
}

impl fmt::Display for LogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem())?;
        match self.mend() {
            Some(mend) => write!(f, ". {mend}"),
            None => Ok(()),
        }
    }
}
