//! Types of columns and expressions.

use std::fmt;

/// The type of a column or expression.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Type {
    /// The type of a bare `NULL`: fits everywhere.
    Null,
    /// BOOLEAN
    Bool,
    /// BIGINT (INT, SMALLINT): 64 bits, overflow is an error
    Int,
    /// DOUBLE (REAL, FLOAT): IEEE 754 binary64
    Float,
    /// DECIMAL(precision, scale); without them, as many digits as the value has (28 at most)
    Decimal(Option<(u8, u8)>),
    /// TEXT (VARCHAR, STRING): UTF-8
    Text,
    /// BYTEA
    Bytes,
    /// TIMESTAMP, TIMESTAMPTZ: UTC, microseconds
    Timestamp,
    /// DATE: days
    Date,
    /// INTERVAL: months, days, microseconds
    Interval,
    /// UUID
    Uuid,
    /// INET: an IPv4 or IPv6 address with its prefix length
    Inet,
    /// JSON
    Json,
    /// T[]
    Array(Box<Type>),
}

impl Type {
    /// BIGINT, DOUBLE or DECIMAL.
    pub fn is_numeric(&self) -> bool {
        matches!(self, Type::Int | Type::Float | Type::Decimal(_))
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Null => f.write_str("NULL"),
            Type::Bool => f.write_str("BOOLEAN"),
            Type::Int => f.write_str("BIGINT"),
            Type::Float => f.write_str("DOUBLE"),
            Type::Decimal(None) => f.write_str("DECIMAL"),
            Type::Decimal(Some((precision, scale))) => write!(f, "DECIMAL({precision}, {scale})"),
            Type::Text => f.write_str("TEXT"),
            Type::Bytes => f.write_str("BYTEA"),
            Type::Timestamp => f.write_str("TIMESTAMP"),
            Type::Date => f.write_str("DATE"),
            Type::Interval => f.write_str("INTERVAL"),
            Type::Uuid => f.write_str("UUID"),
            Type::Inet => f.write_str("INET"),
            Type::Json => f.write_str("JSON"),
            Type::Array(element) => write!(f, "{element}[]"),
        }
    }
}

/// A named, typed column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// As declared; case is kept.
    pub name: String,
    /// Its type.
    pub ty: Type,
}

impl Column {
    /// A column of this name and type.
    pub fn new(name: impl Into<String>, ty: Type) -> Self {
        Self { name: name.into(), ty }
    }
}

/// The columns of a row, in order.
pub type Schema = Vec<Column>;
