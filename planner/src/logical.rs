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
        stream: StreamId,
        name: String,
        schema: Schema,
        of: Option<Arc<LogicalPlan>>,
    },
    /// Constant rows.
    Values {
        stream: StreamId,
        rows: usize,
        schema: Schema,
    },
    /// Several streams merged by event time.
    Merge {
        inputs: Vec<LogicalPlan>,
        schema: Schema,
    },
    /// Each row once for each element of an array.
    Unnest {
        input: Box<LogicalPlan>,
        array: Expr,
    },
    /// A pattern.
    Match {
        input: Box<LogicalPlan>,
        pattern: Box<LogicalMatch>,
    },
    /// Rows (or matches) for which it is true.
    Filter {
        input: Box<LogicalPlan>,
        condition: Expr,
    },
    /// One row a group.
    Group {
        input: Box<LogicalPlan>,
        keys: Vec<Expr>,
        aggregates: Vec<Aggregate>,
        having: Option<Expr>,
    },
    /// The columns that come out; those past `output` are for `Sort` alone.
    Project {
        input: Box<LogicalPlan>,
        columns: Vec<Expr>,
        output: Schema,
    },
    /// Equal rows once.
    Distinct { input: Box<LogicalPlan> },
    /// At most so many in a time.
    LimitPer {
        input: Box<LogicalPlan>,
        limit: LimitPer,
    },
    /// In this order, at the end of bounded input.
    Sort {
        input: Box<LogicalPlan>,
        by: Vec<SortColumn>,
    },
    /// So many, from there on.
    Limit {
        input: Box<LogicalPlan>,
        limit: Option<u64>,
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
    pub partition_by: Vec<Expr>,
    pub key_of: Option<Vec<Vec<Expr>>>,
    pub order: RowOrder,
    pub within: Option<Within>,
    pub mode: Mode,
    pub rows: RowsPerMatch,
    pub emit_matches: bool,
    pub emit_timeouts: bool,
    pub in_order: bool,
    /// Made in `resolve`, so that its errors are reported with the others.
    pub automaton: Arc<crate::automaton::Automaton>,
}

/// A plan with what surrounds it: all that `lower` needs for one compiled query.
#[derive(Clone, Debug)]
pub struct LogicalQuery {
    /// For people.
    pub name: String,
    pub plan: LogicalPlan,
    /// The columns of a row as the expressions see it.
    pub layout: Schema,
    /// The streams it reads.
    pub inputs: Vec<crate::compiled::Input>,
    pub output_stream: StreamId,
    pub end_of_input: EndOfInput,
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
