//! The syntax tree: what was written, with a span on every node. It prints back (`fmt`).

mod create;
mod expr;
mod pattern;
mod query;
mod statement;

use portent_grammar::Span;

pub use create::{
    ColumnDef, ColumnKind, CreateQuery, CreateSink, CreateStream, Duration, DurationPart,
    OptionValue, Since, TimeUnit, TypeName, Watermark, WithOption,
};
pub use expr::{BinaryOp, Call, CastStyle, Expr, ExprKind, LikeKind, Semantics, UnaryOp};
pub use pattern::{
    AfterMatch, Arrow, ArrowKind, Bound, Definition, MatchClause, MatchRecognize, Measure, Pattern,
    PatternKind, PatternVariable, Quantifier, RowsPerMatch, SkipTo, Subset, Within,
};
pub use query::{
    Emit, Join, JoinKind, LimitPer, OrderItem, Query, SelectItem, TableAlias, TableFunctionArg,
    TableKind, TableRef,
};
pub use statement::{
    Explain, ExplainFormat, ExplainTarget, Insert, InsertSource, ObjectKind, Show, Statement,
    StatementKind,
};

/// A name as written. Unquoted names keep their case and resolve case-insensitively where that is unambiguous.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ident {
    /// The name, without quotes and with doubled quotes undone.
    pub text: String,
    /// Whether it was written `"quoted"`: then it is exact.
    pub quoted: bool,
    /// Where.
    pub span: Span,
}
