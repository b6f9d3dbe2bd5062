//! Who waits for which event: an index over those that wait, by the values that their conditions need.
//!
//! A condition like `b.id = a.id` compares something of the event that is tested with something that is known when a partial match
//! begins to wait (see [`portent_planner::explain::probe`]). Whoever waits is filed under that value, and an event looks up its own: by hash for equalities, by
//! order for the other comparisons. The condition itself is still evaluated of all that are found, so that nothing depends on the index
//! but how many are looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher, Hash, Hasher};
use std::ops::Bound;

use hashbrown::HashMap;
use portent_grammar::Value;
use portent_planner::expr::{CompareOp, VarId, eval};
use rustc_hash::FxBuildHasher;

use super::attempt::Attempt;
use super::bindings::Node;
use super::history::History;
use super::program::Program;
use super::scene::Scene;

/// The events of a variable that somebody waits for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Want {
    /// All that meet what the condition asks of the event alone.
    All,
    /// Those whose values have this hash.
    Equal(u64),
    /// Those that compare with this value.
    Compared(Value),
}

/// What somebody waits for who has these events bound; `None`: no event can meet the condition.
pub(crate) fn want(program: &Program, variable: VarId, bound: Option<&Node>) -> Option<Want> {
    let index = usize::from(variable.0);
    let (Some(Some(probe)), Some(bound)) = (program.probes.get(index), bound) else {
        return Some(Want::All);
    };
    let Some(condition) = program.plan.conditions.get(index) else {
        return Some(Want::All);
    };
    // What is known depends neither on the row that is tested (any will do) nor on neighbours of rows.
    let attempt = Attempt {
        program,
        history: &History::default(),
        row: &bound.row,
        position: bound.position,
        variable,
        bound: Some(bound),
    };
    let values = probe.of_match(condition).map(|side| eval(side, &attempt));
    let mut hasher = FxBuildHasher.build_hasher();
    for value in values {
        match value {
            // Whoever tests the condition counts the error.
            Err(_) => return Some(Want::All),
            Ok(Value::Null) => return None,
            Ok(value) if probe.op() == CompareOp::Eq => value.hash(&mut hasher),
            Ok(value) => return Some(Want::Compared(value)),
        }
    }
    Some(Want::Equal(hasher.finish()))
}

/// Those that wait, by the numbers that whoever uses the index gives them.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    variables: Vec<(VarId, Watchers)>,
    /// By position: those that the row there concerns whatever it is.
    positions: HashMap<u64, Numbers, FxBuildHasher>,
}

/// Those that wait for one variable.
#[derive(Debug, Default)]
struct Watchers {
    all: BTreeSet<u64>,
    equal: HashMap<u64, Numbers, FxBuildHasher>,
    compared: BTreeMap<Value, Numbers>,
}

/// Mostly it is one.
#[derive(Debug)]
enum Numbers {
    One(u64),
    Many(BTreeSet<u64>),
}

impl Numbers {
    fn add(&mut self, number: u64) {
        match self {
            Numbers::One(one) if *one == number => {}
            Numbers::One(one) => *self = Numbers::Many(BTreeSet::from([*one, number])),
            Numbers::Many(many) => {
                many.insert(number);
            }
        }
    }

    /// Whether none is left.
    fn remove(&mut self, number: u64) -> bool {
        match self {
            Numbers::One(one) => *one == number,
            Numbers::Many(many) => {
                many.remove(&number);
                many.is_empty()
            }
        }
    }

    fn give(&self, found: &mut Vec<u64>) {
        match self {
            Numbers::One(one) => found.push(*one),
            Numbers::Many(many) => found.extend(many),
        }
    }
}

impl Watch {
    /// Somebody waits.
    pub fn add(&mut self, variable: VarId, want: &Want, number: u64) {
        let at = self
            .variables
            .iter()
            .position(|(known, _)| *known == variable);
        let at = at.unwrap_or_else(|| {
            self.variables.push((variable, Watchers::default()));
            self.variables.len() - 1
        });
        let Some((_, watchers)) = self.variables.get_mut(at) else {
            return;
        };
        match want {
            Want::All => {
                watchers.all.insert(number);
            }
            Want::Equal(hash) => {
                let numbers = watchers.equal.entry(*hash);
                numbers
                    .and_modify(|numbers| numbers.add(number))
                    .or_insert(Numbers::One(number));
            }
            Want::Compared(value) => match watchers.compared.get_mut(value) {
                Some(numbers) => numbers.add(number),
                None => {
                    watchers
                        .compared
                        .insert(value.clone(), Numbers::One(number));
                }
            },
        }
    }

    /// Somebody waits no more.
    pub fn remove(&mut self, variable: VarId, want: &Want, number: u64) {
        let mut known = self.variables.iter_mut();
        let Some((_, watchers)) = known.find(|(known, _)| *known == variable) else {
            return;
        };
        match want {
            Want::All => {
                watchers.all.remove(&number);
            }
            Want::Equal(hash) => {
                let numbers = watchers.equal.get_mut(hash);
                if numbers.is_some_and(|numbers| numbers.remove(number)) {
                    watchers.equal.remove(hash);
                }
            }
            Want::Compared(value) => {
                let numbers = watchers.compared.get_mut(value);
                if numbers.is_some_and(|numbers| numbers.remove(number)) {
                    watchers.compared.remove(value);
                }
            }
        }
    }

    /// The row at a position concerns somebody, whatever it is.
    pub fn add_at(&mut self, position: u64, number: u64) {
        let numbers = self.positions.entry(position);
        numbers
            .and_modify(|numbers| numbers.add(number))
            .or_insert(Numbers::One(number));
    }

    /// It does not any more.
    pub fn remove_at(&mut self, position: u64, number: u64) {
        let numbers = self.positions.get_mut(&position);
        if numbers.is_some_and(|numbers| numbers.remove(number)) {
            self.positions.remove(&position);
        }
    }

    /// Adds those that the row may concern to `found`, in no order.
    pub fn find(&self, scene: &mut Scene<'_, '_>, found: &mut Vec<u64>) {
        if let Some(numbers) = self.positions.get(&scene.position) {
            numbers.give(found);
        }
        for (variable, watchers) in &self.variables {
            watchers.find(scene, *variable, found);
        }
    }
}

impl Watchers {
    fn find(&self, scene: &mut Scene<'_, '_>, variable: VarId, found: &mut Vec<u64>) {
        let none = self.all.is_empty() && self.equal.is_empty() && self.compared.is_empty();
        if none || !scene.may_meet(variable) {
            return;
        }
        found.extend(&self.all);
        if self.equal.is_empty() && self.compared.is_empty() {
            return;
        }
        let program = scene.stage.program;
        let index = usize::from(variable.0);
        let (Some(Some(probe)), Some(condition)) = (
            program.probes.get(index),
            program.plan.conditions.get(index),
        ) else {
            return;
        };
        let attempt = scene.attempt(variable, None);
        let mut hasher = FxBuildHasher.build_hasher();
        for side in probe.of_event(condition) {
            scene.stage.stats.evaluations += 1;
            match eval(side, &attempt) {
                // Nobody's condition is met.
                Err(error) => return scene.stage.stats.error(&error, scene.row),
                Ok(Value::Null) => return,
                Ok(value) if probe.op() == CompareOp::Eq => value.hash(&mut hasher),
                Ok(value) => {
                    let range = match probe.op() {
                        CompareOp::Gt => (Bound::Unbounded, Bound::Excluded(&value)),
                        CompareOp::GtEq => (Bound::Unbounded, Bound::Included(&value)),
                        CompareOp::Lt => (Bound::Excluded(&value), Bound::Unbounded),
                        _ => (Bound::Included(&value), Bound::Unbounded),
                    };
                    let range = self.compared.range::<Value, _>(range);
                    return range.for_each(|(_, numbers)| numbers.give(found));
                }
            }
        }
        if let Some(numbers) = self.equal.get(&hasher.finish()) {
            numbers.give(found);
        }
    }
}
