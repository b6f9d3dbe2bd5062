//! From a syntax tree to plans: names become numbers, expressions get types, nothing implicit is left.
//!
//! A statement gives one compiled query for each of its blocks: subqueries and MATCH_RECOGNIZE are queries of their own,
//! whose hidden output streams the next one reads.

mod aggregates;
mod assemble;
pub(crate) mod bound;
mod clauses;
mod create;
pub mod duration;
mod file;
mod from;
mod group;
pub(crate) mod layout;
mod match_groups;
mod navigation;
mod order;
mod output;
mod partition;
mod pattern;
mod pattern_scope;
pub(crate) mod row_scope;
mod select;
mod select_list;
mod short;
mod standard;
pub(crate) mod types;
pub mod unsupported;
pub(crate) mod values;

pub(crate) use row_scope::PATTERN_FUNCTIONS;
pub use values::constant;

use std::sync::Arc;

use portent_grammar::{Diagnostic, Schema, Span, Value};
use portent_parser::ast;

use crate::catalog::{Catalog, SchemaProvider, StreamDef};
use crate::compiled::{CompiledQuery, EndOfInput, Limits, StreamId, StreamSpec};
use crate::fingerprint;
use crate::logical::{LogicalPlan, LogicalQuery};
use crate::lower::lower;
use crate::rules;

/// A planned statement: what the engine must be told, and what the session must open.
#[derive(Clone, Debug)]
pub struct Planned {
    /// In the order of registration; the last is the statement's own. Empty if there was an error.
    pub queries: Vec<Arc<CompiledQuery>>,
    /// The streams that this statement makes: hidden ones and the output. Sources of `new_sources` are in it too.
    pub new_streams: Vec<StreamSpec>,
    /// Files named in FROM: to be opened like the sources of CREATE STREAM.
    pub new_sources: Vec<Arc<StreamDef>>,
    /// `VALUES`: events to be pushed, in order.
    pub constant_rows: Vec<ConstantRows>,
    /// The streams of the catalog (and of `new_sources`) that it reads, directly.
    pub reads: Vec<StreamId>,
    /// The sources that its events come from in the end.
    pub sources: Vec<StreamId>,
    /// Whether all of them end.
    pub bounded: bool,
    /// Whether the output's events have an event time.
    pub has_event_time: bool,
    /// The output column that is the event time.
    pub event_time: Option<usize>,
    /// The columns that come out.
    pub output: Schema,
    /// The stream of what comes out.
    pub output_stream: StreamId,
    /// Errors and lints, by place.
    pub diagnostics: Vec<Diagnostic>,
    /// For EXPLAIN: the plans of `queries`, one by one.
    pub plans: Vec<Arc<LogicalPlan>>,
}

impl Planned {
    /// Whether it can run.
    pub fn is_ok(&self) -> bool {
        !self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

/// The rows of a `VALUES`.
#[derive(Clone, Debug)]
pub struct ConstantRows {
    /// Their stream.
    pub stream: StreamId,
    /// In the order in which they are to be pushed: by event time, ties as written.
    pub rows: Vec<Vec<Value>>,
    /// The column that is their event time. `None`: order of arrival.
    pub event_time: Option<usize>,
}

/// What a FROM item, or a planned block, gives: a stream with named columns.
#[derive(Clone, Debug)]
pub(crate) struct Relation {
    /// The names that it goes by.
    pub names: Vec<String>,
    pub stream: StreamId,
    pub schema: Schema,
    pub event_time: Option<usize>,
    pub has_event_time: bool,
    pub bounded: bool,
    pub plan: LogicalPlan,
    pub span: Span,
}

/// What is known of a statement before it is planned.
#[derive(Default)]
pub(crate) struct Given {
    pub end_of_input: EndOfInput,
    pub limits: Limits,
    /// The stream of the query that it replaces.
    pub output: Option<StreamId>,
    /// What was said of it already.
    pub diagnostics: Vec<Diagnostic>,
}

/// Plans one statement.
pub(crate) struct Planner<'a> {
    catalog: &'a mut Catalog,
    files: &'a dyn SchemaProvider,
    /// The statement's name, and how many hidden ones it has made.
    name: String,
    hidden: usize,
    end_of_input: EndOfInput,
    limits: Limits,
    /// The stream that the statement's output must be: that of the query that it replaces.
    output: Option<StreamId>,
    diagnostics: Vec<Diagnostic>,
    queries: Vec<Arc<CompiledQuery>>,
    plans: Vec<Arc<LogicalPlan>>,
    new_streams: Vec<StreamSpec>,
    new_sources: Vec<Arc<StreamDef>>,
    constant_rows: Vec<ConstantRows>,
    reads: Vec<StreamId>,
    depth: usize,
}

/// How deep subqueries may be nested.
const MAX_SUBQUERIES: usize = 64;

impl Catalog {
    /// Plans `SELECT …`. `name` is the name of its output stream; without one it is a passing statement. Nothing is registered;
    /// only stream numbers are used up.
    pub fn plan_query(
        &mut self,
        name: Option<&str>,
        query: &ast::Query,
        files: &dyn SchemaProvider,
    ) -> Planned {
        let end_of_input = self.settings().end_of_input();
        let limits = self.settings().limits();
        self.plan(
            name,
            query,
            files,
            Given {
                end_of_input,
                limits,
                ..Given::default()
            },
        )
    }

    pub(crate) fn plan(
        &mut self,
        name: Option<&str>,
        query: &ast::Query,
        files: &dyn SchemaProvider,
        given: Given,
    ) -> Planned {
        let lints = self.settings().truth("lints");
        let mut planner = Planner {
            catalog: self,
            files,
            name: name.unwrap_or("select").to_owned(),
            hidden: 0,
            end_of_input: given.end_of_input,
            limits: given.limits,
            output: given.output,
            diagnostics: given.diagnostics,
            queries: Vec::new(),
            plans: Vec::new(),
            new_streams: Vec::new(),
            new_sources: Vec::new(),
            constant_rows: Vec::new(),
            reads: Vec::new(),
            depth: 0,
        };
        let relation = planner.query(query, Some(name.is_some()));
        let mut planned = planner.finish(relation);
        if !lints {
            planned.diagnostics.retain(Diagnostic::is_error);
        }
        planned
    }
}

impl Planner<'_> {
    fn error(&mut self, error: Diagnostic) {
        self.diagnostics.push(error);
    }

    /// Plans a block with all that may follow SELECT. `statement`: it is the statement's own; true if it is named.
    fn query(&mut self, query: &ast::Query, statement: Option<bool>) -> Option<Relation> {
        self.depth += 1;
        if self.depth > MAX_SUBQUERIES {
            let message = format!("subqueries are nested more than {MAX_SUBQUERIES} levels deep");
            let code = portent_grammar::codes::patterns::NESTED_TOO_DEEP;
            self.error(Diagnostic::error(code, query.span, message));
            self.depth -= 1;
            return None;
        }
        let relation = match &query.pattern {
            Some(clause) => self.short(query, clause, statement),
            None => self.select(query, statement),
        };
        self.depth -= 1;
        relation
    }

    /// A name for a block: the statement's own for the last one, else `q$1`.
    fn block_name(&mut self, statement: bool) -> String {
        if statement {
            return self.name.clone();
        }
        self.hidden += 1;
        format!("{}${}", self.name, self.hidden)
    }

    /// The name of a stream, for fingerprints and plans.
    fn stream_name(&self, id: StreamId) -> String {
        let made = self
            .new_streams
            .iter()
            .find(|spec| spec.id == id)
            .map(|spec| spec.name.clone());
        made.or_else(|| self.catalog.stream(id).map(|stream| stream.name.clone()))
            .unwrap_or_default()
    }

    /// Compiles a block and makes its output stream.
    fn finish_block(&mut self, query: LogicalQuery, output: &Schema) -> StreamId {
        let stream = query.output_stream;
        self.plans.push(Arc::new(query.plan.clone()));
        let compiled = lower(query, self.catalog.pool(), &|id| self.stream_name(id));
        self.new_streams.push(spec(
            stream,
            &compiled.name,
            self.catalog.pool().schema(output.clone()),
        ));
        let counted = self
            .queries
            .last()
            .and_then(|matches| rules::count_matches::apply(matches, &compiled));
        match counted {
            None => self.queries.push(Arc::new(compiled)),
            Some(mut counted) => {
                // Its plan has that of the matches in it.
                counted.fingerprint = fingerprint::of(&counted, &|id| self.stream_name(id));
                let gone = self.queries.pop().map(|matches| matches.output_stream);
                self.plans.remove(self.plans.len().saturating_sub(2));
                self.new_streams.retain(|spec| Some(spec.id) != gone);
                self.queries.push(Arc::new(counted));
            }
        }
        stream
    }

    fn finish(mut self, relation: Option<Relation>) -> Planned {
        self.diagnostics
            .sort_by_key(|diagnostic| (diagnostic.span(), diagnostic.code));
        self.diagnostics.dedup();
        let failed = relation.is_none() || self.diagnostics.iter().any(Diagnostic::is_error);
        let mut reads = self.reads;
        reads.sort_unstable();
        reads.dedup();
        let of = |id: &StreamId| -> Vec<StreamId> {
            if self.new_sources.iter().any(|source| source.id == *id) {
                vec![*id]
            } else {
                self.catalog.sources_of(*id)
            }
        };
        let mut sources: Vec<StreamId> = reads.iter().flat_map(of).collect();
        sources.sort_unstable();
        sources.dedup();
        let relation = relation.as_ref();
        Planned {
            queries: if failed { Vec::new() } else { self.queries },
            plans: if failed { Vec::new() } else { self.plans },
            new_streams: if failed { Vec::new() } else { self.new_streams },
            new_sources: if failed { Vec::new() } else { self.new_sources },
            constant_rows: if failed {
                Vec::new()
            } else {
                self.constant_rows
            },
            reads,
            sources,
            bounded: relation.is_some_and(|relation| relation.bounded),
            has_event_time: relation.is_some_and(|relation| relation.has_event_time),
            event_time: relation.and_then(|relation| relation.event_time),
            output: relation
                .map(|relation| relation.schema.clone())
                .unwrap_or_default(),
            output_stream: relation.map_or(StreamId(u32::MAX), |relation| relation.stream),
            diagnostics: self.diagnostics,
        }
    }
}

/// A stream that Portent makes itself.
fn spec(id: StreamId, name: &str, schema: Arc<Schema>) -> StreamSpec {
    StreamSpec {
        id,
        name: name.to_owned(),
        schema,
        lateness: 0,
        max_ahead: None,
        late: None,
    }
}
