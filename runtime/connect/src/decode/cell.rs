//! One cell: from its text to a value of the column's type. The hot types are read here, the others by the casts of the
//! language, so that `CAST('…' AS INET)` and an INET column agree.

use std::sync::Arc;

use serde_json::value::RawValue;

use portent_grammar::codes::input as codes;
use portent_grammar::value::cast;
use portent_grammar::{ColumnValues, Type, Value};

use crate::batch::RowError;
use crate::error::shorten;
use crate::options::SourceConfig;
use crate::time::{TimeAt, TimeReader, parse_int};

use super::number::parse_plain_float;

/// Reads the cells of one column.
#[derive(Clone, Debug)]
pub(crate) struct CellReader {
    kind: Kind,
    /// Spellings of NULL that were asked for.
    nulls: Option<Arc<[String]>>,
}

#[derive(Clone, Debug)]
enum Kind {
    Bool,
    Int,
    Float,
    Text,
    Timestamp(Box<TimeReader>),
    /// By a cast.
    Other(Type),
    Array(Box<CellReader>, Type),
}

impl CellReader {
    /// For the column of this name and type.
    pub fn new(name: &str, ty: &Type, config: &SourceConfig) -> Self {
        let kind = match ty {
            Type::Bool => Kind::Bool,
            Type::Int => Kind::Int,
            Type::Float => Kind::Float,
            Type::Text => Kind::Text,
            Type::Timestamp => {
                let time = &config.time;
                let own = time
                    .columns
                    .iter()
                    .find(|(column, _)| column == name)
                    .or_else(|| {
                        time.columns
                            .iter()
                            .find(|(column, _)| column.eq_ignore_ascii_case(name))
                    });
                let format = own.map_or(&time.format, |(_, format)| format).clone();
                Kind::Timestamp(Box::new(TimeReader::new(format, time.zone, time.year)))
            }
            Type::Array(element) => {
                Kind::Array(Box::new(Self::new(name, element, config)), ty.clone())
            }
            other => Kind::Other(other.clone()),
        };
        Self {
            kind,
            nulls: config.null.clone(),
        }
    }

    /// For a new file.
    pub fn reset(&mut self, year: Option<i32>) {
        match &mut self.kind {
            Kind::Timestamp(reader) => reader.reset(year),
            Kind::Array(element, _) => element.reset(year),
            _ => {}
        }
    }

    /// What the times read so far decided.
    pub fn time_at(&self) -> Option<TimeAt> {
        match &self.kind {
            Kind::Timestamp(reader) => reader.at(),
            Kind::Array(element, _) => element.time_at(),
            _ => None,
        }
    }

    /// As if they had been read.
    pub fn set_time(&mut self, at: &TimeAt) {
        match &mut self.kind {
            Kind::Timestamp(reader) => reader.set(at),
            Kind::Array(element, _) => element.set_time(at),
            _ => {}
        }
    }

    /// Whether a text is NULL: one of the spellings that were asked for; or, without such, an empty text in a column that has no
    /// empty value, or an empty text that wasn't even quoted (`bare`).
    pub fn is_null(&self, text: &str, bare: bool) -> bool {
        match &self.nulls {
            None => {
                text.is_empty()
                    && (bare || !matches!(self.kind, Kind::Text | Kind::Other(Type::Bytes)))
            }
            Some(nulls) => nulls.iter().any(|null| null == text),
        }
    }

    /// Writes the value of a text that is not NULL to its column. Nothing is built for the types that lie in plain arrays.
    #[inline]
    pub fn read(&mut self, text: &str, column: &mut ColumnValues) -> Result<(), RowError> {
        match (&mut self.kind, &mut *column) {
            (Kind::Int, ColumnValues::Int(values, _)) => {
                if let Some(number) = parse_int(text.as_bytes()) {
                    values.push(number);
                    return Ok(());
                }
            }
            (Kind::Float, ColumnValues::Float(values, _)) => {
                if let Some(number) = parse_plain_float(text.as_bytes()) {
                    values.push(number);
                    return Ok(());
                }
            }
            (Kind::Text, ColumnValues::Text(texts, _)) => {
                texts.push(text);
                return Ok(());
            }
            (Kind::Timestamp(reader), ColumnValues::Timestamp(values, _)) => {
                values.push(reader.parse(text).map_err(time_error)?);
                return Ok(());
            }
            _ => {}
        }
        column.push(self.text(text)?);
        Ok(())
    }

    /// The same for a JSON token: a complete JSON value without blanks around it, known to be well formed.
    #[inline]
    pub fn read_json(&mut self, token: &str, column: &mut ColumnValues) -> Result<(), RowError> {
        let bytes = token.as_bytes();
        match (bytes.first(), &self.kind) {
            (Some(b'"'), Kind::Int | Kind::Float | Kind::Text | Kind::Timestamp(_)) => {
                let inside = token
                    .get(1..token.len().saturating_sub(1))
                    .unwrap_or_default();
                if !inside.as_bytes().contains(&b'\\') {
                    if self.is_null(inside, false) {
                        column.push_null();
                        return Ok(());
                    }
                    return self.read(inside, column);
                }
            }
            (Some(b'-' | b'0'..=b'9'), Kind::Float | Kind::Timestamp(_)) => {
                return self.read(token, column);
            }
            (Some(b'-' | b'0'..=b'9'), Kind::Int) => {
                if let (Some(number), ColumnValues::Int(values, _)) =
                    (parse_int(bytes), &mut *column)
                {
                    values.push(number);
                    return Ok(());
                }
            }
            _ => {}
        }
        column.push(self.json(token)?);
        Ok(())
    }

    /// The value of a text that is not NULL.
    pub fn text(&mut self, text: &str) -> Result<Value, RowError> {
        match &mut self.kind {
            Kind::Text => Ok(Value::text(text)),
            Kind::Int => {
                match parse_int(text.as_bytes()).or_else(|| parse_int(text.trim().as_bytes())) {
                    Some(number) => Ok(Value::Int(number)),
                    None => by_cast(text, &Type::Int),
                }
            }
            Kind::Float => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Value::Float(number)),
                _ => by_cast(text, &Type::Float),
            },
            Kind::Bool => match text {
                "true" | "TRUE" | "True" | "1" | "t" => Ok(Value::Bool(true)),
                "false" | "FALSE" | "False" | "0" | "f" => Ok(Value::Bool(false)),
                other => by_cast(other, &Type::Bool),
            },
            Kind::Timestamp(reader) => reader.parse(text).map(Value::Timestamp).map_err(time_error),
            Kind::Other(ty) => by_cast(text, ty),
            Kind::Array(_, ty) => {
                if text.trim_start().starts_with('[') {
                    self.array(text)
                } else {
                    by_cast(text, &ty.clone())
                }
            }
        }
    }

    /// The value of a JSON token: a complete JSON value without blanks around it, known to be well formed.
    pub fn json(&mut self, token: &str) -> Result<Value, RowError> {
        let first = token.as_bytes().first().copied().unwrap_or_default();
        match (first, &mut self.kind) {
            (b'n', _) => Ok(Value::Null),
            (_, Kind::Other(Type::Json)) => by_cast(token, &Type::Json),
            (b'"', _) => self.json_string(token),
            (b'[', Kind::Array(..)) => self.array(token),
            (_, Kind::Text) => Ok(Value::text(token)),
            (b't' | b'f', Kind::Bool) => Ok(Value::Bool(first == b't')),
            (b'-' | b'0'..=b'9', Kind::Int) => match parse_int(token.as_bytes()) {
                Some(number) => Ok(Value::Int(number)),
                None => whole_number(token),
            },
            (b'-' | b'0'..=b'9', Kind::Float | Kind::Timestamp(_) | Kind::Bool) => self.text(token),
            (b'-' | b'0'..=b'9', Kind::Other(Type::Decimal(_))) => self.text(token),
            (_, kind) => {
                let found = match first {
                    b'{' => "an object",
                    b'[' => "an array",
                    b't' | b'f' => "a truth value",
                    _ => "a number",
                };
                let ty = kind.ty();
                Err(RowError::new(
                    codes::BAD_ROW_VALUE,
                    format!("{found} is not a {ty}: {}", shorten(token.as_bytes())),
                ))
            }
        }
    }

    fn json_string(&mut self, token: &str) -> Result<Value, RowError> {
        let inside = token
            .get(1..token.len().saturating_sub(1))
            .unwrap_or_default();
        if !inside.contains('\\') {
            return if self.is_null(inside, false) {
                Ok(Value::Null)
            } else {
                self.text(inside)
            };
        }
        let text: String = serde_json::from_str(token).map_err(|error| {
            RowError::new(codes::BAD_ROW_JSON, format!("a text is damaged: {error}"))
        })?;
        if self.is_null(&text, false) {
            Ok(Value::Null)
        } else {
            self.text(&text)
        }
    }

    fn array(&mut self, token: &str) -> Result<Value, RowError> {
        let Kind::Array(element, ty) = &mut self.kind else {
            return self.text(token);
        };
        let tokens: Vec<&RawValue> = serde_json::from_str(token).map_err(|_| {
            RowError::new(
                codes::BAD_ROW_VALUE,
                format!("'{}' is not a {ty}", shorten(token.as_bytes())),
            )
        })?;
        let values: Result<Arc<[Value]>, RowError> = tokens
            .into_iter()
            .map(|token| element.json(token.get()))
            .collect();
        values.map(Value::Array)
    }
}

impl Kind {
    fn ty(&self) -> Type {
        match self {
            Kind::Bool => Type::Bool,
            Kind::Int => Type::Int,
            Kind::Float => Type::Float,
            Kind::Text => Type::Text,
            Kind::Timestamp(_) => Type::Timestamp,
            Kind::Other(ty) | Kind::Array(_, ty) => ty.clone(),
        }
    }
}

fn by_cast(text: &str, ty: &Type) -> Result<Value, RowError> {
    cast(Value::text(text), ty).map_err(|message| {
        // The cast quotes the whole text; a row can be long.
        let message = if text.len() > 200 {
            format!("'{}' is not a {ty}", shorten(text.as_bytes()))
        } else {
            message
        };
        let error = RowError::new(codes::BAD_ROW_VALUE, message);
        match text.trim() {
            "" => error.help("if blanks mean \"no value\", say trim = true"),
            "NA" | "N/A" | "n/a" | "-" | "null" | "NULL" | "NaN" | "None" | "nil" | "\\N" | "?" => {
                error.help(format!(
                    "if '{}' means \"no value\", say null = ('', '{}')",
                    text.trim(),
                    text.trim()
                ))
            }
            _ if *ty == Type::Int || *ty == Type::Float => {
                error.help("if such values are right, declare the column TEXT")
            }
            _ => error,
        }
    })
}

/// JSON has one kind of number: `5.0` and `1e3` are whole numbers, as programs without integers write them.
fn whole_number(token: &str) -> Result<Value, RowError> {
    let whole = portent_grammar::value::parse_decimal(token)
        .ok()
        .filter(|number| number.fract().is_zero())
        .and_then(|number| i64::try_from(number).ok());
    match whole {
        Some(number) => Ok(Value::Int(number)),
        None => Err(RowError::new(
            codes::BAD_ROW_VALUE,
            format!("{} is not a BIGINT", shorten(token.as_bytes())),
        )),
    }
}

fn time_error((message, help): (String, Option<String>)) -> RowError {
    let error = RowError::new(codes::BAD_ROW_VALUE, shorten(message.as_bytes()));
    match help {
        Some(help) => error.help(help),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(ty: &Type) -> CellReader {
        CellReader::new("x", ty, &SourceConfig::default())
    }

    fn text(ty: &Type, text: &str) -> Result<String, String> {
        reader(ty)
            .text(text)
            .map(|value| value.to_string())
            .map_err(|error| error.message)
    }

    fn json(ty: &Type, token: &str) -> Result<String, String> {
        reader(ty)
            .json(token)
            .map(|value| value.to_string())
            .map_err(|error| error.message)
    }

    #[test]
    fn text_is_read_strictly() {
        assert_eq!(text(&Type::Int, "42"), Ok("42".into()));
        assert_eq!(text(&Type::Int, " 42 "), Ok("42".into()));
        for bad in ["4.2", "1e3", "0x1f", "", "12 min", "9223372036854775808"] {
            assert!(text(&Type::Int, bad).is_err(), "{bad}");
        }
        assert_eq!(text(&Type::Float, "2.50"), Ok("2.5".into()));
        assert_eq!(text(&Type::Float, "1e3"), Ok("1000".into()));
        assert!(text(&Type::Float, "1e999").is_err());
        assert!(text(&Type::Float, "").is_err());
        assert_eq!(text(&Type::Decimal(None), "2.50"), Ok("2.50".into()));
        assert_eq!(text(&Type::Bool, "yes"), Ok("true".into()));
        assert!(text(&Type::Bool, "2").is_err());
        assert_eq!(text(&Type::Text, "00123"), Ok("00123".into()));
        assert_eq!(text(&Type::Inet, "10.0.0.0/8"), Ok("10.0.0.0/8".into()));
        assert_eq!(
            text(&Type::Array(Box::new(Type::Int)), "[1, 2]"),
            Ok("{1,2}".into())
        );
        assert_eq!(
            text(&Type::Array(Box::new(Type::Int)), "{1,2}"),
            Ok("{1,2}".into())
        );
    }

    #[test]
    fn json_tokens() {
        assert_eq!(json(&Type::Int, "412"), Ok("412".into()));
        assert_eq!(json(&Type::Int, "5.0"), Ok("5".into()));
        assert_eq!(json(&Type::Int, "\"412\""), Ok("412".into()));
        assert!(json(&Type::Int, "5.5").is_err());
        assert!(json(&Type::Int, "true").is_err());
        assert_eq!(json(&Type::Int, "\"\""), Ok("NULL".into()));
        assert_eq!(json(&Type::Text, "\"\""), Ok(String::new()));
        assert_eq!(json(&Type::Text, "412"), Ok("412".into()));
        assert_eq!(json(&Type::Text, "1.50"), Ok("1.50".into()), "as written");
        assert_eq!(json(&Type::Text, r#""a\u00e9\n""#), Ok("aé\n".into()));
        assert_eq!(json(&Type::Text, r#"{"a":1}"#), Ok(r#"{"a":1}"#.into()));
        assert_eq!(json(&Type::Text, "null"), Ok("NULL".into()));
        assert_eq!(
            json(&Type::Decimal(None), "0.10"),
            Ok("0.10".into()),
            "not through a double"
        );
        assert_eq!(json(&Type::Float, "0.1"), Ok("0.1".into()));
        assert_eq!(json(&Type::Bool, "false"), Ok("false".into()));
        assert!(json(&Type::Float, "[1]").is_err());
        assert_eq!(
            json(&Type::Array(Box::new(Type::Text)), r#"["a",1,null]"#),
            Ok("{a,1,NULL}".into())
        );
        assert_eq!(
            json(&Type::Json, r#"{"b":1,"a":[2]}"#),
            Ok(r#"{"b":1,"a":[2]}"#.into())
        );
        assert_eq!(
            json(&Type::Timestamp, "1381132800464"),
            Ok("2013-10-07 08:00:00.464+00".into())
        );
    }

    #[test]
    fn spellings_of_null_are_offered() {
        let error = reader(&Type::Int).text("NA").unwrap_err();
        assert_eq!(
            error.help.as_deref(),
            Some("if 'NA' means \"no value\", say null = ('', 'NA')")
        );
    }
}
