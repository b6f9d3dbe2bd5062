//! What a statement asks for: the half of its execution that only looks at, and changes, the catalog. `check` stops here.

mod create_query;
mod create_sink;
mod create_stream;
mod drop;
mod explain;
mod insert;
pub(crate) mod look_back;
mod pause;
mod select;
mod show;
mod watches;
mod why;

use std::sync::Arc;

use portent_connect::SinkConfig;
use portent_engine::trace::Question;
use portent_grammar::Diagnostic;
use portent_parser::ast::{ExplainFormat, Statement, StatementKind};
use portent_planner::catalog::{Catalog, InsertRows, QueryDef, StreamDef, Unregister};
use portent_planner::resolve::{Planned, unsupported};

use crate::builder::Options;
use crate::files::Files;
use crate::flow::IntoStream;
use crate::intake::Reading;
use crate::reply::Reply;

pub(crate) use show::table;

/// The other half: what remains to be done.
pub(crate) enum Effect {
    /// Nothing; the answer is complete.
    Reply(Reply),
    /// A new stream.
    Stream(Arc<StreamDef>),
    /// A new standing query, and the one that it replaces.
    Query {
        new: NewQuery,
        replaced: Option<Arc<QueryDef>>,
        /// From when on it sees events; `None`: nothing is said.
        since: Option<Begin>,
        /// What the catalog had before it.
        before: Box<Unregister>,
    },
    /// A new sink.
    Sink {
        name: String,
        config: SinkConfig,
    },
    /// A stream has gone.
    DropStream {
        name: String,
        def: Arc<StreamDef>,
    },
    /// A standing query has gone.
    DropQuery {
        name: String,
    },
    /// A sink has gone.
    DropSink {
        name: String,
    },
    /// A standing query is to see nothing.
    Pause {
        name: String,
    },
    /// A standing query is to begin afresh.
    Resume {
        name: String,
    },
    /// Why did a match of a query come?
    ExplainMatch {
        def: Arc<QueryDef>,
        id: String,
        format: ExplainFormat,
    },
    /// Why did none come?
    WhyNot {
        def: Arc<QueryDef>,
        question: Question,
        format: ExplainFormat,
    },
    /// A query runs once more.
    Replay(Box<Replay>),
    /// A query is explained, and what would become of the state of the one that it replaces.
    Explain(Box<Explained>),
    /// Events by hand.
    Insert(InsertRows),
    /// The rows of a query, once, into a stream or sink.
    InsertQuery {
        into: Target,
        planned: Box<Planned>,
    },
    /// A passing query.
    Select(Box<Planned>),
    /// `SHOW QUERIES` and the like, that need a look at what runs.
    ShowStreams,
    ShowQueries,
    ShowSinks,
}

/// From when on a query sees events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Begin {
    /// From the beginning of what the log holds.
    Earliest,
    /// What comes from now on.
    Now,
    /// From the first event of this time on, µs.
    At(i64),
}

/// `REPLAY s FROM … TO … INTO q`
#[cfg_attr(
    not(feature = "store"),
    expect(dead_code, reason = "it is checked, and refused")
)]
pub(crate) struct Replay {
    pub def: Arc<QueryDef>,
    /// Whose time is meant.
    pub stream: Arc<StreamDef>,
    pub from: Begin,
    /// The time of the last event, µs; `None`: up to now.
    pub to: Option<i64>,
}

/// `EXPLAIN CREATE QUERY …`, where there is more to tell than the plan.
pub(crate) struct Explained {
    pub planned: Planned,
    pub name: String,
    pub format: ExplainFormat,
    pub replaced: Option<Arc<QueryDef>>,
    pub since: Option<Begin>,
}

/// A standing query, checked.
pub(crate) struct NewQuery {
    pub def: Arc<QueryDef>,
    pub targets: Vec<Target>,
}

/// Where rows go.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    Stream(Arc<StreamDef>, IntoStream),
    Sink(String),
}

/// Plans statements one after the other.
pub(crate) struct Planning<'a> {
    pub catalog: &'a mut Catalog,
    pub files: &'a Files,
    pub options: &'a Options,
    pub reading: Reading,
    pub diagnostics: Vec<Diagnostic>,
    /// What reads standard input can't be planned here, nor what reads that.
    pub blind: bool,
    /// Streams that came about without CREATE: standard input.
    pub implicit: Vec<Arc<StreamDef>>,
    /// The queries that only look on, and those of them that end because what they read goes: readers first.
    pub watches: &'a [String],
    pub ended: Vec<String>,
}

impl Planning<'_> {
    /// What a statement asks for; `None` if there was an error.
    pub fn statement(&mut self, statement: &Statement) -> Option<Effect> {
        if let Some(error) = unsupported::statement(statement) {
            self.error(error);
            return None;
        }
        if !self.implicit_stdin(statement) {
            return None;
        }
        match self.taken_away(&statement.kind) {
            None => self.planned(statement),
            Some(name) => self.past_watches(name, |it| it.planned(statement)),
        }
    }

    fn planned(&mut self, statement: &Statement) -> Option<Effect> {
        let span = statement.span;
        match &statement.kind {
            StatementKind::CreateStream(create) => self.create_stream(create),
            StatementKind::CreateQuery(create) => self.create_query(create),
            StatementKind::CreateSink(create) => self.create_sink(create),
            StatementKind::Insert(insert) => self.insert(insert),
            StatementKind::Select(query) => self.select(query),
            StatementKind::Drop {
                what,
                if_exists,
                name,
            } => self.drop(*what, *if_exists, name),
            StatementKind::Pause { name } => self.pause(name, true),
            StatementKind::Resume { name } => self.pause(name, false),
            StatementKind::Show(show) => self.show(show),
            StatementKind::Describe { name } => self.describe(name),
            StatementKind::Explain(explain) => self.explain(explain, span),
            StatementKind::ExplainMatch { format, query, id } => {
                self.explain_match(*format, query, id, span)
            }
            StatementKind::ExplainWhyNot {
                format,
                query,
                key,
                between,
            } => self.explain_why_not(*format, query, key, between.as_ref(), span),
            StatementKind::Replay {
                stream,
                from,
                to,
                into,
            } => self.replay(stream, from, to.as_ref(), into),
            StatementKind::Set { name, value } => self.set(name, value),
            // Said above: they are not supported yet.
            _ => None,
        }
    }

    pub fn error(&mut self, error: Diagnostic) {
        self.diagnostics.push(error);
    }

    pub fn failed(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }

    /// Takes over the diagnostics of a plan; whether it can run.
    fn take(&mut self, planned: &Planned) -> bool {
        self.diagnostics.extend(planned.diagnostics.iter().cloned());
        planned.is_ok()
    }
}
