//! CREATE QUERY

use std::sync::Arc;

use portent_grammar::codes::{names, runtime as codes};
use portent_grammar::{Diagnostic, Schema, Span, Type};
use portent_parser::ast::{CreateQuery, Ident};
use portent_planner::catalog::{ColumnSource, StreamDef, StreamKind};
use portent_planner::compiled::StreamId;

use super::{Begin, Effect, NewQuery, Planning, Target};
use crate::flow::IntoStream;
use crate::intake;
use crate::reply::Reply;

impl Planning<'_> {
    pub(super) fn create_query(&mut self, create: &CreateQuery) -> Option<Effect> {
        if let Ok(Some(known)) = self.catalog.check_query_name(create) {
            let name = known.name.clone();
            return Some(Effect::Reply(Reply::Created {
                what: "QUERY",
                name,
                new: false,
            }));
        }
        // The planner knows sinks; streams are ours.
        let (sinks, streams): (Vec<Ident>, Vec<Ident>) = create
            .into
            .iter()
            .cloned()
            .partition(|ident| !self.is_stream(ident));
        let planned = self.catalog.plan_create(
            &CreateQuery {
                into: sinks.clone(),
                ..create.clone()
            },
            self.files,
        );
        let fine = self.take(&planned);
        if !fine || self.failed() {
            return None;
        }
        for source in &planned.new_sources {
            self.check_source(source, create.name.span);
        }
        let mut targets = Vec::new();
        let mut into = Vec::new();
        for ident in sinks.iter().chain(&streams) {
            if let Some(target) = self.target(ident, &planned.output, &create.name.text) {
                into.push(match &target {
                    Target::Stream(def, _) => {
                        self.check_cycle(ident, def, &planned.reads, &create.name.text);
                        def.name.clone()
                    }
                    Target::Sink(name) => name.clone(),
                });
                targets.push(target);
            }
        }
        let since = match &create.since {
            None => None,
            Some(since) => Some(self.begin(since)?),
        };
        let looks_back = since.is_some_and(|it| it != Begin::Now);
        if looks_back {
            self.check_past(&planned, &create.name.text, create.name.span);
        }
        if self.failed() {
            return None;
        }
        let replaced = self.catalog.query(&create.name).cloned();
        let name = replaced
            .as_ref()
            .map_or(create.name.text.clone(), |it| it.name.clone());
        let before = Box::new(self.catalog.before_register(&name, &planned));
        let def = self.catalog.register(&name, into, planned);
        Some(Effect::Query {
            new: NewQuery { def, targets },
            replaced,
            since,
            before,
        })
    }

    /// Whether INTO means a stream by this name.
    pub(super) fn is_stream(&self, ident: &Ident) -> bool {
        self.catalog.find_sink(ident).is_err() && self.catalog.find_stream(ident).is_ok()
    }

    /// A file in FROM must be readable as its inferred schema says.
    pub(super) fn check_source(&mut self, source: &StreamDef, span: Span) {
        if self.options.no_connectors {
            return;
        }
        let inferred = self.files.inferred(&source.options);
        if let Err(errors) = intake::config(source, inferred.as_deref(), &self.reading) {
            for error in errors {
                self.error(error.to_diagnostic(span));
            }
        }
    }

    /// Where rows of these columns go.
    pub(super) fn target(&mut self, ident: &Ident, output: &Schema, query: &str) -> Option<Target> {
        if let Ok(sink) = self.catalog.find_sink(ident) {
            let name = sink.name.clone();
            self.check_sink_columns(ident, &name, output, query);
            return Some(Target::Sink(name));
        }
        let def = match self.catalog.find_stream(ident) {
            Ok(def) => Arc::clone(def),
            Err(_) => {
                let sinks = self.catalog.sinks().map(|it| it.name.as_str());
                let streams = self
                    .catalog
                    .streams()
                    .filter(|it| it.kind == StreamKind::Source);
                let near = crate::suggest::nearest(
                    &ident.text,
                    sinks.chain(streams.map(|it| it.name.as_str())),
                );
                let message = format!(
                    "there is no sink or stream \"{}\" to write into",
                    ident.text
                );
                let mut error = Diagnostic::error(names::UNKNOWN_SINK, ident.span, message);
                error = match near {
                    Some(near) => error
                        .help(format!("did you mean \"{near}\"?"))
                        .fix(ident.span, near),
                    None => error.help(format!(
                        "create it first: CREATE SINK {0} WITH (path = '{0}.jsonl')",
                        ident.text
                    )),
                };
                self.error(error);
                return None;
            }
        };
        if def.kind != StreamKind::Source {
            let message = format!(
                "\"{}\" is computed, nothing can be written into it",
                def.name
            );
            self.error(
                Diagnostic::error(codes::PUSH_DERIVED, ident.span, message)
                    .help("write into a stream, or read it by another query"),
            );
            return None;
        }
        let into = self.columns(ident, &def, output)?;
        Some(Target::Stream(def, into))
    }

    /// Which column of the query fills which column of the stream: by name.
    fn columns(&mut self, ident: &Ident, def: &StreamDef, output: &Schema) -> Option<IntoStream> {
        let mut columns = vec![None; def.columns.len()];
        let mut failed = false;
        for (from, column) in output.iter().enumerate() {
            let exact = def.columns.iter().position(|it| it.name == column.name);
            let at = exact.or_else(|| {
                def.columns
                    .iter()
                    .position(|it| it.name.eq_ignore_ascii_case(&column.name))
            });
            let settable = at.and_then(|at| def.columns.get(at).map(|it| (at, it)));
            let Some((at, to)) =
                settable.filter(|(_, it)| !matches!(it.source, ColumnSource::Computed(_)))
            else {
                let message = format!(
                    "stream \"{}\" has no column \"{}\" to fill",
                    def.name, column.name
                );
                let near = crate::suggest::nearest(
                    &column.name,
                    def.columns.iter().map(|it| it.name.as_str()),
                );
                let help = match near {
                    Some(near) => format!("name the column so: … AS \"{near}\""),
                    None => format!("its columns are {}", names_of(def)),
                };
                self.error(Diagnostic::error(codes::INTO_COLUMNS, ident.span, message).help(help));
                failed = true;
                continue;
            };
            if !fits(&column.ty, &to.ty) {
                let message = format!(
                    "column \"{}\" of stream \"{}\" is {}, the query gives {}",
                    to.name, def.name, to.ty, column.ty
                );
                let help = format!("write CAST(… AS {})", to.ty);
                self.error(Diagnostic::error(codes::INTO_COLUMNS, ident.span, message).help(help));
                failed = true;
            }
            let cast = (column.ty != to.ty).then(|| to.ty.clone());
            if let Some(place) = columns.get_mut(at) {
                *place = Some((from, cast));
            }
        }
        if let Some(time) = def
            .event_time
            .and_then(|slot| def.columns.get(slot).map(|it| (slot, it)))
            && !matches!(time.1.source, ColumnSource::Computed(_))
            && columns.get(time.0).is_some_and(Option::is_none)
        {
            let message = format!(
                "the query doesn't give \"{}\", the event time of stream \"{}\"",
                time.1.name, def.name
            );
            let help = format!(
                "select it: …, MATCH_TIME() AS \"{}\" for a match, or the event's own time",
                time.1.name
            );
            self.error(Diagnostic::error(codes::INTO_COLUMNS, ident.span, message).help(help));
            failed = true;
        }
        (!failed).then_some(IntoStream {
            stream: def.id,
            columns,
        })
    }

    /// A file has one set of columns, whoever writes into it.
    fn check_sink_columns(&mut self, ident: &Ident, sink: &str, output: &Schema, query: &str) {
        let other = self
            .catalog
            .queries()
            .find(|it| it.into.iter().any(|it| it == sink) && !it.name.eq_ignore_ascii_case(query));
        let Some(other) = other else { return };
        if other.planned.output != *output {
            let names = |schema: &Schema| {
                schema
                    .iter()
                    .map(|it| it.name.clone())
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            let message = format!(
                "\"{}\" writes other columns into sink \"{sink}\": {}",
                other.name,
                names(&other.planned.output)
            );
            let help = format!(
                "give both the same columns, or a sink each; here they are {}",
                names(output)
            );
            self.error(Diagnostic::error(codes::SINK_COLUMNS, ident.span, message).help(help));
        }
    }

    /// A query must not, by whatever way round, read what it writes.
    fn check_cycle(&mut self, ident: &Ident, def: &StreamDef, reads: &[StreamId], query: &str) {
        let mut todo: Vec<StreamId> = reads.to_vec();
        let mut seen: Vec<StreamId> = Vec::new();
        while let Some(id) = todo.pop() {
            if id == def.id || def.late == Some(id) {
                let message = format!("\"{query}\" would feed itself through \"{}\"", def.name);
                self.error(Diagnostic::error(codes::INTO_CYCLE, ident.span, message));
                return;
            }
            if seen.contains(&id) {
                continue;
            }
            seen.push(id);
            let Some(stream) = self.catalog.stream(id) else {
                continue;
            };
            if let StreamKind::Late { of } = &stream.kind {
                todo.push(*of);
            }
            for other in self.catalog.queries() {
                if other.output == id || other.into.contains(&stream.name) {
                    todo.extend(other.reads.iter().copied());
                }
            }
        }
    }
}

/// What may be stored without a cast that says so.
fn fits(from: &Type, to: &Type) -> bool {
    from == to
        || matches!((from, to), (Type::Null, _) | (_, Type::Text | Type::Json))
        || (from.is_numeric() && to.is_numeric())
        || matches!(
            (from, to),
            (Type::Date, Type::Timestamp) | (Type::Array(_), Type::Array(_))
        )
}

fn names_of(def: &StreamDef) -> String {
    def.columns
        .iter()
        .map(|it| it.name.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}
