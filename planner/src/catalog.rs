//! What there is: streams, queries, sinks and settings. Here names become numbers, and nowhere later.

mod at_rest;
mod describe;
mod drop;
mod insert;
pub mod name;
mod options;
pub mod settings;
mod shelf;
mod sink;
mod stream;

use std::sync::Arc;

use indexmap::IndexMap;
use portent_grammar::codes::names as codes;
use portent_grammar::{Diagnostic, Schema, Value};
use portent_parser::ast;

pub use describe::{Description, Listed};
pub use drop::Dropped;
pub(crate) use drop::in_use;
pub use insert::InsertRows;
pub use options::parse_micros;
pub use settings::Settings;
pub use sink::SinkDef;
pub use stream::{
    ColumnSource, InferredSchema, NoFiles, SchemaProvider, StreamColumn, StreamDef, StreamKind,
    time_by_name,
};

use crate::compiled::{CompiledQuery, StreamId, StreamSpec};
use crate::functions::Library;
use crate::pool::Pool;
use crate::resolve::Planned;
use name::Found;
use shelf::{Named, Shelf};

/// A standing query.
#[derive(Clone, Debug)]
pub struct QueryDef {
    /// As created.
    pub name: String,
    /// What the engine runs, in the order of registration; the last is the query's own.
    pub queries: Vec<Arc<CompiledQuery>>,
    /// The stream of its matches, named like the query.
    pub output: StreamId,
    /// The streams that it reads, directly; sources and other queries' outputs.
    pub reads: Vec<StreamId>,
    /// The sinks it writes into (`INTO`).
    pub into: Vec<String>,
    /// Whether everything it reads ends.
    pub bounded: bool,
    /// The whole plan, for EXPLAIN.
    pub planned: Arc<Planned>,
}

/// What a CREATE did.
#[derive(Clone, Debug)]
pub struct Created<T> {
    /// The definition that stands now.
    pub def: Arc<T>,
    /// False: it was there already (`IF NOT EXISTS`).
    pub new: bool,
    /// The one that it replaced (`OR REPLACE`).
    pub replaced: Option<Arc<T>>,
}

/// Streams, queries, sinks and settings by name. Cloning is cheap, so that `check` can plan a whole file on a copy.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    streams: Shelf<StreamId, StreamDef>,
    queries: Shelf<String, QueryDef>,
    sinks: Shelf<String, SinkDef>,
    settings: Settings,
    next_stream: u32,
    pool: Pool,
    library: Library,
}

/// What [`Catalog::register`] changed.
#[derive(Debug)]
pub struct Unregister {
    query: String,
    old: Option<Arc<QueryDef>>,
    /// The stream of the old one's rows, and its place.
    stream: Option<(usize, Arc<StreamDef>)>,
    made: Vec<StreamId>,
}

impl Catalog {
    /// The parts that compiled queries share.
    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// An empty catalog with the default settings.
    pub fn new() -> Self {
        Self::default()
    }

    /// The functions that expressions can call.
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// The functions, to add some. What is planned already does not see them.
    pub fn library_mut(&mut self) -> &mut Library {
        &mut self.library
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The settings, to change them.
    pub fn settings_mut(&mut self) -> &mut Settings {
        &mut self.settings
    }

    /// The number that the next stream gets.
    pub fn next_stream_number(&self) -> u32 {
        self.next_stream
    }

    /// The next stream gets this number, or a greater one that is free: for a catalog that is built again as it was.
    pub fn number_streams_from(&mut self, number: u32) {
        self.next_stream = self.next_stream.max(number);
    }

    /// A number for a new stream.
    pub fn next_stream_id(&mut self) -> StreamId {
        let id = StreamId(self.next_stream);
        self.next_stream = self.next_stream.saturating_add(1);
        id
    }

    /// The stream of this number: a source, a query's output, or a `…$late`.
    pub fn stream(&self, id: StreamId) -> Option<&Arc<StreamDef>> {
        self.streams.get(&id)
    }

    /// Every stream, in the order of creation: sources, `…$late`, and outputs of queries.
    pub fn streams(&self) -> impl Iterator<Item = &Arc<StreamDef>> {
        self.streams.values()
    }

    /// Every standing query, in the order of creation.
    pub fn queries(&self) -> impl Iterator<Item = &Arc<QueryDef>> {
        self.queries.values()
    }

    /// Every sink, in the order of creation.
    pub fn sinks(&self) -> impl Iterator<Item = &Arc<SinkDef>> {
        self.sinks.values()
    }

    /// Finds something that can be read: a stream, a query's output, a `…$late`.
    ///
    /// # Errors
    /// Unknown (with a suggestion), or several names that differ only in case.
    pub fn find_stream(&self, ident: &ast::Ident) -> Result<&Arc<StreamDef>, Diagnostic> {
        let names = self.streams.values().map(|stream| stream.name.as_str());
        match self.streams.find(ident) {
            Found::One(at) => self
                .streams
                .get_index(at)
                .map(|(_, stream)| stream)
                .ok_or_else(|| name::unknown(codes::UNKNOWN_STREAM, "stream", ident, names)),
            Found::Several(at) => Err(ambiguous(ident, names, &at)),
            Found::None if self.sinks.find(&loose(ident)) != Found::None => {
                let message = format!("\"{}\" is a sink: it is written to, not read", ident.text);
                Err(Diagnostic::error(codes::WRONG_KIND, ident.span, message))
            }
            Found::None => Err(name::unknown(
                codes::UNKNOWN_STREAM,
                "stream or query",
                ident,
                names,
            )),
        }
    }

    /// The standing query of this name, if there is just one.
    pub fn query(&self, ident: &ast::Ident) -> Option<&Arc<QueryDef>> {
        self.queries.one(ident)
    }

    /// The standing query that `CREATE QUERY` of this name would replace.
    pub(crate) fn same_query(&self, ident: &ast::Ident) -> Option<&Arc<QueryDef>> {
        self.queries.same(ident)
    }

    /// Finds a standing query.
    ///
    /// # Errors
    /// Unknown (with a suggestion), or several names that differ only in case.
    pub fn find_query(&self, ident: &ast::Ident) -> Result<&Arc<QueryDef>, Diagnostic> {
        let names = self.queries.keys().map(String::as_str);
        self.find_in(ident, &self.queries, names, codes::UNKNOWN_QUERY, "query")
    }

    /// Finds a sink.
    ///
    /// # Errors
    /// Unknown (with a suggestion), or several names that differ only in case.
    pub fn find_sink(&self, ident: &ast::Ident) -> Result<&Arc<SinkDef>, Diagnostic> {
        let names = self.sinks.keys().map(String::as_str);
        self.find_in(ident, &self.sinks, names, codes::UNKNOWN_SINK, "sink")
    }

    fn find_in<'a, T: Named>(
        &'a self,
        ident: &ast::Ident,
        map: &'a Shelf<String, T>,
        names: impl Iterator<Item = &'a str> + Clone,
        code: portent_grammar::Code,
        what: &str,
    ) -> Result<&'a Arc<T>, Diagnostic> {
        let unknown = || name::unknown(code, what, ident, names.clone());
        match map.find(ident) {
            Found::One(at) => map
                .get_index(at)
                .map(|(_, found)| found)
                .ok_or_else(unknown),
            Found::Several(at) => Err(ambiguous(ident, names.clone(), &at)),
            Found::None if map.is_empty() => {
                Err(unknown().help(format!("there is no {what} at all here")))
            }
            Found::None => Err(unknown()),
        }
    }

    /// What the engine needs to know of a stream.
    pub fn spec(&self, id: StreamId) -> Option<StreamSpec> {
        self.stream(id).map(|stream| stream.spec())
    }

    /// Whether a name is taken, and by what kind of thing. Streams, queries and sinks share one space of names.
    fn taken(&self, ident: &ast::Ident) -> Option<&'static str> {
        if self.queries.same(ident).is_some() {
            Some("query")
        } else if self.sinks.same(ident).is_some() {
            Some("sink")
        } else if self.streams.same(ident).is_some() {
            Some("stream")
        } else {
            None
        }
    }

    fn insert_stream(&mut self, stream: StreamDef) -> Arc<StreamDef> {
        let stream = Arc::new(stream);
        self.streams.insert(stream.id, stream.clone());
        stream
    }

    /// Takes a planned query into the catalog under its name, so that others can read it. The plan must be free of errors.
    /// An older query of that name is replaced.
    pub fn register(&mut self, query: &str, into: Vec<String>, planned: Planned) -> Arc<QueryDef> {
        if let Some(old) = self.queries.get(query) {
            let output = old.output;
            if output != planned.output_stream {
                self.streams.shift_remove(&output);
            }
        }
        let planned = Arc::new(planned);
        for source in &planned.new_sources {
            self.streams.insert(source.id, source.clone());
        }
        self.insert_stream(StreamDef::of_query(query, &planned));
        let def = Arc::new(QueryDef {
            name: query.to_owned(),
            queries: planned.queries.clone(),
            output: planned.output_stream,
            reads: planned.reads.clone(),
            into,
            bounded: planned.bounded,
            planned,
        });
        self.queries.insert(query.to_owned(), def.clone());
        def
    }

    /// What [`Self::register`] is about to change, so that it can be undone: without a copy of the catalog. O(1), but for the sources that the query names itself.
    pub fn before_register(&self, query: &str, planned: &Planned) -> Unregister {
        let old = self.queries.get(query).cloned();
        let output = old.as_ref().map(|it| it.output);
        let stream = output.and_then(|id| {
            let (at, _, stream) = self.streams.get_full(&id)?;
            Some((at, stream.clone()))
        });
        Unregister {
            query: query.to_owned(),
            old,
            stream,
            made: planned
                .new_sources
                .iter()
                .map(|it| it.id)
                .chain([planned.output_stream])
                .collect(),
        }
    }

    /// Undoes a [`Self::register`], if nothing has changed since. The numbers of its streams are not given again. O(streams).
    pub fn unregister(&mut self, before: Unregister) {
        let Unregister {
            query,
            old,
            stream,
            made,
        } = before;
        for id in made {
            self.streams.shift_remove(&id);
        }
        if let Some((at, stream)) = stream {
            self.streams.shift_insert(at, stream.id, stream);
        }
        match old {
            Some(old) => self.queries.insert(query, old),
            None => {
                self.queries.shift_remove(&query);
            }
        }
    }

    /// Checks that `CREATE QUERY name` may stand: the name is free, or it is a query that may be replaced. `Ok(Some)`: it is there
    /// already and `IF NOT EXISTS` says that this is fine.
    ///
    /// # Errors
    /// The name is taken.
    pub fn check_query_name(
        &self,
        create: &ast::CreateQuery,
    ) -> Result<Option<Arc<QueryDef>>, Diagnostic> {
        let known = self.queries.same(&create.name);
        match (known, self.taken(&create.name)) {
            (Some(query), _) if create.if_not_exists => Ok(Some(query.clone())),
            (Some(_), _) if create.or_replace => Ok(None),
            (_, None) => reserved(&create.name).map_or(Ok(None), Err),
            (_, Some(kind)) => Err(taken(&create.name, kind, "QUERY")),
        }
    }

    /// The names of the queries that read this stream, directly.
    pub fn readers(&self, stream: StreamId) -> Vec<&str> {
        let reads = |query: &&Arc<QueryDef>| query.reads.contains(&stream);
        self.queries
            .values()
            .filter(reads)
            .map(|query| query.name.as_str())
            .collect()
    }

    /// The sources that a stream's events come from in the end.
    pub fn sources_of(&self, stream: StreamId) -> Vec<StreamId> {
        let mut sources = Vec::new();
        let mut seen = Vec::new();
        let mut todo = vec![stream];
        while let Some(id) = todo.pop() {
            if seen.contains(&id) {
                continue;
            }
            seen.push(id);
            match self.stream(id).map(|stream| &stream.kind) {
                Some(StreamKind::Query { reads }) => todo.extend(reads.iter().copied()),
                Some(StreamKind::Late { of }) => todo.push(*of),
                Some(StreamKind::Source) | None => sources.push(id),
            }
        }
        sources.sort_unstable();
        sources
    }
}

/// The name as if it were written without quotes.
fn loose(ident: &ast::Ident) -> ast::Ident {
    ast::Ident {
        quoted: false,
        ..ident.clone()
    }
}

fn ambiguous<'a>(
    ident: &ast::Ident,
    names: impl Iterator<Item = &'a str>,
    found: &[usize],
) -> Diagnostic {
    let names: Vec<&str> = names.collect();
    let these: Vec<String> = found
        .iter()
        .filter_map(|at| names.get(*at))
        .map(|name| format!("\"{name}\""))
        .collect();
    let message = format!("\"{}\" may mean {}", ident.text, these.join(" or "));
    Diagnostic::error(codes::AMBIGUOUS_NAME, ident.span, message)
        .help("write the name in the case in which it was created, or in double quotes")
}

fn taken(ident: &ast::Ident, kind: &str, replace: &str) -> Diagnostic {
    let message = format!("there is a {kind} named \"{}\" already", ident.text);
    let error = Diagnostic::error(codes::NAME_TAKEN, ident.span, message);
    // A thing of another kind is not replaced.
    error.help(if kind.eq_ignore_ascii_case(replace) {
        format!("choose another name, or write CREATE OR REPLACE {replace}")
    } else {
        "choose another name: streams, queries and sinks share one space of names".to_owned()
    })
}

/// Names with `$` are made by Portent itself: `s$late`, `q$1`.
fn reserved(ident: &ast::Ident) -> Option<Diagnostic> {
    ident.text.contains('$').then(|| {
        let message = format!("\"{}\": names with $ belong to Portent itself", ident.text);
        Diagnostic::error(codes::RESERVED_NAME, ident.span, message)
            .help("`s$late` is the stream of the late events of s")
    })
}

/// Options by name, lower case.
pub type Options = IndexMap<String, Value>;

/// The columns of a stream, name and type.
pub fn schema_of(columns: &[StreamColumn]) -> Schema {
    columns
        .iter()
        .map(|column| portent_grammar::Column::new(&column.name, column.ty.clone()))
        .collect()
}

impl Named for StreamDef {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Named for QueryDef {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Named for SinkDef {
    fn name(&self) -> &str {
        &self.name
    }
}
