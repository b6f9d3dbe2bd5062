//! What is told: plain values, to be printed by whoever asked.

use portent_grammar::Value;

use crate::id::MatchId;

/// An event as it is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The stream by which it came.
    pub stream: String,
    /// Its event time, µs since 1970-01-01 UTC.
    pub time: i64,
    /// Those of its columns that the query's pattern, key or select list looks at, its event time left out.
    pub columns: Vec<(String, Value)>,
}

/// What became of a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    True,
    /// It doesn't.
    False,
    /// NULL: it is not met.
    Unknown,
    /// It has no value, for this reason: it is not met.
    Failed(String),
}

/// A condition, for one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// As EXPLAIN prints it.
    pub condition: String,
    /// The same with the values put in.
    pub values: String,
    /// Whether it was met.
    pub outcome: Outcome,
}

/// An event that is bound to a variable.
#[derive(Clone, Debug, PartialEq)]
pub struct BoundEvent {
    /// The variable.
    pub variable: String,
    /// The event.
    pub event: Seen,
    /// The conditions of the variable.
    pub conditions: Vec<Checked>,
}

/// How long a match is, and how long it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// From its first event to its last, µs; and WITHIN, if there is one.
    Time(i64, Option<i64>),
    /// So many events of the partition from its first to its last, both counted; and WITHIN.
    Events(u64, u64),
}

/// Why a match was reported.
#[derive(Clone, Debug, PartialEq)]
pub struct ExplainedMatch {
    /// Its identity.
    pub id: MatchId,
    /// `MATCH_NUMBER()`; 0 for what has none.
    pub number: u64,
    /// When it was certain, µs since 1970-01-01 UTC.
    pub time: i64,
    /// A partial match that ran out of time.
    pub timed_out: bool,
    /// The key of its partition.
    pub key: Vec<(String, Value)>,
    /// Its events, in order.
    pub bound: Vec<BoundEvent>,
    /// How long it is.
    pub span: Span,
    /// What had to be absent, and was: one sentence each.
    pub absent: Vec<String>,
    /// WHERE.
    pub filter: Vec<Checked>,
    /// The rows that came of it: the names and values of the columns.
    pub rows: Vec<Vec<(String, Value)>>,
}

/// A match that was found, in short.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Its identity.
    pub id: MatchId,
    /// When it was certain, µs since 1970-01-01 UTC.
    pub time: i64,
    /// Whether it was held back: by WHERE, if one of these is not met; else by LIMIT or DISTINCT.
    pub held_back: Option<Vec<Checked>>,
}

/// How far the furthest partial match came.
#[derive(Clone, Debug, PartialEq)]
pub struct Partial {
    /// Its events, in order. None: no event began a match.
    pub bound: Vec<BoundEvent>,
    /// What it waited for, in the order of preference.
    pub waits: Vec<WaitedFor>,
}

/// Something that a partial match waited for.
#[derive(Clone, Debug, PartialEq)]
pub struct WaitedFor {
    /// The variable that was to come; `None`: it was complete but for what must not come after it.
    pub variable: Option<String>,
    /// Which event would have done.
    pub reach: Reach,
    /// How the wait ended.
    pub end: End,
    /// How many events were looked at.
    pub looked_at: u64,
    /// The events that came nearest, in order.
    pub near: Vec<Near>,
}

/// Which event would have done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Any event may begin a match.
    First,
    /// The very next event of the partition.
    VeryNext,
    /// The first later one that meets the condition.
    Next,
    /// Any later one that meets it.
    Any,
    /// None is awaited.
    None,
}

/// How a wait ended.
#[derive(Clone, Debug, PartialEq)]
pub enum End {
    /// It goes on; until this time, if it has a limit, µs since 1970-01-01 UTC.
    Open(Option<i64>),
    /// The input ended.
    InputEnded,
    /// WITHIN: its limit, and how long after the first event the next event, or time, was, µs.
    Within(i64, i64),
    /// `WITHIN n EVENTS`: its limit.
    WithinEvents(u64),
    /// The bound of the arrow: its limit, and how long after the event before the next one, or time, was, µs.
    Arrow(i64, i64),
    /// An event came that must be absent: the variable, the event, and the conditions that it met.
    Broken(Box<BoundEvent>),
    /// It came: this event met the conditions, and the partial match went on with it, but not to a match.
    Met(Box<Seen>),
    /// The first event that met the conditions came too early or too late.
    Missed,
    /// The very next event was needed, and was another one.
    NotNext,
    /// `^`: only the first event of the partition will do.
    NotFirst,
    /// `$`: another event followed.
    NotLast,
}

/// An event that came near.
#[derive(Clone, Debug, PartialEq)]
pub struct Near {
    /// The event.
    pub event: Seen,
    /// What was wrong with it.
    pub wrong: Wrong,
}

/// Why an event would not do.
#[derive(Clone, Debug, PartialEq)]
pub enum Wrong {
    /// All conditions of the variable; some are not met.
    Conditions(Vec<Checked>),
    /// It came so long (µs) after the one before, and the arrow asks for at least this much.
    TooEarly(i64, i64),
    /// It came so long (µs) after the one before, and the arrow allows at most this much.
    TooLate(i64, i64),
    /// All conditions are met, but it came when the wait was over.
    Over,
    /// This event before it must be absent: the variable, the event, and the conditions that it met.
    Preceded(Box<BoundEvent>),
    /// It is not the first of its partition.
    NotFirst,
}

/// Why there was no match.
#[derive(Clone, Debug, PartialEq)]
pub struct WhyNot {
    /// The key of the partition.
    pub key: Vec<(String, Value)>,
    /// Events of the partition, and the times of the first and the last, µs since 1970-01-01 UTC.
    pub events: u64,
    /// See `events`.
    pub times: Option<(i64, i64)>,
    /// Events, of whatever key, that came and are not looked at yet: they wait for the query's other streams, or for their order.
    pub waiting: u64,
    /// If there are none: keys of which there are some.
    pub other_keys: Vec<Vec<Value>>,
    /// How many matches there were.
    pub matched: u64,
    /// The last of them, if there were any.
    pub matches: Vec<Found>,
    /// A candidate that is complete, but was not reported: a preferable one may still come, or one that began earlier is open.
    pub undecided: Option<Vec<BoundEvent>>,
    /// When WITHIN will have decided that candidate, µs since 1970-01-01 UTC.
    pub until: Option<i64>,
    /// The furthest partial match; `None` where there was a match, or no event.
    pub furthest: Option<Partial>,
    /// The search was cut short: there were too many partial matches to go through all of them.
    pub cut_short: bool,
}
