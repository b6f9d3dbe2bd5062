//! A query that is made now, and saw what came before: it catches up from the log.

use std::sync::Arc;

use portent_engine::{Output, QueryId};
use portent_grammar::Value;
use portent_grammar::codes::runtime as codes;
use portent_planner::CompiledQuery;
use portent_planner::catalog::QueryDef;
use portent_planner::compiled::StreamId;

use super::fate::Taken;
use super::looking::{Beside, relevant};
use super::shadow::{Actor, Base, Given, Script, Shadow};
use super::{OnPiece, Session};
use crate::emitted::Emitted;
use crate::error::Errors;
use crate::past::{Made, Past};
use crate::plan::{Begin, NewQuery};

/// No stream has this number: that of the output of a query that can't have its own.
const NOWHERE: StreamId = StreamId(u32::MAX);

impl Session {
    /// Lets a query that does not stand yet see what the log holds, in a session of its own: its state at the end, and its rows. `None`: there is nothing to
    /// see, and it begins now.
    ///
    /// # Errors
    /// There is no log (P0630); it can't be read; P0617 if `on` stopped it.
    pub(super) fn catch_up(
        &self,
        new: &NewQuery,
        replaced: bool,
        begin: Begin,
        on: &mut OnPiece<'_>,
    ) -> Result<Option<Taken>, Errors> {
        let past = Arc::clone(self.past().ok_or_else(no_past)?);
        let script = self.catching_up(&new.def, replaced, begin, &*past);
        past.hold(script.end);
        let mut base = self.base(&*past);
        for last in [false, true] {
            let mut steps = Vec::new();
            let mut given = |given: Given| {
                steps.push((given.before, given.rows));
                Ok(())
            };
            let ran = Shadow::run(self, &past, &script, &base, &mut given, on)?;
            if !ran.begun {
                return Ok(None);
            }
            let better = self.base_by(&ran.session, &script, &base)?;
            if better == base {
                let mut slices = Vec::new();
                for (id, _) in &script.main.parts {
                    slices.push(ran.session.flow.slice(*id)?.bytes);
                }
                let id = script.main.parts.last().map(|(id, _)| *id);
                return Ok(Some(Taken::caught_up(slices, replaced, outputs(id, steps))));
            }
            if last {
                break;
            }
            base = better;
        }
        let message = "the log does not lead to where the session is, so that the query can't go on from there";
        let error = Errors::plain(codes::LOG, message);
        Err(error.help("functions and connectors of the program must be those of then; without FROM it begins now"))
    }

    fn catching_up(
        &self,
        def: &Arc<QueryDef>,
        replaced: bool,
        begin: Begin,
        past: &dyn Past,
    ) -> Script {
        let numbers = (self.flow.next_query_number()..).map(QueryId);
        let mut parts: Vec<(QueryId, Arc<CompiledQuery>)> =
            numbers.zip(def.queries.iter().cloned()).collect();
        // The stream of its rows is that of the query before it, which has it there.
        if replaced && let Some((_, query)) = parts.last_mut() {
            let mut elsewhere = CompiledQuery::clone(query);
            elsewhere.output_stream = NOWHERE;
            *query = Arc::new(elsewhere);
        }
        let made = self.remembered();
        let made = made.get(..made.len().saturating_sub(1)).unwrap_or_default();
        Script {
            needs: self.needs_of(&parts),
            whose: crate::plan::look_back::sources(&self.catalog, &def.reads),
            begin,
            end: self.past_end(past, self.journal.is_some()),
            last: None,
            below: Vec::new(),
            beside: Beside::of(relevant(made, self.read_names(def), true)),
            main: Actor {
                def: Arc::clone(def),
                parts,
                into: Vec::new(),
            },
        }
    }

    /// What stood before the log begins.
    pub(super) fn base(&self, past: &dyn Past) -> Base {
        let mut base = Base::default();
        let before = |it: &&Made| it.position < past.first();
        base.made = self.remembered().iter().filter(before).cloned().collect();
        base
    }

    /// The base that would have led to where this session is, if another one began with a base and is there: where the beginning is missing, so are the numbers
    /// of what came first. Counted from the end they are what they were.
    ///
    /// # Errors
    /// None would.
    pub(super) fn base_by(
        &self,
        other: &Session,
        script: &Script,
        base: &Base,
    ) -> Result<Base, Errors> {
        let mut better = base.clone();
        let missing = |live: u64, again: u64, base: u64| {
            let sum = base.checked_add(live);
            sum.and_then(|it| it.checked_sub(again))
        };
        let lost = || {
            let message = "the log holds more than the session knows of";
            Errors::plain(codes::LOG, message)
        };
        let (live, again) = (self.flow.position(), other.flow.position());
        better.position = missing(live, again, base.position).ok_or_else(lost)?;
        let mut streams = Vec::new();
        crate::plan::look_back::below(&self.catalog, &script.main.def.reads, &mut |stream| {
            streams.push(stream.id);
        });
        let known = |id: StreamId| {
            let mut known = base.ordinals.iter();
            known.find(|(it, _)| *it == id).map_or(0, |(_, at)| *at)
        };
        better.ordinals.clear();
        for id in streams {
            let (Some(live), Some(again)) = (self.flow.point(id), other.flow.point(id)) else {
                continue;
            };
            let ordinal = missing(live.ordinal, again.ordinal, known(id)).ok_or_else(lost)?;
            if ordinal > 0 {
                better.ordinals.push((id, ordinal));
            }
        }
        Ok(better)
    }

    /// How much the log holds for a query that looks back: since when, and how many records; whether its beginning is gone.
    pub(super) fn extent(
        &self,
        past: &dyn Past,
        noted: bool,
    ) -> Result<(Option<i64>, u64, bool), Errors> {
        let (first, end) = (past.first(), self.past_end(past, noted));
        let began = past.read(first, end)?.next()?.map(|it| it.now);
        Ok((began, end.saturating_sub(first), first > 0))
    }
}

/// As the engine gives them.
fn outputs(
    id: Option<QueryId>,
    steps: Vec<(Option<i64>, Vec<Emitted>)>,
) -> Vec<(Option<i64>, Vec<Output>)> {
    let Some(query) = id else { return Vec::new() };
    let output = |row: Emitted| Output {
        query,
        time: row.time,
        values: row.values,
        match_id: row.match_id.map(portent_engine::MatchId),
    };
    let step = |(before, rows): (Option<i64>, Vec<Emitted>)| {
        (before, rows.into_iter().map(output).collect())
    };
    steps.into_iter().map(step).collect()
}

/// A notice if the log's beginning is gone.
pub(super) fn begins_late(began: Option<i64>) -> String {
    let began = began.map_or_else(
        || "later".to_owned(),
        |it| format!("at {}", Value::Timestamp(it)),
    );
    format!("the log begins {began}: what came before was removed, and is not seen")
}

pub(super) fn no_past() -> Errors {
    let message = "this session keeps no log, so there is nothing to look back into";
    let error = Errors::plain(codes::NO_PAST, message);
    error.help("open a directory by `Durable`: from then on what comes is kept")
}
