//! The end of the log: the segment that is written.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use crate::batch::{Appended, Batch};
use crate::config::Durability;
use crate::error::is_full;
use crate::format::frame::{Header, Kind};
use crate::format::schema;
use crate::format::segment::{self, name_of};
use crate::index::Index;
use crate::log::Shared;
use crate::scan::aside;
use crate::segments::{Segment, State};
use crate::storage::{File, Storage};
use crate::streams::Stream;
use crate::{LogError, locked};

/// At level `memory`, what is collected before it is written.
const COLLECT: usize = 1 << 20;
/// How often the free space is asked for while there is plenty.
const ASK_EVERY: u64 = 8 << 20;

/// What only one may touch at a time.
#[derive(Debug)]
pub(crate) struct Tail {
    pub segment: Arc<Segment>,
    pub file: Arc<dyn File>,
    /// Where the file ends.
    pub offset: u64,
    /// At level `memory`: what comes behind it.
    pub buffer: Vec<u8>,
    /// The next position.
    pub next: u64,
    /// Of the last frame.
    pub time: i64,
    /// Streams whose schema is in this segment.
    pub defined: BTreeSet<(u32, u32)>,
    /// Bytes that may be written before the free space is asked for again.
    pub room: u64,
}

impl Tail {
    /// Appends all records of a batch.
    pub fn append(
        &mut self,
        shared: &Shared,
        batch: &mut Batch,
        now: i64,
    ) -> Result<Appended, LogError> {
        if batch.is_empty() {
            return Ok(Appended {
                first: self.next,
                next: self.next,
            });
        }
        let now = now.max(self.time);
        self.roll_if_due(shared, batch.len() as u64, now)?;
        let first = self.next;
        let mut schemas = Vec::new();
        for stream in batch.streams() {
            if !self.defined.contains(&stream.key()) {
                schemas.push((stream.key(), self.schema_frame(shared, stream, now)?));
            }
        }
        let base = self.segment.base;
        let (bytes, headers) = batch.placed(first, now, shared.progress.synced(), base);
        let before: u64 = schemas
            .iter()
            .map(|(_, (_, bytes))| bytes.len() as u64)
            .sum();
        let mut prefix = Vec::new();
        schemas
            .iter()
            .for_each(|(_, (_, bytes))| prefix.extend_from_slice(bytes));
        let at = self.put(shared, &prefix, bytes)?;
        let next = headers.last().map_or(first, |(header, _)| header.next());
        let mut offset = at;
        self.segment.update(|state| {
            let index = state.index.get_or_insert_default();
            for (_, (header, bytes)) in &schemas {
                index.add(header, offset);
                offset += bytes.len() as u64;
            }
            for (header, place) in &headers {
                index.add(header, at + before + place);
            }
            state.times = index.times();
            state.next = next;
            state.len = at + before + bytes.len() as u64;
        });
        self.defined.extend(schemas.iter().map(|(key, _)| *key));
        self.next = next;
        self.time = now;
        let written = if self.buffer.is_empty() {
            next
        } else {
            shared.progress.written()
        };
        shared.progress.advance(next, written);
        Ok(Appended { first, next })
    }

    /// Writes the schema of a stream, if this segment doesn't have it.
    pub fn define(&mut self, shared: &Shared, stream: &Stream, now: i64) -> Result<(), LogError> {
        if self.defined.contains(&stream.key()) {
            return Ok(());
        }
        let now = now.max(self.time);
        let (header, bytes) = self.schema_frame(shared, stream, now)?;
        let at = self.put(shared, &bytes, &[])?;
        self.note_aside(&header, at);
        self.defined.insert(stream.key());
        Ok(())
    }

    /// Says in the log that all of it is on the disk.
    pub fn mark(&mut self, shared: &Shared) -> Result<(), LogError> {
        let (header, bytes) = aside(
            Kind::Mark,
            &[],
            self.next,
            self.time,
            shared.progress.synced(),
            self.segment.base,
        );
        let at = self.put(shared, &bytes, &[])?;
        self.note_aside(&header, at);
        Ok(())
    }

    fn note_aside(&self, header: &Header, at: u64) {
        self.segment.update(|state| {
            state.index.get_or_insert_default().add(header, at);
            state.len = at + header.frame_len();
        });
    }

    fn schema_frame(
        &self,
        shared: &Shared,
        stream: &Stream,
        now: i64,
    ) -> Result<(Header, Vec<u8>), LogError> {
        let payload = schema::encode(
            stream.number,
            stream.generation,
            &stream.name,
            &stream.schema,
        )?;
        Ok(aside(
            Kind::Schema,
            &payload,
            self.next,
            now,
            shared.progress.synced(),
            self.segment.base,
        ))
    }

    /// Puts bytes behind the others, in the file or in the buffer; where they begin. On an error nothing has changed.
    fn put(&mut self, shared: &Shared, prefix: &[u8], bytes: &[u8]) -> Result<u64, LogError> {
        let len = (prefix.len() + bytes.len()) as u64;
        self.keep_free(shared, len)?;
        if shared.config.durability == Durability::Memory {
            if self.buffer.len() as u64 + len > COLLECT as u64 {
                self.flush(shared)?;
            }
            let at = self.offset + self.buffer.len() as u64;
            self.buffer.extend_from_slice(prefix);
            self.buffer.extend_from_slice(bytes);
            return Ok(at);
        }
        let at = self.offset;
        let written = if prefix.is_empty() {
            self.file.write_at(at, bytes)
        } else {
            self.file
                .write_at(at, prefix)
                .and_then(|()| self.file.write_at(at + prefix.len() as u64, bytes))
        };
        self.written(shared, written, len)?;
        Ok(at)
    }

    /// Writes what was collected.
    pub fn flush(&mut self, shared: &Shared) -> Result<(), LogError> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let len = self.buffer.len() as u64;
        let written = self.file.write_at(self.offset, &self.buffer);
        self.written(shared, written, len)?;
        self.buffer.clear();
        shared.progress.advance(self.next, self.next);
        Ok(())
    }

    /// After a write: the file is longer, or it is cut back to what it was.
    fn written(
        &mut self,
        shared: &Shared,
        outcome: io::Result<()>,
        len: u64,
    ) -> Result<(), LogError> {
        let Err(error) = outcome else {
            self.offset += len;
            return Ok(());
        };
        self.cut_back(shared)?;
        Err(self.refusal(shared, &error, len))
    }

    /// Removes half a write, or stops the log if that is not possible either.
    fn cut_back(&self, shared: &Shared) -> Result<(), LogError> {
        self.file.truncate(self.offset).map_err(|error| {
            let poison = LogError::Poisoned {
                path: shared.storage.place(&self.segment.name),
                why: error.to_string(),
            };
            shared.progress.poison(&poison);
            poison
        })
    }

    fn refusal(&self, shared: &Shared, error: &io::Error, needed: u64) -> LogError {
        let path = shared.storage.place(&self.segment.name);
        if is_full(error) {
            LogError::StorageFull {
                path,
                offset: self.offset,
                needed,
                reserve: None,
            }
        } else {
            LogError::io("write to", path, error)
        }
    }

    /// Refuses what would eat into the reserve.
    fn keep_free(&mut self, shared: &Shared, len: u64) -> Result<(), LogError> {
        let reserve = shared.config.reserve_bytes;
        if reserve == 0 {
            return Ok(());
        }
        if self.room < len {
            let free = shared.storage.free_space().map_err(|error| {
                LogError::io(
                    "ask for the free space of",
                    shared.storage.place(""),
                    &error,
                )
            })?;
            let above = free
                .saturating_sub(reserve)
                .saturating_sub(self.buffer.len() as u64);
            if above < len {
                return Err(LogError::StorageFull {
                    path: shared.storage.place(&self.segment.name),
                    offset: self.offset,
                    needed: len,
                    reserve: Some(reserve),
                });
            }
            self.room = above.min(ASK_EVERY.max(len));
        }
        self.room -= len;
        Ok(())
    }

    fn roll_if_due(&mut self, shared: &Shared, more: u64, now: i64) -> Result<(), LogError> {
        if self.next == self.segment.base {
            return Ok(());
        }
        let len = self.offset + self.buffer.len() as u64;
        let too_big = len.saturating_add(more) > shared.config.segment_bytes;
        let age = shared
            .config
            .segment_age
            .map(|age| i64::try_from(age.as_micros()).unwrap_or(i64::MAX));
        let too_old = match (age, self.segment.created) {
            (Some(age), Some(created)) => now.saturating_sub(created) >= age,
            _ => false,
        };
        if too_big || too_old {
            self.roll(shared, self.next, now)
        } else {
            Ok(())
        }
    }

    /// Seals the segment and begins the next. The old one is on the disk before the new one is there, so that a crash tears the last segment only.
    pub fn roll(&mut self, shared: &Shared, next: u64, now: i64) -> Result<(), LogError> {
        self.flush(shared)?;
        let (end, old) = (self.offset, self.segment.clone());
        let index = self
            .segment
            .index(&self.file)
            .map_err(|error| self.refusal(shared, &error, 0))?;
        let payload = index.seal.encode();
        let (_, mut bytes) = aside(
            Kind::Seal,
            &payload,
            next,
            now,
            shared.progress.synced(),
            self.segment.base,
        );
        bytes.extend_from_slice(&segment::trailer(end, self.segment.base));
        self.keep_free(shared, bytes.len() as u64)?;
        let written = self.file.write_at(end, &bytes);
        self.written(shared, written, bytes.len() as u64)?;
        if let Err(error) = self.file.sync() {
            return Err(shared.sync_failed(&self.segment.name, &error));
        }
        shared.progress.synced_to(self.next);
        let sealed_len = self.offset;
        if let Err(error) = self.follow(shared, next, now) {
            // The segment goes on without its seal, until there is room for the next.
            self.offset = end;
            self.cut_back(shared)?;
            return Err(error);
        }
        old.update(|state| {
            state.sealed = true;
            state.index = None;
            state.len = sealed_len;
            state.next = next;
        });
        Ok(())
    }

    /// Begins the next segment, behind one that is sealed and on the disk.
    pub fn follow(&mut self, shared: &Shared, next: u64, now: i64) -> Result<(), LogError> {
        let begun = begin(
            shared.storage.as_ref(),
            next,
            now,
            locked(&shared.streams).newest(),
        )?;
        locked(&shared.segments).push(begun.segment.clone());
        self.segment = begun.segment;
        self.file = begun.file;
        self.offset = begun.offset;
        self.defined = begun.defined;
        self.next = next;
        self.time = self.time.max(now);
        Ok(())
    }
}

/// A segment that was just made.
pub(crate) struct Begun {
    pub segment: Arc<Segment>,
    pub file: Arc<dyn File>,
    pub offset: u64,
    pub defined: BTreeSet<(u32, u32)>,
}

/// Makes a segment, with the schemas of all streams, and brings it to the disk.
pub(crate) fn begin<'a>(
    storage: &dyn Storage,
    base: u64,
    now: i64,
    streams: impl Iterator<Item = &'a Arc<Stream>>,
) -> Result<Begun, LogError> {
    let name = name_of(base);
    let mut bytes = segment::header(base, now).to_vec();
    let mut index = Index::default();
    let mut defined = BTreeSet::new();
    for stream in streams {
        let payload = schema::encode(
            stream.number,
            stream.generation,
            &stream.name,
            &stream.schema,
        )?;
        let (header, frame) = aside(Kind::Schema, &payload, base, now, base, base);
        index.add(&header, bytes.len() as u64);
        bytes.extend_from_slice(&frame);
        defined.insert(stream.key());
    }
    let file = match storage.create(&name) {
        // What is left of an attempt that failed: nothing was ever appended to it.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            storage.remove(&name).and_then(|()| storage.create(&name))
        }
        other => other,
    };
    let made = file.and_then(|file| {
        file.write_at(0, &bytes)?;
        file.sync()?;
        storage.sync_dir()?;
        Ok(file)
    });
    match made {
        Ok(file) => {
            let offset = bytes.len() as u64;
            let state = State {
                next: base,
                len: offset,
                sealed: false,
                times: None,
                index: Some(index),
            };
            Ok(Begun {
                segment: Arc::new(Segment::new(base, Some(now), state)),
                file,
                offset,
                defined,
            })
        }
        Err(error) => {
            // If it can't be removed either, the next attempt does, or the next opening.
            let _ = storage.remove(&name);
            let path = storage.place(&name);
            Err(if is_full(&error) {
                LogError::StorageFull {
                    path,
                    offset: 0,
                    needed: bytes.len() as u64,
                    reserve: None,
                }
            } else {
                LogError::io("begin", path, &error)
            })
        }
    }
}
