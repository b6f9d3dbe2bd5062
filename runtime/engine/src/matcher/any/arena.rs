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

use std::collections::VecDeque;

use portent_planner::expr::VarId;

use crate::event::Row;

/// The number of a node, never used again.
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

/// All nodes of a query, or of one partition.
#[derive(Debug, Default)]
pub(crate) struct Arena {
    nodes: VecDeque<Node>,
    /// The number of the first node in `nodes`.
    base: u64,
    /// For each event that made nodes, in order: its place in the window's measure, and its first node.
    marks: VecDeque<(i64, u64)>,
}

impl Arena {
    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// A node; `None` if the window has left it.
    pub fn get(&self, id: NodeId) -> Option<&Node> {
        let index = id.0.checked_sub(self.base)?;
        self.nodes.get(usize::try_from(index).ok()?)
    }

    /// An event follows; what it makes is of no use once the window begins after `now`.
    pub fn begin(&mut self, now: i64) {
        if self.marks.back().is_none_or(|(last, _)| *last < now) {
            let next = self.base + self.nodes.len() as u64;
            self.marks.push_back((now, next));
        }
    }

    /// The window begins here: pops what was made before. Amortised constant.
    pub fn expire(&mut self, cutoff: i64) {
        while self.marks.front().is_some_and(|(made, _)| *made < cutoff) {
            self.marks.pop_front();
            let end = self.base + self.nodes.len() as u64;
            let first = self.marks.front().map_or(end, |(_, first)| *first);
            while self.base < first {
                self.nodes.pop_front();
                self.base += 1;
            }
        }
    }

    fn push(&mut self, node: Node) -> NodeId {
        let id = NodeId(self.base + self.nodes.len() as u64);
        self.nodes.push_back(node);
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

    /// All entries.
    pub fn entries(&self) -> impl Iterator<Item = Entry> {
        std::iter::once(self.first).chain(self.rest.iter().copied())
    }
}
