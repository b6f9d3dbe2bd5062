//! Durations of patterns and options: a fixed number of microseconds.

use portent_grammar::codes::patterns::{DURATION_NOT_FIXED, DURATION_RANGE};
use portent_grammar::Diagnostic;
use portent_parser::ast::{Duration, TimeUnit};
use rust_decimal::Decimal;

/// Microseconds of a unit; `None` for calendar units, whose length differs.
fn micros(unit: TimeUnit) -> Option<i64> {
    Some(match unit {
        TimeUnit::Microsecond => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Second => 1_000_000,
        TimeUnit::Minute => 60_000_000,
        TimeUnit::Hour => 3_600_000_000,
        TimeUnit::Day => 86_400_000_000,
        TimeUnit::Week => 604_800_000_000,
        TimeUnit::Month | TimeUnit::Quarter | TimeUnit::Year => return None,
    })
}

/// A duration in µs. A day is 24 hours here; months and years are an error, since they have no fixed length.
pub fn fixed(duration: &Duration) -> Result<i64, Diagnostic> {
    let range = || {
        Diagnostic::error(DURATION_RANGE, duration.span, "this duration is out of range")
            .help("the longest is about 292,000 years")
    };
    let mut total: i64 = 0;
    for part in &duration.parts {
        let Some(unit) = micros(part.unit) else {
            let message = "months and years have no fixed length, so they can't bound a pattern";
            let error = Diagnostic::error(DURATION_NOT_FIXED, duration.span, message);
            return Err(error.help("say it in days: 30 DAYS, 365 DAYS"));
        };
        let number: Decimal = part.number.trim_start_matches('+').parse().map_err(|_| range())?;
        let micros = number.checked_mul(Decimal::from(unit)).ok_or_else(range)?.round();
        let micros: i64 = micros.try_into().map_err(|_| range())?;
        total = total.checked_add(micros).ok_or_else(range)?;
    }
    Ok(total)
}

/// A number of µs as people write it: `1 day 2 hours`, `90 seconds` as `1 minute 30 seconds`.
pub fn display(micros: i64) -> String {
    if micros == 0 {
        return "0 seconds".into();
    }
    let units = [
        (86_400_000_000, "day"),
        (3_600_000_000, "hour"),
        (60_000_000, "minute"),
        (1_000_000, "second"),
        (1_000, "millisecond"),
        (1, "microsecond"),
    ];
    let mut rest = micros.unsigned_abs();
    let mut parts = Vec::new();
    for (size, name) in units {
        let number = rest / size;
        rest %= size;
        if number > 0 {
            parts.push(format!("{number} {name}{}", if number == 1 { "" } else { "s" }));
        }
    }
    let sign = if micros < 0 { "-" } else { "" };
    format!("{sign}{}", parts.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use portent_grammar::Span;
    use portent_parser::ast::DurationPart;

    fn duration(parts: &[(&str, TimeUnit)]) -> Duration {
        let parts = parts
            .iter()
            .map(|(number, unit)| DurationPart { number: (*number).into(), unit: *unit })
            .collect();
        Duration { parts, interval: false, span: Span::default() }
    }

    #[test]
    fn parts_add_up() {
        let day = duration(&[("1", TimeUnit::Day), ("2.5", TimeUnit::Hour)]);
        assert_eq!(fixed(&day).ok(), Some(95_400_000_000));
        assert_eq!(display(95_400_000_000), "1 day 2 hours 30 minutes");
    }

    #[test]
    fn months_and_overflow_are_errors() {
        let code = |d: Duration| fixed(&d).err().map(|error| error.code);
        assert_eq!(code(duration(&[("1", TimeUnit::Month)])), Some(DURATION_NOT_FIXED));
        assert_eq!(code(duration(&[("99999999999999", TimeUnit::Week)])), Some(DURATION_RANGE));
    }
}
