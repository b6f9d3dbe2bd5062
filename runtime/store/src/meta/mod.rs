//! What outlives the process beside the log: catalog, offsets, numbers, checkpoints. One file, `meta.redb`, in the data directory.
//!
//! redb keeps it: a transaction is there as a whole or not at all, and is on the disk when it is committed. Each value begins with a version byte and ends with a CRC-32 of its
//! table, its key and itself, so that what was damaged on the disk, or has strayed under another key, is not taken for what was written.

use std::sync::Arc;

use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, TableError};

use crate::error::is_full;
use crate::storage::{Guard, Storage};

mod backend;
mod checkpoint;
mod error;
mod groups;
mod value;
mod write;

pub use checkpoint::{Checkpoint, CheckpointInfo, QueryState};
pub use groups::GroupState;
pub use write::MetaWriter;

use value::{opened, sealed};

/// The file.
pub const META_FILE: &str = "meta.redb";
/// The version of the tables and values in it.
pub const META_VERSION: u8 = 1;

type Table<'a> = TableDefinition<'a, &'static str, &'static [u8]>;

const FORMAT: Table<'_> = TableDefinition::new("format");
const CATALOG: Table<'_> = TableDefinition::new("catalog");
const OFFSETS: TableDefinition<'_, (&'static str, &'static str), &'static [u8]> =
    TableDefinition::new("offsets");
const SOURCES: Table<'_> = TableDefinition::new("sources");
const NUMBERS: Table<'_> = TableDefinition::new("numbers");
const CHECKPOINTS: TableDefinition<'_, u64, &'static [u8]> = TableDefinition::new("checkpoints");
const CHUNKS: TableDefinition<'_, (u64, u32, u32), &'static [u8]> = TableDefinition::new("chunks");

/// The catalog and the offsets of a data directory. Reading and writing go on at once; one writes at a time, and others wait for it.
#[derive(Debug)]
pub struct Meta {
    db: Database,
    path: String,
    /// Let go of behind the database.
    _guard: Option<Box<dyn Guard>>,
}

/// What went wrong with [`Meta`]. The text names the file and the way forward.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetaError {
    /// Another process has it.
    Locked {
        /// The lock file.
        path: String,
        /// What stands in it: the process number.
        holder: String,
    },
    /// There is no room: nothing of the transaction was taken.
    StorageFull {
        /// The file.
        path: String,
    },
    /// A value that is not what was written.
    Damaged {
        /// The file.
        path: String,
        /// The table.
        table: &'static str,
        /// The key, as text.
        key: String,
    },
    /// Written by a later program.
    NewerVersion {
        /// The file.
        path: String,
        /// Its version.
        found: u32,
        /// The newest that is understood.
        known: u32,
    },
    /// A checkpoint that is not there.
    NoCheckpoint {
        /// Its number.
        id: u64,
    },
    /// The database or the system refused something.
    Database {
        /// What was being done, as in "cannot … the file".
        doing: &'static str,
        /// The file.
        path: String,
        /// Why.
        why: String,
    },
}

impl std::error::Error for MetaError {}

impl Meta {
    /// Whether it is there already, so that [`Self::open`] would not make it.
    ///
    /// # Errors
    /// What the system says.
    pub fn is_made(storage: &Arc<dyn Storage>) -> Result<bool, MetaError> {
        backend::is_made(storage.as_ref())
    }

    /// Opens it, or makes it. Repairs what a crash left half written.
    ///
    /// # Errors
    /// [`MetaError::Locked`], [`MetaError::NewerVersion`], and what the database and the system refuse.
    pub fn open(storage: &Arc<dyn Storage>) -> Result<Self, MetaError> {
        let storage = storage.as_ref();
        let path = storage.place(META_FILE);
        let guard = backend::lock(storage)?;
        let database = |backend| {
            Database::builder()
                .create_with_backend(backend)
                .map_err(|error| failure("open", &path, error.into()))
        };
        if !backend::is_made(storage)? {
            // Made as a whole, and only then given its name.
            let made = Self {
                db: database(backend::create(storage)?)?,
                path: path.clone(),
                _guard: None,
            };
            made.settle_version()?;
            drop(made);
            backend::adopt(storage)?;
        }
        let meta = Self {
            db: database(backend::open(storage)?)?,
            path: path.clone(),
            _guard: Some(guard),
        };
        meta.settle_version()?;
        Ok(meta)
    }

    /// Refuses a later version; writes this one into a new file.
    fn settle_version(&self) -> Result<(), MetaError> {
        let found = self.table(FORMAT, "read", |table| {
            let found = table
                .get("version")
                .map_err(|error| self.failure("read", error.into()))?;
            Ok(found.map(|found| found.value().first().copied().unwrap_or(0)))
        })?;
        match found.flatten() {
            Some(found) if found > META_VERSION => Err(self.newer(found)),
            Some(_) => Ok(()),
            None => self.write(|writer| writer.insert(FORMAT, "version", &[META_VERSION])),
        }
    }

    /// Changes things in one transaction: when it returns, all of it is on the disk; after an error or a crash before, nothing of it.
    ///
    /// # Errors
    /// What the closure gives, and what the database refuses.
    pub fn write<T>(
        &self,
        change: impl FnOnce(&mut MetaWriter<'_>) -> Result<T, MetaError>,
    ) -> Result<T, MetaError> {
        let transaction = self
            .db
            .begin_write()
            .map_err(|error| self.failure("write to", error.into()))?;
        let mut writer = MetaWriter {
            meta: self,
            transaction: &transaction,
        };
        let outcome = change(&mut writer)?;
        transaction
            .commit()
            .map_err(|error| self.failure("write to", error.into()))?;
        Ok(outcome)
    }

    /// What the catalog holds under a name.
    ///
    /// # Errors
    /// [`MetaError::Damaged`], [`MetaError::NewerVersion`], and what the database refuses.
    pub fn get(&self, name: &str) -> Result<Option<Vec<u8>>, MetaError> {
        self.read(CATALOG, "catalog", name)
    }

    /// All of the catalog, in the order of names.
    ///
    /// # Errors
    /// As [`Meta::get`].
    pub fn catalog(&self) -> Result<Vec<(String, Vec<u8>)>, MetaError> {
        self.all(CATALOG, "catalog")
    }

    /// How far a consumer group is with the matches of a query: the number that it acknowledged.
    ///
    /// # Errors
    /// As [`Meta::get`].
    pub fn offset(&self, group: &str, query: &str) -> Result<Option<u64>, MetaError> {
        let found = self.table(OFFSETS, "read", |table| {
            let found = table
                .get((group, query))
                .map_err(|error| self.failure("read", error.into()))?;
            found
                .map(|found| {
                    self.open_value("offsets", &format!("{group}\0{query}"), found.value())
                })
                .transpose()
        })?;
        found
            .flatten()
            .map(|bytes| self.number("offsets", &format!("{group}\0{query}"), &bytes))
            .transpose()
    }

    /// All offsets: group, query, number.
    ///
    /// # Errors
    /// As [`Meta::get`].
    pub fn offsets(&self) -> Result<Vec<(String, String, u64)>, MetaError> {
        let found = self.table(OFFSETS, "read", |table| {
            let mut all = Vec::new();
            for entry in table
                .iter()
                .map_err(|error| self.failure("read", error.into()))?
            {
                let (key, value) = entry.map_err(|error| self.failure("read", error.into()))?;
                let (group, query) = key.value();
                let name = format!("{group}\0{query}");
                let bytes = self.open_value("offsets", &name, value.value())?;
                all.push((
                    group.to_owned(),
                    query.to_owned(),
                    self.number("offsets", &name, &bytes)?,
                ));
            }
            Ok(all)
        })?;
        Ok(found.unwrap_or_default())
    }

    /// Where a source is, in its own terms.
    ///
    /// # Errors
    /// As [`Meta::get`].
    pub fn source(&self, source: &str) -> Result<Option<Vec<u8>>, MetaError> {
        self.read(SOURCES, "sources", source)
    }

    /// Where all sources are.
    ///
    /// # Errors
    /// As [`Meta::get`].
    pub fn sources(&self) -> Result<Vec<(String, Vec<u8>)>, MetaError> {
        self.all(SOURCES, "sources")
    }

    /// The number that the next match of a query gets.
    ///
    /// # Errors
    /// As [`Meta::get`].
    pub fn next_number(&self, query: &str) -> Result<Option<u64>, MetaError> {
        let bytes = self.read(NUMBERS, "numbers", query)?;
        bytes
            .map(|bytes| self.number("numbers", query, &bytes))
            .transpose()
    }

    /// The numbers that the next matches of all queries get, by query.
    ///
    /// # Errors
    /// As [`Meta::get`].
    pub fn numbers(&self) -> Result<Vec<(String, u64)>, MetaError> {
        let all = self.all(NUMBERS, "numbers")?.into_iter();
        all.map(|(query, bytes)| {
            let number = self.number("numbers", &query, &bytes)?;
            Ok((query, number))
        })
        .collect()
    }

    fn read(
        &self,
        table: Table<'static>,
        name: &'static str,
        key: &str,
    ) -> Result<Option<Vec<u8>>, MetaError> {
        let found = self.table(table, "read", |table| {
            let found = table
                .get(key)
                .map_err(|error| self.failure("read", error.into()))?;
            found
                .map(|found| self.open_value(name, key, found.value()))
                .transpose()
        })?;
        Ok(found.flatten())
    }

    fn all(
        &self,
        table: Table<'static>,
        name: &'static str,
    ) -> Result<Vec<(String, Vec<u8>)>, MetaError> {
        let found = self.table(table, "read", |table| {
            let mut all = Vec::new();
            for entry in table
                .iter()
                .map_err(|error| self.failure("read", error.into()))?
            {
                let (key, value) = entry.map_err(|error| self.failure("read", error.into()))?;
                all.push((
                    key.value().to_owned(),
                    self.open_value(name, key.value(), value.value())?,
                ));
            }
            Ok(all)
        })?;
        Ok(found.unwrap_or_default())
    }

    /// Looks into a table; `None` if nothing was ever written into it.
    fn table<K: redb::Key + 'static, T>(
        &self,
        table: TableDefinition<'static, K, &'static [u8]>,
        doing: &'static str,
        look: impl FnOnce(&redb::ReadOnlyTable<K, &'static [u8]>) -> Result<T, MetaError>,
    ) -> Result<Option<T>, MetaError> {
        let transaction = self
            .db
            .begin_read()
            .map_err(|error| self.failure(doing, error.into()))?;
        match transaction.open_table(table) {
            Ok(table) => look(&table).map(Some),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(self.failure(doing, error.into())),
        }
    }

    fn open_value(
        &self,
        table: &'static str,
        key: &str,
        value: &[u8],
    ) -> Result<Vec<u8>, MetaError> {
        match opened(table, key.as_bytes(), value) {
            Ok(bytes) => Ok(bytes.to_vec()),
            Err(Some(found)) => Err(self.newer(found)),
            Err(None) => Err(self.damaged(table, key)),
        }
    }

    fn number(&self, table: &'static str, key: &str, bytes: &[u8]) -> Result<u64, MetaError> {
        let bytes = bytes.try_into().map_err(|_| self.damaged(table, key))?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn damaged(&self, table: &'static str, key: &str) -> MetaError {
        MetaError::Damaged {
            path: self.path.clone(),
            table,
            key: key.replace('\0', ", "),
        }
    }

    fn newer(&self, found: u8) -> MetaError {
        MetaError::NewerVersion {
            path: self.path.clone(),
            found: found.into(),
            known: META_VERSION.into(),
        }
    }

    fn failure(&self, doing: &'static str, error: redb::Error) -> MetaError {
        failure(doing, &self.path, error)
    }
}

fn failure(doing: &'static str, path: &str, error: redb::Error) -> MetaError {
    match error {
        redb::Error::Io(error) if is_full(&error) => MetaError::StorageFull { path: path.to_owned() },
        redb::Error::PreviousIo => MetaError::Database {
            doing,
            path: path.to_owned(),
            why: "a write failed before, so that nobody knows what is on the disk. See to the disk, and open it again".to_owned(),
        },
        redb::Error::UpgradeRequired(version) => MetaError::Database {
            doing,
            path: path.to_owned(),
            why: format!("it is a database of the older format {version}"),
        },
        error => MetaError::Database { doing, path: path.to_owned(), why: error.to_string() },
    }
}
