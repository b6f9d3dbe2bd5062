//! The execution class of a query: how the engine runs it, and why.

use std::fmt;

use crate::automaton::Step;
use crate::compiled::{Body, CompiledQuery};

/// How the engine runs a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Each event by itself.
    Filter,
    /// Prioritised threads over the automaton: the general way.
    Threads,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Class::Filter => "filter",
            Class::Threads => "threads",
        })
    }
}

/// The class of a query, and the reason in a few words.
pub fn class(query: &CompiledQuery) -> (Class, &'static str) {
    let Body::Match(plan) = &query.body else {
        return (
            Class::Filter,
            "no pattern: each row is decided by itself, at constant cost",
        );
    };
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
    if one_event && !looks_around {
        return (
            Class::Filter,
            "a match is one event, decided by itself, at constant cost",
        );
    }
    (
        Class::Threads,
        "prioritised threads, one for each open partial match: cost grows with those that an event touches",
    )
}
