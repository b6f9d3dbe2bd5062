//! Merges states that can't be told apart by what may follow them, cycles included: `((a*)*)*` becomes `a*`.
//!
//! Partition refinement (Moore): begin with the states that are entered by the same variable, and split as long as two states of
//! a class have different steps, where targets count by their class and a step that repeats a more preferred one doesn't
//! count at all: whatever it leads to was tried before. O(rounds × steps); there are at most as many rounds as states, so it is
//! for small automata only.

use rustc_hash::FxHashMap;

use crate::automaton::{Absent, Automaton, Gap, StateId, Step};
use crate::expr::VarId;

/// Larger automata come from counted repetition, which has nothing to merge.
const MAX_STATES: usize = 512;
/// Many steps for few states come from optional elements in a row, which have nothing to merge either.
const MAX_STEPS: usize = 8_192;

pub(super) fn merge(automaton: &mut Automaton) {
    let steps: usize = automaton.states.iter().map(|state| state.steps.len()).sum();
    if automaton.states.len() > MAX_STATES || steps > MAX_STEPS {
        return;
    }
    let mut classes = by_variable(automaton);
    let mut count = distinct(&classes);
    loop {
        let mut numbers: FxHashMap<(u32, Vec<Sign>), u32> = FxHashMap::default();
        let mut next = Vec::with_capacity(classes.len());
        for (state, class) in automaton.states.iter().zip(&classes) {
            let key = (*class, signature(&state.steps, &classes));
            let fresh = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            next.push(*numbers.entry(key).or_insert(fresh));
        }
        classes = next;
        if numbers.len() == count {
            break;
        }
        count = numbers.len();
    }
    apply(automaton, &classes);
}

/// The start is alone; the others go by the variable that enters them.
fn by_variable(automaton: &Automaton) -> Vec<u32> {
    let mut classes = vec![0; automaton.states.len()];
    for step in automaton.states.iter().flat_map(|state| &state.steps) {
        if let Step::Bind(transition) = step
            && let Some(class) = classes.get_mut(transition.next.0 as usize)
        {
            *class = u32::from(transition.variable.0) + 1;
        }
    }
    classes
}

fn distinct(classes: &[u32]) -> usize {
    let mut sorted = classes.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    sorted.len()
}

/// A step as far as it can be told apart.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Sign {
    bind: Option<(VarId, Gap, u32)>,
    absent: Vec<Absent>,
    flags: [bool; 3],
    race: Option<u32>,
}

fn sign(step: &Step, classes: &[u32]) -> Sign {
    match step {
        Step::Bind(t) => Sign {
            bind: Some((
                t.variable,
                t.gap,
                classes.get(t.next.0 as usize).copied().unwrap_or(0),
            )),
            absent: t.absent.clone(),
            flags: [t.excluded, t.first_row, false],
            race: t.race,
        },
        Step::Accept(tail) => Sign {
            bind: None,
            absent: tail.absent.clone(),
            flags: [false, tail.first_row, tail.at_end],
            race: None,
        },
    }
}

/// The steps without repetition, races numbered in the order in which they come.
fn signature(steps: &[Step], classes: &[u32]) -> Vec<Sign> {
    let mut signs: Vec<Sign> = Vec::with_capacity(steps.len());
    let mut races: Vec<u32> = Vec::new();
    for (_, mut sign) in kept(steps, classes) {
        if let Some(race) = sign.race {
            let at = races
                .iter()
                .position(|known| *known == race)
                .unwrap_or_else(|| {
                    races.push(race);
                    races.len() - 1
                });
            sign.race = u32::try_from(at).ok();
        }
        signs.push(sign);
    }
    signs
}

/// The steps that don't repeat a more preferred one, with what they look like.
fn kept(steps: &[Step], classes: &[u32]) -> Vec<(usize, Sign)> {
    let mut seen: FxHashMap<Sign, ()> = FxHashMap::default();
    let mut kept = Vec::with_capacity(steps.len());
    for (at, step) in steps.iter().enumerate() {
        let sign = sign(step, classes);
        let key = Sign {
            race: None,
            ..sign.clone()
        };
        if seen.insert(key, ()).is_none() {
            kept.push((at, sign));
        }
    }
    kept
}

/// Points every step to the first state of its target's class.
fn apply(automaton: &mut Automaton, classes: &[u32]) {
    let mut first: FxHashMap<u32, u32> = FxHashMap::default();
    for (at, class) in classes.iter().enumerate() {
        first
            .entry(*class)
            .or_insert(u32::try_from(at).unwrap_or(u32::MAX));
    }
    for state in &mut automaton.states {
        let keep: Vec<usize> = kept(&state.steps, classes)
            .into_iter()
            .map(|(at, _)| at)
            .collect();
        let mut at = 0;
        state.steps.retain(|_| {
            at += 1;
            keep.binary_search(&(at - 1)).is_ok()
        });
        for step in &mut state.steps {
            if let Step::Bind(transition) = step {
                let class = classes.get(transition.next.0 as usize);
                if let Some(to) = class.and_then(|class| first.get(class)) {
                    transition.next = StateId(*to);
                }
            }
        }
    }
}
