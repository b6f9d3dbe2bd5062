//! A hash of everything that decides a query's output, the same in every run: stream numbers and places in the text are not in
//! it, names and shapes are.

use std::fmt::Write;

use xxhash_rust::xxh3::xxh3_64;

use crate::compiled::{Body, CompiledQuery, Limits, MatchPlan, RowOrder, StreamId};
use crate::expr::{Expr, display};

/// The fingerprint of a query. `name` tells the names of streams.
pub fn of(query: &CompiledQuery, name: &dyn Fn(StreamId) -> String) -> u64 {
    let mut text = String::new();
    for input in &query.inputs {
        let _ = write!(text, "{}{:?};", name(input.stream), input.columns);
    }
    let _ = write!(text, "{:?}", query.layout);
    query
        .unnest
        .iter()
        .for_each(|unnest| expr(&mut text, &unnest.array));
    if let Body::Match(plan) = &query.body {
        pattern(&mut text, plan);
    }
    query
        .filter
        .iter()
        .for_each(|filter| expr(&mut text, filter));
    if let Some(group) = &query.group {
        text.push_str("group");
        group.keys.iter().for_each(|key| expr(&mut text, key));
        for aggregate in &group.aggregates {
            let _ = write!(text, "{:?}{}", aggregate.function, aggregate.distinct);
            aggregate
                .args
                .iter()
                .chain(&aggregate.filter)
                .for_each(|part| expr(&mut text, part));
        }
        group
            .having
            .iter()
            .for_each(|having| expr(&mut text, having));
    }
    query
        .projection
        .iter()
        .for_each(|column| expr(&mut text, column));
    let _ = write!(text, "{:?}{}", query.output, query.distinct);
    if let Some(limit) = &query.limit_per {
        let _ = write!(text, "{} per {}", limit.count, limit.per);
        limit.by.iter().for_each(|by| expr(&mut text, by));
    }
    let _ = write!(
        text,
        "{:?}{:?}{}{:?}{:?}",
        query.order_by, query.limit, query.offset, query.end_of_input, query.event_time
    );
    // Where none is set the fingerprint is that of the time before there were any.
    if query.limits != Limits::default() {
        let _ = write!(text, "{:?}", query.limits);
    }
    xxh3_64(text.as_bytes())
}

fn pattern(text: &mut String, plan: &MatchPlan) {
    let _ = write!(text, "{:?}", plan.automaton);
    plan.predicates
        .iter()
        .for_each(|predicate| expr(text, predicate));
    for condition in plan.conditions.iter() {
        let _ = write!(text, "{:?}", condition.unary);
        condition
            .correlated
            .iter()
            .for_each(|part| expr(text, part));
    }
    plan.partition_by.iter().for_each(|key| expr(text, key));
    plan.key_of
        .iter()
        .flatten()
        .flatten()
        .for_each(|key| expr(text, key));
    let (kind, keys) = match &plan.order {
        RowOrder::EventTime { ties } => ("time", ties),
        RowOrder::Sorted { keys } => ("sorted", keys),
    };
    text.push_str(kind);
    for key in keys {
        expr(text, &key.expr);
        let _ = write!(text, "{}{}", key.descending, key.nulls_first);
    }
    let _ = write!(
        text,
        "{:?}{:?}{:?}{}{}{}",
        plan.within, plan.mode, plan.rows, plan.emit_matches, plan.emit_timeouts, plan.in_order
    );
}

fn expr(text: &mut String, expr: &Expr) {
    let _ = write!(
        text,
        "{}:{};",
        display(expr, &|slot| format!("#{slot}"), &|variable| format!(
            "${}",
            variable.0
        )),
        expr.ty
    );
}
