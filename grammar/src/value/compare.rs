//! Order, equality and hash of values.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use ipnet::IpNet;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::number::{compare_decimal_float, compare_floats, compare_int_float, decimal_to_f64};
use super::{Value, civil};

impl Value {
    /// SQL's comparison: `None` if either is NULL. Numbers are compared by value whatever their type; texts by their
    /// bytes; intervals with a month of 30 days and a day of 24 hours, as in PostgreSQL. Never allocates.
    pub fn cmp_sql(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Null, _) | (_, Value::Null) => None,
            _ => Some(self.cmp(other)),
        }
    }

    /// SQL's equality: `None` if either is NULL.
    pub fn eq_sql(&self, other: &Value) -> Option<bool> {
        self.cmp_sql(other).map(Ordering::is_eq)
    }

    /// Whether both are the same value of the same type, written alike: 1.0 and 1.00 are not, nor `-0.0` and `0.0`.
    pub fn identical(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Decimal(left), Value::Decimal(right)) => {
                left == right && left.scale() == right.scale()
            }
            (Value::Float(left), Value::Float(right)) => left.to_bits() == right.to_bits(),
            (Value::Interval(left), Value::Interval(right)) => **left == **right,
            (Value::Json(left), Value::Json(right)) => left == right,
            (Value::Array(left), Value::Array(right)) => {
                left.len() == right.len()
                    && left.iter().zip(right.iter()).all(|(l, r)| l.identical(r))
            }
            _ => std::mem::discriminant(self) == std::mem::discriminant(other) && self == other,
        }
    }

    /// Values of different kinds are ordered by this; numbers are one kind, and so are DATE and TIMESTAMP.
    fn kind(&self) -> u8 {
        match self {
            Value::Bool(_) => 0,
            Value::Int(_) | Value::Float(_) | Value::Decimal(_) => 1,
            Value::Text(_) => 2,
            Value::Bytes(_) => 3,
            Value::Timestamp(_) | Value::Date(_) => 4,
            Value::Interval(_) => 5,
            Value::Uuid(_) => 6,
            Value::Inet(_) => 7,
            Value::Json(_) => 8,
            Value::Array(_) => 9,
            Value::Null => 10,
        }
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Value::Int(left), Value::Int(right)) => left.cmp(right),
            (Value::Float(left), Value::Float(right)) => compare_floats(*left, *right),
            (Value::Text(left), Value::Text(right)) => left.as_str().cmp(right.as_str()),
            (Value::Timestamp(left), Value::Timestamp(right)) => left.cmp(right),
            (Value::Decimal(left), Value::Decimal(right)) => left.cmp(right),
            (Value::Int(left), Value::Float(right)) => compare_int_float(*left, *right),
            (Value::Float(left), Value::Int(right)) => compare_int_float(*right, *left).reverse(),
            (Value::Int(left), Value::Decimal(right)) => Decimal::from(*left).cmp(right),
            (Value::Decimal(left), Value::Int(right)) => left.cmp(&Decimal::from(*right)),
            (Value::Decimal(left), Value::Float(right)) => compare_decimal_float(left, *right),
            (Value::Float(left), Value::Decimal(right)) => {
                compare_decimal_float(right, *left).reverse()
            }
            (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
            (Value::Bytes(left), Value::Bytes(right)) => left.cmp(right),
            (Value::Date(left), Value::Date(right)) => left.cmp(right),
            (Value::Date(left), Value::Timestamp(right)) => {
                date_micros(*left).cmp(&i128::from(*right))
            }
            (Value::Timestamp(left), Value::Date(right)) => {
                i128::from(*left).cmp(&date_micros(*right))
            }
            (Value::Interval(left), Value::Interval(right)) => {
                left.total_micros().cmp(&right.total_micros())
            }
            (Value::Uuid(left), Value::Uuid(right)) => left.cmp(right),
            (Value::Inet(left), Value::Inet(right)) => compare_inets(left, right),
            (Value::Json(left), Value::Json(right)) => compare_jsons(left, right),
            (Value::Array(left), Value::Array(right)) => left.cmp(right),
            _ => self.kind().cmp(&other.kind()),
        }
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            // Equality of texts needs no order, and keys are mostly texts.
            (Value::Text(left), Value::Text(right)) => left == right,
            _ => self.cmp(other) == Ordering::Equal,
        }
    }
}

impl Eq for Value {}

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u8(self.kind());
        match self {
            Value::Null => {}
            Value::Bool(truth) => state.write_u8(u8::from(*truth)),
            Value::Int(int) => state.write_i64(*int),
            Value::Float(float) => hash_float(*float, state),
            Value::Decimal(decimal) => hash_decimal(decimal, state),
            Value::Text(text) => state.write(text.as_bytes()),
            Value::Bytes(bytes) => state.write(bytes),
            Value::Timestamp(micros) => state.write_i128(i128::from(*micros)),
            Value::Date(days) => state.write_i128(date_micros(*days)),
            Value::Interval(interval) => state.write_i128(interval.total_micros()),
            Value::Uuid(uuid) => state.write(uuid.as_bytes()),
            Value::Inet(inet) => inet.hash(state),
            Value::Json(json) => hash_json(json, state),
            Value::Array(elements) => {
                state.write_usize(elements.len());
                elements.iter().for_each(|element| element.hash(state));
            }
        }
    }
}

fn date_micros(days: i32) -> i128 {
    i128::from(days) * i128::from(civil::DAY)
}

/// Whole numbers within BIGINT hash as such, all others as their nearest float: equal numbers hash alike.
fn hash_float<H: Hasher>(float: f64, state: &mut H) {
    let int = float as i64;
    if float.fract() == 0.0 && compare_int_float(int, float) == Ordering::Equal {
        state.write_i64(int);
    } else if float.is_nan() {
        state.write_u64(f64::NAN.to_bits());
    } else {
        state.write_u64(float.to_bits());
    }
}

fn hash_decimal<H: Hasher>(decimal: &Decimal, state: &mut H) {
    if let Some(int) = decimal.to_i64()
        && Decimal::from(int) == *decimal
    {
        state.write_i64(int);
    } else {
        state.write_u64(decimal_to_f64(decimal).to_bits());
    }
}

/// As in PostgreSQL: IPv4 first, then by the common bits of the networks, then the larger network, then the address.
fn compare_inets(left: &IpNet, right: &IpNet) -> Ordering {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(address) => (4, u128::from(u32::from(address)) << 96),
        IpAddr::V6(address) => (6, u128::from(address)),
    };
    let ((family, left_bits), (other, right_bits)) = (bits(left.addr()), bits(right.addr()));
    if family != other {
        return family.cmp(&other);
    }
    let common = left.prefix_len().min(right.prefix_len());
    let mask = u128::MAX.checked_shl(128 - u32::from(common)).unwrap_or(0);
    (left_bits & mask)
        .cmp(&(right_bits & mask))
        .then(left.prefix_len().cmp(&right.prefix_len()))
        .then(left_bits.cmp(&right_bits))
}

/// As PostgreSQL orders jsonb: null, texts, numbers, booleans, arrays (by length first), objects (by size first).
fn compare_jsons(left: &serde_json::Value, right: &serde_json::Value) -> Ordering {
    use serde_json::Value as Json;
    fn kind(json: &Json) -> u8 {
        match json {
            Json::Null => 0,
            Json::String(_) => 1,
            Json::Number(_) => 2,
            Json::Bool(_) => 3,
            Json::Array(_) => 4,
            Json::Object(_) => 5,
        }
    }
    match (left, right) {
        (Json::String(left), Json::String(right)) => left.cmp(right),
        (Json::Number(left), Json::Number(right)) => number(left).cmp(&number(right)),
        (Json::Bool(left), Json::Bool(right)) => left.cmp(right),
        (Json::Array(left), Json::Array(right)) => left.len().cmp(&right.len()).then_with(|| {
            let pairs = left.iter().zip(right);
            pairs
                .map(|(l, r)| compare_jsons(l, r))
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        }),
        (Json::Object(left), Json::Object(right)) => left.len().cmp(&right.len()).then_with(|| {
            let (left, right) = (sorted(left), sorted(right));
            let pairs = left.iter().zip(&right);
            pairs
                .map(|(l, r)| l.0.cmp(r.0).then_with(|| compare_jsons(l.1, r.1)))
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        }),
        _ => kind(left).cmp(&kind(right)),
    }
}

fn sorted(
    object: &serde_json::Map<String, serde_json::Value>,
) -> Vec<(&String, &serde_json::Value)> {
    let mut entries: Vec<_> = object.iter().collect();
    entries.sort_by_key(|(key, _)| *key);
    entries
}

fn number(number: &serde_json::Number) -> Value {
    if let Some(int) = number.as_i64() {
        return Value::Int(int);
    }
    match number.as_u64() {
        Some(unsigned) => Value::Decimal(Decimal::from(unsigned)),
        None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
    }
}

fn hash_json<H: Hasher>(json: &serde_json::Value, state: &mut H) {
    use serde_json::Value as Json;
    match json {
        Json::Null => state.write_u8(0),
        Json::String(text) => {
            state.write_u8(1);
            state.write(text.as_bytes());
            state.write_u8(0xff);
        }
        Json::Number(json) => number(json).hash(state),
        Json::Bool(truth) => state.write_u8(2 + u8::from(*truth)),
        Json::Array(elements) => {
            state.write_usize(elements.len());
            elements
                .iter()
                .for_each(|element| hash_json(element, state));
        }
        Json::Object(object) => {
            state.write_usize(object.len());
            for (key, value) in sorted(object) {
                state.write(key.as_bytes());
                state.write_u8(0xff);
                hash_json(value, state);
            }
        }
    }
}
