//! CSV by RFC 4180, but lines end in `\n`.

use std::io::Write;

use portent_grammar::Value;
use portent_grammar::value::{write_date, write_instant, write_int};

/// The names and a line end.
pub(super) fn header(buffer: &mut Vec<u8>, names: &[String], delimiter: u8) {
    for (index, name) in names.iter().enumerate() {
        if index > 0 {
            buffer.push(delimiter);
        }
        text(buffer, name, delimiter);
    }
    buffer.push(b'\n');
}

/// A row and a line end. NULL is an empty cell, an empty text is `""`: they stay apart when they are read again. Instants and dates are
/// ISO 8601, arrays JSON.
pub(super) fn row(buffer: &mut Vec<u8>, row: &[Value], delimiter: u8) {
    for (index, value) in row.iter().enumerate() {
        if index > 0 {
            buffer.push(delimiter);
        }
        cell(buffer, value, delimiter);
    }
    if let [Value::Null] = row {
        // An empty line would be no row at all.
        buffer.extend_from_slice(b"\"\"");
    }
    buffer.push(b'\n');
}

fn cell(buffer: &mut Vec<u8>, value: &Value, delimiter: u8) {
    // A delimiter may be a digit or a sign, which only quotes keep apart: then numbers and times are written as texts.
    let usual = !delimiter.is_ascii_alphanumeric() && !b"+-.:".contains(&delimiter);
    match value {
        Value::Null => {}
        Value::Int(number) => write_int(*number, buffer),
        Value::Bool(true) => buffer.extend_from_slice(b"true"),
        Value::Bool(false) => buffer.extend_from_slice(b"false"),
        Value::Text(written) => text(buffer, written, delimiter),
        Value::Timestamp(micros) if usual => write_instant(*micros, buffer),
        Value::Date(days) if usual => write_date(i64::from(*days), buffer),
        // Writing into memory can't fail.
        Value::Float(_) if usual => drop(write!(buffer, "{value}")),
        Value::Timestamp(_) | Value::Date(_) | Value::Array(_) => match value.to_json() {
            serde_json::Value::String(written) => text(buffer, &written, delimiter),
            other => text(buffer, &other.to_string(), delimiter),
        },
        other => text(buffer, &other.to_string(), delimiter),
    }
}

fn text(buffer: &mut Vec<u8>, text: &str, delimiter: u8) {
    let bytes = text.as_bytes();
    let special = |byte: &u8| *byte == delimiter || matches!(byte, b'"' | b'\n' | b'\r');
    if !bytes.is_empty() && !bytes.iter().any(special) {
        buffer.extend_from_slice(bytes);
        return;
    }
    buffer.push(b'"');
    for byte in bytes {
        if *byte == b'"' {
            buffer.push(b'"');
        }
        buffer.push(*byte);
    }
    buffer.push(b'"');
}
