//! DESCRIBE and SHOW: what there is, as rows for people.

use portent_grammar::codes::names as codes;
use portent_grammar::{Diagnostic, Value};
use portent_parser::ast::Ident;

use super::{Catalog, ColumnSource, StreamDef, StreamKind, name};
use crate::resolve::duration;

/// What DESCRIBE tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// As created.
    pub name: String,
    /// `stream`, `query`, `late events of s`, `sink`
    pub kind: String,
    /// Name, type, and what else there is to say of a column.
    pub columns: Vec<(String, String, String)>,
    /// What else there is to say, name and text: event time, lateness, options (secrets left out).
    pub properties: Vec<(String, String)>,
}

/// A line of SHOW STREAMS, QUERIES or SINKS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// As created.
    pub name: String,
    /// Its columns, or its connector.
    pub detail: String,
    /// `bounded`, `live`, or nothing.
    pub state: String,
}

impl Catalog {
    /// DESCRIBE of a stream, query or sink.
    ///
    /// # Errors
    /// The name is unknown (with a suggestion).
    pub fn describe(&self, ident: &Ident) -> Result<Description, Diagnostic> {
        if let Ok(sink) = self.find_sink(ident) {
            return Ok(Description {
                name: sink.name.clone(),
                kind: "sink".into(),
                columns: Vec::new(),
                properties: sink
                    .options
                    .iter()
                    .map(|(name, value)| (name.clone(), show(name, value)))
                    .collect(),
            });
        }
        match self.find_stream(ident) {
            Ok(stream) => Ok(self.describe_stream(stream)),
            Err(error) => {
                let names = self.streams.values().map(|stream| stream.name.as_str());
                let names = names.chain(self.sinks.keys().map(String::as_str));
                match error.code {
                    codes::UNKNOWN_STREAM => Err(name::unknown(
                        codes::UNKNOWN_STREAM,
                        "stream, query or sink",
                        ident,
                        names,
                    )),
                    _ => Err(error),
                }
            }
        }
    }

    fn describe_stream(&self, stream: &StreamDef) -> Description {
        let kind = match &stream.kind {
            StreamKind::Source => "stream".to_owned(),
            StreamKind::Query { .. } => "query".to_owned(),
            StreamKind::Late { of } => {
                format!(
                    "late events of {}",
                    self.stream(*of).map_or("?", |of| of.name.as_str())
                )
            }
        };
        let columns = stream.columns.iter().enumerate().map(|(at, column)| {
            let mut notes = Vec::new();
            if stream.event_time == Some(at) {
                notes.push("event time".to_owned());
            }
            match &column.source {
                ColumnSource::Field(Some(from)) => notes.push(format!("from {from}")),
                ColumnSource::Metadata(key) => notes.push(format!("metadata {key}")),
                ColumnSource::Computed(_) => notes.push("computed".into()),
                ColumnSource::Field(None) => {}
            }
            if column.not_null {
                notes.push("not null".into());
            }
            (column.name.clone(), column.ty.to_string(), notes.join(", "))
        });
        let mut properties = Vec::new();
        if stream.event_time.is_none() {
            let time = if stream.has_event_time {
                "of its input"
            } else {
                "none: order of arrival"
            };
            properties.push(("event time".to_owned(), time.to_owned()));
        }
        if stream.lateness > 0 {
            properties.push(("lateness".to_owned(), duration::display(stream.lateness)));
        }
        if let Some(ahead) = stream.max_ahead {
            properties.push(("at most ahead".to_owned(), duration::display(ahead)));
        }
        let readers = self.readers(stream.id);
        if !readers.is_empty() {
            properties.push(("read by".to_owned(), readers.join(", ")));
        }
        properties.extend(
            stream
                .options
                .iter()
                .map(|(name, value)| (name.clone(), show(name, value))),
        );
        Description {
            name: stream.name.clone(),
            kind,
            columns: columns.collect(),
            properties,
        }
    }

    /// SHOW STREAMS: the sources.
    pub fn list_streams(&self) -> Vec<Listed> {
        let source = |stream: &&std::sync::Arc<StreamDef>| stream.kind == StreamKind::Source;
        self.streams
            .values()
            .filter(source)
            .map(|stream| listed(stream))
            .collect()
    }

    /// SHOW QUERIES: the standing queries.
    pub fn list_queries(&self) -> Vec<Listed> {
        self.queries
            .values()
            .filter_map(|query| self.stream(query.output))
            .map(|stream| listed(stream))
            .collect()
    }

    /// SHOW SINKS
    pub fn list_sinks(&self) -> Vec<Listed> {
        let line = |sink: &std::sync::Arc<super::SinkDef>| Listed {
            name: sink.name.clone(),
            detail: sink
                .options
                .get("connector")
                .map(|value| show("connector", value))
                .unwrap_or_default(),
            state: String::new(),
        };
        self.sinks.values().map(line).collect()
    }
}

fn listed(stream: &StreamDef) -> Listed {
    let columns: Vec<String> = stream
        .columns
        .iter()
        .map(|column| format!("{} {}", name::quote(&column.name), column.ty))
        .collect();
    Listed {
        name: stream.name.clone(),
        detail: columns.join(", "),
        state: if stream.bounded { "bounded" } else { "live" }.into(),
    }
}

/// An option's value for people. Secrets are never echoed.
fn show(name: &str, value: &Value) -> String {
    let secret = ["password", "secret", "token", "credential", "key"];
    if secret.iter().any(|word| name.contains(word)) && !name.contains("key_column") {
        return "***".into();
    }
    match value {
        Value::Text(text) => text.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Interval(interval) => {
            let days = i64::from(interval.days).saturating_mul(86_400_000_000);
            duration::display(interval.micros.saturating_add(days))
        }
        Value::Array(list) => {
            let list: Vec<String> = list.iter().map(|value| show(name, value)).collect();
            list.join(", ")
        }
        _ => String::new(),
    }
}
