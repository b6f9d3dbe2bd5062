//! Durations as written: calendar intervals in expressions, fixed stretches of time everywhere else.

use portent_grammar::codes::types as codes;
use portent_grammar::value::civil::DAY;
use portent_grammar::{Diagnostic, Interval};
use portent_parser::ast;

/// A duration as a calendar interval.
///
/// # Errors
/// Numbers that are out of range.
pub fn bind_duration(duration: &ast::Duration) -> Result<Interval, Diagnostic> {
    let words: Vec<String> = duration
        .parts
        .iter()
        .map(|part| format!("{} {}", part.number.trim(), unit(part.unit)))
        .collect();
    Interval::parse(&words.join(" "))
        .map_err(|message| Diagnostic::error(codes::INVALID_DURATION, duration.span, message))
}

/// A duration as a fixed stretch of time in microseconds: a day has 24 hours.
///
/// # Errors
/// Months, quarters and years, which have no fixed length; negative durations; numbers that are out of range.
pub fn duration_micros(duration: &ast::Duration) -> Result<i64, Diagnostic> {
    let calendar = duration.parts.iter().find_map(|part| match part.unit {
        ast::TimeUnit::Month => Some(("a month", "write 30 DAYS")),
        ast::TimeUnit::Quarter => Some(("a quarter", "write 90 DAYS")),
        ast::TimeUnit::Year => Some(("a year", "write 365 DAYS")),
        _ => None,
    });
    if let Some((what, help)) = calendar {
        let message = format!("{what} has no fixed length");
        return Err(
            Diagnostic::error(codes::MONTH_HAS_NO_LENGTH, duration.span, message).help(help),
        );
    }
    let interval = bind_duration(duration)?;
    let days = i64::from(interval.days).checked_mul(DAY);
    let micros = days
        .and_then(|days| days.checked_add(interval.micros))
        .ok_or_else(|| {
            Diagnostic::error(
                codes::INVALID_DURATION,
                duration.span,
                "the duration is too long",
            )
        })?;
    if micros < 0 {
        return Err(Diagnostic::error(
            codes::INVALID_DURATION,
            duration.span,
            "a duration can't be negative",
        ));
    }
    Ok(micros)
}

fn unit(unit: ast::TimeUnit) -> &'static str {
    match unit {
        ast::TimeUnit::Microsecond => "microseconds",
        ast::TimeUnit::Millisecond => "milliseconds",
        ast::TimeUnit::Second => "seconds",
        ast::TimeUnit::Minute => "minutes",
        ast::TimeUnit::Hour => "hours",
        ast::TimeUnit::Day => "days",
        ast::TimeUnit::Week => "weeks",
        ast::TimeUnit::Month => "months",
        ast::TimeUnit::Quarter => "quarters",
        ast::TimeUnit::Year => "years",
    }
}
