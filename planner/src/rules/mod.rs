//! Rewrites of a logical plan that change none of its rows; a rule a file, applied in order.

pub mod count_matches;
mod merge_filters;
pub mod predicates;
mod simplify_conditions;
mod trivial_filters;

use crate::logical::LogicalPlan;

/// What a rule does to one node, whose inputs it has done already.
type Rule = fn(LogicalPlan) -> LogicalPlan;

/// The rules, in order.
pub const RULES: &[Rule] = &[
    simplify_conditions::apply,
    merge_filters::apply,
    trivial_filters::apply,
];

/// Applies every rule, from the leaves up.
pub fn apply(plan: LogicalPlan) -> LogicalPlan {
    RULES.iter().fold(plan, |plan, rule| bottom_up(plan, *rule))
}

/// A plan of one statement is about ten nodes high; other statements' plans (`Scan::of`) were rewritten when they were made.
fn bottom_up(plan: LogicalPlan, rule: Rule) -> LogicalPlan {
    let down = |input: Box<LogicalPlan>| Box::new(bottom_up(*input, rule));
    use LogicalPlan as Plan;
    let plan = match plan {
        Plan::Scan { .. } | Plan::Values { .. } | Plan::Merge { .. } => plan,
        Plan::Unnest { input, array } => Plan::Unnest {
            input: down(input),
            array,
        },
        Plan::Match { input, pattern } => Plan::Match {
            input: down(input),
            pattern,
        },
        Plan::Filter { input, condition } => Plan::Filter {
            input: down(input),
            condition,
        },
        Plan::Group {
            input,
            keys,
            aggregates,
            having,
        } => Plan::Group {
            input: down(input),
            keys,
            aggregates,
            having,
        },
        Plan::Project {
            input,
            columns,
            output,
        } => Plan::Project {
            input: down(input),
            columns,
            output,
        },
        Plan::Distinct { input } => Plan::Distinct { input: down(input) },
        Plan::LimitPer { input, limit } => Plan::LimitPer {
            input: down(input),
            limit,
        },
        Plan::Sort { input, by } => Plan::Sort {
            input: down(input),
            by,
        },
        Plan::Limit {
            input,
            limit,
            offset,
        } => Plan::Limit {
            input: down(input),
            limit,
            offset,
        },
    };
    rule(plan)
}
