//! `SELECT …` and what stands in FROM.

use portent_grammar::Span;

use super::{Duration, Expr, Ident, MatchClause, MatchRecognize};

/// `SELECT …`, with everything that may follow it.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// `SELECT DISTINCT`
    pub distinct: bool,
    /// The select list.
    pub items: Vec<SelectItem>,
    /// Several: the streams of one pattern, or a stream and an UNNEST.
    pub from: Vec<TableRef>,
    /// The short form.
    pub pattern: Option<MatchClause>,
    /// `WHERE …`: of the rows, or of the matches if there is a pattern.
    pub filter: Option<Expr>,
    /// `GROUP BY …`; empty: none.
    pub group_by: Vec<Expr>,
    /// `HAVING …`
    pub having: Option<Expr>,
    /// `ORDER BY …`; empty: none.
    pub order_by: Vec<OrderItem>,
    /// `LIMIT 10`
    pub limit: Option<Expr>,
    /// `OFFSET 10`
    pub offset: Option<Expr>,
    /// `LIMIT 1 PER 5 MINUTES BY user`
    pub limit_per: Option<LimitPer>,
    /// `EMIT …`; `None`: matches alone.
    pub emit: Option<Emit>,
    /// From SELECT to its end.
    pub span: Span,
}

/// One item of a select list (or of MEASURES).
#[derive(Clone, Debug, PartialEq)]
pub enum SelectItem {
    /// `*`
    Star(Span),
    /// `v.*`
    QualifiedStar(Ident, Span),
    /// `expr [AS alias]`
    Expr {
        /// What is computed.
        expr: Expr,
        /// The name of the column; `None`: made from the expression.
        alias: Option<Ident>,
    },
}

/// Something in FROM.
#[derive(Clone, Debug, PartialEq)]
pub struct TableRef {
    /// What it is.
    pub kind: TableKind,
    /// `AS t`: what conditions call it.
    pub alias: Option<TableAlias>,
    /// With its alias.
    pub span: Span,
}

/// `AS t(id, price)`
#[derive(Clone, Debug, PartialEq)]
pub struct TableAlias {
    /// `t`
    pub name: Ident,
    /// New names for its columns; empty: they keep theirs.
    pub columns: Vec<Ident>,
}

/// What kind of thing stands in FROM.
#[derive(Clone, Debug, PartialEq)]
pub enum TableKind {
    /// A stream, table, view or query.
    Named(Ident),
    /// `FROM 'x.csv'`
    File(String),
    /// `(SELECT …)`
    Subquery(Box<Query>),
    /// `(VALUES (1, 90), (2, 80))`
    Values(Vec<Vec<Expr>>),
    /// `s MATCH_RECOGNIZE (…)`
    MatchRecognize(Box<TableRef>, Box<MatchRecognize>),
    /// `UNNEST(expr)`, `GENERATE_SERIES(a, b)`, `TUMBLE(s, 10 SECONDS)`, `TABLE(TUMBLE(TABLE s, DESCRIPTOR(ts), …))`
    Function {
        /// The function.
        name: Ident,
        /// What stands in its brackets.
        args: Vec<TableFunctionArg>,
        /// `LATERAL` before it: its arguments may name what stands left of it.
        lateral: bool,
    },
    /// `a [LEFT | INNER | CROSS] JOIN b [ON …] [WITHIN d]`
    Join(Box<Join>),
}

/// An argument of a table function.
#[derive(Clone, Debug, PartialEq)]
pub enum TableFunctionArg {
    /// A value.
    Expr(Expr),
    /// `TABLE s`
    Table(Ident),
    /// `DESCRIPTOR(ts)`
    Descriptor(Vec<Ident>),
}

/// A join: `CROSS JOIN UNNEST(…)` works; the others are "not supported yet".
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// Which rows without a partner are kept.
    pub kind: JoinKind,
    /// What stands before JOIN.
    pub left: TableRef,
    /// What stands after it.
    pub right: TableRef,
    /// `ON …`; `None` for CROSS.
    pub on: Option<Expr>,
    /// `WITHIN d`: how far apart two rows may be in time.
    pub within: Option<Duration>,
}

/// Kinds of join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    /// `[INNER] JOIN`: pairs alone.
    Inner,
    /// `LEFT JOIN`: also rows of the left without a partner.
    Left,
    /// `RIGHT JOIN`: also rows of the right without a partner.
    Right,
    /// `FULL JOIN`: also rows of either without a partner.
    Full,
    /// `CROSS JOIN`: every pair.
    Cross,
}

/// `ORDER BY expr [ASC | DESC] [NULLS FIRST | LAST]`
#[derive(Clone, Debug, PartialEq)]
pub struct OrderItem {
    /// What is compared.
    pub expr: Expr,
    /// `DESC`
    pub descending: bool,
    /// NULLs first? Unsaid: last when ascending, first when descending, as in PostgreSQL.
    pub nulls_first: Option<bool>,
}

/// `LIMIT n PER duration [BY expr, …]`
#[derive(Clone, Debug, PartialEq)]
pub struct LimitPer {
    /// At most so many rows …
    pub count: Expr,
    /// … in any time of this length …
    pub per: Duration,
    /// … of the same values here; empty: of all rows together.
    pub by: Vec<Expr>,
    /// The whole clause.
    pub span: Span,
}

/// `EMIT …`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emit {
    /// `MATCHES`: what matches.
    pub matches: bool,
    /// `TIMEOUTS`: partial matches whose time is over.
    pub timeouts: bool,
    /// `EMIT FINAL`, of windows
    pub final_: bool,
    /// `EMIT CHANGES`, of windows
    pub changes: bool,
    /// The whole clause.
    pub span: Span,
}
