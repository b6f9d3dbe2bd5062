//! What came into a session, to be looked at again.

use std::sync::Arc;

use portent_grammar::Columns;

use crate::error::Errors;

/// What came into a session and lasts: the log. Positions count what came; they only grow, and the first of them may be gone.
pub(crate) trait Past: Send + Sync {
    /// The position of the first that is still there.
    fn first(&self) -> u64;

    /// The position of what comes next.
    fn next(&self) -> u64;

    /// What stands at a position looks back from there. When that happens again, all that is there now must still be.
    fn hold(&self, position: u64);

    /// All that is there now stays until this is dropped: somebody reads it, beside the session perhaps.
    fn keep(self: Arc<Self>) -> Kept;

    /// What came from one position to before another one, in order.
    fn read(&self, from: u64, to: u64) -> Result<Box<dyn Coming>, Errors>;
}

/// Keeps what somebody reads; see [`Past::keep`].
pub(crate) type Kept = Box<dyn Send>;

/// What came, one after the other.
pub(crate) trait Coming {
    /// The next; `None`: that was all.
    fn next(&mut self) -> Result<Option<Came>, Errors>;
}

/// Something that came.
#[derive(Debug)]
pub(crate) struct Came {
    pub position: u64,
    /// What time it was, µs.
    pub now: i64,
    pub what: What,
}

#[derive(Debug)]
pub(crate) enum What {
    /// Events of the stream that had this name then, behind its computed columns.
    Events {
        stream: String,
        rows: Columns,
    },
    /// Nothing before this time comes any more, in any stream.
    Advance(i64),
    /// The wall's time passed.
    Tick,
    /// The clock was set by hand.
    SetClock(i64),
    /// The clock was the wall's again.
    WallClock,
    Pause(String),
    Resume(String),
    /// There was no more input.
    Finish,
    /// A statement that lasts, and did not fail.
    Statement(Made),
    /// Nothing that decides what comes out; or something that is lost.
    Other,
}

/// A statement that made something: with the numbers that the next stream and the next query had before it, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Made {
    pub streams: u32,
    pub queries: u32,
    pub text: String,
    pub origin: String,
}
