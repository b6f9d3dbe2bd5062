//! Ranges of one column with a bound on both sides, such as BETWEEN: entries by the cells of a grid that they touch.
//!
//! For each size of interval there is a grid whose cells are about that large, so that an interval touches two or three of them, and an
//! event looks into one cell per size. Sizes are powers of two; what interval there are of one size lie close to those it holds for.

use hashbrown::HashMap;
use portent_grammar::Cell;
use rustc_hash::FxBuildHasher;

use super::filed::{Bucket, Filed};
use super::ranges::{Scale, Side, bound, place};
use super::test::Test;

/// A cell of a grid: its size as a power of two, and its place, as the bits of a whole float.
pub(crate) type GridCell = (i32, u64);

/// Entries by cell.
#[derive(Debug, Default)]
pub(crate) struct Intervals {
    buckets: HashMap<GridCell, Bucket, FxBuildHasher>,
    /// How many cells are in use of each size.
    sizes: Vec<(i32, usize)>,
}

/// The first pair of tests of an entry that bound one column on both sides: the column, its scale, and both bounds.
pub(crate) fn interval(tests: &[Test]) -> Option<(usize, Scale, f64, f64)> {
    let finite = |test| bound(test).filter(|(_, _, bound)| bound.0.is_finite());
    tests.iter().find_map(|lower| {
        let (scale, _, from) = finite(lower).filter(|(_, side, _)| *side == Side::From)?;
        let to = tests.iter().find_map(|upper| {
            let (other, _, to) = finite(upper).filter(|(_, side, _)| *side == Side::To)?;
            (upper.slot == lower.slot && other == scale).then_some(to)
        })?;
        Some((lower.slot, scale, from.0, to.0))
    })
}

/// The cell that a value lies in. Dividing by a power of two and rounding down keep the order, so what lies between two values lies in a
/// cell between theirs.
fn cell(size: i32, value: f64) -> f64 {
    // Adding 0 makes -0 and 0 one.
    (value * f64::powi(2.0, -size)).floor() + 0.0
}

/// The cells that an interval touches. None if nothing lies in it.
pub(crate) fn cells(from: f64, to: f64) -> Box<[GridCell]> {
    // Not so small that neighbouring cells could not be told apart, nor beyond what a float can be divided by.
    let exponent = |value: f64| value.abs().max(f64::MIN_POSITIVE).log2().ceil() as i32;
    let finest = exponent(from.abs().max(to.abs())) - 50;
    let mut size = exponent((to - from).min(f64::MAX))
        .max(finest)
        .clamp(-1_000, 1_022);
    while cell(size, to) - cell(size, from) > 2.0 && size < 1_022 {
        size += 1;
    }
    let (mut at, last) = (cell(size, from), cell(size, to));
    let mut cells = Vec::new();
    while at <= last {
        cells.push((size, at.to_bits()));
        at += 1.0;
    }
    cells.into()
}

impl Intervals {
    /// The buckets of some cells. Those that are left empty are forgotten.
    pub fn buckets(&mut self, cells: &[GridCell], change: &mut dyn FnMut(&mut Bucket)) {
        for place in cells {
            let bucket = self.buckets.entry(*place).or_default();
            let was = usize::from(!bucket.is_empty());
            change(bucket);
            let is = usize::from(!bucket.is_empty());
            if is == 0 {
                self.buckets.remove(place);
            }
            match self.sizes.binary_search_by_key(&place.0, |(size, _)| *size) {
                Ok(at) => {
                    let count = self.sizes[at].1 + is - was;
                    self.sizes[at].1 = count;
                    if count == 0 {
                        self.sizes.remove(at);
                    }
                }
                Err(at) if is > 0 => self.sizes.insert(at, (place.0, 1)),
                Err(_) => {}
            }
        }
    }

    #[cfg(test)]
    pub fn kept(&self) -> usize {
        self.buckets.len() + self.sizes.len()
    }

    /// The entries whose interval a cell of an event may lie in; their own tests decide.
    #[inline]
    pub fn probe(&self, scale: Scale, value: Cell<'_>, mut found: impl FnMut(&Filed)) {
        if self.sizes.is_empty() {
            return;
        }
        // NaN, and what lies on another scale, is beyond every number on the same side: between no two of them.
        let Some(value) = place(value, scale).filter(|value| value.is_finite()) else {
            return;
        };
        for (size, _) in &self.sizes {
            let place = (*size, cell(*size, value).to_bits());
            if let Some(bucket) = self.buckets.get(&place) {
                bucket.as_slice().iter().for_each(&mut found);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_touches_few_cells_and_all_that_lies_in_it() {
        for (from, to) in [
            (0.0, 1.0),
            (5.0, 5.0),
            (0.0, 0.0),
            (-3.5, 1e9),
            (1e15, 1e15 + 0.25),
            (-1e300, 1e300),
            (f64::MIN, f64::MAX),
            (9e18, 9e18 + 4096.0),
            (1e-300, 2e-300),
        ] {
            let touched = cells(from, to);
            let most = if to > 1e200 { 9 } else { 3 };
            assert!(
                (1..=most).contains(&touched.len()),
                "{from} {to} {touched:?}"
            );
            for part in 0..=16 {
                let part = f64::from(part) / 16.0;
                let value = (from * (1.0 - part) + to * part).clamp(from, to);
                let size = touched[0].0;
                let place = (size, cell(size, value).to_bits());
                assert!(touched.contains(&place), "{from} {to} {value}");
            }
        }
        assert!(cells(2.0, 1.0).is_empty());
    }
}
