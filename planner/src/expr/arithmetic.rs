//! Arithmetic on two values: numbers, instants, intervals, and `||`. Overflow and division by zero are errors.

use std::cmp::Ordering;
use std::sync::Arc;

use portent_grammar::value::{civil, decimal_to_f64};
use portent_grammar::{Interval, Value};
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::Value as Json;

use super::{ArithmeticOp, EvalError};

impl ArithmeticOp {
    /// As written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::Power => "^",
            Self::Concat => "||",
        }
    }
}

/// `left op right`; NULL if either is. BIGINT / BIGINT cuts off towards zero, as in PostgreSQL.
///
/// # Errors
/// Overflow, division by zero, a result that is not a number.
pub fn arithmetic(op: ArithmeticOp, left: &Value, right: &Value) -> Result<Value, EvalError> {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => ints(op, *left, *right).map(Value::from),
        (Value::Float(left), Value::Float(right)) => floats(op, *left, *right).map(Value::Float),
        (Value::Null, _) | (_, Value::Null) => Ok(Value::Null),
        (Value::Decimal(left), Value::Decimal(right)) => decimals(op, *left, *right),
        (Value::Int(left), Value::Decimal(right)) => decimals(op, Decimal::from(*left), *right),
        (Value::Decimal(left), Value::Int(right)) => decimals(op, *left, Decimal::from(*right)),
        (Value::Float(left), Value::Int(right)) => {
            floats(op, *left, *right as f64).map(Value::Float)
        }
        (Value::Int(left), Value::Float(right)) => {
            floats(op, *left as f64, *right).map(Value::Float)
        }
        (Value::Float(left), Value::Decimal(right)) => {
            floats(op, *left, decimal_to_f64(right)).map(Value::Float)
        }
        (Value::Decimal(left), Value::Float(right)) => {
            floats(op, decimal_to_f64(left), *right).map(Value::Float)
        }
        _ if op == ArithmeticOp::Concat => concat(left, right),
        _ => times(op, left, right),
    }
}

/// `-value`
///
/// # Errors
/// Overflow.
pub fn negate(value: &Value) -> Result<Value, EvalError> {
    let negated = match value {
        Value::Null => Some(Value::Null),
        Value::Int(int) => int.checked_neg().map(Value::Int),
        Value::Float(float) => Some(Value::Float(-float)),
        Value::Decimal(decimal) if decimal.is_zero() => Some(value.clone()),
        Value::Decimal(decimal) => Some(Value::Decimal(-*decimal)),
        Value::Interval(interval) => interval.checked_neg().map(Value::interval),
        _ => {
            return Err(EvalError::new(format!(
                "{} has no negative",
                value.type_of()
            )));
        }
    };
    negated.ok_or_else(|| {
        EvalError::new(format!(
            "-({value}) is out of range for {}",
            value.type_of()
        ))
    })
}

#[cold]
fn division_by_zero() -> EvalError {
    EvalError::new("division by zero")
}

#[cold]
fn overflow(op: ArithmeticOp, left: &Value, right: &Value, ty: &str) -> EvalError {
    EvalError::new(format!(
        "{left} {} {right} is out of range for {ty}",
        op.symbol()
    ))
}

/// A BIGINT or DOUBLE in the course of a computation: it fits into registers, and nothing has to be dropped.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Null,
    Int(i64),
    Float(f64),
}

impl Number {
    /// The number in a value; a DECIMAL (which stands here only beside DOUBLEs) becomes a DOUBLE.
    #[inline]
    pub fn of(value: &Value) -> Result<Self, EvalError> {
        match value {
            Value::Int(int) => Ok(Number::Int(*int)),
            Value::Float(float) => Ok(Number::Float(*float)),
            Value::Null => Ok(Number::Null),
            Value::Decimal(decimal) => Ok(Number::Float(decimal_to_f64(decimal))),
            other => Err(EvalError::new(format!(
                "a {} is not a number",
                other.type_of()
            ))),
        }
    }

    /// `self op other`
    #[inline]
    pub fn combine(self, op: ArithmeticOp, other: Self) -> Result<Self, EvalError> {
        match (self, other) {
            (Number::Int(left), Number::Int(right)) => ints(op, left, right),
            (Number::Float(left), Number::Float(right)) => {
                floats(op, left, right).map(Number::Float)
            }
            (Number::Float(left), Number::Int(right)) => {
                floats(op, left, right as f64).map(Number::Float)
            }
            (Number::Int(left), Number::Float(right)) => {
                floats(op, left as f64, right).map(Number::Float)
            }
            (Number::Null, _) | (_, Number::Null) => Ok(Number::Null),
        }
    }

    /// SQL's comparison.
    #[inline]
    pub fn order(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Number::Int(left), Number::Int(right)) => Some(left.cmp(&right)),
            (Number::Null, _) | (_, Number::Null) => None,
            (left, right) => Value::from(left).cmp_sql(&Value::from(right)),
        }
    }
}

impl From<Number> for Value {
    #[inline]
    fn from(number: Number) -> Self {
        match number {
            Number::Null => Value::Null,
            Number::Int(int) => Value::Int(int),
            Number::Float(float) => Value::Float(float),
        }
    }
}

#[inline]
fn ints(op: ArithmeticOp, left: i64, right: i64) -> Result<Number, EvalError> {
    let result = match op {
        ArithmeticOp::Add => left.checked_add(right),
        ArithmeticOp::Subtract => left.checked_sub(right),
        ArithmeticOp::Multiply => left.checked_mul(right),
        ArithmeticOp::Divide | ArithmeticOp::Modulo if right == 0 => return Err(division_by_zero()),
        ArithmeticOp::Divide => left.checked_div(right),
        ArithmeticOp::Modulo => Some(left.checked_rem(right).unwrap_or(0)),
        ArithmeticOp::Power => return power(left as f64, right as f64).map(Number::Float),
        ArithmeticOp::Concat => return Err(EvalError::new("|| joins texts, not numbers")),
    };
    result
        .map(Number::Int)
        .ok_or_else(|| overflow(op, &Value::Int(left), &Value::Int(right), "BIGINT"))
}

#[inline]
fn floats(op: ArithmeticOp, left: f64, right: f64) -> Result<f64, EvalError> {
    let result = match op {
        ArithmeticOp::Add => left + right,
        ArithmeticOp::Subtract => left - right,
        ArithmeticOp::Multiply => left * right,
        ArithmeticOp::Divide | ArithmeticOp::Modulo if right == 0.0 && !left.is_nan() => {
            return Err(division_by_zero());
        }
        ArithmeticOp::Divide => left / right,
        ArithmeticOp::Modulo => left % right,
        ArithmeticOp::Power => return power(left, right),
        ArithmeticOp::Concat => return Err(EvalError::new("|| joins texts, not numbers")),
    };
    if result.is_infinite() && left.is_finite() && right.is_finite() {
        return Err(overflow(
            op,
            &Value::Float(left),
            &Value::Float(right),
            "DOUBLE",
        ));
    }
    Ok(result)
}

/// `left ^ right` of doubles.
///
/// # Errors
/// Zero to a negative power, a negative number to a fraction, overflow.
pub(crate) fn power(left: f64, right: f64) -> Result<f64, EvalError> {
    if left == 0.0 && right < 0.0 {
        return Err(EvalError::new("zero to a negative power is undefined"));
    }
    if left < 0.0 && left.is_finite() && right.is_finite() && right.fract() != 0.0 {
        return Err(EvalError::new(
            "a negative number to a power that is not whole is not a real number",
        ));
    }
    let result = left.powf(right);
    if result.is_infinite() && left.is_finite() && right.is_finite() {
        return Err(overflow(
            ArithmeticOp::Power,
            &Value::Float(left),
            &Value::Float(right),
            "DOUBLE",
        ));
    }
    Ok(result)
}

fn decimals(op: ArithmeticOp, left: Decimal, right: Decimal) -> Result<Value, EvalError> {
    let result = match op {
        ArithmeticOp::Add => left.checked_add(right),
        ArithmeticOp::Subtract => left.checked_sub(right),
        ArithmeticOp::Multiply => left.checked_mul(right),
        ArithmeticOp::Divide | ArithmeticOp::Modulo if right.is_zero() => {
            return Err(division_by_zero());
        }
        ArithmeticOp::Divide => divide(left, right),
        ArithmeticOp::Modulo => left.checked_rem(right),
        ArithmeticOp::Power => {
            return power(decimal_to_f64(&left), decimal_to_f64(&right)).map(Value::Float);
        }
        ArithmeticOp::Concat => return Err(EvalError::new("|| joins texts, not numbers")),
    };
    let out_of_range = || overflow(op, &Value::Decimal(left), &Value::Decimal(right), "DECIMAL");
    let mut result = result.ok_or_else(out_of_range)?;
    if result.is_zero() {
        result.set_sign_positive(true);
    }
    Ok(Value::Decimal(result))
}

/// The quotient with as many digits as PostgreSQL gives it (at least 16 significant ones), without its trailing zeros
/// past the operands' own scale.
pub(crate) fn divide(left: Decimal, right: Decimal) -> Option<Decimal> {
    let own = left.scale().max(right.scale());
    let quotient = left.checked_div(right)?;
    if left.is_zero() {
        return Some(quotient);
    }
    let ((weight, first), (other, other_first)) = (weight(&left), weight(&right));
    // As PostgreSQL's `select_div_scale`, which counts digits of base 10,000.
    let quotient_weight = weight - other - i64::from(first <= other_first);
    let scale = (16 - quotient_weight * 4).max(i64::from(own)).clamp(0, 28) as u32;
    let rounded = quotient.round_dp_with_strategy(scale, RoundingStrategy::MidpointAwayFromZero);
    let mut result = rounded.normalize();
    if result.scale() < own {
        result.rescale(own);
    }
    Some(result)
}

/// The power of 10,000 of the first digit (of base 10,000), and that digit.
fn weight(number: &Decimal) -> (i64, u128) {
    let mantissa = number.mantissa().unsigned_abs().max(1);
    let digits = i64::from(mantissa.ilog10()) + 1;
    let exponent = digits - 1 - i64::from(number.scale());
    let weight = exponent.div_euclid(4);
    let lead = exponent - 4 * weight + 1;
    let power = |n: i64| 10_u128.pow(u32::try_from(n).unwrap_or(0).min(38));
    let first = if lead >= digits {
        mantissa * power(lead - digits)
    } else {
        mantissa / power(digits - lead)
    };
    (weight, first)
}

/// Instants and intervals.
fn times(op: ArithmeticOp, left: &Value, right: &Value) -> Result<Value, EvalError> {
    use ArithmeticOp::{Add, Divide, Multiply, Subtract};
    let result = match (op, left, right) {
        (Add, Value::Timestamp(micros), Value::Interval(interval))
        | (Add, Value::Interval(interval), Value::Timestamp(micros)) => {
            add_interval(*micros, interval).map(Value::Timestamp)
        }
        (Subtract, Value::Timestamp(micros), Value::Interval(interval)) => interval
            .checked_neg()
            .and_then(|interval| add_interval(*micros, &interval))
            .map(Value::Timestamp),
        (Subtract, Value::Timestamp(left), Value::Timestamp(right)) => {
            Interval::between(*left, *right).map(Value::interval)
        }
        (Subtract, Value::Date(left), Value::Date(right)) => {
            Some(Value::Int(i64::from(*left) - i64::from(*right)))
        }
        (Add, Value::Date(days), Value::Int(more)) | (Add, Value::Int(more), Value::Date(days)) => {
            shift_date(*days, Some(*more))
        }
        (Subtract, Value::Date(days), Value::Int(less)) => shift_date(*days, less.checked_neg()),
        (Add, Value::Date(days), Value::Interval(interval))
        | (Add, Value::Interval(interval), Value::Date(days)) => civil::join(i64::from(*days), 0)
            .and_then(|micros| add_interval(micros, interval))
            .map(Value::Timestamp),
        (Subtract, Value::Date(days), Value::Interval(interval)) => {
            let micros = civil::join(i64::from(*days), 0);
            micros
                .zip(interval.checked_neg())
                .and_then(|(micros, interval)| add_interval(micros, &interval))
                .map(Value::Timestamp)
        }
        (Add, Value::Interval(left), Value::Interval(right)) => {
            left.checked_add(right).map(Value::interval)
        }
        (Subtract, Value::Interval(left), Value::Interval(right)) => right
            .checked_neg()
            .and_then(|right| left.checked_add(&right))
            .map(Value::interval),
        (Multiply, Value::Interval(interval), factor)
        | (Multiply, factor, Value::Interval(interval))
            if factor.as_f64().is_some() =>
        {
            factor
                .as_f64()
                .and_then(|factor| interval.checked_mul(factor))
                .map(Value::interval)
        }
        (Divide, Value::Interval(interval), divisor) => match divisor.as_f64() {
            Some(0.0) => return Err(division_by_zero()),
            Some(divisor) => divide_interval(interval, divisor).map(Value::interval),
            None => return Err(no_operator(op, left, right)),
        },
        _ => return Err(no_operator(op, left, right)),
    };
    result.ok_or_else(|| EvalError::new(format!("{left} {} {right} is out of range", op.symbol())))
}

#[cold]
fn no_operator(op: ArithmeticOp, left: &Value, right: &Value) -> EvalError {
    EvalError::new(format!(
        "there is no {} {} {}",
        left.type_of(),
        op.symbol(),
        right.type_of()
    ))
}

/// Dividing each part keeps 1 hour / 3 at exactly 20 minutes, which a multiplication by 1/3 would not.
fn divide_interval(interval: &Interval, divisor: f64) -> Option<Interval> {
    if interval.months == 0 && interval.days == 0 {
        let micros = (interval.micros as f64 / divisor).round_ties_even();
        return (micros.abs() < 9.2e18).then(|| Interval::from_micros(micros as i64));
    }
    interval.checked_mul(1.0 / divisor)
}

fn shift_date(days: i32, by: Option<i64>) -> Option<Value> {
    let days = i64::from(days).checked_add(by?)?;
    i32::try_from(days).ok().map(Value::Date)
}

/// Months first (to the same day of the month, or its last), then days, then microseconds, as in PostgreSQL. In UTC.
pub(crate) fn add_interval(micros: i64, interval: &Interval) -> Option<i64> {
    if interval.months == 0 {
        let days = i64::from(interval.days).checked_mul(civil::DAY)?;
        return micros.checked_add(days)?.checked_add(interval.micros);
    }
    let (days, time) = civil::split(micros);
    let days = civil::add_months(days, i64::from(interval.months))?
        .checked_add(i64::from(interval.days))?;
    civil::join(days, time)?.checked_add(interval.micros)
}

/// `||`
fn concat(left: &Value, right: &Value) -> Result<Value, EvalError> {
    let result = match (left, right) {
        (Value::Text(left), Value::Text(right)) => {
            let mut text = left.clone();
            text.push_str(right);
            Value::Text(text)
        }
        (Value::Array(left), Value::Array(right)) => {
            Value::Array(left.iter().chain(right.iter()).cloned().collect())
        }
        (Value::Array(left), element) => Value::Array(
            left.iter()
                .chain(std::iter::once(element))
                .cloned()
                .collect(),
        ),
        (element, Value::Array(right)) => Value::Array(
            std::iter::once(element)
                .chain(right.iter())
                .cloned()
                .collect(),
        ),
        (Value::Bytes(left), Value::Bytes(right)) => {
            Value::Bytes(left.iter().chain(right.iter()).copied().collect())
        }
        (Value::Json(left), Value::Json(right)) => Value::Json(Arc::new(concat_json(left, right))),
        (left, right) => Value::text(format!("{left}{right}")),
    };
    Ok(result)
}

/// As PostgreSQL's jsonb: objects merge (the right one wins), everything else becomes one array.
fn concat_json(left: &Json, right: &Json) -> Json {
    match (left, right) {
        (Json::Object(left), Json::Object(right)) => {
            let mut merged = left.clone();
            merged.extend(right.clone());
            Json::Object(merged)
        }
        _ => {
            let items = |json: &Json| match json {
                Json::Array(items) => items.clone(),
                other => vec![other.clone()],
            };
            let mut all = items(left);
            all.extend(items(right));
            Json::Array(all)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::ArithmeticOp::*;

    fn decimal(text: &str) -> Value {
        Value::Decimal(text.parse().unwrap())
    }

    fn calc(
        op: ArithmeticOp,
        left: impl Into<Value>,
        right: impl Into<Value>,
    ) -> Result<String, String> {
        arithmetic(op, &left.into(), &right.into())
            .map(|value| value.to_string())
            .map_err(|error| error.message)
    }

    #[test]
    fn integers() {
        assert_eq!(calc(Divide, -7, 2).unwrap(), "-3");
        assert_eq!(calc(Modulo, -7, 2).unwrap(), "-1");
        assert_eq!(calc(Modulo, i64::MIN, -1).unwrap(), "0");
        assert!(calc(Divide, i64::MIN, -1).is_err());
        assert_eq!(calc(Divide, 1, 0).unwrap_err(), "division by zero");
        assert_eq!(
            calc(Add, i64::MAX, 1).unwrap_err(),
            "9223372036854775807 + 1 is out of range for BIGINT"
        );
        assert!(calc(Multiply, i64::MAX, 2).is_err());
        assert_eq!(calc(Power, 2, 10).unwrap(), "1024");
    }

    #[test]
    fn floats() {
        assert_eq!(calc(Divide, 1.0, 0.0).unwrap_err(), "division by zero");
        assert_eq!(calc(Modulo, 5.5, 2.0).unwrap(), "1.5");
        assert!(calc(Multiply, 1e300, 1e300).is_err());
        assert!(calc(Power, -8.0, 0.5).is_err());
        assert!(calc(Power, 0.0, -1.0).is_err());
        assert_eq!(calc(Add, f64::INFINITY, 1.0).unwrap(), "Infinity");
        assert_eq!(calc(Add, 1, 0.5).unwrap(), "1.5");
    }

    #[test]
    fn decimals_have_the_digits_of_postgresql() {
        assert_eq!(
            calc(Divide, decimal("1"), decimal("3")).unwrap(),
            "0.33333333333333333333"
        );
        assert_eq!(calc(Divide, decimal("10"), decimal("4")).unwrap(), "2.5");
        assert_eq!(
            calc(Divide, decimal("10.00"), decimal("4")).unwrap(),
            "2.50"
        );
        assert_eq!(
            calc(Divide, decimal("200"), decimal("3")).unwrap(),
            "66.6666666666666667"
        );
        assert_eq!(
            calc(Multiply, decimal("1.10"), decimal("2.0")).unwrap(),
            "2.200"
        );
        assert_eq!(calc(Add, decimal("1.10"), 2).unwrap(), "3.10");
        assert_eq!(
            calc(Subtract, decimal("0.1"), decimal("0.1")).unwrap(),
            "0.0"
        );
        assert!(calc(Divide, decimal("1"), decimal("0.0")).is_err());
        let huge = decimal("79228162514264337593543950335");
        assert!(calc(Multiply, huge.clone(), huge).is_err());
        assert_eq!(calc(Multiply, decimal("0.1"), 0.5).unwrap(), "0.05");
    }

    #[test]
    fn instants_and_intervals() {
        let ts = |text: &str| {
            Value::text(text)
                .cast(&portent_grammar::Type::Timestamp)
                .unwrap()
        };
        let date = |text: &str| {
            Value::text(text)
                .cast(&portent_grammar::Type::Date)
                .unwrap()
        };
        let interval = |text: &str| Value::interval(Interval::parse(text).unwrap());
        assert_eq!(
            calc(
                Add,
                ts("2024-01-31 10:00:00"),
                interval("1 month 1 day 2 hours")
            )
            .unwrap(),
            "2024-03-01 12:00:00+00"
        );
        assert_eq!(
            calc(Subtract, ts("2024-03-31"), interval("1 month")).unwrap(),
            "2024-02-29 00:00:00+00"
        );
        assert_eq!(
            calc(Subtract, ts("2024-01-02 03:00:00"), ts("2024-01-01")).unwrap(),
            "1 day 03:00:00"
        );
        assert_eq!(
            calc(Subtract, ts("2024-01-01"), ts("2024-01-02 03:00:00")).unwrap(),
            "-1 days -03:00:00"
        );
        assert_eq!(
            calc(Subtract, date("2024-03-01"), date("2024-02-01")).unwrap(),
            "29"
        );
        assert_eq!(calc(Add, date("2024-02-28"), 2).unwrap(), "2024-03-01");
        assert_eq!(
            calc(Add, date("2024-02-28"), interval("36 hours")).unwrap(),
            "2024-02-29 12:00:00+00"
        );
        assert_eq!(calc(Multiply, interval("1 hour"), 1.5).unwrap(), "01:30:00");
        assert_eq!(calc(Divide, interval("1 hour"), 3).unwrap(), "00:20:00");
        assert_eq!(calc(Multiply, interval("1 month"), 0.5).unwrap(), "15 days");
        assert!(calc(Divide, interval("1 hour"), 0).is_err());
        assert!(calc(Add, Value::Timestamp(i64::MAX), interval("1 us")).is_err());
        assert!(calc(Add, ts("2024-01-01"), 1).is_err());
        assert_eq!(negate(&interval("1 day")).unwrap().to_string(), "-1 days");
        assert!(negate(&Value::Int(i64::MIN)).is_err());
    }

    #[test]
    fn joining() {
        assert_eq!(calc(Concat, "a", "b").unwrap(), "ab");
        let array = |items: Vec<i64>| Value::array(items.into_iter().map(Value::Int).collect());
        assert_eq!(
            calc(Concat, array(vec![1]), array(vec![2, 3])).unwrap(),
            "{1,2,3}"
        );
        assert_eq!(calc(Concat, array(vec![1]), 2).unwrap(), "{1,2}");
        let json = |text: &str| {
            Value::text(text)
                .cast(&portent_grammar::Type::Json)
                .unwrap()
        };
        assert_eq!(
            calc(Concat, json("{\"a\":1}"), json("{\"b\":2}")).unwrap(),
            "{\"a\":1,\"b\":2}"
        );
        assert_eq!(calc(Concat, json("[1]"), json("2")).unwrap(), "[1,2]");
        assert_eq!(calc(Concat, Value::Null, "b").unwrap(), "NULL");
    }
}
