//! A folder of its own for each test. Several test programs take this file in.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder that goes when the test is done.
pub struct Folder {
    pub path: PathBuf,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Folder {
    pub fn new() -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let program = env!("CARGO_CRATE_NAME");
        let name = format!("{program}-{}-{number}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).expect("a folder");
        Self { path }
    }

    pub fn write(&self, name: &str, text: &str) -> &Self {
        let path = self.path.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).expect("a folder");
        }
        std::fs::write(path, text).expect("a file");
        self
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What remains is in a folder for such things.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
