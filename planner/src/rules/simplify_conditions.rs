//! A conjunct that is always true, or stands there twice, goes. The others keep their order, since the first that is not
//! true spares the rest, and their errors.

use crate::expr::{Expr, conjoin, conjuncts};
use crate::logical::LogicalPlan;

pub(super) fn apply(plan: LogicalPlan) -> LogicalPlan {
    match plan {
        LogicalPlan::Filter { input, condition } => LogicalPlan::Filter {
            input,
            condition: simplify(condition),
        },
        LogicalPlan::Match { input, mut pattern } => {
            for condition in &mut pattern.conditions {
                if let Some(whole) = condition.take() {
                    *condition = Some(simplify(whole));
                }
            }
            LogicalPlan::Match { input, pattern }
        }
        plan => plan,
    }
}

fn simplify(condition: Expr) -> Expr {
    let span = condition.span;
    let mut kept: Vec<Expr> = Vec::new();
    for part in conjuncts(condition) {
        if !kept.contains(&part) {
            kept.push(part);
        }
    }
    let mut whole = conjoin(kept);
    whole.span = span;
    whole
}
