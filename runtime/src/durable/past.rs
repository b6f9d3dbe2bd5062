//! The log as a session's past.

use std::sync::{Arc, Mutex, PoisonError};

use portent_store::{Log, Reader, Record, Upto};

use super::journal::{
    FINISH, KEPT, MARK, MARK_END, PAUSE, RESUME, SET_CLOCK, SINKS_OPENED, STATEMENT, TICK, VOID,
    WALL_CLOCK,
};
use super::replay::unknown;
use crate::error::Errors;
use crate::past::{Came, Coming, Made, Past, What};

/// See the module.
pub(crate) struct LogPast {
    log: Arc<Log>,
    /// The positions of statements that looked back, and where the log began then.
    held: Mutex<Vec<(u64, u64)>>,
}

impl LogPast {
    pub fn new(log: Arc<Log>) -> Self {
        Self {
            log,
            held: Mutex::default(),
        }
    }

    /// The first position that statements behind a checkpoint need when they are done again; `None`: they need none. Those before it are of the past.
    #[cfg(feature = "serve")]
    pub fn needed(&self, checkpoint: u64) -> Option<u64> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.retain(|(position, _)| *position >= checkpoint);
        held.iter().map(|(_, first)| *first).min()
    }
}

impl Past for LogPast {
    fn first(&self) -> u64 {
        self.log.first()
    }

    fn next(&self) -> u64 {
        self.log.next()
    }

    fn hold(&self, position: u64) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.push((position, self.log.first()));
    }

    fn read(&self, from: u64, to: u64) -> Result<Box<dyn Coming>, Errors> {
        let mut records = Records {
            reader: self.log.reader(from, Upto::Written).map_err(Errors::from)?,
            to,
            ahead: None,
        };
        records.ahead = records.read()?;
        Ok(Box::new(records))
    }
}

struct Records {
    reader: Reader,
    to: u64,
    /// Whether a statement failed, what follows it says.
    ahead: Option<Record>,
}

impl Records {
    fn read(&mut self) -> Result<Option<Record>, Errors> {
        if self.reader.position() >= self.to {
            return Ok(None);
        }
        self.reader.next().map_err(Errors::from)
    }
}

impl Coming for Records {
    fn next(&mut self) -> Result<Option<Came>, Errors> {
        let Some(record) = self.ahead.take() else {
            return Ok(None);
        };
        self.ahead = self.read()?;
        let position = record.position();
        let (now, what) = match record {
            Record::Events(events) => {
                let stream = events.stream.name.clone();
                let rows = events.rows;
                (events.time, What::Events { stream, rows })
            }
            Record::Clock { time, to, .. } => (time, What::Advance(to)),
            Record::Marker {
                time, kind, bytes, ..
            } => {
                let failed = matches!(&self.ahead, Some(Record::Marker { kind: VOID, .. }));
                (
                    time,
                    marker(kind, &bytes, position, failed).ok_or_else(|| unknown(position))?,
                )
            }
            Record::Gap { .. } => (0, What::Other),
        };
        Ok(Some(Came {
            position,
            now,
            what,
        }))
    }
}

/// `failed`: if it is a statement, it failed. `None`: it is none that this version knows.
fn marker(kind: u8, bytes: &[u8], position: u64, failed: bool) -> Option<What> {
    let name = || std::str::from_utf8(bytes).ok().map(str::to_owned);
    Some(match kind {
        STATEMENT if failed => What::Other,
        STATEMENT => {
            let mut made: Made = serde_json::from_slice(bytes).ok()?;
            made.position = position;
            What::Statement(made)
        }
        TICK => What::Tick,
        SET_CLOCK => What::SetClock(i64::from_le_bytes(bytes.try_into().ok()?)),
        WALL_CLOCK => What::WallClock,
        PAUSE => What::Pause(name()?),
        RESUME => What::Resume(name()?),
        FINISH => What::Finish,
        VOID | KEPT | MARK | MARK_END | SINKS_OPENED => What::Other,
        _ => return None,
    })
}
