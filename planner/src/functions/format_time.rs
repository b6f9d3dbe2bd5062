//! Instants as text and back, by a format.

use portent_grammar::Value;
use portent_grammar::value::civil;

use super::Family::Time as F;
use super::{Outcome, Param as P, Returns as R, ScalarFunction, mismatch, sig, strict};
use crate::expr::time::{self, Zone};

const TO_CHAR: &[super::Signature] = &[
    sig(&[P::Timestamp, P::Text], R::Text),
    sig(&[P::Date, P::Text], R::Text),
];
const STRFTIME: &[super::Signature] = &[
    sig(&[P::Timestamp, P::Text], R::Text),
    sig(&[P::Timestamp, P::Text, P::Text], R::Text),
];
const STRPTIME: &[super::Signature] = &[
    sig(&[P::Text, P::Text], R::Timestamp),
    sig(&[P::Text, P::Text, P::Text], R::Timestamp),
];
const TO_DATE: &[super::Signature] = &[sig(&[P::Text], R::Date), sig(&[P::Text, P::Text], R::Date)];

pub(super) static FUNCTIONS: &[ScalarFunction] = &[
    strict(
        F,
        "TO_CHAR",
        TO_CHAR,
        "TO_CHAR(ts, 'YYYY-MM-DD HH24:MI:SS.MS'): as text, by PostgreSQL's template.",
        to_char,
    ),
    strict(F, "DATE_FORMAT", STRFTIME, "As STRFTIME.", strftime),
    strict(
        F,
        "STRFTIME",
        STRFTIME,
        "STRFTIME(ts, '%d.%m.%Y %H:%M' [, zone]): as text.",
        strftime,
    ),
    strict(
        F,
        "STRPTIME",
        STRPTIME,
        "STRPTIME('31.01.2026', '%d.%m.%Y' [, zone]): the instant that a text says.",
        strptime,
    ),
    strict(
        F,
        "TO_DATE",
        TO_DATE,
        "The date that a text says, in ISO 8601 or by a template.",
        to_date,
    ),
];

fn to_char(args: &[&Value]) -> Outcome {
    match args {
        [Value::Timestamp(micros), Value::Text(template)] => {
            Ok(Value::text(time::to_char(*micros, template)))
        }
        [Value::Date(days), Value::Text(template)] => {
            let micros = civil::join(i64::from(*days), 0).ok_or("the date is out of range")?;
            Ok(Value::text(time::to_char(micros, template)))
        }
        _ => mismatch(args),
    }
}

fn strftime(args: &[&Value]) -> Outcome {
    let (micros, format, zone) = match args {
        [Value::Timestamp(micros), Value::Text(format)] => (*micros, format, Zone::Utc),
        [
            Value::Timestamp(micros),
            Value::Text(format),
            Value::Text(zone),
        ] => (*micros, format, Zone::parse(zone)?),
        _ => return mismatch(args),
    };
    time::strftime(micros, format, zone).map(Value::text)
}

fn strptime(args: &[&Value]) -> Outcome {
    let (text, format, zone) = match args {
        [Value::Text(text), Value::Text(format)] => (text, format, Zone::Utc),
        [Value::Text(text), Value::Text(format), Value::Text(zone)] => {
            (text, format, Zone::parse(zone)?)
        }
        _ => return mismatch(args),
    };
    time::strptime(text, format, zone).map(Value::Timestamp)
}

fn to_date(args: &[&Value]) -> Outcome {
    let micros = match args {
        [Value::Text(text)] => return portent_grammar::value::parse_date(text).map(Value::Date),
        [Value::Text(text), Value::Text(template)] if template.contains('%') => {
            time::strptime(text, template, Zone::Utc)?
        }
        [Value::Text(text), Value::Text(template)] => time::from_char(text, template)?,
        _ => return mismatch(args),
    };
    let days = i32::try_from(civil::split(micros).0);
    days.map(Value::Date)
        .map_err(|_| "the date is out of range".to_owned())
}
