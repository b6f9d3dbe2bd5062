//! What the engine counts.

use portent_grammar::Value;
use portent_planner::expr::EvalError;

use crate::event::Row;

/// What one query did, and what it holds.
#[derive(Clone, Debug, Default, PartialEq)]
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
    /// Threads and matches that were not made because of a limit.
    pub shed: u64,
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

/// What one stream got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
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
