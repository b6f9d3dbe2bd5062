//! Times as sources write them: formats, and years that are missing.
//!
//! ISO 8601 is read by the language's own reader and zones are the language's, so that a column and a literal agree. Strptime formats
//! are compiled once here, which the scalar function of that name, whose format may differ row by row, can't do.

use std::sync::Arc;

use chrono::format::{Item, Parsed, StrftimeItems};
use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};

use portent_grammar::value::parse_iso as parse_iso_local;
pub use portent_planner::expr::time::Zone;

use self::plain::PlainIso;
use crate::error::nearest;

/// How the text or number of a TIMESTAMP is read.
#[derive(Clone, Debug, PartialEq)]
pub enum TimeFormat {
    /// By the first value of each file: ISO 8601, or an epoch whose unit its 10, 13, 16 or 19 digits tell.
    Auto,
    /// ISO 8601 and its relatives: `2026-01-31T10:00:00Z`, `2026-01-31 10:00:00.5+02`.
    Iso,
    /// A number of these since 1970-01-01 00:00:00 UTC.
    Epoch(EpochUnit),
    /// RFC 3164: `Jan  2 10:00:00`.
    Syslog,
    /// strptime, as in chrono: `%d/%b/%Y:%H:%M:%S %z`.
    Strptime(Arc<Pattern>),
}

/// The unit of an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EpochUnit {
    /// Seconds; a fraction is allowed.
    Seconds,
    /// Milliseconds; a fraction is allowed.
    Millis,
    /// Microseconds.
    Micros,
    /// Nanoseconds; what is below a microsecond is cut off.
    Nanos,
}

/// A compiled strptime format.
#[derive(Debug, PartialEq)]
pub struct Pattern {
    written: String,
    items: Vec<Item<'static>>,
    lacks_year: bool,
}

impl TimeFormat {
    /// Reads the value of `time.format`.
    ///
    /// # Errors
    /// One sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        const NAMES: [&str; 7] = [
            "auto", "iso", "epoch_s", "epoch_ms", "epoch_us", "epoch_ns", "syslog",
        ];
        Ok(match text.to_lowercase().as_str() {
            "auto" => Self::Auto,
            "iso" | "iso8601" | "rfc3339" => Self::Iso,
            "epoch_s" | "epoch" | "unix" => Self::Epoch(EpochUnit::Seconds),
            "epoch_ms" => Self::Epoch(EpochUnit::Millis),
            "epoch_us" => Self::Epoch(EpochUnit::Micros),
            "epoch_ns" => Self::Epoch(EpochUnit::Nanos),
            "syslog" => Self::Syslog,
            lower if !text.contains('%') => {
                let near = nearest(lower, NAMES);
                let hint = near
                    .map(|near| format!("; did you mean '{near}'?"))
                    .unwrap_or_default();
                return Err(format!(
                    "'{text}' is not a time format: it must be iso, epoch_s, epoch_ms, epoch_us, epoch_ns, syslog, \
                     auto, or a strptime format such as '%d/%m/%Y %H:%M:%S'{hint}"
                ));
            }
            _ => Self::Strptime(Arc::new(Pattern::compile(text)?)),
        })
    }

    /// Whether it reads times without a year.
    pub fn lacks_year(&self) -> bool {
        match self {
            Self::Syslog => true,
            Self::Strptime(pattern) => pattern.lacks_year,
            _ => false,
        }
    }

    /// As an option's value, for printing a statement.
    pub fn as_option(&self) -> &str {
        match self {
            Self::Auto => "auto",
            Self::Iso => "iso",
            Self::Epoch(EpochUnit::Seconds) => "epoch_s",
            Self::Epoch(EpochUnit::Millis) => "epoch_ms",
            Self::Epoch(EpochUnit::Micros) => "epoch_us",
            Self::Epoch(EpochUnit::Nanos) => "epoch_ns",
            Self::Syslog => "syslog",
            Self::Strptime(pattern) => &pattern.written,
        }
    }
}

impl EpochUnit {
    /// The unit that a number of so many digits is in, for times between the years 2001 and 2286.
    pub fn of_digits(digits: usize) -> Option<Self> {
        match digits {
            10 => Some(Self::Seconds),
            13 => Some(Self::Millis),
            16 => Some(Self::Micros),
            19 => Some(Self::Nanos),
            _ => None,
        }
    }

    /// As µs since 1970; `None` if that is out of range.
    pub fn micros(self, number: i64) -> Option<i64> {
        match self {
            Self::Seconds => number.checked_mul(1_000_000),
            Self::Millis => number.checked_mul(1_000),
            Self::Micros => Some(number),
            Self::Nanos => Some(number.div_euclid(1_000)),
        }
    }

    /// The same from text, a fraction allowed; exact.
    fn parse(self, text: &str) -> Option<i64> {
        if let Some(number) = parse_int(text.as_bytes()) {
            return self.micros(number);
        }
        let decimal: rust_decimal::Decimal = portent_grammar::value::parse_decimal(text).ok()?;
        let factor = match self {
            Self::Seconds => rust_decimal::Decimal::new(1_000_000, 0),
            Self::Millis => rust_decimal::Decimal::new(1_000, 0),
            Self::Micros => rust_decimal::Decimal::ONE,
            Self::Nanos => rust_decimal::Decimal::new(1, 3),
        };
        i64::try_from(decimal.checked_mul(factor)?.floor()).ok()
    }

    fn name(self) -> &'static str {
        match self {
            Self::Seconds => "seconds since 1970",
            Self::Millis => "milliseconds since 1970",
            Self::Micros => "microseconds since 1970",
            Self::Nanos => "nanoseconds since 1970",
        }
    }
}

/// Strict: an optional sign and digits, nothing else. `None` on overflow too.
pub(crate) fn parse_int(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    if digits.is_empty() {
        return None;
    }
    if digits.len() <= 18 {
        let mut number: i64 = 0;
        for byte in digits {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return None;
            }
            number = number * 10 + i64::from(digit);
        }
        return Some(if negative { -number } else { number });
    }
    let mut number: i64 = 0;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        // Towards the negative side, which reaches one further.
        number = number.checked_mul(10)?.checked_sub(i64::from(digit))?;
    }
    if negative {
        Some(number)
    } else {
        number.checked_neg()
    }
}

impl Pattern {
    fn compile(text: &str) -> Result<Self, String> {
        // Python's %f is a fraction; chrono's is a count of nanoseconds, which nobody writes.
        let chrono_text = text.replace(".%f", "%.f").replace(",%f", ",%3f");
        let items = StrftimeItems::new(&chrono_text)
            .parse_to_owned()
            .map_err(|_| format!("'{text}' is not a strptime format: one of its % is not known"))?;
        let has = |names: &[&str]| names.iter().any(|name| text.contains(name));
        let pattern = Self {
            written: text.to_owned(),
            items,
            lacks_year: !has(&[
                "%Y", "%y", "%C", "%G", "%g", "%D", "%F", "%x", "%v", "%c", "%s", "%+",
            ]),
        };
        if !has(&[
            "%d", "%e", "%j", "%D", "%F", "%x", "%v", "%c", "%s", "%+", "%U", "%W", "%V",
        ]) {
            return Err(format!(
                "'{text}' has no day: a time of day alone is not an instant"
            ));
        }
        Ok(pattern)
    }

    fn parse(&self, text: &str, year: i32, zone: Zone) -> Option<i64> {
        let mut parsed = Parsed::new();
        chrono::format::parse(&mut parsed, text, self.items.iter()).ok()?;
        if self.lacks_year {
            parsed.set_year(i64::from(year)).ok()?;
        }
        if parsed.timestamp().is_some() {
            return Some(
                parsed
                    .to_naive_datetime_with_offset(0)
                    .ok()?
                    .and_utc()
                    .timestamp_micros(),
            );
        }
        let date = parsed.to_naive_date().ok()?;
        let time = match (parsed.hour_div_12(), parsed.hour_mod_12()) {
            (None, None) => NaiveTime::MIN,
            _ => parsed.to_naive_time().ok()?,
        };
        let local = date.and_time(time).and_utc().timestamp_micros();
        match parsed.offset() {
            Some(offset) => local.checked_sub(i64::from(offset) * 1_000_000),
            None => zone.instant(local),
        }
    }
}

/// `Jan  2 10:00:00`, also with a fraction, as some daemons write it.
fn parse_syslog(text: &str, year: i32, zone: Zone) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let (month, rest) = text.trim().split_at_checked(3)?;
    let month = MONTHS
        .iter()
        .position(|name| name.eq_ignore_ascii_case(month))?;
    let (day, time) = rest.trim_start().split_once(' ')?;
    let date = NaiveDate::from_ymd_opt(year, u32::try_from(month).ok()? + 1, day.parse().ok()?)?;
    let micros = portent_grammar::value::parse_time(time).ok()?;
    let midnight = date.and_time(NaiveTime::MIN).and_utc().timestamp_micros();
    zone.instant(midnight.checked_add(micros)?)
}

/// ISO 8601 as UTC; without an offset in the text, in this zone.
pub fn parse_iso(text: &str, zone: Zone) -> Option<i64> {
    let local = parse_iso_local(text)?;
    match (local.offset, zone) {
        (Some(_), _) | (None, Zone::Utc) => local.utc(),
        (None, zone) => zone.instant(local.micros),
    }
}

/// Reads the value of `time.zone`: `UTC`, `+02:00`, `Europe/Berlin`.
///
/// # Errors
/// One sentence, with the nearest name.
pub(crate) fn parse_zone(text: &str) -> Result<Zone, String> {
    Zone::parse(text).map_err(|message| {
        let near = Zone::suggest(text)
            .map(|near| format!("; did you mean '{near}'?"))
            .unwrap_or_default();
        format!("{message}: write 'UTC', '+02:00' or a name such as 'Europe/Berlin'{near}")
    })
}

/// Reads the times of one column of one file.
#[derive(Clone, Debug)]
pub(crate) struct TimeReader {
    format: TimeFormat,
    zone: Zone,
    year: Option<i32>,
    /// The last time read without a year.
    last: Option<i64>,
    was_auto: bool,
    plain: PlainIso,
}

/// What the first times of a file decide for the others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TimeAt {
    /// As `time.format` would say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    format: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    year: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<i64>,
}

/// How far back a log may jump before the year is taken to have ended.
const A_MONTH: i64 = 31 * 86_400_000_000;

impl TimeReader {
    pub fn new(format: TimeFormat, zone: Zone, year: Option<i32>) -> Self {
        let was_auto = format == TimeFormat::Auto;
        Self {
            format,
            zone,
            year,
            last: None,
            was_auto,
            plain: PlainIso::default(),
        }
    }

    /// For a new file: what the last one told is forgotten.
    pub fn reset(&mut self, year: Option<i32>) {
        self.year = year;
        self.last = None;
        if self.was_auto {
            self.format = TimeFormat::Auto;
        }
    }

    /// What the times read so far decided for those to come; `None` if they did not.
    pub fn at(&self) -> Option<TimeAt> {
        let decided = self.was_auto && self.format != TimeFormat::Auto;
        (decided || self.last.is_some()).then(|| TimeAt {
            format: decided.then(|| self.format.as_option().to_owned()),
            year: self.year,
            last: self.last,
        })
    }

    /// As if they had been read.
    pub fn set(&mut self, at: &TimeAt) {
        if self.was_auto
            && let Some(Ok(format)) = at.format.as_deref().map(TimeFormat::parse)
        {
            self.format = format;
        }
        (self.year, self.last) = (at.year, at.last);
    }

    /// The instant that the text shows, µs UTC.
    pub fn parse(&mut self, text: &str) -> Result<i64, (String, Option<String>)> {
        if matches!(self.format, TimeFormat::Auto) {
            self.decide(text)?;
        }
        let instant = match &self.format {
            TimeFormat::Iso | TimeFormat::Auto => self.parse_iso(text),
            TimeFormat::Epoch(unit) => unit.parse(text),
            TimeFormat::Syslog | TimeFormat::Strptime(_) => self.parse_by_calendar(text),
        };
        instant.ok_or_else(|| self.refuse(text))
    }

    fn parse_iso(&mut self, text: &str) -> Option<i64> {
        match (self.plain.parse(text.as_bytes()), self.zone) {
            (Some((instant, true)), _) | (Some((instant, false)), Zone::Utc) => Some(instant),
            (Some((local, false)), zone) => zone.instant(local),
            (None, zone) => parse_iso(text, zone),
        }
    }

    fn parse_by_calendar(&mut self, text: &str) -> Option<i64> {
        let once = |year| match &self.format {
            TimeFormat::Strptime(pattern) => pattern.parse(text, year, self.zone),
            _ => parse_syslog(text, year, self.zone),
        };
        let Some(year) = self.year else {
            return once(1970);
        };
        if !self.format.lacks_year() {
            return once(year);
        }
        let (mut instant, mut found) = (once(year), year);
        if let Some(last) = self.last {
            // December, then January: the year has ended. A straggler of December after that belongs to the year before.
            let (again, other) = match instant {
                Some(time) if time < last - A_MONTH => (true, year + 1),
                Some(time) if time > last + 11 * A_MONTH - 10 * 86_400_000_000 => (true, year - 1),
                // 29 February, at the turn of the year.
                None => (true, year + 1),
                Some(_) => (false, year),
            };
            if again && let Some(time) = once(other) {
                (instant, found) = (Some(time), other);
            }
        }
        if let Some(time) = instant {
            self.last = Some(time);
            self.year = Some(found);
        }
        instant
    }

    /// The first value of the file decides for the rest of it.
    fn decide(&mut self, text: &str) -> Result<(), (String, Option<String>)> {
        let trimmed = text.trim();
        let digits = trimmed.strip_prefix('-').unwrap_or(trimmed);
        let whole = digits.split('.').next().unwrap_or_default();
        if !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit()) && whole.len() != 8
        {
            let unit = EpochUnit::of_digits(whole.len()).ok_or_else(|| {
                let help =
                    "say time.format = 'epoch_s', 'epoch_ms', 'epoch_us' or 'epoch_ns'".to_owned();
                (
                    format!("'{trimmed}' is a number, and its unit can't be told"),
                    Some(help),
                )
            })?;
            self.format = TimeFormat::Epoch(unit);
            return Ok(());
        }
        if parse_iso_local(trimmed).is_none() {
            let help =
                "say how it is written, for example time.format = '%d/%m/%Y %H:%M:%S'".to_owned();
            return Err((
                format!("'{trimmed}' is not a TIMESTAMP in ISO format"),
                Some(help),
            ));
        }
        self.format = TimeFormat::Iso;
        Ok(())
    }

    fn refuse(&self, text: &str) -> (String, Option<String>) {
        let decided = self.was_auto.then(|| {
            format!(
                "the first value of this file decided for '{}'; time.format says it outright",
                self.format.as_option()
            )
        });
        let message = match &self.format {
            TimeFormat::Auto | TimeFormat::Iso => {
                format!("'{text}' is not a TIMESTAMP in ISO format")
            }
            TimeFormat::Epoch(unit) => format!("'{text}' is not a number of {}", unit.name()),
            TimeFormat::Syslog => format!("'{text}' is not a time such as 'Jan  2 10:00:00'"),
            TimeFormat::Strptime(pattern) => {
                format!("'{text}' is not a time in the format '{}'", pattern.written)
            }
        };
        (message, decided)
    }
}

#[path = "time_plain.rs"]
mod plain;

#[cfg(test)]
#[path = "time_tests.rs"]
mod tests;
