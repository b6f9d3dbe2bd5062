//! Numbers of different types beside each other, exactly.

use std::cmp::Ordering;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// 2^63, the first float past BIGINT.
const INT_LIMIT: f64 = 9_223_372_036_854_775_808.0;
/// 2^96, the first float past DECIMAL.
const DECIMAL_LIMIT: f64 = 79_228_162_514_264_337_593_543_950_336.0;

/// Total order of floats for SQL: `-0.0` = `0.0`, NaN equals itself and is greater than every number.
pub fn compare_floats(left: f64, right: f64) -> Ordering {
    left.partial_cmp(&right)
        .unwrap_or_else(|| left.is_nan().cmp(&right.is_nan()))
}

/// Compares by value, without rounding the integer to a float first.
pub fn compare_int_float(int: i64, float: f64) -> Ordering {
    if float.is_nan() || float >= INT_LIMIT {
        return Ordering::Less;
    }
    if float < -INT_LIMIT {
        return Ordering::Greater;
    }
    let whole = float.trunc();
    int.cmp(&(whole as i64))
        .then_with(|| 0.0_f64.total_cmp(&(float - whole + 0.0)))
}

/// Compares by value, without rounding either.
pub fn compare_decimal_float(decimal: &Decimal, float: f64) -> Ordering {
    if float.is_nan() || float >= DECIMAL_LIMIT {
        return Ordering::Less;
    }
    if float <= -DECIMAL_LIMIT {
        return Ordering::Greater;
    }
    let decimal_negative = decimal.is_sign_negative() && !decimal.is_zero();
    match (decimal_negative, float < 0.0) {
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => compare_magnitudes(decimal, float),
        (true, true) => compare_magnitudes(decimal, -float).reverse(),
    }
}

/// Compares |decimal| with a float in [0, 2^96): whole parts first, then the binary digits of the fractions.
fn compare_magnitudes(decimal: &Decimal, float: f64) -> Ordering {
    let mantissa = decimal.mantissa().unsigned_abs();
    let unit = 10_u128.checked_pow(decimal.scale()).unwrap_or(u128::MAX);
    let whole = float.trunc();
    let by_whole = (mantissa / unit).cmp(&(whole as u128));
    if by_whole != Ordering::Equal {
        return by_whole;
    }
    let (mut rest, mut fraction) = (mantissa % unit, float - whole);
    // Doubling is exact on both sides: `rest` < 10^28, and a float's last bit is gone after 1,074 steps.
    while rest != 0 && fraction != 0.0 {
        rest *= 2;
        fraction *= 2.0;
        let bit = rest >= unit;
        let other = fraction >= 1.0;
        if bit != other {
            return bit.cmp(&other);
        }
        if bit {
            rest -= unit;
            fraction -= 1.0;
        }
    }
    (rest != 0).cmp(&(fraction != 0.0))
}

/// The nearest float, correctly rounded.
pub fn decimal_to_f64(decimal: &Decimal) -> f64 {
    const POWERS: [f64; 23] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
        1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
    ];
    let mantissa = decimal.mantissa();
    // Both are exact floats, so one division rounds once (W. D. Clinger, "How to Read Floating Point Numbers Accurately").
    if let Some(power) = POWERS.get(decimal.scale() as usize)
        && mantissa.unsigned_abs() < 1 << 53
    {
        return mantissa as f64 / power;
    }
    let text = decimal.to_string();
    text.parse()
        .unwrap_or_else(|_| decimal.to_f64().unwrap_or(f64::NAN))
}

/// A float as a decimal of at most 15 significant digits, as in PostgreSQL (so that 0.1 becomes 0.1).
///
/// # Errors
/// NaN, infinities, and numbers of more than 28 digits.
pub fn float_to_decimal(float: f64) -> Result<Decimal, String> {
    if !float.is_finite() {
        return Err(format!(
            "{} is not a number that DECIMAL can hold",
            super::display::Float(float)
        ));
    }
    if float.abs() >= DECIMAL_LIMIT {
        return Err(format!(
            "{float:e} is too large for DECIMAL, which has 28 digits"
        ));
    }
    let decimal = Decimal::from_scientific(&format!("{float:.14e}")).or_else(|_| {
        // Below 10^-28 nothing but rounding is left.
        Decimal::from_str_exact(&format!("{float:.28}"))
    });
    let decimal = decimal
        .map_err(|_| format!("{float:e} does not fit into DECIMAL"))?
        .normalize();
    Ok(decimal)
}
