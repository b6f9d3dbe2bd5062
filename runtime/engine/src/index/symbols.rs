//! The constants that a column is compared with, as small numbers: what keys are made of. They are exact, so what was found by its key
//! need not be compared again.

use std::ops::Range;

use ecow::EcoString;
use hashbrown::HashMap;
use portent_grammar::value::compare_int_float;
use portent_grammar::{Cell, ColumnValues, Value};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use rustc_hash::FxBuildHasher;

/// The number of a constant, within its column.
pub(crate) type Symbol = u32;

/// Texts and other things from outside can be made to collide with each other, but not with the constants of the queries: what is looked
/// up is never put in. Hence numbers are hashed fast.
type Seeded = foldhash::fast::RandomState;

/// The constants of one column.
#[derive(Debug, Default)]
pub(crate) struct Symbols {
    /// Whole numbers, whatever their type: 1, 1.0 and 1.00 are one.
    numbers: HashMap<i64, Symbol, FxBuildHasher>,
    /// Texts of up to seven bytes, as [`short`] numbers: to find one no memory is followed.
    shorts: HashMap<u64, Symbol, FxBuildHasher>,
    texts: HashMap<EcoString, Symbol, Seeded>,
    others: HashMap<Value, Symbol, Seeded>,
    /// By symbol: the constant, and how many use it.
    users: Vec<(Value, u32)>,
    free: Vec<Symbol>,
}

/// Whether a constant can have a number. Equality of JSON and arrays is a test like others.
pub(crate) fn has_symbol(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Json(_) | Value::Array(_))
}

/// A text of up to seven bytes as a number: its bytes, and in the last byte its length.
#[inline]
fn short(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    let word = match *bytes {
        [] => 0,
        [a] => u64::from(a),
        [a, b] => u64::from(u16::from_le_bytes([a, b])),
        [a, b, c] => u64::from(u32::from_le_bytes([a, b, c, 0])),
        [a, b, c, d] => u64::from(u32::from_le_bytes([a, b, c, d])),
        [a, b, c, d, e] => u64::from_le_bytes([a, b, c, d, e, 0, 0, 0]),
        [a, b, c, d, e, f] => u64::from_le_bytes([a, b, c, d, e, f, 0, 0]),
        [a, b, c, d, e, f, g] => u64::from_le_bytes([a, b, c, d, e, f, g, 0]),
        _ => return None,
    };
    Some(word | (bytes.len() as u64) << 56)
}

/// The whole number that a number is.
#[inline]
fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Int(value) => Some(*value),
        Value::Float(value) => whole_float(*value),
        Value::Decimal(value) => value.to_i64().filter(|it| Decimal::from(*it) == *value),
        _ => None,
    }
}

#[inline]
fn whole_float(value: f64) -> Option<i64> {
    let whole = value as i64;
    compare_int_float(whole, value).is_eq().then_some(whole)
}

impl Symbols {
    /// How many constants there are.
    pub fn len(&self) -> usize {
        self.users.len() - self.free.len()
    }

    /// The number of a constant, with one more user.
    pub fn acquire(&mut self, value: &Value) -> Symbol {
        let known = match (whole(value), value) {
            (Some(whole), _) => self.numbers.get(&whole),
            (None, Value::Text(text)) => self.text(text),
            _ => self.others.get(value),
        };
        if let Some(symbol) = known.copied() {
            self.share(symbol);
            return symbol;
        }
        let symbol = self.free.pop().unwrap_or_else(|| {
            self.users.push((Value::Null, 0));
            (self.users.len() - 1) as Symbol
        });
        if let Some(place) = self.users.get_mut(symbol as usize) {
            *place = (value.clone(), 1);
        }
        match (whole(value), value) {
            (Some(whole), _) => self.numbers.insert(whole, symbol),
            (None, Value::Text(text)) => match short(text) {
                Some(short) => self.shorts.insert(short, symbol),
                None => self.texts.insert(text.clone(), symbol),
            },
            _ => self.others.insert(value.clone(), symbol),
        };
        symbol
    }

    /// One more user of a number that is in use.
    pub fn share(&mut self, symbol: Symbol) {
        if let Some((_, users)) = self.users.get_mut(symbol as usize) {
            *users += 1;
        }
    }

    /// Gives a number back; with its last user the constant is forgotten.
    pub fn release(&mut self, symbol: Symbol) {
        let Some((constant, users)) = self.users.get_mut(symbol as usize) else {
            return;
        };
        *users -= 1;
        if *users > 0 {
            return;
        }
        let constant = std::mem::take(constant);
        match (whole(&constant), &constant) {
            (Some(whole), _) => self.numbers.remove(&whole),
            (None, Value::Text(text)) => match short(text) {
                Some(short) => self.shorts.remove(&short),
                None => self.texts.remove(text.as_str()),
            },
            _ => self.others.remove(&constant),
        };
        self.free.push(symbol);
    }

    /// The number of the constant that a cell equals, if it equals one.
    #[inline]
    pub fn find(&self, cell: Cell<'_>) -> Option<Symbol> {
        match cell {
            Cell::Text(text) => self.text(text).copied(),
            Cell::Int(value) => self.numbers.get(&value).copied(),
            Cell::Null => None,
            Cell::Float(value) => match whole_float(value) {
                Some(whole) => self.numbers.get(&whole).copied(),
                None => self.find_other(&Value::Float(value)),
            },
            Cell::Timestamp(value) => self.find_other(&Value::Timestamp(value)),
            Cell::Value(value) => match (whole(value), value) {
                (Some(whole), _) => self.numbers.get(&whole).copied(),
                (None, Value::Text(text)) => self.text(text).copied(),
                _ => self.find_other(value),
            },
        }
    }

    /// The same for some rows of a column, in order.
    pub fn find_all(
        &self,
        values: &ColumnValues,
        rows: Range<usize>,
        found: &mut Vec<Option<Symbol>>,
    ) {
        match values {
            ColumnValues::Int(values, nulls) => {
                let some = values.get(rows.clone()).unwrap_or_default();
                found.extend(rows.zip(some).map(|(row, value)| {
                    let symbol = self.numbers.get(value).copied();
                    symbol.filter(|_| !nulls.is_null(row))
                }));
            }
            ColumnValues::Text(texts, nulls) => {
                found.extend(rows.map(|row| {
                    let symbol = self.text(texts.get(row)).copied();
                    symbol.filter(|_| !nulls.is_null(row))
                }));
            }
            ColumnValues::Absent => {}
            values => found.extend(rows.map(|row| self.find(values.cell(row)))),
        }
    }

    #[inline]
    fn text(&self, text: &str) -> Option<&Symbol> {
        match short(text) {
            Some(short) => self.shorts.get(&short),
            None => self.texts.get(text),
        }
    }

    fn find_other(&self, value: &Value) -> Option<Symbol> {
        if self.others.is_empty() || !has_symbol(value) {
            return None;
        }
        self.others.get(value).copied()
    }
}

/// Pairs of symbols as one: keys of more than two columns are made of them, column by column.
#[derive(Debug, Default)]
pub(crate) struct Pairs {
    /// By pair: its number, and how many use it.
    numbers: HashMap<u64, (Symbol, u32), FxBuildHasher>,
    free: Vec<Symbol>,
    next: Symbol,
}

/// Two symbols in one word.
#[inline]
pub(crate) fn pack(one: Symbol, other: Symbol) -> u64 {
    u64::from(one) << 32 | u64::from(other)
}

impl Pairs {
    #[cfg(test)]
    pub fn kept(&self) -> usize {
        self.numbers.len()
    }

    pub fn acquire(&mut self, pair: u64) -> Symbol {
        let (free, next) = (&mut self.free, &mut self.next);
        let known = self.numbers.entry(pair).or_insert_with(|| {
            let number = free.pop().unwrap_or_else(|| {
                *next += 1;
                *next - 1
            });
            (number, 0)
        });
        known.1 += 1;
        known.0
    }

    /// Gives a pair back; its number.
    pub fn release(&mut self, pair: u64) -> Option<Symbol> {
        let (number, users) = self.numbers.get_mut(&pair)?;
        let number = *number;
        *users -= 1;
        if *users == 0 {
            self.numbers.remove(&pair);
            self.free.push(number);
        }
        Some(number)
    }

    #[inline]
    pub fn find(&self, pair: u64) -> Option<Symbol> {
        self.numbers.get(&pair).map(|(number, _)| *number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Value {
        Value::text(text)
            .cast(&portent_grammar::Type::Decimal(None))
            .unwrap()
    }

    #[test]
    fn found_is_what_equals() {
        let limit = 9_007_199_254_740_992_i64;
        let values = [
            Value::Int(1),
            Value::Float(1.0),
            decimal("1.00"),
            Value::Float(-0.0),
            Value::Int(0),
            Value::Float(0.1),
            decimal("0.1"),
            decimal("0.5"),
            Value::Float(0.5),
            Value::Int(limit),
            Value::Int(limit + 1),
            Value::Float(limit as f64),
            Value::Int(i64::MAX),
            Value::Float(i64::MAX as f64),
            decimal("9223372036854775808"),
            Value::Int(i64::MIN),
            Value::Float(i64::MIN as f64),
            Value::Float(f64::NAN),
            Value::Float(f64::INFINITY),
            Value::text("1"),
            Value::text("a text longer than fits in place"),
            Value::Timestamp(0),
            Value::Date(0),
            Value::Timestamp(1),
            Value::Bool(true),
        ];
        for constant in &values {
            let mut symbols = Symbols::default();
            symbols.acquire(&Value::text("another"));
            let symbol = symbols.acquire(constant);
            for value in &values {
                let found = symbols.find(Cell::of(value)) == Some(symbol);
                assert_eq!(found, value == constant, "{value:?} = {constant:?}");
            }
            assert_eq!(symbols.find(Cell::Null), None);
            symbols.release(symbol);
            assert_eq!(symbols.find(Cell::of(constant)), None);
            assert_eq!(symbols.len(), 1);
        }
    }

    #[test]
    fn short_texts_are_as_many_numbers() {
        let texts = [
            "", "\0", "\0\0", "a", "a\0", "ab", "ba", "abc", "abcd", "abcde", "abcdef", "abcdefg",
            "é",
        ];
        let numbers: Vec<u64> = texts.iter().map(|it| short(it).unwrap()).collect();
        for (at, number) in numbers.iter().enumerate() {
            assert!(!numbers[..at].contains(number), "{:?}", texts[at]);
        }
        assert_eq!(short("abcdefgh"), None);
    }

    #[test]
    fn a_constant_lives_as_long_as_its_last_user() {
        let mut symbols = Symbols::default();
        let one = symbols.acquire(&Value::Int(7));
        assert_eq!(symbols.acquire(&Value::Float(7.0)), one);
        symbols.release(one);
        assert_eq!(symbols.find(Cell::Int(7)), Some(one));
        symbols.release(one);
        assert_eq!(symbols.find(Cell::Int(7)), None);
        let mut pairs = Pairs::default();
        let number = pairs.acquire(pack(1, 2));
        assert_eq!(pairs.acquire(pack(1, 2)), number);
        assert_ne!(pairs.acquire(pack(2, 1)), number);
        pairs.release(pack(1, 2));
        assert_eq!(pairs.find(pack(1, 2)), Some(number));
        pairs.release(pack(1, 2));
        assert_eq!(pairs.find(pack(1, 2)), None);
    }
}
