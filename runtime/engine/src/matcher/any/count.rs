//! How many matches an event completes, and what they come to, without making them.
//!
//! An event is a matrix over the automaton's states: which partial matches it moves where. What the partial matches of each state come
//! to ([`Weight`]), of those that began inside the window, is the row of the start in the product of the window's matrices. The window
//! slides at both ends, and there is no inverse to take an event out again, so the product is kept in two parts: for the older events
//! a stack with the product from each of them on, for the newer ones one product. When the older part is used up, the newer one is
//! turned into it; and as a row for each event of a long window would be much, only in blocks of the square root of their number,
//! each worked out when it is its turn. So each event is multiplied in three times, whatever the window. That a match is counted once,
//! and not once for each way to it, is because the automaton is deterministic.
//!
//! Aims as in GRETA (Poppe et al., VLDB 2017) and COGRA (SIGMOD 2019); the two stacks are the folklore queue of two stacks, as in
//! Tangwongsan, Hirzel, Schneider, "Low-latency sliding-window aggregation in worst-case constant time", DEBS 2017.

mod saved;

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
    /// It may begin a match that goes on.
    pub begins: bool,
    pub values: W::Values,
}

/// Older events whose products are not worked out yet: only when those before them are used up.
#[derive(Debug)]
struct Block<W: Weight> {
    /// In order.
    events: VecDeque<Moved<W>>,
    /// From each state, what it becomes by the older events after these.
    onward: Vec<Row<W>>,
}

/// What a partition's partial matches come to.
#[derive(Debug)]
pub(crate) struct Counter<W: Weight> {
    /// The older events, the oldest last: each with the partial matches that began with it or a later one of them.
    older: Vec<(i64, Row<W>)>,
    /// Older events after those, the oldest block last. That there be any, `older` must not be empty.
    blocks: Vec<Block<W>>,
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
    /// How many events are in `older`, `blocks` and `newer`.
    held: usize,
}

impl<W: Weight> Default for Counter<W> {
    fn default() -> Self {
        Self {
            older: Vec::new(),
            blocks: Vec::new(),
            newer: VecDeque::new(),
            product: Vec::new(),
            open: Vec::new(),
            stale: true,
            work: 0,
            held: 0,
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
                    self.held -= 1;
                    self.stale = true;
                }
                Some(_) => return,
                None if !self.blocks.is_empty() => self.unfold(determined, carries, cutoff),
                None if self.newer.front().is_some_and(|moved| moved.at < cutoff) => {
                    self.turn(determined, carries);
                    self.unfold(determined, carries, i64::MIN);
                    self.begin_product(carries);
                }
                None => return,
            }
        }
    }

    /// Makes the newer part the older one.
    fn turn(&mut self, determined: &Determined, carries: &[Carry]) {
        let size = self.newer.len().isqrt().max(1);
        let mut onward: Vec<Row<W>> = (0..determined.len())
            .map(|state| unit(state, carries))
            .collect();
        while !self.newer.is_empty() {
            let events = self.newer.split_off(self.newer.len().saturating_sub(size));
            let block = Block {
                events,
                onward: onward.clone(),
            };
            // Before the oldest block there is nothing.
            if !self.newer.is_empty() {
                for moved in block.events.iter().rev() {
                    self.work += before(&mut onward, moved, determined, carries);
                }
            }
            self.blocks.push(block);
        }
    }

    /// Works out the oldest block in which something is inside the window.
    fn unfold(&mut self, determined: &Determined, carries: &[Carry], cutoff: i64) {
        while let Some(block) = self.blocks.pop() {
            let Block { events, mut onward } = block;
            if events.back().is_none_or(|moved| moved.at < cutoff) {
                self.held -= events.len();
                continue;
            }
            for moved in events.iter().rev() {
                self.work += before(&mut onward, moved, determined, carries);
                let start = onward.first().cloned().unwrap_or_default();
                self.older.push((moved.at, start));
            }
            return;
        }
    }

    /// There are no newer events yet: each state that the older part can be in stays what it is.
    fn begin_product(&mut self, carries: &[Carry]) {
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

    /// How many events it remembers.
    pub fn len(&self) -> usize {
        self.held
    }

    /// Forgets the oldest of them, and all that began with it.
    pub fn drop_first(&mut self, determined: &Determined, carries: &[Carry]) {
        if self.older.is_empty() && self.blocks.is_empty() {
            self.turn(determined, carries);
            self.unfold(determined, carries, i64::MIN);
            self.begin_product(carries);
        } else if self.older.is_empty() {
            self.unfold(determined, carries, i64::MIN);
        }
        if self.older.pop().is_some() {
            self.held -= 1;
            self.stale = true;
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
            moves_any |=
                (id != START || moved.begins) && moves.binds.iter().any(|bind| bind.next.is_some());
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
                let binds = moves.binds.iter().filter(|_| id != START || moved.begins);
                for bind in binds {
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
            self.held += 1;
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

/// From each state, what it becomes by an event and those after it, from what it becomes by those after it. For states that nothing is
/// in when the event comes, that may be anything. How many weights that took.
fn before<W: Weight>(
    onward: &mut [Row<W>],
    moved: &Moved<W>,
    determined: &Determined,
    carries: &[Carry],
) -> u64 {
    let mut work = 0;
    let mut changed: Vec<(usize, Row<W>)> = Vec::new();
    for (state, same) in onward.iter().enumerate() {
        let id = StateId::of(state);
        let Some(moves) = determined.known(id, moved.bits) else {
            continue;
        };
        let stay = if id == START { Some(id) } else { moves.stay };
        let mut nexts = moves
            .binds
            .iter()
            .filter(|_| id != START || moved.begins)
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
            work += add(&mut row, &bound, next, carries);
        }
        changed.push((state, row));
    }
    for (state, row) in changed {
        if let Some(onward) = onward.get_mut(state) {
            *onward = row;
        }
    }
    work
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
