//! Variables tied by equality of one column, in a pattern that isn't partitioned by it.

use portent_grammar::Diagnostic;
use portent_grammar::codes::lints::NOT_PARTITIONED;

use super::Facts;
use crate::catalog::name;
use crate::expr::{CompareOp, Expr, ExprKind};
use crate::logical::LogicalMatch;

pub(super) fn check(pattern: &LogicalMatch, facts: &Facts<'_>, diagnostics: &mut Vec<Diagnostic>) {
    if pattern.key_of.is_some() || pattern.variables.list.len() < 2 {
        return;
    }
    // The first variable has nothing to be equal to.
    let mut tied: Option<Vec<usize>> = None;
    for condition in pattern.conditions.iter().skip(1) {
        let own = condition.as_ref().map(ties).unwrap_or_default();
        tied = Some(match tied {
            None => own,
            Some(known) => known
                .into_iter()
                .filter(|slot| own.contains(slot))
                .collect(),
        });
    }
    for slot in tied.unwrap_or_default() {
        let is_key = |key: &Expr| matches!(key.kind, ExprKind::Column(own) if own == slot);
        if pattern.partition_by.iter().any(is_key) {
            continue;
        }
        let Some(column) = facts.layout.get(slot) else {
            continue;
        };
        let column = name::quote(&column.name);
        let message = format!(
            "every variable asks for the same {column}, but the pattern is not partitioned by it"
        );
        diagnostics.push(
            Diagnostic::warning(NOT_PARTITIONED, facts.span, message).help(format!(
                "add PARTITION BY {column}, and take the comparisons out"
            )),
        );
    }
}

/// The columns that a condition asks to be equal to the same column of another variable.
fn ties(condition: &Expr) -> Vec<usize> {
    let mut slots = Vec::new();
    let mut todo = vec![condition];
    while let Some(expr) = todo.pop() {
        match &expr.kind {
            ExprKind::And(parts) => todo.extend(parts),
            ExprKind::Compare(CompareOp::Eq, left, right) => {
                if let Some(slot) = tie(left, right).or_else(|| tie(right, left)) {
                    slots.push(slot);
                }
            }
            _ => {}
        }
    }
    slots
}

fn tie(own: &Expr, other: &Expr) -> Option<usize> {
    let (ExprKind::Column(slot), ExprKind::Navigate(navigate)) = (&own.kind, &other.kind) else {
        return None;
    };
    let same = matches!(navigate.argument.kind, ExprKind::Column(other) if other == *slot);
    (same && navigate.row.variables.is_some() && navigate.row.physical == 0).then_some(*slot)
}
