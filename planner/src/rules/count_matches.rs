//! Aggregates over the set of matches: where the aggregates can be had without the matches, the query that makes matches and the one
//! that groups them become one.

use std::sync::Arc;

use crate::compiled::{Body, CompiledQuery};
use crate::explain::class::is_any;
use crate::explain::counting::is_count;
use crate::expr::{Aggregate, Expr, ExprKind, conjoin, walk_mut};

/// One query for two, of which the second only groups the matches of the first. `None`: they must stay two.
pub fn apply(matches: &CompiledQuery, groups: &CompiledQuery) -> Option<CompiledQuery> {
    join(matches, groups)?.ok()
}

/// Why two queries, of which the second only groups the matches of the first, must stay two, though what makes the matches is of class
/// `any`. `None`: they are not like that.
pub fn why_not(matches: &CompiledQuery, groups: &CompiledQuery) -> Option<String> {
    join(matches, groups)?.err()
}

fn join(matches: &CompiledQuery, groups: &CompiledQuery) -> Option<Result<CompiledQuery, String>> {
    let Body::Match(plan) = &matches.body else {
        return None;
    };
    let plain = matches.group.is_none()
        && !matches.distinct
        && matches.limit_per.is_none()
        && matches.order_by.is_empty()
        && matches.limit.is_none()
        && matches.offset == 0
        && matches.unnest.is_empty()
        && matches.event_time.is_none();
    let [input] = groups.inputs.as_slice() else {
        return None;
    };
    let reads = matches!(groups.body, Body::Rows)
        && groups.unnest.is_empty()
        && input.stream == matches.output_stream
        && input.columns.is_none();
    if !plain || !reads {
        return None;
    }
    let mut group = groups.group.clone()?;
    let mut known = true;
    let mut put = |expr: &mut Expr| {
        walk_mut(expr, &mut |part| {
            if let ExprKind::Column(slot) = part.kind {
                match matches.projection.get(slot) {
                    Some(value) => *part = value.clone(),
                    None => known = false,
                }
            }
        });
    };
    group.keys.iter_mut().for_each(&mut put);
    for aggregate in &mut group.aggregates {
        let Aggregate { args, filter, .. } = aggregate;
        args.iter_mut().chain(filter).for_each(&mut put);
    }
    let mut filter = groups.filter.clone();
    filter.iter_mut().for_each(&mut put);
    if !known {
        return None;
    }
    let filters: Vec<Expr> = matches.filter.iter().cloned().chain(filter).collect();
    let one = CompiledQuery {
        inputs: matches.inputs.clone(),
        layout: matches.layout.clone(),
        body: Body::Match(Arc::clone(plan)),
        filter: (!filters.is_empty()).then(|| conjoin(filters)),
        group: Some(group),
        ..groups.clone()
    };
    if is_any(plan).is_err() {
        return None;
    }
    let applies = is_count(&one, plan);
    Some(applies.map(|()| one))
}
