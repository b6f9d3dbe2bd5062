//! From a session into the log.

use std::collections::HashMap;
use std::sync::Arc;

use portent_grammar::{Column, Schema};
use portent_planner::catalog::StreamDef;
use portent_planner::compiled::StreamId;
use portent_store::{Batch, Log, Stream};

use crate::error::Errors;
use crate::journal::{Journal, Note, Taken};
use crate::past::Made;
use portent_grammar::codes::runtime as codes;

/// The kinds of markers. They are in files: numbers stay.
pub(super) const STATEMENT: u8 = 1;
pub(super) const VOID: u8 = 2;
pub(super) const TICK: u8 = 3;
pub(super) const SET_CLOCK: u8 = 4;
pub(super) const WALL_CLOCK: u8 = 5;
pub(super) const PAUSE: u8 = 6;
pub(super) const RESUME: u8 = 7;
pub(super) const FINISH: u8 = 8;
/// The events behind it are kept for later SELECTs.
pub(super) const KEPT: u8 = 9;
/// Events of an origin follow.
pub(super) const MARK: u8 = 10;
/// The rest of them does not.
pub(super) const MARK_END: u8 = 11;
/// The statement before this has opened sinks.
pub(super) const SINKS_OPENED: u8 = 12;

pub(super) struct LogJournal {
    log: Arc<Log>,
    streams: HashMap<StreamId, Arc<Stream>>,
    batch: Batch,
}

impl LogJournal {
    pub fn new(log: Arc<Log>) -> Self {
        Self {
            log,
            streams: HashMap::new(),
            batch: Batch::new(),
        }
    }

    fn stream(&mut self, def: &StreamDef, now: i64) -> Result<Arc<Stream>, Errors> {
        if let Some(known) = self.streams.get(&def.id) {
            return Ok(Arc::clone(known));
        }
        let columns = def.columns.iter();
        let schema: Schema = columns
            .map(|it| Column::new(it.name.as_str(), it.ty.clone()))
            .collect();
        let stream = self
            .log
            .define(&def.name, &schema, now)
            .map_err(Errors::from)?;
        self.streams.insert(def.id, Arc::clone(&stream));
        Ok(stream)
    }

    fn append(&mut self, now: i64) -> Result<(), Errors> {
        let appended = self.log.append(&mut self.batch, now);
        self.batch.clear();
        appended.map(|_| ()).map_err(Errors::from)
    }
}

impl Journal for LogJournal {
    fn events(&mut self, events: &Taken<'_>) -> Result<(), Errors> {
        let stream = self.stream(events.stream, events.now)?;
        let mut batched = Ok(());
        if events.kept {
            batched = self.batch.marker(KEPT, &[]);
        }
        let batched = batched.and_then(|()| self.batch.events(&stream, events.rows));
        if let Err(error) = batched {
            self.batch.clear();
            return Err(error.into());
        }
        self.append(events.now)
    }

    fn note(&mut self, note: Note<'_>, now: i64) -> Result<(), Errors> {
        let mut bytes = Vec::new();
        let kind = match note {
            Note::Advance(time) => {
                self.batch.clock(time);
                return self.append(now);
            }
            Note::Tick => TICK,
            Note::SetClock(time) => {
                bytes = time.to_le_bytes().to_vec();
                SET_CLOCK
            }
            Note::WallClock => WALL_CLOCK,
            Note::Statement {
                streams,
                queries,
                text,
                origin,
            } => {
                let made = Made::new(streams, queries, text.to_owned(), origin.to_owned(), 0);
                let json = serde_json::to_vec(&made);
                bytes = json.map_err(|error| Errors::plain(codes::LOG, error.to_string()))?;
                // A stream that is made again has other columns, perhaps.
                self.streams.clear();
                STATEMENT
            }
            Note::Void => VOID,
            Note::Pause(name) => {
                bytes = name.as_bytes().to_vec();
                PAUSE
            }
            Note::Resume(name) => {
                bytes = name.as_bytes().to_vec();
                RESUME
            }
            Note::Finish => FINISH,
            Note::Mark { origin, mark, rows } => {
                bytes = write_mark(origin, mark, rows);
                MARK
            }
            Note::MarkEnd => MARK_END,
            Note::Sinks(marks) => {
                bytes = marks.to_vec();
                SINKS_OPENED
            }
        };
        self.batch.marker(kind, &bytes).map_err(Errors::from)?;
        self.append(now)?;
        Ok(())
    }

    fn position(&self) -> u64 {
        self.log.next()
    }

    fn wait(&self) -> Result<(), Errors> {
        self.log.wait_durable(self.log.next()).map_err(Errors::from)
    }
}

/// u64 rows · u32 length of the name · name · where it is, all little-endian.
fn write_mark(origin: &str, mark: &[u8], rows: u64) -> Vec<u8> {
    let length = u32::try_from(origin.len()).unwrap_or(u32::MAX);
    let mut bytes = rows.to_le_bytes().to_vec();
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(origin.as_bytes());
    bytes.extend_from_slice(mark);
    bytes
}

/// What [`write_mark`] wrote: rows, name, where it is.
pub(super) fn read_mark(bytes: &[u8]) -> Option<(u64, &str, &[u8])> {
    let (rows, rest) = bytes.split_first_chunk::<8>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (origin, mark) = rest.split_at_checked(length)?;
    let origin = std::str::from_utf8(origin).ok()?;
    Some((u64::from_le_bytes(*rows), origin, mark))
}
