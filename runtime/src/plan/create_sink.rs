//! CREATE SINK

use portent_grammar::Diagnostic;
use portent_grammar::codes::names;
use portent_parser::ast::CreateSink;

use super::create_stream::at_option;
use super::{Effect, Planning};
use crate::files::connector_options;
use crate::reply::Reply;

impl Planning<'_> {
    pub(super) fn create_sink(&mut self, create: &CreateSink) -> Option<Effect> {
        if create.or_replace {
            let writers = self.writers_into(&create.name.text);
            if !writers.is_empty() {
                let message = format!(
                    "\"{}\" can't be replaced: {} writes into it",
                    create.name.text,
                    writers.join(", ")
                );
                self.error(Diagnostic::error(names::IN_USE, create.name.span, message));
                return None;
            }
        }
        let created = self.catalog.create_sink(create, &mut self.diagnostics)?;
        let name = created.def.name.clone();
        if !created.new {
            return Some(Effect::Reply(Reply::Created {
                what: "SINK",
                name,
                new: false,
            }));
        }
        match self
            .reading
            .connectors
            .sink(&connector_options(&created.def.options))
        {
            Ok(config) => Some(Effect::Sink { name, config }),
            Err(errors) => {
                for error in errors {
                    self.error(at_option(&error, &create.options, create.name.span));
                }
                None
            }
        }
    }
}
