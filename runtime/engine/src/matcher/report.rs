//! What the matcher has decided, on its way to output.

use std::sync::Arc;

use portent_planner::expr::VarId;

use crate::event::Row;

use super::bindings::Node;

/// A decision, in the order in which they are reported.
pub(crate) enum Decided {
    /// A match, or a partial match that ran out of time.
    Match(Decision),
    /// No match that is still to come has a row before this position.
    Frontier(u64),
}

/// A match.
pub(crate) struct Decision {
    /// Its last event; `None`: an empty match.
    pub last: Option<Arc<Node>>,
    /// The row at which an empty match stands.
    pub start: Option<Row>,
    pub start_position: u64,
    /// `MATCH_NUMBER()`; 0 for what has none.
    pub number: u64,
    pub timed_out: bool,
}

/// An event of a match that is complete, and the variable it is bound to.
#[derive(Clone, Copy)]
pub(crate) struct Bound<'a> {
    pub row: &'a Row,
    /// Its place in the partition.
    pub position: u64,
    pub variable: VarId,
    /// Inside `{- … -}`.
    pub excluded: bool,
}

impl<'a> Bound<'a> {
    /// What is bound up to a node, the first event first.
    pub fn all(last: Option<&'a Node>) -> Vec<Bound<'a>> {
        let mut bound = Vec::with_capacity(last.map_or(0, |node| node.len as usize));
        bound.extend(last.into_iter().flat_map(Node::back).map(|node| Bound {
            row: &node.row,
            position: node.position,
            variable: node.variable,
            excluded: node.excluded,
        }));
        bound.reverse();
        bound
    }
}
