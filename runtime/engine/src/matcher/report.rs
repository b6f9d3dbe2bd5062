//! What the matcher has decided, on its way to output.

use std::sync::Arc;

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
