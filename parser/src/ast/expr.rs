//! Expressions.

use portent_grammar::Span;

use super::{Duration, Ident, TypeName};

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// Its shape.
    pub kind: ExprKind,
    /// The whole of it.
    pub span: Span,
}

/// The shapes of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `NULL`
    Null,
    /// `TRUE`, `FALSE`
    Bool(bool),
    /// As written: digits, perhaps a fraction, perhaps an exponent.
    Number(String),
    /// `'…'`, without quotes and with doubled quotes undone.
    Text(String),
    /// `INTERVAL '1 day 2 hours'`, `10 MINUTES`
    Duration(Duration),
    /// `TIMESTAMP '…'`, `DATE '…'`, `UUID '…'`, `INET '…'`, `JSON '…'`, `BYTEA '…'`: a typed literal
    TypedText {
        /// The type that stands before.
        ty: TypeName,
        /// What stands in the quotes.
        text: String,
    },
    /// `a`, `a.b`, `a.b.c`: column, variable.column, nested field; the planner tells which.
    Name(Vec<Ident>),
    /// `expr.field` where expr is not a plain name: `tags[1].id`
    Field {
        /// What has the field.
        of: Box<Expr>,
        /// The name of the field.
        field: Ident,
    },
    /// `tags[1]`
    Index {
        /// The array, or JSON.
        of: Box<Expr>,
        /// The position, from 1.
        index: Box<Expr>,
    },
    /// `NOT x`, `-x`
    Unary {
        /// The operator.
        op: UnaryOp,
        /// What it applies to.
        expr: Box<Expr>,
    },
    /// `a + b`, `a AND b`
    Binary {
        /// The operator.
        op: BinaryOp,
        /// What stands before it.
        left: Box<Expr>,
        /// What stands after it.
        right: Box<Expr>,
    },
    /// `x IS [NOT] NULL`
    IsNull {
        /// What is tested.
        expr: Box<Expr>,
        /// `NOT`
        negated: bool,
    },
    /// `IS [NOT] TRUE | FALSE`, `IS [NOT] UNKNOWN` (None)
    IsBool {
        /// What is tested.
        expr: Box<Expr>,
        /// The value asked for; `None`: UNKNOWN.
        value: Option<bool>,
        /// `NOT`
        negated: bool,
    },
    /// `a IS [NOT] DISTINCT FROM b`
    IsDistinct {
        /// `a`
        left: Box<Expr>,
        /// `b`
        right: Box<Expr>,
        /// `NOT`: they are equal, or both NULL.
        negated: bool,
    },
    /// `x [NOT] BETWEEN low AND high`, both ends inclusive
    Between {
        /// What is tested.
        expr: Box<Expr>,
        /// The least that it may be.
        low: Box<Expr>,
        /// The most that it may be.
        high: Box<Expr>,
        /// `NOT`
        negated: bool,
    },
    /// `x [NOT] IN (a, b, …)`
    In {
        /// What is looked for.
        expr: Box<Expr>,
        /// Where it is looked for.
        list: Vec<Expr>,
        /// `NOT`
        negated: bool,
    },
    /// `x [NOT] LIKE 'a%' [ESCAPE '\']`, and its kin
    Like {
        /// The text.
        expr: Box<Expr>,
        /// What it must look like.
        pattern: Box<Expr>,
        /// The sign that takes `%` and `_` their meaning; `None`: the backslash.
        escape: Option<Box<Expr>>,
        /// The language of the pattern.
        kind: LikeKind,
        /// `NOT`, `!~`
        negated: bool,
    },
    /// `CASE [operand] WHEN … THEN … [ELSE …] END`
    Case {
        /// What each WHEN is compared with; `None`: each WHEN is a condition.
        operand: Option<Box<Expr>>,
        /// WHEN and THEN, in order: the first that fits counts.
        branches: Vec<(Expr, Expr)>,
        /// `ELSE …`; `None`: NULL.
        otherwise: Option<Box<Expr>>,
    },
    /// `CAST(x AS t)`, `x::t`, `TRY_CAST(x AS t)`
    Cast {
        /// What is converted.
        expr: Box<Expr>,
        /// To which type.
        ty: TypeName,
        /// How it was written, and what happens to a value that doesn't fit.
        style: CastStyle,
    },
    /// `EXTRACT(hour FROM ts)`
    Extract {
        /// `year`, `hour`, `epoch`, …
        field: Ident,
        /// A time or an interval.
        from: Box<Expr>,
    },
    /// `ts AT TIME ZONE 'Europe/Berlin'`
    AtTimeZone {
        /// A moment.
        expr: Box<Expr>,
        /// The name of a zone, as the IANA database has it.
        zone: Box<Expr>,
    },
    /// A scalar function, an aggregate, a navigation (FIRST, LAST, PREV, NEXT, CLASSIFIER, …): the planner tells which.
    Call(Call),
    /// `ARRAY[1, 2]`
    Array(Vec<Expr>),
    /// `(a, b)`
    Row(Vec<Expr>),
    /// `( expr )`, kept so that it prints back
    Paren(Box<Expr>),
}

/// A call.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The function.
    pub name: Ident,
    /// `RUNNING` or `FINAL` before it.
    pub semantics: Option<Semantics>,
    /// `COUNT(DISTINCT x)`
    pub distinct: bool,
    /// `COUNT(*)`; `COUNT(v.*)` is `Some(v)`
    pub star: Option<Option<Ident>>,
    /// The arguments; empty for `f()` and `COUNT(*)`.
    pub args: Vec<Expr>,
    /// `FILTER (WHERE …)`
    pub filter: Option<Box<Expr>>,
    /// `OVER (…)`, as written between the brackets: "not supported yet"
    pub over: Option<Span>,
}

/// RUNNING or FINAL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Semantics {
    /// `RUNNING`: over the events up to the row at hand.
    Running,
    /// `FINAL`: over all events of the match.
    Final,
}

/// How a cast was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CastStyle {
    /// `CAST(x AS t)`
    Function,
    /// `x::t`
    Colons,
    /// `TRY_CAST`: NULL where the value doesn't fit
    Try,
}

/// LIKE and its kin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LikeKind {
    /// `LIKE`: `%` is any text, `_` any sign.
    Like,
    /// `ILIKE`: the same whatever the case.
    ILike,
    /// `SIMILAR TO`: the regular expressions of the SQL standard.
    Similar,
    /// `~` (negated: `!~`)
    Regex,
    /// `~*` (negated: `!~*`)
    IRegex,
}

/// Prefix operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `NOT`
    Not,
    /// `-`
    Minus,
    /// `+`
    Plus,
}

/// Infix operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `OR`
    Or,
    /// `AND`
    And,
    /// `=`
    Eq,
    /// `<>`, `!=`
    NotEq,
    /// `<`
    Lt,
    /// `<=`
    LtEq,
    /// `>`
    Gt,
    /// `>=`
    GtEq,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
    /// `^` of PostgreSQL
    Power,
    /// `||`
    Concat,
    /// `<<` is contained by (inet)
    ContainedBy,
    /// `<<=` is contained by or equals (inet)
    ContainedByOrEq,
    /// `>>`
    Contains,
    /// `>>=`
    ContainsOrEq,
}
