//! SHOW, DESCRIBE

use std::sync::Arc;

use portent_grammar::{Column, Schema, Type, Value};
use portent_parser::ast::{Ident, Show};
use portent_planner::functions;

use super::{Effect, Planning};
use crate::reply::Reply;

impl Planning<'_> {
    pub(super) fn show(&mut self, show: &Show) -> Option<Effect> {
        match show {
            Show::Streams => Some(Effect::ShowStreams),
            Show::Queries => Some(Effect::ShowQueries),
            Show::Sinks => Some(Effect::ShowSinks),
            Show::Tables => Some(empty("tables")),
            Show::Views => Some(empty("views")),
            Show::Jobs => Some(empty("jobs")),
            Show::Functions => Some(shown(
                "functions",
                &["function", "signature", "description"],
                function_rows(self.catalog.library()),
            )),
            Show::All => {
                let settings = self.catalog.settings().all();
                let rows = settings.into_iter().map(|(spec, value)| {
                    vec![
                        text(spec.name),
                        text(value),
                        text(spec.default),
                        text(spec.meaning),
                    ]
                });
                Some(shown(
                    "settings",
                    &["setting", "value", "default", "meaning"],
                    rows.collect(),
                ))
            }
            Show::Setting(name) => match self.catalog.settings().show(name) {
                Ok(value) => {
                    let name = name.text.to_lowercase();
                    Some(shown(&name, &[&name], vec![vec![text(value)]]))
                }
                Err(error) => {
                    self.error(error);
                    None
                }
            },
        }
    }

    pub(super) fn describe(&mut self, name: &Ident) -> Option<Effect> {
        match self.catalog.describe(name) {
            Ok(description) => {
                let columns = description
                    .columns
                    .into_iter()
                    .map(|(name, ty, notes)| vec![text(name), text(ty), text(notes)]);
                let properties = description
                    .properties
                    .into_iter()
                    .map(|(name, value)| vec![text(format!("({name})")), Value::Null, text(value)]);
                let rows = columns.chain(properties).collect();
                Some(shown(&description.name, &["column", "type", "notes"], rows))
            }
            Err(error) => {
                self.error(error);
                None
            }
        }
    }
}

fn function_rows(library: &functions::Library) -> Vec<Vec<Value>> {
    let mut rows: Vec<Vec<Value>> = functions::list()
        .iter()
        .flat_map(|function| {
            function
                .signature_lines()
                .into_iter()
                .map(|line| vec![text(function.name), text(line), text(function.doc)])
        })
        .collect();
    let own = library
        .functions()
        .map(|it| (&it.name, it.signature(), &it.doc));
    let aggregates = library
        .aggregates()
        .map(|it| (&it.name, it.signature(), &it.doc));
    rows.extend(
        own.chain(aggregates)
            .map(|(name, line, doc)| vec![text(name), text(line), text(doc)]),
    );
    rows.sort();
    rows
}

fn text(text: impl AsRef<str>) -> Value {
    Value::text(text.as_ref())
}

fn empty(title: &str) -> Effect {
    shown(title, &["name"], Vec::new())
}

/// A small table of texts.
pub(crate) fn table(title: &str, columns: &[&str], rows: Vec<Vec<Value>>) -> Reply {
    let schema: Schema = columns
        .iter()
        .map(|name| Column::new(*name, Type::Text))
        .collect();
    Reply::Shown {
        title: title.to_owned(),
        schema: Arc::new(schema),
        rows,
    }
}

fn shown(title: &str, columns: &[&str], rows: Vec<Vec<Value>>) -> Effect {
    Effect::Reply(table(title, columns, rows))
}
