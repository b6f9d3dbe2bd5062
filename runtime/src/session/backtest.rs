//! REPLAY: a query runs once more over what the log holds.

use std::cell::RefCell;
use std::sync::Arc;

use portent_planner::catalog::QueryDef;

use super::apply::{Place, at};
use super::catch_up::begins_late;
use super::columns::block_of;
use super::execute::step;
use super::looking::{Beside, relevant};
use super::outlook::{Outlook, Pace};
use super::shadow::{Actor, Base, Given, Main, Script};
use super::{OnPiece, Piece, Session};
use crate::error::Errors;
use crate::past::What;
use crate::plan::{Begin, Replay};
use crate::reply::Reply;
use crate::stats::Progress;

/// A REPLAY that is ready: it needs its session no more, and may run on another thread. What comes into the session from now on it does not see, and
/// the log keeps what it reads until it has gone.
pub(super) struct Backtest {
    outlook: Outlook,
    script: Script,
    /// What the query reads, by name.
    names: Vec<String>,
    replay: Replay,
    place: Place,
}

impl Session {
    /// Makes a REPLAY ready. Takes no time to speak of, and does not read the log.
    ///
    /// # Errors
    /// There is no log (P0630).
    pub(super) fn backtest(&self, replay: Replay, place: &Place) -> Result<Backtest, Errors> {
        let def = &replay.def;
        let outlook = self.outlook(&def.reads, false);
        let outlook = outlook.map_err(|it| at(it, place))?;
        let below = self.all_below(def);
        let below = below.iter().map(|def| self.actor(def)).collect();
        let main = Main {
            actor: Actor {
                into: Vec::new(),
                ..self.actor(def)
            },
            needs: crate::plan::look_back::sources(&self.catalog, &def.reads),
            begin: replay.from,
            whose: vec![replay.stream.id],
            rows: true,
        };
        let script = Script {
            mains: vec![main],
            below,
            last: None,
            beside: Beside::default(),
        };
        Ok(Backtest {
            outlook,
            script,
            names: self.read_names(def),
            replay,
            place: place.clone(),
        })
    }

    /// The queries that a query reads, also those that write into streams that it reads, by whatever way round: each after those below it.
    fn all_below(&self, def: &Arc<QueryDef>) -> Vec<Arc<QueryDef>> {
        let mut order: Vec<Arc<QueryDef>> = Vec::new();
        let mut seen: Vec<String> = Vec::new();
        let mut todo = vec![(Arc::clone(def), false)];
        while let Some((at, done)) = todo.pop() {
            if done {
                order.push(at);
                continue;
            }
            if seen.contains(&at.name) {
                continue;
            }
            seen.push(at.name.clone());
            let reads = |it: &&Arc<QueryDef>| {
                at.reads.contains(&it.output)
                    || at.reads.iter().any(|id| {
                        let stream = self.catalog.stream(*id);
                        stream.is_some_and(|stream| it.into.contains(&stream.name))
                    })
            };
            let read: Vec<Arc<QueryDef>> = self.catalog.queries().filter(reads).cloned().collect();
            todo.push((at, true));
            todo.extend(read.into_iter().map(|it| (it, false)));
        }
        order.retain(|it| it.name != def.name);
        order
    }
}

impl Backtest {
    /// Runs a query once more, and hands its rows on as they come.
    ///
    /// # Errors
    /// The log can't be read; P0617 if `on` stopped it.
    pub fn run(self, on: &mut OnPiece<'_>) -> Result<(), Errors> {
        let place = self.place.clone();
        self.ran(on).map_err(|it| at(it, &place))
    }

    fn ran(mut self, on: &mut OnPiece<'_>) -> Result<(), Errors> {
        if let Some(began) = self.outlook.begins_late()? {
            step(on(Piece::Reply(Reply::Notice(begins_late(began)))))?;
        }
        let names = std::mem::take(&mut self.names);
        self.script.beside = Beside::of(relevant(&self.outlook.made, names, false));
        let last = match self.replay.to {
            None => None,
            // If there is no such event, nothing is seen.
            Some(to) => Some(self.last_event(to, on)?.unwrap_or((0, 0))),
        };
        let mut base = self.outlook.base();
        let mut script = Arc::new(self.script);
        if base != Base::default() {
            // The events that are gone are counted from the end of the log: it is read once before.
            script = script.with(Begin::Now, None);
            let mut shadow = self.outlook.shadow(&script, &base)?;
            shadow.read_to(self.outlook.end, &mut |_| Ok(()), on)?;
            base = self.outlook.stand.base_by(shadow.session(), &base)?;
        }
        let script = script.with(self.replay.from, last);
        let schema = Arc::new(self.replay.def.planned.output.clone());
        step(on(Piece::Header(&schema)))?;
        // Rows and progress go the same way, one after the other.
        let on = RefCell::new(on);
        let mut given = |given: Given| {
            let mut rows = given.rows.iter();
            rows.try_for_each(|row| step((on.borrow_mut())(Piece::Row(&row.values))))
        };
        let mut shadow = self.outlook.shadow(&script, &base)?;
        let mut progress = |piece: Piece<'_>| (on.borrow_mut())(piece);
        shadow.read_to(self.outlook.end, &mut given, &mut progress)?;
        shadow.end(&mut given)?;
        step((on.borrow_mut())(Piece::End))
    }

    /// The record, and the place in it, of the last event of the stream that is not after a time.
    fn last_event(&self, to: i64, on: &mut OnPiece<'_>) -> Result<Option<(u64, usize)>, Errors> {
        let def = &self.replay.stream;
        let past = &self.outlook.past;
        let mut last = None;
        let mut pace = Pace::default();
        let mut coming = past.read(past.first(), self.outlook.end)?;
        while let Some(came) = coming.next()? {
            pace.tell(&came.what, on, Progress::default)?;
            let What::Events { stream, rows } = came.what else {
                continue;
            };
            // One of that name that had other columns is none of the stream's.
            if stream != def.name || rows.width() != def.columns.len() {
                continue;
            }
            let Ok(block) = block_of(def, rows) else {
                continue;
            };
            let is_in = |time: &i64| match def.event_time {
                Some(_) => *time <= to,
                None => came.now <= to,
            };
            if let Some(at) = block.times().iter().rposition(is_in) {
                last = Some((came.position, at));
            }
        }
        Ok(last)
    }
}
