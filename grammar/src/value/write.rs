//! Values as JSON, written into a buffer: what [`Value::to_json`] shows, without building it. Rows leave by the million.

use super::{Value, civil};

impl Value {
    /// Adds the value as JSON, byte for byte as [`Value::to_json`] is printed.
    pub fn write_json(&self, out: &mut Vec<u8>) {
        // Writing into memory can't fail, nor can what serde_json gets here fail to be JSON.
        let _ = match self {
            Value::Null => return out.extend_from_slice(b"null"),
            Value::Bool(true) => return out.extend_from_slice(b"true"),
            Value::Bool(false) => return out.extend_from_slice(b"false"),
            Value::Int(int) => return write_int(*int, out),
            Value::Timestamp(micros) => {
                out.push(b'"');
                write_instant(*micros, out);
                return out.push(b'"');
            }
            Value::Date(days) => {
                out.push(b'"');
                write_date(i64::from(*days), out);
                return out.push(b'"');
            }
            // NaN and infinities are null there too.
            Value::Float(float) => serde_json::to_writer(out, float),
            Value::Text(text) => serde_json::to_writer(out, text.as_str()),
            Value::Json(json) => serde_json::to_writer(out, &**json),
            other => serde_json::to_writer(out, &other.to_json()),
        };
    }
}

/// Adds a number in digits.
pub fn write_int(number: i64, out: &mut Vec<u8>) {
    // 19 digits and a sign at most.
    let mut text = [0_u8; 20];
    let mut at = text.len();
    let mut rest = number.unsigned_abs();
    loop {
        at -= 1;
        if let Some(place) = text.get_mut(at) {
            *place = b'0' + (rest % 10) as u8;
        }
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(text.get(at..).unwrap_or_default());
}

/// Adds a day as ISO 8601; years outside of 0000 to 9999 with a sign and six digits.
pub fn write_date(days: i64, out: &mut Vec<u8>) {
    let (year, month, day) = civil::civil_from_days(days);
    match u64::try_from(year) {
        Ok(year @ 0..=9999) => padded::<4>(year, out),
        _ => {
            out.push(if year < 0 { b'-' } else { b'+' });
            padded::<6>(year.unsigned_abs(), out);
        }
    }
    out.push(b'-');
    padded::<2>(u64::from(month), out);
    out.push(b'-');
    padded::<2>(u64::from(day), out);
}

/// Adds an instant as ISO 8601 with `Z` and 0, 3 or 6 digits of fraction.
pub fn write_instant(micros: i64, out: &mut Vec<u8>) {
    let (days, time) = civil::split(micros);
    write_date(days, out);
    // A time of day is never negative.
    let time = time.unsigned_abs();
    let (seconds, fraction) = (time / 1_000_000, time % 1_000_000);
    out.push(b'T');
    padded::<2>(seconds / 3600, out);
    out.push(b':');
    padded::<2>(seconds / 60 % 60, out);
    out.push(b':');
    padded::<2>(seconds % 60, out);
    if fraction != 0 {
        out.push(b'.');
        match fraction % 1000 {
            0 => padded::<3>(fraction / 1000, out),
            _ => padded::<6>(fraction, out),
        }
    }
    out.push(b'Z');
}

/// Adds a number with zeros before it up to this width.
fn padded<const WIDTH: usize>(number: u64, out: &mut Vec<u8>) {
    let mut text = [b'0'; WIDTH];
    let mut rest = number;
    for place in text.iter_mut().rev() {
        *place = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    match i64::try_from(number) {
        // Wider than that: nothing is cut off.
        Ok(number) if rest > 0 => write_int(number, out),
        _ => out.extend_from_slice(&text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::Value;

    fn agrees(value: &Value) -> Result<(), TestCaseError> {
        let mut out = b"x".to_vec();
        value.write_json(&mut out);
        let written = String::from_utf8(out).unwrap();
        prop_assert_eq!(written, format!("x{}", value.to_json()));
        Ok(())
    }

    #[test]
    fn the_ends_of_what_can_be_written() {
        let decimal = "123456789012345678901.5".parse().unwrap();
        let array = Value::array(vec![Value::Int(1), Value::Null, Value::text("\"")]);
        for value in [
            Value::Null,
            Value::Bool(true),
            Value::Bool(false),
            Value::Int(i64::MIN),
            Value::Int(i64::MAX),
            Value::Float(f64::NAN),
            Value::Float(f64::INFINITY),
            Value::Float(-0.0),
            Value::Float(1e300),
            Value::Decimal(decimal),
            Value::text("a\u{1b}\"\\é\u{2028}\n"),
            Value::Timestamp(i64::MIN),
            Value::Timestamp(i64::MAX),
            Value::Timestamp(-1),
            Value::Date(i32::MIN),
            Value::Date(i32::MAX),
            array,
        ] {
            agrees(&value).unwrap();
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_what_to_json_shows(int in any::<i64>(), small in -100_000_i64..100_000, float in any::<f64>(), text in ".{0,12}", days in any::<i32>()) {
            for value in [
                Value::Int(int), Value::Int(small), Value::Float(float), Value::Float(small as f64 / 100.0), Value::text(text),
                Value::Timestamp(int), Value::Timestamp(int / 1000 * 1000), Value::Timestamp(small * 1_000_000), Value::Date(days), Value::Date(small as i32),
            ] {
                agrees(&value)?;
            }
        }
    }
}
