//! The logical plan: resolved and typed, nothing implicit left. What `lower` compiles, and what EXPLAIN prints.

use std::sync::Arc;

use portent_grammar::Schema;

use crate::compiled::{
    EndOfInput, LimitPer, Mode, RowOrder, RowsPerMatch, SortColumn, StreamId, Within,
};
use crate::expr::{Aggregate, Expr};
use crate::pattern::{Node, Variables};

/// A plan. Leaves read streams; every other node works on what is under it.
#[derive(Clone, Debug)]
pub enum LogicalPlan {
    /// The events of a stream. `of`: the plan that makes them, where the statement itself does.
    Scan {
        /// Its number in the catalog.
        stream: StreamId,
        /// What it is called.
        name: String,
        /// Its columns.
        schema: Schema,
        /// The plan that makes its events, where the statement itself does (a subquery); `None`: a stream of the catalog.
        of: Option<Arc<LogicalPlan>>,
    },
    /// Constant rows.
    Values {
        /// The stream that they go through.
        stream: StreamId,
        /// How many.
        rows: usize,
        /// Their columns.
        schema: Schema,
    },
    /// Several streams merged by event time.
    Merge {
        /// The streams; at equal event times the order of arrival counts.
        inputs: Vec<LogicalPlan>,
        /// The columns of all of them; an event has NULL where its stream has none.
        schema: Schema,
    },
    /// Each row once for each element of an array.
    Unnest {
        /// Where the rows come from.
        input: Box<LogicalPlan>,
        /// The array; its element is a further column at the end.
        array: Expr,
    },
    /// A pattern.
    Match {
        /// Where the events come from.
        input: Box<LogicalPlan>,
        /// What is looked for.
        pattern: Box<LogicalMatch>,
    },
    /// Rows (or matches) for which it is true.
    Filter {
        /// Where the rows or matches come from.
        input: Box<LogicalPlan>,
        /// What must be true; NULL is not.
        condition: Expr,
    },
    /// One row a group.
    Group {
        /// Where the rows or matches come from.
        input: Box<LogicalPlan>,
        /// GROUP BY; empty: all are one group.
        keys: Vec<Expr>,
        /// What is computed for each group.
        aggregates: Vec<Aggregate>,
        /// HAVING, over the group's row.
        having: Option<Expr>,
    },
    /// The columns that come out; those past `output` are for `Sort` alone.
    Project {
        /// Where the rows or matches come from.
        input: Box<LogicalPlan>,
        /// An expression for each column.
        columns: Vec<Expr>,
        /// The names and types of those that come out.
        output: Schema,
    },
    /// Equal rows once.
    Distinct {
        /// Where the rows come from.
        input: Box<LogicalPlan>,
    },
    /// At most so many in a time.
    LimitPer {
        /// Where the rows come from.
        input: Box<LogicalPlan>,
        /// How many in which time.
        limit: LimitPer,
    },
    /// In this order, at the end of bounded input.
    Sort {
        /// Where the rows come from.
        input: Box<LogicalPlan>,
        /// The columns to sort by, the first before the second.
        by: Vec<SortColumn>,
    },
    /// So many, from there on.
    Limit {
        /// Where the rows come from.
        input: Box<LogicalPlan>,
        /// At most so many; `None`: all.
        limit: Option<u64>,
        /// So many are left out before.
        offset: u64,
    },
}

/// A resolved pattern with all that decides its matches; its conditions are not split yet.
#[derive(Clone, Debug)]
pub struct LogicalMatch {
    /// Every contiguity is spelled out.
    pub node: Node,
    /// The variables and SUBSET names.
    pub variables: Variables,
    /// Indexed by `VarId`. `None`: always met.
    pub conditions: Vec<Option<Expr>>,
    /// The partition's key. Empty: one partition.
    pub partition_by: Vec<Expr>,
    /// As [`MatchPlan::key_of`](crate::compiled::MatchPlan::key_of).
    pub key_of: Option<Vec<Vec<Expr>>>,
    /// The order of rows within a partition.
    pub order: RowOrder,
    /// How long a match may be; `None`: without end.
    pub within: Option<Within>,
    /// Which candidates are reported.
    pub mode: Mode,
    /// How many rows a match gives.
    pub rows: RowsPerMatch,
    /// Report matches.
    pub emit_matches: bool,
    /// Report partial matches that ran out of time.
    pub emit_timeouts: bool,
    /// Report the matches of a partition in the order of their starts, and not as soon as each is certain.
    pub in_order: bool,
    /// Made in `resolve`, so that its errors are reported with the others.
    pub automaton: Arc<crate::automaton::Automaton>,
}

/// A plan with what surrounds it: all that `lower` needs for one compiled query.
#[derive(Clone, Debug)]
pub struct LogicalQuery {
    /// For people.
    pub name: String,
    /// What it does.
    pub plan: LogicalPlan,
    /// The columns of a row as the expressions see it.
    pub layout: Schema,
    /// The streams it reads.
    pub inputs: Vec<crate::compiled::Input>,
    /// The stream that its output is.
    pub output_stream: StreamId,
    /// What the end of bounded input does to what is still open.
    pub end_of_input: EndOfInput,
    /// What it may hold.
    pub limits: crate::compiled::Limits,
    /// The output column that is the event time of what comes out, where it isn't that of the row or match.
    pub event_time: Option<usize>,
}

impl LogicalPlan {
    /// What is directly under it.
    pub fn inputs(&self) -> Vec<&LogicalPlan> {
        match self {
            LogicalPlan::Scan { of, .. } => of.iter().map(AsRef::as_ref).collect(),
            LogicalPlan::Values { .. } => Vec::new(),
            LogicalPlan::Merge { inputs, .. } => inputs.iter().collect(),
            LogicalPlan::Unnest { input, .. }
            | LogicalPlan::Match { input, .. }
            | LogicalPlan::Filter { input, .. }
            | LogicalPlan::Group { input, .. }
            | LogicalPlan::Project { input, .. }
            | LogicalPlan::Distinct { input }
            | LogicalPlan::LimitPer { input, .. }
            | LogicalPlan::Sort { input, .. }
            | LogicalPlan::Limit { input, .. } => vec![input],
        }
    }
}
