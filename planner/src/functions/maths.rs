//! Mathematical functions. Powers, roots, logarithms and angles are DOUBLEs.

use portent_grammar::Value;

use super::Family::Maths as F;
use super::{Outcome, Param as P, Returns as R, ScalarFunction, mismatch, sig, strict};
use crate::expr::{ArithmeticOp, arithmetic, power};

const KEEPS: &[super::Signature] = &[
    sig(&[P::Int], R::Int),
    sig(&[P::Decimal], R::Decimal),
    sig(&[P::Float], R::Float),
];
const FLOAT: &[super::Signature] = &[sig(&[P::Float], R::Float)];
const FLOATS: &[super::Signature] = &[sig(&[P::Float, P::Float], R::Float)];
const LOG: &[super::Signature] = &[
    sig(&[P::Float], R::Float),
    sig(&[P::Float, P::Float], R::Float),
];
const PAIR: &[super::Signature] = &[
    sig(&[P::Int, P::Int], R::Int),
    sig(&[P::Decimal, P::Decimal], R::Decimal),
    sig(&[P::Float, P::Float], R::Float),
];
const INTS: &[super::Signature] = &[sig(&[P::Int, P::Int], R::Int)];
const BUCKET: &[super::Signature] = &[sig(&[P::Float, P::Float, P::Float, P::Int], R::Int)];
const CONSTANT: &[super::Signature] = &[sig(&[], R::Float)];

pub(super) static FUNCTIONS: &[ScalarFunction] = &[
    strict(F, "ABS", KEEPS, "Without its sign.", abs),
    strict(F, "SIGN", KEEPS, "-1, 0 or 1.", sign),
    strict(
        F,
        "MOD",
        PAIR,
        "Remainder of the division, with the sign of the first.",
        modulo,
    ),
    strict(F, "DIV", INTS, "Whole quotient, cut off towards zero.", div),
    strict(F, "GCD", INTS, "Greatest common divisor.", gcd),
    strict(F, "LCM", INTS, "Least common multiple.", lcm),
    strict(
        F,
        "POWER",
        FLOATS,
        "The first to the power of the second.",
        pow,
    ),
    strict(
        F,
        "POW",
        FLOATS,
        "The first to the power of the second.",
        pow,
    ),
    strict(F, "SQRT", FLOAT, "Square root.", sqrt),
    strict(F, "CBRT", FLOAT, "Cube root.", |args| {
        float(args, f64::cbrt)
    }),
    strict(F, "EXP", FLOAT, "e to this power.", |args| {
        float(args, f64::exp)
    }),
    strict(F, "LN", FLOAT, "Natural logarithm.", |args| {
        logarithm(args, f64::ln)
    }),
    strict(
        F,
        "LOG",
        LOG,
        "Logarithm to base 10; LOG(base, x): to a base.",
        log,
    ),
    strict(F, "LOG10", FLOAT, "Logarithm to base 10.", |args| {
        logarithm(args, f64::log10)
    }),
    strict(F, "LOG2", FLOAT, "Logarithm to base 2.", |args| {
        logarithm(args, f64::log2)
    }),
    strict(F, "SIN", FLOAT, "Sine of an angle in radians.", |args| {
        angle(args, f64::sin)
    }),
    strict(F, "COS", FLOAT, "Cosine of an angle in radians.", |args| {
        angle(args, f64::cos)
    }),
    strict(F, "TAN", FLOAT, "Tangent of an angle in radians.", |args| {
        angle(args, f64::tan)
    }),
    strict(
        F,
        "ASIN",
        FLOAT,
        "Angle in radians whose sine this is.",
        |args| inverse(args, f64::asin),
    ),
    strict(
        F,
        "ACOS",
        FLOAT,
        "Angle in radians whose cosine this is.",
        |args| inverse(args, f64::acos),
    ),
    strict(
        F,
        "ATAN",
        FLOAT,
        "Angle in radians whose tangent this is.",
        |args| float(args, f64::atan),
    ),
    strict(
        F,
        "ATAN2",
        FLOATS,
        "Angle in radians of the point (x, y): ATAN2(y, x).",
        atan2,
    ),
    strict(F, "SINH", FLOAT, "Hyperbolic sine.", |args| {
        float(args, f64::sinh)
    }),
    strict(F, "COSH", FLOAT, "Hyperbolic cosine.", |args| {
        float(args, f64::cosh)
    }),
    strict(F, "TANH", FLOAT, "Hyperbolic tangent.", |args| {
        float(args, f64::tanh)
    }),
    strict(F, "PI", CONSTANT, "3.141592653589793", pi),
    strict(F, "DEGREES", FLOAT, "From radians to degrees.", |args| {
        float(args, f64::to_degrees)
    }),
    strict(F, "RADIANS", FLOAT, "From degrees to radians.", |args| {
        float(args, f64::to_radians)
    }),
    strict(
        F,
        "IS_NAN",
        &[sig(&[P::Float], R::Bool)],
        "Whether it is not a number.",
        is_nan,
    ),
    strict(
        F,
        "IS_FINITE",
        &[sig(&[P::Float], R::Bool)],
        "Whether it is neither infinite nor NaN.",
        is_finite,
    ),
    strict(
        F,
        "WIDTH_BUCKET",
        BUCKET,
        "WIDTH_BUCKET(x, low, high, n): in which of n equal buckets x lies; 0 and n + 1 are outside.",
        width_bucket,
    ),
];

/// A function whose result must be finite if its argument is.
fn float(args: &[&Value], function: fn(f64) -> f64) -> Outcome {
    let [Value::Float(x)] = args else {
        return mismatch(args);
    };
    let result = function(*x);
    if result.is_infinite() && x.is_finite() {
        return Err("the result is out of range for DOUBLE".to_owned());
    }
    Ok(Value::Float(result))
}

fn logarithm(args: &[&Value], function: fn(f64) -> f64) -> Outcome {
    match args {
        [value @ Value::Float(x)] if *x <= 0.0 => Err(format!("{value} has no logarithm")),
        _ => float(args, function),
    }
}

fn angle(args: &[&Value], function: fn(f64) -> f64) -> Outcome {
    match args {
        [Value::Float(x)] if x.is_infinite() => Err("an angle must be finite".to_owned()),
        _ => float(args, function),
    }
}

fn inverse(args: &[&Value], function: fn(f64) -> f64) -> Outcome {
    match args {
        [Value::Float(x)] if x.abs() > 1.0 => {
            Err("the argument must lie between -1 and 1".to_owned())
        }
        _ => float(args, function),
    }
}

fn abs(args: &[&Value]) -> Outcome {
    match args {
        [Value::Int(x)] => x
            .checked_abs()
            .map(Value::Int)
            .ok_or_else(|| format!("{x} has no BIGINT without its sign")),
        [Value::Float(x)] => Ok(Value::Float(x.abs())),
        [Value::Decimal(x)] => Ok(Value::Decimal(x.abs())),
        _ => mismatch(args),
    }
}

fn sign(args: &[&Value]) -> Outcome {
    match args {
        [Value::Int(x)] => Ok(Value::Int(x.signum())),
        [Value::Float(x)] if *x == 0.0 || x.is_nan() => Ok(Value::Float(*x + 0.0)),
        [Value::Float(x)] => Ok(Value::Float(x.signum())),
        [Value::Decimal(x)] if x.is_zero() => Ok(Value::Decimal(rust_decimal::Decimal::ZERO)),
        [Value::Decimal(x)] if x.is_sign_negative() => {
            Ok(Value::Decimal(rust_decimal::Decimal::NEGATIVE_ONE))
        }
        [Value::Decimal(_)] => Ok(Value::Decimal(rust_decimal::Decimal::ONE)),
        _ => mismatch(args),
    }
}

fn modulo(args: &[&Value]) -> Outcome {
    let [left, right] = args else {
        return mismatch(args);
    };
    arithmetic(ArithmeticOp::Modulo, left, right).map_err(|error| error.message)
}

fn div(args: &[&Value]) -> Outcome {
    let [left, right] = args else {
        return mismatch(args);
    };
    arithmetic(ArithmeticOp::Divide, left, right).map_err(|error| error.message)
}

/// Euclid's algorithm.
fn common_divisor(mut one: u64, mut other: u64) -> u64 {
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}

fn gcd(args: &[&Value]) -> Outcome {
    let [Value::Int(one), Value::Int(other)] = args else {
        return mismatch(args);
    };
    let gcd = common_divisor(one.unsigned_abs(), other.unsigned_abs());
    i64::try_from(gcd)
        .map(Value::Int)
        .map_err(|_| "the result is out of range for BIGINT".to_owned())
}

fn lcm(args: &[&Value]) -> Outcome {
    let [Value::Int(one), Value::Int(other)] = args else {
        return mismatch(args);
    };
    if *one == 0 || *other == 0 {
        return Ok(Value::Int(0));
    }
    let (one, other) = (one.unsigned_abs(), other.unsigned_abs());
    let lcm = (one / common_divisor(one, other))
        .checked_mul(other)
        .and_then(|lcm| i64::try_from(lcm).ok());
    lcm.map(Value::Int)
        .ok_or_else(|| "the result is out of range for BIGINT".to_owned())
}

fn pow(args: &[&Value]) -> Outcome {
    let [Value::Float(base), Value::Float(exponent)] = args else {
        return mismatch(args);
    };
    power(*base, *exponent)
        .map(Value::Float)
        .map_err(|error| error.message)
}

fn sqrt(args: &[&Value]) -> Outcome {
    match args {
        [Value::Float(x)] if *x < 0.0 => {
            Err("a negative number has no real square root".to_owned())
        }
        _ => float(args, f64::sqrt),
    }
}

fn log(args: &[&Value]) -> Outcome {
    let [base, x] = args else {
        return logarithm(args, f64::log10);
    };
    let (base, x) = (logarithm(&[base], f64::ln)?, logarithm(&[x], f64::ln)?);
    arithmetic(ArithmeticOp::Divide, &x, &base).map_err(|error| error.message)
}

fn atan2(args: &[&Value]) -> Outcome {
    let [Value::Float(y), Value::Float(x)] = args else {
        return mismatch(args);
    };
    Ok(Value::Float(y.atan2(*x)))
}

fn pi(_: &[&Value]) -> Outcome {
    Ok(Value::Float(std::f64::consts::PI))
}

fn is_nan(args: &[&Value]) -> Outcome {
    let [Value::Float(x)] = args else {
        return mismatch(args);
    };
    Ok(Value::Bool(x.is_nan()))
}

fn is_finite(args: &[&Value]) -> Outcome {
    let [Value::Float(x)] = args else {
        return mismatch(args);
    };
    Ok(Value::Bool(x.is_finite()))
}

fn width_bucket(args: &[&Value]) -> Outcome {
    let [
        Value::Float(x),
        Value::Float(low),
        Value::Float(high),
        Value::Int(count),
    ] = args
    else {
        return mismatch(args);
    };
    if *count <= 0 {
        return Err("the number of buckets must be positive".to_owned());
    }
    if !low.is_finite() || !high.is_finite() || x.is_nan() || low == high {
        return Err("the limits must be finite and differ".to_owned());
    }
    let share = (x - low) / (high - low);
    let bucket = if share < 0.0 {
        0
    } else if share >= 1.0 {
        count.saturating_add(1)
    } else {
        // A share just below 1 may round up to the end.
        ((share * *count as f64) as i64).min(count - 1) + 1
    };
    Ok(Value::Int(bucket))
}
