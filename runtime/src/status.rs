//! What runs, and how it is.

use std::fmt;
use std::sync::Arc;

use portent_grammar::Schema;

/// Whether a standing query runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueryState {
    /// It sees the events of its streams.
    #[default]
    Running,
    /// It sees nothing until it is resumed: [`Session::pause`](crate::Session::pause).
    Paused,
    /// Nothing more will come of it: its LIMIT is reached, or its input has ended.
    Done,
    /// It was stopped, for this reason: a limit under `on_overflow = 'fail'`, or a query that it reads was stopped.
    Failed(String),
}

impl QueryState {
    /// One word: `running`, `paused`, `done`, `failed`.
    pub fn word(&self) -> &'static str {
        match self {
            QueryState::Running => "running",
            QueryState::Paused => "paused",
            QueryState::Done => "done",
            QueryState::Failed(_) => "failed",
        }
    }
}

/// `running`, `paused`, `done`, `failed: why`
impl fmt::Display for QueryState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            QueryState::Failed(why) => write!(f, "failed: {why}"),
            state => f.write_str(state.word()),
        }
    }
}

/// A standing query and how it is. From [`Session::queries`](crate::Session::queries); `SHOW QUERIES` prints it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueryStatus {
    /// As created.
    pub name: String,
    /// Whether it runs.
    pub state: QueryState,
    /// Events that reached it.
    pub events: u64,
    /// Matches of its pattern, before WHERE and LIMIT; without a pattern, rows that it looked at.
    pub matches: u64,
    /// Rows that came out.
    pub rows: u64,
    /// Ways in which partial matches may go on, now.
    pub partial_matches: u64,
    /// Bytes that it holds, now, as they are estimated.
    pub bytes: u64,
    /// Partial matches that were not made because of a limit, and matches that were not reported.
    pub shed: u64,
    /// Partial matches that were open and were dropped to make room for newer ones.
    pub dropped: u64,
    /// Matches held back by `LIMIT … PER`.
    pub suppressed: u64,
    /// Partial matches that ran out of time and were reported.
    pub timeouts: u64,
    /// Conditions and expressions that had no value.
    pub errors: u64,
    /// The first of them, with its event.
    pub first_error: Option<String>,
    /// The sinks and streams that it writes into.
    pub into: Vec<String>,
    /// The columns that come out.
    pub columns: Arc<Schema>,
}

/// A stream that takes events, and how it is. From [`Session::streams`](crate::Session::streams); `SHOW STREAMS` prints it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamStatus {
    /// As created.
    pub name: String,
    /// Whether it ends.
    pub bounded: bool,
    /// Events, late ones among them.
    pub events: u64,
    /// Events that came before the watermark.
    pub late: u64,
    /// Events too far ahead of all others.
    pub ahead: u64,
    /// Rows that couldn't be read, or become events.
    pub bad: u64,
    /// The first of them, with its place.
    pub first_bad: Option<String>,
    /// Lines passed over on purpose.
    pub skipped: u64,
    /// How far it is known, µs since 1970-01-01 UTC; `None` before its first event.
    pub watermark: Option<i64>,
    /// Its latest event time, µs since 1970-01-01 UTC.
    pub latest: Option<i64>,
    /// Events that wait for the watermark, now.
    pub waiting: u64,
    /// Its columns.
    pub columns: Arc<Schema>,
}

/// A sink and how it is. From [`Session::sinks`](crate::Session::sinks).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SinkStatus {
    /// As created.
    pub name: String,
    /// Whether a query has written into it: it is opened then.
    pub open: bool,
    /// Rows that queries gave it.
    pub rows: u64,
    /// What became of them.
    pub stats: portent_connect::SinkStats,
    /// Why the last delivery that failed did: it was made again, or the rows were given up.
    pub last_failure: Option<String>,
}
