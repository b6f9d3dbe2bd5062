//! Values: what a column of an event holds.

use std::sync::Arc;

use ecow::EcoString;
use ipnet::IpNet;
use rust_decimal::Decimal;
use uuid::Uuid;

/// A calendar interval, as in PostgreSQL: the three parts do not convert into each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Interval {
    /// Calendar months.
    pub months: i32,
    /// Calendar days.
    pub days: i32,
    /// Microseconds.
    pub micros: i64,
}

/// One value. Cloning is cheap: long texts, arrays and JSON are shared.
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

    /// Whether it is NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }
}
