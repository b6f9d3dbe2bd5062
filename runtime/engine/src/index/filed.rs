//! What lies in the index for an entry: all that is needed to turn most events away lies in one place, without a pointer to follow.

use std::cmp::Ordering;

use portent_grammar::{Cell, Value};
use portent_planner::expr::CompareOp;
use smallvec::SmallVec;

use super::test::{Fields, Test, TestKind, value};

/// No further tests.
pub(crate) const NO_REST: u32 = u32::MAX;

/// An entry, as it lies in a bucket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filed {
    pub query: u32,
    /// The number of its list of further tests, or [`NO_REST`].
    pub rest: u32,
    /// The first of the tests that its place in the index does not answer.
    pub first: Check,
    /// The place of the variable's bit.
    bit: u8,
}

impl Filed {
    /// `bit` has one bit.
    pub fn new(query: u32, bit: u64, first: Check, rest: u32) -> Self {
        Self {
            query,
            rest,
            first,
            bit: bit.trailing_zeros() as u8,
        }
    }

    /// The bit of the variable.
    #[inline]
    pub fn bit(&self) -> u64 {
        1_u64.wrapping_shl(u32::from(self.bit))
    }
}

/// A test, as near at hand as it goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Check {
    /// There is none.
    Always,
    /// A comparison with a number which no other entry has: it is made on the spot.
    Int(Accepts, u16, Word),
    Float(Accepts, u16, Word),
    Time(Accepts, u16, Word),
    /// The number of an interned test.
    Shared(u32),
}

/// A number of eight bytes, wherever it lies: two entries then fit into a line of the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word([u8; 8]);

impl Word {
    fn whole(self) -> i64 {
        i64::from_ne_bytes(self.0)
    }

    fn float(self) -> f64 {
        f64::from_ne_bytes(self.0)
    }
}

/// The results of a comparison for which a test holds, a bit for each: whether one does is found without a branch, which would be
/// guessed wrong half the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Accepts(u8);

const LESS: u8 = 1;
const EQUAL: u8 = 2;
const GREATER: u8 = 4;

impl Accepts {
    fn of(op: CompareOp) -> Option<Self> {
        Some(Self(match op {
            CompareOp::Eq => EQUAL,
            CompareOp::NotEq => LESS | GREATER,
            CompareOp::Lt => LESS,
            CompareOp::LtEq => LESS | EQUAL,
            CompareOp::Gt => GREATER,
            CompareOp::GtEq => GREATER | EQUAL,
            _ => return None,
        }))
    }

    #[inline]
    fn whole(self, cell: i64, with: i64) -> bool {
        let order =
            u8::from(cell < with) | u8::from(cell == with) << 1 | u8::from(cell > with) << 2;
        self.0 & order != 0
    }

    /// `with` is a number; a cell that is NaN is greater.
    #[inline]
    fn float(self, cell: f64, with: f64) -> bool {
        let greater = u8::from(cell > with) | u8::from(cell.is_nan());
        let order = u8::from(cell < with) | u8::from(cell == with) << 1 | greater << 2;
        self.0 & order != 0
    }

    /// Whatever the cell is.
    fn any(self, cell: Cell<'_>, with: &Value) -> bool {
        let order = value(cell, |cell| cell.cmp_sql(with));
        order.is_some_and(|order| {
            let order = match order {
                Ordering::Less => LESS,
                Ordering::Equal => EQUAL,
                Ordering::Greater => GREATER,
            };
            self.0 & order != 0
        })
    }
}

impl Check {
    /// A test as a check on the spot, if it is a comparison with a number.
    pub fn on_the_spot(test: &Test) -> Option<Self> {
        let slot = u16::try_from(test.slot).ok()?;
        let TestKind::Compare(op, with) = &test.kind else {
            return None;
        };
        let accepts = Accepts::of(*op)?;
        match with {
            Value::Int(with) => Some(Self::Int(accepts, slot, Word(with.to_ne_bytes()))),
            Value::Float(with) if !with.is_nan() => {
                Some(Self::Float(accepts, slot, Word(with.to_ne_bytes())))
            }
            Value::Timestamp(with) => Some(Self::Time(accepts, slot, Word(with.to_ne_bytes()))),
            _ => None,
        }
    }

    /// Whether a check on the spot holds; `None`: it is none.
    #[inline]
    pub fn holds<F: Fields + ?Sized>(self, fields: &F) -> Option<bool> {
        let cell = |slot: u16| fields.cell(usize::from(slot));
        Some(match self {
            Self::Float(accepts, slot, with) => match cell(slot) {
                Cell::Float(cell) => accepts.float(cell, with.float()),
                cell => accepts.any(cell, &Value::Float(with.float())),
            },
            Self::Int(accepts, slot, with) => match cell(slot) {
                Cell::Int(cell) => accepts.whole(cell, with.whole()),
                cell => accepts.any(cell, &Value::Int(with.whole())),
            },
            Self::Time(accepts, slot, with) => match cell(slot) {
                Cell::Timestamp(cell) => accepts.whole(cell, with.whole()),
                cell => accepts.any(cell, &Value::Timestamp(with.whole())),
            },
            Self::Always | Self::Shared(_) => return None,
        })
    }
}

/// Entries in one place. Most places have one or two: they need no memory of their own.
#[derive(Debug, Default)]
pub(crate) struct Bucket(SmallVec<[Filed; 2]>);

impl Bucket {
    #[inline]
    pub fn as_slice(&self) -> &[Filed] {
        &self.0
    }

    pub fn as_mut_slice(&mut self) -> &mut [Filed] {
        &mut self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn push(&mut self, filed: Filed) {
        self.0.push(filed);
    }

    /// Removes the entries of a query.
    pub fn remove(&mut self, query: u32) {
        self.0.retain(|filed| filed.query != query);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_on_the_spot_says_what_its_test_says() {
        let numbers = [
            Value::Int(0),
            Value::Int(1),
            Value::Int(i64::MAX),
            Value::Float(-0.0),
            Value::Float(0.5),
            Value::Float(1.0),
            Value::Float(i64::MAX as f64),
            Value::Float(f64::INFINITY),
            Value::Float(f64::NAN),
            Value::Decimal(1.into()),
            Value::Timestamp(1),
            Value::Date(0),
            Value::text("1"),
            Value::Null,
        ];
        use CompareOp as Op;
        for op in [Op::Eq, Op::NotEq, Op::Lt, Op::LtEq, Op::Gt, Op::GtEq] {
            for with in numbers.iter().filter(|with| !with.is_null()) {
                let kind = TestKind::Compare(op, with.clone());
                let test = Test { slot: 0, kind };
                let Some(check) = Check::on_the_spot(&test) else {
                    continue;
                };
                for cell in &numbers {
                    let row = std::slice::from_ref(cell);
                    assert_eq!(
                        check.holds(row),
                        Some(test.holds(row)),
                        "{cell:?} {op:?} {with:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn two_entries_fit_into_a_line_of_the_cache() {
        assert_eq!(size_of::<Filed>(), 24);
        assert!(size_of::<(u64, Bucket)>() <= 64);
    }
}
