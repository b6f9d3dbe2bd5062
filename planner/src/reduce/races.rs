//! A race in which only one step is left is none.

use rustc_hash::FxHashMap;

use crate::automaton::Step;

/// A race of one is none.
pub(super) fn remove_lone(steps: &mut [Step]) {
    let mut counts: FxHashMap<u32, u32> = FxHashMap::default();
    let race_of = |step: &Step| match step {
        Step::Bind(transition) => transition.race,
        Step::Accept(_) => None,
    };
    for race in steps.iter().filter_map(race_of) {
        *counts.entry(race).or_default() += 1;
    }
    for step in steps {
        if let Step::Bind(transition) = step
            && transition
                .race
                .is_some_and(|race| counts.get(&race) == Some(&1))
        {
            transition.race = None;
        }
    }
}
