//! What a query reads of its events.

use crate::compiled::{Body, CompiledQuery, Input, RowOrder};
use crate::expr::{Aggregate, Expr, ExprKind, MatchInfo, walk};

/// Visits the columns of the events of an input that a query reads, some of them more than once; `None`: all of them. `tests`: also
/// those that only the predicates over one event look at.
///
/// (After GROUP BY, columns of the select list are those of the group: to visit them too costs nothing but a column that may not be
/// needed.)
pub fn each_column(
    query: &CompiledQuery,
    input: &Input,
    tests: bool,
    visit: &mut dyn FnMut(Option<usize>),
) {
    each_expr(query, tests, &mut |expr| {
        walk(expr, &mut |expr| match &expr.kind {
            ExprKind::Column(slot) => match &input.columns {
                None => visit(Some(*slot)),
                Some(columns) => {
                    if let Some(Some(column)) = columns.get(*slot) {
                        visit(Some(*column));
                    }
                }
            },
            ExprKind::MatchInfo(MatchInfo::Events) => visit(None),
            _ => {}
        });
    });
}

/// Every expression of a query.
fn each_expr(query: &CompiledQuery, tests: bool, visit: &mut dyn FnMut(&Expr)) {
    let aggregate = |aggregate: &Aggregate, visit: &mut dyn FnMut(&Expr)| {
        aggregate
            .args
            .iter()
            .chain(&aggregate.filter)
            .for_each(visit);
    };
    query.unnest.iter().for_each(|it| visit(&it.array));
    query.filter.iter().for_each(&mut *visit);
    query.projection.iter().for_each(&mut *visit);
    query
        .limit_per
        .iter()
        .flat_map(|it| &it.by)
        .for_each(&mut *visit);
    if let Some(group) = &query.group {
        group.keys.iter().for_each(&mut *visit);
        group.aggregates.iter().for_each(|it| aggregate(it, visit));
        group.having.iter().for_each(&mut *visit);
    }
    let Body::Match(plan) = &query.body else {
        return;
    };
    if tests {
        plan.predicates.iter().for_each(&mut *visit);
    }
    plan.conditions
        .iter()
        .flat_map(|it| &it.correlated)
        .for_each(&mut *visit);
    plan.partition_by.iter().for_each(&mut *visit);
    plan.key_of.iter().flatten().flatten().for_each(&mut *visit);
    let keys = match &plan.order {
        RowOrder::EventTime { ties } => ties,
        RowOrder::Sorted { keys } => keys,
    };
    keys.iter().for_each(|it| visit(&it.expr));
}
