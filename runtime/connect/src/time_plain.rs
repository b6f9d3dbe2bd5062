//! The plain spelling of an instant: `2026-01-31T10:00:00.123Z`.

use portent_grammar::value::civil::{self, HOUR, MINUTE, SECOND};

/// Reads plain spellings, and remembers the last day: rows that follow each other mostly are of the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct PlainIso {
    date: [u8; 10],
    /// µs since 1970; `None`: no date has been read.
    midnight: Option<i64>,
}

impl PlainIso {
    /// `2026-01-31T10:00:00`, also with a blank for the `T`, a fraction of up to six digits, and `Z`, `+00` or `+00:00`. Gives the µs since
    /// 1970 on the clock that the text shows, and whether that clock is UTC's. `None`: another spelling, or no time at all, which the
    /// general reader decides.
    #[inline]
    pub fn parse(&mut self, text: &[u8]) -> Option<(i64, bool)> {
        let (date, rest) = text.split_first_chunk::<10>()?;
        let (time, rest) = rest.split_first_chunk::<9>()?;
        let [b'T' | b' ', h, hh, b':', m, mm, b':', s, ss] = time else {
            return None;
        };
        let (hour, minute, second) = (two(*h, *hh)?, two(*m, *mm)?, two(*s, *ss)?);
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let (fraction, rest) = match rest {
            [b'.', rest @ ..] => fraction(rest)?,
            rest => (0, rest),
        };
        let utc = match rest {
            [] => false,
            b"Z" | b"+00" | b"+00:00" => true,
            _ => return None,
        };
        let midnight = match self.midnight {
            Some(midnight) if self.date == *date => midnight,
            _ => {
                let midnight = civil::join(day(date)?, 0)?;
                self.date = *date;
                self.midnight = Some(midnight);
                midnight
            }
        };
        let time = hour * HOUR + minute * MINUTE + second * SECOND + fraction;
        Some((midnight + time, utc))
    }
}

fn day(date: &[u8; 10]) -> Option<i64> {
    let [c, cc, y, yy, b'-', m, mm, b'-', d, dd] = date else {
        return None;
    };
    let year = two(*c, *cc)? * 100 + two(*y, *yy)?;
    let part = |tens, ones| u32::try_from(two(tens, ones)?).ok();
    civil::date(year, part(*m, *mm)?, part(*d, *dd)?)
}

#[inline]
fn two(tens: u8, ones: u8) -> Option<i64> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens <= 9 && ones <= 9).then(|| i64::from(tens) * 10 + i64::from(ones))
}

/// One to six digits as µs, and what follows them.
#[inline]
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let mut micros = 0;
    let mut digits = 0;
    while digits < 6
        && let Some(digit @ b'0'..=b'9') = text.get(digits)
    {
        micros = micros * 10 + i64::from(digit - b'0');
        digits += 1;
    }
    for _ in digits..6 {
        micros *= 10;
    }
    // A seventh digit stays in what follows, which is then no end that is known here.
    (digits > 0).then_some((micros, text.get(digits..)?))
}

#[cfg(test)]
mod tests {
    use portent_grammar::value::parse_iso;
    use proptest::prelude::*;

    use super::PlainIso;

    fn agrees(plain: &mut PlainIso, text: &str) -> Result<bool, TestCaseError> {
        let Some((micros, utc)) = plain.parse(text.as_bytes()) else {
            return Ok(false);
        };
        let general = parse_iso(text).map(|local| (local.micros, local.offset));
        prop_assert_eq!(general, Some((micros, utc.then_some(0))), "{}", text);
        Ok(true)
    }

    #[test]
    fn plain_spellings_are_read_here() {
        let mut plain = PlainIso::default();
        for text in [
            "2026-01-31T10:00:00Z",
            "2026-01-31 10:00:00",
            "2026-01-31 10:00:00.5+00",
            "2026-02-28 23:59:59.123456+00:00",
            "1969-12-31T00:00:00.000001",
        ] {
            assert!(agrees(&mut plain, text).unwrap(), "{text}");
        }
        for text in [
            "2026-02-30T10:00:00Z",
            "2026-13-01T10:00:00Z",
            "2026-01-31T24:00:00Z",
            "2026-01-31T23:59:60Z",
            "2026-01-31T10:00:00+02",
            "2026-01-31T10:00:00.",
            "2026-01-31T10:00:00.1234567Z",
            "2026-01-31",
            "",
            "2026-01-31T1O:00:00",
        ] {
            assert_eq!(plain.parse(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_it_reads_is_what_the_general_reader_reads(
            texts in prop::collection::vec("[0-2][0-9]{3}-[01][0-9]-[0-3][0-9][T t][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,8})?(Z|\\+00|\\+00:00|\\+02|z)?", 1..8)
        ) {
            let mut plain = PlainIso::default();
            for text in &texts {
                agrees(&mut plain, text)?;
                agrees(&mut plain, text)?;
            }
        }
    }
}
