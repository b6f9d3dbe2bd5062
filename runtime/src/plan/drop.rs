//! DROP, SET

use portent_grammar::Diagnostic;
use portent_grammar::codes::names;
use portent_parser::ast::{Ident, ObjectKind, OptionValue};
use portent_planner::catalog::Dropped;

use super::{Effect, Planning};
use crate::reply::Reply;

impl Planning<'_> {
    pub(super) fn drop(
        &mut self,
        what: ObjectKind,
        if_exists: bool,
        name: &Ident,
    ) -> Option<Effect> {
        let word = match what {
            ObjectKind::Stream => "STREAM",
            ObjectKind::Table => "TABLE",
            ObjectKind::Query => "QUERY",
            ObjectKind::View => "VIEW",
            ObjectKind::Sink => "SINK",
        };
        let stream = self.catalog.find_stream(name).ok().cloned();
        let query = self.catalog.find_query(name).ok().map(|it| it.name.clone());
        if what == ObjectKind::Stream {
            let writers = self.writers_into(&name.text);
            if !writers.is_empty() {
                let message = format!(
                    "\"{}\" can't be dropped: {} writes into it",
                    name.text,
                    writers.join(", ")
                );
                let help = format!("first DROP QUERY {}", writers.join("; DROP QUERY "));
                self.error(Diagnostic::error(names::IN_USE, name.span, message).help(help));
                return None;
            }
        }
        match self.catalog.drop(what, if_exists, name) {
            Err(error) => {
                self.error(error);
                None
            }
            Ok(Dropped::Nothing) => Some(Effect::Reply(Reply::Dropped {
                what: word,
                name: name.text.clone(),
                existed: false,
            })),
            Ok(Dropped::Stream(_)) => stream.map(|def| Effect::DropStream {
                name: def.name.clone(),
                def,
            }),
            Ok(Dropped::Query(_)) => query.map(|name| Effect::DropQuery { name }),
            Ok(Dropped::Sink(name)) => Some(Effect::DropSink { name }),
        }
    }

    pub(super) fn set(&mut self, name: &Ident, value: &OptionValue) -> Option<Effect> {
        match self.catalog.settings_mut().set(name, value) {
            Ok(()) => {
                let value = self.catalog.settings().show(name).unwrap_or_default();
                Some(Effect::Reply(Reply::Set {
                    name: name.text.to_lowercase(),
                    value,
                }))
            }
            Err(error) => {
                self.error(error);
                None
            }
        }
    }
}
