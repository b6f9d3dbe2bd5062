//! Statements, and those that are about others: EXPLAIN, SHOW, INSERT.

use portent_grammar::Span;

use super::{CreateQuery, CreateSink, CreateStream, Expr, Ident, OptionValue, Query, Since};

/// One statement, up to and without its `;`.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// What it does.
    pub kind: StatementKind,
    /// From its first word to its last, without the `;`.
    pub span: Span,
}

/// What a statement does.
#[derive(Clone, Debug, PartialEq)]
pub enum StatementKind {
    /// `CREATE STREAM s (…) WITH (…)`
    CreateStream(CreateStream),
    /// Parsed in full; the planner answers "not supported yet".
    CreateTable(CreateStream),
    /// `CREATE QUERY q AS SELECT …`
    CreateQuery(CreateQuery),
    /// `CREATE [OR REPLACE] MATERIALIZED VIEW`; the planner answers "not supported yet".
    CreateView(CreateQuery),
    /// `CREATE SINK k WITH (…)`
    CreateSink(CreateSink),
    /// `INSERT INTO s VALUES (…)`, `INSERT INTO k SELECT …`
    Insert(Insert),
    /// A query that stands alone: `SELECT …`
    Select(Query),
    /// `DROP STREAM | QUERY | SINK | … [IF EXISTS] name`
    Drop {
        /// The kind of object.
        what: ObjectKind,
        /// `IF EXISTS`: no error if there is none.
        if_exists: bool,
        /// What is dropped.
        name: Ident,
    },
    /// `PAUSE QUERY q`
    Pause {
        /// The query.
        name: Ident,
    },
    /// `RESUME QUERY q`
    Resume {
        /// The query.
        name: Ident,
    },
    /// `SHOW STREAMS`, …, or `SHOW setting`
    Show(Show),
    /// `DESCRIBE name`
    Describe {
        /// A stream, query or sink.
        name: Ident,
    },
    /// `EXPLAIN [ANALYZE] [(FORMAT x)] SELECT … | CREATE QUERY …| name of a query`
    Explain(Explain),
    /// `EXPLAIN [(FORMAT x)] MATCH q '<match id>'`
    ExplainMatch {
        /// Text or JSON.
        format: ExplainFormat,
        /// The query that reported it.
        query: Ident,
        /// The match id, 32 hexadecimal digits as `MATCH_ID()` shows them.
        id: String,
    },
    /// `EXPLAIN [(FORMAT x)] WHY NOT q [FOR (key, …)] [BETWEEN t1 AND t2]`
    ExplainWhyNot {
        /// Text or JSON.
        format: ExplainFormat,
        /// The query that did not report.
        query: Ident,
        /// Empty: no FOR.
        key: Vec<Expr>,
        /// The first and the last moment to look at; `None`: all that is kept.
        between: Option<(Expr, Expr)>,
    },
    /// `REPLAY s FROM t1 [TO t2] INTO q`, `REPLAY s FROM EARLIEST INTO q`
    Replay {
        /// Whose time is meant.
        stream: Ident,
        /// The first moment.
        from: Since,
        /// The last moment; `None`: up to now.
        to: Option<Expr>,
        /// The query that sees them again.
        into: Ident,
    },
    /// `SET name = value` (also `SET name TO value`)
    Set {
        /// The setting.
        name: Ident,
        /// Its new value.
        value: OptionValue,
    },
}

/// A kind of catalog object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    /// `STREAM`
    Stream,
    /// `TABLE`
    Table,
    /// `QUERY`
    Query,
    /// `MATERIALIZED VIEW`
    View,
    /// `SINK`
    Sink,
}

/// What SHOW lists.
#[derive(Clone, Debug, PartialEq)]
pub enum Show {
    /// `SHOW STREAMS`
    Streams,
    /// `SHOW QUERIES`
    Queries,
    /// `SHOW TABLES`
    Tables,
    /// `SHOW VIEWS`
    Views,
    /// `SHOW SINKS`
    Sinks,
    /// `SHOW FUNCTIONS`
    Functions,
    /// `SHOW JOBS`
    Jobs,
    /// `SHOW ALL`: every setting.
    All,
    /// `SHOW setting`
    Setting(Ident),
}

/// `EXPLAIN`
#[derive(Clone, Debug, PartialEq)]
pub struct Explain {
    /// `EXPLAIN ANALYZE`: run it, and tell what each part did.
    pub analyze: bool,
    /// `(FORMAT x)`; text if nothing is said.
    pub format: ExplainFormat,
    /// What is explained.
    pub target: ExplainTarget,
}

/// The format of EXPLAIN's answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExplainFormat {
    /// For people: indented lines and a drawing of the automaton.
    #[default]
    Text,
    /// One JSON document.
    Json,
    /// The automaton as a graph of Graphviz.
    Dot,
    /// The automaton as a Mermaid state diagram.
    Mermaid,
}

/// What is explained.
#[derive(Clone, Debug, PartialEq)]
pub enum ExplainTarget {
    /// A statement that is written out: `EXPLAIN SELECT …`
    Statement(Box<Statement>),
    /// A standing query by name.
    Query(Ident),
}

/// `INSERT INTO s [(columns)] VALUES (…), (…)` or `INSERT INTO k SELECT …`
#[derive(Clone, Debug, PartialEq)]
pub struct Insert {
    /// A stream, or a sink.
    pub into: Ident,
    /// `(a, b)`; empty: all, in the order of the stream.
    pub columns: Vec<Ident>,
    /// Where the rows come from.
    pub source: InsertSource,
}

/// What is inserted.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "one per statement, never in bulk"
)]
pub enum InsertSource {
    /// `VALUES (…), (…)`: rows of expressions.
    Values(Vec<Vec<Expr>>),
    /// `SELECT …`
    Query(Query),
}
