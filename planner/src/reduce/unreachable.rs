//! Takes out states that no step leads to, and numbers the others in the order in which they are first reached.

use std::collections::VecDeque;

use crate::automaton::{Automaton, State, StateId, Step};

pub(super) fn remove(automaton: &mut Automaton) {
    let mut numbers: Vec<Option<u32>> = vec![None; automaton.states.len()];
    let mut order = Vec::new();
    let mut todo = VecDeque::new();
    let mut reach = |state: StateId, order: &mut Vec<usize>, todo: &mut VecDeque<usize>| {
        let at = state.0 as usize;
        if let Some(number @ None) = numbers.get_mut(at) {
            *number = u32::try_from(order.len()).ok();
            order.push(at);
            todo.push_back(at);
        }
    };
    reach(StateId::START, &mut order, &mut todo);
    while let Some(at) = todo.pop_front() {
        let steps = automaton
            .states
            .get(at)
            .map_or(&[][..], |state| &state.steps);
        for target in super::targets(steps) {
            reach(target, &mut order, &mut todo);
        }
    }
    let old = std::mem::take(&mut automaton.states);
    let mut old: Vec<Option<State>> = old.into_iter().map(Some).collect();
    for at in order {
        let Some(mut state) = old.get_mut(at).and_then(Option::take) else {
            continue;
        };
        for step in &mut state.steps {
            if let Step::Bind(transition) = step
                && let Some(Some(number)) = numbers.get(transition.next.0 as usize)
            {
                transition.next = StateId(*number);
            }
        }
        automaton.states.push(state);
    }
}
