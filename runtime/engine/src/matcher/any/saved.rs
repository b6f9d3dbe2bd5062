//! What waits in the states of the automaton, in a snapshot.

use crate::matcher::ground::{Ground, Origin};
use crate::matcher::program::Program;
use crate::snapshot::{Damage, Reader, Vocabulary, Writer};

use super::arena::{Arena, Entry, List, NodeId};
use super::determined::StateId;
use super::keyed::Keyed;
use super::{Any, Live, Lives, Local, Shared};

impl Any {
    /// Writes what waits.
    pub fn save(&self, origin: &Origin<'_>, w: &mut Writer) {
        w.byte(u8::from(self.own.is_some()));
        let own = self.own.as_ref().map(|own| own.save(w));
        let local = own.as_ref().unwrap_or(origin.graph);
        save_lives(&self.live, local, w);
        w.byte(u8::from(self.keyed.is_some()));
        if let Some(keyed) = &self.keyed {
            keyed.save(local, w);
        }
    }

    pub fn load(ground: &mut Ground<'_>, r: &mut Reader<'_>) -> Result<Self, Damage> {
        let mut own = None;
        if r.bool()? {
            if !ground.program.own_graph {
                return Err(Damage::KIND);
            }
            let (arena, told) = Arena::load(ground.program, r)?;
            ground.live += told;
            own = Some(Box::new(arena));
        }
        let live = load_lives(ground.states, r)?;
        let keyed = match r.bool()? {
            true if ground.program.tied.is_none() => return Err(Damage::KIND),
            true => Some(Box::new(Keyed::load(ground.states, r)?)),
            false => None,
        };
        Ok(Self { live, keyed, own })
    }

    /// The nodes that it holds of a graph that is not its own, to give them other numbers.
    pub fn roots_mut(&mut self) -> impl Iterator<Item = &mut NodeId> {
        let shares = self.own.is_none();
        let by_key = self.keyed.iter_mut().flat_map(|keyed| keyed.live_mut());
        let all = self.live.iter_mut().chain(by_key).filter(move |_| shares);
        all.flat_map(|live| live.list.entries_mut().map(|entry| &mut entry.node))
    }
}

pub(super) fn save_lives(lives: &Lives, local: &Local, w: &mut Writer) {
    w.length(lives.len());
    for live in lives {
        w.length(live.state.index());
        w.length(live.list.entries().count());
        live.list.entries().for_each(|entry| entry.save(local, w));
    }
}

pub(super) fn load_lives(states: &[u32], r: &mut Reader<'_>) -> Result<Lives, Damage> {
    let mut lives = Lives::new();
    for _ in 0..r.length()? {
        let state = load_state(states, r)?;
        let mut list = None;
        for _ in 0..r.length()? {
            let entry = Entry::load(r)?;
            match &mut list {
                None => list = Some(List::new(entry)),
                Some(list) => list.append(entry)?,
            }
        }
        let list = list.ok_or(Damage::REFERENCE)?;
        lives.push(Live { state, list });
    }
    Ok(lives)
}

/// A state, by the number that it had.
pub(super) fn load_state(states: &[u32], r: &mut Reader<'_>) -> Result<StateId, Damage> {
    let state = usize::try_from(r.u64()?).map_err(|_| Damage::NUMBER)?;
    let now = states.get(state).ok_or(Damage::REFERENCE)?;
    Ok(StateId::of(*now as usize))
}

impl List {
    /// Adds an entry behind all others.
    fn append(&mut self, entry: Entry) -> Result<(), Damage> {
        if entry.max > self.latest() || self.last_max().is_some_and(|last| entry.max >= last) {
            return Err(Damage::ORDER);
        }
        self.push_last(entry);
        Ok(())
    }
}

impl Shared {
    /// Writes the states that the automaton has so far; with the moves that were asked for where products may need them again.
    pub fn save_vocabulary(&self, program: &Program, w: &mut Writer) {
        self.determined.save(program.counts, w);
    }

    /// The numbers that the states of a vocabulary have here; they are made if they are not there.
    pub fn learn(&mut self, program: &Program, words: &Vocabulary) -> Result<Vec<u32>, Damage> {
        self.determined.learn(program, words)
    }
}
