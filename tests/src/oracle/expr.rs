//! The evaluator: scalar expressions with three-valued logic. What looks at a match is in `navigate`.

use portent_grammar::Value;
use portent_parser::ast::{BinaryOp, Call, Expr, ExprKind, LikeKind, UnaryOp};

use super::model::{Bound, Row};
use super::query::Query;
use super::value::{
    Failure, Outcome, arithmetic, boolean, compare, comparison, fail, truth, unknown,
};
use super::{literal, navigate};

/// Where an expression is evaluated.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    pub query: &'a Query<'a>,
    /// The partition.
    pub rows: &'a [Row],
    /// What is bound, in order; while a condition is tested the row at hand is tentatively the last (2.12).
    pub bound: &'a [Bound],
    /// RUNNING sees `bound[..upto]`, FINAL all of it.
    pub upto: usize,
    /// Where names are read.
    pub at: At<'a>,
    /// Known once the match is.
    pub facts: Option<&'a Facts<'a>>,
}

/// Where names are read.
#[derive(Clone, Copy)]
pub enum At<'a> {
    /// In a match: a bare name at the last row, `v.name` at the last row bound to v.
    Match,
    /// At one row, whatever the qualifier: a navigation led there.
    Row(&'a Row, Option<usize>),
    /// In a row of the table that MATCH_RECOGNIZE is.
    Table(&'a [(String, Value)]),
}

/// Facts about a whole match.
pub struct Facts<'a> {
    /// Partial matches have none.
    pub number: Option<i64>,
    pub timed_out: bool,
    /// When it became certain.
    pub time: i64,
    /// With LIMIT … PER: how many were held back before it.
    pub suppressed: Option<i64>,
    /// The partition's key, by component of PARTITION BY.
    pub key: &'a [Value],
}

/// An expression over a lone row: partition keys, ORDER BY.
pub fn of_row(query: &Query<'_>, expr: &Expr, row: &Row) -> Outcome {
    eval(
        expr,
        &Scope {
            query,
            rows: &[],
            bound: &[],
            upto: 0,
            at: At::Row(row, None),
            facts: None,
        },
    )
}

/// The value of an expression.
pub fn eval(expr: &Expr, scope: &Scope<'_>) -> Outcome {
    match &expr.kind {
        ExprKind::Null => Ok(Value::Null),
        ExprKind::Bool(b) => Ok(Value::Bool(*b)),
        ExprKind::Number(text) => literal::number(text),
        ExprKind::Text(text) => Ok(Value::text(text.as_str())),
        ExprKind::Duration(duration) => literal::interval(duration),
        ExprKind::TypedText { ty, text } if ty.name.starts_with("TIMESTAMP") => {
            match literal::timestamp(text) {
                Some(time) => Ok(Value::Timestamp(time)),
                None => fail("not a timestamp"),
            }
        }
        ExprKind::Paren(inner) => eval(inner, scope),
        ExprKind::Name(parts) => navigate::name(parts, scope),
        ExprKind::Unary { op, expr } => unary(*op, eval(expr, scope)?),
        ExprKind::Binary { op, left, right } => binary(*op, left, right, scope),
        ExprKind::IsNull { expr, negated } => {
            Ok(Value::Bool(eval(expr, scope)?.is_null() != *negated))
        }
        ExprKind::IsBool {
            expr,
            value,
            negated,
        } => Ok(Value::Bool(
            (truth(&eval(expr, scope)?)? == *value) != *negated,
        )),
        ExprKind::IsDistinct {
            left,
            right,
            negated,
        } => {
            let (left, right) = (eval(left, scope)?, eval(right, scope)?);
            let distinct = match (left.is_null(), right.is_null()) {
                (false, false) => compare(&left, &right)?.is_some_and(|order| order.is_ne()),
                (left, right) => left != right,
            };
            Ok(Value::Bool(distinct != *negated))
        }
        ExprKind::Between {
            expr,
            low,
            high,
            negated,
        } => {
            let value = eval(expr, scope)?;
            let low = truth(&comparison(BinaryOp::GtEq, &value, &eval(low, scope)?)?)?;
            // As `value >= low AND value <= high`: the right side is not looked at where the left decides.
            let between = match low {
                Some(false) => Some(false),
                _ => and(
                    low,
                    truth(&comparison(BinaryOp::LtEq, &value, &eval(high, scope)?)?)?,
                ),
            };
            Ok(boolean(between.map(|between| between != *negated)))
        }
        ExprKind::In {
            expr,
            list,
            negated,
        } => {
            let value = eval(expr, scope)?;
            let mut found = Some(false);
            for member in list {
                let same = truth(&comparison(BinaryOp::Eq, &value, &eval(member, scope)?)?)?;
                found = or(found, same);
                if found == Some(true) {
                    break;
                }
            }
            Ok(boolean(found.map(|found| found != *negated)))
        }
        ExprKind::Like {
            expr,
            pattern,
            escape: None,
            kind: LikeKind::Like,
            negated,
        } => match (eval(expr, scope)?, eval(pattern, scope)?) {
            (Value::Null, _) | (_, Value::Null) => Ok(Value::Null),
            (Value::Text(text), Value::Text(pattern)) => {
                let (text, pattern): (Vec<char>, Vec<char>) =
                    (text.chars().collect(), pattern.chars().collect());
                Ok(Value::Bool(like(&text, &pattern) != *negated))
            }
            _ => unknown("LIKE on anything but texts"),
        },
        ExprKind::Case {
            operand,
            branches,
            otherwise,
        } => {
            let operand = operand
                .as_ref()
                .map(|operand| eval(operand, scope))
                .transpose()?;
            for (when, then) in branches {
                let when = eval(when, scope)?;
                let holds = match &operand {
                    Some(operand) => comparison(BinaryOp::Eq, operand, &when)?,
                    None => when,
                };
                if truth(&holds)? == Some(true) {
                    return eval(then, scope);
                }
            }
            otherwise
                .as_ref()
                .map_or(Ok(Value::Null), |otherwise| eval(otherwise, scope))
        }
        ExprKind::Cast { expr, ty, .. } => cast(eval(expr, scope)?, &ty.name),
        ExprKind::Call(call) => match navigate::call(call, scope) {
            Some(value) => value,
            None => scalar(call, scope),
        },
        _ => unknown("this shape of expression"),
    }
}

fn unary(op: UnaryOp, value: Value) -> Outcome {
    match (op, value) {
        (_, Value::Null) => Ok(Value::Null),
        (UnaryOp::Not, value) => Ok(boolean(truth(&value)?.map(|b| !b))),
        (UnaryOp::Plus, value) => Ok(value),
        (UnaryOp::Minus, Value::Int(n)) => n
            .checked_neg()
            .map(Value::Int)
            .ok_or_else(|| Failure::Error("integer out of range".into())),
        (UnaryOp::Minus, Value::Float(x)) => Ok(Value::Float(-x)),
        (UnaryOp::Minus, Value::Decimal(d)) => Ok(Value::Decimal(-d)),
        _ => unknown("a sign before anything but a number"),
    }
}

/// AND and OR go left to right and stop where the answer is known, so that `x <> 0 AND 1 / x > 2` is no error.
fn binary(op: BinaryOp, left: &Expr, right: &Expr, scope: &Scope<'_>) -> Outcome {
    let left = eval(left, scope)?;
    match op {
        BinaryOp::And => match truth(&left)? {
            Some(false) => Ok(Value::Bool(false)),
            left => Ok(boolean(and(left, truth(&eval(right, scope)?)?))),
        },
        BinaryOp::Or => match truth(&left)? {
            Some(true) => Ok(Value::Bool(true)),
            left => Ok(boolean(or(left, truth(&eval(right, scope)?)?))),
        },
        BinaryOp::Eq
        | BinaryOp::NotEq
        | BinaryOp::Lt
        | BinaryOp::LtEq
        | BinaryOp::Gt
        | BinaryOp::GtEq => comparison(op, &left, &eval(right, scope)?),
        _ => arithmetic(op, &left, &eval(right, scope)?),
    }
}

fn and(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn or(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    and(left.map(|b| !b), right.map(|b| !b)).map(|b| !b)
}

fn like(text: &[char], pattern: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['%', rest @ ..] => (0..=text.len()).any(|skip| like(&text[skip..], rest)),
        ['_', rest @ ..] => !text.is_empty() && like(&text[1..], rest),
        ['\\', literal, rest @ ..] => text.first() == Some(literal) && like(&text[1..], rest),
        [literal, rest @ ..] => text.first() == Some(literal) && like(&text[1..], rest),
    }
}

fn cast(value: Value, ty: &str) -> Outcome {
    Ok(match (value, ty) {
        (Value::Null, _) => Value::Null,
        (value @ Value::Int(_), "BIGINT" | "INT" | "INTEGER") => value,
        (Value::Int(n), "DOUBLE" | "FLOAT" | "DOUBLE PRECISION") => Value::Float(n as f64),
        (value @ Value::Float(_), "DOUBLE" | "FLOAT" | "DOUBLE PRECISION") => value,
        (value @ Value::Text(_), "TEXT" | "VARCHAR" | "STRING") => value,
        (Value::Int(n), "TEXT" | "VARCHAR" | "STRING") => Value::text(n.to_string()),
        (value, ty) => return unknown(format!("the cast of {value:?} to {ty}")),
    })
}

fn scalar(call: &Call, scope: &Scope<'_>) -> Outcome {
    let name = call.name.text.to_ascii_uppercase();
    let arg = |index: usize| match call.args.get(index) {
        Some(arg) => eval(arg, scope),
        None => unknown("a call without this argument"),
    };
    match name.as_str() {
        "COALESCE" => {
            for index in 0..call.args.len() {
                let value = arg(index)?;
                if !value.is_null() {
                    return Ok(value);
                }
            }
            Ok(Value::Null)
        }
        "NULLIF" => {
            let (left, right) = (arg(0)?, arg(1)?);
            Ok(
                if compare(&left, &right)?.is_some_and(|order| order.is_eq()) {
                    Value::Null
                } else {
                    left
                },
            )
        }
        "ABS" => match arg(0)? {
            Value::Int(n) => n
                .checked_abs()
                .map(Value::Int)
                .ok_or_else(|| Failure::Error("integer out of range".into())),
            Value::Float(x) => Ok(Value::Float(x.abs())),
            Value::Decimal(d) => Ok(Value::Decimal(d.abs())),
            Value::Null => Ok(Value::Null),
            _ => unknown("ABS of anything but a number"),
        },
        "LENGTH" => match arg(0)? {
            Value::Text(text) => Ok(Value::Int(text.chars().count() as i64)),
            Value::Null => Ok(Value::Null),
            _ => unknown("LENGTH of anything but a text"),
        },
        "UPPER" | "LOWER" => match arg(0)? {
            Value::Text(text) if name == "UPPER" => Ok(Value::text(text.to_uppercase())),
            Value::Text(text) => Ok(Value::text(text.to_lowercase())),
            Value::Null => Ok(Value::Null),
            _ => unknown("UPPER and LOWER of anything but a text"),
        },
        "GREATEST" | "LEAST" => {
            let mut best = Value::Null;
            for index in 0..call.args.len() {
                let value = arg(index)?;
                let wins = match compare(&value, &best)? {
                    None => best.is_null(),
                    Some(order) => {
                        if name == "GREATEST" {
                            order.is_gt()
                        } else {
                            order.is_lt()
                        }
                    }
                };
                if wins {
                    best = value;
                }
            }
            Ok(best)
        }
        _ => unknown(format!("the function {name}")),
    }
}
