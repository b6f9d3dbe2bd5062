//! What is said is what is heard.

use std::sync::Arc;

use super::*;
use portent_grammar::{Column, Diagnostic, Span, Type, codes};

fn through(line: &Line, request: Option<&Arc<SourceText>>) -> Line {
    let text = line.encode(request);
    assert!(!text.contains('\n'), "{text}");
    Line::decode(&text, request).unwrap()
}

#[test]
fn values_keep_their_types() {
    let cast = |text: &str, ty: Type| Value::text(text).cast(&ty).unwrap();
    let values = vec![
        Value::Null,
        Value::Bool(true),
        Value::Int(i64::MIN),
        Value::Float(0.1 + 0.2),
        Value::Float(f64::NAN),
        Value::Float(f64::NEG_INFINITY),
        cast("12345678901234567890.12345678", Type::Decimal(None)),
        Value::text("a \"text\"\nof two lines"),
        cast("\\x00ff", Type::Bytes),
        Value::Timestamp(-1),
        Value::Date(-1),
        cast("1 month 2 days 00:00:03.000004", Type::Interval),
        cast("f47ac10b-58cc-4372-a567-0e02b2c3d479", Type::Uuid),
        cast("10.1.0.0/16", Type::Inet),
        Value::json(serde_json::Value::Null),
        Value::json(serde_json::json!({ "a": [1, "x"] })),
        Value::array(vec![Value::Int(1), Value::Null, Value::Timestamp(7)]),
    ];
    let Line::Rows(rows) = through(&Line::Rows(vec![values.clone()]), None) else {
        panic!("rows");
    };
    assert_eq!(format!("{:?}", rows[0]), format!("{values:?}"));
}

#[test]
fn a_match_keeps_its_columns() {
    let emitted = Emitted {
        query: "Q \"1\"".into(),
        time: -5,
        match_id: Some(u128::MAX - 1),
        schema: Arc::new(vec![
            Column::new("a", Type::array_of(Type::Decimal(Some((9, 2))))),
            Column::new("b", Type::Null),
        ]),
        values: vec![Value::Null, Value::Int(1)],
    };
    let heard = through(&Line::Match(emitted.clone()), None);
    assert_eq!(format!("{heard:?}"), format!("{:?}", Line::Match(emitted)));
}

#[test]
fn errors_look_the_same_on_the_other_side() {
    let request = SourceText::new("<request>", "SELECT a FROM b");
    let diagnostic = Diagnostic::error(codes::names::UNKNOWN_STREAM, Span::new(14, 15), "no b")
        .label("here")
        .also(Span::new(7, 8), "because of this")
        .help("write c")
        .fix(Span::new(14, 15), "c");
    let elsewhere = SourceText::new("other.sql", "SELECT b FROM a");
    for source in [None, Some(Arc::clone(&request)), Some(elsewhere)] {
        let errors = Errors::new(vec![diagnostic.clone()], source);
        let said = Line::Errors(errors.clone());
        let Line::Errors(heard) = through(&said, Some(&request)) else {
            panic!("errors");
        };
        assert_eq!(heard.diagnostics, errors.diagnostics);
        assert_eq!(heard.source, errors.source);
        assert_eq!(heard.render(true), errors.render(true));
    }
}

#[test]
fn every_reply_comes_through() {
    let mut session = crate::Session::new();
    let texts = [
        "CREATE STREAM s (ts TIMESTAMP, v BIGINT)",
        "CREATE QUERY q AS SELECT v FROM s MATCH (a b) WITHIN 1 MINUTE",
        "INSERT INTO s VALUES ('2026-01-01 00:00:00Z', 1)",
        "PAUSE QUERY q",
        "RESUME QUERY q",
        "SET lints = false",
        "SHOW QUERIES",
        "EXPLAIN SELECT v FROM s",
        "SELECT v FROM s",
        "DROP QUERY q",
        "DROP QUERY IF EXISTS q",
    ];
    for text in texts {
        for reply in session.run(text).unwrap() {
            let said = Line::Reply(reply);
            let heard = through(&said, None);
            assert_eq!(format!("{heard:?}"), format!("{said:?}"), "{text}");
        }
    }
    let warning = Diagnostic::warning(codes::names::UNKNOWN_STREAM, Span::new(0, 1), "odd");
    let said = Line::Reply(Reply::Warning(warning));
    assert_eq!(format!("{:?}", through(&said, None)), format!("{said:?}"));
}

#[test]
fn what_makes_no_sense_is_told() {
    for text in [
        "",
        "[]",
        "{}",
        "{\"rows\":[[{\"t\":\"x\"}]]}",
        "{\"match\":{}}",
        "{\"errors\":{\"source\":\"request\",\"diagnostics\":[]}}",
        "{\"reply\":{\"kind\":\"sung\"}}",
    ] {
        assert!(Line::decode(text, None).is_err(), "{text}");
    }
}
