//! The execution class of a query: how the engine runs it, what an event costs, and why no cheaper class will do.

use std::fmt;

use super::counting::{Source, is_count, sources};
use super::equality::{Equality, equality};
use super::next::is_next;
use crate::automaton::{Absent, Contiguity, Gap, Step};
use crate::compiled::{
    Body, CompiledQuery, MatchPlan, Mode, Overflow, RowOrder, RowsPerMatch, Within,
};
use crate::expr::{VarId, looks_beyond_row};

/// How the engine runs a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// Each event by itself.
    Filter,
    /// Aggregates over the set of matches of class `any`, without making the matches.
    Count,
    /// MATCH ALL by a determinised automaton over a shared graph of partial matches.
    Any,
    /// The same for each value of the key by which equalities tie the pattern's variables together.
    AnyEquality,
    /// Preferred matches of contiguous rows: threads that know only their state, for all starts together.
    Row,
    /// Threads, which an event finds by what they wait for.
    Next,
    /// Prioritised threads over the automaton: the general way.
    Threads,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Class::Filter => "filter",
            Class::Count => "count",
            Class::Any => "any",
            Class::AnyEquality => "any, equality",
            Class::Row => "row",
            Class::Next => "next",
            Class::Threads => "threads",
        })
    }
}

/// The class of a query, and the reason in a few words.
pub fn class(query: &CompiledQuery) -> (Class, String) {
    let Body::Match(plan) = &query.body else {
        let reason = "no pattern: each row is decided by itself, at constant cost";
        return (Class::Filter, reason.to_owned());
    };
    if is_one_event(plan) {
        let reason = "a match is one event, decided by itself, at constant cost";
        return (Class::Filter, reason.to_owned());
    }
    let oldest = query.limits.on_overflow == Some(Overflow::DropOldest);
    let counted = is_any(plan).is_ok() && is_count(query, plan).is_ok();
    if (!oldest || plan.partition_by.is_empty()) && counted {
        return (Class::Count, count_reason(query, plan));
    }
    let (cheaper, applies, reason) = match plan.mode {
        Mode::All => {
            let ages = !oldest || has_one_age(plan);
            if ages && is_any(plan).is_err() && is_any_by_key(plan).is_ok() {
                let reason = "equalities tie all variables together by one key: the partial matches of a key share a graph, and \
                              the keys of an event are looked up: expected cost per event is that of the automaton's states, \
                              whatever the window and however many keys and partial matches are open (matches are made one by \
                              one, also where they are only counted)";
                return (Class::AnyEquality, reason.to_owned());
            }
            // Where only its correlations stand in the way, what is wrong with them says more than that they are there.
            let applies = match ages {
                true => is_any(plan).or_else(|_| is_any_by_key(plan).map(drop)),
                false => Err(
                    "only a window of time tells the oldest partial matches, which are dropped at the limit"
                        .to_owned(),
                ),
            };
            let reason = "partial matches share a graph: cost per event is that of the automaton's states, whatever the window \
                          and however many partial matches are open";
            (Class::Any, applies, reason)
        }
        Mode::Preferred(_) => (
            Class::Row,
            is_row(plan).map_err(str::to_owned),
            "contiguous rows, conditions on a row and its neighbours: cost per event is that of the automaton's states, however \
             long the runs",
        ),
    };
    let why = match applies {
        Ok(()) => return (cheaper, reason.to_owned()),
        Err(why) => why,
    };
    match is_next(plan) {
        Ok(()) => (
            Class::Next,
            format!(
                "an event finds the partial matches that wait for it, by the values that their conditions compare, and deadlines \
                 come from a heap: cost grows with those that an event moves on or ends, not with those that are open; not class \
                 {cheaper}, since {why}"
            ),
        ),
        Err(more) => (
            Class::Threads,
            format!(
                "prioritised threads, one for each open partial match: an event may look at all that are open; not class {cheaper}, \
                 since {why}; nor class next, since {more}"
            ),
        ),
    }
}

fn count_reason(query: &CompiledQuery, plan: &MatchPlan) -> String {
    let sources = sources(query, plan);
    let carried = sources
        .iter()
        .filter(|source| **source != Source::Last)
        .count();
    let times = match carried {
        0 => String::new(),
        _ => format!(
            " times the aggregates ({} x {}: the number of matches, and the {carried} whose values are not those of the last event)",
            plan.automaton.states.len(),
            carried + 1,
        ),
    };
    format!(
        "matches are counted, not made: cost per event is that of the automaton's states{times}, whatever the window and however \
         many matches there are"
    )
}

/// Whether a match is one event that stands for itself.
fn is_one_event(plan: &MatchPlan) -> bool {
    let one_event = plan.automaton.states.iter().enumerate().all(|(at, state)| {
        state.steps.iter().all(|step| match step {
            Step::Bind(transition) => at == 0 && transition.absent.is_empty(),
            Step::Accept(tail) => at != 0 && tail.absent.is_empty(),
        })
    });
    let looks_around = plan
        .conditions
        .iter()
        .any(|condition| !condition.correlated.is_empty());
    one_event && !looks_around
}

/// Whether the oldest partial matches can be told in class `any`, to drop them at a limit: one graph must hold those of all keys, and
/// a window must take out of it what is open no more.
pub fn has_one_age(plan: &MatchPlan) -> bool {
    matches!(plan.within, Some(Within::Time(_)))
}

/// Whether a pattern can run in class `any`: what an event does to a partial match must follow from the event alone and from the
/// automaton's state, so that all partial matches of a state can be treated as one.
///
/// # Errors
/// Why it can't.
pub fn is_any(plan: &MatchPlan) -> Result<(), &'static str> {
    if plan.key_of.is_some() {
        return Err("the key is computed per variable");
    }
    is_shared(plan)?;
    for (condition, variable) in plan.conditions.iter().zip(0_u16..) {
        let looks = |expr| looks_beyond_row(expr, VarId(variable));
        if condition.correlated.iter().any(looks) {
            return Err("a condition looks at events bound before");
        }
    }
    Ok(())
}

/// Whether a pattern that can't run in class `any` can do so for each key by itself: equalities tie all its variables together. The key
/// by which they do.
///
/// # Errors
/// Why it can't.
pub fn is_any_by_key(plan: &MatchPlan) -> Result<Equality, String> {
    is_shared(plan)?;
    let equality = equality(plan)?;
    for state in plan.automaton.states.iter().skip(1) {
        for step in &state.steps {
            if let Step::Bind(bind) = step
                && bind.gap.kind == Contiguity::Contiguous
            {
                // It would have to be looked at in all keys.
                return Err("an event of any other key ends a contiguous wait".to_owned());
            }
        }
    }
    Ok(equality)
}

/// What classes `any` and `any, equality` ask alike: everything but the conditions.
fn is_shared(plan: &MatchPlan) -> Result<(), &'static str> {
    if plan.mode != Mode::All {
        return Err("only the preferred matches are asked for (MATCH ALL asks for every one)");
    }
    if plan.emit_timeouts {
        return Err("each partial match that runs out of time is reported");
    }
    match &plan.order {
        RowOrder::EventTime { ties } if ties.is_empty() => {}
        _ => return Err("rows have an order of their own"),
    }
    if plan.look_back > 0 || plan.look_ahead > 0 {
        return Err("PREV or NEXT looks at neighbouring rows");
    }
    if plan.automaton.variables.len() > 64 {
        return Err("it has more than 64 variables");
    }
    for (at, state) in plan.automaton.states.iter().enumerate() {
        for step in &state.steps {
            match step {
                Step::Bind(bind) if bind.first_row => return Err("it is anchored"),
                Step::Bind(bind) if at == 0 && !bind.absent.is_empty() => {
                    return Err("an absence before its first event looks back");
                }
                Step::Bind(bind) if bind.excluded => return Err("it leaves out rows"),
                Step::Bind(bind) if at > 0 && is_bounded(bind.gap, &bind.absent) => {
                    return Err("the time between two of its events is bounded");
                }
                Step::Bind(_) => {}
                Step::Accept(tail) if tail.at_end || tail.first_row && at > 0 => {
                    return Err("it is anchored");
                }
                Step::Accept(tail) if !tail.absent.is_empty() => {
                    return Err("an absence after its last event waits for a deadline");
                }
                Step::Accept(_) => {}
            }
        }
    }
    Ok(())
}

/// Whether a pattern can run in class `row`: each row goes on with the row right after it, or ends; what a row does to a partial match
/// must follow from the row, its neighbours and the automaton's state alone; and no deadline decides anything.
///
/// # Errors
/// Why it can't.
pub fn is_row(plan: &MatchPlan) -> Result<(), &'static str> {
    if plan.mode == Mode::All {
        return Err("every match is asked for");
    }
    if plan.within.is_some() {
        return Err("WITHIN limits each start by itself");
    }
    if plan.emit_timeouts {
        return Err("each partial match that runs out of time is reported");
    }
    if plan.key_of.is_some() {
        return Err("the key is computed per variable");
    }
    let unmatched = matches!(
        plan.rows,
        RowsPerMatch::All {
            unmatched: true,
            ..
        }
    );
    if unmatched {
        return Err("rows without a match are asked for");
    }
    if plan.automaton.variables.len() > 64 {
        return Err("it has more than 64 variables");
    }
    let mut is_run = false;
    for (at, state) in plan.automaton.states.iter().enumerate() {
        for step in &state.steps {
            let absent = match step {
                Step::Bind(bind) => {
                    if at > 0 && bind.gap.kind != Contiguity::Contiguous {
                        return Err("rows may lie between two events of a match");
                    }
                    if at > 0 && is_bounded(bind.gap, &bind.absent) {
                        return Err("the time between two of its events is bounded");
                    }
                    if bind.race.is_some() {
                        return Err("the order of its events is open");
                    }
                    is_run |= at > 0;
                    &bind.absent
                }
                Step::Accept(tail) => &tail.absent,
            };
            if !absent.is_empty() {
                return Err("an event must be absent");
            }
        }
    }
    if !is_run {
        return Err("a match has one event at most");
    }
    for (condition, variable) in plan.conditions.iter().zip(0_u16..) {
        let looks = |expr| looks_beyond_row(expr, VarId(variable));
        if condition.correlated.iter().any(looks) {
            return Err("a condition looks at events bound before");
        }
    }
    Ok(())
}

fn is_bounded(gap: Gap, absent: &[Absent]) -> bool {
    gap.min.is_some_and(|min| min > 0)
        || gap.max.is_some()
        || absent
            .iter()
            .any(|absent| absent.min > 0 || absent.max.is_some())
}
