//! The log of matches: writing, and what it holds.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use portent_grammar::{Schema, Type};
use portent_store::{
    Batch, Check, DiskStorage, Durability, Log, LogConfig, LogError, OnDamage, Storage, Stream,
};

use super::index::{self, Index, Placed};
use super::retain::{Keep, SEGMENTS};
use super::shelves::Shelves;
use super::{open, rows};
use crate::Errors;
use crate::serve::config::MatchConfig;
use crate::serve::log::Entry;

/// A batch of so many bytes is written.
const BATCH: usize = 1 << 20;

/// What was there when the log was opened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Opened {
    /// Matches that are there.
    pub matches: u64,
    /// How long it took to read them.
    pub took: Duration,
    /// What is worth a warning, a sentence each.
    pub warnings: Vec<String>,
}

/// The matches of all queries on disk. Many threads may write and read at once.
#[derive(Debug)]
pub(crate) struct Store {
    pub(super) log: Log,
    pub(super) keep: Keep,
    clock: fn() -> i64,
    writer: Mutex<Writer>,
    pub(super) shelves: Mutex<Shelves>,
    opened: Opened,
}

/// What only one may touch at a time.
#[derive(Debug, Default)]
pub(super) struct Writer {
    batch: Batch,
    /// What is in the batch: part, the numbers of the first and the last match.
    blocks: Vec<(usize, u64, u64)>,
    /// The columns that a query had last, and its stream.
    streams: HashMap<Arc<str>, (Arc<Schema>, Arc<Stream>)>,
    /// The segment that was written when retention looked last, and when that was.
    pub(super) base: u64,
    pub(super) looked: i64,
}

impl Store {
    /// Opens the log of matches in a folder, or begins one, and finds out where the matches of each query are: takes time in proportion to the log.
    ///
    /// # Errors
    /// Another process has it; it is of a later version; what the system refuses. Damage is no error: it is told, and the matches there are lost.
    pub fn open(folder: &Path, config: &MatchConfig) -> Result<Self, Errors> {
        let storage = DiskStorage::new(folder).map_err(|error| {
            let message = format!("'{}' can't be used: {error}", folder.display());
            Errors::plain(portent_grammar::codes::store::LOG_FOLDER, message)
        })?;
        Self::open_in(Arc::new(storage), config.into(), crate::session::wall)
    }

    /// As [`Self::open`], in any storage and with any clock (µs).
    ///
    /// # Errors
    /// As there.
    pub fn open_in(
        storage: Arc<dyn Storage>,
        keep: Keep,
        clock: fn() -> i64,
    ) -> Result<Self, Errors> {
        let config = LogConfig {
            // What a power failure takes is made again from the log of inputs.
            durability: Durability::Written,
            segment_bytes: keep.segment(),
            segment_age: keep.most_age().map(|age| age / SEGMENTS as u32),
            on_damage: OnDamage::Skip,
            // All of it is read for the index.
            check: Check::Last,
            ..LogConfig::default()
        };
        let (log, recovery) = Log::open(storage, config, clock())?;
        let mut shelves = Shelves::new(index::MOST);
        let opened = open::read(&log, &recovery, &mut shelves)?;
        let writer = Writer {
            base: log.base(),
            ..Writer::default()
        };
        Ok(Self {
            log,
            keep,
            clock,
            writer: Mutex::new(writer),
            shelves: Mutex::new(shelves),
            opened,
        })
    }

    /// What was there when it was opened.
    pub fn opened(&self) -> &Opened {
        &self.opened
    }

    pub(super) fn shelves(&self) -> MutexGuard<'_, Shelves> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes matches of several queries, the name of each in lower case. `written` hears of each part how far it is in the log, also before an error: no match is
    /// written twice.
    ///
    /// # Errors
    /// The disk refuses: what was not told as written may be tried again.
    pub fn write(
        &self,
        parts: &[(Arc<str>, Vec<Arc<Entry>>)],
        mut written: impl FnMut(usize, u64),
    ) -> Result<(), LogError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (self.clock)();
        let writer = &mut *writer;
        // What an error left there was not taken.
        writer.batch.clear();
        writer.blocks.clear();
        for (part, (key, entries)) in parts.iter().enumerate() {
            let mut rest = entries.as_slice();
            while let Some(first) = rest.first() {
                let (together, behind) = rest.split_at(rows::run(rest));
                rest = behind;
                let stream = self.stream(writer, key, &first.emitted.schema, now)?;
                put(&mut writer.batch, &stream, key, together)?;
                let last = together.last().map_or(first.number, |entry| entry.number);
                writer.blocks.push((part, first.number, last));
                if writer.batch.len() >= BATCH {
                    self.append(writer, parts, &mut written, now)?;
                }
            }
        }
        self.append(writer, parts, &mut written, now)?;
        self.look_if_due(writer, now);
        Ok(())
    }

    /// The stream of a query with these columns.
    fn stream(
        &self,
        writer: &mut Writer,
        key: &Arc<str>,
        query: &Arc<Schema>,
        now: i64,
    ) -> Result<Arc<Stream>, LogError> {
        if let Some((known, stream)) = writer.streams.get(key)
            && (Arc::ptr_eq(known, query) || known == query)
        {
            return Ok(Arc::clone(stream));
        }
        let mut schema = rows::schema(query);
        let stream = loop {
            match self.log.define(key, &schema, now) {
                // A type that the format doesn't know: the values are what they are, whatever the column says.
                Err(LogError::Unwritable { column, why }) => {
                    let of = schema.iter_mut().filter(|it| it.ty != Type::Json);
                    let mut of = of.filter(|it| it.name == column).peekable();
                    if of.peek().is_none() {
                        return Err(LogError::Unwritable { column, why });
                    }
                    of.for_each(|it| it.ty = Type::Json);
                }
                other => break other?,
            }
        };
        let known = (Arc::clone(query), Arc::clone(&stream));
        writer.streams.insert(Arc::clone(key), known);
        Ok(stream)
    }

    fn append(
        &self,
        writer: &mut Writer,
        parts: &[(Arc<str>, Vec<Arc<Entry>>)],
        written: &mut impl FnMut(usize, u64),
        now: i64,
    ) -> Result<(), LogError> {
        if writer.batch.is_empty() {
            return Ok(());
        }
        let appended = self.log.append(&mut writer.batch, now)?;
        // A batch lies in one segment.
        let segment = self.log.base();
        writer.batch.clear();
        let mut position = appended.first;
        {
            let mut shelves = self.shelves();
            let mut many = false;
            for &(part, first, last) in &writer.blocks {
                if let Some((key, _)) = parts.get(part) {
                    let block = Placed {
                        first,
                        last,
                        position,
                        segment,
                    };
                    many |= shelves.add(key, block);
                }
                position += last + 1 - first;
            }
            if many {
                let segments = self.log.segments();
                let bases: Vec<u64> = segments.iter().map(|it| it.first).collect();
                shelves.thin(&bases);
            }
        }
        // Only now: whoever hears of it looks for them here.
        let blocks = writer.blocks.drain(..);
        blocks.for_each(|(part, _, last)| written(part, last));
        Ok(())
    }

    /// Brings all that was written to the disk; removes what is old.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn sync(&self) -> Result<(), LogError> {
        self.log.sync()?;
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (self.clock)();
        self.look(&mut writer, now);
        Ok(())
    }

    /// The number of the first match of a query that is there. Its name in lower case.
    pub fn first(&self, key: &str) -> Option<u64> {
        self.shelves().by_key.get(key).and_then(Index::first)
    }

    /// The number of the last match of a query that is there, or was; 0: none ever.
    pub fn last(&self, key: &str) -> u64 {
        self.shelves().by_key.get(key).map_or(0, Index::end)
    }

    /// All queries that have matches there, or had since it was opened, in lower case.
    pub fn keys(&self) -> Vec<Arc<str>> {
        self.shelves().by_key.keys().cloned().collect()
    }

    /// A query is gone: nobody asks for its matches any more.
    pub fn forget(&self, key: &str) {
        let mut shelves = self.shelves();
        if let Some(mut index) = shelves.by_key.remove(key) {
            let gone = index.prune(u64::MAX);
            shelves.slots -= gone.min(shelves.slots);
        }
    }

    /// The position that the next match gets in the log.
    pub fn position(&self) -> u64 {
        self.log.next()
    }

    /// How many bytes it takes.
    pub fn bytes(&self) -> u64 {
        self.log.segments().iter().map(|it| it.bytes).sum()
    }
}

/// Puts matches that belong together into a batch. What has no place in the format is left out, and told.
fn put(
    batch: &mut Batch,
    stream: &Arc<Stream>,
    key: &str,
    entries: &[Arc<Entry>],
) -> Result<(), LogError> {
    let all = rows::block(entries, &stream.schema);
    match batch.events(stream, &all) {
        Err(LogError::Unwritable { .. } | LogError::TooLarge { .. }) => {}
        other => return other,
    }
    let mut block = all.emptied();
    let mut alone = Batch::new();
    for (row, entry) in entries.iter().enumerate() {
        alone.clear();
        match alone.events(stream, &all.slice(row..row + 1)) {
            Ok(()) => block.append(&all, row..row + 1),
            Err(error) => {
                let number = entry.number;
                tracing::error!(%error, query = key, number, "a match is kept without its values");
                block.push_row(rows::bare(entry));
            }
        }
    }
    batch.events(stream, &block)
}
