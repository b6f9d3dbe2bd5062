//! Durations of patterns and options: a fixed number of microseconds.

use portent_grammar::Diagnostic;
use portent_parser::ast::Duration;

/// A duration in µs. A day is 24 hours here; months and years are an error, since they have no fixed length.
///
/// # Errors
/// Months, quarters, years; negative durations; numbers out of range.
pub fn fixed(duration: &Duration) -> Result<i64, Diagnostic> {
    crate::expr::duration_micros(duration)
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
            parts.push(format!(
                "{number} {name}{}",
                if number == 1 { "" } else { "s" }
            ));
        }
    }
    let sign = if micros < 0 { "-" } else { "" };
    format!("{sign}{}", parts.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        assert_eq!(display(95_400_000_000), "1 day 2 hours 30 minutes");
        assert_eq!(display(-1_500), "-1 millisecond 500 microseconds");
        assert_eq!(display(0), "0 seconds");
    }
}
