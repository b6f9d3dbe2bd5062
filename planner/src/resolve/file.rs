//! `FROM 'x.csv'`

use std::sync::Arc;

use portent_grammar::codes::statements as codes;
use portent_grammar::{Diagnostic, Span};

use super::{Planner, Relation};
use crate::catalog::StreamDef;
use crate::logical::LogicalPlan;

impl Planner<'_> {
    /// Reads a file as a stream; its schema is inferred. The name that it goes by is that of the file, without folders and
    /// endings.
    pub(super) fn file(&mut self, path: &str, span: Span) -> Option<Relation> {
        let known = self
            .new_sources
            .iter()
            .find(|source| source.name == path)
            .cloned();
        let source = match known {
            Some(source) => source,
            None => {
                let id = self.catalog.next_stream_id();
                match StreamDef::of_file(id, path, self.files) {
                    Ok(source) => {
                        let source = Arc::new(source);
                        self.new_streams.push(source.spec());
                        self.new_sources.push(source.clone());
                        source
                    }
                    Err(message) => {
                        let message = format!("\"{path}\" can't be read: {message}");
                        self.error(Diagnostic::error(codes::NOT_INFERRED, span, message));
                        return None;
                    }
                }
            }
        };
        self.reads.push(source.id);
        let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
        let stem = file
            .split('.')
            .next()
            .filter(|stem| !stem.is_empty())
            .unwrap_or(file);
        let schema = source.schema();
        let plan = LogicalPlan::Scan {
            stream: source.id,
            name: path.to_owned(),
            schema: schema.clone(),
            of: None,
        };
        Some(Relation {
            names: vec![stem.to_owned()],
            stream: source.id,
            schema,
            event_time: source.event_time,
            has_event_time: source.has_event_time,
            bounded: true,
            plan,
            span,
        })
    }
}
