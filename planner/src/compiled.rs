//! What is handed to the engine: one standing query, immutable, without names that need a lookup.

use std::sync::Arc;

use portent_grammar::Schema;

use crate::automaton::Automaton;
use crate::expr::{Expr, VarId};

/// The number of a stream in the catalog. Every query's output is a stream too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(pub u32);

/// A stream as the engine knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamSpec {
    /// Its number in the catalog.
    pub id: StreamId,
    /// What it is called.
    pub name: String,
    /// Its columns.
    pub schema: Arc<Schema>,
    /// How late an event may be, µs: the watermark is the latest event time minus this.
    pub lateness: i64,
    /// An event this much (µs) ahead of the latest event time so far is set aside, as late events are: a far-future
    /// timestamp would make everything after it late. `None`: no limit.
    pub max_ahead: Option<i64>,
    /// `s$late`: the same columns, then `lateness_reason TEXT` (`late`, `ahead`).
    pub late: Option<StreamId>,
}

/// One standing query. A statement with subqueries, or with MATCH_RECOGNIZE in FROM, gives several, which read each other's
/// output streams; they are registered in order.
#[derive(Clone, Debug)]
pub struct CompiledQuery {
    /// For people: `brute_force`, or `brute_force$1` for what is inside it.
    pub name: String,
    /// A hash of everything that decides the query's output.
    pub fingerprint: u64,
    /// The streams it reads. Several: the streams of one pattern, merged by event time, ties by arrival.
    pub inputs: Vec<Input>,
    /// The columns of a row as the expressions see it.
    pub layout: Arc<Schema>,
    /// Rows with other rows: before everything else, each row is repeated for each element of an array.
    pub unnest: Vec<Unnest>,
    /// What happens to the rows: each by itself, or a pattern.
    pub body: Body,
    /// WHERE: on rows, or on matches.
    pub filter: Option<Expr>,
    /// GROUP BY and aggregates, over bounded input: one row a group, at its end.
    pub group: Option<Box<Group>>,
    /// The select list (and `hidden` further columns for ORDER BY at its end). After `group` a `Column(n)` is a column of the
    /// group's row: its keys, then its aggregates.
    pub projection: Arc<Vec<Expr>>,
    /// The columns that come out, without the hidden ones.
    pub output: Arc<Schema>,
    /// SELECT DISTINCT: equal rows once.
    pub distinct: bool,
    /// LIMIT … PER: alert suppression.
    pub limit_per: Option<Box<LimitPer>>,
    /// ORDER BY of the result, by columns of `projection`: collected and sorted at the end of bounded input. Empty: as they come.
    pub order_by: Vec<SortColumn>,
    /// LIMIT: at most so many rows, then it is done.
    pub limit: Option<u64>,
    /// OFFSET: so many rows are left out before.
    pub offset: u64,
    /// What the end of bounded input does to what is still open.
    pub end_of_input: EndOfInput,
    /// What it may hold.
    pub limits: Limits,
    /// The stream that its output is.
    pub output_stream: StreamId,
    /// The output column that is the event time of the output's events. `None`: that of the row, or of the match. Only
    /// where a bounded subquery computes its own time; its rows are then sorted by it (`order_by`). NULL: the row's own time.
    pub event_time: Option<usize>,
}

/// An input of a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// The stream.
    pub stream: StreamId,
    /// For each slot of the layout, the column of this stream that fills it; `None` in it: NULL. The whole `None`: the layout is the
    /// stream's schema.
    pub columns: Option<Vec<Option<usize>>>,
}

/// `UNNEST(expr)`: appends a slot to the layout.
#[derive(Clone, Debug)]
pub struct Unnest {
    /// An array (or NULL: no row).
    pub array: Expr,
}

/// What happens to the rows.
#[derive(Clone, Debug)]
pub enum Body {
    /// Each row by itself.
    Rows,
    /// A pattern.
    Match(Arc<MatchPlan>),
}

/// A pattern and everything that decides its matches.
#[derive(Clone, Debug)]
pub struct MatchPlan {
    /// The states and steps that find it.
    pub automaton: Arc<Automaton>,
    /// Distinct conditions over the row at hand alone.
    pub predicates: Vec<Expr>,
    /// Indexed by `VarId`.
    pub conditions: Arc<Vec<Condition>>,
    /// The partition's key. Empty: one partition.
    pub partition_by: Vec<Expr>,
    /// A key that is computed per variable (`PARTITION BY a.id = b.parent`): indexed by `VarId`, the components over the row at hand.
    /// Then `partition_by` is empty, the partition is the whole input, and an event fits a variable only if its key equals that of the
    /// match's first event (NULLs never do). The planner has put this into the conditions by `MatchKey`: `key_of[v][n] = MatchKey(n)`.
    /// While the first event itself is tested it is tentatively bound, so `MatchKey` is then its own key.
    pub key_of: Option<Vec<Vec<Expr>>>,
    /// Standard form: the order in which the rows of a partition are matched.
    pub order: RowOrder,
    /// How long a match may be; `None`: without end.
    pub within: Option<Within>,
    /// Which candidates are reported.
    pub mode: Mode,
    /// How many rows a match gives.
    pub rows: RowsPerMatch,
    /// Report matches (true unless `EMIT TIMEOUTS` alone).
    pub emit_matches: bool,
    /// Report partial matches that ran out of time.
    pub emit_timeouts: bool,
    /// Matches of one partition are reported in the order of their starts (standard form), else as soon as each is certain.
    pub in_order: bool,
    /// How many rows back PREV looks from the rows it starts at (0: not used).
    pub look_back: u32,
    /// The same for NEXT.
    pub look_ahead: u32,
}

/// When an event meets a variable: all of these are true.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Condition {
    /// Indexes into `MatchPlan::predicates`, in the order to try them.
    pub unary: Vec<u32>,
    /// Conjuncts that look at bound events, or at neighbours in the partition.
    pub correlated: Vec<Expr>,
    /// Whether `correlated` looks at bound events (else only at the row and its neighbours).
    pub looks_at_match: bool,
}

/// The order of rows within a partition.
#[derive(Clone, Debug)]
pub enum RowOrder {
    /// By event time, ties by these keys (may be empty), then by arrival.
    EventTime {
        /// The keys that decide at equal times.
        ties: Vec<SortKey>,
    },
    /// By these keys, ties by arrival: only on bounded input; the whole input is collected and sorted at its end.
    Sorted {
        /// The keys, the first before the second.
        keys: Vec<SortKey>,
    },
}

/// A sort key over a row.
#[derive(Clone, Debug)]
pub struct SortKey {
    /// What is compared.
    pub expr: Expr,
    /// The greatest first.
    pub descending: bool,
    /// NULLs before everything else, whichever the direction.
    pub nulls_first: bool,
}

/// A sort key over the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SortColumn {
    /// Index into `projection`.
    pub column: usize,
    /// The greatest first.
    pub descending: bool,
    /// NULLs before everything else, whichever the direction.
    pub nulls_first: bool,
}

/// WITHIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Within {
    /// time(last) − time(first) ≤ this, µs
    Time(i64),
    /// At most this many events of the partition from the first to the last, both counted.
    Events(u64),
}

/// Which candidates are reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// MATCH ALL: every distinct one.
    All,
    /// The preferred one of the earliest start, then on from where `Skip` says.
    Preferred(Skip),
}

/// AFTER MATCH SKIP
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Skip {
    /// Behind the last row of the match: matches of a partition do not overlap.
    PastLastRow,
    /// At the row after the first of the match: each start gives its preferred match.
    ToNextRow,
    /// To the first, or last, row bound to one of these.
    ToFirst(Vec<VarId>),
    /// To the last row bound to one of these.
    ToLast(Vec<VarId>),
}

/// How many rows a match gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowsPerMatch {
    /// A bare `Column(n)` in the projection stands only for what every row of the partition has alike (a partition column, where
    /// the pattern has empty matches): any row of it will do, for an empty match the row at which it stands.
    One,
    /// `Column(n)` in the projection is the row at hand; navigation is RUNNING unless FINAL.
    All {
        /// An empty match gives a row too.
        show_empty: bool,
        /// Rows that are in no match come as well, with NULLs.
        unmatched: bool,
    },
}

/// GROUP BY.
#[derive(Clone, Debug)]
pub struct Group {
    /// GROUP BY; empty: all are one group.
    pub keys: Vec<Expr>,
    /// What is computed for each group.
    pub aggregates: Vec<crate::expr::Aggregate>,
    /// Over the group's row.
    pub having: Option<Expr>,
}

/// `LIMIT n PER duration BY …`: after the first match of a key, at most n are passed on until `per` has gone by since that
/// first one; then the next match begins a new period.
#[derive(Clone, Debug)]
pub struct LimitPer {
    /// At most so many in a period.
    pub count: u64,
    /// µs of event time
    pub per: i64,
    /// As `projection`: over the row or match.
    pub by: Vec<Expr>,
}

/// What the end of bounded input does to what is still open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EndOfInput {
    /// The watermark becomes infinite: open absences fire, greedy tails close.
    #[default]
    Complete,
    /// What is still open is dropped, and counted.
    Undecided,
}

/// What a query may hold. `None`: what the engine is configured to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// What happens at the others.
    pub on_overflow: Option<Overflow>,
    /// Partial matches that may be open.
    pub max_partial_matches: Option<u64>,
    /// Matches that one event may complete.
    pub max_matches_per_event: Option<u64>,
    /// Bytes, as the engine estimates them.
    pub max_query_memory: Option<u64>,
}

/// What a query does at one of its limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Overflow {
    /// No new partial match begins.
    #[default]
    DropNewest,
    /// The oldest partial matches are dropped to make room.
    DropOldest,
    /// The query stops.
    Fail,
}

impl Overflow {
    /// As it is written in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Overflow::DropNewest => "drop_newest",
            Overflow::DropOldest => "drop_oldest",
            Overflow::Fail => "fail",
        }
    }
}
