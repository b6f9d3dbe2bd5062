//! How many matches an event completes, and what they come to, without making them.
//!
//! An event is a matrix over the automaton's states: which partial matches it moves where. What the partial matches of each state come
//! to ([`Weight`]), of those that began inside the window, is the row of the start in the product of the window's matrices. The window slides at both
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
use super::weight::{Carry, Weight};

/// What partial matches come to, by state.
type Row<W> = Vec<W>;

/// An event that moved something.
#[derive(Clone, Debug)]
pub(crate) struct Moved<W: Weight> {
    /// Its place in the window's measure.
    pub at: i64,
    pub bits: Interest,
    pub values: W::Values,
}

/// What a partition's partial matches come to.
#[derive(Debug)]
pub(crate) struct Counter<W: Weight> {
    /// The older events, the oldest last: each with the partial matches that began with it or a later one of them.
    older: Vec<(i64, Row<W>)>,
    /// The newer events, in order.
    newer: VecDeque<Moved<W>>,
    /// Their product, row by row, for the states that the older part can be in, and the start.
    product: Vec<(StateId, Row<W>)>,
    /// The partial matches that began inside the window, with the one way to the start.
    open: Row<W>,
    /// The window has moved on since.
    stale: bool,
    /// How many weights were looked at.
    work: u64,
}

impl<W: Weight> Default for Counter<W> {
    fn default() -> Self {
        Self {
            older: Vec::new(),
            newer: VecDeque::new(),
            product: Vec::new(),
            open: Vec::new(),
            stale: true,
            work: 0,
        }
    }
}

impl<W: Weight> Counter<W> {
    /// Nothing is open.
    pub fn is_idle(&self) -> bool {
        let none = |row: &[W]| row.iter().skip(1).all(|weight| weight.number() == 0);
        self.older.is_empty() && self.newer.is_empty() && (self.stale || none(&self.open))
    }

    /// How many weights were looked at since the last time.
    pub fn take_work(&mut self) -> u64 {
        std::mem::take(&mut self.work)
    }

    /// The window begins here.
    pub fn expire(&mut self, determined: &Determined, carries: &[Carry], cutoff: i64) {
        loop {
            match self.older.last() {
                Some((at, _)) if *at < cutoff => {
                    self.older.pop();
                    self.stale = true;
                }
                Some(_) => return,
                None if self.newer.front().is_some_and(|moved| moved.at < cutoff) => {
                    self.turn(determined, carries);
                }
                None => return,
            }
        }
    }

    /// Makes the newer part the older one.
    fn turn(&mut self, determined: &Determined, carries: &[Carry]) {
        // From each state, what it becomes by the events from here to the end; for states that nothing is in here, anything.
        let mut onward: Vec<Row<W>> = (0..determined.len())
            .map(|state| unit(state, carries))
            .collect();
        let mut changed: Vec<(usize, Row<W>)> = Vec::new();
        for moved in self.newer.drain(..).rev() {
            for (state, same) in onward.iter().enumerate() {
                let id = StateId::of(state);
                let Some(moves) = determined.known(id, moved.bits) else {
                    continue;
                };
                let stay = if id == START { Some(id) } else { moves.stay };
                let mut nexts = moves
                    .binds
                    .iter()
                    .filter_map(|bind| Some((bind.variable, bind.next?)))
                    .peekable();
                if stay == Some(id) && nexts.peek().is_none() {
                    continue;
                }
                let mut row = match stay {
                    Some(stay) if stay == id => same.clone(),
                    Some(stay) => onward.get(stay.index()).cloned().unwrap_or_default(),
                    None => Row::new(),
                };
                for (variable, next) in nexts {
                    let bound = W::bound(variable, &moved.values, carries);
                    let next = onward.get(next.index()).map_or(&[][..], |it| it);
                    self.work += add(&mut row, &bound, next, carries);
                }
                changed.push((state, row));
            }
            for (state, row) in changed.drain(..) {
                onward[state] = row;
            }
            let start = onward.first().cloned().unwrap_or_default();
            self.older.push((moved.at, start));
        }
        self.product.clear();
        let oldest = self.older.last().map_or(&[][..], |(_, row)| row.as_slice());
        self.product.push((START, unit(0, carries)));
        for (state, weight) in oldest.iter().enumerate().skip(1) {
            if weight.number() > 0 {
                self.product
                    .push((StateId::of(state), unit(state, carries)));
            }
        }
    }

    /// Sees to it that `open` is what is open now.
    fn refresh(&mut self, carries: &[Carry]) {
        if !self.stale {
            return;
        }
        self.stale = false;
        let start = [W::one(carries)];
        let from = self
            .older
            .last()
            .map_or(&start[..], |(_, row)| row.as_slice());
        self.open.clear();
        if self.product.is_empty() {
            self.open.extend_from_slice(from);
            return;
        }
        for (state, row) in &self.product {
            if let Some(weight) = from.get(state.index())
                && weight.number() > 0
            {
                self.work += add(&mut self.open, weight, row, carries);
            }
        }
    }

    /// An event: what the matches that it completes come to.
    pub fn push(
        &mut self,
        program: &Program,
        determined: &mut Determined,
        carries: &[Carry],
        moved: Moved<W>,
    ) -> W {
        self.refresh(carries);
        let (mut completed, mut moves_any) = (W::default(), false);
        for (state, weight) in self.open.iter().enumerate() {
            if weight.number() == 0 {
                continue;
            }
            self.work += 1;
            let id = StateId::of(state);
            let moves = determined.moves(program, id, moved.bits);
            for bind in moves.binds.iter().filter(|bind| bind.accepts) {
                let bound = W::bound(bind.variable, &moved.values, carries);
                completed.add(&weight.then(&bound, carries), carries);
            }
            moves_any |= moves.binds.iter().any(|bind| bind.next.is_some());
            moves_any |= id != START && moves.stay != Some(id);
        }
        if !moves_any {
            return completed;
        }
        let mut step = |row: &mut Row<W>| {
            let mut next = Row::new();
            for (state, weight) in row.iter().enumerate() {
                if weight.number() == 0 {
                    continue;
                }
                self.work += 1;
                let id = StateId::of(state);
                let moves = determined.moves(program, id, moved.bits);
                let stay = if id == START { Some(id) } else { moves.stay };
                if let Some(stay) = stay {
                    add_at(&mut next, stay.index(), weight, carries);
                }
                for bind in &moves.binds {
                    if let Some(to) = bind.next {
                        let bound = W::bound(bind.variable, &moved.values, carries);
                        let longer = weight.then(&bound, carries);
                        add_at(&mut next, to.index(), &longer, carries);
                    }
                }
            }
            *row = next;
        };
        step(&mut self.open);
        // Without a window nothing is ever taken out again.
        if program.plan.within.is_some() {
            if self.product.is_empty() {
                self.product.push((START, unit(0, carries)));
            }
            self.product.iter_mut().for_each(|(_, row)| step(row));
            self.newer.push_back(moved);
        }
        completed
    }

    /// The states that something waits in, as of the last event.
    pub fn states(&self) -> impl Iterator<Item = StateId> {
        let open = self.open.iter().enumerate().skip(1);
        open.filter(|(_, weight)| weight.number() > 0)
            .map(|(state, _)| StateId::of(state))
    }

    /// How many ways there are in which partial matches could go on.
    pub fn ways(&mut self, determined: &Determined, carries: &[Carry]) -> u64 {
        self.refresh(carries);
        let mut ways = 0_u128;
        for (state, weight) in self.open.iter().enumerate().skip(1) {
            let waits = determined.waits(StateId::of(state)) as u128;
            ways = ways.saturating_add(weight.number().saturating_mul(waits));
        }
        u64::try_from(ways).unwrap_or(u64::MAX)
    }
}

/// One partial match in this state.
fn unit<W: Weight>(state: usize, carries: &[Carry]) -> Row<W> {
    let mut row = vec![W::default(); state];
    row.push(W::one(carries));
    row
}

fn add_at<W: Weight>(row: &mut Row<W>, state: usize, weight: &W, carries: &[Carry]) {
    if row.len() <= state {
        row.resize(state + 1, W::default());
    }
    if let Some(known) = row.get_mut(state) {
        known.add(weight, carries);
    }
}

/// `row += weight · other`; how many weights that took.
fn add<W: Weight>(row: &mut Row<W>, weight: &W, other: &[W], carries: &[Carry]) -> u64 {
    let mut work = 0;
    for (state, next) in other.iter().enumerate() {
        if next.number() > 0 {
            work += 1;
            add_at(row, state, &weight.then(next, carries), carries);
        }
    }
    work
}
