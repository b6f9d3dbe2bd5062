//! Resolved, typed expressions. Names are gone: columns are slots, variables are numbers.

use portent_grammar::{Span, Type, Value};

pub mod aggregate;
mod arithmetic;
pub mod bind;
mod compare;
mod const_set;
mod display;
pub mod duration;
pub mod eval;
mod fold;
mod literal;
mod path;
mod same;
mod text_pattern;
pub mod time;
mod types;
mod visit;

pub use aggregate::{
    Accumulator, OwnAggregate, Summary, aggregate_by_name, aggregate_not_supported, aggregate_type,
};
pub use aggregate::{AccumulatorParts, SumParts};
pub use arithmetic::arithmetic;
pub use bind::{Scope, bind, bind_condition};
pub use compare::compare;
pub use const_set::ConstSet;
pub use display::{constant, display, display_key, display_with};
pub use duration::{bind_duration, duration_micros};
pub use eval::{EvalContext, EvalError, RowContext, eval, is_true};
pub use path::json_path;
pub use same::{hash_expr, same, structural_hash};
pub use text_pattern::{PatternShape, TextPattern};
pub use types::{bind_type, coerce};
pub use visit::{
    columns, conjoin, conjuncts, depends_on_match, for_each_child, for_each_child_mut, is_row_only,
    looks_beyond_row, walk, walk_mut,
};

pub use crate::functions::{Function, ScalarFunction};

pub(crate) use arithmetic::power;
pub(crate) use text_pattern::{compile, with_dynamic};
pub(crate) use types::{common, is_text_literal, nearest};

/// The number of a pattern variable in its automaton's `variables`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VarId(pub u16);

/// A resolved, typed expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// Its shape.
    pub kind: ExprKind,
    /// The type of its value.
    pub ty: Type,
    /// Where it was written.
    pub span: Span,
}

/// The shapes of a resolved expression. Everything implicit is spelled out: casts are there, BETWEEN and CASE x WHEN
/// are lowered, `u.x` is a `Navigate`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ExprKind {
    /// A constant.
    Const(Value),
    /// A column of the row at hand, by its slot in the query's input layout. Inside `Navigate::argument`, the row that
    /// the navigation found.
    Column(usize),
    /// Whether the row at hand came in by this input (index into `CompiledQuery::inputs`).
    FromInput(u16),
    /// Three-valued AND, OR over two or more operands, left to right, stopping early.
    And(Vec<Expr>),
    /// As `And`.
    Or(Vec<Expr>),
    /// Three-valued NOT: of NULL it is NULL.
    Not(Box<Expr>),
    /// The number or interval with its sign changed.
    Negate(Box<Expr>),
    /// Two operands of types that fit the operator; NULL if either is.
    Arithmetic(ArithmeticOp, Box<Expr>, Box<Expr>),
    /// Two operands of one type; NULL if either is.
    Compare(CompareOp, Box<Expr>, Box<Expr>),
    /// `IS [NOT] DISTINCT FROM`: never NULL
    IsDistinct {
        /// The first operand.
        left: Box<Expr>,
        /// The second.
        right: Box<Expr>,
        /// `IS NOT DISTINCT FROM`: equal, or both NULL.
        negated: bool,
    },
    /// `IS [NOT] NULL`: never NULL
    IsNull {
        /// What is tested.
        expr: Box<Expr>,
        /// `IS NOT NULL`
        negated: bool,
    },
    /// `IS [NOT] TRUE | FALSE | UNKNOWN` (`None`)
    IsBool {
        /// What is tested.
        expr: Box<Expr>,
        /// The value asked for; `None`: UNKNOWN.
        value: Option<bool>,
        /// `IS NOT`
        negated: bool,
    },
    /// `x IN (constants)`, hashed; a list with other members is lowered to ORs of comparisons
    InConst {
        /// What is looked for.
        expr: Box<Expr>,
        /// Where it is looked for.
        set: std::sync::Arc<super::expr::ConstSet>,
        /// `NOT IN`
        negated: bool,
    },
    /// LIKE, ILIKE, SIMILAR TO, `~`, `~*` with a constant pattern, compiled once
    Matches {
        /// The text.
        expr: Box<Expr>,
        /// What it must look like.
        pattern: std::sync::Arc<super::expr::TextPattern>,
        /// `NOT LIKE`, `!~`
        negated: bool,
    },
    /// searched CASE
    Case {
        /// Condition and value, in order: the first that is true counts.
        branches: Vec<(Expr, Expr)>,
        /// The value if none is true; `None`: NULL.
        otherwise: Option<Box<Expr>>,
    },
    /// `CAST`; with `try_` NULL instead of an error
    Cast {
        /// What is converted; the type is that of the whole expression.
        expr: Box<Expr>,
        /// NULL where the value doesn't fit, instead of an error.
        try_: bool,
    },
    /// A scalar function.
    Call {
        /// A built-in one, or one that a program brought along.
        function: crate::functions::Function,
        /// Its arguments, cast to the types that it takes.
        args: Vec<Expr>,
    },
    /// A path into JSON: `payload.user.id`, `tags[1]`
    Path {
        /// The JSON, or the array.
        of: Box<Expr>,
        /// The way into it.
        steps: Vec<PathStep>,
    },
    /// `ARRAY[…]`
    Array(Vec<Expr>),
    /// A value at another row of the match or the partition.
    Navigate(Box<Navigate>),
    /// An aggregate over the rows of a match, or over the rows of a group.
    Aggregate(Box<Aggregate>),
    /// `CLASSIFIER([u])`, of the row that `row` finds: the name of the variable it was bound to
    Classifier(RowRef),
    /// Facts about the match.
    MatchInfo(MatchInfo),
    /// The key of the match's first bound event, component `n` (for keys that are computed per variable); NULL before
    /// anything is bound.
    MatchKey(u16),
}

/// A step of a JSON path.
#[derive(Clone, Debug, PartialEq)]
pub enum PathStep {
    /// The field of this name of an object.
    Field(ecow::EcoString),
    /// 1-based
    Index(Box<Expr>),
}

impl PartialEq for Expr {
    /// Structural, without spans (so that equal conditions are one predicate).
    fn eq(&self, other: &Self) -> bool {
        crate::expr::same(self, other)
    }
}

/// Operators that compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ArithmeticOp {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`: of whole numbers cut to a whole number; by zero an error
    Divide,
    /// `%`
    Modulo,
    /// `^`
    Power,
    /// Text, arrays, JSON
    Concat,
}

/// Operators that compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompareOp {
    /// `=`
    Eq,
    /// `<>`
    NotEq,
    /// `<`
    Lt,
    /// `<=`
    LtEq,
    /// `>`
    Gt,
    /// `>=`
    GtEq,
    /// inet: `<<`, a network within another
    ContainedBy,
    /// inet: `<<=`
    ContainedByOrEq,
    /// inet: `>>`
    Contains,
    /// inet: `>>=`
    ContainsOrEq,
}

/// Which row a navigation reads: first logically (among the rows bound to `variables`), then physically.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RowRef {
    /// The variables whose rows count; `None`: all variables (the universal row pattern variable).
    pub variables: Option<Vec<VarId>>,
    /// `FIRST(x, offset)` counts from the first bound row, `LAST(x, offset)` from the last.
    pub end: LogicalEnd,
    /// How many rows further on (FIRST) or back (LAST).
    pub offset: u32,
    /// FINAL looks at the whole match, RUNNING at what is bound up to the row at hand (that row included).
    pub running: bool,
    /// Then so many rows of the partition back (negative, PREV) or on (positive, NEXT).
    pub physical: i32,
}

/// From which end rows are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogicalEnd {
    /// From the first row on.
    First,
    /// From the last row back.
    Last,
}

/// `argument` evaluated at the row that `row` finds; NULL where there is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Navigate {
    /// Which row.
    pub row: RowRef,
    /// What is computed there.
    pub argument: Expr,
}

/// An aggregate.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// Which one.
    pub function: AggregateFunction,
    /// The variables whose rows are aggregated; `None`: all rows of the match, or of the group outside of patterns.
    pub variables: Option<Vec<VarId>>,
    /// RUNNING: up to the row at hand; else FINAL, over the whole match.
    pub running: bool,
    /// Over the row's columns (`Column`), and `Classifier`. Empty for `COUNT(*)`, `COUNT(v)`.
    pub args: Vec<Expr>,
    /// Equal values count once.
    pub distinct: bool,
    /// `FILTER (WHERE …)`: only rows for which this is true.
    pub filter: Option<Expr>,
}

/// Which aggregate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AggregateFunction {
    /// `COUNT`: of rows, or of values that are not NULL
    Count,
    /// `SUM`
    Sum,
    /// `AVG`
    Avg,
    /// `MIN`
    Min,
    /// `MAX`
    Max,
    /// The standard deviation of a sample.
    StddevSamp,
    /// The standard deviation of the whole population.
    StddevPop,
    /// The variance of a sample.
    VarSamp,
    /// The variance of the whole population.
    VarPop,
    /// By row order.
    First,
    /// By row order, from the end.
    Last,
    /// All values as an array, in row order.
    ArrayAgg,
    /// second argument: the separator
    StringAgg,
    /// `BOOL_AND`: whether all are true
    BoolAnd,
    /// `BOOL_OR`: whether any is true
    BoolOr,
    /// One that a program brought along.
    Own(std::sync::Arc<OwnAggregate>),
}

/// Facts about a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatchInfo {
    /// `MATCH_NUMBER()`: BIGINT, from 1, per partition
    Number,
    /// `MATCH_ID()`: TEXT, 32 hexadecimal digits
    Id,
    /// `MATCH_START()`: event time of the first event bound
    Start,
    /// `MATCH_END()`: event time of the last event bound
    End,
    /// `MATCH_DURATION()`: INTERVAL
    Duration,
    /// `MATCH_EVENTS()`: JSON, an array of `{"variable": …, "stream": …, <columns>}`
    Events,
    /// `MATCH_TIME()`: TIMESTAMP, when the match became certain (an absence: its deadline)
    Time,
    /// `TIMED_OUT()`: BOOLEAN
    TimedOut,
    /// `SUPPRESSED()`: BIGINT, how many matches LIMIT … PER held back for this key since the one before
    Suppressed,
}
