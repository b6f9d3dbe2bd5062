//! REPLAY: a query runs once more over what the log holds.

use std::sync::Arc;

use portent_planner::catalog::QueryDef;

use super::catch_up::{begins_late, no_past};
use super::execute::step;
use super::looking::{Beside, relevant};
use super::shadow::{Base, Given, Script, Shadow};
use super::{OnPiece, Piece, Session};
use crate::error::Errors;
use crate::past::{Past, What};
use crate::plan::{Begin, Replay};
use crate::reply::Reply;

impl Session {
    /// Runs a query once more, and hands its rows on as they come.
    ///
    /// # Errors
    /// There is no log (P0630); it can't be read; P0617 if `on` stopped it.
    pub(super) fn backtest(&self, replay: &Replay, on: &mut OnPiece<'_>) -> Result<(), Errors> {
        let past = Arc::clone(self.past().ok_or_else(no_past)?);
        let (began, _, late) = self.extent(&*past, false)?;
        if late {
            step(on(Piece::Reply(Reply::Notice(begins_late(began)))))?;
        }
        let mut script = self.replaying(replay, &*past)?;
        // Nothing of it shall be removed under way.
        past.hold(script.end);
        let mut base = self.base(&*past);
        if base != Base::default() {
            base = self.counted(&past, &mut script, &base, on)?;
        }
        let schema = Arc::new(replay.def.planned.output.clone());
        step(on(Piece::Header(&schema)))?;
        // Rows and progress go the same way, one after the other.
        let on = std::cell::RefCell::new(on);
        let mut given = |given: Given| {
            let mut rows = given.rows.iter();
            rows.try_for_each(|row| step((on.borrow_mut())(Piece::Row(&row.values))))
        };
        Shadow::run(self, &past, &script, &base, &mut given, &mut |piece| {
            (on.borrow_mut())(piece)
        })?;
        step((on.borrow_mut())(Piece::End))
    }

    /// Counts the events that are gone from the end of the log: it is read once before.
    fn counted(
        &self,
        past: &Arc<dyn Past>,
        script: &mut Script,
        base: &Base,
        on: &mut OnPiece<'_>,
    ) -> Result<Base, Errors> {
        let last = script.last.take();
        let begin = std::mem::replace(&mut script.begin, Begin::Now);
        let ran = Shadow::run(self, past, script, base, &mut |_| Ok(()), on)?;
        (script.last, script.begin) = (last, begin);
        self.base_by(&ran.session, script, base)
    }

    fn replaying(&self, replay: &Replay, past: &dyn Past) -> Result<Script, Errors> {
        let def = &replay.def;
        let end = self.past_end(past, false);
        let last = match replay.to {
            None => None,
            // If there is no such event, nothing is seen.
            Some(to) => Some(self.last_event(replay, past, to, end)?.unwrap_or((0, 0))),
        };
        let below = self.all_below(def);
        let below = below.iter().map(|def| self.actor(def)).collect();
        Ok(Script {
            main: super::shadow::Actor {
                into: Vec::new(),
                ..self.actor(def)
            },
            below,
            needs: crate::plan::look_back::sources(&self.catalog, &def.reads),
            begin: replay.from,
            whose: vec![replay.stream.id],
            end,
            last,
            beside: Beside::of(relevant(self.remembered(), self.read_names(def), false)),
        })
    }

    /// The record, and the place in it, of the last event of a stream that is not after a time.
    fn last_event(
        &self,
        replay: &Replay,
        past: &dyn Past,
        to: i64,
        end: u64,
    ) -> Result<Option<(u64, usize)>, Errors> {
        let def = &replay.stream;
        let mut last = None;
        let mut coming = past.read(past.first(), end)?;
        while let Some(came) = coming.next()? {
            let What::Events { stream, rows } = came.what else {
                continue;
            };
            // One of that name that had other columns is none of the stream's.
            if stream != def.name || rows.width() != def.columns.len() {
                continue;
            }
            let Ok(block) = self.block_of(def, rows) else {
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
