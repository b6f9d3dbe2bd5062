//! The directory that a log lies in, behind a small trait: so that tests can put one there that fails.

use std::fmt::Debug;
use std::io;
use std::sync::Arc;

mod disk;

pub use disk::DiskStorage;

/// A directory of files.
pub trait Storage: Debug + Send + Sync {
    /// The names of the files in it, in any order.
    ///
    /// # Errors
    /// What the system says.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Opens a file that is there, for reading, and for writing if the directory is not opened for reading only.
    ///
    /// # Errors
    /// `NotFound` if it isn't there; what the system says.
    fn open(&self, name: &str) -> io::Result<Arc<dyn File>>;

    /// Makes an empty file. It outlives a power failure after [`Storage::sync_dir`].
    ///
    /// # Errors
    /// `AlreadyExists` if it is there; what the system says.
    fn create(&self, name: &str) -> io::Result<Arc<dyn File>>;

    /// Renames a file.
    ///
    /// # Errors
    /// What the system says.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file. Who has it open can still read it.
    ///
    /// # Errors
    /// What the system says.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes what was created, renamed and removed outlive a power failure.
    ///
    /// # Errors
    /// What the system says.
    fn sync_dir(&self) -> io::Result<()>;

    /// Locks the directory by a file of this name until the guard is dropped. `Err(text)` in the result: somebody has it, and this stands in the file.
    ///
    /// # Errors
    /// What the system says.
    fn lock(&self, name: &str) -> io::Result<Result<Box<dyn Guard>, String>>;

    /// Bytes that can still be written.
    ///
    /// # Errors
    /// What the system says.
    fn free_space(&self) -> io::Result<u64>;

    /// A file's path for error texts.
    fn place(&self, name: &str) -> String;
}

/// A file. Reading and writing go by offset, so that many may do it at once.
pub trait File: Debug + Send + Sync {
    /// Its length in bytes.
    ///
    /// # Errors
    /// What the system says.
    fn len(&self) -> io::Result<u64>;

    /// Whether it has no bytes.
    ///
    /// # Errors
    /// What the system says.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Reads until the buffer is full or the file ends, and says how much it was.
    ///
    /// # Errors
    /// What the system says.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize>;

    /// Writes all of it. After an error any part may have been written.
    ///
    /// # Errors
    /// What the system says; `StorageFull` if there is no room.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Brings all that was written, and the length, to the disk.
    ///
    /// # Errors
    /// What the system says. Nobody knows then what is on the disk.
    fn sync(&self) -> io::Result<()>;

    /// Cuts the file.
    ///
    /// # Errors
    /// What the system says.
    fn truncate(&self, len: u64) -> io::Result<()>;
}

/// Holds a lock until it is dropped.
pub trait Guard: Debug + Send + Sync {}
