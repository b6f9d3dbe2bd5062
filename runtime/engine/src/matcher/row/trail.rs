//! The ways by which partial matches came: one node for each row that a thread bound.
//!
//! Nodes are made row by row and forgotten in the same order, so they live in one list and are known by their number. Matches of
//! contiguous rows need no more: the row of a node follows from its distance to the last one.

mod saved;

/// The number of a node.
pub(super) type NodeId = u64;

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

/// An empty list with more room than this gives it back; a shorter one is not worth moving.
const KEEPS: usize = 64;

/// The nodes that something may still ask for.
#[derive(Debug, Default)]
pub(super) struct Trail {
    nodes: Vec<Node>,
    /// The number of the first node kept.
    base: NodeId,
}

impl Trail {
    /// The number of the node that is made next.
    #[inline]
    pub fn next(&self) -> NodeId {
        self.base + self.nodes.len() as u64
    }

    /// A match begins by a step.
    #[inline]
    pub fn first(&mut self, step: usize) -> NodeId {
        self.push(Node::First { step })
    }

    /// A match goes on by a step.
    #[inline]
    pub fn bind(&mut self, step: usize, before: NodeId) -> NodeId {
        self.push(Node::Next { step, before })
    }

    /// Several starts go on together; those from `from` on came by `newer`.
    pub fn either(&mut self, older: NodeId, newer: NodeId, from: u64) -> NodeId {
        self.push(Node::Either { older, newer, from })
    }

    #[inline]
    fn push(&mut self, node: Node) -> NodeId {
        let id = self.next();
        self.nodes.push(node);
        id
    }

    /// Forgets all nodes.
    #[inline]
    pub fn forget_all(&mut self) {
        if self.nodes.is_empty() {
            return;
        }
        self.base = self.next();
        self.nodes.clear();
        if self.nodes.capacity() > KEEPS {
            self.nodes = Vec::new();
        }
    }

    /// Forgets the nodes before one, once they are the greater part: no node moves more often than it is passed.
    #[inline]
    pub fn forget(&mut self, before: NodeId) {
        if self.nodes.len() > KEEPS / 2 {
            self.forget_many(before);
        }
    }

    fn forget_many(&mut self, before: NodeId) {
        let count = usize::try_from(before.saturating_sub(self.base)).unwrap_or(usize::MAX);
        let count = count.min(self.nodes.len());
        if count * 2 > self.nodes.len().max(KEEPS) {
            self.nodes.drain(..count);
            self.base += count as u64;
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

#[cfg(test)]
mod tests {
    use super::Trail;

    #[test]
    fn ways_part_again_by_their_starts() {
        let mut trail = Trail::default();
        let one = trail.first(10);
        let other = trail.first(20);
        let both = trail.either(one, other, 7);
        let last = trail.bind(30, both);
        assert_eq!(trail.back(last, 6).collect::<Vec<_>>(), [30, 10]);
        assert_eq!(trail.back(last, 7).collect::<Vec<_>>(), [30, 20]);
    }

    #[test]
    fn numbers_stay_when_nodes_go() {
        let mut trail = Trail::default();
        let mut node = trail.first(0);
        for step in 1..5_000 {
            node = trail.bind(step, node);
            trail.forget(node.saturating_sub(3));
            assert!(trail.nodes.len() <= 150);
            let back: Vec<usize> = trail.back(node, 0).take(4).collect();
            assert_eq!(back[0], step);
            assert_eq!(back.len(), 4.min(step + 1));
        }
        trail.forget_all();
        assert_eq!(trail.first(1), trail.next() - 1);
    }
}
