//! Durations: `10 MINUTES`, `INTERVAL '10' MINUTE`, `INTERVAL '1 day 2:30:00'`, `INTERVAL 'PT1H'`.

use portent_grammar::codes::syntax as codes;
use portent_grammar::keywords::{UNITS, nearest};
use portent_grammar::syntax::Rule;
use portent_grammar::{Diagnostic, Span};

use super::{Build, Builder, Node};
use crate::ast::{Duration, DurationPart, TimeUnit};

/// The unit that a word names; `m` alone names none, for it may be minutes or months.
pub(crate) fn unit_of(word: &str) -> Option<TimeUnit> {
    Some(match word.to_ascii_lowercase().as_str() {
        "microsecond" | "microseconds" | "usec" | "usecs" | "us" => TimeUnit::Microsecond,
        "millisecond" | "milliseconds" | "msec" | "msecs" | "ms" => TimeUnit::Millisecond,
        "second" | "seconds" | "sec" | "secs" | "s" => TimeUnit::Second,
        "minute" | "minutes" | "min" | "mins" => TimeUnit::Minute,
        "hour" | "hours" | "hr" | "hrs" | "h" => TimeUnit::Hour,
        "day" | "days" | "d" => TimeUnit::Day,
        "week" | "weeks" | "w" => TimeUnit::Week,
        "month" | "months" => TimeUnit::Month,
        "quarter" | "quarters" => TimeUnit::Quarter,
        "year" | "years" | "y" => TimeUnit::Year,
        _ => return None,
    })
}

impl Builder<'_> {
    /// `duration` or `duration_literal`
    pub(super) fn duration(&self, node: Node<'_>) -> Build<Duration> {
        let span = self.span(&node);
        let mut children = self.children(node);
        match children.opt(Rule::interval_literal) {
            Some(interval) => self.interval(interval, span),
            None => Ok(Duration {
                parts: self.duration_parts(children, span)?,
                interval: false,
                span,
            }),
        }
    }

    fn duration_parts<'i>(
        &self,
        children: impl Iterator<Item = Node<'i>>,
        span: Span,
    ) -> Build<Vec<DurationPart>> {
        let mut parts = Vec::new();
        let mut number = None;
        for child in children {
            if child.as_rule() == Rule::number {
                number = Some(child.as_str().to_owned());
            } else if let (Some(number), Some(unit)) = (number.take(), unit_of(child.as_str())) {
                parts.push(DurationPart { number, unit });
            }
        }
        if parts.is_empty() {
            self.internal(span, "a unit of time")
        } else {
            Ok(parts)
        }
    }

    fn interval(&self, node: Node<'_>, span: Span) -> Build<Duration> {
        let mut children = self.children(node);
        let Some(text) = children.opt(Rule::text) else {
            return Ok(Duration {
                parts: self.duration_parts(children, span)?,
                interval: true,
                span,
            });
        };
        let place = self.span(&text);
        let written = self.text(&text)?;
        let mut units = children
            .filter(|child| child.as_rule() == Rule::unit)
            .filter_map(|child| unit_of(child.as_str()));
        let (first, last) = (units.next(), units.next());
        match parse_interval(&written, first, last) {
            Ok(parts) => Ok(Duration {
                parts,
                interval: true,
                span,
            }),
            Err(reason) => Err(Box::new(
                Diagnostic::error(
                    codes::BAD_INTERVAL,
                    place,
                    format!("the interval '{written}' can't be read: {reason}"),
                )
                .help("write INTERVAL '10' MINUTE, INTERVAL '1 day 2 hours' or INTERVAL '1:30:00'"),
            )),
        }
    }
}

/// The parts of an interval's text; `first` and `last` are the units after it (`DAY TO SECOND`).
fn parse_interval(
    text: &str,
    first: Option<TimeUnit>,
    last: Option<TimeUnit>,
) -> Result<Vec<DurationPart>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    if let Some(iso) = text.strip_prefix(['P', 'p']) {
        return parse_iso(iso);
    }
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            break;
        }
        let (sign, unsigned) = match rest.strip_prefix('-') {
            Some(unsigned) => ("-", unsigned),
            None => ("", rest.strip_prefix('+').unwrap_or(rest)),
        };
        let end = unsigned
            .find(|c: char| !(c.is_ascii_digit() || c == '.' || c == ':'))
            .unwrap_or(unsigned.len());
        let (number, after) = unsigned.split_at(end);
        if number.contains(':') {
            parse_clock(sign, number, first, last, &mut parts)?;
            rest = after;
            continue;
        }
        if !is_number(number) {
            let word: String = unsigned
                .chars()
                .take_while(|c| !c.is_whitespace())
                .collect();
            return Err(format!("`{word}` is not a number"));
        }
        if let Some(months) = after
            .strip_prefix('-')
            .filter(|_| first == Some(TimeUnit::Year) && last == Some(TimeUnit::Month))
        {
            parts.push(part(sign, number, TimeUnit::Year));
            parts.push(part(sign, months.trim(), TimeUnit::Month));
            return if is_number(months.trim()) {
                Ok(parts)
            } else {
                Err(format!("`{months}` is not a number"))
            };
        }
        let after = after.trim_start();
        let end = after
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(after.len());
        let (word, next) = after.split_at(end);
        let unit = if word.is_empty() {
            // `'10' MINUTE`, or the days of `'1 2:03:04' DAY TO SECOND`.
            first.ok_or_else(|| format!("{sign}{number} of what? A unit is missing"))?
        } else {
            unit_of(word).ok_or_else(|| unknown_unit(word))?
        };
        if !word.is_empty() && first.is_some() {
            return Err("its units stand both in the text and after it".to_owned());
        }
        parts.push(part(sign, number, unit));
        rest = next;
    }
    let repeated = parts
        .iter()
        .enumerate()
        .any(|(at, part)| parts.iter().take(at).any(|other| other.unit == part.unit));
    if repeated && first.is_some() {
        return Err("one number belongs to each unit".to_owned());
    }
    Ok(parts)
}

fn unknown_unit(word: &str) -> String {
    if word.eq_ignore_ascii_case("m") {
        return "`m` may be minutes or months".to_owned();
    }
    match nearest(word, UNITS.iter().copied()) {
        Some(unit) => format!(
            "`{word}` is not a unit of time; did you mean `{}`?",
            unit.to_lowercase()
        ),
        None => format!("`{word}` is not a unit of time"),
    }
}

fn is_number(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && text.bytes().filter(|b| *b == b'.').count() <= 1
}

fn part(sign: &str, number: &str, unit: TimeUnit) -> DurationPart {
    DurationPart {
        number: format!("{sign}{number}"),
        unit,
    }
}

/// `1:30`, `1:30:15.5`; hours and minutes unless the units after the text say minutes and seconds.
fn parse_clock(
    sign: &str,
    clock: &str,
    first: Option<TimeUnit>,
    last: Option<TimeUnit>,
    parts: &mut Vec<DurationPart>,
) -> Result<(), String> {
    use TimeUnit::{Hour, Minute, Second};
    let numbers: Vec<&str> = clock.split(':').collect();
    let units: &[TimeUnit] = match (numbers.len(), first, last) {
        (2, Some(Minute), Some(Second)) => &[Minute, Second],
        (2, ..) => &[Hour, Minute],
        (3, ..) => &[Hour, Minute, Second],
        _ => return Err(format!("`{clock}` is not a time")),
    };
    let mut found = Vec::new();
    for (number, unit) in numbers.iter().zip(units) {
        let whole = *unit == Second || !number.contains('.');
        let small = number
            .split('.')
            .next()
            .and_then(|digits| digits.parse::<u64>().ok())
            .is_some_and(|n| n < 60);
        if !is_number(number) || !whole || (*unit != Hour && units.first() != Some(unit) && !small)
        {
            return Err(format!("`{clock}` is not a time"));
        }
        found.push(part(sign, number.trim_start_matches('0'), *unit));
    }
    for part in &mut found {
        // `05` is five, and `00` nothing.
        let (sign, digits) = part.number.split_at(sign.len());
        let digits = if digits.is_empty() || digits.starts_with('.') {
            format!("0{digits}")
        } else {
            digits.to_owned()
        };
        part.number = format!("{sign}{digits}");
    }
    let is_zero = |part: &DurationPart| {
        part.number
            .bytes()
            .all(|b| !b.is_ascii_digit() || b == b'0')
    };
    let all_zero = found.iter().all(is_zero);
    if all_zero {
        found = found.into_iter().rev().take(1).collect();
        for part in &mut found {
            part.number = "0".to_owned();
        }
    } else {
        found.retain(|part| !is_zero(part));
    }
    parts.append(&mut found);
    Ok(())
}

/// ISO 8601: `P1DT2H30M`, `P` taken off.
fn parse_iso(text: &str) -> Result<Vec<DurationPart>, String> {
    let mut parts = Vec::new();
    let mut time = false;
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(['T', 't']) {
            (time, rest) = (true, after);
            continue;
        }
        let (sign, unsigned) = match rest.strip_prefix('-') {
            Some(unsigned) => ("-", unsigned),
            None => ("", rest),
        };
        let end = unsigned
            .find(|c: char| !(c.is_ascii_digit() || c == '.'))
            .unwrap_or(unsigned.len());
        let (number, after) = unsigned.split_at(end);
        let unit = match (after.chars().next().map(|c| c.to_ascii_uppercase()), time) {
            (Some('Y'), false) => TimeUnit::Year,
            (Some('M'), false) => TimeUnit::Month,
            (Some('W'), false) => TimeUnit::Week,
            (Some('D'), false) => TimeUnit::Day,
            (Some('H'), true) => TimeUnit::Hour,
            (Some('M'), true) => TimeUnit::Minute,
            (Some('S'), true) => TimeUnit::Second,
            _ => return Err("it is not an ISO 8601 duration such as P1DT2H30M".to_owned()),
        };
        if !is_number(number) {
            return Err("it is not an ISO 8601 duration such as P1DT2H30M".to_owned());
        }
        parts.push(part(sign, number, unit));
        rest = after.get(1..).unwrap_or_default();
    }
    if parts.is_empty() {
        Err("it is not an ISO 8601 duration such as P1DT2H30M".to_owned())
    } else {
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, first: Option<TimeUnit>, last: Option<TimeUnit>) -> Result<String, String> {
        let parts = parse_interval(text, first, last)?;
        Ok(parts
            .iter()
            .map(|part| format!("{} {:?}", part.number, part.unit))
            .collect::<Vec<_>>()
            .join(", "))
    }

    #[test]
    fn texts_of_intervals() {
        use TimeUnit::*;
        let ok = |text, first, last| read(text, first, last).unwrap_or_else(|e| e);
        assert_eq!(ok("10", Some(Minute), None), "10 Minute");
        assert_eq!(ok("-1.5", Some(Hour), None), "-1.5 Hour");
        assert_eq!(ok("1 day 2 hours", None, None), "1 Day, 2 Hour");
        assert_eq!(ok("1day2h", None, None), "1 Day, 2 Hour");
        assert_eq!(ok("1:30:00", None, None), "1 Hour, 30 Minute");
        assert_eq!(ok("0:00:05.25", None, None), "5.25 Second");
        assert_eq!(ok("00:00:00", None, None), "0 Second");
        assert_eq!(
            ok("1:30", Some(Minute), Some(Second)),
            "1 Minute, 30 Second"
        );
        assert_eq!(
            ok("1 2:03:04", Some(Day), Some(Second)),
            "1 Day, 2 Hour, 3 Minute, 4 Second"
        );
        assert_eq!(ok("1-2", Some(Year), Some(Month)), "1 Year, 2 Month");
        assert_eq!(ok("PT1H30M", None, None), "1 Hour, 30 Minute");
        assert_eq!(ok("P1M", None, None), "1 Month");
    }

    #[test]
    fn broken_intervals() {
        let err = |text, first| read(text, first, None).unwrap_err();
        assert_eq!(err("10", None), "10 of what? A unit is missing");
        assert_eq!(err("ten", None), "`ten` is not a number");
        assert_eq!(err("10 parsec", None), "`parsec` is not a unit of time");
        assert_eq!(
            err("10 minuets", None),
            "`minuets` is not a unit of time; did you mean `minutes`?"
        );
        assert_eq!(err("5 m", None), "`m` may be minutes or months");
        assert_eq!(
            err("1 day", Some(TimeUnit::Minute)),
            "its units stand both in the text and after it"
        );
        assert_eq!(
            err("10 20", Some(TimeUnit::Minute)),
            "one number belongs to each unit"
        );
        assert_eq!(err("", None), "it is empty");
        assert!(err("P", None).contains("ISO"));
        assert!(err("1:70", None).contains("not a time"));
    }
}
