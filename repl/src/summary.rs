//! What a run says of itself at its end, on standard error.

use std::fmt::Write as _;
use std::time::Duration;

use portent::RunStats;

use crate::output::printable;

/// `query q paused, 3 partial matches dropped`
pub fn paused(name: &str, dropped: u64) -> String {
    match dropped {
        0 => format!("query {name} paused"),
        1 => format!("query {name} paused, 1 partial match dropped"),
        more => format!(
            "query {name} paused, {} partial matches dropped",
            grouped(more)
        ),
    }
}

/// The summary, several lines.
pub fn summary(stats: &RunStats, elapsed: Duration) -> String {
    let mut out = String::new();
    let seconds = elapsed.as_secs_f64();
    let events: u64 = stats.streams.iter().map(|it| it.events).sum();
    let rate = if seconds > 0.0 {
        events as f64 / seconds
    } else {
        0.0
    };
    let _ = write!(out, "{} in {seconds:.2} s", counted(events, "event"));
    if events > 0 {
        let _ = write!(out, ", {} events/s", short(rate));
    }
    if let Some(bytes) = peak_memory() {
        let _ = write!(out, ", peak memory {} MiB", bytes.div_ceil(1 << 20));
    }
    out.push('\n');
    for query in &stats.queries {
        let _ = write!(
            out,
            "  {}: {}",
            printable(&query.name),
            counted(query.rows, "row")
        );
        if query.undecided > 0 {
            let _ = write!(out, ", {} undecided at the end", grouped(query.undecided));
        }
        if query.suppressed > 0 {
            let _ = write!(
                out,
                ", {} held back by LIMIT … PER",
                grouped(query.suppressed)
            );
        }
        out.push('\n');
        if query.errors > 0 {
            let what = counted(query.errors, "error");
            let _ = writeln!(
                out,
                "    {what} in conditions (not met then) and expressions (NULL then)"
            );
            if let Some(first) = &query.first_error {
                let _ = writeln!(out, "    the first: {}", printable(first));
            }
        }
        if query.overflow > 0 {
            let _ = writeln!(
                out,
                "    {} partial matches or matches were given up at a limit",
                grouped(query.overflow)
            );
        }
        if query.dropped > 0 {
            let _ = writeln!(
                out,
                "    {} of the oldest partial matches were dropped at a limit",
                grouped(query.dropped)
            );
        }
        if let Some(why) = &query.failed {
            let _ = writeln!(out, "    stopped: {}", printable(why));
        }
    }
    for stream in &stats.streams {
        let name = printable(&stream.name);
        if stream.late > 0 {
            let _ = writeln!(
                out,
                "  {name}: {} came too late (in {name}$late); a larger delay in WATERMARK FOR takes them in",
                counted(stream.late, "event")
            );
        }
        if stream.ahead > 0 {
            let _ = writeln!(
                out,
                "  {name}: {} too far ahead in time (in {name}$late)",
                counted(stream.ahead, "event")
            );
        }
        if stream.bad > 0 {
            let _ = writeln!(
                out,
                "  {name}: {} that can't be read",
                counted(stream.bad, "row")
            );
            if let Some(first) = &stream.first_bad {
                let _ = writeln!(out, "    the first: {}", printable(first));
            }
        }
        if stream.skipped > 0 {
            let _ = writeln!(
                out,
                "  {name}: {} passed over",
                counted(stream.skipped, "line")
            );
        }
    }
    out
}

/// `1 event`, `12,345 events`
pub fn counted(count: u64, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {what}{plural}", grouped(count))
}

/// `12,345`
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1.2 M`, `350 k`, `12`
pub fn short(number: f64) -> String {
    if number >= 10e6 {
        format!("{:.0} M", number / 1e6)
    } else if number >= 1e6 {
        format!("{:.1} M", number / 1e6)
    } else if number >= 1e3 {
        format!("{:.0} k", number / 1e3)
    } else {
        format!("{number:.0}")
    }
}

/// The most memory that the process has had, in bytes, where the system tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|it| it.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_for_people() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(short(1_250_000.0), "1.2 M");
        assert_eq!(short(350_400.0), "350 k");
        assert_eq!(counted(1, "row"), "1 row");
    }
}
