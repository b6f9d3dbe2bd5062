//! Reads and checks the options of a stream, topic by topic.

use std::sync::Arc;

use regex::Regex;

use portent_grammar::Value;
use portent_grammar::codes::input as codes;

use super::source::{
    Compression, Connector, CsvOptions, Delimiter, Format, Header, LogOptions, Merge, NOT_YET,
    OnBad, Quote, SourceConfig, TimeOptions, Unmatched,
};
use super::{Taker, text_of};
use crate::error::{ConnectError, nearest, one_of};
use crate::generate::{GeneratorConfig, Kind};
use crate::time::{TimeFormat, Zone, parse_iso, parse_zone};

/// The connectors of streams that there are.
pub(crate) const CONNECTORS: [&str; 6] = ["file", "directory", "stdin", "tcp", "http", "generator"];

pub(super) fn connector(taker: &mut Taker<'_>) -> Option<&'static str> {
    if !taker.has("connector") {
        let known =
            if taker.has("path") {
                "file"
            } else if taker.has("kind") {
                "generator"
            } else {
                let error = ConnectError::new(
                    codes::OPTION_MISSING,
                    "the stream doesn't say where its events come from",
                );
                taker.errors.push(error.help(
                    "give connector = 'file' and a path, or connector = 'stdin' or 'generator'",
                ));
                return None;
            };
        return Some(known);
    }
    let given = taker.text("connector")?.to_lowercase();
    if let Some(known) = CONNECTORS.into_iter().find(|known| *known == given) {
        return Some(known);
    }
    let error = if NOT_YET.contains(&given.as_str()) {
        ConnectError::new(
            codes::CONNECTOR_NOT_YET,
            format!("the connector '{given}' is not supported yet"),
        )
        .help("file, directory, stdin, tcp, http and generator are; let a tool of that system write JSON lines into a pipe and read stdin")
    } else {
        let error = ConnectError::new(
            codes::CONNECTOR_UNKNOWN,
            format!(
                "unknown connector '{given}': it must be {}",
                one_of(&CONNECTORS)
            ),
        );
        match nearest(&given, CONNECTORS) {
            Some(near) => error.help(format!("did you mean '{near}'?")),
            None => error,
        }
    };
    taker.errors.push(error.option("connector"));
    None
}

pub(super) fn paths(taker: &mut Taker<'_>) -> Connector {
    if !taker.has("path") {
        let error = ConnectError::new(
            codes::OPTION_MISSING,
            "connector = 'file' needs the option 'path'",
        );
        taker.errors.push(
            error
                .option("connector")
                .help("for example path = 'events.csv'"),
        );
        return Connector::Stdin;
    }
    let paths = taker.texts("path").unwrap_or_default();
    if paths.iter().any(String::is_empty) {
        taker.bad("path", &Value::text(""), "a file name");
    }
    Connector::File { paths }
}

pub(super) fn codec(taker: &mut Taker<'_>, config: &mut SourceConfig) {
    let has_pattern = taker.has("log.pattern");
    let has_csv = [
        "csv.delimiter",
        "csv.header",
        "csv.quote",
        "csv.escape",
        "csv.comment",
    ]
    .into_iter()
    .any(|name| taker.has(name));
    let format = taker.choice(
        "format",
        &[
            ("csv", Format::Csv),
            ("jsonl", Format::Jsonl),
            ("json", Format::Jsonl),
            ("ndjson", Format::Jsonl),
            ("log", Format::Log),
            ("regex", Format::Log),
            ("tsv", Format::Csv),
            ("auto", Format::Auto),
        ],
    );
    config.format = match format {
        None | Some(Format::Auto) if has_pattern => Format::Log,
        None | Some(Format::Auto) if has_csv => Format::Csv,
        None => Format::Auto,
        Some(format) => format,
    };
    if let Some(compression) = taker.choice(
        "compression",
        &[
            ("auto", Compression::Auto),
            ("gzip", Compression::Gzip),
            ("gz", Compression::Gzip),
            ("none", Compression::None),
        ],
    ) {
        config.compression = compression;
    }
    taker.choice("encoding", &[("utf-8", ()), ("utf8", ())]);
    if matches!(config.format, Format::Csv | Format::Auto) {
        csv(taker, &mut config.csv);
    }
    if matches!(config.format, Format::Log) {
        log(taker, &mut config.log);
    }
    config.trim = taker.bool("trim").unwrap_or(false);
    config.null = taker.texts("null").map(Arc::from);
    config.unknown_fields_error =
        taker.choice("unknown_fields", &[("ignore", false), ("error", true)]);
    config.missing_fields_error =
        taker.choice("missing_fields", &[("null", false), ("error", true)]);
    time(taker, &mut config.time);
    on_bad(taker, config);
    if let Some(merge) = taker.choice(
        "merge",
        &[("sequence", Merge::Sequence), ("time", Merge::Time)],
    ) {
        config.merge = merge;
    }
    if let Some(bytes) = taker.number("max_line_bytes", 16, 1 << 31) {
        config.max_line_bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
    }
}

fn csv(taker: &mut Taker<'_>, csv: &mut CsvOptions) {
    let is_auto =
        |value: &Value| matches!(value, Value::Text(text) if text.eq_ignore_ascii_case("auto"));
    if taker
        .left
        .get("csv.delimiter")
        .is_some_and(|(_, value)| is_auto(value))
    {
        taker.take("csv.delimiter");
    } else if let Some(byte) = taker.byte(
        "csv.delimiter",
        &[("tab", b'\t'), ("\\t", b'\t'), ("space", b' ')],
    ) {
        csv.delimiter = Delimiter::Byte(byte);
    }
    if let Some(header) = taker.choice(
        "csv.header",
        &[
            ("true", Header::Yes),
            ("false", Header::No),
            ("auto", Header::Auto),
        ],
    ) {
        csv.header = header;
    }
    if let Some(quote) = taker.byte("csv.quote", &[("none", 0)]) {
        csv.quote = if quote == 0 {
            Quote::None
        } else {
            Quote::Byte(quote)
        };
    }
    csv.escape = taker.byte("csv.escape", &[]);
    csv.comment = taker.byte("csv.comment", &[]);
    if let (Delimiter::Byte(delimiter), Quote::Byte(quote)) = (csv.delimiter, csv.quote)
        && (delimiter == quote || csv.comment == Some(delimiter))
    {
        let error = ConnectError::new(
            codes::OPTION_CONFLICT,
            "csv.delimiter, csv.quote and csv.comment must be different characters",
        );
        taker.errors.push(error.option("csv.delimiter"));
    }
}

fn log(taker: &mut Taker<'_>, log: &mut LogOptions) {
    if let Some(unmatched) = taker.choice(
        "log.unmatched",
        &[("error", Unmatched::Error), ("skip", Unmatched::Skip)],
    ) {
        log.unmatched = unmatched;
    }
    if !taker.has("log.pattern") {
        let error = ConnectError::new(codes::OPTION_MISSING, "format = 'log' needs the option 'log.pattern'")
            .option("format")
            .help("a regular expression whose named groups are the columns: '(?<host>\\S+) (?<message>.*)'");
        taker.errors.push(error);
        return;
    }
    let Some(pattern) = taker.text("log.pattern") else {
        return;
    };
    let problem = match Regex::new(&pattern) {
        Ok(regex) if regex.capture_names().flatten().next().is_some() => {
            log.pattern = Some(Arc::new(regex));
            return;
        }
        Ok(_) => "log.pattern has no named group".to_owned(),
        Err(regex::Error::CompiledTooBig(_)) => "log.pattern is too large".to_owned(),
        // The crate's text has several lines, the last of which says what is wrong.
        Err(error) => {
            let text = error.to_string();
            let reason = text
                .lines()
                .last()
                .unwrap_or_default()
                .trim()
                .trim_start_matches("error: ");
            format!("log.pattern is not a regular expression: {reason}")
        }
    };
    let error = ConnectError::new(codes::LOG_PATTERN, problem).option("log.pattern");
    taker
        .errors
        .push(error.help("each column is a named group: '(?<host>\\S+) (?<message>.*)'"));
}

fn time(taker: &mut Taker<'_>, time: &mut TimeOptions) {
    if let Some(zone) = taker.text("time.zone") {
        match parse_zone(&zone) {
            Ok(zone) => time.zone = zone,
            Err(message) => time_error(taker, "time.zone", message),
        }
    }
    time.year = taker
        .number("time.year", 1, 9999)
        .and_then(|year| i32::try_from(year).ok());
    if let Some(format) = taker.text("time.format") {
        match TimeFormat::parse(&format) {
            Ok(format) => time.format = format,
            Err(message) => time_error(taker, "time.format", message),
        }
    }
    for (column, value) in taker.take_prefixed("time.format.") {
        let name = format!("time.format.{column}");
        match text_of(value).map(|format| TimeFormat::parse(&format)) {
            Some(Ok(format)) => time.columns.push((column, format)),
            Some(Err(message)) => time_error(taker, &name, message),
            None => taker.bad(&name, value, "a time format"),
        }
    }
    let lacks_year = |format: &TimeFormat| format.lacks_year();
    if time.year.is_none()
        && (lacks_year(&time.format) || time.columns.iter().any(|(_, format)| lacks_year(format)))
    {
        let message = "these times have no year: the option 'time.year' must tell it".to_owned();
        time_error(taker, "time.format", message);
    }
}

fn time_error(taker: &mut Taker<'_>, option: &str, message: String) {
    taker
        .errors
        .push(ConnectError::new(codes::TIME_FORMAT, message).option(option));
}

pub(crate) fn on_bad(taker: &mut Taker<'_>, config: &mut SourceConfig) {
    let path = taker.text("dlq.path");
    let choice = taker.choice("on_bad", &[("fail", 0u8), ("skip", 1), ("dlq", 2)]);
    config.on_bad = match (choice, path) {
        (None | Some(2), Some(path)) => OnBad::Dlq(path),
        (Some(2), None) => {
            let error = ConnectError::new(
                codes::OPTION_MISSING,
                "on_bad = 'dlq' needs the option 'dlq.path'",
            );
            taker.errors.push(
                error
                    .option("on_bad")
                    .help("for example dlq.path = 'bad.jsonl'"),
            );
            OnBad::Fail
        }
        (Some(_), Some(_)) => {
            let error = ConnectError::new(
                codes::OPTION_CONFLICT,
                "dlq.path is only for on_bad = 'dlq'",
            );
            taker.errors.push(error.option("dlq.path"));
            OnBad::Fail
        }
        (Some(1), None) => OnBad::Skip,
        _ => OnBad::Fail,
    };
}

pub(super) fn generator(taker: &mut Taker<'_>) -> Option<GeneratorConfig> {
    if !taker.has("kind") {
        let error = ConnectError::new(
            codes::OPTION_MISSING,
            "connector = 'generator' needs the option 'kind'",
        );
        let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        taker.errors.push(
            error
                .option("connector")
                .help(format!("the kinds are {}", kinds.join(", "))),
        );
    }
    let kind = taker
        .text("kind")
        .and_then(|name| match Kind::parse(&name) {
            Ok(kind) => Some(kind),
            Err(error) => {
                taker.errors.push(error.option("kind"));
                None
            }
        });
    let mut config = GeneratorConfig::new(kind.unwrap_or(Kind::Logins));
    let unbounded = matches!(taker.left.get("count"), Some((_, Value::Text(text))) if text.eq_ignore_ascii_case("unbounded"));
    if unbounded {
        taker.take("count");
        config.count = None;
    } else if let Some(count) = taker.number("count", 0, i64::MAX) {
        config.count = u64::try_from(count).ok();
    }
    if let Some(seed) = taker.number("seed", i64::MIN, i64::MAX) {
        config.seed = seed.cast_unsigned();
    }
    match taker.take("start") {
        None => {}
        Some(Value::Timestamp(start)) => config.start = *start,
        Some(value) => match text_of(value).and_then(|text| parse_iso(&text, Zone::default())) {
            Some(start) => config.start = start,
            None => taker.bad("start", value, "an instant such as '2026-01-31 10:00:00Z'"),
        },
    }
    if let Some(step) = taker.duration("step") {
        config.step = Some(step);
    }
    config.disorder = taker.fraction("disorder", 0.0, 1.0).unwrap_or(0.0);
    if let Some(most) = taker.duration("disorder.max") {
        config.disorder_max = most;
    }
    config.rate = taker.fraction("rate", 0.001, 1e9);
    kind.map(|_| config)
}
