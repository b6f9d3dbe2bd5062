//! Values that keep their types: what JSON has no type for is an object with one letter for its type.

use portent_grammar::{Interval, Type, Value};
use serde_json::{Value as Json, json};

/// A value as JSON.
pub(super) fn encode(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(truth) => Json::Bool(*truth),
        Value::Int(int) => Json::from(*int),
        Value::Text(text) => Json::String(text.to_string()),
        Value::Array(elements) => elements.iter().map(encode).collect(),
        // As text: neither digits nor NaN are lost.
        Value::Float(float) => json!({ "f": float.to_string() }),
        Value::Decimal(decimal) => json!({ "n": decimal.to_string() }),
        Value::Timestamp(micros) => json!({ "t": micros }),
        Value::Date(days) => json!({ "d": days }),
        Value::Interval(it) => json!({ "i": [it.months, it.days, it.micros] }),
        Value::Bytes(_) => json!({ "x": value.to_string() }),
        Value::Uuid(uuid) => json!({ "u": uuid.to_string() }),
        Value::Inet(_) => json!({ "a": value.to_string() }),
        // As text, so that the null of JSON is not NULL.
        Value::Json(json) => json!({ "j": json.to_string() }),
        other => Json::String(other.to_string()),
    }
}

/// A value from JSON; `None`: it is not one.
pub(super) fn decode(json: &Json) -> Option<Value> {
    match json {
        Json::Null => Some(Value::Null),
        Json::Bool(truth) => Some(Value::Bool(*truth)),
        Json::Number(number) => number.as_i64().map(Value::Int),
        Json::String(text) => Some(Value::text(text.as_str())),
        Json::Array(elements) => elements
            .iter()
            .map(decode)
            .collect::<Option<Vec<_>>>()
            .map(Value::array),
        Json::Object(fields) => {
            let (kind, content) = fields.iter().next()?;
            tagged(kind, content)
        }
    }
}

fn tagged(kind: &str, content: &Json) -> Option<Value> {
    let cast = |ty: Type| Value::text(content.as_str()?).cast(&ty).ok();
    match kind {
        "f" => content.as_str()?.parse().ok().map(Value::Float),
        "n" => content.as_str()?.parse().ok().map(Value::Decimal),
        "t" => content.as_i64().map(Value::Timestamp),
        "d" => i32::try_from(content.as_i64()?).ok().map(Value::Date),
        "i" => {
            let part = |at: usize| content.get(at)?.as_i64();
            Some(Value::interval(Interval {
                months: i32::try_from(part(0)?).ok()?,
                days: i32::try_from(part(1)?).ok()?,
                micros: part(2)?,
            }))
        }
        "x" => cast(Type::Bytes),
        "u" => cast(Type::Uuid),
        "a" => cast(Type::Inet),
        "j" => serde_json::from_str(content.as_str()?)
            .ok()
            .map(Value::json),
        _ => None,
    }
}
