//! Rewrites that shrink an automaton and change none of its matches, nor their preference; a rewrite a file.

mod bisimilar;
mod dead;
mod equivalent;
mod races;
mod unreachable;

use crate::automaton::{Automaton, StateId, Step};

/// Shrinks an automaton. O(steps) for each rewrite and round.
pub fn reduce(automaton: &mut Automaton) {
    dead::remove(automaton);
    unreachable::remove(automaton);
    equivalent::merge(automaton);
    unreachable::remove(automaton);
    bisimilar::merge(automaton);
    unreachable::remove(automaton);
    for state in &mut automaton.states {
        races::remove_lone(&mut state.steps);
    }
}

/// The states that a state's steps lead to.
pub fn targets(steps: &[Step]) -> impl Iterator<Item = StateId> + '_ {
    steps.iter().filter_map(|step| match step {
        Step::Bind(transition) => Some(transition.next),
        Step::Accept(_) => None,
    })
}

/// For each state, whether the end can be reached from it.
pub fn alive(automaton: &Automaton) -> Vec<bool> {
    let count = automaton.states.len();
    let mut before: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut alive = vec![false; count];
    let mut todo = Vec::new();
    for (at, state) in automaton.states.iter().enumerate() {
        if state
            .steps
            .iter()
            .any(|step| matches!(step, Step::Accept(_)))
        {
            alive[at] = true;
            todo.push(at);
        }
        for target in targets(&state.steps) {
            if let Some(list) = before.get_mut(target.0 as usize) {
                list.push(at);
            }
        }
    }
    while let Some(at) = todo.pop() {
        for previous in &before[at] {
            if !alive[*previous] {
                alive[*previous] = true;
                todo.push(*previous);
            }
        }
    }
    alive
}
