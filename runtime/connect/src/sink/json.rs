//! JSON lines.

use std::io::Write;

use portent_grammar::Value;

/// What stands before each value: `{"a":`, `,"b":`.
pub(super) fn keys<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    names
        .enumerate()
        .map(|(index, name)| {
            let opening = if index == 0 { '{' } else { ',' };
            format!("{opening}{}:", serde_json::Value::from(name))
        })
        .collect()
}

/// One object and a line end. Values are as in `Value::to_json`.
pub(super) fn row(buffer: &mut Vec<u8>, keys: &[String], row: &[Value]) {
    if keys.is_empty() {
        buffer.push(b'{');
    }
    for (index, key) in keys.iter().enumerate() {
        buffer.extend_from_slice(key.as_bytes());
        value(buffer, row.get(index).unwrap_or(&Value::Null));
    }
    buffer.extend_from_slice(b"}\n");
}

fn value(buffer: &mut Vec<u8>, value: &Value) {
    // Writing into memory can't fail, nor can these values fail to be JSON.
    let _ = match value {
        Value::Null => buffer.write_all(b"null"),
        Value::Int(number) => write!(buffer, "{number}"),
        Value::Bool(truth) => write!(buffer, "{truth}"),
        Value::Text(text) => serde_json::to_writer(buffer, text.as_str()).map_err(Into::into),
        Value::Json(json) => serde_json::to_writer(buffer, &**json).map_err(Into::into),
        other => serde_json::to_writer(buffer, &other.to_json()).map_err(Into::into),
    };
}
