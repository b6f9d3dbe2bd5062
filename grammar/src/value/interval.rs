//! Calendar intervals.

use super::civil::{DAY, HOUR, MINUTE, SECOND};
use super::iso::{fraction_micros, parse_time};

/// A calendar interval, as in PostgreSQL: the three parts do not convert into each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Interval {
    /// Calendar months.
    pub months: i32,
    /// Calendar days.
    pub days: i32,
    /// Microseconds.
    pub micros: i64,
}

impl Interval {
    /// So many microseconds.
    pub fn from_micros(micros: i64) -> Self {
        Self {
            months: 0,
            days: 0,
            micros,
        }
    }

    /// Microseconds with a month of 30 days and a day of 24 hours: by this intervals are compared.
    pub fn total_micros(&self) -> i128 {
        let days = i128::from(self.months) * 30 + i128::from(self.days);
        days * i128::from(DAY) + i128::from(self.micros)
    }

    /// The difference of two instants as PostgreSQL gives it: whole days, and the rest in microseconds of the same sign.
    pub fn between(later: i64, earlier: i64) -> Option<Self> {
        let micros = later.checked_sub(earlier)?;
        Some(Self {
            months: 0,
            days: i32::try_from(micros / DAY).ok()?,
            micros: micros % DAY,
        })
    }

    /// Part by part; `None` on overflow.
    pub fn checked_add(&self, other: &Self) -> Option<Self> {
        Some(Self {
            months: self.months.checked_add(other.months)?,
            days: self.days.checked_add(other.days)?,
            micros: self.micros.checked_add(other.micros)?,
        })
    }

    /// Part by part; `None` on overflow.
    pub fn checked_neg(&self) -> Option<Self> {
        Some(Self {
            months: self.months.checked_neg()?,
            days: self.days.checked_neg()?,
            micros: self.micros.checked_neg()?,
        })
    }

    /// Times a factor: fractions of months go to days (30), fractions of days to microseconds. `None` on overflow.
    pub fn checked_mul(&self, factor: f64) -> Option<Self> {
        let months = f64::from(self.months) * factor;
        let days = f64::from(self.days) * factor + (months - months.trunc()) * 30.0;
        // Rounding hides what binary fractions add to the calendar: 1 month * 0.1 is 3 days, not 2 days and 24 hours.
        let days = (days * 1e9).round() / 1e9;
        let micros = self.micros as f64 * factor + (days - days.trunc()) * DAY as f64;
        let fits = |number: f64, limit: f64| number.is_finite() && number.abs() < limit;
        let limit = f64::from(i32::MAX);
        if !(fits(months, limit) && fits(days, limit) && fits(micros, 9.2e18)) {
            return None;
        }
        Some(Self {
            months: months.trunc() as i32,
            days: days.trunc() as i32,
            micros: micros.round_ties_even() as i64,
        })
    }

    /// Reads `1 day 2 hours`, `1 year -3 mons 04:05:06`, `P1DT2H`, `90s`, `2 days ago`, `10:30`.
    ///
    /// # Errors
    /// One sentence in plain words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let trimmed = text.trim();
        let bad = || {
            format!("{text:?} is not an interval; write for example '1 day 2 hours' or '00:05:00'")
        };
        let iso = trimmed.strip_prefix(['P', 'p']);
        let parts = match iso {
            Some(rest) => parse_iso8601(rest),
            None => parse_words(trimmed),
        };
        parts
            .ok_or_else(bad)?
            .finish()
            .ok_or_else(|| format!("the interval {text:?} is too long"))
    }
}

/// What has been read so far, wide enough not to overflow.
#[derive(Default)]
struct Parts {
    months: i128,
    days: i128,
    micros: i128,
}

impl Parts {
    /// Adds `whole.fraction` units. The fraction is in millionths of a unit.
    fn add(&mut self, number: Number, unit: &str) -> Option<()> {
        let Number { whole, millionths } = number;
        let micros_of =
            |unit: i64| whole * i128::from(unit) + millionths * i128::from(unit) / 1_000_000;
        let days_of = |days: i128, parts: &mut Parts| {
            parts.days += whole * days;
            let rest = millionths * days * i128::from(DAY) / 1_000_000;
            parts.days += rest / i128::from(DAY);
            parts.micros += rest % i128::from(DAY);
        };
        let months_of = |months: i128, parts: &mut Parts| {
            let total = millionths * months;
            parts.months += whole * months + total / 1_000_000;
            let rest = (total % 1_000_000) * 30 * i128::from(DAY) / 1_000_000;
            parts.days += rest / i128::from(DAY);
            parts.micros += rest % i128::from(DAY);
        };
        match unit.to_ascii_lowercase().as_str() {
            "us" | "usec" | "usecs" | "microsecond" | "microseconds" => self.micros += whole,
            "ms" | "msec" | "msecs" | "millisecond" | "milliseconds" => {
                self.micros += micros_of(1_000)
            }
            "" | "s" | "sec" | "secs" | "second" | "seconds" => self.micros += micros_of(SECOND),
            "m" | "min" | "mins" | "minute" | "minutes" => self.micros += micros_of(MINUTE),
            "h" | "hr" | "hrs" | "hour" | "hours" => self.micros += micros_of(HOUR),
            "d" | "day" | "days" => days_of(1, self),
            "w" | "week" | "weeks" => days_of(7, self),
            "mon" | "mons" | "month" | "months" => months_of(1, self),
            "quarter" | "quarters" => months_of(3, self),
            "y" | "yr" | "yrs" | "year" | "years" => months_of(12, self),
            _ => return None,
        }
        Some(())
    }

    fn finish(self) -> Option<Interval> {
        Some(Interval {
            months: i32::try_from(self.months).ok()?,
            days: i32::try_from(self.days).ok()?,
            micros: i64::try_from(self.micros).ok()?,
        })
    }
}

/// A signed decimal number, to a millionth.
#[derive(Clone, Copy)]
struct Number {
    whole: i128,
    millionths: i128,
}

fn number(text: &str) -> Option<Number> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || whole.len() > 18 {
        return None;
    }
    let whole = if whole.is_empty() {
        0
    } else {
        whole.parse::<i128>().ok()?
    };
    let millionths = i128::from(fraction_micros(fraction.as_bytes())?);
    Some(Number {
        whole: sign * whole,
        millionths: sign * millionths,
    })
}

fn parse_words(text: &str) -> Option<Parts> {
    let mut parts = Parts::default();
    let mut words = text.split_whitespace().flat_map(split_unit).peekable();
    let mut ago = false;
    let mut any = false;
    while let Some(word) = words.next() {
        if word == "@" {
            continue;
        }
        if ago {
            return None;
        }
        if word.eq_ignore_ascii_case("ago") {
            ago = true;
            continue;
        }
        any = true;
        if word.contains(':') {
            parts.micros += clock(word)?;
            continue;
        }
        let number = number(word)?;
        let unit = match words.peek() {
            Some(next)
                if next.starts_with(|c: char| c.is_ascii_alphabetic())
                    && !next.eq_ignore_ascii_case("ago") =>
            {
                words.next().unwrap_or_default()
            }
            _ => "",
        };
        parts.add(number, unit)?;
    }
    if ago {
        parts = Parts {
            months: -parts.months,
            days: -parts.days,
            micros: -parts.micros,
        };
    }
    any.then_some(parts)
}

/// `90s` is `90`, `s`.
fn split_unit(word: &str) -> impl Iterator<Item = &str> {
    let digits = word.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
    let at = word
        .find(|c: char| c.is_ascii_alphabetic())
        .filter(|_| digits)
        .unwrap_or(word.len());
    let (left, right) = word.split_at(at);
    std::iter::once(left).chain((!right.is_empty()).then_some(right))
}

/// `04:05:06.5`, with a sign; the hours may be more than a day's.
fn clock(text: &str) -> Option<i128> {
    let (sign, rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (hours, rest) = rest.split_once(':')?;
    if hours.is_empty() || hours.len() > 12 || !hours.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let hours: i128 = hours.parse().ok()?;
    let rest = parse_time(&format!("00:{rest}")).ok()?;
    Some(sign * (hours * i128::from(HOUR) + i128::from(rest)))
}

/// After the `P`: `1Y2M3W4DT5H6M7.5S`.
fn parse_iso8601(text: &str) -> Option<Parts> {
    let mut parts = Parts::default();
    let mut time = false;
    let mut rest = text;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix(['T', 't']) {
            if time || after.is_empty() {
                return None;
            }
            time = true;
            rest = after;
            continue;
        }
        let at = rest.find(|c: char| c.is_ascii_alphabetic())?;
        let number = number(rest.get(..at)?)?;
        let unit = rest.get(at..=at)?.to_ascii_uppercase();
        let unit = match (unit.as_str(), time) {
            ("Y", false) => "year",
            ("M", false) => "month",
            ("W", false) => "week",
            ("D", false) => "day",
            ("H", true) => "hour",
            ("M", true) => "minute",
            ("S", true) => "second",
            _ => return None,
        };
        parts.add(number, unit)?;
        rest = rest.get(at + 1..)?;
    }
    Some(parts)
}
