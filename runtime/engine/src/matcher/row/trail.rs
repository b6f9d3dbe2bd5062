//! The ways by which partial matches came: one node for each row that a thread bound.
//!
//! Nodes are made row by row and forgotten in the same order, so they live in one queue and are known by their number. Matches of
//! contiguous rows need no more: the row of a node follows from its distance to the last one.

use std::collections::VecDeque;

/// The number of a node.
pub(crate) type NodeId = u64;

/// A step of a partial match.
#[derive(Clone, Copy, Debug)]
enum Node {
    /// The first row of a match.
    First { step: usize },
    /// A row, and what was bound before.
    Next { step: usize, before: NodeId },
    /// No row: several starts came to the same state. Those that began before `from` came by `older`, the others by `newer`.
    Either {
        older: NodeId,
        newer: NodeId,
        from: u64,
    },
}

/// An empty queue with more room than this gives it back.
const KEEPS: usize = 256;

/// The nodes that something may still ask for.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    nodes: VecDeque<Node>,
    /// The number of the first node kept.
    base: NodeId,
}

impl Trail {
    /// The number of the node that is made next.
    pub fn next(&self) -> NodeId {
        self.base + self.nodes.len() as u64
    }

    /// A match begins by a step.
    pub fn first(&mut self, step: usize) -> NodeId {
        self.push(Node::First { step })
    }

    /// A match goes on by a step.
    pub fn bind(&mut self, step: usize, before: NodeId) -> NodeId {
        self.push(Node::Next { step, before })
    }

    /// Several starts go on together; those from `from` on came by `newer`.
    pub fn either(&mut self, older: NodeId, newer: NodeId, from: u64) -> NodeId {
        self.push(Node::Either { older, newer, from })
    }

    fn push(&mut self, node: Node) -> NodeId {
        let id = self.next();
        self.nodes.push_back(node);
        id
    }

    /// Takes back the nodes from one on, which nothing refers to.
    pub fn take_back(&mut self, from: NodeId) {
        let keep = from.saturating_sub(self.base);
        self.nodes
            .truncate(usize::try_from(keep).unwrap_or(usize::MAX));
    }

    /// Forgets the nodes before one.
    pub fn forget(&mut self, before: NodeId) {
        if before < self.next() {
            while self.base < before && self.nodes.pop_front().is_some() {
                self.base += 1;
            }
            return;
        }
        self.base = self.next();
        self.nodes.clear();
        if self.nodes.capacity() > KEEPS {
            self.nodes = VecDeque::new();
        }
    }

    /// The steps of a match that began at a position, the last one first.
    pub fn back(&self, last: NodeId, start: u64) -> impl Iterator<Item = usize> {
        let mut at = Some(last);
        std::iter::from_fn(move || {
            loop {
                let index = usize::try_from(at?.checked_sub(self.base)?).ok()?;
                match *self.nodes.get(index)? {
                    Node::First { step } => {
                        at = None;
                        return Some(step);
                    }
                    Node::Next { step, before } => {
                        at = Some(before);
                        return Some(step);
                    }
                    Node::Either { older, newer, from } => {
                        at = Some(if start < from { older } else { newer });
                    }
                }
            }
        })
    }
}
