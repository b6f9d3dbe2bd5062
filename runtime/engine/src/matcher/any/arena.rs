//! The graph of partial matches that class `any` shares: immutable nodes in one ring, the oldest popped as the window moves.
//!
//! A partial match is a way from a node to a first event: through *outputs* (an event with the variable it is bound to) and *unions* (one
//! side or the other). `max` of a node is the latest start that can be reached from it.
//!
//! What holds of every node (the letters are those of the paper):
//! * (T) a union's left side has the larger or equal `max`, and `max` of the union is that one: enumeration can stop at the first side
//!   that is too old;
//! * (B) only a constant number of unions lies between two outputs on the leftmost way, so that the next match is found in time linear
//!   in its own length;
//! * (D) the sides of a union have no partial match in common, so that none is found twice.
//!
//! A node's `max` is never later than the event that made it. So once the window has left that event, everything that the node could
//! reach is too old, and nobody reads it any more: a union keeps `max` of its right side in itself, and whoever holds a node keeps
//! its `max` beside it. Hence no reference counts and no free list.
//!
//! Source: tECS of Bucchi, Grez, Quintana, Riveros, Vansummeren, "CORE: a Complex Event Recognition Engine", VLDB 2022.

mod saved;

use std::collections::VecDeque;

use portent_planner::expr::VarId;

use crate::event::Row;

pub(crate) use saved::{Fragment, Local, Renumber};

/// The number of a node. Used again only where nobody has it any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NodeId(u64);

impl NodeId {
    pub fn number(self) -> u64 {
        self.0
    }
}

/// A node and the latest start that can be reached from it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub node: NodeId,
    /// The place of the latest first event, in the measure of the window.
    pub max: i64,
}

/// A node.
#[derive(Debug)]
pub(crate) enum Node {
    Output(Output),
    Union { left: Entry, right: Entry },
}

/// An event bound to a variable.
#[derive(Debug)]
pub(crate) struct Output {
    pub row: Row,
    /// Its place in the partition.
    pub position: u64,
    pub variable: VarId,
    /// What was bound before; `None`: nothing.
    pub before: Option<NodeId>,
}

/// All nodes of a family of queries, of one query, or of one partition.
///
/// Queries of a family have the same window and see events in the same order, so their nodes can lie in one queue: what the last
/// events made lies together, and in the cache, whichever queries made it.
#[derive(Debug)]
pub(crate) struct Arena {
    nodes: VecDeque<Node>,
    /// The number of the first node in `nodes`.
    base: u64,
    /// Whenever nodes were made, in order.
    marks: VecDeque<Mark>,
    owners: Vec<Owner>,
    /// Owners that are gone, and of whose nodes none is left.
    free: Vec<OwnerId>,
    /// Whose event it is.
    owner: OwnerId,
    /// What began before this place was dropped to make room.
    floor: i64,
    /// Where places are the numbers of events: the times and numbers of those that made nodes, from the first inside the window on.
    times: VecDeque<(i64, i64)>,
    /// From this one on nodes are of no use once their event is dealt with.
    passing: Option<u64>,
    /// How many nodes were in use when the others were last taken out.
    used: usize,
}

/// A query, to the arena that it shares with others.
pub(crate) type OwnerId = u32;

/// From a node on: when it was made, in the window's measure, and by whom.
#[derive(Clone, Copy, Debug)]
struct Mark {
    made: i64,
    first: u64,
    owner: OwnerId,
}

#[derive(Clone, Copy, Debug, Default)]
struct Owner {
    /// How many nodes it has.
    nodes: u64,
    /// How many of them its statistics know.
    told: u64,
    gone: bool,
}

impl Default for Arena {
    fn default() -> Self {
        Self {
            nodes: VecDeque::new(),
            base: 0,
            marks: VecDeque::new(),
            owners: Vec::new(),
            free: Vec::new(),
            owner: 0,
            floor: i64::MIN,
            times: VecDeque::new(),
            passing: None,
            used: 0,
        }
    }
}

impl Arena {
    /// Another owner.
    pub fn admit(&mut self) -> OwnerId {
        if let Some(free) = self.free.pop() {
            if let Some(owner) = self.owners.get_mut(free as usize) {
                *owner = Owner::default();
            }
            return free;
        }
        self.owners.push(Owner::default());
        OwnerId::try_from(self.owners.len() - 1).unwrap_or(OwnerId::MAX)
    }

    /// An owner is gone; its nodes go with the window.
    pub fn dismiss(&mut self, id: OwnerId) {
        if let Some(owner) = self.owners.get_mut(id as usize) {
            owner.gone = true;
            if owner.nodes == 0 {
                self.free.push(id);
            }
        }
    }

    /// What follows is done for this owner.
    pub fn enter(&mut self, owner: OwnerId) {
        self.owner = owner;
    }

    fn owner(&mut self) -> Option<&mut Owner> {
        // An arena of one partition has one owner, who need not be admitted.
        if self.owners.is_empty() {
            self.owners.push(Owner::default());
        }
        self.owners.get_mut(self.owner as usize)
    }

    /// Whether it holds no node.
    pub fn is_bare(&self) -> bool {
        self.nodes.is_empty()
    }

    /// How many nodes the owner has whose event it is.
    pub fn live(&self) -> u64 {
        self.nodes_of(self.owner)
    }

    /// How many nodes an owner has.
    pub fn nodes_of(&self, owner: OwnerId) -> u64 {
        let owner = self.owners.get(owner as usize);
        owner.map_or(0, |owner| owner.nodes)
    }

    /// Brings a count of nodes up to date for the owner whose event it is. Those that are of no use any more do not count.
    pub fn tell(&mut self, live: &mut u64) {
        let passing = self.passing.map_or(0, |from| self.next() - from);
        if let Some(owner) = self.owner() {
            let nodes = owner.nodes.saturating_sub(passing);
            *live = (*live + nodes).saturating_sub(owner.told);
            owner.told = nodes;
        }
    }

    /// A count of nodes as [`Self::tell`] would bring it up to date.
    pub fn told(&self, live: u64) -> u64 {
        let owner = self.owners.get(self.owner as usize);
        owner.map_or(live, |owner| {
            (live + owner.nodes).saturating_sub(owner.told)
        })
    }

    /// The number of the next node.
    pub fn next(&self) -> u64 {
        self.base + self.nodes.len() as u64
    }

    /// Of an arena with one owner: the nodes from this one on are of no use once their event is dealt with.
    pub fn pass(&mut self, from: Option<u64>) {
        self.passing = from;
    }

    /// The same of all nodes.
    pub fn pass_all(&mut self) {
        self.passing = Some(self.base);
    }

    /// The event is dealt with.
    pub fn settle(&mut self) {
        let Some(from) = self.passing.take() else {
            return;
        };
        let keep = usize::try_from(from.saturating_sub(self.base)).unwrap_or(usize::MAX);
        let gone = self.nodes.len().saturating_sub(keep) as u64;
        self.nodes.truncate(keep);
        while self.marks.back().is_some_and(|mark| mark.first >= from) {
            self.marks.pop_back();
        }
        if let Some(owner) = self.owner() {
            owner.nodes -= gone.min(owner.nodes);
        }
    }

    /// Of an arena that no window empties: whether it is time to take out what is in use no more. `full`: at the limit, where it would
    /// be in the way.
    pub fn is_littered(&self, full: bool) -> bool {
        let slack = if full {
            self.used / 8 + 32
        } else {
            self.used + 1024
        };
        self.nodes.len() > self.used + slack
    }

    /// Of an arena with one owner that no window empties: keeps what can be reached from these entries, under new numbers. By when that
    /// is called ([`Self::is_littered`]) it costs a constant for each node made.
    pub fn collect<'a>(&mut self, roots: impl Iterator<Item = &'a mut Entry>) {
        const GONE: u64 = u64::MAX;
        let roots: Vec<&mut Entry> = roots.collect();
        let base = self.base;
        let at = |id: NodeId| usize::try_from(id.0.wrapping_sub(base)).unwrap_or(usize::MAX);
        let mut numbers = vec![GONE; self.nodes.len()];
        let mut stack: Vec<NodeId> = roots.iter().map(|entry| entry.node).collect();
        while let Some(id) = stack.pop() {
            match numbers.get_mut(at(id)) {
                Some(number) if *number == GONE => *number = 0,
                _ => continue,
            }
            match self.get(id) {
                Some(Node::Output(output)) => stack.extend(output.before),
                Some(Node::Union { left, right }) => stack.extend([left.node, right.node]),
                None => {}
            }
        }
        // A node comes after those that it leads to.
        let next = self.next();
        let used = (next..).zip(numbers.iter_mut().filter(|number| **number != GONE));
        used.for_each(|(new, number)| *number = new);
        let renumber = |id: &mut NodeId| {
            if let Some(number) = numbers.get(at(*id)) {
                *id = NodeId(*number);
            }
        };
        let mut old = std::mem::take(&mut self.nodes).into_iter();
        for number in &numbers {
            let Some(mut node) = old.next() else { break };
            if *number == GONE {
                continue;
            }
            match &mut node {
                Node::Output(output) => output.before.iter_mut().for_each(renumber),
                Node::Union { left, right } => {
                    renumber(&mut left.node);
                    renumber(&mut right.node);
                }
            }
            self.nodes.push_back(node);
        }
        roots
            .into_iter()
            .for_each(|entry| renumber(&mut entry.node));
        self.base = next;
        self.used = self.nodes.len();
        self.marks.clear();
        let nodes = self.nodes.len() as u64;
        if let Some(owner) = self.owner() {
            owner.nodes = nodes;
        }
    }

    /// Of an arena with one owner: nothing is open.
    pub fn clear(&mut self) {
        self.base += self.nodes.len() as u64;
        self.nodes.clear();
        self.marks.clear();
        self.times.clear();
        self.passing = None;
        if let Some(owner) = self.owner() {
            owner.nodes = 0;
        }
    }

    /// An event with this number makes nodes, at this time.
    pub fn note(&mut self, time: i64, number: i64) {
        if self.times.back().is_none_or(|(_, last)| *last < number) {
            self.times.push_back((time, number));
        }
    }

    /// The number of the first event that was noted from this time on and not dropped; `number` if there is none.
    pub fn first_from(&mut self, time: i64, number: i64) -> i64 {
        let floor = self.floor;
        let gone = |(at, number): &(i64, i64)| *at < time || *number < floor;
        while self.times.front().is_some_and(gone) {
            self.times.pop_front();
        }
        let first = self.times.front().map_or(number, |(_, first)| *first);
        first.max(floor)
    }

    /// What began before this place was dropped.
    pub fn floor(&self) -> i64 {
        self.floor
    }

    /// Drops what began with the oldest event, if that is older than this one; how many nodes that were, and where the window then begins.
    pub fn drop_first(&mut self, before: i64) -> Option<(u64, i64)> {
        let made = self.marks.front()?.made;
        if made >= before {
            return None;
        }
        let had = self.nodes.len();
        self.floor = made + 1;
        self.expire(self.floor);
        Some(((had - self.nodes.len()) as u64, self.floor))
    }

    /// A node; `None` if the window has left it.
    pub fn get(&self, id: NodeId) -> Option<&Node> {
        let index = id.0.checked_sub(self.base)?;
        self.nodes.get(usize::try_from(index).ok()?)
    }

    /// An event follows; what it makes is of no use once the window begins after `now`.
    pub fn begin(&mut self, now: i64) {
        let owner = self.owner;
        let known = |mark: &Mark| mark.made >= now && mark.owner == owner;
        if !self.marks.back().is_some_and(known) {
            let first = self.base + self.nodes.len() as u64;
            self.marks.push_back(Mark {
                made: now,
                first,
                owner,
            });
        }
    }

    /// The window begins here: pops what was made before. Amortised constant.
    pub fn expire(&mut self, cutoff: i64) {
        while let Some(mark) = self.marks.front().copied()
            && mark.made < cutoff
        {
            self.marks.pop_front();
            let end = self.base + self.nodes.len() as u64;
            let first = self.marks.front().map_or(end, |mark| mark.first);
            let count = first.saturating_sub(self.base);
            for _ in 0..count {
                self.nodes.pop_front();
            }
            self.base += count;
            if let Some(owner) = self.owners.get_mut(mark.owner as usize) {
                owner.nodes -= count.min(owner.nodes);
                if owner.gone && owner.nodes == 0 && count > 0 {
                    self.free.push(mark.owner);
                }
            }
        }
    }

    fn push(&mut self, node: Node) -> NodeId {
        let id = NodeId(self.base + self.nodes.len() as u64);
        self.nodes.push_back(node);
        if let Some(owner) = self.owner() {
            owner.nodes += 1;
        }
        id
    }

    /// Binds an event after what is bound before. `max` is that of what was before, or the event's own start.
    pub fn output(&mut self, output: Output, max: i64) -> Entry {
        Entry {
            node: self.push(Node::Output(output)),
            max,
        }
    }

    fn sides(&self, entry: Entry) -> Option<(Entry, Entry)> {
        match self.get(entry.node) {
            Some(Node::Union { left, right }) => Some((*left, *right)),
            _ => None,
        }
    }

    /// `left.max >= right.max` must hold.
    fn join(&mut self, left: Entry, right: Entry) -> Entry {
        debug_assert!(left.max >= right.max, "the later start stands on the left");
        Entry {
            node: self.push(Node::Union { left, right }),
            max: left.max,
        }
    }

    /// The union of two entries with the same `max`, both of whose leftmost ways are short: so is that of the result.
    fn union(&mut self, one: Entry, other: Entry) -> Entry {
        let Some((left, right)) = self.sides(one) else {
            return self.join(one, other);
        };
        let Some((other_left, other_right)) = self.sides(other) else {
            return self.join(other, one);
        };
        // Both left sides reach the latest start. Of the right sides the later one goes first: their own `max` decides, not that
        // of the unions, which are alike.
        let (later, earlier) = if right.max >= other_right.max {
            (right, other_right)
        } else {
            (other_right, right)
        };
        let rest = self.join(later, earlier);
        let rest = self.join(other_left, rest);
        self.join(left, rest)
    }
}

/// What is filed under one state: entries with decreasing `max`, the first of them no union [union-list].
#[derive(Debug)]
pub(crate) struct List {
    first: Entry,
    /// `max` strictly decreasing, none above that of `first`.
    rest: Vec<Entry>,
}

impl List {
    /// A list of one entry, which is no union.
    pub fn new(first: Entry) -> Self {
        Self {
            first,
            rest: Vec::new(),
        }
    }

    /// The latest start of the last entry behind the first.
    pub fn last_max(&self) -> Option<i64> {
        self.rest.last().map(|entry| entry.max)
    }

    /// Adds an entry behind all others, which has the earliest start.
    pub fn push_last(&mut self, entry: Entry) {
        self.rest.push(entry);
    }

    /// The latest start.
    pub fn latest(&self) -> i64 {
        self.first.max
    }

    /// Drops what began before the window; whether anything is left.
    pub fn expire(&mut self, cutoff: i64) -> bool {
        while self.rest.last().is_some_and(|entry| entry.max < cutoff) {
            self.rest.pop();
        }
        self.first.max >= cutoff
    }

    /// Everything in it as one entry: unions that lean to the right.
    pub fn merged(&self, arena: &mut Arena) -> Entry {
        let mut rest = self.rest.iter().rev();
        let Some(last) = rest.next() else {
            return self.first;
        };
        let mut all = *last;
        for entry in rest {
            all = arena.join(*entry, all);
        }
        arena.join(self.first, all)
    }

    /// Adds an entry. The states are gone through in an order in which the first entry filed under a state has the latest start.
    pub fn insert(&mut self, arena: &mut Arena, entry: Entry) {
        debug_assert!(entry.max <= self.first.max, "the first entry is the latest");
        let at = self.rest.partition_point(|known| known.max > entry.max);
        match self.rest.get_mut(at) {
            Some(known) if known.max == entry.max => *known = arena.union(*known, entry),
            _ => self.rest.insert(at, entry),
        }
    }

    /// All entries, to give them new nodes.
    pub fn entries_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        std::iter::once(&mut self.first).chain(&mut self.rest)
    }

    /// All entries.
    pub fn entries(&self) -> impl Iterator<Item = Entry> {
        std::iter::once(self.first).chain(self.rest.iter().copied())
    }
}
