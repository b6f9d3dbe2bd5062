//! What the oracle works on: streams, rows, matches.

use std::fmt;

use portent_grammar::Value;
use portent_parser::ast::Ident;

/// A stream as the oracle knows it.
#[derive(Clone, Debug)]
pub struct Stream {
    /// As declared.
    pub name: String,
    /// Its columns, in order.
    pub columns: Vec<String>,
    /// How late an event may be, µs.
    pub lateness: i64,
}

/// What arrives, in the order of arrival.
#[derive(Clone, Debug)]
pub enum Arrival {
    /// An event of the stream with this number.
    Event {
        stream: usize,
        time: i64,
        values: Vec<Value>,
    },
    /// Time passes: no watermark is behind this any more.
    Clock(i64),
}

/// An event that was in time.
#[derive(Clone, Debug)]
pub struct Row {
    pub stream: usize,
    /// µs
    pub time: i64,
    /// Its place in the order of arrival.
    pub seq: usize,
    pub values: Vec<Value>,
}

/// A point in the course of the input. What is known at a moment is every event up to it (semantics 1.5: a deadline has
/// passed once all events at its time have been seen).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// µs
    pub time: i64,
    step: Step,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// Before anything.
    Dawn,
    /// The event at this position of the partition has been seen.
    Event(usize),
    /// The input has ended: after its last event, before the deadlines that are still to pass (1.6).
    End,
    /// A deadline has passed.
    Deadline,
}

impl Moment {
    /// Before anything.
    pub const DAWN: Moment = Moment {
        time: i64::MIN,
        step: Step::Dawn,
    };
    /// The event at this position has been seen.
    pub fn event(position: usize, time: i64) -> Self {
        Moment {
            time,
            step: Step::Event(position),
        }
    }

    /// This deadline has passed.
    pub fn deadline(time: i64) -> Self {
        Moment {
            time,
            step: Step::Deadline,
        }
    }

    /// The input has ended, at this time.
    pub fn end(time: i64) -> Self {
        Moment {
            time,
            step: Step::End,
        }
    }

    /// Whether it comes although the input stops at this watermark (semantics 1.3 and 1.5).
    pub fn comes_by(self, watermark: i64) -> bool {
        match self.step {
            Step::Dawn => true,
            Step::Event(_) => self.time <= watermark,
            Step::Deadline => self.time < watermark,
            Step::End => false,
        }
    }

    /// Whether only the end of the input brings it.
    pub fn is_end(self) -> bool {
        self.step == Step::End
    }
}

/// An event in a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bound {
    /// Its position in the partition.
    pub row: usize,
    /// The variable, an index into `Query::variables`.
    pub variable: usize,
    /// Bound inside `{- … -}`.
    pub excluded: bool,
}

/// 2.14: the same events to the same variables in the same order.
pub fn same_bindings(left: &[Bound], right: &[Bound]) -> bool {
    left.len() == right.len()
        && left
            .iter()
            .zip(right)
            .all(|(l, r)| (l.row, l.variable) == (r.row, r.variable))
}

/// Why the oracle gives no answer. It never guesses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Something that the oracle does not model.
    Unsupported(String),
    /// Too many paths for brute force.
    TooLarge,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Unsupported(what) => write!(f, "the oracle does not model {what}"),
            Refusal::TooLarge => f.write_str("too many paths for brute force"),
        }
    }
}

/// Shorthand for a refusal.
pub fn unsupported<T>(what: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::Unsupported(what.into()))
}

/// Whether a name as written means this name (unquoted names in any case).
pub fn means(ident: &Ident, name: &str) -> bool {
    ident.text == name || (!ident.quoted && ident.text.eq_ignore_ascii_case(name))
}
