//! Making instants and dates of their parts, and the calendar between two of them.

use portent_grammar::value::civil::{self, DAY, HOUR, MINUTE, SECOND};
use portent_grammar::{Interval, Value};

use super::Family::Time as F;
use super::{Outcome, Param as P, Returns as R, ScalarFunction, mismatch, sig, strict};
use crate::expr::time::Zone;

const AGE: &[super::Signature] = &[sig(&[P::Timestamp, P::Timestamp], R::Interval)];
const MAKE_TIMESTAMP: &[super::Signature] = &[
    sig(
        &[P::Int, P::Int, P::Int, P::Int, P::Int, P::Float],
        R::Timestamp,
    ),
    sig(
        &[P::Int, P::Int, P::Int, P::Int, P::Int, P::Float, P::Text],
        R::Timestamp,
    ),
];
const MAKE_DATE: &[super::Signature] = &[sig(&[P::Int, P::Int, P::Int], R::Date)];
const MAKE_INTERVAL: &[super::Signature] = &[sig(
    &[P::Int, P::Int, P::Int, P::Int, P::Int, P::Float],
    R::Interval,
)];
const TO_TIMESTAMP: &[super::Signature] = &[
    sig(&[P::Int], R::Timestamp),
    sig(&[P::Decimal], R::Timestamp),
    sig(&[P::Float], R::Timestamp),
    sig(&[P::Text, P::Text], R::Timestamp),
];

pub(super) static FUNCTIONS: &[ScalarFunction] = &[
    strict(
        F,
        "AGE",
        AGE,
        "AGE(later, earlier): years, months, days and time between two instants.",
        age,
    ),
    strict(
        F,
        "MAKE_TIMESTAMP",
        MAKE_TIMESTAMP,
        "Of year, month, day, hour, minute and second, in UTC or a given zone.",
        make_timestamp,
    ),
    strict(
        F,
        "MAKE_DATE",
        MAKE_DATE,
        "Of year, month and day.",
        make_date,
    ),
    strict(
        F,
        "MAKE_INTERVAL",
        MAKE_INTERVAL,
        "Of years, months, days, hours, minutes and seconds.",
        make_interval,
    ),
    strict(
        F,
        "TO_TIMESTAMP",
        TO_TIMESTAMP,
        "Of seconds since 1970-01-01 UTC; or of a text: TO_TIMESTAMP('31.1.2026', 'DD.MM.YYYY').",
        to_timestamp,
    ),
    strict(
        F,
        "LAST_DAY",
        &[sig(&[P::Date], R::Date), sig(&[P::Timestamp], R::Date)],
        "The last day of the month.",
        last_day,
    ),
];

fn range() -> String {
    "the timestamp is out of range".to_owned()
}

fn age(args: &[&Value]) -> Outcome {
    let [Value::Timestamp(later), Value::Timestamp(earlier)] = args else {
        return mismatch(args);
    };
    months_between(*later, *earlier)
        .map(Value::interval)
        .ok_or_else(range)
}

/// Field by field, as in PostgreSQL: a day that is missing is borrowed from the month of the earlier date. All of one sign.
pub(super) fn months_between(later: i64, earlier: i64) -> Option<Interval> {
    if later < earlier {
        return months_between(earlier, later)?.checked_neg();
    }
    let ((start, start_time), (end, end_time)) = (civil::split(earlier), civil::split(later));
    let ((y1, m1, d1), (y2, m2, d2)) = (civil::civil_from_days(start), civil::civil_from_days(end));
    let mut months = (y2 - y1) * 12 + i64::from(m2) - i64::from(m1);
    let mut days = i64::from(d2) - i64::from(d1);
    let mut micros = end_time - start_time;
    if micros < 0 {
        micros += DAY;
        days -= 1;
    }
    if days < 0 {
        days += i64::from(civil::days_in_month(y1, m1));
        months -= 1;
    }
    Some(Interval {
        months: i32::try_from(months).ok()?,
        days: i32::try_from(days).ok()?,
        micros,
    })
}

/// Seconds (with a fraction) as µs.
fn micros_of(seconds: f64) -> Option<i64> {
    let micros = (seconds * SECOND as f64).round_ties_even();
    (micros.is_finite() && micros.abs() < 9.2e18).then_some(micros as i64)
}

fn make_timestamp(args: &[&Value]) -> Outcome {
    let (parts, zone) = match args {
        [parts @ .., Value::Text(zone)] => (parts, Zone::parse(zone)?),
        parts => (parts, Zone::Utc),
    };
    let [
        Value::Int(year),
        Value::Int(month),
        Value::Int(day),
        Value::Int(hour),
        Value::Int(minute),
        Value::Float(second),
    ] = parts
    else {
        return mismatch(args);
    };
    let days = date(*year, *month, *day)?;
    if !(0..24).contains(hour) || !(0..60).contains(minute) || !(0.0..60.0).contains(second) {
        return Err(format!("{hour}:{minute}:{second} is not a time of day"));
    }
    let time = hour * HOUR + minute * MINUTE + micros_of(*second).unwrap_or(0);
    let local = civil::join(days, time).ok_or_else(range)?;
    zone.instant(local).map(Value::Timestamp).ok_or_else(range)
}

fn date(year: i64, month: i64, day: i64) -> Result<i64, String> {
    let bad = || format!("{year}-{month}-{day} is not a date");
    if !(-999_999..=999_999).contains(&year) {
        return Err(bad());
    }
    let (month, day) = (
        u32::try_from(month).map_err(|_| bad())?,
        u32::try_from(day).map_err(|_| bad())?,
    );
    civil::date(year, month, day).ok_or_else(bad)
}

fn make_date(args: &[&Value]) -> Outcome {
    let [Value::Int(year), Value::Int(month), Value::Int(day)] = args else {
        return mismatch(args);
    };
    let days = date(*year, *month, *day)?;
    i32::try_from(days)
        .map(Value::Date)
        .map_err(|_| "the date is out of range".to_owned())
}

fn make_interval(args: &[&Value]) -> Outcome {
    let [
        Value::Int(years),
        Value::Int(months),
        Value::Int(days),
        Value::Int(hours),
        Value::Int(minutes),
        Value::Float(seconds),
    ] = args
    else {
        return mismatch(args);
    };
    let interval = || {
        let months = years.checked_mul(12)?.checked_add(*months)?;
        let hours = hours.checked_mul(HOUR)?;
        let micros = minutes
            .checked_mul(MINUTE)?
            .checked_add(hours)?
            .checked_add(micros_of(*seconds)?)?;
        Some(Interval {
            months: i32::try_from(months).ok()?,
            days: i32::try_from(*days).ok()?,
            micros,
        })
    };
    interval()
        .map(Value::interval)
        .ok_or_else(|| "the interval is too long".to_owned())
}

fn to_timestamp(args: &[&Value]) -> Outcome {
    let micros = match args {
        [Value::Text(text), Value::Text(template)] => {
            // A format with % is strptime's, as in DuckDB and Flink's neighbours.
            let micros = if template.contains('%') {
                crate::expr::time::strptime(text, template, Zone::Utc)
            } else {
                crate::expr::time::from_char(text, template)
            };
            return micros.map(Value::Timestamp);
        }
        [Value::Int(seconds)] => seconds.checked_mul(SECOND),
        [Value::Decimal(seconds)] => {
            let micros = seconds
                .checked_mul(SECOND.into())
                .map(|micros| micros.floor());
            micros.and_then(|micros| i64::try_from(micros).ok())
        }
        [Value::Float(seconds)] => micros_of(*seconds),
        _ => return mismatch(args),
    };
    micros.map(Value::Timestamp).ok_or_else(range)
}

fn last_day(args: &[&Value]) -> Outcome {
    let days = match args {
        [Value::Date(days)] => i64::from(*days),
        [Value::Timestamp(micros)] => civil::split(*micros).0,
        _ => return mismatch(args),
    };
    let (year, month, _) = civil::civil_from_days(days);
    let last = civil::days_from_civil(year, month, civil::days_in_month(year, month));
    i32::try_from(last)
        .map(Value::Date)
        .map_err(|_| "the date is out of range".to_owned())
}
