//! The automaton of class `any`, determinised as events ask for it.
//!
//! A partial match waits at some *steps* of the pattern's automaton. Whether it may bind an event to a variable, and where it waits
//! afterwards, follows from that set of steps and from which variables the event meets: so the sets are the states of a deterministic
//! automaton. Its alphabet keeps the variables that are bound; for each of them at most one state follows, which is why no
//! partial match is found in two ways, however many ways the pattern has for it.

mod saved;

use hashbrown::HashMap;
use portent_planner::automaton::Contiguity;
use portent_planner::expr::VarId;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

use crate::matcher::program::{Interest, Program, StepKind, bit};

/// The number of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct StateId(u32);

impl StateId {
    pub fn of(index: usize) -> Self {
        Self(index as u32)
    }

    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Nothing is bound yet.
pub(crate) const START: StateId = StateId(0);

/// What an event does to the partial matches of a state.
#[derive(Debug, Default)]
pub(crate) struct Move {
    pub binds: Vec<Bind>,
    /// Where those that do not bind it wait on; `None`: they end.
    pub stay: Option<StateId>,
}

/// An event is bound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bind {
    pub variable: VarId,
    /// Where the longer partial match waits; `None`: for nothing.
    pub next: Option<StateId>,
    /// It is a match.
    pub accepts: bool,
}

#[derive(Debug)]
struct State {
    /// The steps at which it waits, ascending.
    waits: Box<[u16]>,
    /// The variables that matter to it.
    mask: Interest,
    /// Every event matters: the next one ends the wait.
    always: bool,
    /// The first of its moves, by the bits that matter to it: mostly these are all.
    first: SmallVec<[(Interest, u32); FEW]>,
}

/// So few moves are looked through faster than they are looked up.
const FEW: usize = 4;

/// The states met so far, and the moves between them.
#[derive(Debug)]
pub(crate) struct Determined {
    states: Vec<State>,
    by_waits: HashMap<Box<[u16]>, StateId, FxBuildHasher>,
    moves: Vec<Move>,
    /// For which state and bits each of them is.
    asked: Vec<(StateId, Interest)>,
    /// By state and the bits of the variables that matter to it.
    by_bits: HashMap<(StateId, Interest), u32, FxBuildHasher>,
}

impl Determined {
    pub fn new(program: &Program) -> Self {
        let mut new = Self {
            states: Vec::new(),
            by_waits: HashMap::default(),
            moves: Vec::new(),
            asked: Vec::new(),
            by_bits: HashMap::default(),
        };
        let start = program.steps_of(0).filter_map(|step| {
            matches!(program.steps[step].kind, StepKind::Bind(_)).then_some(step as u16)
        });
        new.intern(program, start.collect());
        // Nothing waits at the start: each event may begin a match.
        if let Some(start) = new.states.first_mut() {
            start.always = false;
            start.mask = start.waits.iter().fold(0, |mask, step| {
                match &program.steps[usize::from(*step)].kind {
                    StepKind::Bind(bind) => mask | bit(bind.variable),
                    StepKind::Accept(_) => mask,
                }
            });
        }
        new
    }

    /// The variables that can begin a match.
    pub fn start_mask(&self) -> Interest {
        self.states.first().map_or(0, |state| state.mask)
    }

    /// The variables that matter to a state, and whether every event does.
    pub fn concern(&self, state: StateId) -> (Interest, bool) {
        self.states
            .get(state.0 as usize)
            .map_or((0, false), |state| (state.mask, state.always))
    }

    /// How many steps a state waits at.
    pub fn waits(&self, state: StateId) -> usize {
        self.states
            .get(state.0 as usize)
            .map_or(0, |state| state.waits.len())
    }

    /// How many states are known.
    pub fn len(&self) -> usize {
        self.states.len()
    }

    /// What an event does in a state, if it was asked before.
    pub fn known(&self, state: StateId, bits: Interest) -> Option<&Move> {
        let index = self.index(state, bits & self.concern(state).0)?;
        self.moves.get(index as usize)
    }

    /// What an event that meets the variables `bits` does in a state.
    pub fn moves(&mut self, program: &Program, state: StateId, bits: Interest) -> &Move {
        let (mask, _) = self.concern(state);
        let bits = bits & mask;
        let index = match self.index(state, bits) {
            Some(index) => index,
            None => {
                let made = self.make(program, state, bits);
                let index = self.moves.len() as u32;
                self.moves.push(made);
                self.asked.push((state, bits));
                self.by_bits.insert((state, bits), index);
                let state = self.states.get_mut(state.0 as usize);
                if let Some(state) = state.filter(|state| state.first.len() < FEW) {
                    state.first.push((bits, index));
                }
                index
            }
        };
        &self.moves[index as usize]
    }

    /// The number of a move, if it was asked for before. `bits`: those that matter to the state.
    #[inline]
    fn index(&self, state: StateId, bits: Interest) -> Option<u32> {
        let first = &self.states.get(state.0 as usize)?.first;
        let known = first.iter().find(|(known, _)| *known == bits);
        match known {
            Some((_, index)) => Some(*index),
            None if first.len() < FEW => None,
            None => self.by_bits.get(&(state, bits)).copied(),
        }
    }

    fn make(&mut self, program: &Program, state: StateId, bits: Interest) -> Move {
        let waits = match self.states.get(state.0 as usize) {
            Some(state) => state.waits.clone(),
            None => return Move::default(),
        };
        let mut stay: Vec<u16> = Vec::new();
        // By variable: the steps that follow, and whether it is a match.
        let mut binds: Vec<(VarId, Vec<u16>, bool)> = Vec::new();
        for step in waits {
            let StepKind::Bind(bind) = &program.steps[usize::from(step)].kind else {
                continue;
            };
            let meets = bits & bit(bind.variable) != 0;
            if meets {
                let at = match binds
                    .iter()
                    .position(|(known, _, _)| *known == bind.variable)
                {
                    Some(at) => at,
                    None => {
                        binds.push((bind.variable, Vec::new(), false));
                        binds.len() - 1
                    }
                };
                let (_, next, accepts) = &mut binds[at];
                for step in program.steps_of(bind.next) {
                    match &program.steps[step].kind {
                        StepKind::Bind(_) => next.push(step as u16),
                        StepKind::Accept(_) => *accepts = true,
                    }
                }
            }
            let forbidden = bind
                .absent
                .iter()
                .any(|absent| bits & bit(absent.variable) != 0);
            let stays = match bind.contiguity {
                Contiguity::Contiguous => false,
                Contiguity::Next => !meets && !forbidden,
                Contiguity::Any => !forbidden,
            };
            if stays {
                stay.push(step);
            }
        }
        let binds = binds
            .into_iter()
            .map(|(variable, next, accepts)| Bind {
                variable,
                next: self.intern(program, next),
                accepts,
            })
            .collect();
        let stay = if state == START {
            None
        } else {
            self.intern(program, stay)
        };
        Move { binds, stay }
    }

    /// The state of a set of steps; `None` if it is empty (but for the start, which is always there).
    fn intern(&mut self, program: &Program, mut waits: Vec<u16>) -> Option<StateId> {
        waits.sort_unstable();
        waits.dedup();
        if waits.is_empty() && !self.states.is_empty() {
            return None;
        }
        let waits = waits.into_boxed_slice();
        // The start is a state of its own: nobody waits in it.
        if let Some(id) = self.by_waits.get(&waits) {
            return Some(*id);
        }
        let (mut mask, mut always) = (0, false);
        for step in &waits {
            if let StepKind::Bind(bind) = &program.steps[usize::from(*step)].kind {
                mask |= bit(bind.variable);
                always |= bind.contiguity == Contiguity::Contiguous;
                mask = bind
                    .absent
                    .iter()
                    .fold(mask, |mask, absent| mask | bit(absent.variable));
            }
        }
        let id = StateId(self.states.len() as u32);
        if id != START {
            self.by_waits.insert(waits.clone(), id);
        }
        self.states.push(State {
            waits,
            mask,
            always,
            first: SmallVec::new(),
        });
        Some(id)
    }
}
