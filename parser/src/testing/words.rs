//! Names, texts, numbers, durations, types.

use portent_grammar::Span;
use proptest::prelude::*;
use proptest::sample::select;

use crate::ast::{Duration, DurationPart, Ident, TimeUnit, TypeName};

pub(super) fn bare(text: impl Into<String>) -> Ident {
    Ident {
        text: text.into(),
        quoted: false,
        span: Span::default(),
    }
}

/// Plain words and words of the language that are not reserved.
const FREE: &[&str] = &[
    "a",
    "b",
    "price",
    "userId",
    "s$late",
    "é",
    "日本",
    "_x",
    "x1",
    "user",
    "type",
    "time",
    "timestamp",
    "date",
    "value",
    "key",
    "first",
    "last",
    "end",
    "start",
    "match",
    "stream",
    "line",
    "events",
    "all",
    "count",
    "id",
    "offset",
    "partition",
    "left",
    "query",
    "format",
    "interval",
    "row",
    "pattern",
    "define",
    "within",
    "emit",
    "per",
    "running",
    "final",
    "day",
    "minute",
    "desc",
    "at",
    "by",
    "one",
    "escape",
    "over",
    "filter",
];

const RESERVED: &[&str] = &[
    "order", "SELECT", "from", "Where", "null", "CASE", "not", "with",
];

fn quoted() -> impl Strategy<Value = Ident> {
    let text = prop_oneof![
        select(vec![
            "@timestamp",
            "PM2.5",
            "Case ID",
            "order",
            "a\"b",
            "a",
            "",
            "it's",
            "x\ny",
            "--",
            "/*"
        ])
        .prop_map(String::from),
        "[a-zA-Z \"'`.$é-]{1,6}",
    ];
    text.prop_map(|text| Ident {
        text,
        quoted: true,
        span: Span::default(),
    })
}

/// A name where a keyword could stand.
pub(super) fn ident() -> impl Strategy<Value = Ident> {
    prop_oneof![6 => select(FREE).prop_map(bare), 1 => quoted()]
}

/// A name after AS or a dot.
pub(super) fn label() -> impl Strategy<Value = Ident> {
    prop_oneof![6 => select(FREE).prop_map(bare), 1 => select(RESERVED).prop_map(bare), 1 => quoted()]
}

/// A name of a variable: none that ends in `$`.
pub(super) fn variable() -> impl Strategy<Value = Ident> {
    ident().prop_filter("an anchor", |ident| {
        ident.quoted || !ident.text.ends_with('$')
    })
}

/// The name of a function: none with a form of its own.
pub(super) fn function() -> impl Strategy<Value = Ident> {
    let names = select(vec![
        "COUNT",
        "sum",
        "First",
        "LAST",
        "PREV",
        "abs",
        "coalesce",
        "date",
        "left",
        "classifier",
        "regexp_match",
    ]);
    prop_oneof![8 => names.prop_map(bare), 1 => quoted()]
}

pub(super) fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{0,5}",
        select(vec![
            "it's",
            "''",
            "a\\b",
            "a\nb",
            "\t\r",
            "-- x",
            "/* x */",
            ";",
            "\u{7f}\u{85}\u{1}",
            "日本\u{1F600}",
            "\\'",
            "{-",
            "\""
        ])
        .prop_map(String::from),
    ]
}

pub(super) fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        (0u32..1000).prop_map(|n| n.to_string()),
        select(vec![
            "1.5",
            ".5",
            "1.",
            "1e6",
            "1.5E-3",
            "0",
            "007",
            "99999999999999999999999",
            "1e+9"
        ])
        .prop_map(String::from),
    ]
}

fn unit() -> impl Strategy<Value = TimeUnit> {
    use TimeUnit::*;
    select(vec![
        Microsecond,
        Millisecond,
        Second,
        Minute,
        Hour,
        Day,
        Week,
        Month,
        Quarter,
        Year,
    ])
}

pub(super) fn duration() -> impl Strategy<Value = Duration> {
    let signed = select(vec!["1", "10", "1.5", "-1", "-3", ".5", "90"]).prop_map(String::from);
    let with = |numbers: BoxedStrategy<String>, interval: bool| {
        let part = (numbers, unit()).prop_map(|(number, unit)| DurationPart { number, unit });
        proptest::collection::vec(part, 1..4).prop_map(move |parts| Duration {
            parts,
            interval,
            span: Span::default(),
        })
    };
    prop_oneof![with(number().boxed(), false), with(signed.boxed(), true)]
}

pub(super) fn type_name() -> impl Strategy<Value = TypeName> {
    let names = [
        ("BIGINT", 0),
        ("TEXT", 0),
        ("DOUBLE PRECISION", 0),
        ("DOUBLE", 0),
        ("CHARACTER VARYING", 1),
        ("DECIMAL", 2),
        ("DECIMAL", 1),
        ("TIMESTAMP", 0),
        ("TIMESTAMP", 1),
        ("TIMESTAMP WITH TIME ZONE", 1),
        ("TIMESTAMP WITHOUT TIME ZONE", 0),
        ("TIMESTAMP WITH LOCAL TIME ZONE", 0),
        ("WITHIN", 0),
        ("TIMESTAMP_LTZ", 1),
        ("JSON", 0),
    ];
    (
        select(names.to_vec()),
        proptest::collection::vec(0u32..100, 2),
        0u32..3,
    )
        .prop_map(|((name, count), args, array)| TypeName {
            name: name.to_owned(),
            args: args.into_iter().take(count).collect(),
            array,
            span: Span::default(),
        })
}
