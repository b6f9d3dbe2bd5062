//! The real file system. The only file of this crate that knows it.
#![expect(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "here, and nowhere else"
)]

use std::fs;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{File, Guard, Storage};

/// A directory of the file system.
#[derive(Debug)]
pub struct DiskStorage {
    folder: PathBuf,
    read_only: bool,
}

impl DiskStorage {
    /// A directory, made if it isn't there.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(folder: impl Into<PathBuf>) -> io::Result<Self> {
        let folder = folder.into();
        if !folder.is_dir() {
            fs::create_dir_all(&folder)?;
            // The entry of the new directory lies in its parent.
            if let Some(parent) = folder
                .parent()
                .filter(|parent| !parent.as_os_str().is_empty())
            {
                sync_folder(parent)?;
            }
        }
        Ok(Self {
            folder,
            read_only: false,
        })
    }

    /// A directory whose files are only read: to look into a log that another process may be writing.
    pub fn read_only(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            read_only: true,
        }
    }

    /// The directory.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Directories can be synced on Unix; Windows keeps its entries without.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        fs::File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}

impl Storage for DiskStorage {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if entry.file_type()?.is_file()
                && let Ok(name) = entry.file_name().into_string()
            {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let file = fs::File::options()
            .read(true)
            .write(!self.read_only)
            .open(self.folder.join(name))?;
        Ok(Arc::new(DiskFile { file }))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn File>> {
        let file = fs::File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(self.folder.join(name))?;
        Ok(Arc::new(DiskFile { file }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.folder.join(from), self.folder.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.folder.join(name))
    }

    fn sync_dir(&self) -> io::Result<()> {
        sync_folder(&self.folder)
    }

    fn lock(&self, name: &str) -> io::Result<Result<Box<dyn Guard>, String>> {
        // Not truncated before the lock is held: what stands in it is the holder's.
        let mut file = fs::File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.folder.join(name))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Windows does not let others read what is locked; the text is a courtesy.
                let _ = (&mut file).take(64).read_to_string(&mut holder);
                return Ok(Err(holder.trim().to_owned()));
            }
            Err(fs::TryLockError::Error(error)) => return Err(error),
        }
        // The number is a courtesy too: a full disk does not keep a log from being opened.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Ok(Box::new(DiskLock { file })))
    }

    fn free_space(&self) -> io::Result<u64> {
        fs4::available_space(&self.folder)
    }

    fn place(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }
}

/// The system lets go of the lock when the file is closed, also when the process dies.
#[derive(Debug)]
struct DiskLock {
    file: fs::File,
}

impl Guard for DiskLock {}

impl Drop for DiskLock {
    fn drop(&mut self) {
        // Closing alone is not enough: a child that another thread is just starting has a copy of the file until it becomes another program, and holds the lock as long.
        // If it fails, the lock goes with the last copy.
        let _ = self.file.unlock();
    }
}

#[derive(Debug)]
struct DiskFile {
    file: fs::File,
}

impl File for DiskFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        while let Some(rest) = into.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match read_some(&self.file, offset + done as u64, rest) {
                Ok(0) => break,
                Ok(read) => done += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut done = 0;
        while let Some(rest) = bytes.get(done..).filter(|rest| !rest.is_empty()) {
            match write_some(&self.file, offset + done as u64, rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => done += written,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        // The length of the file is brought along, as it is needed to read the rest.
        self.file.sync_data()
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }
}

#[cfg(unix)]
fn read_some(file: &fs::File, offset: u64, into: &mut [u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, into, offset)
}

#[cfg(unix)]
fn write_some(file: &fs::File, offset: u64, bytes: &[u8]) -> io::Result<usize> {
    std::os::unix::fs::FileExt::write_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_some(file: &fs::File, offset: u64, into: &mut [u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, into, offset)
}

#[cfg(windows)]
fn write_some(file: &fs::File, offset: u64, bytes: &[u8]) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_write(file, bytes, offset)
}
