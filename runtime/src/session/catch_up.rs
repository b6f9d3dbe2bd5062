//! A query that is made now, and saw what came before: it catches up from the log.

use std::sync::Arc;

use portent_engine::{Output, QueryId};
use portent_grammar::Value;
use portent_grammar::codes::runtime as codes;
use portent_planner::CompiledQuery;
use portent_planner::compiled::StreamId;

use super::ahead::Ahead;
use super::fate::Taken;
use super::looking::{Beside, relevant};
use super::shadow::{Actor, Main};
use super::{OnPiece, Session};
use crate::emitted::Emitted;
use crate::error::Errors;
use crate::past::Past;
use crate::plan::{Begin, NewQuery};

/// No stream has such a number: that of the output of a query that can't have its own.
fn nowhere(query: u32) -> StreamId {
    StreamId(u32::MAX - query)
}

impl Session {
    /// Lets a query that does not stand yet see what the log holds, in a session of its own: its state at the end, and its rows, if they are wanted. `None`: there is
    /// nothing to see, and it begins now.
    ///
    /// # Errors
    /// There is no log (P0630); it can't be read; P0617 if `on` stopped it.
    pub(super) fn catch_up(
        &mut self,
        new: &NewQuery,
        replaced: bool,
        begin: Begin,
        rows: bool,
        on: &mut OnPiece<'_>,
    ) -> Result<Option<Taken>, Errors> {
        let past = self.past().ok_or_else(no_past)?;
        past.hold(self.past_end(&**past, self.journal.is_some()));
        let main = self.main_of(new, replaced, begin, rows, self.flow.next_query_number());
        if let Some(mut ahead) = self.looking.ahead.take() {
            let now = self.where_it_is(&new.def.reads);
            let taken = ahead.follow(&main, replaced, &now, on)?;
            self.looking.ahead = Some(ahead).filter(|it| !it.is_done());
            if let Some(taken) = taken {
                return Ok(taken);
            }
        }
        let outlook = self.outlook(&new.def.reads, true)?;
        let names = self.read_names(&new.def);
        let beside = Beside::of(relevant(&outlook.made, names, true));
        let mut ahead = Ahead::new(outlook, vec![(main, replaced)], beside);
        ahead.read(on)?;
        ahead.finish()
    }

    /// A query that looks back, when it has been planned: its parts have numbers from this one on.
    pub(super) fn main_of(
        &self,
        new: &NewQuery,
        replaced: bool,
        begin: Begin,
        rows: bool,
        number: u32,
    ) -> Main {
        let def = &new.def;
        let numbers = (number..).map(QueryId);
        let mut parts: Vec<(QueryId, Arc<CompiledQuery>)> =
            numbers.zip(def.queries.iter().cloned()).collect();
        // The stream of its rows is that of the query before it, which has it there.
        if replaced && let Some((_, query)) = parts.last_mut() {
            let mut elsewhere = CompiledQuery::clone(query);
            elsewhere.output_stream = nowhere(number);
            *query = Arc::new(elsewhere);
        }
        Main {
            needs: self.needs_of(&parts),
            whose: crate::plan::look_back::sources(&self.catalog, &def.reads),
            begin,
            rows,
            actor: Actor {
                def: Arc::clone(def),
                parts,
                into: Vec::new(),
            },
        }
    }

    /// How much the log holds for a query that looks back: since when, and how many records; whether its beginning is gone.
    pub(super) fn extent(
        &self,
        past: &dyn Past,
        noted: bool,
    ) -> Result<(Option<i64>, u64, bool), Errors> {
        let (first, end) = (past.first(), self.past_end(past, noted));
        Ok((past.began(end)?, end.saturating_sub(first), first > 0))
    }
}

/// Rows, and how far the output of their query was before them.
pub(super) type Steps = Vec<(Option<i64>, Vec<Emitted>)>;

/// As the engine gives them.
pub(super) fn outputs(id: Option<QueryId>, steps: Steps) -> Vec<(Option<i64>, Vec<Output>)> {
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
    error.help("a daemon keeps one with `data_dir`, a program with `Durable`: from then on what comes is kept")
}
