//! `.clock`

use portent::{Type, Value, value};

use super::unquoted;
use crate::shell::door::{Clock, ClockChange, Trouble};
use crate::shell::screen::lock;
use crate::shell::{Flow, Shell};

pub fn run(shell: &mut Shell, argument: &str) -> Result<Flow, Trouble> {
    let change = change(unquoted(argument))?;
    let clock = shell.change_clock(change)?;
    let screen = lock(&shell.screen);
    let kind = if clock.by_hand {
        "by hand"
    } else {
        "the wall's"
    };
    screen.say(&format!("clock: {} ({kind})", clock.shown()))?;
    if change == ClockChange::Look {
        screen.say(&streams(&clock))?;
    }
    Ok(Flow::Stay)
}

/// How far each stream is.
fn streams(clock: &Clock) -> String {
    let width = clock
        .streams
        .iter()
        .map(|(name, _)| name.chars().count())
        .max();
    let width = width.unwrap_or(0);
    let lines = clock.streams.iter().map(|(name, reached)| {
        let reached = match reached {
            Some(time) => Value::Timestamp(*time).to_string(),
            None => "no event yet".to_owned(),
        };
        let space = " ".repeat(width - name.chars().count());
        format!("  {}{space}  {reached}", crate::output::printable(name))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn change(argument: &str) -> Result<ClockChange, Trouble> {
    if argument.is_empty() {
        return Ok(ClockChange::Look);
    }
    if argument.eq_ignore_ascii_case("wall") {
        return Ok(ClockChange::Wall);
    }
    if let Some(by) = argument.strip_prefix('+') {
        return match duration(by.trim()) {
            Some(micros) => Ok(ClockChange::Forward(micros)),
            None => Err(Trouble::helped(
                format!("`{by}` is no duration"),
                ".clock +10m, .clock +1h, .clock '+1 day 2 hours'",
            )),
        };
    }
    if argument.starts_with('-') {
        return Err(Trouble::helped(
            "time never goes back",
            ".clock +10m moves on",
        ));
    }
    match value::cast(Value::text(argument), &Type::Timestamp) {
        Ok(Value::Timestamp(time)) => Ok(ClockChange::Set(time)),
        _ => Err(Trouble::helped(
            format!("`{argument}` is no time"),
            ".clock '2026-01-31 10:00', .clock +10m, .clock wall",
        )),
    }
}

/// `10m`, `1 hour 30 minutes`: µs.
fn duration(text: &str) -> Option<i64> {
    portent::planner::catalog::parse_micros(text).filter(|it| *it >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_durations() {
        assert_eq!(change("").unwrap(), ClockChange::Look);
        assert_eq!(change("WALL").unwrap(), ClockChange::Wall);
        assert_eq!(change("+10m").unwrap(), ClockChange::Forward(600_000_000));
        assert_eq!(
            change("1970-01-01 00:01").unwrap(),
            ClockChange::Set(60_000_000)
        );
        assert_eq!(
            change("1970-01-01T00:00:01Z").unwrap(),
            ClockChange::Set(1_000_000)
        );
        assert!(change("noon").is_err() && change("-10m").is_err() && change("+x").is_err());
    }
}
