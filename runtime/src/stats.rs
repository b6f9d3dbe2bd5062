//! What a session counts.

/// What became of the events, and what came out. From [`Session::stats`](crate::Session::stats).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunStats {
    /// Streams that took events, in the order of creation.
    pub streams: Vec<StreamRun>,
    /// Queries, in the order of creation; passing SELECTs last.
    pub queries: Vec<QueryRun>,
}

impl RunStats {
    /// Events in all streams, late ones among them.
    pub fn events(&self) -> u64 {
        self.streams.iter().map(|it| it.events).sum()
    }
}

/// What one stream got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamRun {
    /// Its name; for a file in FROM, the path.
    pub name: String,
    /// Events, late ones among them.
    pub events: u64,
    /// Events that came too late.
    pub late: u64,
    /// Events too far ahead.
    pub ahead: u64,
    /// Rows that couldn't be read, or become events.
    pub bad: u64,
    /// The first of them, with its place.
    pub first_bad: Option<String>,
    /// Lines passed over on purpose.
    pub skipped: u64,
}

/// What one query did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueryRun {
    /// Its name.
    pub name: String,
    /// Events that reached it.
    pub events: u64,
    /// Rows that came out.
    pub rows: u64,
    /// Partial matches that ran out of time and were reported.
    pub timeouts: u64,
    /// Ways in which partial matches may go on, now.
    pub live: u64,
    /// Matches held back by `LIMIT … PER`.
    pub suppressed: u64,
    /// What was open at the end of the input and was dropped, under `end_of_input = 'undecided'`.
    pub undecided: u64,
    /// Conditions and expressions that had no value.
    pub errors: u64,
    /// The first of them, with its event.
    pub first_error: Option<String>,
    /// Partial matches that were not made because of a limit, and matches that were not reported.
    pub overflow: u64,
    /// Partial matches that were open and were dropped to make room for newer ones.
    pub dropped: u64,
    /// Bytes that it holds, now, as they are estimated.
    pub bytes: u64,
    /// Why it was stopped, if it was.
    pub failed: Option<String>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Events read.
    pub events: u64,
    /// Rows reported.
    pub rows_out: u64,
    /// Bytes of the sources, as they lie on disk.
    pub bytes: u64,
    /// How many there are, if that is known for all sources.
    pub total_bytes: Option<u64>,
    /// The input pauses: whoever gathers output should show it now.
    pub waiting: bool,
}
