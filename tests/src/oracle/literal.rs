//! Numbers, durations and instants as written.

use portent_grammar::{Interval, Value};
use portent_parser::ast::{Duration, TimeUnit};

use super::model::{Refusal, unsupported};
use super::value::{Failure, Outcome, fail};

/// A number: an integer if it has neither point nor exponent, a double with an exponent, else a decimal.
pub fn number(text: &str) -> Outcome {
    let text = text.replace('_', "");
    if text.contains(['e', 'E']) {
        return text
            .parse()
            .map(Value::Float)
            .or_else(|_| fail("not a double"));
    }
    if let Ok(int) = text.parse() {
        return Ok(Value::Int(int));
    }
    text.parse()
        .map(Value::Decimal)
        .or_else(|_| fail("not a number"))
}

/// Months, days and microseconds of a duration.
fn parts(duration: &Duration) -> Option<Interval> {
    let mut interval = Interval::default();
    for part in &duration.parts {
        let number: f64 = part.number.parse().ok()?;
        let micros_each = match part.unit {
            TimeUnit::Month | TimeUnit::Quarter | TimeUnit::Year => {
                let each = match part.unit {
                    TimeUnit::Month => 1.0,
                    TimeUnit::Quarter => 3.0,
                    _ => 12.0,
                };
                interval.months += (number * each) as i32;
                continue;
            }
            TimeUnit::Week | TimeUnit::Day if number.fract() == 0.0 => {
                let each = if part.unit == TimeUnit::Week { 7 } else { 1 };
                interval.days += number as i32 * each;
                continue;
            }
            TimeUnit::Week => 604_800_000_000.0,
            TimeUnit::Day => 86_400_000_000.0,
            TimeUnit::Hour => 3_600_000_000.0,
            TimeUnit::Minute => 60_000_000.0,
            TimeUnit::Second => 1_000_000.0,
            TimeUnit::Millisecond => 1_000.0,
            TimeUnit::Microsecond => 1.0,
        };
        interval.micros = interval
            .micros
            .checked_add((number * micros_each).round() as i64)?;
    }
    Some(interval)
}

/// A duration as an INTERVAL value.
pub fn interval(duration: &Duration) -> Outcome {
    let interval = parts(duration).ok_or_else(|| Failure::Error("interval out of range".into()))?;
    Ok(Value::Interval(std::sync::Arc::new(interval)))
}

/// The length of a duration, µs; months have no fixed length.
pub fn length(duration: &Duration) -> Result<i64, Refusal> {
    match parts(duration) {
        Some(interval) if interval.months == 0 => {
            Ok(i64::from(interval.days) * 86_400_000_000 + interval.micros)
        }
        _ => unsupported("a duration in months"),
    }
}

/// `2026-01-31 10:00:00[.5][Z]`, also with `T`, also without a time: µs since 1970.
pub fn timestamp(text: &str) -> Option<i64> {
    let text = text
        .trim()
        .trim_end_matches(['Z', 'z'])
        .trim_end_matches("+00")
        .trim_end();
    let (date, clock) = text
        .split_once([' ', 'T', 't'])
        .unwrap_or((text, "00:00:00"));
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let mut clock = clock.splitn(3, ':');
    let hour: i64 = clock.next()?.parse().ok()?;
    let minute: i64 = clock.next()?.parse().ok()?;
    let second: f64 = clock.next().unwrap_or("0").parse().ok()?;
    let days = days_since_1970(year, month, day);
    Some(((days * 24 + hour) * 60 + minute) * 60_000_000 + (second * 1e6).round() as i64)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar (years run from March, so that the leap day is the last).
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year
        - 719_468
}

#[cfg(test)]
mod tests {
    use super::timestamp;

    #[test]
    fn instants() {
        assert_eq!(timestamp("1970-01-01 00:00:00Z"), Some(0));
        assert_eq!(timestamp("2000-03-01"), Some(951_868_800_000_000));
        assert_eq!(
            timestamp("2026-01-01T00:10:00.5Z"),
            Some(1_767_226_200_500_000)
        );
    }
}
