//! From the log into a session.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use portent_grammar::codes::runtime as codes;
use portent_grammar::{Columns, Value};
use portent_store::{Log, Reader, Record, Upto};

use super::journal::{
    FINISH, KEPT, MARK, MARK_END, PAUSE, RESUME, SET_CLOCK, SINKS_OPENED, STATEMENT, TICK, VOID,
    WALL_CLOCK, read_mark,
};
use super::{Restored, Restoring};
use crate::error::Errors;
use crate::past::Made;
use crate::session::{At, Session, may_look_back};

/// After so many records it is told how far it is.
const TELL: u64 = 10_000;

/// Does again what the log has behind the checkpoint, up to a position. Whether the last statement failed, and the log does not say so: the process ended before it could.
pub(super) fn replay(
    session: &mut Session,
    log: &Log,
    to: u64,
    restored: &mut Restored,
    on: &mut dyn FnMut(Restoring),
) -> Result<bool, Errors> {
    let from = restored.position.max(log.first());
    if from > restored.position {
        let message = format!(
            "the log begins at position {}, and the session is to go on from {}: what lies between was removed",
            log.first(),
            restored.position
        );
        return Err(Errors::plain(codes::LOG, message));
    }
    let mut records = Records {
        reader: log.reader(from, Upto::Written).map_err(Errors::from)?,
        to,
        ahead: VecDeque::new(),
    };
    let total = to.saturating_sub(from);
    let mut told = 0;
    let mut kept = false;
    let mut undone = false;
    // Up to there queries that look back have read the log together.
    let mut together = 0;
    while let Some(record) = records.next()? {
        restored.replayed = record.next() - from;
        if restored.replayed - told >= TELL {
            told = restored.replayed;
            on(Restoring { done: told, total });
        }
        if together > 0 && record.next() > together {
            session.look_ahead(None);
            together = 0;
        }
        let was_kept = std::mem::take(&mut kept);
        match record {
            Record::Events(events) => {
                session.replay_at(Some(events.time));
                session.take_again(&events.stream.name, events.rows, was_kept)?;
            }
            Record::Clock { time, to, .. } => {
                session.replay_at(Some(time));
                session.advance_to(to)?;
            }
            Record::Marker {
                time,
                kind,
                bytes,
                position,
            } => {
                session.replay_at(Some(time));
                match kind {
                    KEPT => kept = true,
                    VOID | SINKS_OPENED => {}
                    STATEMENT => {
                        if position >= together {
                            let made = made(&bytes, position)?;
                            together = read_together(session, made, &mut records)?;
                        }
                        let (mut failed, mut opened) = (false, None);
                        let next = records.peek(0)?;
                        if let Some(Record::Marker { kind, bytes, .. }) = next {
                            failed = *kind == VOID;
                            opened = (*kind == SINKS_OPENED).then_some(bytes);
                        }
                        let is_last = next.is_none();
                        if let Some(opened) = opened {
                            session.expect_opened(opened)?;
                        }
                        if !failed {
                            let done = statement(session, &bytes, position);
                            match done {
                                Err(errors) if is_last => {
                                    session.undone();
                                    undone = true;
                                    restored.warnings.push(format!(
                                        "the last statement of the log fails, and is taken back: {errors}"
                                    ));
                                }
                                done => done?,
                            }
                        }
                    }
                    _ => marker(session, kind, &bytes, position)?,
                }
            }
            Record::Gap { from, to, damage } => {
                restored
                    .warnings
                    .push(format!("positions {from} to {to} are missing: {damage}"));
            }
        }
    }
    session.look_ahead(None);
    session.end_replay();
    Ok(undone)
}

/// What the log has, read ahead where need be.
struct Records {
    reader: Reader,
    to: u64,
    ahead: VecDeque<Record>,
}

impl Records {
    fn next(&mut self) -> Result<Option<Record>, Errors> {
        match self.ahead.pop_front() {
            Some(record) => Ok(Some(record)),
            None => self.read(),
        }
    }

    /// The one that comes so many behind the next.
    fn peek(&mut self, at: usize) -> Result<Option<&Record>, Errors> {
        while self.ahead.len() <= at {
            match self.read()? {
                Some(record) => self.ahead.push_back(record),
                None => break,
            }
        }
        Ok(self.ahead.get(at))
    }

    fn read(&mut self) -> Result<Option<Record>, Errors> {
        if self.reader.position() >= self.to {
            return Ok(None);
        }
        self.reader.next().map_err(Errors::from)
    }
}

/// The queries of the statements that follow each other in the log from this one on read it together where they look back: so each does not read it once more.
/// Where that ends.
fn read_together(session: &mut Session, first: Made, records: &mut Records) -> Result<u64, Errors> {
    let (position, streams, queries) = (first.position, first.streams, first.queries);
    let mut end = position + 1;
    let mut group = vec![first];
    let mut at = 0;
    while let Some(Record::Marker {
        kind,
        bytes,
        position,
        ..
    }) = records.peek(at)?
    {
        match *kind {
            STATEMENT => group.push(made(bytes, *position)?),
            VOID => drop(group.pop()),
            SINKS_OPENED => {}
            _ => break,
        }
        (end, at) = (position + 1, at + 1);
    }
    let statements: Vec<_> = group.iter().flat_map(Made::statements).collect();
    let looking = statements.iter().filter(|(it, _)| may_look_back(it));
    if looking.count() < 2 {
        return Ok(end);
    }
    session.number_from(streams, queries);
    session.look_from(At::Position(position));
    if let Ok(Some(mut ahead)) = session.ahead(&statements)
        && ahead
            .catch_up(None, &mut |_| ControlFlow::Continue(()))
            .is_ok()
    {
        session.look_ahead(Some(Box::new(ahead)));
    }
    session.look_from(At::Live);
    Ok(end)
}

fn made(bytes: &[u8], position: u64) -> Result<Made, Errors> {
    let mut made: Made = serde_json::from_slice(bytes).map_err(|_| unknown(position))?;
    made.position = position;
    Ok(made)
}

fn statement(session: &mut Session, bytes: &[u8], position: u64) -> Result<(), Errors> {
    let made = made(bytes, position)?;
    // What it looks back to lies before it.
    session.look_from(At::Position(position));
    session.make_again(made)?;
    session.look_from(At::Live);
    Ok(())
}

fn marker(session: &mut Session, kind: u8, bytes: &[u8], position: u64) -> Result<(), Errors> {
    let name = || std::str::from_utf8(bytes).map_err(|_| unknown(position));
    let time = || {
        bytes
            .try_into()
            .map(i64::from_le_bytes)
            .map_err(|_| unknown(position))
    };
    match kind {
        TICK => session.tick(),
        SET_CLOCK => session.set_clock(time()?),
        WALL_CLOCK => session.use_wall_clock(),
        PAUSE => session.pause(name()?).map(|_| ()),
        RESUME => session.resume(name()?).map(|_| ()),
        FINISH => session.finish(),
        MARK => {
            let (rows, origin, mark) = read_mark(bytes).ok_or_else(|| unknown(position))?;
            session.begin_mark(origin, mark, rows);
            Ok(())
        }
        MARK_END => {
            session.end_mark();
            Ok(())
        }
        _ => Err(unknown(position)),
    }
}

pub(super) fn unknown(position: u64) -> Errors {
    let message =
        format!("the record at position {position} of the log is none that this version knows");
    Errors::plain(codes::LOG, message)
        .help("a later version wrote it: open the directory with that one")
}

impl Session {
    /// Takes rows in as they were taken in before. (Columns that are computed are in them, and are computed again to the same.)
    fn take_again(&mut self, stream: &str, rows: Columns, kept: bool) -> Result<(), Errors> {
        let def = self.stream_named(stream)?;
        if kept {
            for row in 0..rows.rows() {
                let values: Vec<Value> = rows.row(row);
                self.push_kept(&def, values)?;
            }
            return Ok(());
        }
        let block = self.block_of(&def, rows)?;
        self.push_block(block).map(|_| ())
    }
}
