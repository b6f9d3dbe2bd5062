//! Sinks: where matches go.

use std::sync::Arc;

use portent_grammar::codes::statements as codes;
use portent_grammar::{Diagnostic, Value};
use portent_parser::ast;

use super::{Catalog, Created, Options, options};

/// A sink.
#[derive(Clone, Debug)]
pub struct SinkDef {
    /// As created.
    pub name: String,
    /// WITH (…), names in lower case, values as written.
    pub options: Options,
}

impl Catalog {
    /// CREATE SINK. Takes the sink into the catalog. `None` if there was an error. The connector itself judges its options.
    pub fn create_sink(
        &mut self,
        create: &ast::CreateSink,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Created<SinkDef>> {
        let known = self.sinks.same(&create.name);
        let known = known.cloned();
        if let (Some(def), true) = (&known, create.if_not_exists) {
            return Some(Created {
                def: def.clone(),
                new: false,
                replaced: None,
            });
        }
        let before = diagnostics.len();
        if let Some(error) = super::reserved(&create.name) {
            diagnostics.push(error);
        }
        if !(known.is_some() && create.or_replace)
            && let Some(kind) = self.taken(&create.name)
        {
            diagnostics.push(super::taken(&create.name, kind, "SINK"));
        }
        let options = options::read(&create.options, diagnostics);
        let named = matches!(options.get("connector"), Some(Value::Text(_)));
        if !named && !options.contains_key("path") {
            let message = format!(
                "sink \"{}\" says neither a connector nor a path",
                create.name.text
            );
            let error = Diagnostic::error(codes::SINK_CONNECTOR, create.name.span, message);
            diagnostics.push(error.help(
                "for example: WITH (connector = 'file', path = 'alerts.jsonl', format = 'json')",
            ));
        }
        if diagnostics.len() > before {
            return None;
        }
        if let Some(old) = &known {
            self.sinks.shift_remove(&old.name);
        }
        let def = Arc::new(SinkDef {
            name: create.name.text.clone(),
            options,
        });
        self.sinks.insert(def.name.clone(), def.clone());
        Some(Created {
            def,
            new: true,
            replaced: known,
        })
    }
}
