//! How many matches an event completes, without making them.
//!
//! An event is a matrix over the automaton's states: which partial matches it moves where. The number of partial matches per state, of
//! those that began inside the window, is the row of the start in the product of the window's matrices. The window slides at both
//! ends, and there is no inverse to take an event out again, so the product is kept in two parts: for the older events a stack with
//! the product from each of them on, for the newer ones one product. When the older part is used up, the newer one is turned
//! into it. So each event is multiplied in twice, whatever the window. That a number is one of matches, not of ways to them, is because the
//! automaton is deterministic.
//!
//! Aims as in GRETA (Poppe et al., VLDB 2017) and COGRA (SIGMOD 2019); the two stacks are the folklore queue of two stacks, as in
//! Tangwongsan, Hirzel, Schneider, "Low-latency sliding-window aggregation in worst-case constant time", DEBS 2017.

use std::collections::VecDeque;

use crate::matcher::program::{Interest, Program};

use super::determined::{Determined, START, StateId};

/// Partial matches by state. Saturates: beyond it nobody counts.
type Row = Vec<u128>;

/// An event that moved something.
#[derive(Clone, Copy, Debug)]
struct Moved {
    /// Its place in the window's measure.
    at: i64,
    bits: Interest,
    /// It may begin a match.
    begins: bool,
}

/// The numbers of a partition's partial matches.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    /// The older events, the oldest last: each with the partial matches that began with it or a later one of them.
    older: Vec<(i64, Row)>,
    /// The newer events, in order.
    newer: VecDeque<Moved>,
    /// Their product, row by row, for the states that the older part can be in, and the start.
    product: Vec<(StateId, Row)>,
}

impl Counter {
    /// Nothing is open.
    pub fn is_idle(&self) -> bool {
        self.older.is_empty() && self.newer.is_empty()
    }

    /// The window begins here.
    pub fn expire(&mut self, determined: &Determined, cutoff: i64) {
        loop {
            match self.older.last() {
                Some((at, _)) if *at < cutoff => {
                    self.older.pop();
                }
                Some(_) => return,
                None if self.newer.front().is_some_and(|moved| moved.at < cutoff) => {
                    self.turn(determined);
                }
                None => return,
            }
        }
    }

    /// Makes the newer part the older one.
    fn turn(&mut self, determined: &Determined) {
        // From each state, what it becomes by the events from here to the end; for states that nothing is in here, anything.
        let mut onward: Vec<Row> = (0..determined.len()).map(unit).collect();
        for moved in self.newer.drain(..).rev() {
            let mut next = onward.clone();
            for (state, row) in next.iter_mut().enumerate() {
                let id = StateId::of(state);
                let Some(moves) = determined.known(id, moved.bits) else {
                    continue;
                };
                row.clear();
                if id == START {
                    add(row, &onward[state], 1);
                } else if let Some(stay) = moves.stay {
                    add(row, onward.get(stay.index()).map_or(&[], |it| it), 1);
                }
                let binds = moves.binds.iter().filter(|_| id != START || moved.begins);
                for next in binds.filter_map(|bind| bind.next) {
                    add(row, onward.get(next.index()).map_or(&[], |it| it), 1);
                }
            }
            onward = next;
            let start = onward.first().cloned().unwrap_or_default();
            self.older.push((moved.at, start));
        }
        self.product.clear();
        let oldest = self.older.last().map(|(_, row)| row.as_slice());
        let open = oldest.unwrap_or(&[1]).iter().enumerate();
        for (state, _) in open.filter(|(state, count)| *state == 0 || **count > 0) {
            self.product.push((StateId::of(state), unit(state)));
        }
    }

    /// The partial matches that began inside the window, by state; one for the start.
    fn open(&self) -> Row {
        let mut open = Row::new();
        let from = self.older.last().map_or(&[1][..], |(_, row)| row);
        if self.product.is_empty() {
            return from.to_vec();
        }
        for (state, row) in &self.product {
            let count = from.get(state.index()).copied().unwrap_or(0);
            if count > 0 {
                add(&mut open, row, count);
            }
        }
        open
    }

    /// How many events it remembers.
    pub fn len(&self) -> usize {
        self.older.len() + self.newer.len()
    }

    /// Forgets the oldest of them, and all that began with it.
    pub fn drop_first(&mut self, determined: &Determined) {
        if self.older.is_empty() {
            self.turn(determined);
        }
        self.older.pop();
    }

    /// An event: how many matches it completes. `begins`: it may begin one that goes on.
    pub fn push(
        &mut self,
        program: &Program,
        determined: &mut Determined,
        (at, begins): (i64, bool),
        bits: Interest,
    ) -> u128 {
        let open = self.open();
        let (mut completed, mut moves_any) = (0_u128, false);
        for (state, count) in open.iter().enumerate() {
            if *count == 0 {
                continue;
            }
            let id = StateId::of(state);
            let moves = determined.moves(program, id, bits);
            let accepting = moves.binds.iter().filter(|bind| bind.accepts).count() as u128;
            completed = completed.saturating_add(count.saturating_mul(accepting));
            moves_any |=
                (id != START || begins) && moves.binds.iter().any(|bind| bind.next.is_some());
            moves_any |= id != START && moves.stay != Some(id);
        }
        if !moves_any {
            return completed;
        }
        if self.product.is_empty() {
            self.product.push((START, vec![1]));
        }
        for (_, row) in &mut self.product {
            let mut next = Row::new();
            for (state, count) in row.iter().enumerate() {
                if *count == 0 {
                    continue;
                }
                let id = StateId::of(state);
                let moves = determined.moves(program, id, bits);
                let stay = if id == START { Some(id) } else { moves.stay };
                let binds = moves.binds.iter().filter(|_| id != START || begins);
                let binds = binds.filter_map(|bind| bind.next);
                for to in stay.into_iter().chain(binds) {
                    add_at(&mut next, to.index(), *count);
                }
            }
            *row = next;
        }
        self.newer.push_back(Moved { at, bits, begins });
        completed
    }

    /// The states that something waits in.
    pub fn states(&self) -> impl Iterator<Item = StateId> {
        let open = self.open();
        (1..open.len())
            .filter(move |state| open.get(*state).is_some_and(|count| *count > 0))
            .map(StateId::of)
    }

    /// How many ways there are in which partial matches could go on.
    pub fn ways(&self, determined: &Determined) -> u64 {
        let mut ways = 0_u128;
        for (state, count) in self.open().into_iter().enumerate().skip(1) {
            let waits = determined.waits(StateId::of(state)) as u128;
            ways = ways.saturating_add(count.saturating_mul(waits));
        }
        u64::try_from(ways).unwrap_or(u64::MAX)
    }
}

/// One partial match in this state.
fn unit(state: usize) -> Row {
    let mut row = vec![0; state];
    row.push(1);
    row
}

fn add_at(row: &mut Row, state: usize, count: u128) {
    if row.len() <= state {
        row.resize(state + 1, 0);
    }
    if let Some(known) = row.get_mut(state) {
        *known = known.saturating_add(count);
    }
}

/// `row += times · other`
fn add(row: &mut Row, other: &[u128], times: u128) {
    for (state, count) in other.iter().enumerate() {
        if *count > 0 {
            add_at(row, state, count.saturating_mul(times));
        }
    }
}
