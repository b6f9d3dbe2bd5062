//! Rows by hand: the `row!` macro, and conversions between Rust's types and `Value`.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeZone, Utc};
use portent_grammar::Value;

/// A row to push: values in the order of the stream's columns, or by column name.
///
/// ```
/// use portent::{row, Row};
/// let by_position: Row = row!["2026-01-31 10:00:00Z", "ann", false];
/// let by_name: Row = row!{ "user" => "ann", "ok" => false };
/// assert_ne!(by_position, by_name);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// In the order in which the stream declares its columns (computed and metadata columns left out).
    Values(Vec<Value>),
    /// By column name; columns that are not named are NULL.
    Named(Vec<(String, Value)>),
}

/// A row for [`Session::push`](crate::Session::push): `row![ts, "ann", 3]` by position, `row!{"user" => "ann"}` by name.
#[macro_export]
macro_rules! row {
    ($($name:expr => $value:expr),+ $(,)?) => {
        $crate::Row::Named(vec![$((::std::string::String::from($name), $crate::IntoValue::into_value($value))),+])
    };
    ($($value:expr),* $(,)?) => {
        $crate::Row::Values(vec![$($crate::IntoValue::into_value($value)),*])
    };
}

impl From<Vec<Value>> for Row {
    fn from(values: Vec<Value>) -> Self {
        Row::Values(values)
    }
}

impl From<Vec<(String, Value)>> for Row {
    fn from(values: Vec<(String, Value)>) -> Self {
        Row::Named(values)
    }
}

/// What can stand in a `row!`.
pub trait IntoValue {
    /// As a value; the stream's column type is applied later (so a text may become a timestamp).
    fn into_value(self) -> Value;
}

macro_rules! into_value {
    ($($from:ty => |$value:ident| $into:expr;)*) => {
        $(impl IntoValue for $from {
            fn into_value(self) -> Value {
                let $value = self;
                $into
            }
        })*
    };
}

into_value! {
    Value => |v| v;
    bool => |v| Value::Bool(v);
    i64 => |v| Value::Int(v);
    i32 => |v| Value::Int(v.into());
    i16 => |v| Value::Int(v.into());
    i8 => |v| Value::Int(v.into());
    u32 => |v| Value::Int(v.into());
    u16 => |v| Value::Int(v.into());
    u8 => |v| Value::Int(v.into());
    f64 => |v| Value::Float(v);
    f32 => |v| Value::Float(v.into());
    &str => |v| Value::text(v);
    String => |v| Value::text(v);
    &String => |v| Value::text(v.as_str());
    DateTime<Utc> => |v| Value::Timestamp(v.timestamp_micros());
    NaiveDateTime => |v| Value::Timestamp(Utc.from_utc_datetime(&v).timestamp_micros());
    NaiveDate => |v| Value::Date(v.to_epoch_days());
    serde_json::Value => |v| Value::Json(v.into());
}

impl<T: IntoValue> IntoValue for Option<T> {
    fn into_value(self) -> Value {
        self.map_or(Value::Null, T::into_value)
    }
}

impl<T: IntoValue> IntoValue for Vec<T> {
    fn into_value(self) -> Value {
        Value::Array(self.into_iter().map(T::into_value).collect())
    }
}

/// What a value can be read as: see [`Emitted::get`](crate::Emitted::get).
pub trait FromValue: Sized {
    /// `None` if the value is NULL or of another type.
    fn from_value(value: &Value) -> Option<Self>;
}

impl FromValue for Value {
    fn from_value(value: &Value) -> Option<Self> {
        Some(value.clone())
    }
}

impl FromValue for bool {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(it) => Some(*it),
            _ => None,
        }
    }
}

impl FromValue for i64 {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Int(it) => Some(*it),
            _ => None,
        }
    }
}

impl FromValue for f64 {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Float(it) => Some(*it),
            Value::Int(it) => Some(*it as f64),
            Value::Decimal(it) => it.to_string().parse().ok(),
            _ => None,
        }
    }
}

impl FromValue for String {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Null => None,
            Value::Text(it) => Some(it.to_string()),
            other => Some(other.to_string()),
        }
    }
}

impl FromValue for DateTime<Utc> {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Timestamp(micros) => DateTime::from_timestamp_micros(*micros),
            _ => None,
        }
    }
}

impl FromValue for NaiveDate {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Date(days) => NaiveDate::from_epoch_days(*days),
            _ => None,
        }
    }
}

impl FromValue for serde_json::Value {
    fn from_value(value: &Value) -> Option<Self> {
        Some(value.to_json())
    }
}
