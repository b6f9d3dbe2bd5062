//! Why a query matched, and why it did not: for people, not for speed.
//!
//! A query that is registered by [`Engine::register_traced`] keeps every row that it sees and every match that it finds. Afterwards
//! [`Engine::explain_match`] tells of a match which condition each of its events met, with the values put in, and
//! [`Engine::why_not`] how far the furthest partial match came where there is none. The latter walks over the rows anew, partial match by
//! partial match, straight along the automaton: it shares the evaluation of conditions with the matcher, and nothing else.

mod board;
mod explain;
mod limits;
mod report;
mod tap;
mod text;
mod wait;
mod walk;
mod why_not;

use std::sync::Arc;

use portent_grammar::Value;
use portent_planner::CompiledQuery;
use portent_planner::compiled::{Body, MatchPlan};

use crate::engine::{Engine, QueryId};
use crate::error::EngineError;
use crate::id::MatchId;
use crate::matcher::program::Program;
use crate::query::Query;

pub use report::{
    BoundEvent, Checked, End, ExplainedMatch, Found, Near, Outcome, Partial, Reach, Seen, Span,
    WaitedFor, WhyNot, Wrong,
};
pub(crate) use tap::{Capture, Tap};

/// What [`Engine::why_not`] is asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Question {
    /// The partition: a value for each expression of PARTITION BY. Empty: the query has one partition.
    pub key: Vec<Value>,
    /// Only matches whose first event is not before the one, and whose last event is not after the other, µs since 1970-01-01 UTC.
    pub between: Option<(i64, i64)>,
}

impl Engine {
    /// As [`Self::register`], with its output delivered, for a query that is to be explained: all that it sees is kept, without a bound.
    ///
    /// # Errors
    /// As [`Self::register`].
    pub fn register_traced(&mut self, query: Arc<CompiledQuery>) -> Result<QueryId, EngineError> {
        self.register_as(query, true, true)
    }

    /// The matches that a traced query found, in the order in which they were reported; also those that its WHERE held back. Empty if
    /// it is not traced.
    pub fn traced_matches(&self, id: QueryId) -> Vec<MatchId> {
        let traced = self.traced(id);
        let matches = traced.iter().flat_map(|traced| &traced.capture.matches);
        matches.map(|found| found.id).collect()
    }

    /// Why a match of a traced query was reported; `None` if the query is not traced, or found no such match.
    pub fn explain_match(&self, id: QueryId, wanted: MatchId) -> Option<ExplainedMatch> {
        explain::explain(&self.traced(id)?, wanted)
    }

    /// Why a traced query found no match in a partition; `None` if the query is not traced, or has no pattern.
    pub fn why_not(&self, id: QueryId, question: &Question) -> Option<WhyNot> {
        Some(why_not::why_not(&self.traced(id)?, question))
    }

    /// Whether a traced query has any candidate in a partition, as the walk of [`Self::why_not`] finds it, without asking the matcher. `None`:
    /// there were too many partial matches to tell, or the query is not traced. To hold the two against each other.
    pub fn has_candidate(&self, id: QueryId, question: &Question) -> Option<bool> {
        why_not::has_candidate(&self.traced(id)?, question)
    }

    /// The keys of the partitions that a traced query saw, the latest first. None if it has no PARTITION BY.
    pub fn traced_keys(&self, id: QueryId) -> Vec<Vec<Value>> {
        let traced = self.traced(id);
        traced.map_or_else(Vec::new, |traced| why_not::keys(&traced, usize::MAX))
    }

    fn traced(&self, id: QueryId) -> Option<Traced<'_>> {
        let query = self.queries.get(id.0 as usize)?.as_deref()?;
        let (tap, capture) = query.traced()?;
        let Body::Match(plan) = &query.plan.body else {
            return None;
        };
        let program = Program::new(&query.plan, plan, &tap.streams).ok()?;
        Some(Traced {
            query,
            plan,
            program,
            tap,
            capture,
        })
    }
}

/// A traced query, and what was kept of it.
struct Traced<'a> {
    query: &'a Query,
    plan: &'a MatchPlan,
    program: Program,
    tap: &'a Tap,
    capture: &'a Capture,
}
