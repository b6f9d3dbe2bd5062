//! Instants and intervals: parts, truncation, epochs.

use portent_grammar::value::civil::{self, SECOND};
use portent_grammar::{Interval, Value};
use rust_decimal::Decimal;

use super::Family::Time as F;
use super::{Outcome, Param as P, Returns as R, ScalarFunction, mismatch, sig, strict};
use crate::expr::time::{TimeField, date_trunc, extract, trunc_interval};

const PART: &[super::Signature] = &[
    sig(&[P::Text, P::Timestamp], R::Float),
    sig(&[P::Text, P::Date], R::Float),
    sig(&[P::Text, P::Interval], R::Float),
];
const TRUNC: &[super::Signature] = &[
    sig(&[P::Text, P::Timestamp], R::Timestamp),
    sig(&[P::Text, P::Date], R::Timestamp),
    sig(&[P::Text, P::Interval], R::Interval),
];
const BIN: &[super::Signature] = &[
    sig(&[P::Interval, P::Timestamp], R::Timestamp),
    sig(&[P::Interval, P::Timestamp, P::Timestamp], R::Timestamp),
];
const EPOCH: &[super::Signature] = &[
    sig(&[P::Timestamp], R::Decimal),
    sig(&[P::Interval], R::Decimal),
];
const EPOCH_INT: &[super::Signature] = &[sig(&[P::Timestamp], R::Int), sig(&[P::Interval], R::Int)];
const DIFF: &[super::Signature] = &[sig(&[P::Text, P::Timestamp, P::Timestamp], R::Int)];
const FROM_EPOCH: &[super::Signature] = &[sig(&[P::Int], R::Timestamp)];

pub(super) static FUNCTIONS: &[ScalarFunction] = &[
    strict(
        F,
        "DATE_PART",
        PART,
        "DATE_PART('hour', ts): a part of a time; see EXTRACT.",
        date_part,
    ),
    strict(
        F,
        "DATE_TRUNC",
        TRUNC,
        "DATE_TRUNC('hour', ts): the beginning of the hour, in UTC.",
        trunc,
    ),
    strict(
        F,
        "DATE_BIN",
        BIN,
        "DATE_BIN(5 MINUTES, ts [, origin]): the beginning of the bin in which ts lies.",
        date_bin,
    ),
    strict(
        F,
        "EPOCH",
        EPOCH,
        "Seconds since 1970-01-01 UTC, or of an interval, with a fraction.",
        epoch,
    ),
    strict(
        F,
        "EPOCH_MS",
        EPOCH_INT,
        "Milliseconds since 1970-01-01 UTC, or of an interval.",
        |args| epoch_int(args, 1_000),
    ),
    strict(
        F,
        "EPOCH_US",
        EPOCH_INT,
        "Microseconds since 1970-01-01 UTC, or of an interval.",
        |args| epoch_int(args, 1),
    ),
    strict(
        F,
        "FROM_EPOCH_MS",
        FROM_EPOCH,
        "The instant so many milliseconds after 1970-01-01 UTC.",
        |args| from_epoch(args, 1_000),
    ),
    strict(
        F,
        "FROM_EPOCH_US",
        FROM_EPOCH,
        "The instant so many microseconds after 1970-01-01 UTC.",
        |args| from_epoch(args, 1),
    ),
    strict(
        F,
        "TIMESTAMP_DIFF",
        DIFF,
        "TIMESTAMP_DIFF('minute', from, to): whole units between two instants.",
        diff,
    ),
    strict(
        F,
        "JUSTIFY_HOURS",
        &[sig(&[P::Interval], R::Interval)],
        "Every 24 hours as a day.",
        justify_hours,
    ),
    strict(
        F,
        "JUSTIFY_DAYS",
        &[sig(&[P::Interval], R::Interval)],
        "Every 30 days as a month.",
        justify_days,
    ),
];

pub(super) fn field(name: &str) -> Result<TimeField, String> {
    TimeField::parse(name).ok_or_else(|| format!("a time has no part {name:?}"))
}

fn date_part(args: &[&Value]) -> Outcome {
    let [Value::Text(name), value] = args else {
        return mismatch(args);
    };
    Ok(extract(field(name)?, value)?.as_f64().into())
}

fn trunc(args: &[&Value]) -> Outcome {
    match args {
        [Value::Text(name), Value::Timestamp(micros)] => {
            date_trunc(field(name)?, *micros).map(Value::Timestamp)
        }
        [Value::Text(name), Value::Date(days)] => {
            let micros = civil::join(i64::from(*days), 0).ok_or("the date is out of range")?;
            date_trunc(field(name)?, micros).map(Value::Timestamp)
        }
        [Value::Text(name), Value::Interval(interval)] => {
            trunc_interval(field(name)?, interval).map(Value::interval)
        }
        _ => mismatch(args),
    }
}

fn date_bin(args: &[&Value]) -> Outcome {
    let (stride, micros, origin) = match args {
        [Value::Interval(stride), Value::Timestamp(micros)] => (stride, *micros, 0),
        [
            Value::Interval(stride),
            Value::Timestamp(micros),
            Value::Timestamp(origin),
        ] => (stride, *micros, *origin),
        _ => return mismatch(args),
    };
    if stride.months != 0 {
        return Err("a bin has a fixed width, a month has not".to_owned());
    }
    let width = i64::try_from(stride.total_micros())
        .ok()
        .filter(|width| *width > 0);
    let width = width.ok_or("a bin's width must be positive")?;
    let range = || "the timestamp is out of range".to_owned();
    let since = micros.checked_sub(origin).ok_or_else(range)?;
    micros
        .checked_sub(since.rem_euclid(width))
        .map(Value::Timestamp)
        .ok_or_else(range)
}

fn epoch(args: &[&Value]) -> Outcome {
    match args {
        [Value::Timestamp(micros)] => Ok(Value::Decimal(Decimal::new(*micros, 6).normalize())),
        [value @ Value::Interval(_)] => match extract(TimeField::Epoch, value)? {
            Value::Decimal(seconds) => Ok(Value::Decimal(seconds.normalize())),
            other => Ok(other),
        },
        _ => mismatch(args),
    }
}

/// In units of so many microseconds, cut off downwards.
fn epoch_int(args: &[&Value], unit: i64) -> Outcome {
    match args {
        [Value::Timestamp(micros)] => Ok(Value::Int(micros.div_euclid(unit))),
        [value @ Value::Interval(_)] => match extract(TimeField::Epoch, value)? {
            Value::Decimal(seconds) => {
                let micros = seconds
                    .checked_mul(Decimal::from(SECOND / unit))
                    .map(|micros| micros.floor());
                let micros = micros.and_then(|micros| i64::try_from(micros).ok());
                micros
                    .map(Value::Int)
                    .ok_or_else(|| "the interval is too long".to_owned())
            }
            other => Ok(other),
        },
        _ => mismatch(args),
    }
}

fn from_epoch(args: &[&Value], unit: i64) -> Outcome {
    let [Value::Int(count)] = args else {
        return mismatch(args);
    };
    count
        .checked_mul(unit)
        .map(Value::Timestamp)
        .ok_or_else(|| format!("{count} is out of range for TIMESTAMP"))
}

fn diff(args: &[&Value]) -> Outcome {
    let [
        Value::Text(unit),
        Value::Timestamp(from),
        Value::Timestamp(to),
    ] = args
    else {
        return mismatch(args);
    };
    let unit = field(unit)?;
    let range = || "the timestamps are too far apart".to_owned();
    let between = to.checked_sub(*from).ok_or_else(range)?;
    let micros = match unit {
        TimeField::Microseconds => 1,
        TimeField::Milliseconds => 1_000,
        TimeField::Second => SECOND,
        TimeField::Minute => civil::MINUTE,
        TimeField::Hour => civil::HOUR,
        TimeField::Day => civil::DAY,
        TimeField::Week => 7 * civil::DAY,
        TimeField::Month | TimeField::Quarter | TimeField::Year => {
            let months = i64::from(
                super::calendar::months_between(*to, *from)
                    .ok_or_else(range)?
                    .months,
            );
            return Ok(Value::Int(match unit {
                TimeField::Month => months,
                TimeField::Quarter => months / 3,
                _ => months / 12,
            }));
        }
        other => return Err(format!("times can't be counted in {}", other.name())),
    };
    Ok(Value::Int(between / micros))
}

fn justify_hours(args: &[&Value]) -> Outcome {
    let [Value::Interval(interval)] = args else {
        return mismatch(args);
    };
    let days = i32::try_from(interval.micros / civil::DAY)
        .ok()
        .and_then(|days| interval.days.checked_add(days));
    let days = days.ok_or("the interval is too long")?;
    Ok(Value::interval(Interval {
        months: interval.months,
        days,
        micros: interval.micros % civil::DAY,
    }))
}

fn justify_days(args: &[&Value]) -> Outcome {
    let [Value::Interval(interval)] = args else {
        return mismatch(args);
    };
    let months = interval
        .months
        .checked_add(interval.days / 30)
        .ok_or("the interval is too long")?;
    Ok(Value::interval(Interval {
        months,
        days: interval.days % 30,
        micros: interval.micros,
    }))
}
