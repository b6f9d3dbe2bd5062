//! Which queries are alike but for constants: those can run on one automaton, whatever their number.
//!
//! Ten thousand rules are seldom ten thousand patterns: most are a few templates with other constants. What an automaton asks of an
//! event alone (`MatchPlan::predicates`) is answered outside it, so it may differ; everything else must be the same.

use std::hash::Hasher;

use xxhash_rust::xxh3::Xxh3;

use crate::compiled::{Body, CompiledQuery, Condition, Group, MatchPlan, RowOrder, SortKey};
use crate::expr::{Aggregate, Expr, same};
use crate::reads::each_column;

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

/// Whether a query can go on with the state of another one whose place it takes: all that decides what is open in it must be the same. What it makes of its
/// matches may be other, as long as nothing of that is remembered. (In which form the state is kept, the engine tells.)
///
/// # Errors
/// What differs: half a sentence.
pub fn same_state(old: &CompiledQuery, new: &CompiledQuery) -> Result<(), &'static str> {
    if old.inputs != new.inputs || old.layout != new.layout {
        return Err("it reads other streams, or other columns of them");
    }
    let arrays = |query: &CompiledQuery| -> Vec<Expr> {
        query.unnest.iter().map(|it| it.array.clone()).collect()
    };
    if !all_same(&arrays(old), &arrays(new)) {
        return Err("it takes arrays apart in another way");
    }
    match (&old.body, &new.body) {
        (Body::Rows, Body::Rows) => {}
        (Body::Match(left), Body::Match(right)) => {
            if !same_pattern(left, right) || !all_same(&left.predicates, &right.predicates) {
                return Err("its pattern, conditions, partition or window changed");
            }
        }
        _ => return Err("it has a pattern where it had none, or none where it had one"),
    }
    if old.limits.on_overflow != new.limits.on_overflow {
        return Err("what it does at its limits changed");
    }
    if old.event_time != new.event_time {
        return Err("its rows get their time in another way");
    }
    if (gathers(old) || gathers(new)) && !same_gathering(old, new) {
        return Err("it gathers other rows, groups or limits");
    }
    if is_stateless(old) {
        return Ok(());
    }
    let (mut read, mut all) = (Vec::new(), false);
    for (number, input) in old.inputs.iter().enumerate() {
        each_column(old, input, true, &mut |column| match column {
            Some(column) => read.push((number, column)),
            None => all = true,
        });
    }
    let mut more = false;
    for (number, input) in new.inputs.iter().enumerate() {
        each_column(new, input, true, &mut |column| {
            more |= !all && column.is_none_or(|column| !read.contains(&(number, column)));
        });
    }
    match more {
        true => Err("it looks at columns that were not kept of the events that it holds"),
        false => Ok(()),
    }
}

/// Whether a query holds nothing from one event to the next.
pub fn is_stateless(query: &CompiledQuery) -> bool {
    matches!(query.body, Body::Rows) && query.inputs.len() == 1 && !gathers(query)
}

/// Whether something of what comes out of its rows or matches is remembered.
fn gathers(query: &CompiledQuery) -> bool {
    query.group.is_some()
        || query.distinct
        || query.limit_per.is_some()
        || !query.order_by.is_empty()
        || query.limit.is_some()
        || query.offset > 0
}

fn same_gathering(old: &CompiledQuery, new: &CompiledQuery) -> bool {
    let both = |one: Option<&Expr>, other: Option<&Expr>| match (one, other) {
        (Some(one), Some(other)) => same(one, other),
        (None, None) => true,
        _ => false,
    };
    let groups = match (&old.group, &new.group) {
        (None, None) => true,
        (Some(one), Some(other)) => {
            let parts = |group: &Group| {
                group
                    .aggregates
                    .iter()
                    .flat_map(|it| it.args.iter().chain(&it.filter).cloned())
                    .collect::<Vec<Expr>>()
            };
            let kinds = |group: &Group| {
                let kind =
                    |it: &Aggregate| format!("{:?}{}{}", it.function, it.distinct, it.args.len());
                group.aggregates.iter().map(kind).collect::<Vec<_>>()
            };
            all_same(&one.keys, &other.keys)
                && kinds(one) == kinds(other)
                && all_same(&parts(one), &parts(other))
                && both(one.having.as_ref(), other.having.as_ref())
        }
        _ => false,
    };
    let periods = match (&old.limit_per, &new.limit_per) {
        (None, None) => true,
        (Some(one), Some(other)) => {
            one.count == other.count && one.per == other.per && all_same(&one.by, &other.by)
        }
        _ => false,
    };
    groups
        && periods
        && both(old.filter.as_ref(), new.filter.as_ref())
        && all_same(&old.projection, &new.projection)
        && old.distinct == new.distinct
        && old.order_by == new.order_by
        && old.limit == new.limit
        && old.offset == new.offset
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
