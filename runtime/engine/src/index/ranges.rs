//! Ranges of one column that are open on one side, by their bounds: an event's value divides them into those it is in and those it is
//! not.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use portent_grammar::value::decimal_to_f64;
use portent_grammar::{Cell, Value};
use portent_planner::expr::CompareOp;

use super::filed::{Bucket, Filed};
use super::test::{Test, TestKind};

/// Days have so many µs.
const DAY: f64 = 86_400_000_000.0;

/// What is compared with each other as numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    Numbers,
    /// Times in µs.
    Times,
}

/// A bound, rounded. Never NaN.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound(pub f64);

impl PartialEq for Bound {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Bound {}

impl PartialOrd for Bound {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Bound {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.partial_cmp(&other.0).unwrap_or(Ordering::Equal)
    }
}

/// Which side of its bound a range is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// `column > bound`, `column >= bound`
    From,
    /// `column < bound`, `column <= bound`
    To,
}

/// The bound of a test that is a range.
pub(crate) fn bound(test: &Test) -> Option<(Scale, Side, Bound)> {
    let TestKind::Compare(op, with) = &test.kind else {
        return None;
    };
    let (scale, bound) = position(with).filter(|(_, bound)| !bound.is_nan())?;
    let side = match op {
        CompareOp::Gt | CompareOp::GtEq => Side::From,
        CompareOp::Lt | CompareOp::LtEq => Side::To,
        _ => return None,
    };
    Some((scale, side, Bound(bound)))
}

/// Where a value lies, rounded: if one value is not less than another, neither is its place.
fn position(value: &Value) -> Option<(Scale, f64)> {
    Some(match value {
        Value::Int(value) => (Scale::Numbers, *value as f64),
        Value::Float(value) => (Scale::Numbers, *value),
        Value::Decimal(value) => (Scale::Numbers, decimal_to_f64(value)),
        Value::Timestamp(value) => (Scale::Times, *value as f64),
        Value::Date(days) => (Scale::Times, f64::from(*days) * DAY),
        _ => return None,
    })
}

/// Where a cell lies on a scale; `None`: nowhere.
pub(crate) fn place(cell: Cell<'_>, scale: Scale) -> Option<f64> {
    let (found, value) = match cell {
        Cell::Int(value) => (Scale::Numbers, value as f64),
        Cell::Float(value) => (Scale::Numbers, value),
        Cell::Timestamp(value) => (Scale::Times, value as f64),
        Cell::Value(value) => position(value)?,
        Cell::Null | Cell::Text(_) => return None,
    };
    (found == scale).then_some(value)
}

/// Entries that are met from a bound on, or up to one.
#[derive(Debug, Default)]
pub(crate) struct Ranges {
    from: BTreeMap<Bound, Bucket>,
    to: BTreeMap<Bound, Bucket>,
}

impl Ranges {
    /// The bucket of a bound. If it is left empty it is forgotten.
    pub fn bucket(&mut self, side: Side, bound: Bound, change: &mut dyn FnMut(&mut Bucket)) {
        let side = match side {
            Side::From => &mut self.from,
            Side::To => &mut self.to,
        };
        let bucket = side.entry(bound).or_default();
        change(bucket);
        if bucket.is_empty() {
            side.remove(&bound);
        }
    }

    #[cfg(test)]
    pub fn kept(&self) -> usize {
        self.from.len() + self.to.len()
    }

    /// The entries that a cell may meet: all whose bound it reaches. The bounds are rounded as the cell is, so that none is missed; the
    /// entries' own tests decide.
    #[inline]
    pub fn probe(&self, scale: Scale, cell: Cell<'_>, mut found: impl FnMut(&Filed)) {
        if self.from.is_empty() && self.to.is_empty() || cell.is_null() {
            return;
        }
        let mut each = |(_, bucket): (&Bound, &Bucket)| {
            bucket.as_slice().iter().for_each(&mut found);
        };
        match place(cell, scale) {
            Some(value) if !value.is_nan() => {
                self.from.range(..=Bound(value)).for_each(&mut each);
                self.to.range(Bound(value)..).for_each(&mut each);
            }
            // NaN is greater than every other number; what lies on another scale decides by its tests alone.
            _ => self.from.iter().chain(&self.to).for_each(&mut each),
        }
    }
}
