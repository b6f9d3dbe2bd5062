use portent_grammar::codes::input as codes;
use portent_grammar::{Code, Interval, Value};

use super::*;
use crate::testing::options;
use crate::time::TimeFormat;

fn errors(pairs: &[(&str, &str)]) -> Vec<(Code, String)> {
    match SourceConfig::from_options(&options(pairs)) {
        Ok(_) => Vec::new(),
        Err(errors) => errors
            .into_iter()
            .map(|error| (error.code, error.to_string()))
            .collect(),
    }
}

#[track_caller]
fn one(pairs: &[(&str, &str)], code: Code, part: &str) {
    let found = errors(pairs);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, code, "{}", found[0].1);
    assert!(found[0].1.contains(part), "{part} is not in {}", found[0].1);
}

#[test]
fn unknown_options_are_named_with_a_suggestion() {
    one(
        &[("path", "x.csv"), ("csv.delimeter", ";")],
        codes::OPTION_UNKNOWN,
        "did you mean 'csv.delimiter'?",
    );
    one(
        &[("path", "x.csv"), ("zebra", ";")],
        codes::OPTION_UNKNOWN,
        "the options are connector",
    );
    let all = errors(&[
        ("path", "x.csv"),
        ("on_bda", "skip"),
        ("formt", "csv"),
        ("merge", "tme"),
    ]);
    assert_eq!(all.len(), 3, "all of them at once: {all:?}");
}

#[test]
fn bad_values_say_what_is_allowed() {
    one(
        &[("path", "x"), ("on_bad", "ignore")],
        codes::OPTION_VALUE,
        "'fail', 'skip' or 'dlq'",
    );
    one(
        &[("path", "x"), ("format", "cvs")],
        codes::OPTION_VALUE,
        "did you mean 'csv'?",
    );
    one(
        &[("path", "x"), ("csv.delimiter", "ab")],
        codes::OPTION_VALUE,
        "a single ASCII character, or 'tab'",
    );
    one(
        &[("path", "x"), ("max_line_bytes", "-5")],
        codes::OPTION_VALUE,
        "whole number",
    );
    one(
        &[("path", "x"), ("encoding", "latin1")],
        codes::OPTION_VALUE,
        "utf-8",
    );
    one(
        &[("path", "x"), ("time.format", "epch_ms")],
        codes::TIME_FORMAT,
        "did you mean 'epoch_ms'?",
    );
    one(
        &[("path", "x"), ("time.zone", "Europe/Berln")],
        codes::TIME_FORMAT,
        "Europe/Berlin",
    );
    one(
        &[("path", "x"), ("time.format", "syslog")],
        codes::TIME_FORMAT,
        "time.year",
    );
    one(&[("path", "")], codes::OPTION_VALUE, "path");
}

#[test]
fn connectors() {
    one(
        &[("connector", "kafka"), ("topic", "x")],
        codes::CONNECTOR_NOT_YET,
        "kafka",
    );
    one(
        &[("connector", "flie"), ("path", "x")],
        codes::CONNECTOR_UNKNOWN,
        "did you mean 'file'?",
    );
    one(&[("connector", "file")], codes::OPTION_MISSING, "'path'");
    one(&[], codes::OPTION_MISSING, "where its events come from");
    one(
        &[("connector", "stdin"), ("path", "x")],
        codes::OPTION_CONFLICT,
        "path",
    );
    one(
        &[("connector", "generator")],
        codes::OPTION_MISSING,
        "'kind'",
    );
    one(
        &[("kind", "login")],
        codes::GENERATOR_KIND,
        "did you mean 'logins'?",
    );
    one(
        &[("kind", "logins"), ("path", "x")],
        codes::OPTION_CONFLICT,
        "kind",
    );
    one(
        &[
            ("connector", "generator"),
            ("kind", "logins"),
            ("path", "x"),
        ],
        codes::OPTION_CONFLICT,
        "path",
    );
}

#[test]
fn options_must_go_together() {
    one(
        &[("path", "x"), ("format", "jsonl"), ("csv.delimiter", ";")],
        codes::OPTION_CONFLICT,
        "format = 'jsonl'",
    );
    one(
        &[("path", "x"), ("on_bad", "dlq")],
        codes::OPTION_MISSING,
        "dlq.path",
    );
    one(
        &[("path", "x"), ("on_bad", "skip"), ("dlq.path", "y")],
        codes::OPTION_CONFLICT,
        "dlq.path",
    );
    one(
        &[("path", "x"), ("format", "log")],
        codes::OPTION_MISSING,
        "log.pattern",
    );
    one(
        &[("path", "x"), ("log.pattern", "(a)")],
        codes::LOG_PATTERN,
        "no named group",
    );
    one(
        &[("path", "x"), ("log.pattern", "(?<a>")],
        codes::LOG_PATTERN,
        "not a regular expression",
    );
    one(
        &[("path", "x"), ("csv.delimiter", "\"")],
        codes::OPTION_CONFLICT,
        "different characters",
    );
}

#[test]
fn what_is_given_is_there() {
    let mut given = options(&[
        ("connector", "FILE"),
        ("Format", "CSV"),
        ("csv.quote", "none"),
        ("csv.delimiter", "tab"),
        ("time.format.UtcTime", "%Y-%m-%d %H:%M:%S.%f"),
        ("time.format", "epoch_ms"),
        ("dlq.path", "bad.jsonl"),
        ("watermark.max_ahead", "1 day"),
    ]);
    given.insert(
        "path".into(),
        Value::Array(["a.csv", "b.csv"].map(Value::text).into_iter().collect()),
    );
    given.insert("csv.header".into(), Value::Bool(false));
    given.insert("max_line_bytes".into(), Value::Int(1000));
    let config = SourceConfig::from_options(&given).unwrap();
    assert!(matches!(&config.connector, Connector::File { paths } if paths.len() == 2));
    assert_eq!(config.csv.quote, Quote::None);
    assert_eq!(config.csv.delimiter, Delimiter::Byte(b'\t'));
    assert_eq!(config.csv.header, Header::No);
    assert_eq!(config.time.columns[0].0, "UtcTime");
    assert_eq!(config.time.format, TimeFormat::parse("epoch_ms").unwrap());
    assert_eq!(config.on_bad, OnBad::Dlq("bad.jsonl".into()));
    assert_eq!(config.max_line_bytes, 1000);

    let mut given = options(&[
        ("kind", "orders"),
        ("count", "unbounded"),
        ("start", "2020-01-01"),
    ]);
    given.insert(
        "step".into(),
        Value::Interval(std::sync::Arc::new(Interval {
            months: 0,
            days: 0,
            micros: 5_000_000,
        })),
    );
    let config = SourceConfig::from_options(&given).unwrap();
    let Connector::Generator(generator) = &config.connector else {
        panic!()
    };
    assert_eq!(
        (generator.count, generator.step, generator.start),
        (None, Some(5_000_000), 1_577_836_800_000_000)
    );
    assert!(!config.is_bounded());
}

#[test]
fn sinks() {
    let errors =
        |pairs: &[(&str, &str)]| SinkConfig::from_options(&options(pairs)).unwrap_err()[0].clone();
    assert_eq!(
        errors(&[("connector", "kafka")]).code,
        codes::CONNECTOR_NOT_YET
    );
    assert_eq!(
        errors(&[("connector", "stdot")]).code,
        codes::CONNECTOR_UNKNOWN
    );
    assert_eq!(errors(&[]).code, codes::OPTION_MISSING);
    assert_eq!(
        errors(&[("path", "x"), ("fromat", "csv")]).code,
        codes::OPTION_UNKNOWN
    );
    assert_eq!(
        errors(&[("connector", "stdout"), ("mode", "append")]).code,
        codes::OPTION_CONFLICT
    );
    assert_eq!(
        errors(&[("path", "x.jsonl"), ("csv.header", "true")]).code,
        codes::OPTION_CONFLICT
    );
    let config = SinkConfig::from_options(&options(&[("path", "out.tsv.gz")])).unwrap();
    assert_eq!(
        (config.format, config.delimiter, config.gzip),
        (SinkFormat::Csv, b'\t', true)
    );
}

#[test]
fn sources_without_end() {
    one(
        &[("path", "*.log"), ("follow", "true")],
        codes::OPTION_CONFLICT,
        "connector = 'directory'",
    );
    one(
        &[("path", "x"), ("follow.from", "end")],
        codes::OPTION_CONFLICT,
        "follow.from",
    );
    one(
        &[("path", "x"), ("follow", "true"), ("merge", "time")],
        codes::OPTION_CONFLICT,
        "merge = 'time'",
    );
    one(
        &[("connector", "directory")],
        codes::OPTION_MISSING,
        "'path'",
    );
    one(
        &[("connector", "directory"), ("path", "x"), ("after", "burn")],
        codes::OPTION_VALUE,
        "'move:FOLDER'",
    );
    one(
        &[("connector", "directory"), ("path", "x"), ("pattern", "[")],
        codes::OPTION_VALUE,
        "not a glob",
    );
    one(&[("connector", "tcp")], codes::OPTION_MISSING, "'listen'");
    one(
        &[
            ("connector", "tcp"),
            ("connect", "h:1"),
            ("allow_remote", "true"),
        ],
        codes::OPTION_CONFLICT,
        "allow_remote",
    );
    one(
        &[
            ("connector", "tcp"),
            ("listen", "127.0.0.1:1"),
            ("idle_timeout", "0 s"),
        ],
        codes::OPTION_VALUE,
        "at least 1 ms",
    );
    one(
        &[("connector", "http"), ("path", "x")],
        codes::OPTION_CONFLICT,
        "connector = 'http'",
    );
    let given = options(&[
        ("connector", "tcp"),
        ("listen", "127.0.0.1:1"),
        ("max_connections", "3"),
    ]);
    let config = SourceConfig::from_options(&given).unwrap();
    let Connector::Tcp(tcp) = &config.connector else {
        panic!()
    };
    assert_eq!((tcp.max_connections, tcp.idle_timeout), (3, None));
}

#[test]
fn sinks_elsewhere() {
    let error =
        |pairs: &[(&str, &str)]| SinkConfig::from_options(&options(pairs)).unwrap_err()[0].clone();
    let missing = error(&[("connector", "webhook")]);
    assert_eq!(missing.code, codes::OPTION_MISSING);
    assert_eq!(error(&[("connector", "tcp")]).code, codes::OPTION_MISSING);
    let address = error(&[("connector", "tcp"), ("address", "here")]);
    assert_eq!(address.code, codes::CONNECTION);
    let hook = ("connector", "webhook");
    let url = ("url", "http://h/x");
    assert_eq!(
        error(&[hook, ("url", "h/x")]).option.as_deref(),
        Some("url")
    );
    assert_eq!(
        error(&[hook, url, ("format", "csv")]).code,
        codes::OPTION_CONFLICT
    );
    let error_of_header = error(&[hook, url, ("header.X", "sec\nret")]);
    assert!(!error_of_header.to_string().contains("sec"));
    assert_eq!(
        error(&[("path", "x"), ("rotate.keep", "3")]).code,
        codes::OPTION_MISSING
    );
    assert_eq!(
        error(&[("path", "x"), ("queue", "3")]).code,
        codes::OPTION_CONFLICT
    );
    let given = options(&[hook, url, ("header.X-Token", "a"), ("batch", "5")]);
    let config = SinkConfig::from_options(&given).unwrap();
    let SinkConnector::Webhook(webhook) = &config.connector else {
        panic!()
    };
    assert_eq!(
        (webhook.headers[0].0.as_str(), webhook.batch),
        ("X-Token", Some(5))
    );
    assert_eq!(
        (config.outgoing.queue, config.outgoing.on_full),
        (10_000, OnFull::Block)
    );
}

#[test]
fn the_tables_are_whole() {
    let documented = include_str!("source.rs");
    for (name, _) in SOURCE_OPTIONS {
        assert!(
            documented.contains(&format!("/// | `{name}` |")),
            "{name} is not in the table"
        );
    }
    let documented = include_str!("sink.rs");
    for (name, _) in SINK_OPTIONS {
        assert!(
            documented.contains(&format!("/// | `{name}` |")),
            "{name} is not in the table"
        );
    }
    let page = include_str!("../../../../docs/connectors.md");
    for (name, _) in SOURCE_OPTIONS.iter().chain(SINK_OPTIONS) {
        assert!(
            page.contains(&format!("| `{name}` |")),
            "{name} is not in docs/connectors.md"
        );
    }
}

#[test]
fn durations() {
    assert_eq!(parse_duration("10 seconds"), Some(10_000_000));
    assert_eq!(parse_duration("1 day 2 hours"), Some(93_600_000_000));
    assert_eq!(parse_duration("1.5h"), Some(5_400_000_000));
    assert_eq!(parse_duration("500ms"), Some(500_000));
    for bad in [
        "1 month",
        "seconds",
        "9223372036854775807 days",
        "1..2 s",
        "µ",
        "",
    ] {
        assert_eq!(parse_duration(bad), None, "{bad}");
    }
}
