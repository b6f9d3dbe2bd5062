//! A directory that tells how much of it was read: for a progress bar.

use std::io;
use std::sync::Arc;

use portent_store::Storage;
use portent_store::storage::{File, Guard};

/// Called with the number of bytes that were just read.
type OnRead = Arc<dyn Fn(u64) + Send + Sync>;

/// A [`Storage`] that tells of each read.
pub struct Metered {
    inner: Arc<dyn Storage>,
    on_read: OnRead,
}

impl Metered {
    /// `on_read` is called with the number of bytes of each read, on the thread that reads.
    pub fn new(inner: Arc<dyn Storage>, on_read: impl Fn(u64) + Send + Sync + 'static) -> Self {
        Self {
            inner,
            on_read: Arc::new(on_read),
        }
    }

    fn metered(&self, file: Arc<dyn File>) -> Arc<dyn File> {
        Arc::new(MeteredFile {
            file,
            on_read: self.on_read.clone(),
        })
    }
}

impl std::fmt::Debug for Metered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metered")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}

impl Storage for Metered {
    fn list(&self) -> io::Result<Vec<String>> {
        self.inner.list()
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        self.inner.open(name).map(|file| self.metered(file))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        self.inner.create(name).map(|file| self.metered(file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.inner.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.inner.remove(name)
    }

    fn sync_dir(&self) -> io::Result<()> {
        self.inner.sync_dir()
    }

    fn lock(&self, name: &str) -> io::Result<Result<Box<dyn Guard>, String>> {
        self.inner.lock(name)
    }

    fn free_space(&self) -> io::Result<u64> {
        self.inner.free_space()
    }

    fn place(&self, name: &str) -> String {
        self.inner.place(name)
    }
}

struct MeteredFile {
    file: Arc<dyn File>,
    on_read: OnRead,
}

impl std::fmt::Debug for MeteredFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MeteredFile")
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

impl File for MeteredFile {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(offset, into)?;
        (self.on_read)(read as u64);
        Ok(read)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_at(offset, bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.file.truncate(len)
    }
}
