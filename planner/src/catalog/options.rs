//! WITH (name = value, …)

use std::sync::Arc;

use ecow::EcoString;
use portent_grammar::codes::statements as codes;
use portent_grammar::{Diagnostic, Value};
use portent_parser::ast::{OptionValue, WithOption};
use rust_decimal::Decimal;

use super::Options;

/// The options by name in lower case; the same one twice is an error.
pub(super) fn read(written: &[WithOption], diagnostics: &mut Vec<Diagnostic>) -> Options {
    let mut options = Options::default();
    for option in written {
        let name = option.name.text.to_lowercase();
        if options.contains_key(&name) {
            let message = format!("option {name} is given twice");
            diagnostics.push(Diagnostic::error(codes::BAD_OPTION, option.span, message));
        }
        if let OptionValue::Duration(duration) = &option.value {
            diagnostics.extend(crate::expr::bind_duration(duration).err());
        }
        options.insert(name, value(&option.value));
    }
    options
}

/// An option's value: text, a number, a truth, an interval, or an array of those. A bare word is a text.
pub fn value(written: &OptionValue) -> Value {
    match written {
        OptionValue::Text(text, _) => Value::text(text.as_str()),
        OptionValue::Number(number, _) => self::number(number),
        OptionValue::Bool(truth, _) => Value::Bool(*truth),
        OptionValue::Duration(duration) => Value::Interval(Arc::new(
            crate::expr::bind_duration(duration).unwrap_or_default(),
        )),
        OptionValue::Word(word) => Value::text(word.text.as_str()),
        OptionValue::List(list, _) => Value::Array(list.iter().map(value).collect()),
    }
}

fn number(text: &str) -> Value {
    if let Ok(whole) = text.parse::<i64>() {
        return Value::Int(whole);
    }
    match text.parse::<f64>() {
        Ok(float) => Value::Float(float),
        Err(_) => Value::Text(EcoString::from(text)),
    }
}

/// A duration in µs: `5 SECONDS`, or the text '5 seconds'. `None` if it is not a fixed one.
pub fn micros(written: &OptionValue) -> Option<i64> {
    match written {
        OptionValue::Duration(duration) => crate::resolve::duration::fixed(duration).ok(),
        OptionValue::Text(text, _) => parse_micros(text),
        _ => None,
    }
}

/// `5 seconds`, `250ms`, `1 day 2 hours`
pub fn parse_micros(text: &str) -> Option<i64> {
    let mut total: i64 = 0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let number: Decimal = rest.get(..end)?.parse().ok()?;
        rest = rest.get(end..)?.trim_start();
        let end = rest
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(rest.len());
        let unit: i64 = match rest.get(..end)?.to_lowercase().as_str() {
            "us" | "µs" | "microsecond" | "microseconds" => 1,
            "ms" | "millisecond" | "milliseconds" => 1_000,
            "s" | "sec" | "second" | "seconds" => 1_000_000,
            "m" | "min" | "minute" | "minutes" => 60_000_000,
            "h" | "hour" | "hours" => 3_600_000_000,
            "d" | "day" | "days" => 86_400_000_000,
            "w" | "week" | "weeks" => 604_800_000_000,
            _ => return None,
        };
        rest = rest.get(end..)?.trim_start();
        let micros: i64 = number
            .checked_mul(Decimal::from(unit))?
            .round()
            .try_into()
            .ok()?;
        total = total.checked_add(micros)?;
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    #[test]
    fn durations_in_text() {
        assert_eq!(super::parse_micros("250ms"), Some(250_000));
        assert_eq!(super::parse_micros("1 day 2 hours"), Some(93_600_000_000));
        assert_eq!(super::parse_micros("5"), None);
        assert_eq!(super::parse_micros("soon"), None);
    }
}
