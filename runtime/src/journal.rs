//! Where a session notes what it takes in, before it does: enough to let the same happen again.

use portent_grammar::Columns;
use portent_planner::catalog::StreamDef;

use crate::error::Errors;

/// Hears of everything that changes what comes out of a session. What it refuses is not taken in.
pub(crate) trait Journal: Send {
    /// Events of a stream, as they are behind its computed columns; `now`: the time of arrival, which is their event time if the stream has none.
    /// `kept`: later SELECTs read them.
    fn events(&mut self, events: &Taken<'_>) -> Result<(), Errors>;

    /// Everything else.
    fn note(&mut self, note: Note<'_>, now: i64) -> Result<(), Errors>;

    /// The position behind what was noted last.
    fn position(&self) -> u64;

    /// Waits until all that was noted is durable.
    fn wait(&self) -> Result<(), Errors>;
}

/// Events that a session is about to take in.
pub(crate) struct Taken<'a> {
    pub stream: &'a StreamDef,
    pub rows: &'a Columns,
    pub now: i64,
    pub kept: bool,
}

/// What a session is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note<'a> {
    /// Nothing before this will come any more, in any stream.
    Advance(i64),
    /// The wall's time passes in the streams that live by it.
    Tick,
    /// The clock is set by hand, and moves all streams.
    SetClock(i64),
    /// The clock is the wall's again.
    WallClock,
    /// A statement that changes what stands: with the numbers that the next stream and the next query get, and where it comes from.
    Statement {
        streams: u32,
        queries: u32,
        text: &'a str,
        origin: &'a str,
    },
    /// So many events of an origin follow; behind them it is there.
    Mark {
        origin: &'a str,
        mark: &'a [u8],
        rows: u64,
    },
    /// The rest of them does not.
    MarkEnd,
    /// The statement before this has opened sinks, which began there.
    Sinks(&'a [u8]),
    /// The statement before this failed.
    Void,
    Pause(&'a str),
    Resume(&'a str),
    /// There is no more input.
    Finish,
}
