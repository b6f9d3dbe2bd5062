//! Functions on BYTEA: hexadecimal and Base64.

use portent_grammar::Value;
use portent_grammar::value::decode_hex;

use super::Family::Bytes as F;
use super::{Outcome, Param as P, Returns as R, ScalarFunction, mismatch, sig, strict};

const ENCODE: &[super::Signature] = &[
    sig(&[P::Bytes, P::Text], R::Text),
    sig(&[P::Text, P::Text], R::Text),
];
const DECODE: &[super::Signature] = &[sig(&[P::Text, P::Text], R::Bytes)];
const XXHASH: &[super::Signature] = &[sig(&[P::Text], R::Text), sig(&[P::Bytes], R::Text)];

pub(super) static FUNCTIONS: &[ScalarFunction] = &[
    strict(
        F,
        "ENCODE",
        ENCODE,
        "ENCODE(bytes, 'hex'), ENCODE(bytes, 'base64'): as text.",
        encode,
    ),
    strict(
        F,
        "DECODE",
        DECODE,
        "DECODE(text, 'hex'), DECODE(text, 'base64'): as bytes.",
        decode,
    ),
    strict(
        F,
        "TO_HEX",
        &[sig(&[P::Int], R::Text)],
        "A number in hexadecimal digits.",
        to_hex,
    ),
    strict(
        F,
        "XXHASH",
        XXHASH,
        "A hash as 32 hexadecimal digits (XXH3, 128 bits): fast, the same everywhere, not for secrets.",
        xxhash,
    ),
    strict(
        F,
        "CONVERT_FROM",
        &[sig(&[P::Bytes, P::Text], R::Text)],
        "CONVERT_FROM(bytes, 'UTF8'): bytes as text.",
        convert_from,
    ),
];

/// RFC 4648
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn unknown(encoding: &str) -> String {
    format!("there is no encoding {encoding:?}; there are 'hex' and 'base64'")
}

fn octets(value: &Value) -> Option<&[u8]> {
    match value {
        Value::Bytes(bytes) => Some(bytes),
        Value::Text(text) => Some(text.as_bytes()),
        _ => None,
    }
}

fn encode(args: &[&Value]) -> Outcome {
    let [data, Value::Text(encoding)] = args else {
        return mismatch(args);
    };
    let Some(bytes) = octets(data) else {
        return mismatch(args);
    };
    match encoding.to_ascii_lowercase().as_str() {
        "hex" => Ok(Value::text(
            bytes
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>(),
        )),
        "base64" => Ok(Value::text(base64(bytes))),
        _ => Err(unknown(encoding)),
    }
}

fn decode(args: &[&Value]) -> Outcome {
    let [Value::Text(text), Value::Text(encoding)] = args else {
        return mismatch(args);
    };
    let (bytes, name) = match encoding.to_ascii_lowercase().as_str() {
        "hex" => (decode_hex(text.trim()), "hexadecimal"),
        "base64" => (decode_base64(text), "Base64"),
        _ => return Err(unknown(encoding)),
    };
    bytes
        .map(|bytes| Value::Bytes(bytes.into()))
        .ok_or_else(|| format!("the text is not {name}"))
}

fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |index: usize| u32::from(group.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for index in 0..4 {
            let six = (bits >> (18 - 6 * index)) as usize & 63;
            let letter = ALPHABET.get(six).copied().unwrap_or(b'=');
            text.push(if index <= group.len() {
                char::from(letter)
            } else {
                '='
            });
        }
    }
    text
}

/// Blanks and line ends are passed over; padding may be missing; `-_` are read as `+/`.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    let mut padded = false;
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        if byte == b'=' {
            padded = true;
            continue;
        }
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        if padded {
            return None;
        }
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    // A single letter is left over: less than a byte.
    (count < 6).then_some(bytes)
}

fn to_hex(args: &[&Value]) -> Outcome {
    let [Value::Int(number)] = args else {
        return mismatch(args);
    };
    Ok(Value::text(format!("{number:x}")))
}

fn xxhash(args: &[&Value]) -> Outcome {
    let [data] = args else { return mismatch(args) };
    let Some(bytes) = octets(data) else {
        return mismatch(args);
    };
    Ok(Value::text(format!(
        "{:032x}",
        xxhash_rust::xxh3::xxh3_128(bytes)
    )))
}

fn convert_from(args: &[&Value]) -> Outcome {
    let [Value::Bytes(bytes), Value::Text(encoding)] = args else {
        return mismatch(args);
    };
    if !matches!(encoding.to_ascii_uppercase().as_str(), "UTF8" | "UTF-8") {
        return Err(format!(
            "there is no encoding {encoding:?}; there is 'UTF8'"
        ));
    }
    std::str::from_utf8(bytes)
        .map(Value::text)
        .map_err(|_| "the bytes are not UTF-8".to_owned())
}
