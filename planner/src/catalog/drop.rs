//! DROP: nothing that others read.

use portent_grammar::Diagnostic;
use portent_grammar::codes::names as codes;
use portent_parser::ast::{Ident, ObjectKind};

use super::{Catalog, StreamKind};

/// What a DROP took away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dropped {
    /// A source; its number.
    Stream(crate::compiled::StreamId),
    /// A standing query; the output streams of what the engine ran for it, in the order of registration.
    Query(Vec<crate::compiled::StreamId>),
    /// A sink; its name as created.
    Sink(String),
    /// There was nothing of that name, and `IF EXISTS` says that this is fine.
    Nothing,
}

impl Catalog {
    /// DROP STREAM, QUERY or SINK.
    ///
    /// # Errors
    /// The name is unknown or of another kind; others read it (they are named); tables and views are not supported yet.
    pub fn drop(
        &mut self,
        what: ObjectKind,
        if_exists: bool,
        ident: &Ident,
    ) -> Result<Dropped, Diagnostic> {
        let found = match what {
            ObjectKind::Table => return Err(crate::resolve::unsupported::tables(ident.span)),
            ObjectKind::View => return Err(crate::resolve::unsupported::views(ident.span)),
            ObjectKind::Stream => self.drop_stream(ident),
            ObjectKind::Query => self.drop_query(ident),
            ObjectKind::Sink => self.drop_sink(ident),
        };
        match found {
            Err(error) if if_exists && is_unknown(&error) => Ok(Dropped::Nothing),
            found => found,
        }
    }

    fn drop_stream(&mut self, ident: &Ident) -> Result<Dropped, Diagnostic> {
        let stream = self.find_stream(ident)?.clone();
        match &stream.kind {
            StreamKind::Source => {}
            StreamKind::Query { .. } => return Err(wrong_kind(ident, "query", "DROP QUERY")),
            StreamKind::Late { .. } => {
                let message = format!("\"{}\" goes with its stream", ident.text);
                return Err(Diagnostic::error(codes::WRONG_KIND, ident.span, message));
            }
        }
        let mut readers = self.readers(stream.id);
        if let Some(late) = stream.late {
            readers.extend(self.readers(late));
        }
        if !readers.is_empty() {
            return Err(in_use(ident, "dropped", &readers));
        }
        self.remove_stream(stream.id);
        Ok(Dropped::Stream(stream.id))
    }

    fn drop_query(&mut self, ident: &Ident) -> Result<Dropped, Diagnostic> {
        let query = match self.find_query(ident) {
            Ok(query) => query.clone(),
            Err(_)
                if self
                    .sinks
                    .keys()
                    .any(|sink| super::name::same_but_case(sink, &ident.text)) =>
            {
                return Err(wrong_kind(ident, "sink", "DROP SINK"));
            }
            Err(error) => {
                return Err(match self.find_stream(ident) {
                    Ok(_) => wrong_kind(ident, "stream", "DROP STREAM"),
                    Err(_) => error,
                });
            }
        };
        let readers = self.readers(query.output);
        if !readers.is_empty() {
            return Err(in_use(ident, "dropped", &readers));
        }
        self.queries.shift_remove(&query.name);
        self.streams.shift_remove(&query.output);
        for source in &query.planned.new_sources {
            self.streams.shift_remove(&source.id);
        }
        Ok(Dropped::Query(
            query
                .queries
                .iter()
                .map(|query| query.output_stream)
                .collect(),
        ))
    }

    fn drop_sink(&mut self, ident: &Ident) -> Result<Dropped, Diagnostic> {
        let sink = match self.find_sink(ident) {
            Ok(sink) => sink.clone(),
            Err(error) => {
                return Err(
                    match self.find_stream(ident).map(|stream| stream.kind.clone()) {
                        Ok(StreamKind::Query { .. }) => wrong_kind(ident, "query", "DROP QUERY"),
                        Ok(_) => wrong_kind(ident, "stream", "DROP STREAM"),
                        Err(_) => error,
                    },
                );
            }
        };
        let writers: Vec<&str> = self
            .queries
            .values()
            .filter(|query| query.into.contains(&sink.name))
            .map(|query| query.name.as_str())
            .collect();
        if !writers.is_empty() {
            return Err(in_use(ident, "dropped", &writers));
        }
        self.sinks.shift_remove(&sink.name);
        Ok(Dropped::Sink(sink.name.clone()))
    }
}

fn is_unknown(error: &Diagnostic) -> bool {
    [
        codes::UNKNOWN_STREAM,
        codes::UNKNOWN_QUERY,
        codes::UNKNOWN_SINK,
    ]
    .contains(&error.code)
}

fn wrong_kind(ident: &Ident, kind: &str, instead: &str) -> Diagnostic {
    let message = format!("\"{}\" is a {kind}", ident.text);
    Diagnostic::error(codes::WRONG_KIND, ident.span, message).help(format!("write {instead}"))
}

/// Others stand on it.
pub(crate) fn in_use(ident: &Ident, what: &str, by: &[&str]) -> Diagnostic {
    let message = format!(
        "\"{}\" can't be {what}: it is used by {}",
        ident.text,
        by.join(", ")
    );
    let drops: Vec<String> = by
        .iter()
        .map(|name| format!("DROP QUERY {}", super::name::quote(name)))
        .collect();
    Diagnostic::error(codes::IN_USE, ident.span, message)
        .help(format!("first {}", drops.join("; ")))
}
