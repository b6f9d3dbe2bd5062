//! Which queries are alike but for constants: those can run on one automaton, whatever their number.
//!
//! Ten thousand rules are seldom ten thousand patterns: most are a few templates with other constants. What an automaton asks of an
//! event alone (`MatchPlan::predicates`) is answered outside it, so it may differ; everything else must be the same.

use std::hash::Hasher;

use xxhash_rust::xxh3::Xxh3;

use crate::compiled::{Body, CompiledQuery, Condition, MatchPlan, RowOrder, SortKey};
use crate::expr::{Expr, same};

/// A hash that is equal for queries that are [`alike`].
pub fn hash(query: &CompiledQuery) -> u64 {
    let Body::Match(plan) = &query.body else {
        return 0;
    };
    let mut hasher = Xxh3::new();
    for input in &query.inputs {
        hasher.write_u32(input.stream.0);
    }
    hasher.write_usize(plan.predicates.len());
    for condition in plan.conditions.iter() {
        condition
            .unary
            .iter()
            .for_each(|number| hasher.write_u32(*number));
        hasher.write_usize(condition.correlated.len());
    }
    for name in &plan.automaton.variables {
        hasher.write(name.as_bytes());
    }
    for state in &plan.automaton.states {
        hasher.write_usize(state.steps.len());
    }
    hasher.write(format!("{:?}{:?}", plan.within, plan.mode).as_bytes());
    hasher.finish()
}

/// Whether two queries have patterns over the same inputs, and a policy for their limits, that differ only in what they ask of an event alone. What they make of
/// their matches (WHERE, the select list) does not count.
pub fn alike(one: &CompiledQuery, other: &CompiledQuery) -> bool {
    let (Body::Match(left), Body::Match(right)) = (&one.body, &other.body) else {
        return false;
    };
    // Limits are each query's own, but what happens at them decides in what form partial matches are kept.
    one.inputs == other.inputs
        && one.layout == other.layout
        && one.limits.on_overflow == other.limits.on_overflow
        && same_pattern(left, right)
}

fn same_pattern(left: &MatchPlan, right: &MatchPlan) -> bool {
    // Whoever adds a field must say whether it counts.
    let MatchPlan {
        automaton,
        predicates,
        conditions,
        partition_by,
        key_of,
        order,
        within,
        mode,
        rows,
        emit_matches,
        emit_timeouts,
        in_order,
        look_back,
        look_ahead,
    } = left;
    let keys = |plan: &MatchPlan| plan.key_of.clone().unwrap_or_default();
    *automaton == right.automaton
        && predicates.len() == right.predicates.len()
        && conditions.len() == right.conditions.len()
        && conditions
            .iter()
            .zip(right.conditions.iter())
            .all(|(one, other)| same_condition(one, other))
        && all_same(partition_by, &right.partition_by)
        && key_of.is_some() == right.key_of.is_some()
        && keys(left).len() == keys(right).len()
        && keys(left)
            .iter()
            .zip(&keys(right))
            .all(|(one, other)| all_same(one, other))
        && same_order(order, &right.order)
        && *within == right.within
        && *mode == right.mode
        && *rows == right.rows
        && *emit_matches == right.emit_matches
        && *emit_timeouts == right.emit_timeouts
        && *in_order == right.in_order
        && *look_back == right.look_back
        && *look_ahead == right.look_ahead
}

fn same_condition(one: &Condition, other: &Condition) -> bool {
    one.unary == other.unary
        && all_same(&one.correlated, &other.correlated)
        && one.looks_at_match == other.looks_at_match
}

fn same_order(one: &RowOrder, other: &RowOrder) -> bool {
    let same_keys = |left: &[SortKey], right: &[SortKey]| {
        left.len() == right.len()
            && left.iter().zip(right).all(|(one, other)| {
                same(&one.expr, &other.expr)
                    && one.descending == other.descending
                    && one.nulls_first == other.nulls_first
            })
    };
    match (one, other) {
        (RowOrder::EventTime { ties: left }, RowOrder::EventTime { ties: right }) => {
            same_keys(left, right)
        }
        (RowOrder::Sorted { keys: left }, RowOrder::Sorted { keys: right }) => {
            same_keys(left, right)
        }
        _ => false,
    }
}

fn all_same(left: &[Expr], right: &[Expr]) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(one, other)| same(one, other))
}
