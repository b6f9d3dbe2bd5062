//! A condition that can never hold: FALSE or NULL whatever the event, or bounds with nothing between them.

use std::cmp::Ordering;

use portent_grammar::codes::lints::NEVER_TRUE;
use portent_grammar::{Diagnostic, Value};

use super::Facts;
use crate::expr::{CompareOp, Expr, ExprKind};
use crate::logical::LogicalMatch;

pub(super) fn check(pattern: &LogicalMatch, _: &Facts<'_>, diagnostics: &mut Vec<Diagnostic>) {
    for (condition, (_, variable)) in pattern.conditions.iter().zip(pattern.variables.iter()) {
        let Some(condition) = condition else { continue };
        if let Some(found) = impossible(condition) {
            // `x = NULL` was warned of where it was read.
            let known = |said: &Diagnostic| !said.is_error() && said.span() == found.0.span;
            if diagnostics.iter().any(known) {
                continue;
            }
            let message = format!("the condition of {} can never hold", variable.name);
            let lint = Diagnostic::warning(NEVER_TRUE, found.0.span, message).label(found.1);
            diagnostics.push(match found.2 {
                Some(help) => lint.help(help),
                None => lint,
            });
        }
    }
}

type Found<'a> = (&'a Expr, &'static str, Option<&'static str>);

fn impossible(condition: &Expr) -> Option<Found<'_>> {
    let parts = flat(condition);
    for part in &parts {
        match &part.kind {
            ExprKind::Const(Value::Bool(false)) => {
                return Some((part, "this is always false", None));
            }
            ExprKind::Const(Value::Null) => {
                let help = "to test for NULL write IS NULL or IS NOT NULL";
                return Some((part, "this is always NULL, which is not true", Some(help)));
            }
            ExprKind::Compare(_, left, right) if is_null(left) || is_null(right) => {
                let help = "to test for NULL write IS NULL or IS NOT NULL";
                return Some((part, "a comparison with NULL is never true", Some(help)));
            }
            _ => {}
        }
    }
    for (at, part) in parts.iter().enumerate() {
        let Some(second) = bound(part) else { continue };
        for earlier in parts.iter().take(at) {
            let Some(first) = bound(earlier) else {
                continue;
            };
            if first.of == second.of && contradict(&first, &second) {
                return Some((
                    part,
                    "this and an earlier condition exclude each other",
                    None,
                ));
            }
        }
    }
    None
}

fn is_null(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Const(Value::Null))
}

fn flat(condition: &Expr) -> Vec<&Expr> {
    let mut parts = Vec::new();
    let mut todo = vec![condition];
    while let Some(expr) = todo.pop() {
        match &expr.kind {
            ExprKind::And(inner) => todo.extend(inner.iter().rev()),
            _ => parts.push(expr),
        }
    }
    parts
}

/// `x op constant`
struct Bound<'a> {
    of: &'a Expr,
    op: CompareOp,
    value: &'a Value,
}

fn bound(expr: &Expr) -> Option<Bound<'_>> {
    let ExprKind::Compare(op, left, right) = &expr.kind else {
        return None;
    };
    match (&left.kind, &right.kind) {
        (_, ExprKind::Const(value)) => Some(Bound {
            of: left,
            op: *op,
            value,
        }),
        (ExprKind::Const(value), _) => Some(Bound {
            of: right,
            op: op.swapped(),
            value,
        }),
        _ => None,
    }
}

/// Whether nothing meets both. Only what is certain: other operators and values that don't compare are let go.
fn contradict(first: &Bound<'_>, second: &Bound<'_>) -> bool {
    use CompareOp::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    let Some(order) = order(first.value, second.value) else {
        return false;
    };
    match (first.op, second.op) {
        (Eq, Eq) => order != Ordering::Equal,
        (Eq, NotEq) | (NotEq, Eq) => order == Ordering::Equal,
        (Eq, Lt) => order != Ordering::Less,
        (Eq, LtEq) => order == Ordering::Greater,
        (Eq, Gt) => order != Ordering::Greater,
        (Eq, GtEq) => order == Ordering::Less,
        (Lt | LtEq | Gt | GtEq, Eq) => contradict(second, first),
        (Gt, Lt | LtEq) | (GtEq, Lt) => order != Ordering::Less,
        (GtEq, LtEq) => order == Ordering::Greater,
        (Lt | LtEq, Gt | GtEq) => contradict(second, first),
        _ => false,
    }
}

fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (Value::Decimal(a), Value::Decimal(b)) => Some(a.cmp(b)),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Timestamp(a), Value::Timestamp(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        _ => None,
    }
}
