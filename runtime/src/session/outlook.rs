//! What looking back needs of a session, as it is at a moment: with it the looking is done beside the session, on any thread.

use std::sync::Arc;

use portent_grammar::codes::runtime as codes;
use portent_planner::compiled::StreamId;

use super::catch_up::no_past;
use super::execute::step;
use super::shadow::{Base, Script, Shadow};
use super::{OnPiece, Piece, Session};
use crate::error::Errors;
use crate::past::{Kept, Made, Past, What};
use crate::stats::Progress;

/// After so many records it is told how far it is,
const RECORDS: u64 = 4096;
/// or after so many events: a record may have many.
const EVENTS: u64 = 65_536;

/// See the module. The session may go on meanwhile; what it was is here, and what came until then stays in the log.
pub(super) struct Outlook {
    /// In which nothing stands; twins of it do what is done again.
    seed: Session,
    pub past: Arc<dyn Past>,
    /// Behind what had come by then.
    pub end: u64,
    /// The statements that had lasted, without the one at hand.
    pub made: Vec<Made>,
    /// Where it was.
    pub stand: Stand,
    _kept: Kept,
}

/// Where a session is.
pub(super) struct Stand {
    /// How many things the engine had been told.
    pub position: u64,
    /// How many events the streams had had that count.
    ordinals: Vec<(StreamId, u64)>,
}

impl Session {
    /// What looking back at these streams needs. `noted`: the statement at hand stands in the log, behind the end. Takes a copy of the statements' texts and
    /// a look at each stream, and does not read the log.
    ///
    /// # Errors
    /// There is no log (P0630).
    pub(super) fn outlook(&self, reads: &[StreamId], noted: bool) -> Result<Outlook, Errors> {
        let past = Arc::clone(self.past().ok_or_else(no_past)?);
        let kept = Arc::clone(&past).keep();
        let made = self.remembered();
        let before = made.len().saturating_sub(usize::from(noted));
        Ok(Outlook {
            seed: self.twin(),
            end: self.past_end(&*past, noted && self.journal.is_some()),
            made: made.get(..before).unwrap_or_default().to_vec(),
            stand: self.where_it_is(reads),
            past,
            _kept: kept,
        })
    }

    /// Where it is, as far as these streams count, and those below them.
    pub(super) fn where_it_is(&self, reads: &[StreamId]) -> Stand {
        let mut ordinals = Vec::new();
        crate::plan::look_back::below(&self.catalog, reads, &mut |stream| {
            if let Some(point) = self.flow.point(stream.id) {
                ordinals.push((stream.id, point.ordinal));
            }
        });
        Stand {
            position: self.flow.position(),
            ordinals,
        }
    }
}

impl Outlook {
    /// A session in which what came may happen once more.
    pub fn shadow(&self, script: &Arc<Script>, base: &Base) -> Result<Shadow, Errors> {
        Shadow::new(self.seed.twin(), &self.past, script, base)
    }

    /// When the log begins, if its beginning is gone.
    ///
    /// # Errors
    /// It can't be read.
    pub fn begins_late(&self) -> Result<Option<Option<i64>>, Errors> {
        let first = self.past.first();
        if first == 0 {
            return Ok(None);
        }
        Ok(Some(self.past.began(self.end)?))
    }

    /// What stood before the log begins.
    pub fn base(&self) -> Base {
        let first = self.past.first();
        let before = self.made.iter().filter(|it| it.position < first);
        Base {
            made: before.cloned().collect(),
            ..Base::default()
        }
    }
}

impl Stand {
    /// The base that would have led here, if another one began with a base and is there: where the beginning is missing, so are the
    /// numbers of what came first. Counted from the end they are what they were.
    ///
    /// # Errors
    /// None would.
    pub fn base_by(&self, other: &Session, base: &Base) -> Result<Base, Errors> {
        let mut better = base.clone();
        let missing = |live: u64, again: u64, base: u64| {
            let sum = base.checked_add(live);
            sum.and_then(|it| it.checked_sub(again))
        };
        let lost = || {
            let message = "the log holds more than the session knows of";
            Errors::plain(codes::LOG, message)
        };
        better.position =
            missing(self.position, other.flow.position(), base.position).ok_or_else(lost)?;
        let known = |id: StreamId| {
            let mut known = base.ordinals.iter();
            known.find(|(it, _)| *it == id).map_or(0, |(_, at)| *at)
        };
        better.ordinals.clear();
        for (id, live) in &self.ordinals {
            let Some(again) = other.flow.point(*id) else {
                continue;
            };
            let ordinal = missing(*live, again.ordinal, known(*id)).ok_or_else(lost)?;
            if ordinal > 0 {
                better.ordinals.push((*id, ordinal));
            }
        }
        Ok(better)
    }

    /// Whether another one is here.
    pub fn is_led_to(&self, other: &Session) -> bool {
        let is_there = |(id, live): &(StreamId, u64)| {
            let again = other.flow.point(*id);
            again.is_none_or(|again| again.ordinal == *live)
        };
        self.position == other.flow.position() && self.ordinals.iter().all(is_there)
    }
}

/// Tells now and then that something is read, so that it can be stopped.
#[derive(Default)]
pub(super) struct Pace {
    records: u64,
    events: u64,
}

impl Pace {
    /// This was read, too.
    ///
    /// # Errors
    /// P0617 if `on` stopped it.
    pub fn tell(
        &mut self,
        what: &What,
        on: &mut OnPiece<'_>,
        progress: impl FnOnce() -> Progress,
    ) -> Result<(), Errors> {
        self.records += 1;
        if let What::Events { rows, .. } = what {
            self.events = self.events.saturating_add(rows.rows() as u64);
        }
        if self.records < RECORDS && self.events < EVENTS {
            return Ok(());
        }
        *self = Self::default();
        step(on(Piece::Progress(&progress())))
    }
}
