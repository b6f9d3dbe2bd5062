//! Tests of binding: types, casts, constants, errors.

use portent_grammar::Code;

use super::*;
use crate::expr::{RowContext, display, eval, same, structural_hash};

/// A row of one column of each type.
struct Columns;

const COLUMNS: &[(&str, Type)] = &[
    ("i", Type::Int),
    ("x", Type::Float),
    ("d", Type::Decimal(Some((10, 2)))),
    ("t", Type::Text),
    ("ok", Type::Bool),
    ("ts", Type::Timestamp),
    ("day", Type::Date),
    ("wait", Type::Interval),
    ("ip", Type::Inet),
    ("js", Type::Json),
    ("id", Type::Uuid),
    ("raw", Type::Bytes),
];

impl Scope for Columns {
    fn name(&mut self, parts: &[ast::Ident], span: Span) -> Result<Expr, Diagnostic> {
        let (first, rest) = parts.split_first().expect("a name");
        if first.text == "tags" {
            let ty = Type::array_of(Type::Text);
            return Ok(Expr {
                kind: ExprKind::Column(COLUMNS.len()),
                ty,
                span,
            });
        }
        let Some(slot) = COLUMNS.iter().position(|(name, _)| *name == first.text) else {
            return Err(Diagnostic::error(
                Code(100),
                span,
                format!("unknown column {:?}", first.text),
            ));
        };
        let column = Expr {
            kind: ExprKind::Column(slot),
            ty: COLUMNS[slot].1.clone(),
            span,
        };
        Ok(super::super::json_path(column, rest))
    }

    fn call(&mut self, _: &ast::Call, _: Span) -> Option<Result<Expr, Diagnostic>> {
        None
    }

    fn library(&self) -> &crate::functions::Library {
        static NONE: std::sync::LazyLock<crate::functions::Library> =
            std::sync::LazyLock::new(crate::functions::Library::default);
        &NONE
    }
}

fn name(slot: usize) -> String {
    COLUMNS
        .get(slot)
        .map_or("tags", |column| column.0)
        .to_owned()
}

fn try_bind(text: &str) -> Result<Expr, Vec<Diagnostic>> {
    let parsed =
        portent_parser::parse_expr(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
    let mut diagnostics = Vec::new();
    bind(&parsed, &mut Columns, &mut diagnostics).ok_or(diagnostics)
}

fn bound(text: &str) -> Expr {
    try_bind(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"))
}

/// The expression as EXPLAIN shows it.
fn shown(text: &str) -> String {
    display(&bound(text), &name, &|variable| format!("v{}", variable.0))
}

fn typed_as(text: &str) -> String {
    bound(text).ty.to_string()
}

/// The value of a constant expression.
fn constant_value(text: &str) -> String {
    match bound(text).kind {
        ExprKind::Const(value) => value.to_string(),
        other => panic!("{text} is not constant: {other:?}"),
    }
}

/// The code, the sentence and the first line of help.
fn error(text: &str) -> (Code, String, String) {
    let errors = try_bind(text).expect_err(text);
    let first = errors
        .into_iter()
        .find(Diagnostic::is_error)
        .expect("an error");
    let help = first.help.first().cloned().unwrap_or_default();
    (first.code, first.message, help)
}

#[test]
fn literals() {
    for (text, ty, value) in [
        ("42", "BIGINT", "42"),
        ("-9223372036854775808", "BIGINT", "-9223372036854775808"),
        ("9223372036854775808", "DECIMAL", "9223372036854775808"),
        ("1.50", "DECIMAL", "1.50"),
        ("1.5e3", "DOUBLE", "1500"),
        ("'it''s'", "TEXT", "it's"),
        ("TRUE", "BOOLEAN", "true"),
        ("NULL", "NULL", "NULL"),
        ("INTERVAL '1 day 2 hours'", "INTERVAL", "1 day 02:00:00"),
        ("10 MINUTES", "INTERVAL", "00:10:00"),
        ("INTERVAL '1' MONTH", "INTERVAL", "1 mon"),
        (
            "TIMESTAMP '2026-01-31 10:00:00Z'",
            "TIMESTAMP",
            "2026-01-31 10:00:00+00",
        ),
        ("DATE '2026-01-31'", "DATE", "2026-01-31"),
        ("INET '10.0.0.0/8'", "INET", "10.0.0.0/8"),
        ("ARRAY[1, 2.5]", "DECIMAL[]", "{1,2.5}"),
        ("'5'::INT", "BIGINT", "5"),
        ("CAST('1.005' AS DECIMAL(5, 2))", "DECIMAL(5, 2)", "1.01"),
        ("TRY_CAST('x' AS INT)", "BIGINT", "NULL"),
    ] {
        assert_eq!(typed_as(text), ty, "{text}");
        assert_eq!(constant_value(text), value, "{text}");
    }
    assert_eq!(error("1e999").0, codes::NUMBER_OUT_OF_RANGE);
    assert_eq!(
        error("123456789012345678901234567890123").0,
        codes::NUMBER_OUT_OF_RANGE
    );
    assert_eq!(error("TIMESTAMP 'yesterday'").0, codes::INVALID_LITERAL);
    assert_eq!(error("'x'::INT").0, codes::INVALID_LITERAL);
}

#[test]
fn arithmetic_types() {
    for (text, ty) in [
        ("i + 1", "BIGINT"),
        ("i + 1.5", "DECIMAL"),
        ("i / 2", "BIGINT"),
        ("d * x", "DOUBLE"),
        ("d * 2", "DECIMAL"),
        ("x * 1.5", "DOUBLE"),
        ("i ^ 2", "DOUBLE"),
        ("-i", "BIGINT"),
        ("ts + 5 MINUTES", "TIMESTAMP"),
        ("ts - ts", "INTERVAL"),
        ("ts - '2026-01-01'", "INTERVAL"),
        ("ts - '5 minutes'", "TIMESTAMP"),
        ("ts + '5 minutes'", "TIMESTAMP"),
        ("day - day", "BIGINT"),
        ("day + 7", "DATE"),
        ("day + 1 HOURS", "TIMESTAMP"),
        ("wait * 2", "INTERVAL"),
        ("2.5 * wait", "INTERVAL"),
        ("wait / 2", "INTERVAL"),
        ("t || i", "TEXT"),
        ("tags || 'x'", "TEXT"),
        ("tags || ARRAY['x']", "TEXT[]"),
        ("js.a + 1", "BIGINT"),
        ("js.a * x", "DOUBLE"),
        ("i + NULL", "BIGINT"),
    ] {
        if text == "tags || 'x'" {
            // An element joins the array.
            assert_eq!(typed_as(text), "TEXT[]");
            continue;
        }
        assert_eq!(typed_as(text), ty, "{text}");
    }
    for text in [
        "t + 1", "ts + 1", "ts + ts", "ok + 1", "-t", "x || i", "ip * 2", "i - t",
    ] {
        assert_eq!(error(text).0, codes::OPERATOR_TYPES, "{text}");
    }
}

#[test]
fn comparisons() {
    for (text, shape) in [
        ("i > 5", "i > 5"),
        ("i > 5.0", "i > 5"),
        ("i > 5.5", "i > 5.5"),
        ("x > 5", "x > 5.0"),
        ("x = 0.1", "x = 0.1"),
        ("d = x", "CAST(d AS DOUBLE) = x"),
        ("d > 1", "d > 1"),
        (
            "ts > '2026-01-31'",
            "ts > TIMESTAMP '2026-01-31 00:00:00+00'",
        ),
        ("ts > day", "ts > CAST(day AS TIMESTAMP)"),
        ("day = '2026-01-31'", "day = DATE '2026-01-31'"),
        ("ip = '10.0.0.1'", "ip = INET '10.0.0.1'"),
        ("ip <<= '10.0.0.0/8'", "ip <<= INET '10.0.0.0/8'"),
        ("ts - ts < 5 MINUTES", "ts - ts < INTERVAL '5 minutes'"),
        ("wait < '5 minutes'", "wait < INTERVAL '5 minutes'"),
        ("js.a.b = 5", "CAST(js.a.b AS BIGINT) = 5"),
        ("js.a = 'x'", "CAST(js.a AS TEXT) = 'x'"),
        ("js[1].a = 'x'", "CAST(js[1].a AS TEXT) = 'x'"),
        ("tags[1] = 'x'", "tags[1] = 'x'"),
        ("i BETWEEN 1 AND 3", "i >= 1 AND i <= 3"),
        ("i NOT BETWEEN 1 AND 3", "i < 1 OR i > 3"),
        ("i IN (1, 2, 2.0)", "i IN (1, 2)"),
        ("i NOT IN (1, 2)", "i NOT IN (1, 2)"),
        ("i IN (1, i + 1)", "i IN (1) OR i = i + 1"),
        ("t IN ('a', 'b')", "t IN ('a', 'b')"),
        ("x IN (1, 2.5)", "x IN (1.0, 2.5)"),
        ("(i, t) = (1, 'a')", "i = 1 AND t = 'a'"),
        (
            "(i, t) IN ((1, 'a'), (2, 'b'))",
            "i = 1 AND t = 'a' OR i = 2 AND t = 'b'",
        ),
        ("(i, x) < (1, 2)", "i < 1 OR i = 1 AND x < 2.0"),
        ("t LIKE 'a%'", "t LIKE 'a%'"),
        ("t NOT LIKE 'a%'", "t NOT LIKE 'a%'"),
        ("t !~ '^a'", "t !~ '^a'"),
        ("t LIKE t", "(t LIKE t)"),
        ("js.a LIKE 'a%'", "CAST(js.a AS TEXT) LIKE 'a%'"),
        (
            "CASE i WHEN 1 THEN 'a' ELSE t END",
            "CASE WHEN i = 1 THEN 'a' ELSE t END",
        ),
        ("IF(ok, 1, 2.5)", "CASE WHEN ok THEN 1 ELSE 2.5 END"),
        ("i IS NOT NULL", "i IS NOT NULL"),
        ("NOT ok IS TRUE", "NOT ok IS TRUE"),
        ("x IS DISTINCT FROM 1", "x IS DISTINCT FROM 1.0"),
        ("x IS NOT DISTINCT FROM i", "x IS NOT DISTINCT FROM i"),
        ("(i + 1) * 2 - (3 - i)", "(i + 1) * 2 - (3 - i)"),
        ("ok AND (ok OR i = 1)", "ok AND (ok OR i = 1)"),
        ("EXTRACT(hour FROM ts) = 3", "EXTRACT(hour FROM ts) = 3"),
        (
            "ts AT TIME ZONE 'Europe/Berlin'",
            "ts AT TIME ZONE 'Europe/Berlin'",
        ),
        (
            "COALESCE(js.a, 'none')",
            "COALESCE(CAST(js.a AS TEXT), 'none')",
        ),
        ("round(x, 2)", "ROUND(x, 2)"),
        ("GREATEST(i, x)", "GREATEST(CAST(i AS DOUBLE), x)"),
    ] {
        assert_eq!(shown(text), shape, "{text}");
    }
}

#[test]
fn what_can_not_be_compared() {
    let (code, message, help) = error("x = '5'");
    assert_eq!(code, codes::INCOMPARABLE);
    assert_eq!(message, "can't compare DOUBLE with TEXT");
    assert_eq!(help, "write the number without quotes: 5");
    for text in [
        "i = t",
        "i = ok",
        "ts = 5",
        "wait < 5",
        "t = ts",
        "ip = 5",
        "i IN ('a')",
        "i BETWEEN 'a' AND 'b'",
        "tags = 1",
    ] {
        assert_eq!(error(text).0, codes::INCOMPARABLE, "{text}");
    }
    assert_eq!(error("ts > 'x'").0, codes::INVALID_LITERAL);
    assert_eq!(error("ip << 5").0, codes::OPERATOR_TYPES);
    assert_eq!(error("(i, t) = 1").0, codes::ROW_VALUE);
    assert_eq!(error("(i, t) = (1, 'a', 3)").0, codes::ROW_VALUE);
    assert_eq!(error("(i, t)").0, codes::ROW_VALUE);
    assert_eq!(error("i LIKE 'a'").0, codes::OPERATOR_TYPES);
    assert_eq!(error("t ~ '('").0, codes::INVALID_PATTERN);
    assert_eq!(error("t LIKE 'a' ESCAPE 'bc'").0, codes::INVALID_PATTERN);
    assert_eq!(error("i AND ok").0, codes::NOT_BOOLEAN);
    assert_eq!(error("NOT t").0, codes::NOT_BOOLEAN);
    assert_eq!(
        error("CASE WHEN ok THEN 1 ELSE 'a' END").0,
        codes::MIXED_TYPES
    );
    assert_eq!(error("COALESCE(i, 'a')").0, codes::MIXED_TYPES);
    assert_eq!(error("ARRAY[1, ok]").0, codes::MIXED_TYPES);
    assert_eq!(error("(t).a").0, codes::NO_FIELDS);
    assert_eq!(error("i[1]").0, codes::NO_FIELDS);
    assert_eq!(error("tags[0]").0, codes::NO_FIELDS);
    assert_eq!(error("CAST(i AS TIMESTAMP)").0, codes::NO_SUCH_CAST);
    assert_eq!(
        error("i::STRNG"),
        (
            codes::UNKNOWN_TYPE,
            "there is no type STRNG".into(),
            "did you mean STRING?".into()
        )
    );
    assert_eq!(error("i::DECIMAL(3, 5)").0, codes::TYPE_ARGUMENTS);
}

#[test]
fn functions_and_suggestions() {
    assert_eq!(typed_as("length(t)"), "BIGINT");
    assert_eq!(typed_as("abs(d)"), "DECIMAL");
    assert_eq!(typed_as("sqrt(i)"), "DOUBLE");
    assert_eq!(typed_as("date_trunc('hour', ts)"), "TIMESTAMP");
    assert_eq!(typed_as("extract(epoch FROM ts)"), "DECIMAL");
    assert_eq!(typed_as("nullif(i, 0)"), "BIGINT");
    assert_eq!(typed_as("array_contains(tags, 'a')"), "BOOLEAN");
    assert_eq!(typed_as("host('10.0.0.1')"), "TEXT");
    let help = |text: &str| error(text).2;
    assert_eq!(help("lenght(t)"), "did you mean LENGTH?");
    assert_eq!(help("ifnull(t, 'a')"), "write COALESCE(a, b)");
    assert_eq!(help("len(t)"), "write LENGTH(text)");
    assert_eq!(error("nosuchthing(i)").0, codes::UNKNOWN_FUNCTION);
    assert_eq!(error("count(i)").0, codes::MISPLACED_AGGREGATE);
    assert_eq!(
        error("approx_count_distinct(i)").0,
        codes::FUNCTION_NOT_SUPPORTED
    );
    assert_eq!(error("now()").0, codes::NOT_DETERMINISTIC);
    assert_eq!(error("current_timestamp").0, codes::NOT_DETERMINISTIC);
    assert_eq!(error("length(5)").0, codes::FUNCTION_ARGUMENTS);
    assert_eq!(error("length(t, t)").0, codes::FUNCTION_ARGUMENTS);
    assert_eq!(error("upper(DISTINCT t)").0, codes::NOT_AN_AGGREGATE);
    assert_eq!(help("date_trunc('huor', ts)"), "did you mean hour?");
    assert_eq!(
        error("extract(weekdya FROM ts)").0,
        codes::UNKNOWN_TIME_FIELD
    );
    assert_eq!(
        help("ts AT TIME ZONE 'Berlin'"),
        "did you mean 'Europe/Berlin'?"
    );
    assert_eq!(error("regexp_like(t, '[')").0, codes::INVALID_PATTERN);
}

#[test]
fn constants_are_computed_once() {
    assert_eq!(constant_value("1 + 2 * 3"), "7");
    assert_eq!(constant_value("7 / 2"), "3");
    assert_eq!(constant_value("7 / 2.0"), "3.5");
    assert_eq!(constant_value("'a' || 'b'"), "ab");
    assert_eq!(constant_value("NULL AND FALSE"), "false");
    assert_eq!(constant_value("NULL OR TRUE"), "true");
    assert_eq!(constant_value("NULL AND TRUE"), "NULL");
    assert_eq!(constant_value("NOT NULL"), "NULL");
    assert_eq!(constant_value("NULL = 1"), "NULL");
    assert_eq!(constant_value("1 IN (2, NULL)"), "NULL");
    assert_eq!(constant_value("upper('a')"), "A");
    assert_eq!(constant_value("CASE WHEN 1 > 2 THEN 'a' END"), "NULL");
    assert_eq!(
        constant_value("'10.1.2.3'::inet << '10.0.0.0/8'::inet"),
        "true"
    );
    assert_eq!(shown("TRUE AND i = 1"), "i = 1");
    assert_eq!(shown("i = 1 OR FALSE"), "i = 1");
    assert_eq!(shown("ok OR TRUE"), "TRUE");
    assert_eq!(error("1 / 0").0, codes::CONSTANT_ERROR);
    assert_eq!(error("sqrt(-1)").0, codes::CONSTANT_ERROR);
    assert_eq!(error("9223372036854775807 + 1").0, codes::CONSTANT_ERROR);
}

#[test]
fn all_errors_are_told() {
    let errors = try_bind("i = 't' AND nosuch > 1 AND x = '5'").unwrap_err();
    assert_eq!(errors.len(), 3, "{errors:?}");
    let mut diagnostics = Vec::new();
    let parsed = portent_parser::parse_expr("i = NULL").unwrap();
    assert!(bind(&parsed, &mut Columns, &mut diagnostics).is_some());
    assert_eq!(
        diagnostics.first().map(|lint| (lint.code, lint.is_error())),
        Some((codes::NULL_COMPARISON, false))
    );
}

#[test]
fn conditions_are_boolean() {
    let condition = |text: &str| {
        let mut diagnostics = Vec::new();
        bind_condition(
            &portent_parser::parse_expr(text).unwrap(),
            &mut Columns,
            &mut diagnostics,
        )
        .is_some()
    };
    assert!(condition("ok") && condition("js.ok") && condition("NULL") && condition("i > 1"));
    assert!(!condition("i") && !condition("t") && !condition("'a'"));
}

#[test]
fn equal_expressions_are_the_same() {
    let pairs = [
        ("i > 5 AND t = 'a'", "i>5.0 and (t='a')"),
        ("i IN (1,2)", "i IN (2, 1)"),
        ("x > 1", "x > 1.0"),
    ];
    for (one, other) in pairs {
        let (one, other) = (bound(one), bound(other));
        assert!(same(&one, &other));
        assert_eq!(structural_hash(&one), structural_hash(&other));
    }
    for (one, other) in [
        ("i > 5", "i > 6"),
        ("i > 5", "i >= 5"),
        ("t LIKE 'a'", "t ILIKE 'a'"),
        ("ok", "NOT ok"),
    ] {
        let (one, other) = (bound(one), bound(other));
        assert!(!same(&one, &other));
        assert_ne!(structural_hash(&one), structural_hash(&other));
    }
}

#[test]
fn long_chains() {
    let long = (0..3_000)
        .map(|n| format!("i = {n}"))
        .collect::<Vec<_>>()
        .join(" OR ");
    if let Ok(parsed) = portent_parser::parse_expr(&long) {
        let or = bind(&parsed, &mut Columns, &mut Vec::new()).expect("an OR");
        assert!(matches!(or.kind, ExprKind::Or(parts) if parts.len() == 3_000));
    }
    let sum = vec!["i"; 1_000].join(" + ");
    if let Ok(parsed) = portent_parser::parse_expr(&sum) {
        let mut diagnostics = Vec::new();
        assert!(bind(&parsed, &mut Columns, &mut diagnostics).is_none());
        assert_eq!(
            diagnostics.first().map(|error| error.code),
            Some(codes::TOO_LONG)
        );
    }
}

#[test]
fn deep_nesting_is_refused_or_bound() {
    let forms: [(&str, &str, &str); 6] = [
        ("", "i", "::text::bigint"),
        ("", "js", "[1]"),
        ("", "i", " IS NULL"),
        ("NOT ", "ok", ""),
        ("- ", "i", ""),
        ("(", "i", ")"),
    ];
    for (before, middle, after) in forms {
        let text = format!("{}{middle}{}", before.repeat(3_000), after.repeat(3_000));
        if let Ok(parsed) = portent_parser::parse_expr(&text) {
            let _ = bind(&parsed, &mut Columns, &mut Vec::new());
        }
    }
}

#[test]
fn what_is_shown_reads_back() {
    for text in [
        "i + 1 > 2 AND NOT (ok OR i IS NULL)",
        "-(i - 2) * 3 < x / -2",
        "t LIKE 'a\\_b%' OR t ~* 'x'",
        "CASE WHEN i > 1 THEN 'a' ELSE 'b' END = t",
        "js.a[2].\"odd name\" IS NOT NULL",
        "ts + INTERVAL '1 month 1.5 seconds' > TIMESTAMP '2026-01-31 00:00:00+00'",
        "NOT ok IS NOT TRUE",
        "t || 'it''s' = 'x'",
        "x > 1e20 OR x < -0.5",
    ] {
        let first = bound(text);
        let again = bound(&shown(text));
        assert!(same(&first, &again), "{text}: {}", shown(text));
    }
}

#[test]
fn values_over_a_row() {
    let row = [
        Value::Int(3),
        Value::Float(2.5),
        Value::text("1.50").cast(&Type::Decimal(None)).unwrap(),
        Value::text("abc"),
        Value::Bool(true),
        Value::text("2026-01-31 10:30:00")
            .cast(&Type::Timestamp)
            .unwrap(),
        Value::text("2026-01-31").cast(&Type::Date).unwrap(),
        Value::text("90 seconds").cast(&Type::Interval).unwrap(),
        Value::text("10.1.2.3").cast(&Type::Inet).unwrap(),
        Value::text(r#"{"a":{"b":5,"n":null},"l":[1,"two"],"s":"x"}"#)
            .cast(&Type::Json)
            .unwrap(),
        Value::Null,
        Value::Null,
        Value::array(vec![Value::text("p"), Value::text("q")]),
    ];
    let value = |text: &str| match eval(
        &bound(text),
        &RowContext {
            values: &row,
            input: 0,
        },
    ) {
        Ok(value) => value.to_string(),
        Err(error) => format!("error: {error}"),
    };
    for (text, expected) in [
        ("i * 2 + 1", "7"),
        ("i * x", "7.5"),
        ("d + i", "4.50"),
        ("i / 0", "error: division by zero"),
        ("x > 2 AND ok", "true"),
        (
            "id = 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11' OR i = 3",
            "true",
        ),
        ("id IS NULL", "true"),
        ("js.a.b", "5"),
        ("js.a.b + 1", "6"),
        ("js.a.n IS NULL", "true"),
        ("js.a.nosuch", "NULL"),
        ("js.l[2] = 'two'", "true"),
        ("js.l[3]", "NULL"),
        ("js['s'] = 'x'", "true"),
        ("tags[2]", "q"),
        ("tags[3]", "NULL"),
        ("t LIKE 'a_c'", "true"),
        ("t LIKE t || '%'", "true"),
        ("t SIMILAR TO '(a|b)%'", "true"),
        ("i IN (1, 2, 3)", "true"),
        ("i NOT IN (1, NULL)", "NULL"),
        ("i = 1 OR id IS NOT NULL AND i / 0 = 1", "false"),
        ("CASE WHEN i > 2 THEN 'big' ELSE 'small' END", "big"),
        ("CASE i WHEN 3 THEN 1 / i ELSE i / 0 END", "0"),
        ("COALESCE(id, NULL) IS NULL", "true"),
        ("COALESCE(i, i / 0)", "3"),
        ("ts - day > 10 HOURS", "true"),
        ("day - DATE '2026-01-01' + i * 2", "36"),
        ("day - DATE '2026-01-01' > i + 20", "true"),
        ("i + x * d > d / 3", "true"),
        ("i + NULL > 3", "NULL"),
        ("d ^ 2 + i", "5.25"),
        ("ts - ts = 0 SECONDS", "true"),
        ("ts - TIMESTAMP '2026-01-31 10:29:59' >= 1 SECOND", "true"),
        ("ts - (ts - 1 DAY) < 24 HOURS", "false"),
        ("ts - id::TEXT::TIMESTAMP < 24 HOURS", "NULL"),
        ("EXTRACT(hour FROM ts)", "10"),
        ("EXTRACT(epoch FROM wait)", "90.000000"),
        (
            "ts AT TIME ZONE 'America/New_York'",
            "2026-01-31 05:30:00+00",
        ),
        ("ip << '10.0.0.0/8'", "true"),
        ("CAST(t AS INT)", "error: \"abc\" is not a BIGINT"),
        ("TRY_CAST(t AS INT)", "NULL"),
        ("TRY_CAST(js.s AS INT)", "NULL"),
        ("i::TEXT || t", "3abc"),
        ("ARRAY[i, 4]", "{3,4}"),
        ("wait * 2", "00:03:00"),
        ("i BETWEEN 3 AND 3", "true"),
        ("(i, t) >= (3, 'abd')", "false"),
        ("length(t) + strpos(t, 'c')", "6"),
        ("format('%s-%s', i, t)", "3-abc"),
        ("ok IS NOT TRUE", "false"),
        ("(id IS NULL) IS UNKNOWN", "false"),
    ] {
        assert_eq!(value(text), expected, "{text}");
    }
}
