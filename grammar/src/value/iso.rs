//! Reading ISO 8601 dates and times: byte by byte, since millions of rows come this way.

use super::civil::{self, DAY, HOUR, MINUTE, SECOND};

/// A date and time as written, and the offset from UTC if one was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// µs since 1970-01-01 00:00:00 on the clock that the text shows.
    pub micros: i64,
    /// Seconds east of UTC.
    pub offset: Option<i32>,
}

impl LocalTime {
    /// As UTC; without a written offset the text is taken for UTC.
    pub fn utc(self) -> Option<i64> {
        self.micros
            .checked_sub(i64::from(self.offset.unwrap_or(0)) * SECOND)
    }
}

/// Reads `2026-01-31`, `2026-01-31T10:00`, `2026-01-31 10:00:00.123456789Z`, `… +02`, `…+0200`, `…+02:00`,
/// `20260131T100000Z`. `None` if it is none of these. Digits past the microsecond are cut off; 24:00 and a leap second
/// (`:60`) are the instant that follows.
pub fn parse_iso(text: &str) -> Option<LocalTime> {
    let text = text.trim_ascii();
    if let Some((before, "BC" | "bc")) = text.split_at_checked(text.len().saturating_sub(2)) {
        return before_christ(before.trim_ascii_end());
    }
    let mut reader = Reader {
        bytes: text.as_bytes(),
    };
    let days = reader.date()?;
    let mut micros = civil::join(days, 0)?;
    let letter = reader.accept(b'T') || reader.accept(b't');
    let blanks = !letter && reader.blanks();
    if letter || (blanks && reader.peek().is_some_and(|byte| byte.is_ascii_digit())) {
        micros = micros.checked_add(reader.time()?)?;
        reader.blanks();
    }
    let offset = reader.offset()?;
    reader
        .bytes
        .is_empty()
        .then_some(LocalTime { micros, offset })
}

/// `0044-03-15 10:00:00+00`, before Christ.
fn before_christ(text: &str) -> Option<LocalTime> {
    let (year, rest) = text.split_once('-')?;
    let year: i64 = year
        .parse()
        .ok()
        .filter(|year| (1..=999_999).contains(year))?;
    // The calendar repeats every 400 years, so that the rest can be read in a year after Christ.
    let alias_year = (1 - year).rem_euclid(400) + 2_000;
    let alias = parse_iso(&format!("{alias_year:04}-{rest}"))?;
    let days = (1 - year - alias_year) / 400 * 146_097;
    let micros = alias.micros.checked_add(days.checked_mul(DAY)?)?;
    Some(LocalTime {
        micros,
        offset: alias.offset,
    })
}

/// An instant in ISO 8601; without an offset it is UTC.
///
/// # Errors
/// One sentence in plain words.
pub fn parse_timestamp(text: &str) -> Result<i64, String> {
    parse_iso(text).and_then(LocalTime::utc).ok_or_else(|| {
        format!("{text:?} is not a timestamp; write it as '2026-01-31 10:00:00' or '2026-01-31T10:00:00Z'")
    })
}

/// A day; a time of day after it is allowed and dropped.
///
/// # Errors
/// One sentence in plain words.
pub fn parse_date(text: &str) -> Result<i32, String> {
    let days = parse_iso(text).map(|local| civil::split(local.micros).0);
    days.and_then(|days| i32::try_from(days).ok())
        .ok_or_else(|| format!("{text:?} is not a date; write it as '2026-01-31'"))
}

/// A time of day in µs: `10:30`, `10:30:00.5`.
///
/// # Errors
/// One sentence in plain words.
pub fn parse_time(text: &str) -> Result<i64, String> {
    let mut reader = Reader {
        bytes: text.trim_ascii().as_bytes(),
    };
    match reader.time() {
        Some(micros) if reader.bytes.is_empty() => Ok(micros),
        _ => Err(format!(
            "{text:?} is not a time of day; write it as '10:30:00'"
        )),
    }
}

/// A fraction's digits as millionths; those past the sixth are cut off.
pub(super) fn fraction_micros(digits: &[u8]) -> Option<u32> {
    let mut micros = 0;
    for index in 0..6 {
        let digit = digits.get(index).copied().unwrap_or(b'0');
        if !digit.is_ascii_digit() {
            return None;
        }
        micros = micros * 10 + u32::from(digit - b'0');
    }
    digits
        .iter()
        .skip(6)
        .all(u8::is_ascii_digit)
        .then_some(micros)
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.first().copied()
    }

    fn accept(&mut self, byte: u8) -> bool {
        match self.bytes.split_first() {
            Some((first, rest)) if *first == byte => {
                self.bytes = rest;
                true
            }
            _ => false,
        }
    }

    fn blanks(&mut self) -> bool {
        let mut any = false;
        while self.accept(b' ') {
            any = true;
        }
        any
    }

    /// Exactly two digits.
    fn two(&mut self) -> Option<u32> {
        let [tens, ones, rest @ ..] = self.bytes else {
            return None;
        };
        if !(tens.is_ascii_digit() && ones.is_ascii_digit()) {
            return None;
        }
        self.bytes = rest;
        Some(u32::from(tens - b'0') * 10 + u32::from(ones - b'0'))
    }

    fn date(&mut self) -> Option<i64> {
        let digits = self
            .bytes
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let (year, separator) = match (digits, self.bytes.get(digits)) {
            (4..=6, Some(separator @ (b'-' | b'/'))) => {
                let (year, rest) = self.bytes.split_at_checked(digits)?;
                self.bytes = rest.get(1..)?;
                (decimal(year), Some(*separator))
            }
            (8, _) => {
                let (year, rest) = self.bytes.split_at_checked(4)?;
                self.bytes = rest;
                (decimal(year), None)
            }
            _ => return None,
        };
        let month = self.two()?;
        if let Some(separator) = separator
            && !self.accept(separator)
        {
            return None;
        }
        civil::date(year, month, self.two()?)
    }

    fn time(&mut self) -> Option<i64> {
        let hour = self.two()?;
        let colons = self.accept(b':');
        let minute = self.two()?;
        let mut micros = 0;
        let mut second = 0;
        let more = if colons {
            self.accept(b':')
        } else {
            self.peek().is_some_and(|byte| byte.is_ascii_digit())
        };
        if more {
            second = self.two()?;
            if self.accept(b'.') || self.accept(b',') {
                let digits = self
                    .bytes
                    .iter()
                    .take_while(|byte| byte.is_ascii_digit())
                    .count();
                let (fraction, rest) = self.bytes.split_at_checked(digits)?;
                if fraction.is_empty() {
                    return None;
                }
                micros = i64::from(fraction_micros(fraction)?);
                self.bytes = rest;
            }
        }
        let valid = minute < 60
            && second <= 60
            && (hour < 24 || (hour == 24 && minute == 0 && second == 0 && micros == 0));
        let total =
            i64::from(hour) * HOUR + i64::from(minute) * MINUTE + i64::from(second) * SECOND;
        valid.then_some(total + micros)
    }

    /// `Z`, `UTC`, `GMT`, `+02`, `+0200`, `+02:00`, `-03:30:15`, or nothing. The outer `None`: something else.
    #[allow(
        clippy::option_option,
        reason = "no offset and a bad offset are different answers"
    )]
    fn offset(&mut self) -> Option<Option<i32>> {
        for name in [&b"UTC"[..], b"GMT", b"Z"] {
            if let Some((start, rest)) = self.bytes.split_at_checked(name.len())
                && start.eq_ignore_ascii_case(name)
            {
                self.bytes = rest;
                return Some(Some(0));
            }
        }
        let sign = if self.accept(b'+') {
            1
        } else if self.accept(b'-') {
            -1
        } else {
            return Some(None);
        };
        let hours = self.two()?;
        let mut minutes = 0;
        let mut seconds = 0;
        if self.accept(b':') || self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            minutes = self.two()?;
            if self.accept(b':') {
                seconds = self.two()?;
            }
        }
        let valid = hours <= 15 && minutes < 60 && seconds < 60;
        valid.then(|| Some(sign * (hours * 3600 + minutes * 60 + seconds) as i32))
    }
}

fn decimal(digits: &[u8]) -> i64 {
    digits
        .iter()
        .fold(0, |number, digit| number * 10 + i64::from(digit - b'0'))
}
