//! What lies in the index for an entry: all that is needed to turn most events away lies in one place, without a pointer to follow.

use portent_grammar::{Cell, Value};
use portent_planner::expr::CompareOp;

use super::test::{Fields, Test, TestKind, compares};

/// No further tests.
pub(crate) const NO_REST: u32 = u32::MAX;

/// An entry, as it lies in a bucket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filed {
    pub query: u32,
    /// The number of its list of further tests, or [`NO_REST`].
    pub rest: u32,
    /// The bit of the variable.
    pub bit: u64,
    /// The first of the tests that its place in the index does not answer.
    pub first: Check,
}

/// A test, as near at hand as it goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Check {
    /// There is none.
    Always,
    /// A comparison with a number which no other entry has: it is made on the spot.
    Int {
        op: CompareOp,
        slot: u16,
        with: i64,
    },
    Float {
        op: CompareOp,
        slot: u16,
        with: f64,
    },
    Time {
        op: CompareOp,
        slot: u16,
        with: i64,
    },
    /// The number of an interned test.
    Shared(u32),
}

impl Check {
    /// A test as a check on the spot, if it is a comparison with a number.
    pub fn on_the_spot(test: &Test) -> Option<Self> {
        let slot = u16::try_from(test.slot).ok()?;
        let TestKind::Compare(op, with) = &test.kind else {
            return None;
        };
        let op = *op;
        match with {
            Value::Int(with) => Some(Self::Int {
                op,
                slot,
                with: *with,
            }),
            Value::Float(with) => Some(Self::Float {
                op,
                slot,
                with: *with,
            }),
            Value::Timestamp(with) => Some(Self::Time {
                op,
                slot,
                with: *with,
            }),
            _ => None,
        }
    }

    /// Whether a check on the spot holds; `None`: it is none.
    #[inline]
    pub fn holds<F: Fields + ?Sized>(self, fields: &F) -> Option<bool> {
        Some(match self {
            Self::Int { op, slot, with } => match fields.cell(usize::from(slot)) {
                Cell::Int(cell) if op.is_order() => op.holds(cell.cmp(&with)) == Some(true),
                cell => compares(op, cell, &Value::Int(with)),
            },
            Self::Float { op, slot, with } => {
                compares(op, fields.cell(usize::from(slot)), &Value::Float(with))
            }
            Self::Time { op, slot, with } => {
                compares(op, fields.cell(usize::from(slot)), &Value::Timestamp(with))
            }
            Self::Always | Self::Shared(_) => return None,
        })
    }
}

/// Entries in one place. Most places have one: it needs no memory of its own.
#[derive(Debug)]
pub(crate) enum Bucket {
    One(Filed),
    Many(Vec<Filed>),
}

impl Default for Bucket {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl Bucket {
    #[inline]
    pub fn as_slice(&self) -> &[Filed] {
        match self {
            Self::One(filed) => std::slice::from_ref(filed),
            Self::Many(filed) => filed,
        }
    }

    pub fn as_mut_slice(&mut self) -> &mut [Filed] {
        match self {
            Self::One(filed) => std::slice::from_mut(filed),
            Self::Many(filed) => filed,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }

    pub fn push(&mut self, filed: Filed) {
        match self {
            Self::One(first) => *self = Self::Many(vec![*first, filed]),
            Self::Many(list) if list.is_empty() => *self = Self::One(filed),
            Self::Many(list) => list.push(filed),
        }
    }

    /// Removes the entries of a query.
    pub fn remove(&mut self, query: u32) {
        match self {
            Self::One(filed) if filed.query == query => *self = Self::default(),
            Self::One(_) => {}
            Self::Many(list) => list.retain(|filed| filed.query != query),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_entries_fit_into_a_line_of_the_cache() {
        assert_eq!(size_of::<Filed>(), 32);
        assert!(size_of::<(u64, Bucket)>() <= 48);
    }
}
