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

    /// TIMESTAMP or DATE.
    pub fn is_instant(&self) -> bool {
        matches!(self, Type::Timestamp | Type::Date)
    }

    /// `T[]`
    pub fn array_of(element: Type) -> Type {
        Type::Array(Box::new(element))
    }

    /// The type of this name, in upper case with single blanks: `DOUBLE PRECISION`, `VARCHAR`. Arguments: precision and
    /// scale of DECIMAL; the lengths of texts and the digits of timestamps are read and have no effect.
    pub fn by_name(name: &str, args: &[u32]) -> Option<Type> {
        let ty = match name {
            "BOOLEAN" | "BOOL" => Type::Bool,
            "BIGINT" | "INT" | "INTEGER" | "SMALLINT" | "TINYINT" | "INT2" | "INT4" | "INT8"
            | "INT16" | "INT32" | "INT64" | "LONG" => Type::Int,
            "DOUBLE" | "DOUBLE PRECISION" | "REAL" | "FLOAT" | "FLOAT4" | "FLOAT8" | "FLOAT32"
            | "FLOAT64" => Type::Float,
            "DECIMAL" | "NUMERIC" | "DEC" => {
                let limits = match args {
                    [] => None,
                    [precision] => Some((u8::try_from(*precision).ok()?, 0)),
                    [precision, scale, ..] => {
                        Some((u8::try_from(*precision).ok()?, u8::try_from(*scale).ok()?))
                    }
                };
                Type::Decimal(limits)
            }
            "TEXT" | "VARCHAR" | "STRING" | "CHAR" | "CHARACTER" | "CHARACTER VARYING"
            | "CHAR VARYING" | "BPCHAR" | "NVARCHAR" | "NAME" => Type::Text,
            "BYTEA" | "BYTES" | "BLOB" | "BINARY" | "VARBINARY" => Type::Bytes,
            "TIMESTAMP"
            | "TIMESTAMPTZ"
            | "TIMESTAMP_LTZ"
            | "TIMESTAMP WITH TIME ZONE"
            | "TIMESTAMP WITHOUT TIME ZONE"
            | "TIMESTAMP WITH LOCAL TIME ZONE"
            | "DATETIME" => Type::Timestamp,
            "DATE" => Type::Date,
            "INTERVAL" => Type::Interval,
            "UUID" => Type::Uuid,
            "INET" | "CIDR" => Type::Inet,
            "JSON" | "JSONB" => Type::Json,
            _ => return None,
        };
        Some(ty)
    }

    /// Reads a type as written: `decimal(12, 4)`, `text[]`, `DOUBLE PRECISION`.
    pub fn parse(text: &str) -> Option<Type> {
        let mut text = text.trim();
        let mut dimensions = 0;
        while let Some(element) = text.strip_suffix("[]") {
            text = element.trim_end();
            dimensions += 1;
        }
        if dimensions > MAX_DIMENSIONS {
            return None;
        }
        let (name, args) = match text.split_once('(') {
            Some((name, rest)) => {
                let (args, after) = rest.split_once(')')?;
                let args: Option<Vec<u32>> =
                    args.split(',').map(|arg| arg.trim().parse().ok()).collect();
                (format!("{name} {after}"), args?)
            }
            None => (text.to_owned(), Vec::new()),
        };
        let words: Vec<&str> = name.split_whitespace().collect();
        let ty = Type::by_name(&words.join(" ").to_ascii_uppercase(), &args)?;
        if let Type::Decimal(Some((precision, scale))) = ty
            && !(1..=MAX_PRECISION).contains(&precision) | (scale > precision.min(28))
        {
            return None;
        }
        Some((0..dimensions).fold(ty, |ty, _| Type::array_of(ty)))
    }

    /// The names that may be written, for suggestions.
    pub const NAMES: &'static [&'static str] = &[
        "BOOLEAN",
        "BOOL",
        "BIGINT",
        "INT",
        "INTEGER",
        "SMALLINT",
        "DOUBLE",
        "DOUBLE PRECISION",
        "REAL",
        "FLOAT",
        "DECIMAL",
        "NUMERIC",
        "TEXT",
        "VARCHAR",
        "STRING",
        "CHAR",
        "BYTEA",
        "TIMESTAMP",
        "TIMESTAMPTZ",
        "DATE",
        "INTERVAL",
        "UUID",
        "INET",
        "JSON",
        "JSONB",
    ];

    /// Whether there is a cast from this type to the other at all; a value may still not fit.
    pub fn can_cast_to(&self, to: &Type) -> bool {
        match (self, to) {
            (from, to) if from == to => true,
            (Type::Null, _) | (_, Type::Text | Type::Json) | (Type::Text | Type::Json, _) => true,
            (from, to) if from.is_numeric() && to.is_numeric() => true,
            (Type::Bool, Type::Int) | (Type::Int, Type::Bool) => true,
            (Type::Date, Type::Timestamp) | (Type::Timestamp, Type::Date) => true,
            (Type::Bytes, Type::Uuid) | (Type::Uuid, Type::Bytes) => true,
            (Type::Array(from), Type::Array(to)) => from.can_cast_to(to),
            _ => false,
        }
    }
}

/// The largest precision that DECIMAL(p, s) may be declared with. Values have 28 digits at most.
pub const MAX_PRECISION: u8 = 38;
/// The most `[]` of a type.
pub const MAX_DIMENSIONS: u32 = 6;

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
        Self {
            name: name.into(),
            ty,
        }
    }
}

/// The columns of a row, in order.
pub type Schema = Vec<Column>;
