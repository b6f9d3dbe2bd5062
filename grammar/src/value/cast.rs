//! Casts between types, at run time. Which casts exist at all is said by [`Type::can_cast_to`].

use std::str::FromStr;
use std::sync::Arc;

use ipnet::IpNet;
use rust_decimal::{Decimal, RoundingStrategy};
use uuid::Uuid;

use super::number::float_to_decimal;
use super::{Interval, Value, civil, json_scalar, parse_date, parse_timestamp};
use crate::Type;

/// A value as another type, with PostgreSQL's rules: a DOUBLE becomes a BIGINT by rounding half to even, a DECIMAL by
/// rounding half away from zero; DECIMAL(p, s) rounds to its scale and checks its precision. A JSON scalar casts like the
/// text, number or boolean that it is (a JSON string loses its quotes), a JSON null becomes NULL.
///
/// # Errors
/// One sentence in plain words, if the value does not fit or there is no such cast.
pub fn cast(value: Value, ty: &Type) -> Result<Value, String> {
    match (&value, ty) {
        (Value::Null, _) => Ok(Value::Null),
        (Value::Json(json), to) if *to != Type::Json => from_json(json, &value, to),
        (_, Type::Null) => Ok(value),
        (_, Type::Bool) => to_bool(value),
        (_, Type::Int) => to_int(value),
        (_, Type::Float) => to_float(value),
        (_, Type::Decimal(limits)) => to_decimal(value, *limits),
        (Value::Text(_), Type::Text) => Ok(value),
        (_, Type::Text) => Ok(Value::text(value.to_string())),
        (_, Type::Bytes) => to_bytes(value),
        (_, Type::Timestamp) => to_timestamp(value),
        (_, Type::Date) => to_date(value),
        (_, Type::Interval) => to_interval(value),
        (_, Type::Uuid) => to_uuid(value),
        (_, Type::Inet) => to_inet(value),
        (_, Type::Json) => to_json(value),
        (_, Type::Array(element)) => to_array(value, element),
    }
}

fn no_cast(value: &Value, ty: &Type) -> String {
    format!("{} can't be cast to {ty}", value.type_of())
}

fn not_a(text: &str, ty: &Type) -> String {
    format!("{text:?} is not a {ty}")
}

fn from_json(json: &serde_json::Value, value: &Value, ty: &Type) -> Result<Value, String> {
    match (json, ty) {
        (serde_json::Value::Array(elements), Type::Array(element)) => {
            let elements = elements
                .iter()
                .map(|json| cast(Value::json(json.clone()), element));
            Ok(Value::Array(elements.collect::<Result<_, _>>()?))
        }
        (serde_json::Value::Array(_) | serde_json::Value::Object(_), Type::Text) => {
            Ok(Value::text(value.to_string()))
        }
        (serde_json::Value::Array(_), _) => Err(format!("a JSON array can't be cast to {ty}")),
        (serde_json::Value::Object(_), _) => Err(format!("a JSON object can't be cast to {ty}")),
        _ => cast(json_scalar(json), ty),
    }
}

fn to_bool(value: Value) -> Result<Value, String> {
    match &value {
        Value::Bool(_) => Ok(value),
        Value::Int(int) => Ok(Value::Bool(*int != 0)),
        Value::Text(text) => parse_bool(text)
            .map(Value::Bool)
            .ok_or_else(|| not_a(text, &Type::Bool)),
        _ => Err(no_cast(&value, &Type::Bool)),
    }
}

/// PostgreSQL's spellings: `true`, `yes`, `on`, `1` and their beginnings, and the contrary.
fn parse_bool(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "t" | "tr" | "tru" | "true" | "y" | "ye" | "yes" | "on" | "1" => Some(true),
        "f" | "fa" | "fal" | "fals" | "false" | "n" | "no" | "of" | "off" | "0" => Some(false),
        _ => None,
    }
}

fn to_int(value: Value) -> Result<Value, String> {
    match &value {
        Value::Int(_) => Ok(value),
        Value::Bool(truth) => Ok(Value::Int(i64::from(*truth))),
        Value::Float(float) => {
            let rounded = float.round_ties_even();
            // Both limits are exact floats; the upper one is the first that is too large.
            if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&rounded) {
                Ok(Value::Int(rounded as i64))
            } else {
                Err(format!("{value} is out of range for BIGINT"))
            }
        }
        Value::Decimal(decimal) => {
            let rounded = decimal.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
            i64::try_from(rounded)
                .map(Value::Int)
                .map_err(|_| format!("{value} is out of range for BIGINT"))
        }
        Value::Text(text) => {
            let digits = text.trim();
            digits.parse().map(Value::Int).map_err(|_| {
                let unsigned = digits.trim_start_matches(['-', '+']);
                if !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
                    format!("{digits} is out of range for BIGINT")
                } else {
                    not_a(text, &Type::Int)
                }
            })
        }
        _ => Err(no_cast(&value, &Type::Int)),
    }
}

fn to_float(value: Value) -> Result<Value, String> {
    match &value {
        Value::Float(_) => Ok(value),
        Value::Int(_) | Value::Decimal(_) => Ok(value.as_f64().map_or(Value::Null, Value::Float)),
        Value::Text(text) => {
            let number = text.trim();
            let written = !number.is_empty();
            let float = number.parse::<f64>().ok().filter(|_| written);
            let float = float.ok_or_else(|| not_a(text, &Type::Float))?;
            // Rust reads 1e999 as infinity; that it is out of range must not go unnoticed.
            if float.is_infinite() && number.contains(|c: char| c.is_ascii_digit()) {
                return Err(format!("{number} is out of range for DOUBLE"));
            }
            Ok(Value::Float(float))
        }
        _ => Err(no_cast(&value, &Type::Float)),
    }
}

fn to_decimal(value: Value, limits: Option<(u8, u8)>) -> Result<Value, String> {
    let decimal = match &value {
        Value::Decimal(decimal) => *decimal,
        Value::Int(int) => Decimal::from(*int),
        Value::Float(float) => float_to_decimal(*float)?,
        Value::Text(text) => parse_decimal(text)?,
        _ => return Err(no_cast(&value, &Type::Decimal(limits))),
    };
    match limits {
        None => Ok(Value::Decimal(decimal)),
        Some((precision, scale)) => rescale(decimal, precision, scale).map(Value::Decimal),
    }
}

/// Reads a decimal number, also with an exponent. Digits past the 28th are rounded away.
///
/// # Errors
/// One sentence in plain words.
pub fn parse_decimal(text: &str) -> Result<Decimal, String> {
    let number = text.trim();
    let shaped = number.bytes().any(|byte| byte.is_ascii_digit())
        && number
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    if !shaped {
        return Err(not_a(text, &Type::Decimal(None)));
    }
    let number = number.strip_prefix('+').unwrap_or(number);
    let parsed = if number.contains(['e', 'E']) {
        Decimal::from_scientific(number)
    } else {
        Decimal::from_str(number)
    };
    match parsed {
        Ok(mut decimal) => {
            if decimal.is_zero() {
                decimal.set_sign_positive(true);
            }
            Ok(decimal)
        }
        Err(rust_decimal::Error::ExceedsMaximumPossibleValue) => Err(format!(
            "{number} is out of range for DECIMAL, which has 28 digits"
        )),
        Err(_) => Err(not_a(text, &Type::Decimal(None))),
    }
}

/// Rounds half away from zero to the scale and checks the precision, as DECIMAL(precision, scale) does.
///
/// # Errors
/// One sentence in plain words.
pub fn rescale(decimal: Decimal, precision: u8, scale: u8) -> Result<Decimal, String> {
    let overflow = || format!("{decimal} is out of range for DECIMAL({precision}, {scale})");
    let scale = u32::from(scale).min(28);
    let mut scaled = decimal.round_dp_with_strategy(scale, RoundingStrategy::MidpointAwayFromZero);
    scaled.rescale(scale);
    if scaled.scale() != scale {
        return Err(overflow());
    }
    let limit = 10_u128
        .checked_pow(u32::from(precision))
        .unwrap_or(u128::MAX);
    if scaled.mantissa().unsigned_abs() >= limit {
        return Err(overflow());
    }
    Ok(scaled)
}

fn to_bytes(value: Value) -> Result<Value, String> {
    match &value {
        Value::Bytes(_) => Ok(value),
        Value::Text(text) => match text.strip_prefix("\\x") {
            Some(hex) => {
                let bytes = decode_hex(hex).ok_or_else(|| not_a(text, &Type::Bytes))?;
                Ok(Value::Bytes(bytes.into()))
            }
            None => Ok(Value::Bytes(text.as_bytes().into())),
        },
        Value::Uuid(uuid) => Ok(Value::Bytes(uuid.as_bytes().as_slice().into())),
        _ => Err(no_cast(&value, &Type::Bytes)),
    }
}

/// Pairs of hexadecimal digits as bytes.
pub fn decode_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = digits.chunks_exact(2).map(|pair| match pair {
        [high, low] => Some((digit(*high)? * 16 + digit(*low)?) as u8),
        _ => None,
    });
    pairs.collect()
}

fn to_timestamp(value: Value) -> Result<Value, String> {
    match &value {
        Value::Timestamp(_) => Ok(value),
        Value::Date(days) => match civil::join(i64::from(*days), 0) {
            Some(micros) => Ok(Value::Timestamp(micros)),
            None => Err(format!("{value} is out of range for TIMESTAMP")),
        },
        Value::Text(text) => parse_timestamp(text).map(Value::Timestamp),
        _ => Err(no_cast(&value, &Type::Timestamp)),
    }
}

fn to_date(value: Value) -> Result<Value, String> {
    match &value {
        Value::Date(_) => Ok(value),
        Value::Timestamp(micros) => {
            let days = i32::try_from(civil::split(*micros).0);
            days.map(Value::Date)
                .map_err(|_| format!("{value} is out of range for DATE"))
        }
        Value::Text(text) => parse_date(text).map(Value::Date),
        _ => Err(no_cast(&value, &Type::Date)),
    }
}

fn to_interval(value: Value) -> Result<Value, String> {
    match &value {
        Value::Interval(_) => Ok(value),
        Value::Text(text) => Interval::parse(text).map(Value::interval),
        _ => Err(no_cast(&value, &Type::Interval)),
    }
}

fn to_uuid(value: Value) -> Result<Value, String> {
    match &value {
        Value::Uuid(_) => Ok(value),
        Value::Text(text) => Uuid::from_str(text.trim())
            .map(Value::Uuid)
            .map_err(|_| not_a(text, &Type::Uuid)),
        Value::Bytes(bytes) => Uuid::from_slice(bytes)
            .map(Value::Uuid)
            .map_err(|_| format!("a UUID has 16 bytes, not {}", bytes.len())),
        _ => Err(no_cast(&value, &Type::Uuid)),
    }
}

fn to_inet(value: Value) -> Result<Value, String> {
    match &value {
        Value::Inet(_) => Ok(value),
        Value::Text(text) => {
            let inet = parse_inet(text.trim());
            inet.map(|inet| Value::Inet(Arc::new(inet)))
                .ok_or_else(|| format!("{text:?} is not an IP address or network"))
        }
        _ => Err(no_cast(&value, &Type::Inet)),
    }
}

/// `10.0.0.1`, `10.0.0.0/8`, `::1`, `2001:db8::/32`
fn parse_inet(text: &str) -> Option<IpNet> {
    match text.parse::<std::net::IpAddr>() {
        Ok(address) => Some(IpNet::from(address)),
        Err(_) => text.parse().ok(),
    }
}

fn to_json(value: Value) -> Result<Value, String> {
    match &value {
        Value::Json(_) => Ok(value),
        Value::Text(text) => serde_json::from_str(text)
            .map(Value::json)
            .map_err(|error| format!("{:?} is not JSON: {error}", shortened(text))),
        _ => Ok(Value::json(value.to_json())),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn to_array(value: Value, element: &Type) -> Result<Value, String> {
    match &value {
        Value::Array(elements) => {
            if *element == Type::Null {
                return Ok(value);
            }
            let elements = elements.iter().map(|value| cast(value.clone(), element));
            Ok(Value::Array(elements.collect::<Result<_, _>>()?))
        }
        Value::Text(text) => parse_array(text, element),
        _ => Err(no_cast(&value, &Type::Array(Box::new(element.clone())))),
    }
}

/// PostgreSQL's array text: `{1,NULL,"a b",{…}}`.
fn parse_array(text: &str, element: &Type) -> Result<Value, String> {
    let bad = || {
        format!(
            "{:?} is not an array; write for example '{{1,2,3}}'",
            shortened(text)
        )
    };
    let mut characters = text.trim().chars().peekable();
    let value = array_items(&mut characters, element, bad)?;
    if characters.next().is_some() {
        Err(bad())
    } else {
        Ok(value)
    }
}

fn array_items(
    characters: &mut std::iter::Peekable<std::str::Chars<'_>>,
    element: &Type,
    bad: impl Fn() -> String + Copy,
) -> Result<Value, String> {
    if characters.next() != Some('{') {
        return Err(bad());
    }
    let mut items = Vec::new();
    loop {
        while characters.next_if(|c| c.is_whitespace()).is_some() {}
        match characters.peek() {
            None => return Err(bad()),
            Some('}') if items.is_empty() => {
                characters.next();
                return Ok(Value::array(items));
            }
            // The nesting follows the declared type, so that its depth is bounded.
            Some('{') => match element {
                Type::Array(inner) => items.push(array_items(characters, inner, bad)?),
                _ => return Err(bad()),
            },
            Some(_) => {
                let (item, quoted) = array_item(characters).ok_or_else(bad)?;
                let value = if !quoted && item.eq_ignore_ascii_case("null") {
                    Value::Null
                } else {
                    Value::text(item)
                };
                items.push(cast(value, element)?);
            }
        }
        while characters.next_if(|c| c.is_whitespace()).is_some() {}
        match characters.next() {
            Some(',') => {}
            Some('}') => return Ok(Value::array(items)),
            _ => return Err(bad()),
        }
    }
}

/// One element's text, and whether it was quoted.
fn array_item(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<(String, bool)> {
    let mut item = String::new();
    let quoted = characters.next_if_eq(&'"').is_some();
    if quoted {
        loop {
            match characters.next()? {
                '"' => return Some((item, true)),
                '\\' => item.push(characters.next()?),
                other => item.push(other),
            }
        }
    }
    while let Some(character) = characters.next_if(|c| !matches!(c, ',' | '{' | '}' | '"')) {
        item.push(if character == '\\' {
            characters.next()?
        } else {
            character
        });
    }
    let trimmed = item.trim_end().to_owned();
    (!trimmed.is_empty()).then_some((trimmed, false))
}
