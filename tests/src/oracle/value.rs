//! Arithmetic and comparison of values.

use std::cmp::Ordering;

use portent_grammar::{Interval, Value};
use portent_parser::ast::BinaryOp;

/// Why an expression has no value for an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// An error of that event (2.11): overflow, division by zero.
    Error(String),
    /// The oracle does not model it.
    Unsupported(String),
}

/// A value, or why there is none.
pub type Outcome = Result<Value, Failure>;

/// An evaluation error.
pub fn fail<T>(why: impl Into<String>) -> Result<T, Failure> {
    Err(Failure::Error(why.into()))
}

/// Something that the oracle does not model.
pub fn unknown<T>(what: impl Into<String>) -> Result<T, Failure> {
    Err(Failure::Unsupported(what.into()))
}

/// Microseconds of an interval, a month taken as 30 days (for comparison, as in PostgreSQL).
pub fn micros(interval: &Interval) -> i128 {
    let days = i128::from(interval.months) * 30 + i128::from(interval.days);
    days * 86_400_000_000 + i128::from(interval.micros)
}

/// The order of two values; `None` where one is NULL.
pub fn compare(left: &Value, right: &Value) -> Result<Option<Ordering>, Failure> {
    use Value::*;
    Ok(Some(match (left, right) {
        (Null, _) | (_, Null) => return Ok(None),
        (Bool(a), Bool(b)) => a.cmp(b),
        (Int(a), Int(b)) => a.cmp(b),
        (Float(a), Float(b)) => order(*a, *b),
        (Int(a), Float(b)) => order(*a as f64, *b),
        (Float(a), Int(b)) => order(*a, *b as f64),
        (Decimal(a), Decimal(b)) => a.cmp(b),
        (Decimal(a), Int(b)) => a.cmp(&rust_decimal::Decimal::from(*b)),
        (Int(a), Decimal(b)) => rust_decimal::Decimal::from(*a).cmp(b),
        (Decimal(a), Float(b)) => order(float(a), *b),
        (Float(a), Decimal(b)) => order(*a, float(b)),
        (Text(a), Text(b)) => a.as_bytes().cmp(b.as_bytes()),
        (Timestamp(a), Timestamp(b)) => a.cmp(b),
        (Date(a), Date(b)) => a.cmp(b),
        (Interval(a), Interval(b)) => micros(a).cmp(&micros(b)),
        _ => return unknown(format!("can't compare {left:?} and {right:?}")),
    }))
}

/// A decimal as the nearest double.
pub fn float(decimal: &rust_decimal::Decimal) -> f64 {
    decimal.to_string().parse().unwrap_or(f64::NAN)
}

/// As in PostgreSQL NaN equals itself and is greater than all other numbers.
fn order(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b)
        .unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

/// `left op right` for a comparison operator.
pub fn comparison(op: BinaryOp, left: &Value, right: &Value) -> Outcome {
    let Some(order) = compare(left, right)? else {
        return Ok(Value::Null);
    };
    Ok(Value::Bool(match op {
        BinaryOp::Eq => order.is_eq(),
        BinaryOp::NotEq => order.is_ne(),
        BinaryOp::Lt => order.is_lt(),
        BinaryOp::LtEq => order.is_le(),
        BinaryOp::Gt => order.is_gt(),
        BinaryOp::GtEq => order.is_ge(),
        _ => return unknown("a comparison"),
    }))
}

/// Whether two values are the same for grouping and partitioning: NULL is NULL (2.13).
pub fn same(left: &Value, right: &Value) -> bool {
    match (left.is_null(), right.is_null()) {
        (true, true) => true,
        (false, false) => matches!(compare(left, right), Ok(Some(Ordering::Equal))),
        _ => false,
    }
}

/// `left op right` for an arithmetic operator or `||`.
pub fn arithmetic(op: BinaryOp, left: &Value, right: &Value) -> Outcome {
    use Value::*;
    match (left, right) {
        (Null, _) | (_, Null) => Ok(Null),
        (Int(a), Int(b)) => integers(op, *a, *b),
        (Float(_) | Int(_) | Decimal(_), Float(_)) | (Float(_), Int(_) | Decimal(_)) => {
            floats(op, as_float(left)?, as_float(right)?)
        }
        (Int(_) | Decimal(_), Int(_) | Decimal(_)) => {
            decimals(op, as_decimal(left)?, as_decimal(right)?)
        }
        (Text(a), Text(b)) if op == BinaryOp::Concat => Ok(Value::text(format!("{a}{b}"))),
        (Timestamp(a), Interval(b)) => shifted(op, *a, b),
        (Interval(a), Timestamp(b)) if op == BinaryOp::Add => shifted(op, *b, a),
        (Timestamp(a), Timestamp(b)) if op == BinaryOp::Subtract => match a.checked_sub(*b) {
            Some(micros) => Ok(interval(micros)),
            None => fail("timestamp out of range"),
        },
        (Interval(a), Interval(b)) if a.months == 0 && b.months == 0 => {
            let (a, b) = (micros(a), micros(b));
            let sum = if op == BinaryOp::Add { a + b } else { a - b };
            i64::try_from(sum)
                .map(interval)
                .or_else(|_| fail("interval out of range"))
        }
        _ => unknown(format!("can't compute {op:?} of {left:?} and {right:?}")),
    }
}

/// An interval of so many microseconds.
pub fn interval(micros: i64) -> Value {
    Value::Interval(std::sync::Arc::new(Interval {
        months: 0,
        days: 0,
        micros,
    }))
}

fn shifted(op: BinaryOp, time: i64, by: &Interval) -> Outcome {
    let by = i64::try_from(micros(by)).or_else(|_| fail("interval out of range"))?;
    let sum = match op {
        BinaryOp::Add => time.checked_add(by),
        BinaryOp::Subtract => time.checked_sub(by),
        _ => return unknown("arithmetic of a timestamp"),
    };
    sum.map(Value::Timestamp)
        .ok_or_else(|| Failure::Error("timestamp out of range".into()))
}

fn integers(op: BinaryOp, a: i64, b: i64) -> Outcome {
    let result = match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Subtract => a.checked_sub(b),
        BinaryOp::Multiply => a.checked_mul(b),
        BinaryOp::Divide | BinaryOp::Modulo if b == 0 => return fail("division by zero"),
        BinaryOp::Divide => a.checked_div(b),
        // The remainder of the least integer by -1 is 0, as in PostgreSQL.
        BinaryOp::Modulo => Some(a.wrapping_rem(b)),
        _ => return unknown("an operator of integers"),
    };
    result
        .map(Value::Int)
        .ok_or_else(|| Failure::Error("integer out of range".into()))
}

fn floats(op: BinaryOp, a: f64, b: f64) -> Outcome {
    let result = match op {
        BinaryOp::Add => a + b,
        BinaryOp::Subtract => a - b,
        BinaryOp::Multiply => a * b,
        BinaryOp::Divide | BinaryOp::Modulo if b == 0.0 => return fail("division by zero"),
        BinaryOp::Divide => a / b,
        BinaryOp::Modulo => a % b,
        _ => return unknown("an operator of doubles"),
    };
    if result.is_infinite() && a.is_finite() && b.is_finite() {
        return fail("double out of range");
    }
    Ok(Value::Float(result))
}

fn decimals(op: BinaryOp, a: rust_decimal::Decimal, b: rust_decimal::Decimal) -> Outcome {
    let result = match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Subtract => a.checked_sub(b),
        BinaryOp::Multiply => a.checked_mul(b),
        BinaryOp::Divide | BinaryOp::Modulo if b.is_zero() => return fail("division by zero"),
        BinaryOp::Divide => a.checked_div(b),
        BinaryOp::Modulo => a.checked_rem(b),
        _ => return unknown("an operator of decimals"),
    };
    result
        .map(Value::Decimal)
        .ok_or_else(|| Failure::Error("decimal out of range".into()))
}

/// A number as a double.
pub fn as_float(value: &Value) -> Result<f64, Failure> {
    match value {
        Value::Int(n) => Ok(*n as f64),
        Value::Float(x) => Ok(*x),
        Value::Decimal(d) => Ok(float(d)),
        _ => unknown(format!("{value:?} is not a number")),
    }
}

fn as_decimal(value: &Value) -> Result<rust_decimal::Decimal, Failure> {
    match value {
        Value::Int(n) => Ok(rust_decimal::Decimal::from(*n)),
        Value::Decimal(d) => Ok(*d),
        _ => unknown(format!("{value:?} is not a decimal")),
    }
}

/// A truth value; `None` is unknown.
pub fn truth(value: &Value) -> Result<Option<bool>, Failure> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(b) => Ok(Some(*b)),
        _ => unknown(format!("{value:?} is not a truth value")),
    }
}

/// A truth value as a value.
pub fn boolean(truth: Option<bool>) -> Value {
    truth.map_or(Value::Null, Value::Bool)
}
