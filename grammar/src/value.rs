//! Values: what a column of an event holds.

use std::sync::Arc;

use ecow::EcoString;
use ipnet::IpNet;
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::Type;

mod cast;
pub mod civil;
mod compare;
mod display;
mod interval;
mod iso;
mod json;
mod number;
#[cfg(test)]
mod tests;
mod write;

pub use cast::{cast, decode_hex, parse_decimal, rescale};
pub use interval::Interval;
pub use iso::{LocalTime, parse_date, parse_iso, parse_time, parse_timestamp};
pub use json::json_scalar;
pub use number::{compare_decimal_float, compare_int_float, decimal_to_f64, float_to_decimal};
pub use write::{write_date, write_instant, write_int};

/// One value. Cloning is cheap: long texts, arrays and JSON are shared.
///
/// Equality, order and hash are those of keys and sorting: numbers are compared by their value whatever their type
/// (1 = 1.0 = 1.00), `-0.0` = `0.0`, NaN = NaN and greater than every other number, NULL = NULL and greater than
/// everything. For SQL's comparison, where NULL is unknown, see [`Value::cmp_sql`].
///
/// ```
/// use portent_grammar::{Type, Value};
///
/// let value = Value::text("2026-01-31 10:00:00Z").cast(&Type::Timestamp).unwrap();
/// assert_eq!(value, Value::Timestamp(1_769_853_600_000_000));
/// assert_eq!(value.to_string(), "2026-01-31 10:00:00+00");
/// assert!(Value::text("soon").cast(&Type::Timestamp).is_err());
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Value {
    /// SQL's NULL: unknown or missing.
    #[default]
    Null,
    /// BOOLEAN
    Bool(bool),
    /// BIGINT
    Int(i64),
    /// DOUBLE
    Float(f64),
    /// DECIMAL
    Decimal(Decimal),
    /// TEXT
    Text(EcoString),
    /// BYTEA
    Bytes(Arc<[u8]>),
    /// TIMESTAMP: microseconds since 1970-01-01 00:00:00 UTC
    Timestamp(i64),
    /// DATE: days since 1970-01-01
    Date(i32),
    /// INTERVAL
    Interval(Arc<Interval>),
    /// UUID
    Uuid(Uuid),
    /// INET
    Inet(Arc<IpNet>),
    /// JSON
    Json(Arc<serde_json::Value>),
    /// T[]
    Array(Arc<[Value]>),
}

impl Value {
    /// A text.
    pub fn text(text: impl Into<EcoString>) -> Self {
        Value::Text(text.into())
    }

    /// An interval.
    pub fn interval(interval: Interval) -> Self {
        Value::Interval(Arc::new(interval))
    }

    /// A JSON value.
    pub fn json(json: serde_json::Value) -> Self {
        Value::Json(Arc::new(json))
    }

    /// An array.
    pub fn array(elements: Vec<Value>) -> Self {
        Value::Array(elements.into())
    }

    /// Whether it is NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// Its type; of a DECIMAL without precision, of an array that of its first element that is not NULL.
    pub fn type_of(&self) -> Type {
        match self {
            Value::Null => Type::Null,
            Value::Bool(_) => Type::Bool,
            Value::Int(_) => Type::Int,
            Value::Float(_) => Type::Float,
            Value::Decimal(_) => Type::Decimal(None),
            Value::Text(_) => Type::Text,
            Value::Bytes(_) => Type::Bytes,
            Value::Timestamp(_) => Type::Timestamp,
            Value::Date(_) => Type::Date,
            Value::Interval(_) => Type::Interval,
            Value::Uuid(_) => Type::Uuid,
            Value::Inet(_) => Type::Inet,
            Value::Json(_) => Type::Json,
            Value::Array(elements) => {
                let element = elements.iter().find(|element| !element.is_null());
                Type::Array(Box::new(element.map_or(Type::Null, Value::type_of)))
            }
        }
    }

    /// The truth of a BOOLEAN; `None` for NULL and everything else.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The number in a BIGINT.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Value::Int(int) => Some(*int),
            _ => None,
        }
    }

    /// The characters of a TEXT.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Any number as a DOUBLE, rounded to the nearest.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Int(int) => Some(*int as f64),
            Value::Float(float) => Some(*float),
            Value::Decimal(decimal) => Some(decimal_to_f64(decimal)),
            _ => None,
        }
    }

    /// As another type; see [`cast()`].
    ///
    /// # Errors
    /// One sentence in plain words if the value does not fit.
    pub fn cast(self, ty: &Type) -> Result<Value, String> {
        cast(self, ty)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Int(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Value::Int(i64::from(value))
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Value::Float(value)
    }
}

impl From<Decimal> for Value {
    fn from(value: Decimal) -> Self {
        Value::Decimal(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Text(value.into())
    }
}

impl From<Interval> for Value {
    fn from(value: Interval) -> Self {
        Value::interval(value)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}
