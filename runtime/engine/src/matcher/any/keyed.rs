//! Class `any, equality`: equalities tie all variables of a pattern together by one key, so that a match has one value of it.
//!
//! For each value of the key there are lists of partial matches, as there are in a partition of class `any`; automaton and graph are
//! those of the query. An event has a key for each variable that it meets (mostly the same one), and moves the partial matches of
//! these keys on, by the variables that it meets with this key. All others it does not concern: no event of another key ends a
//! wait, as the planner has made sure.
//!
//! A value goes when nothing is open for it any more. What the window has left is noticed when an event of that key comes, or by a hand
//! that goes round: two values are looked at for each that is new, so that there are never many more than those that are open.

mod saved;

use std::hash::{BuildHasher, Hash, Hasher};

use hashbrown::HashTable;
use portent_grammar::Value;
use portent_planner::explain::equality::Equality;
use portent_planner::expr::{Expr, VarId, eval, is_true};

use crate::context::OneRow;
use crate::event::Row;
use crate::matcher::program::{Interest, Program, bit};
use crate::matcher::scene::Scene;
use crate::stats::QueryStats;

use super::determined::{Determined, StateId};
use super::{Live, Lives, Step, advance};

/// The key of a pattern, as the matcher asks for it.
#[derive(Debug)]
pub(crate) struct Tied {
    /// The keys that variables have, each once.
    keys: Vec<Vec<Expr>>,
    /// Indexed by variable.
    variables: Vec<Variable>,
}

#[derive(Debug)]
struct Variable {
    /// Which of `keys` is its own.
    key: usize,
    /// By component: it may not be NULL in the first event of a match either.
    asked: Vec<bool>,
    /// The places of its conjuncts that do not speak of the key.
    apart: Vec<usize>,
}

impl Tied {
    pub fn new(equality: Equality) -> Self {
        let mut keys: Vec<Vec<Expr>> = Vec::new();
        let Equality {
            keys: all,
            asked,
            apart,
        } = equality;
        let variables = all.into_iter().zip(asked).zip(apart);
        let variables = variables.map(|((own, asked), apart)| {
            let known = keys.iter().position(|key| *key == own);
            let key = known.unwrap_or_else(|| {
                keys.push(own);
                keys.len() - 1
            });
            Variable { key, asked, apart }
        });
        let variables = variables.collect();
        Self { keys, variables }
    }
}

/// The partial matches of a partition, by key.
#[derive(Debug, Default)]
pub(crate) struct Keyed {
    places: Vec<Option<Place>>,
    free: Vec<u32>,
    /// By the hash of the key.
    table: HashTable<u32>,
    hasher: foldhash::fast::RandomState,
    /// The place at which to look next for what is too old.
    hand: usize,
    /// By state: in how many keys something waits there.
    states: Vec<u32>,
}

/// A key for which something is open.
#[derive(Debug)]
struct Place {
    hash: u64,
    key: Box<[Value]>,
    live: Lives,
}

/// What the event at hand is, by key. Used again and again.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    /// By number of the key among [`Tied::keys`]: what it is of this event, once asked for.
    known: Vec<Option<Known>>,
    /// The values, and the variables that the event meets with each.
    met: Vec<(Met, Interest)>,
    /// The variables with which it may only begin a match that no other event can join: its key is NULL.
    alone: Interest,
}

#[derive(Clone, Debug)]
struct Known {
    /// By component; an error is NULL.
    nulls: Vec<bool>,
    /// Its place in `met`, if no component is NULL.
    at: Option<usize>,
}

#[derive(Debug)]
struct Met {
    hash: u64,
    key: Box<[Value]>,
}

impl Keyed {
    /// Nothing is open.
    pub fn is_idle(&self) -> bool {
        self.table.is_empty()
    }

    /// The variables that what is open waits for.
    pub fn concern(&self, determined: &Determined) -> Interest {
        let states = self.states.iter().enumerate();
        let open = states.filter(|(_, count)| **count > 0);
        open.fold(0, |all, (state, _)| {
            all | determined.concern(StateId::of(state)).0
        })
    }

    /// What the event at hand is, by key: `wanted` are the variables of interest.
    pub fn meet(&self, scene: &mut Scene<'_, '_>, tied: &Tied, wanted: Interest, keys: &mut Keys) {
        keys.met.clear();
        keys.alone = 0;
        keys.known.clear();
        keys.known.resize(tied.keys.len(), None);
        let mut open = wanted;
        while open != 0 {
            let index = open.trailing_zeros() as usize;
            open &= open - 1;
            let Some(variable) = tied.variables.get(index) else {
                continue;
            };
            let id = VarId(index as u16);
            if !meets_apart(scene, id, &variable.apart) {
                continue;
            }
            let known = match keys.known.get(variable.key) {
                Some(Some(known)) => known.clone(),
                _ => {
                    let known = self.evaluate(scene, tied, variable.key, &mut keys.met);
                    if let Some(slot) = keys.known.get_mut(variable.key) {
                        *slot = Some(known.clone());
                    }
                    known
                }
            };
            match known.at.and_then(|at| keys.met.get_mut(at)) {
                Some((_, bits)) => *bits |= bit(id),
                None => {
                    let mut asked = known.nulls.iter().zip(&variable.asked);
                    if !asked.any(|(null, asked)| *null && *asked) {
                        keys.alone |= bit(id);
                    }
                }
            }
        }
    }

    fn evaluate(
        &self,
        scene: &mut Scene<'_, '_>,
        tied: &Tied,
        key: usize,
        met: &mut Vec<(Met, Interest)>,
    ) -> Known {
        let components = tied.keys.get(key).map_or(&[][..], Vec::as_slice);
        let values = components
            .iter()
            .map(|component| value(component, scene.row, scene.stage.stats));
        let values: Box<[Value]> = values.collect();
        if values.iter().any(|value| matches!(value, Value::Null)) {
            let nulls = values.iter().map(|value| matches!(value, Value::Null));
            return Known {
                nulls: nulls.collect(),
                at: None,
            };
        }
        let mut hasher = self.hasher.build_hasher();
        values.iter().for_each(|value| value.hash(&mut hasher));
        let hash = hasher.finish();
        let known = met
            .iter()
            .position(|(known, _)| known.hash == hash && known.key == values);
        let at = known.unwrap_or_else(|| {
            met.push((Met { hash, key: values }, 0));
            met.len() - 1
        });
        Known {
            nulls: Vec::new(),
            at: Some(at),
        }
    }

    /// Moves the partial matches of the event's keys on. `next` is used again and again.
    pub fn step(
        &mut self,
        step: &mut Step<'_>,
        scene: &mut Scene<'_, '_>,
        determined: &mut Determined,
        keys: &mut Keys,
    ) {
        let start = determined.start_mask();
        if keys.alone & start != 0 {
            let mut nowhere = Lives::new();
            advance(step, scene, determined, keys.alone, &mut nowhere);
        }
        for (met, bits) in keys.met.drain(..) {
            let place = self.find(met.hash, &met.key);
            if place.is_none() && bits & start == 0 {
                continue;
            }
            let known = place.and_then(|place| self.places.get_mut(place as usize)?.as_mut());
            let mut live = known
                .map(|place| std::mem::take(&mut place.live))
                .unwrap_or_default();
            self.count(&live, -1);
            advance(step, scene, determined, bits, &mut live);
            self.count(&live, 1);
            match place {
                Some(place) if live.is_empty() => self.remove(place),
                Some(place) => {
                    if let Some(Some(known)) = self.places.get_mut(place as usize) {
                        known.live = live;
                    }
                }
                None if live.is_empty() => {}
                None => {
                    let Met { hash, key } = met;
                    self.insert(Place { hash, key, live });
                    self.go_round(step.cutoff);
                }
            }
        }
    }

    fn find(&self, hash: u64, key: &[Value]) -> Option<u32> {
        let known = |place: &u32| {
            let place = self.places.get(*place as usize).and_then(Option::as_ref);
            place.is_some_and(|place| *place.key == *key)
        };
        self.table.find(hash, known).copied()
    }

    fn insert(&mut self, place: Place) {
        let hash = place.hash;
        let at = match self.free.pop() {
            Some(at) => at,
            None => {
                self.places.push(None);
                u32::try_from(self.places.len() - 1).unwrap_or(u32::MAX)
            }
        };
        if let Some(slot) = self.places.get_mut(at as usize) {
            *slot = Some(place);
        }
        self.file(at, hash);
    }

    /// Lets a place be found by its hash.
    fn file(&mut self, at: u32, hash: u64) {
        let places = &self.places;
        self.table.insert_unique(hash, at, |at| {
            let place = places.get(*at as usize).and_then(Option::as_ref);
            place.map_or(0, |place| place.hash)
        });
    }

    fn remove(&mut self, at: u32) {
        let Some(place) = self.places.get_mut(at as usize).and_then(Option::take) else {
            return;
        };
        if let Ok(entry) = self.table.find_entry(place.hash, |known| *known == at) {
            entry.remove();
        }
        self.count(&place.live, -1);
        self.free.push(at);
    }

    /// So many more (or fewer) keys have these states.
    fn count(&mut self, live: &[Live], by: i32) {
        for live in live {
            let state = live.state.index();
            if self.states.len() <= state {
                self.states.resize(state + 1, 0);
            }
            if let Some(count) = self.states.get_mut(state) {
                *count = count.saturating_add_signed(by);
            }
        }
    }

    /// Looks at the next two places for what began before the window.
    fn go_round(&mut self, cutoff: i64) {
        for _ in 0..2 {
            self.hand = (self.hand + 1) % self.places.len().max(1);
            self.expire(self.hand, cutoff);
        }
    }

    fn expire(&mut self, at: usize, cutoff: i64) {
        let Some(Some(place)) = self.places.get_mut(at) else {
            return;
        };
        // What is left is counted anew.
        let mut live = std::mem::take(&mut place.live);
        self.count(&live, -1);
        live.retain_mut(|live| live.list.expire(cutoff));
        self.count(&live, 1);
        let gone = live.is_empty();
        if let Some(Some(place)) = self.places.get_mut(at) {
            place.live = live;
        }
        if gone && let Ok(at) = u32::try_from(at) {
            self.remove(at);
        }
    }

    /// Drops what began before the window.
    pub fn sweep(&mut self, cutoff: i64) {
        for at in 0..self.places.len() {
            self.expire(at, cutoff);
        }
    }

    /// Everything that is open.
    pub fn live_mut(&mut self) -> impl Iterator<Item = &mut Live> {
        self.places
            .iter_mut()
            .flatten()
            .flat_map(|place| &mut place.live)
    }

    /// Gives away everything that is open.
    pub fn drain(&mut self) -> impl Iterator<Item = Live> {
        let places = std::mem::take(self).places;
        places.into_iter().flatten().flat_map(|place| place.live)
    }
}

/// Whether the row meets what a variable's condition asks besides its key.
fn meets_apart(scene: &mut Scene<'_, '_>, variable: VarId, apart: &[usize]) -> bool {
    let program: &Program = scene.stage.program;
    if !scene
        .facts
        .unary(scene.stage.plan, variable, scene.row, scene.stage.stats)
    {
        return false;
    }
    let Some(condition) = program.plan.conditions.get(usize::from(variable.0)) else {
        return false;
    };
    let attempt = scene.attempt(variable, None);
    let stats = &mut *scene.stage.stats;
    apart
        .iter()
        .filter_map(|place| condition.correlated.get(*place))
        .all(|expr| {
            stats.evaluations += 1;
            is_true(expr, &attempt).unwrap_or_else(|error| {
                stats.error(&error, attempt.row);
                false
            })
        })
}

/// A component of a row's key. An error is counted, and equals nothing.
fn value(component: &Expr, row: &Row, stats: &mut QueryStats) -> Value {
    stats.evaluations += 1;
    eval(component, &OneRow::new(row)).unwrap_or_else(|error| {
        stats.error(&error, row);
        Value::Null
    })
}

#[cfg(test)]
mod tests {
    use super::super::arena::{Arena, List, Output};
    use super::*;
    use crate::event::Event;

    #[test]
    fn keys_are_let_go_as_the_window_moves() {
        let (mut arena, mut keyed) = (Arena::default(), Keyed::default());
        let event = std::sync::Arc::new(Event {
            time: 0,
            seq: 0,
            ordinal: 0,
            part: 0,
            values: Vec::new(),
        });
        for number in 0..30_000_u64 {
            let output = Output {
                row: Row {
                    event: std::sync::Arc::clone(&event),
                    input: 0,
                },
                position: number,
                variable: VarId(0),
                before: None,
            };
            let max = number as i64;
            let live = Live {
                state: StateId::of(1),
                list: List::new(arena.output(output, max)),
            };
            keyed.count(std::slice::from_ref(&live), 1);
            keyed.insert(Place {
                hash: number.wrapping_mul(0x9E37_79B9_7F4A_7C15),
                key: Box::new([Value::Int(max)]),
                live: smallvec::smallvec![live],
            });
            keyed.go_round(max - 100);
            let keys = keyed.table.len();
            assert!(keys < 300, "{keys} keys in a window of 100");
            assert_eq!(keyed.states[1] as usize, keys);
        }
        assert!(keyed.places.len() < 300);
        keyed.sweep(i64::MAX);
        assert!(keyed.is_idle() && keyed.states[1] == 0);
    }
}
