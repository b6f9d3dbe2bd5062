//! The case corpus: `tests/corpus/<topic>/*.case`, in the format of `portent::case`.
//!
//! Each case is held to three things: its expectations are what the oracle says (where the oracle models it), the engine meets
//! them, and the engine meets them in every variant (`variants`): event by event, shuffled within the lateness, among other
//! queries.

mod bless;
mod model;
mod table;
pub mod variants;

use std::path::{Path, PathBuf};

pub use bless::{Blessed, bless};
pub use model::{Model, expectations};
pub use table::{Table, shown};

/// Where the corpus is.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// All case files, in order of their paths.
pub fn files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        for path in entries.map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "case")
            {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// A file's name within the corpus.
pub fn short(path: &Path) -> String {
    path.strip_prefix(folder())
        .unwrap_or(path)
        .display()
        .to_string()
}
