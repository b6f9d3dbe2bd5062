//! Two filters, one on the other, are one.

use crate::expr::conjoin;
use crate::logical::LogicalPlan;

pub(super) fn apply(plan: LogicalPlan) -> LogicalPlan {
    let LogicalPlan::Filter { input, condition } = plan else {
        return plan;
    };
    match *input {
        LogicalPlan::Filter {
            input,
            condition: inner,
        } => LogicalPlan::Filter {
            input,
            condition: conjoin(vec![inner, condition]),
        },
        other => LogicalPlan::Filter {
            input: Box::new(other),
            condition,
        },
    }
}
