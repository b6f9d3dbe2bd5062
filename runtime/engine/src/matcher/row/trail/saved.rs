//! The ways by which partial matches came, in a snapshot: from the first node on that something may still ask for, numbered from 0.

use crate::matcher::ground::Ground;
use crate::snapshot::{Damage, Reader, Writer};

use super::{Node, NodeId, Trail};

/// What was forgotten: no node has this number. Nodes that nobody asks for any more may refer to it.
const GONE: NodeId = NodeId::MAX;

const FIRST: u8 = 0;
const NEXT: u8 = 1;
const EITHER: u8 = 2;

impl Trail {
    /// Writes the nodes from one on; the number of the first of them.
    pub fn save(&self, from: NodeId, w: &mut Writer) -> NodeId {
        let from = from.clamp(self.base, self.next());
        let skip = usize::try_from(from - self.base).unwrap_or(usize::MAX);
        let nodes = self.nodes.get(skip..).unwrap_or_default();
        let back = |at: NodeId, other: NodeId| match other {
            GONE => 0,
            other if other < from => 0,
            other => at.saturating_sub(other),
        };
        w.length(nodes.len());
        for (at, node) in (from..).zip(nodes) {
            match *node {
                Node::First { step } => {
                    w.byte(FIRST);
                    w.length(step);
                }
                Node::Next { step, before } => {
                    w.byte(NEXT);
                    w.length(step);
                    w.u64(back(at, before));
                }
                Node::Either {
                    older,
                    newer,
                    from: since,
                } => {
                    w.byte(EITHER);
                    w.u64(back(at, older));
                    w.u64(back(at, newer));
                    w.u64(since);
                }
            }
        }
        from
    }

    pub fn load(ground: &Ground<'_>, r: &mut Reader<'_>) -> Result<Self, Damage> {
        let mut made = Self::default();
        // Every way comes to an end, since each node refers to earlier ones only.
        let before = |at: u64, r: &mut Reader<'_>| match r.u64()? {
            0 => Ok(GONE),
            back => at.checked_sub(back).ok_or(Damage::REFERENCE),
        };
        for at in 0..r.length()? as u64 {
            let node = match r.byte()? {
                FIRST => Node::First {
                    step: ground.step(r.u64()?)?,
                },
                NEXT => Node::Next {
                    step: ground.step(r.u64()?)?,
                    before: before(at, r)?,
                },
                EITHER => Node::Either {
                    older: before(at, r)?,
                    newer: before(at, r)?,
                    from: r.count()?,
                },
                _ => return Err(Damage::KIND),
            };
            made.nodes.push(node);
        }
        Ok(made)
    }
}
