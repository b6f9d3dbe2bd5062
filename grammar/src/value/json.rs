//! Values as JSON, and JSON scalars as values.

use rust_decimal::Decimal;
use serde_json::{Number, Value as Json};

use super::number::decimal_to_f64;
use super::{Value, civil};

impl Value {
    /// As JSON: timestamps in ISO 8601 with `Z` and 0, 3 or 6 digits of fraction; a DECIMAL as a number when a double
    /// holds it exactly, else as text; NaN and infinities are null; bytes and everything else as its text.
    pub fn to_json(&self) -> Json {
        match self {
            Value::Null => Json::Null,
            Value::Bool(truth) => Json::Bool(*truth),
            Value::Int(int) => Json::from(*int),
            Value::Float(float) => Number::from_f64(*float).map_or(Json::Null, Json::Number),
            Value::Decimal(decimal) => decimal_json(decimal),
            Value::Text(text) => Json::String(text.to_string()),
            Value::Timestamp(micros) => Json::String(timestamp(*micros)),
            Value::Date(days) => Json::String(date(i64::from(*days))),
            Value::Json(json) => (**json).clone(),
            Value::Array(elements) => elements.iter().map(Value::to_json).collect(),
            Value::Bytes(_) | Value::Interval(_) | Value::Uuid(_) | Value::Inet(_) => {
                Json::String(self.to_string())
            }
        }
    }
}

/// The SQL value of a JSON scalar: TEXT, BOOLEAN, BIGINT, DECIMAL (whole numbers past BIGINT), DOUBLE, NULL. Arrays and
/// objects stay JSON.
pub fn json_scalar(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(number) => {
            if let Some(int) = number.as_i64() {
                Value::Int(int)
            } else if let Some(unsigned) = number.as_u64() {
                Value::Decimal(Decimal::from(unsigned))
            } else {
                number.as_f64().map_or(Value::Null, Value::Float)
            }
        }
        Json::String(text) => Value::text(text.as_str()),
        Json::Array(_) | Json::Object(_) => Value::json(json.clone()),
    }
}

fn decimal_json(decimal: &Decimal) -> Json {
    if let Ok(int) = i64::try_from(*decimal)
        && Decimal::from(int) == *decimal
    {
        return Json::from(int);
    }
    let float = decimal_to_f64(decimal);
    // Exact for the reader: the shortest text of the double is this very decimal.
    let exact = float
        .to_string()
        .parse::<Decimal>()
        .is_ok_and(|back| back == *decimal);
    match Number::from_f64(float) {
        Some(number) if exact => Json::Number(number),
        _ => Json::String(decimal.to_string()),
    }
}

/// ISO 8601; years outside of 0000 to 9999 with a sign and six digits.
fn date(days: i64) -> String {
    let (year, month, day) = civil::civil_from_days(days);
    if (0..=9999).contains(&year) {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{year:+07}-{month:02}-{day:02}")
    }
}

fn timestamp(micros: i64) -> String {
    let (days, time) = civil::split(micros);
    let (seconds, fraction) = (time / civil::SECOND, time % civil::SECOND);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let fraction = match fraction {
        0 => String::new(),
        fraction if fraction % 1000 == 0 => format!(".{:03}", fraction / 1000),
        fraction => format!(".{fraction:06}"),
    };
    format!(
        "{}T{hour:02}:{minute:02}:{second:02}{fraction}Z",
        date(days)
    )
}
