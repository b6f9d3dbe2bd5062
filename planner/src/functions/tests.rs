//! Tests of the functions, a table per family: a constant expression and its value.

use portent_grammar::{Diagnostic, Span, Value};
use portent_parser::ast;
use proptest::prelude::*;

use super::*;
use crate::expr::{Expr, ExprKind, Scope, bind};

struct Nothing;

impl Scope for Nothing {
    fn name(&mut self, parts: &[ast::Ident], span: Span) -> Result<Expr, Diagnostic> {
        let name: Vec<&str> = parts.iter().map(|part| part.text.as_str()).collect();
        Err(Diagnostic::error(
            portent_grammar::Code(100),
            span,
            format!("unknown column {}", name.join(".")),
        ))
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

/// The value of a constant expression, or `error: …`.
fn value(text: &str) -> String {
    let parsed =
        portent_parser::parse_expr(text).unwrap_or_else(|errors| panic!("{text}: {errors:?}"));
    let mut diagnostics = Vec::new();
    match bind(&parsed, &mut Nothing, &mut diagnostics) {
        Some(Expr {
            kind: ExprKind::Const(value),
            ..
        }) => value.to_string(),
        Some(other) => panic!("{text} is not constant: {other:?}"),
        None => format!(
            "error: {}",
            diagnostics
                .first()
                .map_or("", |error| error.message.as_str())
        ),
    }
}

fn check(table: &[(&str, &str)]) {
    for (text, expected) in table {
        assert_eq!(value(text), *expected, "{text}");
    }
}

fn fails(texts: &[&str]) {
    for text in texts {
        let value = value(text);
        assert!(value.starts_with("error: "), "{text} is {value}");
    }
}

#[test]
fn text() {
    check(&[
        ("length('äb')", "2"),
        ("octet_length('äb')", "3"),
        ("length('\\x0102'::bytea)", "2"),
        ("upper('äb')", "ÄB"),
        ("initcap('hi THERE o''neil')", "Hi There O'Neil"),
        ("trim('  a ')", "a"),
        ("btrim('xxaxx', 'x')", "a"),
        ("ltrim('xya', 'yx')", "a"),
        ("rtrim('a  ')", "a"),
        ("substring('abcdef', 2, 3)", "bcd"),
        ("substr('abcdef', 4)", "def"),
        ("substring('abc', 0, 2)", "a"),
        ("substring('abc', -5, 9)", "abc"),
        ("substring('äöü', 2, 1)", "ö"),
        ("left('abc', 2)", "ab"),
        ("left('abc', -1)", "ab"),
        ("right('abc', 2)", "bc"),
        ("right('abc', -1)", "bc"),
        ("right('abc', -9)", ""),
        ("replace('banana', 'an', 'X')", "bXXa"),
        ("reverse('äb')", "bä"),
        ("repeat('ab', 3)", "ababab"),
        ("repeat('ab', -3)", ""),
        ("repeat('', 9223372036854775807)", ""),
        ("split_part('a,b,c', ',', 2)", "b"),
        ("split_part('a,b,c', ',', -1)", "c"),
        ("split_part('a,b,c', ',', 9)", ""),
        ("strpos('high', 'ig')", "2"),
        ("strpos('high', 'x')", "0"),
        ("starts_with('abc', 'ab')", "true"),
        ("ends_with('abc', 'ab')", "false"),
        ("contains('abc', 'b')", "true"),
        ("concat('a', NULL, 1, 2.50, TRUE)", "a12.50true"),
        ("concat_ws('-', 'a', NULL, 'b')", "a-b"),
        ("concat()", ""),
        ("lpad('7', 3, '0')", "007"),
        ("lpad('abcd', 3)", "abc"),
        ("rpad('a', 4, 'xy')", "axyx"),
        ("translate('12345', '143', 'ax')", "a2x5"),
        ("ascii('A')", "65"),
        ("chr(8364)", "€"),
        (
            "format('%s is %s%%, %L %I', 'x', 5, 'it''s', 'a')",
            "x is 5%, 'it''s' \"a\"",
        ),
        ("upper(NULL)", "NULL"),
        ("levenshtein('kitten', 'sitting')", "3"),
    ]);
    fails(&[
        "repeat('x', 999999999999)",
        "lpad('x', 999999999999)",
        "substring('a', 1, -1)",
        "split_part('a', ',', 0)",
        "chr(-1)",
        "chr(0)",
        "format('%s')",
        "format('%d', 1)",
        "replace(repeat('a', 9999), 'a', repeat('b', 9999))",
    ]);
}

#[test]
fn regular_expressions() {
    check(&[
        ("regexp_like('abc', 'b+')", "true"),
        ("regexp_like('ABC', 'b', 'i')", "true"),
        ("regexp_like('a' || chr(10) || 'b', 'a.b')", "true"),
        ("regexp_like('a' || chr(10) || 'b', 'a.b', 'n')", "false"),
        ("regexp_like('a' || chr(10) || 'b', '^b$', 'n')", "true"),
        ("regexp_match('foo123bar', '([a-z]+)([0-9]+)')", "{foo,123}"),
        ("regexp_match('foo', 'o+')", "{oo}"),
        ("regexp_match('foo', 'x')", "NULL"),
        ("regexp_substr('foo123', '[0-9]+')", "123"),
        ("regexp_substr('k=v', '(\\w)=(\\w)', 2)", "v"),
        ("regexp_replace('a1b2', '[0-9]', '#')", "a#b2"),
        ("regexp_replace('a1b2', '[0-9]', '#', 'g')", "a#b#"),
        (
            "regexp_replace('john smith', '(\\w+) (\\w+)', '\\2 \\1')",
            "smith john",
        ),
        ("regexp_replace('a', 'a', '$1')", "$1"),
        ("regexp_count('banana', 'an')", "2"),
        ("regexp_split_to_array('a, b,c', ', *')", "{a,b,c}"),
    ]);
    fails(&[
        "regexp_like('a', '(')",
        "regexp_like('a', 'a', 'q')",
        "regexp_substr('a', 'a', -1)",
    ]);
}

#[test]
fn maths() {
    check(&[
        ("abs(-5)", "5"),
        ("abs(-1.50)", "1.50"),
        ("sign(-2.5)", "-1"),
        ("sign(0)", "0"),
        ("mod(-7, 3)", "-1"),
        ("mod(7.5, 2)", "1.5"),
        ("div(7, 2)", "3"),
        ("gcd(12, -18)", "6"),
        ("lcm(4, 6)", "12"),
        ("power(2, 10)", "1024"),
        ("sqrt(2.25)", "1.5"),
        ("cbrt(27)", "3"),
        ("ln(exp(1))", "1"),
        ("log(1000)", "3"),
        ("log(2, 8)", "3"),
        ("log2(8)", "3"),
        ("degrees(pi())", "180"),
        ("atan2(0, 1)", "0"),
        ("round(2.5)", "3"),
        ("round(2.5e0)", "2"),
        ("round(2.345, 2)", "2.35"),
        ("round(2.675e0, 2)", "2.68"),
        ("round(1234, -2)", "1200"),
        ("round(-2.5)", "-3"),
        ("trunc(-2.789, 1)", "-2.7"),
        ("trunc(2.789e0, 1)", "2.7"),
        ("ceil(2.1)", "3"),
        ("ceiling(-2.1e0)", "-2"),
        ("floor(-2.1)", "-3"),
        ("floor(7)", "7"),
        ("greatest(1, NULL, 2.5)", "2.5"),
        ("least('b', 'a')", "a"),
        ("width_bucket(5.35, 0.024, 10.06, 5)", "3"),
        ("width_bucket(-1, 0, 10, 5)", "0"),
        ("width_bucket(10, 0, 10, 5)", "6"),
        ("nullif(1, 1.0)", "NULL"),
        ("nullif('a', 'b')", "a"),
        ("coalesce(NULL, 2, 3)", "2"),
        ("if(1 > 2, 'a', 'b')", "b"),
        ("is_nan('NaN'::double)", "true"),
        ("round(1e300, 2)", "1e+300"),
        ("round(1e-300, 2)", "0"),
    ]);
    fails(&[
        "sqrt(-1)",
        "ln(0)",
        "log(-1)",
        "log(1, 5)",
        "acos(2)",
        "exp(1000)",
        "power(0, -1)",
        "power(-8, 0.5)",
        "mod(1, 0)",
        "abs(-9223372036854775808)",
        "lcm(9223372036854775807, 9223372036854775806)",
        "width_bucket(1, 0, 10, 0)",
        "width_bucket(1, 5, 5, 3)",
        "round(9223372036854775807, -19)",
        "greatest(1, 'a')",
    ]);
}

#[test]
fn time() {
    check(&[
        (
            "date_trunc('hour', TIMESTAMP '2026-01-31 10:45:12')",
            "2026-01-31 10:00:00+00",
        ),
        (
            "date_trunc('week', TIMESTAMP '2026-01-31 10:45:12')",
            "2026-01-26 00:00:00+00",
        ),
        (
            "date_trunc('quarter', DATE '2026-05-31')",
            "2026-04-01 00:00:00+00",
        ),
        (
            "date_trunc('century', TIMESTAMP '2026-01-31')",
            "2001-01-01 00:00:00+00",
        ),
        (
            "date_trunc('minute', TIMESTAMP '1969-12-31 23:59:30')",
            "1969-12-31 23:59:00+00",
        ),
        (
            "date_trunc('hour', INTERVAL '1 day 02:30:00')",
            "1 day 02:00:00",
        ),
        ("date_part('hour', TIMESTAMP '2026-01-31 10:45:12')", "10"),
        (
            "extract(second FROM TIMESTAMP '2026-01-31 10:45:12.5')",
            "12.500000",
        ),
        ("extract(dow FROM DATE '2026-02-01')", "0"),
        ("extract(isodow FROM DATE '2026-02-01')", "7"),
        ("extract(doy FROM DATE '2026-02-01')", "32"),
        ("extract(week FROM DATE '2021-01-03')", "53"),
        ("extract(isoyear FROM DATE '2021-01-03')", "2020"),
        ("extract(quarter FROM DATE '2026-05-31')", "2"),
        ("extract(century FROM DATE '2000-12-31')", "20"),
        ("extract(millennium FROM DATE '2001-01-01')", "3"),
        ("extract(day FROM INTERVAL '3 days 5 hours')", "3"),
        (
            "extract(epoch FROM INTERVAL '1 day 1 second')",
            "86401.000000",
        ),
        ("extract(epoch FROM INTERVAL '1 year')", "31557600.000000"),
        (
            "age(TIMESTAMP '2026-03-01', TIMESTAMP '2025-01-15')",
            "1 year 1 mon 17 days",
        ),
        (
            "age(TIMESTAMP '2026-03-31', TIMESTAMP '2025-12-30')",
            "3 mons 1 day",
        ),
        (
            "age(TIMESTAMP '2025-12-30', TIMESTAMP '2026-03-31')",
            "-3 mons -1 days",
        ),
        (
            "age(TIMESTAMP '2001-04-10', TIMESTAMP '1957-06-13')",
            "43 years 9 mons 27 days",
        ),
        ("to_timestamp(1700000000)", "2023-11-14 22:13:20+00"),
        ("to_timestamp(1700000000.25)", "2023-11-14 22:13:20.25+00"),
        (
            "to_timestamp('31.01.2026 10:30', 'DD.MM.YYYY HH24:MI')",
            "2026-01-31 10:30:00+00",
        ),
        (
            "to_timestamp('05 Dec 2000 3:07 PM', 'DD Mon YYYY HH12:MI AM')",
            "2000-12-05 15:07:00+00",
        ),
        (
            "to_timestamp('20260131', 'YYYYMMDD')",
            "2026-01-31 00:00:00+00",
        ),
        (
            "to_timestamp('2026-01-31', '%Y-%m-%d')",
            "2026-01-31 00:00:00+00",
        ),
        (
            "to_timestamp('2026-01-31T10:00:00.5+02', 'YYYY-MM-DD\"T\"HH24:MI:SS.MSTZH')",
            "2026-01-31 08:00:00.5+00",
        ),
        (
            "to_char(TIMESTAMP '2026-01-31 13:05:09.042', 'YYYY-MM-DD HH24:MI:SS.MS')",
            "2026-01-31 13:05:09.042",
        ),
        (
            "to_char(TIMESTAMP '2026-01-31 13:05:09', 'FMDay, DDth FMMonth YYYY HH12:MI am')",
            "Saturday, 31st January 2026 01:05 pm",
        ),
        (
            "to_char(TIMESTAMP '2026-01-31 13:05:09', 'YYYY-MM-DDTHH24:MI:SS\"Z\"')",
            "2026-01-31T13:05:09Z",
        ),
        (
            "to_char(DATE '2026-01-31', 'Dy DD Mon YY, Q IW DDD')",
            "Sat 31 Jan 26, 1 05 031",
        ),
        (
            "strftime(TIMESTAMP '2026-01-31 13:05:09', '%d.%m.%y %H:%M')",
            "31.01.26 13:05",
        ),
        (
            "strftime(TIMESTAMP '2026-07-31 13:05:09', '%H:%M %Z', 'Europe/Berlin')",
            "15:05 CEST",
        ),
        (
            "strptime('31/Jan/2026:10:00:00 +0200', '%d/%b/%Y:%H:%M:%S %z')",
            "2026-01-31 08:00:00+00",
        ),
        (
            "strptime('31.01.2026 10:00', '%d.%m.%Y %H:%M', 'Europe/Berlin')",
            "2026-01-31 09:00:00+00",
        ),
        ("strptime('1700000000', '%s')", "2023-11-14 22:13:20+00"),
        ("strptime('2026-01', '%Y-%m')", "2026-01-01 00:00:00+00"),
        (
            "strptime('2026-01-31 10', '%Y-%m-%d %H')",
            "2026-01-31 10:00:00+00",
        ),
        ("to_date('2026-01-31')", "2026-01-31"),
        ("to_date('31.1.2026', 'DD.MM.YYYY')", "2026-01-31"),
        (
            "make_timestamp(2026, 1, 31, 10, 30, 5.5)",
            "2026-01-31 10:30:05.5+00",
        ),
        (
            "make_timestamp(2026, 7, 31, 10, 30, 0, 'Europe/Berlin')",
            "2026-07-31 08:30:00+00",
        ),
        ("make_date(2024, 2, 29)", "2024-02-29"),
        (
            "make_interval(1, 2, 3, 4, 5, 6.5)",
            "1 year 2 mons 3 days 04:05:06.5",
        ),
        (
            "date_bin(15 MINUTES, TIMESTAMP '2026-01-31 10:44:59')",
            "2026-01-31 10:30:00+00",
        ),
        (
            "date_bin(15 MINUTES, TIMESTAMP '2026-01-31 10:44:59', TIMESTAMP '2026-01-31 00:02:30')",
            "2026-01-31 10:32:30+00",
        ),
        ("epoch(TIMESTAMP '1970-01-01 00:00:01.5')", "1.5"),
        ("epoch_ms(TIMESTAMP '1970-01-01 00:00:01.5')", "1500"),
        ("epoch_ms(TIMESTAMP '1969-12-31 23:59:59.9995')", "-1"),
        ("epoch_ms(90 SECONDS)", "90000"),
        ("from_epoch_ms(1500)", "1970-01-01 00:00:01.5+00"),
        (
            "timestamp_diff('day', TIMESTAMP '2026-01-01', TIMESTAMP '2026-02-01 23:00')",
            "31",
        ),
        (
            "timestamp_diff('month', TIMESTAMP '2026-01-31', TIMESTAMP '2026-02-28')",
            "0",
        ),
        (
            "timestamp_diff('year', TIMESTAMP '2024-02-29', TIMESTAMP '2026-03-01')",
            "2",
        ),
        ("last_day(DATE '2024-02-10')", "2024-02-29"),
        ("justify_hours(INTERVAL '50 hours')", "2 days 02:00:00"),
        (
            "TIMESTAMP '2026-07-31 12:00:00' AT TIME ZONE 'Europe/Berlin'",
            "2026-07-31 14:00:00+00",
        ),
    ]);
    fails(&[
        "date_trunc('epoch', TIMESTAMP '2026-01-31')",
        "extract(dow FROM INTERVAL '1 day')",
        "to_timestamp('x', 'YYYY')",
        "to_timestamp('2026-13-01', 'YYYY-MM-DD')",
        "to_timestamp('2026-01-01 x', 'YYYY-MM-DD')",
        "to_timestamp('25', 'HH24')",
        "to_timestamp(1e300)",
        "strptime('x', '%Y')",
        "strptime('2026', '%Q%')",
        "strftime(TIMESTAMP '2026-01-31', '%Q')",
        "make_date(2023, 2, 29)",
        "make_timestamp(2026, 1, 31, 25, 0, 0)",
        "make_timestamp(2026, 1, 31, 1, 0, 0, 'Nowhere')",
        "make_date(9223372036854775807, 1, 1)",
        "date_bin(INTERVAL '1' MONTH, TIMESTAMP '2026-01-31')",
        "date_bin(0 SECONDS, TIMESTAMP '2026-01-31')",
        "from_epoch_ms(9223372036854775807)",
        "timestamp_diff('dow', TIMESTAMP '2026-01-31', TIMESTAMP '2026-01-31')",
    ]);
}

#[test]
fn json() {
    const DOC: &str = r#"JSON '{"a":{"b":[1,"two",null]},"odd name":true}'"#;
    let table = [
        ("json_value(@, '$.a.b[2]')", "two"),
        ("json_value(@, '$.a')", "NULL"),
        ("json_value(@, '$.\"odd name\"')", "true"),
        ("json_value(@, 'a.b[1]')", "1"),
        ("json_extract(@, '$.a.b')", "[1,\"two\",null]"),
        ("json_extract_string(@, '$.a.b')", "[1,\"two\",null]"),
        ("json_query(@, '$.a.b[1]')", "NULL"),
        ("json_exists(@, '$.a.b[3]')", "true"),
        ("json_exists(@, '$.a.c')", "false"),
        ("json_array_length(@, '$.a.b')", "3"),
        ("json_array_length(@)", "NULL"),
        ("json_typeof(@)", "object"),
        ("json_keys(@)", "{a,\"odd name\"}"),
        ("json_contains(@, JSON '{\"a\":{\"b\":[1]}}')", "true"),
        ("json_contains(@, JSON '{\"a\":1}')", "false"),
        ("json_object('a', 1, 'b', NULL)", "{\"a\":1,\"b\":null}"),
        ("json_array(1, 'x', TRUE)", "[1,\"x\",true]"),
        ("to_json(ARRAY[1, 2])", "[1,2]"),
    ];
    for (text, expected) in table {
        assert_eq!(value(&text.replace('@', DOC)), expected, "{text}");
    }
    fails(&[
        "json_value(JSON '{}', '$.a[0]')",
        "json_value(JSON '{}', '$..a')",
        "json_object('a')",
        "json_object(NULL, 1)",
    ]);
}

#[test]
fn arrays() {
    check(&[
        ("cardinality(ARRAY[1, 2])", "2"),
        ("array_length(ARRAY['a'], 1)", "1"),
        ("array_length(ARRAY['a'], 2)", "NULL"),
        ("array_contains(ARRAY[1, 2], 2.0)", "true"),
        ("array_contains(ARRAY['a'], 'b')", "false"),
        ("array_position(ARRAY['a', 'b'], 'b')", "2"),
        ("array_position(ARRAY['a'], 'x')", "NULL"),
        ("array_append(ARRAY[1], 2.5)", "{1,2.5}"),
        ("array_prepend(0, ARRAY[1])", "{0,1}"),
        ("array_distinct(ARRAY[2, 1, 2])", "{2,1}"),
        ("array_sort(ARRAY[2, NULL, 1])", "{1,2,NULL}"),
        ("array_slice(ARRAY[1, 2, 3, 4], 2, 3)", "{2,3}"),
        ("array_slice(ARRAY[1, 2], -5, 1)", "{1}"),
        ("array_max(ARRAY[1, NULL, 3])", "3"),
        ("string_to_array('a,b,,c', ',')", "{a,b,\"\",c}"),
        ("string_to_array('a,b', ',', 'b')", "{a,NULL}"),
        ("string_to_array('ab', NULL)", "{a,b}"),
        ("array_to_string(ARRAY[1, NULL, 3], '-')", "1-3"),
        ("array_to_string(ARRAY[1, NULL, 3], '-', '?')", "1-?-3"),
        ("generate_series(1, 5, 2)", "{1,3,5}"),
        ("generate_series(3, 1)", "{}"),
        ("generate_series(3, 1, -1)", "{3,2,1}"),
        (
            "generate_series(9223372036854775806, 9223372036854775807)",
            "{9223372036854775806,9223372036854775807}",
        ),
        ("(ARRAY['a', 'b'])[2]", "b"),
        ("(ARRAY['a'])[2]", "NULL"),
    ]);
    fails(&[
        "generate_series(1, 99999999999)",
        "generate_series(1, 2, 0)",
        "array_contains(ARRAY[1], 'a')",
    ]);
}

#[test]
fn addresses_places_and_bytes() {
    check(&[
        ("host('10.0.0.1/24'::inet)", "10.0.0.1"),
        ("masklen('10.0.0.1/24')", "24"),
        ("family('::1')", "6"),
        ("network('10.0.0.1/24')", "10.0.0.0/24"),
        ("broadcast('10.0.0.1/24')", "10.0.0.255/24"),
        ("netmask('10.0.0.1/24')", "255.255.255.0"),
        ("set_masklen('10.0.0.1', 8)", "10.0.0.1/8"),
        ("is_private('192.168.1.1')", "true"),
        ("is_loopback('127.0.0.1')", "true"),
        ("encode('abc', 'hex')", "616263"),
        ("encode('abcd', 'base64')", "YWJjZA=="),
        ("encode('', 'base64')", ""),
        ("convert_from(decode('YWJjZA==', 'base64'), 'UTF8')", "abcd"),
        ("decode('6162', 'hex')", "\\x6162"),
        ("to_hex(255)", "ff"),
        ("xxhash('abc')", "06b05ab6733a618578af5f94892f3950"),
        (
            "round(geo_distance(52.52, 13.405, 48.8566, 2.3522) / 1000)",
            "877",
        ),
        ("geo_distance(1, 2, 1, 2)", "0"),
        ("geo_within(52.52, 13.405, 52.53, 13.405, 2000)", "true"),
        ("round(geo_bearing(0, 0, 0, 1))", "90"),
    ]);
    fails(&[
        "set_masklen('10.0.0.1', 64)",
        "decode('xyz', 'hex')",
        "decode('!', 'base64')",
        "decode('a', 'base64')",
        "encode('a', 'x')",
        "geo_distance(91, 0, 0, 0)",
    ]);
}

#[test]
fn every_function_is_described_and_found() {
    let mut names = std::collections::HashSet::new();
    for function in list() {
        assert!(
            names.insert(function.name),
            "{} is there twice",
            function.name
        );
        assert!(
            !function.doc.is_empty() && !function.signatures.is_empty(),
            "{}",
            function.name
        );
        assert_eq!(function.name, function.name.to_ascii_uppercase());
        assert!(find(&function.name.to_ascii_lowercase()).is_some());
    }
    assert!(list().len() > 140);
    assert!(find("LIKE").is_none() && operator("LIKE").is_some());
    let left = find("left").map(ScalarFunction::signature_lines);
    assert_eq!(left, Some(vec!["LEFT(text, bigint) → text".to_owned()]));
}

fn argument() -> impl Strategy<Value = Value> {
    use portent_grammar::Type;
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        (-3_i64..40).prop_map(Value::Int),
        any::<f64>().prop_map(Value::Float),
        (-3.0..3.0).prop_map(Value::Float),
        (any::<i64>(), 0_u32..28).prop_map(|(mantissa, scale)| Value::Decimal(
            rust_decimal::Decimal::new(mantissa, scale)
        )),
        ".{0,8}".prop_map(Value::text),
        "[a-c%_\\\\.*+(]{0,6}".prop_map(Value::text),
        Just(Value::text("hour")),
        Just(Value::text("YYYY-MM-DD Day")),
        Just(Value::text("%Y-%m-%d %Z")),
        Just(Value::text("Europe/Berlin")),
        any::<i64>().prop_map(Value::Timestamp),
        any::<i32>().prop_map(Value::Date),
        (any::<i32>(), any::<i32>(), any::<i64>()).prop_map(|(months, days, micros)| {
            Value::interval(portent_grammar::Interval {
                months,
                days,
                micros,
            })
        }),
        Just(Value::text("10.0.0.1/8").cast(&Type::Inet).unwrap()),
        Just(
            Value::text("{\"a\":[1,{\"b\":null}]}")
                .cast(&Type::Json)
                .unwrap()
        ),
        Just(Value::array(vec![Value::Int(1), Value::Null])),
        any::<Vec<u8>>().prop_map(|bytes| Value::Bytes(bytes.into())),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_arguments_panic(args in prop::collection::vec(argument(), 0..5)) {
        let refs: Vec<&Value> = args.iter().collect();
        for function in families().flatten() {
            // A long series is slow, and tested above.
            if function.name != "GENERATE_SERIES" {
                let _ = function.call(&refs);
            }
        }
    }

    #[test]
    fn no_operands_panic(left in argument(), right in argument()) {
        use crate::expr::ArithmeticOp as Op;
        for op in [Op::Add, Op::Subtract, Op::Multiply, Op::Divide, Op::Modulo, Op::Power, Op::Concat] {
            let _ = crate::expr::arithmetic(op, &left, &right);
        }
    }
}
