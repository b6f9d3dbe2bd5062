//! The syntax tree: what was written, with a span on every node. It prints back (`fmt`).

use portent_grammar::Span;

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

/// One statement, up to and without its `;`.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    pub kind: StatementKind,
    pub span: Span,
}

/// What a statement does.
#[derive(Clone, Debug, PartialEq)]
pub enum StatementKind {
    CreateStream(CreateStream),
    /// Parsed in full; the planner answers "not supported yet".
    CreateTable(CreateStream),
    CreateQuery(CreateQuery),
    /// `CREATE [OR REPLACE] MATERIALIZED VIEW`; the planner answers "not supported yet".
    CreateView(CreateQuery),
    CreateSink(CreateSink),
    Insert(Insert),
    Select(Query),
    Drop {
        what: ObjectKind,
        if_exists: bool,
        name: Ident,
    },
    Pause {
        name: Ident,
    },
    Resume {
        name: Ident,
    },
    /// `SHOW STREAMS`, …, or `SHOW setting`
    Show(Show),
    Describe {
        name: Ident,
    },
    /// `EXPLAIN [ANALYZE] [(FORMAT x)] SELECT … | CREATE QUERY …| name of a query`
    Explain(Explain),
    /// `EXPLAIN [(FORMAT x)] MATCH q '<match id>'`
    ExplainMatch {
        format: ExplainFormat,
        query: Ident,
        id: String,
    },
    /// `EXPLAIN [(FORMAT x)] WHY NOT q [FOR (key, …)] [BETWEEN t1 AND t2]`
    ExplainWhyNot {
        format: ExplainFormat,
        query: Ident,
        /// Empty: no FOR.
        key: Vec<Expr>,
        between: Option<(Expr, Expr)>,
    },
    /// `REPLAY s FROM t1 [TO t2] INTO q`
    Replay {
        stream: Ident,
        from: Expr,
        to: Option<Expr>,
        into: Ident,
    },
    /// `SET name = value` (also `SET name TO value`)
    Set {
        name: Ident,
        value: OptionValue,
    },
}

/// A kind of catalog object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectKind {
    Stream,
    Table,
    Query,
    View,
    Sink,
}

/// What SHOW lists.
#[derive(Clone, Debug, PartialEq)]
pub enum Show {
    Streams,
    Queries,
    Tables,
    Views,
    Sinks,
    Functions,
    Jobs,
    /// `SHOW ALL`: every setting.
    All,
    /// `SHOW setting`
    Setting(Ident),
}

/// `EXPLAIN`
#[derive(Clone, Debug, PartialEq)]
pub struct Explain {
    pub analyze: bool,
    pub format: ExplainFormat,
    pub target: ExplainTarget,
}

/// The format of EXPLAIN's answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExplainFormat {
    #[default]
    Text,
    Json,
    Dot,
    Mermaid,
}

/// What is explained.
#[derive(Clone, Debug, PartialEq)]
pub enum ExplainTarget {
    Statement(Box<Statement>),
    /// A standing query by name.
    Query(Ident),
}

/// `CREATE STREAM s (…) WITH (…)`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateStream {
    pub or_replace: bool,
    pub if_not_exists: bool,
    pub name: Ident,
    /// Empty: inferred from the source.
    pub columns: Vec<ColumnDef>,
    pub watermark: Option<Watermark>,
    pub primary_key: Vec<Ident>,
    pub options: Vec<WithOption>,
}

/// A column of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDef {
    pub name: Ident,
    pub kind: ColumnKind,
    pub not_null: bool,
    pub span: Span,
}

/// Where a column's value comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnKind {
    /// `price DOUBLE [FROM 'name in the source']`
    Physical { ty: TypeName, from: Option<String> },
    /// `line BIGINT METADATA [FROM 'line']`: told by the source (`line`, `file`, `offset`)
    Metadata { ty: TypeName, from: Option<String> },
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
    pub span: Span,
}

/// `WATERMARK FOR ts AS ts - INTERVAL '5' SECOND`
#[derive(Clone, Debug, PartialEq)]
pub struct Watermark {
    pub column: Ident,
    pub expr: Expr,
    pub span: Span,
}

/// `name = value` in WITH.
#[derive(Clone, Debug, PartialEq)]
pub struct WithOption {
    /// `connector`, `csv.delimiter`; dots are kept.
    pub name: Ident,
    pub value: OptionValue,
    pub span: Span,
}

/// The value of an option or setting.
#[derive(Clone, Debug, PartialEq)]
pub enum OptionValue {
    Text(String, Span),
    /// As written.
    Number(String, Span),
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
    pub span: Span,
}

/// `90 SECONDS`; the number may have a fraction and a sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DurationPart {
    /// As written, with its sign.
    pub number: String,
    pub unit: TimeUnit,
}

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeUnit {
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// `CREATE [OR REPLACE] QUERY [IF NOT EXISTS] q [WITH (…)] [INTO k, …] AS SELECT …`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateQuery {
    pub or_replace: bool,
    pub if_not_exists: bool,
    pub name: Ident,
    pub options: Vec<WithOption>,
    pub into: Vec<Ident>,
    pub query: Query,
}

/// `CREATE [OR REPLACE] SINK k WITH (…)`
#[derive(Clone, Debug, PartialEq)]
pub struct CreateSink {
    pub or_replace: bool,
    pub if_not_exists: bool,
    pub name: Ident,
    pub options: Vec<WithOption>,
}

/// `INSERT INTO s [(columns)] VALUES (…), (…)` or `INSERT INTO k SELECT …`
#[derive(Clone, Debug, PartialEq)]
pub struct Insert {
    pub into: Ident,
    pub columns: Vec<Ident>,
    pub source: InsertSource,
}

/// What is inserted.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "one per statement, never in bulk"
)]
pub enum InsertSource {
    Values(Vec<Vec<Expr>>),
    Query(Query),
}

/// `SELECT …`, with everything that may follow it.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    pub distinct: bool,
    pub items: Vec<SelectItem>,
    /// Several: the streams of one pattern, or a stream and an UNNEST.
    pub from: Vec<TableRef>,
    /// The short form.
    pub pattern: Option<MatchClause>,
    pub filter: Option<Expr>,
    pub group_by: Vec<Expr>,
    pub having: Option<Expr>,
    pub order_by: Vec<OrderItem>,
    /// `LIMIT 10`
    pub limit: Option<Expr>,
    pub offset: Option<Expr>,
    /// `LIMIT 1 PER 5 MINUTES BY user`
    pub limit_per: Option<LimitPer>,
    pub emit: Option<Emit>,
    pub span: Span,
}

/// One item of a select list (or of MEASURES).
#[derive(Clone, Debug, PartialEq)]
pub enum SelectItem {
    /// `*`
    Star(Span),
    /// `v.*`
    QualifiedStar(Ident, Span),
    Expr {
        expr: Expr,
        alias: Option<Ident>,
    },
}

/// Something in FROM.
#[derive(Clone, Debug, PartialEq)]
pub struct TableRef {
    pub kind: TableKind,
    pub alias: Option<TableAlias>,
    pub span: Span,
}

/// `AS t(id, price)`
#[derive(Clone, Debug, PartialEq)]
pub struct TableAlias {
    pub name: Ident,
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
        name: Ident,
        args: Vec<TableFunctionArg>,
        lateral: bool,
    },
    /// `a [LEFT | INNER | CROSS] JOIN b [ON …] [WITHIN d]`
    Join(Box<Join>),
}

/// An argument of a table function.
#[derive(Clone, Debug, PartialEq)]
pub enum TableFunctionArg {
    Expr(Expr),
    /// `TABLE s`
    Table(Ident),
    /// `DESCRIPTOR(ts)`
    Descriptor(Vec<Ident>),
}

/// A join: `CROSS JOIN UNNEST(…)` works; the others are "not supported yet".
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    pub kind: JoinKind,
    pub left: TableRef,
    pub right: TableRef,
    pub on: Option<Expr>,
    pub within: Option<Duration>,
}

/// Kinds of join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinKind {
    Inner,
    Left,
    Right,
    Full,
    Cross,
}

/// `ORDER BY expr [ASC | DESC] [NULLS FIRST | LAST]`
#[derive(Clone, Debug, PartialEq)]
pub struct OrderItem {
    pub expr: Expr,
    pub descending: bool,
    /// NULLs first? Unsaid: last when ascending, first when descending, as in PostgreSQL.
    pub nulls_first: Option<bool>,
}

/// `LIMIT n PER duration [BY expr, …]`
#[derive(Clone, Debug, PartialEq)]
pub struct LimitPer {
    pub count: Expr,
    pub per: Duration,
    pub by: Vec<Expr>,
    pub span: Span,
}

/// `EMIT …`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emit {
    pub matches: bool,
    pub timeouts: bool,
    /// `EMIT FINAL`, of windows
    pub final_: bool,
    /// `EMIT CHANGES`, of windows
    pub changes: bool,
    pub span: Span,
}

/// The short form: `MATCH [ALL] (pattern)` and its clauses.
#[derive(Clone, Debug, PartialEq)]
pub struct MatchClause {
    pub all: bool,
    pub pattern: Pattern,
    pub partition_by: Vec<Expr>,
    pub define: Vec<Definition>,
    pub subset: Vec<Subset>,
    pub within: Option<Within>,
    pub after_match: Option<AfterMatch>,
    pub span: Span,
}

/// The standard form: `MATCH_RECOGNIZE (…)`.
#[derive(Clone, Debug, PartialEq)]
pub struct MatchRecognize {
    pub partition_by: Vec<Expr>,
    pub order_by: Vec<OrderItem>,
    pub measures: Vec<Measure>,
    /// Unsaid: ONE ROW PER MATCH.
    pub rows: Option<RowsPerMatch>,
    pub after_match: Option<AfterMatch>,
    pub pattern: Pattern,
    pub subset: Vec<Subset>,
    pub define: Vec<Definition>,
    pub within: Option<Within>,
    pub emit: Option<Emit>,
    pub span: Span,
}

/// `[RUNNING | FINAL] expr AS name` (the prefix belongs to the expression).
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    pub expr: Expr,
    pub name: Ident,
}

/// How many rows a match gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowsPerMatch {
    One,
    /// `ALL ROWS PER MATCH [SHOW EMPTY MATCHES]`
    AllShowEmpty {
        written: bool,
    },
    AllOmitEmpty,
    AllWithUnmatched,
}

/// `v AS cond`
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    pub variable: Ident,
    pub condition: Expr,
}

/// `u = (v, w)`
#[derive(Clone, Debug, PartialEq)]
pub struct Subset {
    pub name: Ident,
    pub members: Vec<Ident>,
}

/// `WITHIN 10 MINUTES`, `WITHIN 5 EVENTS`
#[derive(Clone, Debug, PartialEq)]
pub enum Within {
    Time(Duration),
    Events(u64, Span),
}

/// `AFTER MATCH SKIP …`
#[derive(Clone, Debug, PartialEq)]
pub struct AfterMatch {
    pub skip: SkipTo,
    pub span: Span,
}

/// Where the search goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum SkipTo {
    PastLastRow,
    NextRow,
    First(Ident),
    /// `TO LAST v`; `explicit` is false for plain `TO v`.
    Last {
        variable: Ident,
        explicit: bool,
    },
}

/// A pattern, in either form.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    pub kind: PatternKind,
    pub span: Span,
}

/// The shapes of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub enum PatternKind {
    /// `v`, `v[cond]`, `v:stream[cond]`
    Variable(PatternVariable),
    /// `!v`; only a variable can be absent
    Not(PatternVariable),
    /// Two or more elements and the operators between them (`operators.len() + 1 == elements.len()`).
    Sequence {
        elements: Vec<Pattern>,
        operators: Vec<Arrow>,
    },
    /// `a | b | c`, the left preferred
    Alternation(Vec<Pattern>),
    /// `a & b & c`
    Conjunction(Vec<Pattern>),
    /// `PERMUTE(a, b, c)`
    Permute(Vec<Pattern>),
    /// `( … )`; `(-> f)` carries the arrow that links the repetitions.
    Group {
        lead: Option<Arrow>,
        inner: Box<Pattern>,
    },
    /// `{- … -}`
    Exclude(Box<Pattern>),
    /// `element quantifier`
    Repeat {
        element: Box<Pattern>,
        quantifier: Quantifier,
    },
    /// `^`
    Start,
    /// `$`
    End,
    /// `()`
    Empty,
}

/// A variable where it stands in a pattern.
#[derive(Clone, Debug, PartialEq)]
pub struct PatternVariable {
    pub name: Ident,
    pub stream: Option<Ident>,
    pub condition: Option<Box<Expr>>,
    pub span: Span,
}

/// How far apart two neighbours may be.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrow {
    pub kind: ArrowKind,
    /// `-[5 MINUTES]->`, `-[10 SECONDS TO 5 MINUTES]->`
    pub bound: Option<Bound>,
    pub span: Span,
}

/// The three contiguities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ArrowKind {
    /// juxtaposition: the very next event
    Contiguous,
    /// `->`: the next event that fits
    Next,
    /// `->>`: any later event that fits
    Any,
}

/// The time between two neighbours, both ends inclusive.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    pub min: Option<Duration>,
    pub max: Duration,
}

/// `*`, `+`, `?`, `{n}`, `{n,}`, `{n,m}`, `{,m}`, each perhaps with a further `?` (reluctant)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantifier {
    pub min: u32,
    /// `None`: no upper limit.
    pub max: Option<u32>,
    pub reluctant: bool,
    pub span: Span,
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

/// The shapes of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    Null,
    Bool(bool),
    /// As written: digits, perhaps a fraction, perhaps an exponent.
    Number(String),
    Text(String),
    /// `INTERVAL '1 day 2 hours'`, `10 MINUTES`
    Duration(Duration),
    /// `TIMESTAMP '…'`, `DATE '…'`, `UUID '…'`, `INET '…'`, `JSON '…'`, `BYTEA '…'`: a typed literal
    TypedText {
        ty: TypeName,
        text: String,
    },
    /// `a`, `a.b`, `a.b.c`: column, variable.column, nested field; the planner tells which.
    Name(Vec<Ident>),
    /// `expr.field` where expr is not a plain name: `tags[1].id`
    Field {
        of: Box<Expr>,
        field: Ident,
    },
    /// `tags[1]`
    Index {
        of: Box<Expr>,
        index: Box<Expr>,
    },
    Unary {
        op: UnaryOp,
        expr: Box<Expr>,
    },
    Binary {
        op: BinaryOp,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    IsNull {
        expr: Box<Expr>,
        negated: bool,
    },
    /// `IS [NOT] TRUE | FALSE`, `IS [NOT] UNKNOWN` (None)
    IsBool {
        expr: Box<Expr>,
        value: Option<bool>,
        negated: bool,
    },
    /// `a IS [NOT] DISTINCT FROM b`
    IsDistinct {
        left: Box<Expr>,
        right: Box<Expr>,
        negated: bool,
    },
    Between {
        expr: Box<Expr>,
        low: Box<Expr>,
        high: Box<Expr>,
        negated: bool,
    },
    In {
        expr: Box<Expr>,
        list: Vec<Expr>,
        negated: bool,
    },
    Like {
        expr: Box<Expr>,
        pattern: Box<Expr>,
        escape: Option<Box<Expr>>,
        kind: LikeKind,
        negated: bool,
    },
    Case {
        operand: Option<Box<Expr>>,
        branches: Vec<(Expr, Expr)>,
        otherwise: Option<Box<Expr>>,
    },
    /// `CAST(x AS t)`, `x::t`, `TRY_CAST(x AS t)`
    Cast {
        expr: Box<Expr>,
        ty: TypeName,
        style: CastStyle,
    },
    /// `EXTRACT(hour FROM ts)`
    Extract {
        field: Ident,
        from: Box<Expr>,
    },
    /// `ts AT TIME ZONE 'Europe/Berlin'`
    AtTimeZone {
        expr: Box<Expr>,
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
    pub name: Ident,
    /// `RUNNING` or `FINAL` before it.
    pub semantics: Option<Semantics>,
    pub distinct: bool,
    /// `COUNT(*)`; `COUNT(v.*)` is `Some(v)`
    pub star: Option<Option<Ident>>,
    pub args: Vec<Expr>,
    /// `FILTER (WHERE …)`
    pub filter: Option<Box<Expr>>,
    /// `OVER (…)`, as written between the brackets: "not supported yet"
    pub over: Option<Span>,
}

/// RUNNING or FINAL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Semantics {
    Running,
    Final,
}

/// How a cast was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CastStyle {
    Function,
    Colons,
    /// `TRY_CAST`: NULL where the value doesn't fit
    Try,
}

/// LIKE and its kin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LikeKind {
    Like,
    ILike,
    Similar,
    /// `~` (negated: `!~`)
    Regex,
    /// `~*` (negated: `!~*`)
    IRegex,
}

/// Prefix operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    Not,
    Minus,
    Plus,
}

/// Infix operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    Or,
    And,
    Eq,
    NotEq,
    Lt,
    LtEq,
    Gt,
    GtEq,
    Add,
    Subtract,
    Multiply,
    Divide,
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
