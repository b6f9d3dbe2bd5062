//! REPLAY, and the FROM of CREATE QUERY

use std::sync::Arc;

use portent_grammar::codes::runtime as codes;
use portent_grammar::{Diagnostic, Span, Type, Value};
use portent_parser::ast::{Expr, ExprKind, Ident, Since};
use portent_planner::catalog::{Catalog, QueryDef, StreamDef, StreamKind};
use portent_planner::compiled::StreamId;
use portent_planner::resolve::{Planned, constant};

use super::{Begin, Effect, Planning, Replay};

impl Planning<'_> {
    pub(super) fn replay(
        &mut self,
        stream: &Ident,
        from: &Since,
        to: Option<&Expr>,
        into: &Ident,
    ) -> Option<Effect> {
        let def = match self.catalog.find_query(into) {
            Ok(def) => Arc::clone(def),
            Err(error) => {
                self.error(error);
                return None;
            }
        };
        if !self.check_past(&def.planned, &def.name, into.span) {
            return None;
        }
        let stream = self.replayed_stream(stream, &def)?;
        let from = match from {
            Since::Now(span) => {
                let message = "a replay does not begin now: there would be nothing to replay";
                let error = Diagnostic::error(codes::LOOK_BACK_TIME, *span, message);
                self.error(
                    error.help("write FROM EARLIEST, or FROM TIMESTAMP '2026-01-31 10:00:00Z'"),
                );
                return None;
            }
            from => self.begin(from)?,
        };
        let end = match to {
            None => None,
            Some(to) => Some((self.moment(to, "TO")?, to.span)),
        };
        if let (Begin::At(from), Some((to, span))) = (from, end)
            && to < from
        {
            let message = format!(
                "it would end, {}, before it begins, {}",
                Value::Timestamp(to),
                Value::Timestamp(from)
            );
            self.error(Diagnostic::error(codes::LOOK_BACK_TIME, span, message));
            return None;
        }
        let to = end.map(|(to, _)| to);
        let replay = Replay {
            def,
            stream,
            from,
            to,
        };
        (!self.failed()).then(|| Effect::Replay(Box::new(replay)))
    }

    /// The stream whose time is meant: events come into it, and the query reads it.
    fn replayed_stream(&mut self, name: &Ident, def: &QueryDef) -> Option<Arc<StreamDef>> {
        let sources = sources(self.catalog, &def.reads);
        let stream = match self.catalog.find_stream(name) {
            Ok(stream) => Arc::clone(stream),
            Err(error) => {
                self.error(error);
                return None;
            }
        };
        if sources.contains(&stream.id) {
            return Some(stream);
        }
        let message = match stream.kind {
            StreamKind::Source => format!(
                "query \"{}\" doesn't read stream \"{}\"",
                def.name, stream.name
            ),
            _ => format!(
                "\"{}\" is computed: the log holds what came into the streams below it",
                stream.name
            ),
        };
        let names: Vec<&str> = sources
            .iter()
            .filter_map(|id| self.catalog.stream(*id))
            .map(|it| it.name.as_str())
            .collect();
        let help = match names.as_slice() {
            [one] => format!("it reads {one}: write REPLAY {one} FROM …"),
            names => format!("name one of those that it reads: {}", names.join(", ")),
        };
        self.error(Diagnostic::error(codes::REPLAY_STREAM, name.span, message).help(help));
        None
    }

    /// From when on something sees events.
    pub(super) fn begin(&mut self, since: &Since) -> Option<Begin> {
        Some(match since {
            Since::Earliest(_) => Begin::Earliest,
            Since::Now(_) => Begin::Now,
            Since::At(expr) => Begin::At(self.moment(expr, "FROM")?),
        })
    }

    fn moment(&mut self, written: &Expr, place: &'static str) -> Option<i64> {
        let right = match place {
            "TO" => "write TO TIMESTAMP '2026-01-31 10:00:00Z'",
            _ => "write FROM EARLIEST, or FROM TIMESTAMP '2026-01-31 10:00:00Z'",
        };
        // There are no columns, so a name is a word that was misspelt.
        if let ExprKind::Name(names) = &written.kind {
            let text: Vec<&str> = names.iter().map(|it| it.text.as_str()).collect();
            let text = text.join(".");
            let message = format!("{place} takes a moment, and \"{text}\" is none");
            let error = Diagnostic::error(codes::LOOK_BACK_TIME, written.span, message);
            let words = ["EARLIEST", "NOW"].into_iter().filter(|_| place != "TO");
            let near = crate::suggest::nearest(&text.to_uppercase(), words);
            self.error(match near {
                Some(near) => error
                    .help(format!("did you mean {near}?"))
                    .fix(written.span, near),
                None => error.help(right),
            });
            return None;
        }
        let said = self.diagnostics.len();
        let value = constant(
            written,
            &Type::Timestamp,
            place,
            place,
            &mut self.diagnostics,
        );
        match value {
            Some(Value::Timestamp(micros)) => Some(micros),
            Some(_) => {
                let message = format!("{place} takes a moment, and this is NULL");
                let error = Diagnostic::error(codes::LOOK_BACK_TIME, written.span, message);
                self.error(error.help(right));
                None
            }
            None => {
                if let Some(error) = self.diagnostics.get_mut(said) {
                    let column = format!("column {place} is TIMESTAMP");
                    let moment = format!("{place} takes a TIMESTAMP");
                    error.message = error.message.replace(&column, &moment);
                    error.help = vec![right.to_owned()];
                }
                None
            }
        }
    }

    /// Whether what a query reads comes from the log, as it must.
    pub(super) fn check_past(&mut self, planned: &Planned, name: &str, span: Span) -> bool {
        let Some(what) = brings_rows(planned) else {
            return true;
        };
        let message =
            format!("query \"{name}\" can't look back: it reads {what}, which no log holds");
        let error = Diagnostic::error(codes::PAST_LOST, span, message);
        self.error(
            error.help(
                "let a stream read it: CREATE STREAM s WITH (connector = 'file', path = '…')",
            ),
        );
        false
    }
}

/// What rows a query brings of its own.
pub(crate) fn brings_rows(planned: &Planned) -> Option<String> {
    if let Some(file) = planned.new_sources.first() {
        return Some(format!("'{}' itself", file.name));
    }
    (!planned.constant_rows.is_empty()).then(|| "rows that stand in its text".to_owned())
}

/// The streams that events come into and from which all comes that these streams give, through queries that they are the output of, or that write into them.
pub(crate) fn sources(catalog: &Catalog, reads: &[StreamId]) -> Vec<StreamId> {
    let mut sources = Vec::new();
    below(catalog, reads, &mut |stream| {
        if stream.kind == StreamKind::Source {
            sources.push(stream.id);
        }
    });
    sources
}

/// Walks over all streams that some streams come from, themselves among them, each once.
pub(crate) fn below(catalog: &Catalog, reads: &[StreamId], visit: &mut dyn FnMut(&StreamDef)) {
    let mut seen: Vec<StreamId> = Vec::new();
    let mut todo: Vec<StreamId> = reads.iter().rev().copied().collect();
    while let Some(id) = todo.pop() {
        if seen.contains(&id) {
            continue;
        }
        seen.push(id);
        let Some(stream) = catalog.stream(id) else {
            continue;
        };
        visit(stream);
        if let StreamKind::Late { of } = &stream.kind {
            todo.push(*of);
        }
        for query in catalog.queries() {
            if query.output == id || query.into.contains(&stream.name) {
                todo.extend(query.reads.iter().copied());
            }
        }
    }
}
