//! What errors of the catalog say: what went wrong, and what mends it.

use std::fmt;

use portent_grammar::Code;
use portent_grammar::codes::store as codes;

use super::MetaError;
use crate::error_text::{LOCKED, NEWER, locked, newer};

impl MetaError {
    /// Its kind: what `portent explain` has a long text about.
    pub fn code(&self) -> Code {
        match self {
            Self::Locked { .. } => codes::STORE_LOCKED,
            Self::StorageFull { .. } => codes::STORE_FULL,
            Self::Damaged { .. } => codes::META_DAMAGED,
            Self::NewerVersion { .. } => codes::STORE_NEWER,
            Self::NoCheckpoint { .. } => codes::NO_CHECKPOINT,
            Self::Database { .. } => codes::META_DATABASE,
        }
    }

    /// What went wrong, and where: one sentence without a full stop.
    pub fn problem(&self) -> String {
        match self {
            Self::Locked { path, holder } => locked(path, holder),
            Self::StorageFull { path } => {
                format!("no room for more in {path}; what was there before stays")
            }
            Self::Damaged { path, table, key } => {
                format!("{path}, table {table}, {key}: not what was written")
            }
            Self::NewerVersion { path, found, known } => newer(path, *found, *known),
            Self::NoCheckpoint { id } => {
                format!("there is no checkpoint {id}; the last two are kept")
            }
            Self::Database { doing, path, why } => format!("cannot {doing} {path}: {why}"),
        }
    }

    /// What can be done about it: a sentence without a full stop. `None` if the system's own words say it.
    pub fn mend(&self) -> Option<&'static str> {
        Some(match self {
            Self::Locked { .. } => LOCKED,
            Self::StorageFull { .. } => "Free some space, open it again and try once more",
            Self::Damaged { .. } => "Restore the file from a copy, or remove this entry",
            Self::NewerVersion { .. } => NEWER,
            Self::NoCheckpoint { .. } | Self::Database { .. } => return None,
        })
    }
}

impl fmt::Display for MetaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem())?;
        match self.mend() {
            Some(mend) => write!(f, ". {mend}"),
            None => Ok(()),
        }
    }
}
