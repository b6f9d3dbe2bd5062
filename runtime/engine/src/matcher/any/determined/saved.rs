//! The states of the automaton in a snapshot: each by the steps at which it waits.
//!
//! What an event does in a state is found out again when it is asked. Only class `count` asks for what was found out earlier: there it
//! is written which moves that were.

use crate::matcher::program::Program;
use crate::snapshot::{Damage, Reader, Saved, Vocabulary, Writer};

use super::{Determined, StateId};

impl Determined {
    /// Writes the states in the order of their numbers; with `moves`, which moves were asked for.
    pub fn save(&self, moves: bool, w: &mut Writer) {
        w.length(self.states.len());
        self.states.iter().for_each(|state| state.waits.save(w));
        let asked = if moves { self.asked.as_slice() } else { &[] };
        w.length(asked.len());
        for (state, bits) in asked {
            state.0.save(w);
            w.u64(*bits);
        }
    }

    /// Makes the states that are not there, in order, and finds the moves out; the number that each state has here.
    pub fn learn(&mut self, program: &Program, words: &Vocabulary) -> Result<Vec<u32>, Damage> {
        let mut numbers = vec![0];
        for waits in words.states.iter().skip(1) {
            if waits
                .iter()
                .any(|step| usize::from(*step) >= program.steps.len())
            {
                return Err(Damage("a step is none of the pattern"));
            }
            let state = self.intern(program, waits.clone());
            numbers.push(state.ok_or(Damage::REFERENCE)?.0);
        }
        for (state, bits) in &words.asked {
            let state = numbers.get(*state as usize).ok_or(Damage::REFERENCE)?;
            self.moves(program, StateId(*state), *bits);
        }
        Ok(numbers)
    }
}

impl Saved for Vocabulary {
    fn save(&self, w: &mut Writer) {
        self.states.save(w);
        self.asked.save(w);
    }

    fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        let states: Vec<Vec<u16>> = r.all()?;
        if states.is_empty() {
            return Err(Damage::REFERENCE);
        }
        Ok(Self {
            states,
            asked: r.all()?,
        })
    }
}
