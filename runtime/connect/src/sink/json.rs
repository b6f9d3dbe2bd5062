//! JSON lines.

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
        row.get(index).unwrap_or(&Value::Null).write_json(buffer);
    }
    buffer.extend_from_slice(b"}\n");
}
