//! Merges states that are entered by the same variable and have the same steps: what can come after them is the same, in
//! the same order of preference.
//!
//! Rounds of hashing from the end of the pattern forwards; each round merges what the one before made equal. Cycles that are
//! equal only as a whole are left alone.

use rustc_hash::FxHashMap;

use crate::automaton::{Automaton, State, StateId, Step, Transition};
use crate::expr::VarId;

const MAX_ROUNDS: usize = 64;

pub(super) fn merge(automaton: &mut Automaton) {
    for _ in 0..MAX_ROUNDS {
        let entered = entered_by(automaton);
        let mut first: FxHashMap<(u64, Option<VarId>), Vec<usize>> = FxHashMap::default();
        let mut into: Vec<usize> = (0..automaton.states.len()).collect();
        let mut merged = false;
        for (at, state) in automaton.states.iter().enumerate().skip(1) {
            if state.steps.is_empty() {
                // Merged away in an earlier round.
                continue;
            }
            let variable = entered.get(at).copied().flatten();
            let same = first.entry((hash(state), variable)).or_default();
            let equal = same.iter().find(|other| {
                automaton
                    .states
                    .get(**other)
                    .is_some_and(|other| other.steps == state.steps)
            });
            match equal {
                Some(other) => {
                    into[at] = *other;
                    merged = true;
                }
                None => same.push(at),
            }
        }
        if !merged {
            return;
        }
        redirect(automaton, &into);
    }
}

/// The variable that enters each state.
fn entered_by(automaton: &Automaton) -> Vec<Option<VarId>> {
    let mut entered = vec![None; automaton.states.len()];
    for step in automaton.states.iter().flat_map(|state| &state.steps) {
        if let Step::Bind(transition) = step
            && let Some(place) = entered.get_mut(transition.next.0 as usize)
        {
            *place = Some(transition.variable);
        }
    }
    entered
}

fn hash(state: &State) -> u64 {
    use std::hash::{Hash, Hasher};
    let mut hasher = rustc_hash::FxHasher::default();
    for step in &state.steps {
        match step {
            Step::Bind(t) => (t.variable, t.gap, t.next, &t.absent).hash(&mut hasher),
            Step::Accept(tail) => tail.absent.hash(&mut hasher),
        }
    }
    hasher.finish()
}

/// Points every step to the state that its target was merged into, and takes out steps that this made equal to a
/// more preferred one.
fn redirect(automaton: &mut Automaton, into: &[usize]) {
    for (at, state) in automaton.states.iter_mut().enumerate() {
        if into.get(at) != Some(&at) {
            state.steps.clear();
            continue;
        }
        let mut steps: Vec<Step> = Vec::with_capacity(state.steps.len());
        let mut changed = false;
        for mut step in std::mem::take(&mut state.steps) {
            if let Step::Bind(transition) = &mut step {
                let to = into.get(transition.next.0 as usize).copied();
                let to = to.and_then(|to| u32::try_from(to).ok()).map(StateId);
                if let Some(to) = to.filter(|to| *to != transition.next) {
                    transition.next = to;
                    changed = true;
                }
            }
            steps.push(step);
        }
        if changed {
            steps = without_repetition(steps);
        }
        state.steps = steps;
    }
}

fn without_repetition(steps: Vec<Step>) -> Vec<Step> {
    let mut kept: Vec<Step> = Vec::with_capacity(steps.len());
    let mut by_target: FxHashMap<(StateId, VarId), Vec<usize>> = FxHashMap::default();
    for step in steps {
        if let Step::Bind(transition) = &step {
            let same = by_target
                .entry((transition.next, transition.variable))
                .or_default();
            let plain = Transition {
                race: None,
                ..transition.clone()
            };
            let again = same.iter().any(|at| match kept.get(*at) {
                Some(Step::Bind(other)) => {
                    Transition {
                        race: None,
                        ..other.clone()
                    } == plain
                }
                _ => false,
            });
            if again {
                continue;
            }
            same.push(kept.len());
        }
        kept.push(step);
    }
    kept
}
