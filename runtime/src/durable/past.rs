//! The log as a session's past.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portent_store::{Log, LogError, Reader, Record, Retained, Retention, Upto};

use super::journal::{
    FINISH, KEPT, MARK, MARK_END, PAUSE, RESUME, SET_CLOCK, SINKS_OPENED, STATEMENT, TICK, VOID,
    WALL_CLOCK,
};
use super::replay::unknown;
use crate::error::Errors;
use crate::past::{Came, Coming, Kept, Made, Past, What};

/// See the module.
pub(crate) struct LogPast {
    log: Arc<Log>,
    held: Mutex<Held>,
    /// When the first record came, and its position: each query that is replaced asks for it.
    began: Mutex<Option<(u64, i64)>>,
}

/// What must not be removed.
#[derive(Default)]
struct Held {
    /// The positions of statements that looked back, and where the log began then.
    statements: Vec<(u64, u64)>,
    /// Where those that read it now began, and how many began there.
    readers: BTreeMap<u64, usize>,
}

impl LogPast {
    pub fn new(log: Arc<Log>) -> Self {
        Self {
            log,
            held: Mutex::default(),
            began: Mutex::default(),
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Removes what is too old or too much from the log, but nothing that is needed: from the checkpoint at this position, by statements behind it that
    /// looked back and are done again with it, by those that read it now. Nobody can begin to look back meanwhile.
    ///
    /// # Errors
    /// The system refuses.
    pub fn retain(
        &self,
        retention: &Retention,
        checkpoint: u64,
        now: i64,
    ) -> Result<Retained, LogError> {
        let mut held = self.held();
        // Those before the checkpoint are of the past.
        held.statements.retain(|(it, _)| *it >= checkpoint);
        let looked_back = held.statements.iter().map(|(_, first)| *first).min();
        let read = held.readers.keys().next().copied();
        let holders = [
            ("the newest checkpoint", checkpoint),
            (
                "statements that look back",
                looked_back.unwrap_or(checkpoint),
            ),
            ("who reads the log", read.unwrap_or(checkpoint)),
        ];
        self.log.retain(retention, &holders, now)
    }
}

/// Somebody who reads a log from there on.
struct Reading {
    past: Arc<LogPast>,
    first: u64,
}

impl Drop for Reading {
    fn drop(&mut self) {
        let mut held = self.past.held();
        if let Some(count) = held.readers.get_mut(&self.first) {
            *count -= 1;
            if *count == 0 {
                held.readers.remove(&self.first);
            }
        }
    }
}

impl Past for LogPast {
    fn first(&self) -> u64 {
        self.log.first()
    }

    fn next(&self) -> u64 {
        self.log.next()
    }

    fn began(&self, end: u64) -> Result<Option<i64>, Errors> {
        let first = self.first();
        if end <= first {
            return Ok(None);
        }
        let mut known = self.began.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, began)) = *known
            && at == first
        {
            return Ok(Some(began));
        }
        let came = self.read(first, end)?.next()?;
        *known = came.as_ref().map(|it| (first, it.now));
        Ok(came.map(|it| it.now))
    }

    fn hold(&self, position: u64) {
        let mut held = self.held();
        // Under the lock: it is not removed in between.
        let first = self.log.first();
        held.statements.push((position, first));
    }

    fn keep(self: Arc<Self>) -> Kept {
        let mut held = self.held();
        let first = self.log.first();
        *held.readers.entry(first).or_default() += 1;
        drop(held);
        Box::new(Reading { past: self, first })
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

#[cfg(test)]
thread_local! {
    /// How many records were looked at again on this thread.
    pub(super) static LOOKED_AT: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
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
        #[cfg(test)]
        LOOKED_AT.set(LOOKED_AT.get() + 1);
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
