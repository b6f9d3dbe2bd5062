//! Patterns, in the short form and in that of the standard.

use portent_grammar::Span;

use super::{Duration, Emit, Expr, Ident, OrderItem};

/// The short form: `MATCH [ALL] (pattern)` and its clauses.
#[derive(Clone, Debug, PartialEq)]
pub struct MatchClause {
    /// `MATCH ALL`: every combination, and not the preferred one of each start.
    pub all: bool,
    /// What stands in the brackets.
    pub pattern: Pattern,
    /// `PARTITION BY …`: each key is a sequence of its own; empty: all events are one.
    pub partition_by: Vec<Expr>,
    /// `DEFINE v AS cond, …`
    pub define: Vec<Definition>,
    /// `SUBSET u = (v, w), …`
    pub subset: Vec<Subset>,
    /// How long a match may be; `None`: without end.
    pub within: Option<Within>,
    /// Where the search goes on; `None`: past the last row.
    pub after_match: Option<AfterMatch>,
    /// From MATCH to the end of its clauses.
    pub span: Span,
}

/// The standard form: `MATCH_RECOGNIZE (…)`.
#[derive(Clone, Debug, PartialEq)]
pub struct MatchRecognize {
    /// `PARTITION BY …`; empty: all rows are one sequence.
    pub partition_by: Vec<Expr>,
    /// `ORDER BY ts, …`: the event time, and keys that decide at equal times; any other order needs input that ends.
    pub order_by: Vec<OrderItem>,
    /// `MEASURES …`: the columns of a match.
    pub measures: Vec<Measure>,
    /// Unsaid: ONE ROW PER MATCH.
    pub rows: Option<RowsPerMatch>,
    /// `AFTER MATCH SKIP …`; `None`: past the last row.
    pub after_match: Option<AfterMatch>,
    /// `PATTERN (…)`
    pub pattern: Pattern,
    /// `SUBSET u = (v, w), …`
    pub subset: Vec<Subset>,
    /// `DEFINE v AS cond, …`; a variable that is not defined fits every row.
    pub define: Vec<Definition>,
    /// `WITHIN …`, an extension of the standard.
    pub within: Option<Within>,
    /// `EMIT …`, an extension of the standard.
    pub emit: Option<Emit>,
    /// From MATCH_RECOGNIZE to the closing bracket.
    pub span: Span,
}

/// `[RUNNING | FINAL] expr AS name` (the prefix belongs to the expression).
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// What is computed over the match.
    pub expr: Expr,
    /// The name of the column.
    pub name: Ident,
}

/// How many rows a match gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowsPerMatch {
    /// `ONE ROW PER MATCH`
    One,
    /// `ALL ROWS PER MATCH [SHOW EMPTY MATCHES]`
    AllShowEmpty {
        /// Whether `SHOW EMPTY MATCHES` was written: it is what `ALL ROWS` alone means.
        written: bool,
    },
    /// `ALL ROWS PER MATCH OMIT EMPTY MATCHES`
    AllOmitEmpty,
    /// `ALL ROWS PER MATCH WITH UNMATCHED ROWS`
    AllWithUnmatched,
}

/// `v AS cond`
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    /// The variable.
    pub variable: Ident,
    /// What an event must meet to be bound to it.
    pub condition: Expr,
}

/// `u = (v, w)`
#[derive(Clone, Debug, PartialEq)]
pub struct Subset {
    /// The name for all of them together.
    pub name: Ident,
    /// The variables whose events it has.
    pub members: Vec<Ident>,
}

/// `WITHIN 10 MINUTES`, `WITHIN 5 EVENTS`
#[derive(Clone, Debug, PartialEq)]
pub enum Within {
    /// The last event comes at most so long after the first.
    Time(Duration),
    /// At most so many events of the partition from the first to the last.
    Events(u64, Span),
}

/// `AFTER MATCH SKIP …`
#[derive(Clone, Debug, PartialEq)]
pub struct AfterMatch {
    /// Where to.
    pub skip: SkipTo,
    /// The whole clause.
    pub span: Span,
}

/// Where the search goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum SkipTo {
    /// `PAST LAST ROW`: behind the match.
    PastLastRow,
    /// `TO NEXT ROW`: at the second event of the match, so that matches may overlap.
    NextRow,
    /// `TO FIRST v`: at the first event of this variable.
    First(Ident),
    /// `TO LAST v`; `explicit` is false for plain `TO v`.
    Last {
        /// The variable.
        variable: Ident,
        /// Whether `LAST` was written.
        explicit: bool,
    },
}

/// A pattern, in either form.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// Its shape.
    pub kind: PatternKind,
    /// The whole of it.
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
        /// What follows on each other.
        elements: Vec<Pattern>,
        /// How far apart each may be from the next.
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
        /// The arrow between repetitions; `None`: juxtaposition.
        lead: Option<Arrow>,
        /// What stands in the brackets.
        inner: Box<Pattern>,
    },
    /// `{- … -}`
    Exclude(Box<Pattern>),
    /// `element quantifier`
    Repeat {
        /// What is repeated.
        element: Box<Pattern>,
        /// How often.
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
    /// `v`
    pub name: Ident,
    /// `:stream`; `None`: an event of any stream of FROM.
    pub stream: Option<Ident>,
    /// `[cond]`
    pub condition: Option<Box<Expr>>,
    /// With stream and condition.
    pub span: Span,
}

/// How far apart two neighbours may be.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrow {
    /// What may lie between.
    pub kind: ArrowKind,
    /// `-[5 MINUTES]->`, `-[10 SECONDS TO 5 MINUTES]->`
    pub bound: Option<Bound>,
    /// The arrow as written; empty between neighbours that just stand side by side.
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
    /// At least so long; `None`: no lower bound.
    pub min: Option<Duration>,
    /// At most so long.
    pub max: Duration,
}

/// `*`, `+`, `?`, `{n}`, `{n,}`, `{n,m}`, `{,m}`, each perhaps with a further `?` (reluctant)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantifier {
    /// At least so often.
    pub min: u32,
    /// `None`: no upper limit.
    pub max: Option<u32>,
    /// A further `?`: fewer are preferred to more.
    pub reluctant: bool,
    /// The quantifier alone.
    pub span: Span,
}
