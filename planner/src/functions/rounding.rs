//! Rounding.

use portent_grammar::Value;
use portent_grammar::value::{decimal_to_f64, float_to_decimal};
use rust_decimal::{Decimal, RoundingStrategy};

use super::Family::Maths as F;
use super::{Outcome, Param as P, Returns as R, ScalarFunction, mismatch, sig, strict};

const WHOLE: &[super::Signature] = &[
    sig(&[P::Int], R::Int),
    sig(&[P::Decimal], R::Decimal),
    sig(&[P::Float], R::Float),
];
const DIGITS: &[super::Signature] = &[
    sig(&[P::Int], R::Int),
    sig(&[P::Decimal], R::Decimal),
    sig(&[P::Float], R::Float),
    sig(&[P::Int, P::Int], R::Int),
    sig(&[P::Decimal, P::Int], R::Decimal),
    sig(&[P::Float, P::Int], R::Float),
];

pub(super) static FUNCTIONS: &[ScalarFunction] = &[
    strict(
        F,
        "ROUND",
        DIGITS,
        "To the nearest whole number, or to n digits behind the point. Halves: DECIMAL away from zero, DOUBLE to even.",
        round,
    ),
    strict(
        F,
        "TRUNC",
        DIGITS,
        "Cut off towards zero, to a whole number or to n digits behind the point.",
        trunc,
    ),
    strict(
        F,
        "CEIL",
        WHOLE,
        "The least whole number that is not less.",
        ceil,
    ),
    strict(
        F,
        "CEILING",
        WHOLE,
        "The least whole number that is not less.",
        ceil,
    ),
    strict(
        F,
        "FLOOR",
        WHOLE,
        "The greatest whole number that is not greater.",
        floor,
    ),
];

const AWAY: RoundingStrategy = RoundingStrategy::MidpointAwayFromZero;

fn round(args: &[&Value]) -> Outcome {
    match args {
        [Value::Float(x)] => Ok(Value::Float(x.round_ties_even())),
        [Value::Float(x), Value::Int(digits)] => Ok(Value::Float(float_digits(*x, *digits, AWAY))),
        _ => exact(args, AWAY),
    }
}

fn trunc(args: &[&Value]) -> Outcome {
    match args {
        [Value::Float(x)] => Ok(Value::Float(x.trunc())),
        [Value::Float(x), Value::Int(digits)] => Ok(Value::Float(float_digits(
            *x,
            *digits,
            RoundingStrategy::ToZero,
        ))),
        _ => exact(args, RoundingStrategy::ToZero),
    }
}

fn ceil(args: &[&Value]) -> Outcome {
    match args {
        [Value::Float(x)] => Ok(Value::Float(x.ceil())),
        _ => exact(args, RoundingStrategy::ToPositiveInfinity),
    }
}

fn floor(args: &[&Value]) -> Outcome {
    match args {
        [Value::Float(x)] => Ok(Value::Float(x.floor())),
        _ => exact(args, RoundingStrategy::ToNegativeInfinity),
    }
}

/// BIGINT and DECIMAL, with or without a number of digits.
fn exact(args: &[&Value], strategy: RoundingStrategy) -> Outcome {
    match args {
        [Value::Int(x)] => Ok(Value::Int(*x)),
        [Value::Decimal(x)] => Ok(Value::Decimal(x.round_dp_with_strategy(0, strategy))),
        [Value::Int(x), Value::Int(digits)] if *digits >= 0 => Ok(Value::Int(*x)),
        [Value::Int(x), Value::Int(digits)] => {
            let rounded = decimal_digits(Decimal::from(*x), *digits, strategy);
            let int = rounded.and_then(|rounded| i64::try_from(rounded).ok());
            int.map(Value::Int)
                .ok_or_else(|| "the result is out of range for BIGINT".to_owned())
        }
        [Value::Decimal(x), Value::Int(digits)] => decimal_digits(*x, *digits, strategy)
            .map(Value::Decimal)
            .ok_or_else(|| "the result is out of range for DECIMAL".to_owned()),
        _ => mismatch(args),
    }
}

fn decimal_digits(x: Decimal, digits: i64, strategy: RoundingStrategy) -> Option<Decimal> {
    if let Ok(digits) = u32::try_from(digits) {
        return Some(x.round_dp_with_strategy(digits.min(28), strategy));
    }
    // Negative digits round to tens, hundreds, …
    let power = u32::try_from(digits.unsigned_abs())
        .ok()
        .filter(|power| *power <= 28);
    let Some(power) = power else {
        return Some(Decimal::ZERO);
    };
    let unit = Decimal::try_from_i128_with_scale(10_i128.pow(power), 0).ok()?;
    x.checked_div(unit)?
        .round_dp_with_strategy(0, strategy)
        .checked_mul(unit)
}

/// By the decimal digits that are shown: 2.675 to 2 digits is 2.68, though its binary form is a trifle less.
fn float_digits(x: f64, digits: i64, strategy: RoundingStrategy) -> f64 {
    let decimal = float_to_decimal(x)
        .ok()
        .and_then(|decimal| decimal_digits(decimal, digits, strategy));
    match decimal {
        // A number too small or too large for DECIMAL has no digits there to round.
        Some(rounded) if x.abs() < 1e15 && x.abs() > 1e-12 => decimal_to_f64(&rounded),
        _ if x.abs() <= 1e-12 && digits <= 12 => 0.0,
        _ => x,
    }
}
