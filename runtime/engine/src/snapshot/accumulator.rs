//! Aggregates so far.

use portent_grammar::{Interval, Value};
use portent_planner::expr::{Accumulator, AccumulatorParts as Parts, Aggregate, SumParts as Sum};
use rust_decimal::Decimal;

use super::{Damage, Reader, Saved, Writer};

pub(crate) fn save_accumulator(accumulator: &Accumulator, w: &mut Writer) {
    let (seen, parts) = accumulator.parts();
    seen.save(w);
    match parts {
        Parts::Count(count) => {
            w.byte(0);
            w.i64(count);
        }
        Parts::One(value) => {
            w.byte(1);
            value.save(w);
        }
        Parts::Done(value) => {
            w.byte(2);
            value.save(w);
        }
        Parts::Average { count, sum } => {
            w.byte(3);
            w.u64(count);
            save_sum(&sum, w);
        }
        Parts::Moments {
            count,
            mean,
            squares,
        } => {
            w.byte(4);
            w.u64(count);
            mean.save(w);
            squares.save(w);
        }
        Parts::Array(values) => {
            w.byte(5);
            values.save(w);
        }
        Parts::Text(None) => w.byte(6),
        Parts::Text(Some(text)) => {
            w.byte(7);
            w.text(&text);
        }
        Parts::Failed(message) => {
            w.byte(8);
            message.save(w);
        }
        Parts::Own(state) => {
            w.byte(9);
            state.save(w);
        }
    }
}

fn save_sum(sum: &Sum, w: &mut Writer) {
    match sum {
        Sum::None => w.byte(0),
        Sum::Int(sum) => {
            w.byte(1);
            w.i128(*sum);
        }
        Sum::Float { sum, lost } => {
            w.byte(2);
            sum.save(w);
            lost.save(w);
        }
        Sum::Decimal(sum) => {
            w.byte(3);
            sum.save(w);
        }
        Sum::Interval(sum) => {
            w.byte(4);
            sum.save(w);
        }
    }
}

/// # Errors
/// The bytes are none, or of another aggregate.
pub(crate) fn load_accumulator(
    aggregate: &Aggregate,
    r: &mut Reader<'_>,
) -> Result<Accumulator, Damage> {
    let seen: Option<Vec<Value>> = Saved::load(r)?;
    let parts = match r.byte()? {
        0 => Parts::Count(r.i64()?),
        1 => Parts::One(Value::load(r)?),
        2 => Parts::Done(Value::load(r)?),
        3 => Parts::Average {
            count: r.u64()?,
            sum: load_sum(r)?,
        },
        4 => Parts::Moments {
            count: r.count()?,
            mean: f64::load(r)?,
            squares: f64::load(r)?,
        },
        5 => Parts::Array(Saved::load(r)?),
        6 => Parts::Text(None),
        7 => Parts::Text(Some(r.text()?.into())),
        8 => Parts::Failed(String::load(r)?),
        9 => Parts::Own(Saved::load(r)?),
        _ => return Err(Damage::KIND),
    };
    Accumulator::of_parts(aggregate, seen, parts).ok_or(Damage("an aggregate is another one"))
}

fn load_sum(r: &mut Reader<'_>) -> Result<Sum, Damage> {
    Ok(match r.byte()? {
        0 => Sum::None,
        1 => Sum::Int(r.i128()?),
        2 => Sum::Float {
            sum: f64::load(r)?,
            lost: f64::load(r)?,
        },
        3 => Sum::Decimal(Decimal::load(r)?),
        4 => Sum::Interval(Interval::load(r)?),
        _ => return Err(Damage::KIND),
    })
}
