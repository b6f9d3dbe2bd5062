//! What the engine counts.

use std::fmt;

use portent_grammar::Value;
use portent_planner::expr::EvalError;

use crate::event::Row;

/// What one query did, and what it holds.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct QueryStats {
    /// Events that reached it.
    pub events: u64,
    /// Matches (before WHERE and LIMIT), or rows for a query without a pattern. Empty matches count.
    pub matches: u64,
    /// Partial matches that ran out of time and were reported.
    pub timeouts: u64,
    /// Rows that came out.
    pub rows: u64,
    /// Ways in which partial matches may go on, now.
    pub live: u64,
    /// Partitions in memory, now.
    pub partitions: u64,
    /// Rows or partial results kept for later, now: events waiting for other inputs, for their order, or for ORDER BY, and the groups
    /// of GROUP BY.
    pub buffered: u64,
    /// Errors in conditions and expressions.
    pub errors: u64,
    /// The first of them.
    pub first_error: Option<QueryError>,
    /// Matches held back by `LIMIT … PER`.
    pub suppressed: u64,
    /// What was still open at the end of the input and was dropped, under `end_of_input = 'undecided'`.
    pub undecided: u64,
    /// Partial matches that were not made because of a limit, and matches that were not reported. Where matches are found one after the
    /// other in a graph (class `any`), those of an event that were not gone through count as one.
    pub shed: u64,
    /// Partial matches that were open and were dropped to make room for newer ones.
    pub dropped: u64,
    /// Why it was stopped, if it was.
    pub failed: Option<Failure>,
    /// An estimate of the bytes that it holds, now: its partial matches, each with the event that it bound last; the rows that are kept for
    /// neighbours, for their order or for other inputs; the longest way of each start; partitions and groups. A text, array or JSON of
    /// an event counts as 32 bytes, whatever its length, and an event that several partial matches or queries hold counts for each.
    pub bytes: u64,
    /// Work: predicates and conditions evaluated.
    pub evaluations: u64,
    /// Work: threads looked at.
    pub visits: u64,
    /// Work: bindings made.
    pub bindings: u64,
    /// Whether it needs no more input: LIMIT is reached, or its input has ended.
    pub done: bool,
}

/// An error in an expression, with the event at which it came.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryError {
    /// One sentence in plain words.
    pub message: String,
    /// The event's time, µs.
    pub time: i64,
    /// The event as the query sees it.
    pub event: Vec<Value>,
}

impl QueryStats {
    /// Counts an error and keeps the first.
    pub(crate) fn error(&mut self, error: &EvalError, row: &Row) {
        self.error_at(&error.message, row.time(), &row.event.values);
    }

    /// The query is to be stopped at a limit.
    #[cold]
    pub(crate) fn fail(&mut self, limit: Limit, most: u64) {
        self.failed.get_or_insert(Failure::Limit { limit, most });
    }

    /// As [`Self::error`], for what is no plain row.
    pub(crate) fn error_at(&mut self, message: &str, time: i64, event: &[Value]) {
        self.errors += 1;
        if self.first_error.is_none() {
            self.first_error = Some(QueryError {
                message: message.to_owned(),
                time,
                event: event.to_vec(),
            });
        }
    }
}

/// Why a query was stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// It came to one of its limits, and was to stop there.
    Limit {
        /// Which one.
        limit: Limit,
        /// How much it allows.
        most: u64,
    },
    /// A query that it reads, directly or through others, was stopped.
    Input {
        /// The name of that query.
        query: String,
        /// Why that was.
        why: Box<Failure>,
    },
}

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// Open partial matches.
    PartialMatches,
    /// Matches that one event completes.
    MatchesPerEvent,
    /// Bytes held.
    Memory,
}

impl Limit {
    /// The setting that sets it.
    pub fn setting(self) -> &'static str {
        match self {
            Limit::PartialMatches => "max_partial_matches",
            Limit::MatchesPerEvent => "max_matches_per_event",
            Limit::Memory => "max_query_memory",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Limit { limit, most } => {
                match limit {
                    Limit::PartialMatches => {
                        write!(f, "more than {most} partial matches were open")?
                    }
                    Limit::MatchesPerEvent => {
                        write!(f, "one event completed more than {most} matches")?;
                    }
                    Limit::Memory => write!(f, "it would have held more than {most} bytes")?,
                }
                write!(f, " ({} = {most}, on_overflow = 'fail')", limit.setting())
            }
            Failure::Input { query, why } => {
                write!(f, "query {query}, which it reads, was stopped: {why}")
            }
        }
    }
}

/// What one stream got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamStats {
    /// Events that were in time.
    pub events: u64,
    /// Events before the watermark.
    pub late: u64,
    /// Events too far ahead.
    pub ahead: u64,
    /// µs; `None` before the first event.
    pub watermark: Option<i64>,
    /// The latest event time so far, µs.
    pub latest: Option<i64>,
    /// Events that wait for the watermark.
    pub buffered: u64,
    /// Work: tests that the predicate index of its readers evaluated.
    pub tests: u64,
    /// Whether it was declared finished.
    pub ended: bool,
}

/// Where a stream stands between two of its events: what another engine must know to go on from there as if it had seen those before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamPoint {
    /// How many events it has taken (late ones are not among them): the number of the next one, by which matches are identified.
    pub ordinal: u64,
    /// How far it is known, µs.
    pub watermark: Option<i64>,
    /// Its latest event time, µs.
    pub latest: Option<i64>,
}
