//! Which columns of a stream anybody reads: the others need not be decoded.

use portent_planner::CompiledQuery;
use portent_planner::catalog::{ColumnSource, StreamDef};
use portent_planner::compiled::{Body, RowOrder};
use portent_planner::expr::{Aggregate, Expr, ExprKind, MatchInfo, walk};

/// Marks the columns of `stream` that the queries read. `None`: all of them.
pub(crate) fn needed<'a>(
    stream: &StreamDef,
    queries: impl Iterator<Item = &'a CompiledQuery>,
) -> Option<Vec<bool>> {
    let mut needed = vec![false; stream.columns.len()];
    for column in &stream.columns {
        if let ColumnSource::Computed(expr) = &column.source {
            mark_columns(expr, &mut |slot| mark(&mut needed, slot));
        }
    }
    for query in queries {
        for input in &query.inputs {
            // Late events are shown as they came.
            if Some(input.stream) == stream.late {
                return None;
            }
            if input.stream != stream.id {
                continue;
            }
            let mut whole = false;
            each_expr(query, &mut |expr| {
                walk(expr, &mut |expr| match &expr.kind {
                    ExprKind::Column(slot) => match &input.columns {
                        None => mark(&mut needed, *slot),
                        Some(columns) => {
                            if let Some(Some(column)) = columns.get(*slot) {
                                mark(&mut needed, *column);
                            }
                        }
                    },
                    ExprKind::MatchInfo(MatchInfo::Events) => whole = true,
                    _ => {}
                });
            });
            if whole {
                return None;
            }
        }
    }
    Some(needed)
}

fn mark(needed: &mut [bool], slot: usize) {
    if let Some(place) = needed.get_mut(slot) {
        *place = true;
    }
}

fn mark_columns(expr: &Expr, mark: &mut dyn FnMut(usize)) {
    walk(expr, &mut |expr| {
        if let ExprKind::Column(slot) = &expr.kind {
            mark(*slot);
        }
    });
}

/// Every expression of a query. (After GROUP BY, columns of the select list are those of the group: marking them too costs nothing but
/// a column that may not be needed.)
fn each_expr(query: &CompiledQuery, visit: &mut dyn FnMut(&Expr)) {
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
    plan.predicates.iter().for_each(&mut *visit);
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
