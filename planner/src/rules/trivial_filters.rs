//! A filter that is always true is none.

use portent_grammar::Value;

use crate::expr::ExprKind;
use crate::logical::LogicalPlan;

pub(super) fn apply(plan: LogicalPlan) -> LogicalPlan {
    match plan {
        LogicalPlan::Filter { input, condition }
            if matches!(condition.kind, ExprKind::Const(Value::Bool(true))) =>
        {
            *input
        }
        plan => plan,
    }
}
