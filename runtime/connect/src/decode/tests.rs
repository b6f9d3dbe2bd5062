use portent_grammar::Type;
use portent_grammar::codes::input as codes;

use crate::testing::{config, drain, read, texts};
use crate::{Metadata, Origin, SourceColumn, SourceConfig, SourceSchema, open_reader};

fn schema(columns: &[(&str, Type)]) -> SourceSchema {
    SourceSchema::of(columns.iter().map(|(name, ty)| (*name, ty.clone())))
}

fn rows(options: &[(&str, &str)], columns: &[(&str, Type)], text: &str) -> Vec<Vec<String>> {
    read(&config(options), &schema(columns), text.as_bytes())
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Code, line and column of the first bad row.
fn bad(
    options: &[(&str, &str)],
    columns: &[(&str, Type)],
    text: &[u8],
) -> (u16, u64, Option<String>) {
    let error = read(&config(options), &schema(columns), text).unwrap_err();
    let place = error.place.expect("a bad row has a place");
    (error.code.0, place.line, place.column)
}

const CSV: &[(&str, &str)] = &[("format", "csv")];
const JSON: &[(&str, &str)] = &[("format", "jsonl")];

#[test]
fn csv_columns_are_found_by_name_in_any_order() {
    let text = "b,extra,A\n1,x,one\n2,y,two\n";
    let found = rows(CSV, &[("a", Type::Text), ("b", Type::Int)], text);
    assert_eq!(found, [["one", "1"], ["two", "2"]]);
}

#[test]
fn csv_without_a_header() {
    let columns = [("a", Type::Text), ("b", Type::Int)];
    assert_eq!(rows(CSV, &columns, "x,1\ny,2\n"), [["x", "1"], ["y", "2"]]);
    assert_eq!(
        rows(&[("csv.header", "false")], &columns, "a,1\n"),
        [["a", "1"]]
    );
    let from = SourceSchema {
        columns: vec![
            SourceColumn::field("n", Type::Int).from("2"),
            SourceColumn::field("t", Type::Text).from("1"),
        ],
        event_time: None,
    };
    assert_eq!(
        read(&config(&[("csv.header", "false")]), &from, b"x,1\n").unwrap(),
        [["1", "x"]]
    );
}

#[test]
fn csv_a_missing_column_is_told_with_the_names_that_are_there() {
    let error = read(
        &config(CSV),
        &schema(&[("user", Type::Text), ("pricee", Type::Float)]),
        b"user,price\na,1\n",
    )
    .unwrap_err();
    assert_eq!(error.code, codes::COLUMN_NOT_IN_SOURCE);
    assert!(
        error.help.iter().any(|help| help.contains("\"price\"")),
        "{error}"
    );
    let lenient = [("format", "csv"), ("missing_fields", "null")];
    assert_eq!(
        rows(
            &lenient,
            &[("user", Type::Text), ("x", Type::Int)],
            "user\na\n"
        ),
        [["a", "NULL"]]
    );
}

#[test]
fn csv_missing_values() {
    let columns = [("t", Type::Text), ("n", Type::Int)];
    // Unquoted and empty is NULL; quoted and empty is a text, and NULL where there is no empty value.
    assert_eq!(
        rows(CSV, &columns, "t,n\n,\n\"\",\"\"\n"),
        [["NULL", "NULL"], ["", "NULL"]]
    );
    let nulls = crate::SourceConfig::from_options(
        &[
            (
                "connector".to_owned(),
                portent_grammar::Value::text("stdin"),
            ),
            ("format".to_owned(), portent_grammar::Value::text("csv")),
            (
                "null".to_owned(),
                portent_grammar::Value::Array(
                    ["NA", "-", ""]
                        .map(portent_grammar::Value::text)
                        .into_iter()
                        .collect(),
                ),
            ),
        ]
        .into_iter()
        .collect(),
    )
    .unwrap();
    let found = read(&nulls, &schema(&columns), b"t,n\nNA,-\n\"NA\",\nx,1\n").unwrap();
    assert_eq!(found, [["NULL", "NULL"], ["NULL", "NULL"], ["x", "1"]]);
    // Not declared: not guessed.
    assert_eq!(
        bad(CSV, &columns, b"t,n\nx,NA\n"),
        (521, 2, Some("n".into()))
    );
}

#[test]
fn csv_shapes() {
    let columns = [("a", Type::Text), ("b", Type::Text)];
    assert_eq!(bad(CSV, &columns, b"a,b\n1,2\n3\n"), (520, 3, None));
    assert_eq!(bad(CSV, &columns, b"a,b\n1,2,3\n"), (520, 2, None));
    assert_eq!(
        rows(
            &[("format", "csv"), ("missing_fields", "null")],
            &columns,
            "a,b\n3\n"
        ),
        [["3", "NULL"]]
    );
    assert_eq!(
        rows(
            &[("format", "csv"), ("unknown_fields", "ignore")],
            &columns,
            "a,b\n1,2,3\n"
        ),
        [["1", "2"]]
    );
    let error = read(
        &config(&[("format", "csv"), ("unknown_fields", "error")]),
        &schema(&columns),
        b"a,b,c\n",
    )
    .unwrap_err();
    assert_eq!(error.code, codes::BAD_ROW_UNKNOWN_FIELD);
}

#[test]
fn csv_line_numbers_count_line_ends_within_quotes() {
    let text = b"a,n\n\"x\ny\",1\n\nz,oops\n";
    assert_eq!(
        bad(CSV, &[("a", Type::Text), ("n", Type::Int)], text),
        (521, 5, Some("n".into()))
    );
}

#[test]
fn csv_marks_line_ends_comments_and_blanks() {
    let text = "\u{feff}a,b\r\n# no, row\r\n 1 ,x\r\n";
    let options = [("format", "csv"), ("csv.comment", "#"), ("trim", "true")];
    assert_eq!(
        rows(&options, &[("a", Type::Text), ("b", Type::Text)], text),
        [["1", "x"]]
    );
}

#[test]
fn csv_delimiters_are_found_or_given() {
    let columns = [("a", Type::Text), ("b", Type::Float)];
    for delimiter in [",", ";", "\t", "|"] {
        let text = format!("a{delimiter}b\nx{delimiter}1.5\n");
        assert_eq!(rows(CSV, &columns, &text), [["x", "1.5"]], "{delimiter:?}");
    }
    assert_eq!(
        rows(&[("csv.delimiter", "tab")], &columns, "a\tb\nx,y\t1.5\n"),
        [["x,y", "1.5"]]
    );
    assert_eq!(
        rows(&[("csv.delimiter", "~")], &columns, "a~b\nx~1.5\n"),
        [["x", "1.5"]]
    );
}

#[test]
fn csv_columns_that_nobody_needs_are_not_read() {
    let mut schema = schema(&[("a", Type::Int), ("b", Type::Int)]);
    schema.columns[1].needed = false;
    assert_eq!(
        read(&config(CSV), &schema, b"a,b\n1,oops\n").unwrap(),
        [["1", "NULL"]]
    );
}

#[test]
fn csv_not_null() {
    let mut schema = schema(&[("a", Type::Int)]);
    schema.columns[0].not_null = true;
    let error = read(
        &config(&[("csv.header", "true")]),
        &schema,
        b"a,b\n1,\n,2\n",
    )
    .unwrap_err();
    assert_eq!(
        (error.code, error.place.map(|place| place.line)),
        (codes::BAD_ROW_NULL, Some(3))
    );
}

#[test]
fn names_with_odd_characters() {
    let columns = [
        ("@timestamp", Type::Timestamp),
        ("PM2.5", Type::Float),
        ("Case ID", Type::Int),
    ];
    let expected = [["2026-01-31 10:00:00+00", "3.5", "7"]];
    assert_eq!(
        rows(
            CSV,
            &columns,
            "@timestamp,PM2.5,Case ID\n2026-01-31T10:00:00Z,3.5,7\n"
        ),
        expected
    );
    let json = r#"{"@timestamp":"2026-01-31T10:00:00Z","PM2.5":3.5,"Case ID":7}"#;
    assert_eq!(rows(JSON, &columns, json), expected);
}

#[test]
fn json_objects() {
    let columns = [
        ("id", Type::Int),
        ("EventID", Type::Text),
        ("ok", Type::Bool),
    ];
    let text = r#"
{"id": 1, "EventID": 412, "ok": true, "more": {"x": [1, 2, {"y": "}"}]}}

{"ok":false,"EventID":"x","id":"7"}
{"id":null}
{}
{"id":1,"id":2,"EventID":"a","EventID":null}"#;
    let expected = [
        ["1", "412", "true"],
        ["7", "x", "false"],
        ["NULL", "NULL", "NULL"],
        ["NULL", "NULL", "NULL"],
        ["2", "NULL", "NULL"],
    ];
    assert_eq!(rows(JSON, &columns, text), expected);
}

#[test]
fn json_paths() {
    let column = |name: &str, ty: Type, from: &str| SourceColumn::field(name, ty).from(from);
    let schema = SourceSchema {
        columns: vec![
            column("id", Type::Int, "payload.user.id"),
            column("user", Type::Json, "payload.user"),
            SourceColumn::field("payload", Type::Json),
            column("again", Type::Text, "payload.user.id"),
        ],
        event_time: None,
    };
    let text = br#"{"payload":{"x":1,"user":{"id":5,"n":"a"}}}
{"payload.user.id":6}
{"payload":7}
{"payload":{"user":{"id":8}},"payload":{"user":{}}}"#;
    let found = read(&config(JSON), &schema, text).unwrap();
    assert_eq!(
        found[0],
        [
            "5",
            r#"{"id":5,"n":"a"}"#,
            r#"{"x":1,"user":{"id":5,"n":"a"}}"#,
            "5"
        ]
    );
    assert_eq!(found[1], ["6", "NULL", "NULL", "6"], "a flattened document");
    assert_eq!(found[2], ["NULL", "NULL", "7", "NULL"]);
    assert_eq!(
        found[3],
        ["NULL", "{}", r#"{"user":{}}"#, "NULL"],
        "of duplicates the last counts, wholly"
    );
}

#[test]
fn json_that_is_none() {
    let columns = [("id", Type::Int)];
    assert_eq!(
        bad(JSON, &columns, b"{\"id\":1}\n{\"id\":2\n"),
        (522, 2, None)
    );
    assert_eq!(bad(JSON, &columns, b"{\"id\":1}\n[1]\n"), (522, 2, None));
    assert_eq!(bad(JSON, &columns, b"{\"id\":1} x\n"), (522, 1, None));
    assert_eq!(
        bad(JSON, &columns, b"{\"id\":1.5}\n"),
        (521, 1, Some("id".into()))
    );
    assert_eq!(
        bad(JSON, &columns, b"{\"id\":[1]}\n"),
        (521, 1, Some("id".into()))
    );
    // Cut off in the midst, without a line end.
    let error = read(
        &config(JSON),
        &schema(&columns),
        b"{\"id\":1}\n{\"id\":2,\"na",
    )
    .unwrap_err();
    assert!(
        error.help.iter().any(|help| help.contains("cut off")),
        "{error}"
    );
    // Nested without end: an error, not a crash.
    let deep = format!("{{\"id\":{}}}\n", "[".repeat(100_000));
    assert_eq!(bad(JSON, &columns, deep.as_bytes()).0, 522);
    let json = [("id", Type::Json)];
    let deep = format!("{{\"id\":{}{}}}\n", "[".repeat(10_000), "]".repeat(10_000));
    assert_ne!(bad(JSON, &json, deep.as_bytes()).0, 0);
}

#[test]
fn json_unknown_and_missing_fields_by_policy() {
    let columns = [("a", Type::Int), ("b", Type::Int)];
    let strict = [("format", "jsonl"), ("unknown_fields", "error")];
    assert_eq!(
        bad(&strict, &columns, b"{\"a\":1}\n{\"a\":1,\"c\":2}\n"),
        (528, 2, None)
    );
    let complete = [("format", "jsonl"), ("missing_fields", "error")];
    assert_eq!(
        bad(&complete, &columns, b"{\"a\":1,\"b\":null}\n{\"a\":1}\n"),
        (529, 2, Some("b".into()))
    );
}

#[test]
fn log_lines() {
    let options = [
        (
            "log.pattern",
            r"^(?<ts>\w{3} +\d+ [\d:]{8}) (?<host>\S+) sshd\[(?<pid>\d+)\]: (?<message>.*?)(?: port (?<port>\d+))?$",
        ),
        ("time.format", "syslog"),
        ("time.year", "2017"),
        ("log.unmatched", "skip"),
    ];
    let columns = [
        ("ts", Type::Timestamp),
        ("pid", Type::Int),
        ("message", Type::Text),
        ("port", Type::Int),
    ];
    let text = "Mar 27 13:06:56 ip sshd[1291]: Server listening port 22\nMar  2 13:06:57 ip cron[1]: x\nMar 28 00:00:00 ip sshd[2]: bye\n";
    let expected = [
        ["2017-03-27 13:06:56+00", "1291", "Server listening", "22"],
        ["2017-03-28 00:00:00+00", "2", "bye", "NULL"],
    ];
    assert_eq!(rows(&options, &columns, text), expected);
    let mut source = open_reader(
        &config(&options),
        &schema(&columns),
        Box::new(std::io::Cursor::new(text)),
        "x",
    )
    .unwrap();
    drain(&mut *source).1.unwrap();
    assert_eq!(
        (
            source.stats().rows,
            source.stats().skipped,
            source.stats().bad
        ),
        (2, 1, 0)
    );

    let strict = [("log.pattern", r"^(?<a>\d+)$")];
    assert_eq!(bad(&strict, &[("a", Type::Int)], b"1\nx\n"), (526, 2, None));
    let error = read(&config(&strict), &schema(&[("aa", Type::Int)]), b"1\n").unwrap_err();
    assert_eq!(error.code, codes::COLUMN_NOT_IN_SOURCE);
}

#[test]
fn bytes_that_are_no_text() {
    assert_eq!(
        bad(CSV, &[("a", Type::Text)], b"a\nok\nna\xefve\n"),
        (523, 3, None)
    );
    assert_eq!(
        bad(JSON, &[("a", Type::Text)], b"{\"b\":\"\xff\"}\n"),
        (523, 1, None)
    );
    let error = read(
        &config(CSV),
        &schema(&[("a", Type::Text)]),
        &[0xff, 0xfe, b'a', 0, b'\n', 0],
    )
    .unwrap_err();
    assert!(error.message.contains("UTF-16"));
}

#[test]
fn rows_that_are_too_long_or_not_closed_cost_one_row() {
    let options = [
        ("format", "csv"),
        ("on_bad", "skip"),
        ("max_line_bytes", "16"),
    ];
    let text = b"a,b\n1,x\n2,yyyyyyyyyyyyyyyyyyyyyyyyyyyy\n3,\"z\n4,w\n";
    let mut source = open_reader(
        &config(&options),
        &schema(&[("a", Type::Int)]),
        Box::new(std::io::Cursor::new(text)),
        "x",
    )
    .unwrap();
    let (batch, result) = drain(&mut *source);
    result.unwrap();
    assert_eq!(texts(&batch), [["1"], ["4"]]);
    let bad: Vec<(u64, u16)> = batch.bad.iter().map(|bad| (bad.line, bad.code.0)).collect();
    assert_eq!(bad, [(3, 524), (4, 525)]);
    assert_eq!(source.stats().bad, 2);
}

#[test]
fn metadata() {
    let column = |name: &str, metadata: Metadata| SourceColumn {
        origin: Origin::Metadata(metadata),
        ..SourceColumn::field(name, metadata.ty())
    };
    let schema = SourceSchema {
        columns: vec![
            column("n", Metadata::Line),
            SourceColumn::field("a", Type::Text),
            column("file", Metadata::File),
            column("at", Metadata::Offset),
        ],
        event_time: None,
    };
    let found = read(&config(CSV), &schema, b"a\n\"x\ny\"\nz\n").unwrap();
    assert_eq!(
        found,
        [["2", "x\ny", "<memory>", "2"], ["4", "z", "<memory>", "8"]]
    );
    assert_eq!(
        Metadata::parse("Lines").unwrap_err().code,
        codes::METADATA_UNKNOWN
    );
    let wrong = SourceSchema {
        columns: vec![SourceColumn {
            origin: Origin::Metadata(Metadata::Line),
            ..SourceColumn::field("n", Type::Text)
        }],
        event_time: None,
    };
    assert_eq!(
        read(&SourceConfig::default(), &wrong, b"")
            .unwrap_err()
            .code,
        codes::COLUMN_TYPE
    );
}

#[test]
fn an_empty_input_has_no_rows() {
    for options in [CSV, JSON, &[]] {
        assert!(rows(options, &[("a", Type::Int)], "").is_empty());
        assert!(rows(options, &[("a", Type::Int)], "\n\n").is_empty());
    }
}

#[test]
fn a_bad_row_is_told_with_file_line_column_text_and_mend() {
    let error = read(
        &config(CSV),
        &schema(&[("user", Type::Text), ("delay", Type::Int)]),
        b"user,delay\nbob,12 min\n",
    )
    .unwrap_err();
    let shown = error.to_string();
    for part in [
        "P0521",
        "<memory>, line 2, column \"delay\"",
        "12 min",
        "row: bob,12 min",
        "on_bad = 'skip'",
    ] {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
}

mod anything {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever comes, it ends, in rows and bad rows with rising line numbers.
        #[test]
        fn is_read_to_its_end(
            text in prop::collection::vec(prop::sample::select(b"{}[]\":,\\u0a1e-.\n\r \xff".to_vec()), 0..80),
            lines in prop::collection::vec("\\{\"(a|b|c)\": ?(1|\"x\"|null|\\{\\}|\\[1\\]|1\\.5)(,\"a\":2)?\\}?", 0..4),
            format in prop::sample::select(vec!["csv", "jsonl", "log"]),
            limit in prop::sample::select(vec!["16", "1000"]),
        ) {
            let mut text = text;
            text.extend_from_slice(lines.join("\n").as_bytes());
            let mut options = vec![("format", format), ("on_bad", "skip"), ("max_line_bytes", limit), ("csv.header", "false"), ("csv.delimiter", ",")];
            match format {
                "log" => options.push(("log.pattern", "^(?<a>[^,]*),?(?<b>.*)$")),
                "csv" => options.push(("missing_fields", "null")),
                _ => {}
            }
            if format != "csv" {
                options.retain(|(name, _)| !name.starts_with("csv."));
            }
            let schema = SourceSchema {
                columns: vec![
                    SourceColumn::field("a", Type::Int).from(if format == "csv" { "1" } else { "a" }),
                    SourceColumn::field("b", Type::Json).from(if format == "csv" { "2" } else { "b" }),
                ],
                event_time: None,
            };
            let input = Box::new(std::io::Cursor::new(text));
            let mut source = open_reader(&config(&options), &schema, input, "x").unwrap();
            let (batch, result) = drain(&mut *source);
            // Only an array is refused as a whole.
            if let Err(error) = result {
                prop_assert_eq!(error.code, codes::BAD_ROW_JSON);
            }
            prop_assert!(batch.places.is_sorted_by_key(|place| place.line));
            prop_assert!(batch.bad.is_sorted_by_key(|bad| bad.line));
        }
    }
}
