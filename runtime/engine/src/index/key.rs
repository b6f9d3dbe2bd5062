//! Keys of the hash tables: constants and cells that are equal in SQL have the same hash.

use std::hash::BuildHasher;

use portent_grammar::{Cell, Value};

/// Hashes of constants and cells. Seeded: events come from outside.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    hasher: foldhash::fast::RandomState,
}

impl Keys {
    /// The hash of a constant; `None`: one that is not looked up by hash. Texts and whole numbers are what keys are made of; for other
    /// types equality is a test like others.
    pub fn constant(&self, value: &Value) -> Option<u64> {
        match value {
            Value::Int(value) => Some(self.number(*value)),
            Value::Text(text) => Some(self.text(text)),
            _ => None,
        }
    }

    /// The hash of a cell; `None`: it equals no constant that has one.
    #[inline]
    pub fn cell(&self, cell: Cell<'_>) -> Option<u64> {
        match cell {
            Cell::Int(value) => Some(self.number(value)),
            Cell::Text(text) => Some(self.text(text)),
            Cell::Float(value) => {
                let whole = value as i64;
                (whole as f64 == value).then(|| self.number(whole))
            }
            Cell::Value(Value::Decimal(value)) => {
                use rust_decimal::prelude::ToPrimitive as _;
                let whole = value.is_integer().then(|| value.to_i64()).flatten();
                whole.map(|whole| self.number(whole))
            }
            _ => None,
        }
    }

    #[inline]
    fn number(&self, value: i64) -> u64 {
        self.hasher.hash_one(value)
    }

    #[inline]
    fn text(&self, text: &str) -> u64 {
        self.hasher.hash_one(text)
    }

    /// Several columns together, one after the other.
    #[inline]
    pub fn combine(one: u64, other: u64) -> u64 {
        (one.rotate_left(29) ^ other).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}
