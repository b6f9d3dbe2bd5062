//! What CREATE says: columns, types, options, durations.

use portent_grammar::Span;

use super::{Expr, Ident, Query};

/// `CREATE STREAM s (…) WITH (…)`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateStream {
    /// `OR REPLACE`: one of this name goes.
    pub or_replace: bool,
    /// `IF NOT EXISTS`: one of this name stays, without an error.
    pub if_not_exists: bool,
    /// Its name.
    pub name: Ident,
    /// Empty: inferred from the source.
    pub columns: Vec<ColumnDef>,
    /// `WATERMARK FOR ts AS …`: the event time, and how late an event may be.
    pub watermark: Option<Watermark>,
    /// `PRIMARY KEY (…)`; empty: there is none.
    pub primary_key: Vec<Ident>,
    /// `WITH (…)`, in the order written.
    pub options: Vec<WithOption>,
}

/// A column of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDef {
    /// Its name.
    pub name: Ident,
    /// Where its value comes from.
    pub kind: ColumnKind,
    /// `NOT NULL`: a row without a value is bad.
    pub not_null: bool,
    /// The whole definition.
    pub span: Span,
}

/// Where a column's value comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnKind {
    /// `price DOUBLE [FROM 'name in the source']`
    Physical {
        /// Its type.
        ty: TypeName,
        /// Its name in the source; `None`: the same.
        from: Option<String>,
    },
    /// `line BIGINT METADATA [FROM 'line']`: told by the source (`line`, `file`, `offset`)
    Metadata {
        /// Its type.
        ty: TypeName,
        /// What is asked for; `None`: what the column's name says.
        from: Option<String>,
    },
    /// `total AS price * size`: computed when the event arrives
    Computed(Expr),
}

/// A type as written: `DECIMAL(12, 4)`, `TEXT[]`, `DOUBLE PRECISION`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeName {
    /// Upper case, words joined by one space.
    pub name: String,
    /// `(12, 4)`
    pub args: Vec<u32>,
    /// How many `[]` follow.
    pub array: u32,
    /// Name, arguments and brackets.
    pub span: Span,
}

/// `WATERMARK FOR ts AS ts - INTERVAL '5' SECOND`
#[derive(Clone, Debug, PartialEq)]
pub struct Watermark {
    /// The column that is the event time.
    pub column: Ident,
    /// How far time has come when an event is seen: `ts - 5 SECONDS`.
    pub expr: Expr,
    /// The whole clause.
    pub span: Span,
}

/// `name = value` in WITH.
#[derive(Clone, Debug, PartialEq)]
pub struct WithOption {
    /// `connector`, `csv.delimiter`; dots are kept.
    pub name: Ident,
    /// Its value.
    pub value: OptionValue,
    /// Name and value.
    pub span: Span,
}

/// The value of an option or setting.
#[derive(Clone, Debug, PartialEq)]
pub enum OptionValue {
    /// `'…'`, without quotes.
    Text(String, Span),
    /// As written.
    Number(String, Span),
    /// `true`, `false`
    Bool(bool, Span),
    /// `5 SECONDS`, `INTERVAL '5' SECOND`
    Duration(Duration),
    /// A bare word: `end_of_input = undecided`
    Word(Ident),
    /// `('a', 'b')`
    List(Vec<OptionValue>, Span),
}

/// A duration as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Duration {
    /// The parts, in the order written: `1 day 2 hours`.
    pub parts: Vec<DurationPart>,
    /// Whether it was written with INTERVAL.
    pub interval: bool,
    /// The whole, with INTERVAL.
    pub span: Span,
}

/// `90 SECONDS`; the number may have a fraction and a sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DurationPart {
    /// As written, with its sign.
    pub number: String,
    /// The unit, in whichever form it was written: `s`, `SECOND`, `seconds`.
    pub unit: TimeUnit,
}

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeUnit {
    /// 10⁻⁶ s: `us`
    Microsecond,
    /// 10⁻³ s: `ms`
    Millisecond,
    /// 1 s: `s`
    Second,
    /// 60 s: `min`
    Minute,
    /// 60 min: `h`
    Hour,
    /// 24 h: `d`
    Day,
    /// 7 d
    Week,
    /// A month of the calendar: its length depends on where it begins.
    Month,
    /// Three months.
    Quarter,
    /// Twelve months.
    Year,
}

/// From when on something sees events: `FROM EARLIEST`, `FROM NOW`, `FROM TIMESTAMP '…'`
#[derive(Clone, Debug, PartialEq)]
pub enum Since {
    /// `EARLIEST`: from the beginning of what is kept.
    Earliest(Span),
    /// `NOW`: what comes from now on.
    Now(Span),
    /// From the first event of this time on.
    At(Expr),
}

impl Since {
    /// Where it stands, without FROM.
    pub fn span(&self) -> Span {
        match self {
            Since::Earliest(span) | Since::Now(span) => *span,
            Since::At(expr) => expr.span,
        }
    }
}

/// `CREATE [OR REPLACE] QUERY [IF NOT EXISTS] q [FROM EARLIEST] [WITH (…)] [INTO k, …] AS SELECT …`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateQuery {
    /// `OR REPLACE`: one of this name goes.
    pub or_replace: bool,
    /// `IF NOT EXISTS`: one of this name stays, without an error.
    pub if_not_exists: bool,
    /// Its name, which is also that of the stream of its rows.
    pub name: Ident,
    /// `FROM …`: the first events that it sees; `None`: what comes from now on.
    pub since: Option<Since>,
    /// `WITH (…)`: limits and the like.
    pub options: Vec<WithOption>,
    /// The sinks that its rows go to; empty: whoever asks.
    pub into: Vec<Ident>,
    /// What stands after AS.
    pub query: Query,
}

/// `CREATE [OR REPLACE] SINK k WITH (…)`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateSink {
    /// `OR REPLACE`: one of this name goes.
    pub or_replace: bool,
    /// `IF NOT EXISTS`: one of this name stays, without an error.
    pub if_not_exists: bool,
    /// Its name.
    pub name: Ident,
    /// `WITH (…)`: connector, format, place.
    pub options: Vec<WithOption>,
}
