//! An inferred schema as a statement.

use std::fmt::Write;
use std::sync::Arc;

use portent_grammar::{Type, Value, keywords};

use super::InferredSchema;
use crate::options::{Connector, Format, OptionMap, SourceConfig};
use crate::time::TimeFormat;

/// `CREATE STREAM name (…) WITH (…);`: the options that were given, then what was decided.
pub(super) fn create_stream(inferred: &InferredSchema, name: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let width = inferred
        .columns
        .iter()
        .map(|column| identifier(&column.name).chars().count())
        .max()
        .unwrap_or(0);
    for column in &inferred.columns {
        let mut line = format!("    {:width$} {}", identifier(&column.name), column.ty);
        if column.source_name != column.name {
            let _ = write!(line, " FROM {}", text(&column.source_name));
        }
        lines.push(line);
    }
    if let Some(column) = inferred
        .event_time()
        .and_then(|slot| inferred.columns.get(slot))
    {
        let column = identifier(&column.name);
        lines.push(format!("    WATERMARK FOR {column} AS {column}"));
    }
    let mut options: Vec<(String, String)> = inferred
        .options
        .iter()
        .map(|(name, value)| (name.clone(), option(value)))
        .collect();
    let decided = decisions(inferred);
    for (name, value) in decided {
        if !options
            .iter()
            .any(|(given, _)| given.eq_ignore_ascii_case(&name))
        {
            options.push((name, value));
        }
    }
    let options: Vec<String> = options
        .into_iter()
        .map(|(name, value)| format!("    {} = {value}", option_name(&name)))
        .collect();
    format!(
        "CREATE STREAM {} (\n{}\n) WITH (\n{}\n);\n",
        identifier(name),
        lines.join(",\n"),
        options.join(",\n")
    )
}

fn decisions(inferred: &InferredSchema) -> Vec<(String, String)> {
    let mut decided = Vec::new();
    let mut add = |name: &str, value: String| decided.push((name.to_owned(), value));
    match inferred.format {
        Format::Csv => {
            add("format", text("csv"));
            let delimiter = match inferred.delimiter {
                b'\t' => "tab".to_owned(),
                byte => char::from(byte).to_string(),
            };
            add("csv.delimiter", text(&delimiter));
            add("csv.header", inferred.header.to_string());
        }
        Format::Jsonl => add("format", text("jsonl")),
        Format::Log => add("format", text("log")),
        Format::Auto => {}
    }
    // One format for all is said once.
    let given_for_all = inferred.options.contains_key("time.format");
    let mut formats: Vec<&TimeFormat> = inferred
        .columns
        .iter()
        .filter_map(|column| column.time_format.as_ref())
        .collect();
    formats.dedup();
    match formats.as_slice() {
        _ if given_for_all => {}
        [] => {}
        [one] => add("time.format", text(one.as_option())),
        _ => {
            for column in &inferred.columns {
                if let (Type::Timestamp, Some(format)) = (&column.ty, &column.time_format) {
                    add(
                        &format!("time.format.{}", column.name),
                        text(format.as_option()),
                    );
                }
            }
        }
    }
    decided
}

/// The options of a configuration that came from a path.
pub(super) fn path_options(config: &SourceConfig) -> OptionMap {
    let mut options = OptionMap::new();
    match &config.connector {
        Connector::File { paths } => {
            options.insert("connector".into(), Value::text("file"));
            let path = match paths.as_slice() {
                [one] => Value::text(one.as_str()),
                many => Value::Array(
                    many.iter()
                        .map(|path| Value::text(path.as_str()))
                        .collect::<Arc<[Value]>>(),
                ),
            };
            options.insert("path".into(), path);
        }
        Connector::Stdin => {
            options.insert("connector".into(), Value::text("stdin"));
        }
        Connector::Directory(directory) => {
            options.insert("connector".into(), Value::text("directory"));
            options.insert("path".into(), Value::text(directory.path.as_str()));
            options.insert("pattern".into(), Value::text(directory.pattern.as_str()));
        }
        Connector::Own(own) => {
            options.insert("connector".into(), Value::text(own.connector.name()));
            options.extend(own.options.clone());
        }
        Connector::Tcp(_) => {
            options.insert("connector".into(), Value::text("tcp"));
        }
        Connector::Http => {
            options.insert("connector".into(), Value::text("http"));
        }
        Connector::Generator(generator) => {
            options.insert("connector".into(), Value::text("generator"));
            options.insert("kind".into(), Value::text(generator.kind.name()));
        }
    }
    options
}

/// A name, quoted where it must be.
pub(crate) fn identifier(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !keywords::is_reserved(name);
    if plain {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

fn option_name(name: &str) -> String {
    let plain = name.split('.').all(|word| {
        word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && word
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    });
    if plain { name.to_owned() } else { text(name) }
}

fn text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn option(value: &Value) -> String {
    match value {
        Value::Text(written) => text(written),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(option).collect();
            format!("({})", items.join(", "))
        }
        // Options of streams are lengths of time without months.
        Value::Interval(interval) => {
            let micros = i64::from(interval.days)
                .saturating_mul(86_400_000_000)
                .saturating_add(interval.micros);
            text(&format!("{micros} us"))
        }
        Value::Timestamp(_) => text(&value.to_string()),
        other => other.to_string(),
    }
}
