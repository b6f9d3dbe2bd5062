//! Ranges of one column, by their bounds: an event's value divides them into those it is in and those it is not.

use portent_grammar::{Cell, Value};
use portent_planner::expr::CompareOp;

use super::EntryId;
use super::test::{Test, TestKind};

/// Entries that are met from a bound on, or up to one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ranges {
    /// `column > bound`, `column >= bound`: by bound, ascending.
    from: Vec<(f64, EntryId)>,
    /// `column < bound`, `column <= bound`: by bound, descending.
    to: Vec<(f64, EntryId)>,
}

/// The bound of a test that is a range of numbers, and whether it is a lower one.
pub(crate) fn bound(test: &Test) -> Option<(f64, bool)> {
    let TestKind::Compare(op, with) = &test.kind else {
        return None;
    };
    let bound = match with {
        Value::Int(value) => *value as f64,
        Value::Float(value) if !value.is_nan() => *value,
        Value::Timestamp(value) => *value as f64,
        _ => return None,
    };
    match op {
        CompareOp::Gt | CompareOp::GtEq => Some((bound, true)),
        CompareOp::Lt | CompareOp::LtEq => Some((bound, false)),
        _ => None,
    }
}

impl Ranges {
    pub fn is_empty(&self) -> bool {
        self.from.is_empty() && self.to.is_empty()
    }

    pub fn insert(&mut self, (bound, lower): (f64, bool), entry: EntryId) {
        if lower {
            let at = self.from.partition_point(|(known, _)| *known <= bound);
            self.from.insert(at, (bound, entry));
        } else {
            let at = self.to.partition_point(|(known, _)| *known >= bound);
            self.to.insert(at, (bound, entry));
        }
    }

    pub fn remove(&mut self, entry: EntryId) {
        self.from.retain(|(_, known)| *known != entry);
        self.to.retain(|(_, known)| *known != entry);
    }

    /// The entries that a cell may meet: all whose bound it reaches. The bounds are rounded as the cell is, so that none is missed; the
    /// entries' own tests decide.
    pub fn candidates(&self, cell: Cell<'_>) -> impl Iterator<Item = EntryId> {
        let value = match cell {
            Cell::Int(value) | Cell::Timestamp(value) => Some(value as f64),
            Cell::Float(value) => Some(value),
            _ => None,
        };
        // NaN is greater than every other number; what is no number decides by its tests alone.
        let (from, to) = match value {
            Some(value) if !value.is_nan() => (
                self.from.partition_point(|(bound, _)| *bound <= value),
                self.to.partition_point(|(bound, _)| *bound >= value),
            ),
            _ if cell.is_null() => (0, 0),
            _ => (self.from.len(), self.to.len()),
        };
        let from = self.from.get(..from).unwrap_or_default();
        let to = self.to.get(..to).unwrap_or_default();
        from.iter().chain(to).map(|(_, entry)| *entry)
    }
}
