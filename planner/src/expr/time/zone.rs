//! Time zones.

use std::str::FromStr;

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, Offset, TimeZone};
use chrono_tz::{TZ_VARIANTS, Tz};
use portent_grammar::value::civil::{HOUR, SECOND};

use super::super::types::nearest;

/// The zone of a clock on a wall.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Zone {
    /// UTC
    #[default]
    Utc,
    /// Seconds east of UTC.
    Fixed(i32),
    /// By the IANA time zone database.
    Named(Tz),
}

impl Zone {
    /// Reads `Europe/Berlin` (in any case), `UTC`, `+02:00`, `-0330`.
    ///
    /// # Errors
    /// One sentence: there is no such zone.
    pub fn parse(name: &str) -> Result<Zone, String> {
        let trimmed = name.trim();
        if ["UTC", "GMT", "Z", "Etc/UTC"]
            .iter()
            .any(|utc| trimmed.eq_ignore_ascii_case(utc))
        {
            return Ok(Zone::Utc);
        }
        if trimmed.starts_with(['+', '-']) {
            let seconds =
                fixed(trimmed).ok_or_else(|| format!("{name:?} is not an offset from UTC"))?;
            return Ok(if seconds == 0 {
                Zone::Utc
            } else {
                Zone::Fixed(seconds)
            });
        }
        if let Ok(zone) = Tz::from_str(trimmed) {
            return Ok(Zone::Named(zone));
        }
        let zone = TZ_VARIANTS
            .iter()
            .find(|zone| zone.name().eq_ignore_ascii_case(trimmed));
        zone.map(|zone| Zone::Named(*zone))
            .ok_or_else(|| format!("there is no time zone {name:?}"))
    }

    /// The name of a zone that is written nearly so, or whose city is.
    pub fn suggest(name: &str) -> Option<&'static str> {
        let wanted = name.trim().replace(' ', "_");
        let city = TZ_VARIANTS.iter().map(|zone| zone.name()).find(|zone| {
            zone.rsplit('/')
                .next()
                .is_some_and(|city| city.eq_ignore_ascii_case(&wanted))
        });
        city.or_else(|| nearest(&wanted, TZ_VARIANTS.iter().map(|zone| zone.name())))
    }

    /// What a clock in this zone shows (µs since 1970-01-01 00:00:00 on that clock) at an instant. `None` if it is out of range.
    pub fn local(self, utc: i64) -> Option<i64> {
        utc.checked_add(i64::from(self.offset_at(utc)?) * SECOND)
    }

    /// Seconds east of UTC at an instant; `None` if chrono's calendar (±262,000 years) does not reach there.
    pub fn offset_at(self, utc: i64) -> Option<i32> {
        match self {
            Zone::Utc => Some(0),
            Zone::Fixed(seconds) => Some(seconds),
            Zone::Named(zone) => {
                let naive = naive(utc)?;
                Some(
                    zone.offset_from_utc_datetime(&naive)
                        .fix()
                        .local_minus_utc(),
                )
            }
        }
    }

    /// The instant at which a clock in this zone shows `local`. Where clocks were put back, the first of the two instants;
    /// where they were put forward over it, as much later as they were put forward (02:30 is then 03:30).
    pub fn instant(self, local: i64) -> Option<i64> {
        let offset = match self {
            Zone::Utc => 0,
            Zone::Fixed(seconds) => seconds,
            Zone::Named(zone) => match zone.offset_from_local_datetime(&naive(local)?) {
                MappedLocalTime::Single(offset) => offset.fix().local_minus_utc(),
                MappedLocalTime::Ambiguous(one, other) => {
                    // The larger offset is the earlier instant.
                    one.fix()
                        .local_minus_utc()
                        .max(other.fix().local_minus_utc())
                }
                // With the offset from before the gap.
                MappedLocalTime::None => self.offset_at(local.checked_sub(26 * HOUR)?)?,
            },
        };
        local.checked_sub(i64::from(offset) * SECOND)
    }

    /// Its name.
    pub fn name(self) -> String {
        match self {
            Zone::Utc => "UTC".to_owned(),
            Zone::Fixed(seconds) => {
                let sign = if seconds < 0 { '-' } else { '+' };
                let minutes = seconds.unsigned_abs() / 60;
                format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
            Zone::Named(zone) => zone.name().to_owned(),
        }
    }

    /// `CET`, `UTC`, `+02:00`: what the zone is called at an instant.
    pub fn abbreviation(self, utc: i64) -> String {
        match self {
            Zone::Named(zone) => naive(utc)
                .map(|naive| zone.offset_from_utc_datetime(&naive).to_string())
                .unwrap_or_else(|| zone.name().to_owned()),
            other => other.name(),
        }
    }
}

fn naive(micros: i64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp_micros(micros).map(|time| time.naive_utc())
}

/// `+02`, `+0200`, `-03:30`
fn fixed(text: &str) -> Option<i32> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+')?),
    };
    let digits = digits.replace(':', "");
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.as_str(), "0"),
        4 => digits.split_at_checked(2)?,
        _ => return None,
    };
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours <= 15 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}
