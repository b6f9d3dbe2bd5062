//! redb over [`Storage`]: so that tests can make it fail as they do the log.

use std::io;
use std::sync::Arc;

use redb::StorageBackend;

use super::{META_FILE, MetaError};
use crate::error::is_full;
use crate::storage::{File, Guard, Storage};

/// The file that is locked; the log has one of its own.
const LOCK: &str = "meta.lock";
/// A database that is being made.
const NEW: &str = "meta.redb.new";

#[derive(Debug)]
pub(super) struct Backend {
    file: Arc<dyn File>,
}

/// Locks the directory for whoever has the database.
pub(super) fn lock(storage: &dyn Storage) -> Result<Box<dyn Guard>, MetaError> {
    match storage
        .lock(LOCK)
        .map_err(|error| refused(storage, LOCK, &error))?
    {
        Ok(guard) => Ok(guard),
        Err(holder) => Err(MetaError::Locked {
            path: storage.place(LOCK),
            holder,
        }),
    }
}

/// Whether the database was ever made. (It gets its name only when it is whole: an empty file is none.)
pub(super) fn is_made(storage: &dyn Storage) -> Result<bool, MetaError> {
    match storage.open(META_FILE) {
        Ok(file) => match file.is_empty() {
            Ok(empty) => Ok(!empty),
            Err(error) => Err(refused(storage, META_FILE, &error)),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(refused(storage, META_FILE, &error)),
    }
}

/// A file for a new database, under another name: what a crash leaves of it is not taken for the database.
pub(super) fn create(storage: &dyn Storage) -> Result<Backend, MetaError> {
    let made = match storage.create(NEW) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            storage.remove(NEW).and_then(|()| storage.create(NEW))
        }
        other => other,
    };
    made.map(|file| Backend { file })
        .map_err(|error| refused(storage, NEW, &error))
}

/// The new database is complete and on the disk: from now on it is the database.
pub(super) fn adopt(storage: &dyn Storage) -> Result<(), MetaError> {
    storage
        .rename(NEW, META_FILE)
        .and_then(|()| storage.sync_dir())
        .map_err(|error| refused(storage, META_FILE, &error))
}

/// The database's file.
pub(super) fn open(storage: &dyn Storage) -> Result<Backend, MetaError> {
    storage
        .open(META_FILE)
        .map(|file| Backend { file })
        .map_err(|error| refused(storage, META_FILE, &error))
}

fn refused(storage: &dyn Storage, name: &str, error: &io::Error) -> MetaError {
    let path = storage.place(name);
    if is_full(error) {
        MetaError::StorageFull { path }
    } else {
        MetaError::Database {
            doing: "open",
            path,
            why: error.to_string(),
        }
    }
}

impl StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if self.file.read_at(offset, out)? == out.len() {
            Ok(())
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.truncate(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.file.write_at(offset, data)
    }
}
