//! Options of `WITH (…)`: from names and values to checked configuration.
//!
//! Every option is asked for by name and type; what nobody asked for is unknown, and an error with a suggestion. All
//! errors of one statement are collected, not only the first.

mod live;
mod outgoing;
mod read_source;
mod sink;
mod source;

use std::time::Duration;

use indexmap::IndexMap;
use portent_grammar::Value;
use portent_grammar::codes::input as codes;

use crate::error::{ConnectError, nearest, one_of};

pub use live::{After, Directory, Endpoint, Follow, Order, Tcp};
pub(crate) use live::{check_address, is_local, remote};
pub use outgoing::{OnFull, Outgoing, Rotate, Unshown, Webhook};
pub(crate) use read_source::{CONNECTORS, on_bad};
pub(crate) use sink::NAMES as SINK_CONNECTORS;
pub use sink::{SINK_OPTIONS, SinkConfig, SinkConnector, SinkFormat, SinkMode};
pub use source::{
    Compression, Connector, CsvOptions, Delimiter, Format, Header, LogOptions, Merge, OnBad, Quote,
    SOURCE_OPTIONS, STREAM_OPTIONS, SourceConfig, TimeOptions, Unmatched,
};

/// Options by name, as the statement gives them.
pub type OptionMap = IndexMap<String, Value>;

/// Hands out options one by one, and collects what is wrong with them.
pub(crate) struct Taker<'a> {
    left: IndexMap<String, (&'a str, &'a Value)>,
    pub errors: Vec<ConnectError>,
}

impl<'a> Taker<'a> {
    pub fn new(map: &'a OptionMap) -> Self {
        let mut taker = Self {
            left: IndexMap::new(),
            errors: Vec::new(),
        };
        for (name, value) in map {
            if taker
                .left
                .insert(name.to_lowercase(), (name, value))
                .is_some()
            {
                let message = format!("the option '{name}' is given twice");
                taker
                    .errors
                    .push(ConnectError::new(codes::OPTION_CONFLICT, message).option(name));
            }
        }
        taker
    }

    pub fn has(&self, name: &str) -> bool {
        self.left.contains_key(name)
    }

    /// The value of an option; each can be taken once.
    pub fn take(&mut self, name: &str) -> Option<&'a Value> {
        self.left.shift_remove(name).map(|(_, value)| value)
    }

    /// Options whose name begins with `prefix`: what follows it in the spelling of the statement, and the value.
    pub fn take_prefixed(&mut self, prefix: &str) -> Vec<(String, &'a Value)> {
        let names: Vec<String> = self
            .left
            .keys()
            .filter(|name| name.starts_with(prefix))
            .cloned()
            .collect();
        let mut taken = Vec::new();
        for lower in names {
            if let Some((name, value)) = self.left.shift_remove(&lower) {
                taken.push((
                    name.get(prefix.len()..).unwrap_or_default().to_owned(),
                    value,
                ));
            }
        }
        taken
    }

    pub fn bad(&mut self, name: &str, given: &Value, allowed: impl AsRef<str>) {
        let message = format!(
            "the option '{name}' can't be {}: it must be {}",
            spell(given),
            allowed.as_ref()
        );
        self.errors
            .push(ConnectError::new(codes::OPTION_VALUE, message).option(name));
    }

    pub fn text(&mut self, name: &str) -> Option<String> {
        let value = self.take(name)?;
        match text_of(value) {
            Some(text) if !text.is_empty() => Some(text),
            _ => {
                self.bad(name, value, "a text that is not empty");
                None
            }
        }
    }

    /// One text, or a list of them. `NULL`, numbers and the like are taken by their spelling.
    pub fn texts(&mut self, name: &str) -> Option<Vec<String>> {
        let value = self.take(name)?;
        let texts = match value {
            Value::Array(items) => items.iter().map(text_of).collect::<Option<Vec<_>>>(),
            other => text_of(other).map(|text| vec![text]),
        };
        if texts.is_none() {
            self.bad(name, value, "a text, or a list of texts: ('a', 'b')");
        }
        texts
    }

    pub fn bool(&mut self, name: &str) -> Option<bool> {
        self.choice(name, &[("true", true), ("false", false)])
    }

    /// One of some words, in any case. The first spelling of each is what errors show.
    pub fn choice<T: Clone>(&mut self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let value = self.take(name)?;
        let given = text_of(value).map(|text| text.to_lowercase());
        let found = given
            .as_deref()
            .and_then(|given| choices.iter().find(|(spelling, _)| *spelling == given));
        if found.is_none() {
            let spellings: Vec<&str> = choices.iter().map(|(spelling, _)| *spelling).collect();
            let near = given
                .as_deref()
                .and_then(|given| nearest(given, spellings.iter().copied()));
            self.bad(name, value, one_of(&spellings));
            if let (Some(near), Some(error)) = (near, self.errors.last_mut()) {
                error.help.push(format!("did you mean '{near}'?"));
            }
        }
        found.map(|(_, choice)| choice.clone())
    }

    /// A whole number in a range.
    pub fn number(&mut self, name: &str, least: i64, most: i64) -> Option<i64> {
        let value = self.take(name)?;
        let number = match value {
            Value::Int(number) => Some(*number),
            other => text_of(other).and_then(|text| text.replace('_', "").parse().ok()),
        };
        match number {
            Some(number) if (least..=most).contains(&number) => Some(number),
            _ => {
                let allowed = match (least, most) {
                    (_, i64::MAX) => format!("a whole number of at least {least}"),
                    _ => format!("a whole number from {least} to {most}"),
                };
                self.bad(name, value, allowed);
                None
            }
        }
    }

    /// A number from `least` to `most`.
    pub fn fraction(&mut self, name: &str, least: f64, most: f64) -> Option<f64> {
        let value = self.take(name)?;
        let number = match value {
            Value::Int(number) => Some(*number as f64),
            Value::Float(number) => Some(*number),
            other => text_of(other).and_then(|text| text.parse().ok()),
        };
        match number {
            Some(number) if number >= least && number <= most => Some(number),
            _ => {
                self.bad(name, value, format!("a number from {least} to {most}"));
                None
            }
        }
    }

    /// A fixed length of time in µs: an interval, or a text such as `10 seconds`, `500 ms`.
    pub fn duration(&mut self, name: &str) -> Option<i64> {
        let value = self.take(name)?;
        let micros = match value {
            Value::Interval(interval) if interval.months == 0 => i64::from(interval.days)
                .checked_mul(86_400_000_000)
                .and_then(|days| days.checked_add(interval.micros)),
            Value::Text(text) => parse_duration(text),
            _ => None,
        };
        match micros {
            Some(micros) if micros >= 0 => Some(micros),
            _ => {
                self.bad(
                    name,
                    value,
                    "a length of time such as 10 SECONDS, '500 ms' or '2 hours'",
                );
                None
            }
        }
    }

    /// A length of time; `least` µs at least.
    pub fn time(&mut self, name: &str, least: i64) -> Option<Duration> {
        let value = self.left.get(name).map(|(_, value)| *value);
        let micros = self.duration(name)?;
        if let (true, Some(value)) = (micros < least, value) {
            self.bad(name, value, format!("at least {}", spell_micros(least)));
            return None;
        }
        u64::try_from(micros).ok().map(Duration::from_micros)
    }

    /// A single ASCII character; words for those that are hard to type.
    pub fn byte(&mut self, name: &str, words: &[(&str, u8)]) -> Option<u8> {
        let value = self.take(name)?;
        let text = text_of(value).unwrap_or_default();
        let word = words
            .iter()
            .find(|(word, _)| word.eq_ignore_ascii_case(&text));
        match (word, text.as_bytes()) {
            (Some((_, byte)), _) => Some(*byte),
            (None, [byte]) if byte.is_ascii() && !matches!(byte, b'\n' | b'\r') => Some(*byte),
            _ => {
                let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
                let or = if words.is_empty() {
                    String::new()
                } else {
                    format!(", or {}", one_of(&words))
                };
                self.bad(name, value, format!("a single ASCII character{or}"));
                None
            }
        }
    }

    /// Ends the taking: what is left is unknown.
    pub fn finish(&mut self, known: &[(&str, &str)], what: &str) {
        for (_, (name, _)) in std::mem::take(&mut self.left) {
            let lower = name.to_lowercase();
            if known.iter().any(|(known, _)| *known == lower) {
                let message = format!("the option '{name}' has no meaning for {what}");
                self.errors
                    .push(ConnectError::new(codes::OPTION_CONFLICT, message).option(name));
                continue;
            }
            let message = format!("unknown option '{name}'");
            let mut error = ConnectError::new(codes::OPTION_UNKNOWN, message).option(name);
            error = match nearest(
                name,
                known
                    .iter()
                    .map(|(known, _)| *known)
                    .chain(STREAM_OPTIONS.iter().copied()),
            ) {
                Some(near) => error.help(format!("did you mean '{near}'?")),
                None => {
                    let names: Vec<&str> = known.iter().map(|(known, _)| *known).collect();
                    error.help(format!("the options are {}", names.join(", ")))
                }
            };
            self.errors.push(error);
        }
    }
}

fn spell_micros(micros: i64) -> String {
    match micros {
        micros if micros % 1_000_000 == 0 => format!("{} s", micros / 1_000_000),
        micros if micros % 1_000 == 0 => format!("{} ms", micros / 1_000),
        micros => format!("{micros} µs"),
    }
}

/// The text of an option's value: texts as they are, numbers and truth values by their spelling.
pub(crate) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.to_string()),
        Value::Int(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Decimal(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null => Some("NULL".to_owned()),
        _ => None,
    }
}

/// A value as an error shows it.
fn spell(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("'{text}'"),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(spell).collect();
            format!("({})", items.join(", "))
        }
        Value::Interval(_) => "an interval".to_owned(),
        other => text_of(other).unwrap_or_else(|| "this value".to_owned()),
    }
}

/// `10 seconds`, `1.5h`, `500 ms`, `1 day 2 hours`, in µs. Months and years have no fixed length.
pub(crate) fn parse_duration(text: &str) -> Option<i64> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, tail) = rest.split_at_checked(end)?;
        let tail = tail.trim_start();
        let end = tail
            .find(|c: char| !c.is_ascii_alphabetic() && c != 'µ')
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(end)?;
        let micros: i64 = match unit.to_lowercase().as_str() {
            "us" | "µs" | "microsecond" | "microseconds" => 1,
            "ms" | "millisecond" | "milliseconds" => 1_000,
            "s" | "sec" | "secs" | "second" | "seconds" => 1_000_000,
            "m" | "min" | "mins" | "minute" | "minutes" => 60_000_000,
            "h" | "hr" | "hour" | "hours" => 3_600_000_000,
            "d" | "day" | "days" => 86_400_000_000,
            "w" | "week" | "weeks" => 604_800_000_000,
            _ => return None,
        };
        let part = match number.parse::<i64>() {
            Ok(whole) => whole.checked_mul(micros)?,
            Err(_) => {
                let part = number.parse::<f64>().ok()? * micros as f64;
                if !(0.0..9e18).contains(&part) {
                    return None;
                }
                part.round() as i64
            }
        };
        total = total.checked_add(part)?;
        rest = tail.trim_start();
    }
    Some(total)
}

#[cfg(test)]
mod tests;
