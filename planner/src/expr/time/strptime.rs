//! strptime and strftime, with chrono's conversions (`%Y-%m-%d %H:%M:%S%.f %z`).

use std::fmt::Write;

use chrono::format::{Item, Parsed, StrftimeItems, parse};
use chrono::{DateTime, FixedOffset, NaiveTime, Offset, TimeZone};

use super::Zone;

/// Reads a time as a format says. A missing date is 1970-01-01, a missing time of day midnight; without an offset in the text
/// it is a time in `zone`.
///
/// # Errors
/// One sentence: the format or the text can't be read.
pub fn strptime(text: &str, format: &str, zone: Zone) -> Result<i64, String> {
    let items = items(format)?;
    let mut parsed = Parsed::new();
    let bad = || format!("{text:?} does not look like {format:?}");
    parse(&mut parsed, text.trim(), items.iter()).map_err(|_| bad())?;
    // What the text does not say has a default; chrono refuses to guess.
    if parsed.year().is_none()
        && parsed.year_div_100().is_none()
        && parsed.year_mod_100().is_none()
        && parsed.timestamp().is_none()
        && parsed.isoyear().is_none()
    {
        parsed.set_year(1970).map_err(|_| bad())?;
    }
    if parsed.timestamp().is_none()
        && parsed.ordinal().is_none()
        && parsed.isoweek().is_none()
        && parsed.week_from_mon().is_none()
        && parsed.week_from_sun().is_none()
    {
        if parsed.month().is_none() && parsed.quarter().is_none() {
            parsed.set_month(1).map_err(|_| bad())?;
        }
        if parsed.day().is_none() {
            parsed.set_day(1).map_err(|_| bad())?;
        }
    }
    if let Some(seconds) = parsed.timestamp() {
        let fraction = i64::from(parsed.nanosecond().unwrap_or(0) / 1_000);
        let micros = seconds
            .checked_mul(1_000_000)
            .and_then(|micros| micros.checked_add(fraction));
        return micros.ok_or_else(bad);
    }
    let date = parsed.to_naive_date().map_err(|_| bad())?;
    let time = if parsed.hour_mod_12().is_none() && parsed.hour_div_12().is_none() {
        NaiveTime::MIN
    } else {
        if parsed.minute().is_none() {
            parsed.set_minute(0).map_err(|_| bad())?;
        }
        parsed.to_naive_time().map_err(|_| bad())?
    };
    let local = date.and_time(time).and_utc().timestamp_micros();
    let zone = parsed.offset().map_or(zone, Zone::Fixed);
    zone.instant(local)
        .ok_or_else(|| format!("{text:?} is out of range"))
}

/// Writes an instant as a format says, as a clock in `zone` shows it.
///
/// # Errors
/// One sentence: the format can't be read, the instant is out of range.
pub fn strftime(micros: i64, format: &str, zone: Zone) -> Result<String, String> {
    let items = items(format)?;
    let range = || "the timestamp is out of range".to_owned();
    let utc = DateTime::from_timestamp_micros(micros).ok_or_else(range)?;
    let mut text = String::new();
    let written = match zone {
        Zone::Utc => write!(text, "{}", utc.format_with_items(items.iter())),
        Zone::Named(named) => write!(
            text,
            "{}",
            utc.with_timezone(&named).format_with_items(items.iter())
        ),
        Zone::Fixed(seconds) => {
            let offset = FixedOffset::east_opt(seconds).unwrap_or_else(|| chrono::Utc.fix());
            write!(
                text,
                "{}",
                offset
                    .from_utc_datetime(&utc.naive_utc())
                    .format_with_items(items.iter())
            )
        }
    };
    written.map_err(|_| format!("the format {format:?} can't be written"))?;
    Ok(text)
}

fn items(format: &str) -> Result<Vec<Item<'_>>, String> {
    let items: Vec<Item<'_>> = StrftimeItems::new(format).collect();
    if items.contains(&Item::Error) {
        return Err(format!(
            "the format {format:?} can't be read; it is written as '%Y-%m-%d %H:%M:%S'"
        ));
    }
    Ok(items)
}
