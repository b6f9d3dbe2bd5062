//! What operators are lowered to. These have no name that can be called.

use portent_grammar::Value;
use portent_parser::ast::LikeKind;

use super::Family::Operator as F;
use super::{Outcome, ScalarFunction, mismatch, strict};
use crate::expr::time::{Zone, extract};
use crate::expr::with_dynamic;

pub(super) static FUNCTIONS: &[ScalarFunction] = &[
    strict(
        F,
        "LIKE",
        &[],
        "x LIKE a pattern that is not constant.",
        |args| matches(args, LikeKind::Like),
    ),
    strict(
        F,
        "ILIKE",
        &[],
        "x ILIKE a pattern that is not constant.",
        |args| matches(args, LikeKind::ILike),
    ),
    strict(
        F,
        "SIMILAR TO",
        &[],
        "x SIMILAR TO a pattern that is not constant.",
        |args| matches(args, LikeKind::Similar),
    ),
    strict(F, "~", &[], "x ~ a pattern that is not constant.", |args| {
        matches(args, LikeKind::Regex)
    }),
    strict(
        F,
        "~*",
        &[],
        "x ~* a pattern that is not constant.",
        |args| matches(args, LikeKind::IRegex),
    ),
    strict(F, "EXTRACT", &[], "EXTRACT(field FROM x)", extract_field),
    strict(
        F,
        "AT TIME ZONE",
        &[],
        "What a clock in the zone shows at an instant.",
        at_time_zone,
    ),
];

fn matches(args: &[&Value], kind: LikeKind) -> Outcome {
    let [Value::Text(text), Value::Text(pattern), Value::Text(escape)] = args else {
        return mismatch(args);
    };
    with_dynamic(kind, pattern, escape.chars().next(), |pattern| {
        pattern.is_match(text)
    })
    .map(Value::Bool)
}

fn extract_field(args: &[&Value]) -> Outcome {
    let [Value::Text(name), value] = args else {
        return mismatch(args);
    };
    extract(super::time::field(name)?, value)
}

fn at_time_zone(args: &[&Value]) -> Outcome {
    let [Value::Timestamp(micros), Value::Text(zone)] = args else {
        return mismatch(args);
    };
    let local = Zone::parse(zone)?.local(*micros);
    local
        .map(Value::Timestamp)
        .ok_or_else(|| "the timestamp is out of range".to_owned())
}
