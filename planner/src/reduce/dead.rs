//! Takes out steps to states from which the end can't be reached.

use crate::automaton::{Automaton, Step};

pub(super) fn remove(automaton: &mut Automaton) {
    let alive = super::alive(automaton);
    for state in &mut automaton.states {
        state.steps.retain(|step| match step {
            Step::Bind(transition) => alive.get(transition.next.0 as usize) == Some(&true),
            Step::Accept(_) => true,
        });
    }
}
