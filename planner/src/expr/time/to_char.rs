//! The template patterns of PostgreSQL's TO_CHAR and TO_TIMESTAMP: `YYYY-MM-DD HH24:MI:SS.US`.

use portent_grammar::value::civil::{self, HOUR, MINUTE, SECOND};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// A piece of a template.
#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Literal(String),
    Pattern {
        pattern: Pattern,
        fill: bool,
        ordinal: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pattern {
    Year,
    YearShort,
    IsoYear,
    Month,
    MonthName(Case),
    MonthShort(Case),
    Day,
    DayOfYear,
    DayName(Case),
    DayShort(Case),
    DayOfWeek,
    IsoDayOfWeek,
    Week,
    IsoWeek,
    Quarter,
    Hour24,
    Hour12,
    Minute,
    Second,
    Millis,
    Micros,
    SecondOfDay,
    Meridiem { upper: bool, dots: bool },
    Century,
    Zone { upper: bool },
    OffsetHours,
    OffsetMinutes,
    Julian,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    Upper,
    Title,
    Lower,
}

/// The longest first where one begins another.
const PATTERNS: &[(&str, Pattern)] = &[
    ("HH24", Pattern::Hour24),
    ("HH12", Pattern::Hour12),
    ("HH", Pattern::Hour12),
    ("MI", Pattern::Minute),
    ("SSSSS", Pattern::SecondOfDay),
    ("SSSS", Pattern::SecondOfDay),
    ("SS", Pattern::Second),
    ("MS", Pattern::Millis),
    ("US", Pattern::Micros),
    ("FF3", Pattern::Millis),
    ("FF6", Pattern::Micros),
    ("YYYY", Pattern::Year),
    ("YY", Pattern::YearShort),
    ("IYYY", Pattern::IsoYear),
    ("MONTH", Pattern::MonthName(Case::Upper)),
    ("Month", Pattern::MonthName(Case::Title)),
    ("month", Pattern::MonthName(Case::Lower)),
    ("MON", Pattern::MonthShort(Case::Upper)),
    ("Mon", Pattern::MonthShort(Case::Title)),
    ("mon", Pattern::MonthShort(Case::Lower)),
    ("MM", Pattern::Month),
    ("DAY", Pattern::DayName(Case::Upper)),
    ("Day", Pattern::DayName(Case::Title)),
    ("day", Pattern::DayName(Case::Lower)),
    ("DY", Pattern::DayShort(Case::Upper)),
    ("Dy", Pattern::DayShort(Case::Title)),
    ("dy", Pattern::DayShort(Case::Lower)),
    ("DDD", Pattern::DayOfYear),
    ("DD", Pattern::Day),
    ("ID", Pattern::IsoDayOfWeek),
    ("IW", Pattern::IsoWeek),
    ("WW", Pattern::Week),
    ("CC", Pattern::Century),
    (
        "A.M.",
        Pattern::Meridiem {
            upper: true,
            dots: true,
        },
    ),
    (
        "P.M.",
        Pattern::Meridiem {
            upper: true,
            dots: true,
        },
    ),
    (
        "a.m.",
        Pattern::Meridiem {
            upper: false,
            dots: true,
        },
    ),
    (
        "p.m.",
        Pattern::Meridiem {
            upper: false,
            dots: true,
        },
    ),
    (
        "AM",
        Pattern::Meridiem {
            upper: true,
            dots: false,
        },
    ),
    (
        "PM",
        Pattern::Meridiem {
            upper: true,
            dots: false,
        },
    ),
    (
        "am",
        Pattern::Meridiem {
            upper: false,
            dots: false,
        },
    ),
    (
        "pm",
        Pattern::Meridiem {
            upper: false,
            dots: false,
        },
    ),
    ("TZH", Pattern::OffsetHours),
    ("TZM", Pattern::OffsetMinutes),
    ("TZ", Pattern::Zone { upper: true }),
    ("tz", Pattern::Zone { upper: false }),
    ("OF", Pattern::OffsetHours),
    ("J", Pattern::Julian),
    ("Q", Pattern::Quarter),
    ("D", Pattern::DayOfWeek),
];

/// Numbers are matched in any case, names in the case that says how they are printed.
fn pattern_at(text: &str) -> Option<(usize, Pattern)> {
    let exact = PATTERNS.iter().find(|(name, _)| text.starts_with(name));
    let found = exact.or_else(|| {
        PATTERNS.iter().find(|(name, _)| {
            text.get(..name.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(name))
                && !name.ends_with('.')
        })
    });
    found.map(|(name, pattern)| (name.len(), *pattern))
}

fn pieces(template: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = template;
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            let body = rest.get(1..).unwrap_or_default();
            let (text, after) = body.split_once('"').unwrap_or((body, ""));
            literal.push_str(text);
            rest = after;
            continue;
        }
        let filled = rest.strip_prefix("FM").or_else(|| rest.strip_prefix("fm"));
        let start = filled.unwrap_or(rest);
        if let Some((length, pattern)) = pattern_at(start) {
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            let after = start.get(length..).unwrap_or_default();
            // `DDTHH24` is a T before the hour, as in ISO 8601.
            let ordinal = after
                .strip_prefix("th")
                .or_else(|| after.strip_prefix("TH"));
            let ordinal = ordinal.filter(|rest| !rest.starts_with(['H', 'h']));
            pieces.push(Piece::Pattern {
                pattern,
                fill: filled.is_none(),
                ordinal: ordinal.is_some(),
            });
            rest = ordinal.unwrap_or(after);
        } else {
            literal.push(first);
            rest = rest.get(first.len_utf8()..).unwrap_or_default();
        }
    }
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    pieces
}

/// An instant in UTC by a template. What is no pattern stands for itself.
pub fn to_char(micros: i64, template: &str) -> String {
    let mut text = String::new();
    for piece in pieces(template) {
        match piece {
            Piece::Literal(literal) => text.push_str(&literal),
            Piece::Pattern {
                pattern,
                fill,
                ordinal,
            } => {
                let written = write(pattern, fill, micros);
                text.push_str(&written);
                if ordinal {
                    text.push_str(suffix(&written));
                }
            }
        }
    }
    text
}

fn suffix(number: &str) -> &'static str {
    let Ok(number) = number.trim().parse::<i64>() else {
        return "";
    };
    match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    }
}

fn name(names: &[&str], index: u32, case: Case, short: bool) -> String {
    let full = names.get(index as usize).copied().unwrap_or_default();
    let name = if short {
        full.get(..3).unwrap_or(full)
    } else {
        full
    };
    match case {
        Case::Upper => name.to_uppercase(),
        Case::Title => name.to_owned(),
        Case::Lower => name.to_lowercase(),
    }
}

fn write(pattern: Pattern, fill: bool, micros: i64) -> String {
    let (days, time) = civil::split(micros);
    let (year, month, day) = civil::civil_from_days(days);
    let weekday = civil::iso_weekday(days);
    let number = |number: i64, width: usize| {
        if fill {
            format!("{number:0width$}")
        } else {
            number.to_string()
        }
    };
    let padded = |name: String| if fill { format!("{name:<9}") } else { name };
    match pattern {
        Pattern::Year => number(year, 4),
        Pattern::YearShort => number(year.rem_euclid(100), 2),
        Pattern::IsoYear => number(civil::iso_week(days).0, 4),
        Pattern::Month => number(i64::from(month), 2),
        Pattern::MonthName(case) => padded(name(&MONTHS, month - 1, case, false)),
        Pattern::MonthShort(case) => name(&MONTHS, month - 1, case, true),
        Pattern::Day => number(i64::from(day), 2),
        Pattern::DayOfYear => number(i64::from(civil::day_of_year(days)), 3),
        Pattern::DayName(case) => padded(name(&DAYS, weekday - 1, case, false)),
        Pattern::DayShort(case) => name(&DAYS, weekday - 1, case, true),
        Pattern::DayOfWeek => (weekday % 7 + 1).to_string(),
        Pattern::IsoDayOfWeek => weekday.to_string(),
        Pattern::Week => number(i64::from((civil::day_of_year(days) - 1) / 7 + 1), 2),
        Pattern::IsoWeek => number(i64::from(civil::iso_week(days).1), 2),
        Pattern::Quarter => ((month - 1) / 3 + 1).to_string(),
        Pattern::Hour24 => number(time / HOUR, 2),
        Pattern::Hour12 => number((time / HOUR + 11) % 12 + 1, 2),
        Pattern::Minute => number(time % HOUR / MINUTE, 2),
        Pattern::Second => number(time % MINUTE / SECOND, 2),
        Pattern::Millis => format!("{:03}", time % SECOND / 1_000),
        Pattern::Micros => format!("{:06}", time % SECOND),
        Pattern::SecondOfDay => (time / SECOND).to_string(),
        Pattern::Meridiem { upper, dots } => {
            let text = match (time >= 12 * HOUR, dots) {
                (false, false) => "AM",
                (true, false) => "PM",
                (false, true) => "A.M.",
                (true, true) => "P.M.",
            };
            if upper {
                text.to_owned()
            } else {
                text.to_lowercase()
            }
        }
        Pattern::Century => number((year + 99).div_euclid(100), 2),
        Pattern::Zone { upper } => if upper { "UTC" } else { "utc" }.to_owned(),
        Pattern::OffsetHours => "+00".to_owned(),
        Pattern::OffsetMinutes => "00".to_owned(),
        Pattern::Julian => (days + 2_440_588).to_string(),
    }
}

/// What has been read of a time.
struct Read {
    year: i64,
    month: u32,
    day: u32,
    day_of_year: Option<u32>,
    hour: i64,
    half: Option<i64>,
    minute: i64,
    second: i64,
    micros: i64,
    offset: i64,
}

/// Reads a time in UTC by a template. Blanks and signs between the parts match any others, as in PostgreSQL.
///
/// # Errors
/// One sentence: the text does not look like the template.
pub fn from_char(text: &str, template: &str) -> Result<i64, String> {
    let bad = || format!("{text:?} does not look like {template:?}");
    let mut read = Read {
        year: 1970,
        month: 1,
        day: 1,
        day_of_year: None,
        hour: 0,
        half: None,
        minute: 0,
        second: 0,
        micros: 0,
        offset: 0,
    };
    let mut rest = text.trim();
    let pieces = pieces(template.trim());
    for (index, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Literal(literal) => {
                for character in literal.chars() {
                    let next = rest.chars().next();
                    if character.is_alphanumeric() {
                        // A letter of the template stands for one of the text.
                        rest = next
                            .and_then(|next| rest.get(next.len_utf8()..))
                            .ok_or_else(bad)?;
                    } else if let Some(next) = next.filter(|next| !next.is_alphanumeric()) {
                        let sign_of_offset = matches!(next, '+' | '-') && character.is_whitespace();
                        if !sign_of_offset {
                            rest = rest.get(next.len_utf8()..).unwrap_or_default();
                        }
                    }
                }
            }
            Piece::Pattern { pattern, .. } => {
                rest = rest.trim_start();
                // Digits that run on into the next pattern are cut by the width of this one.
                let tight = matches!(pieces.get(index + 1), Some(Piece::Pattern { .. }));
                rest = read_part(*pattern, tight, rest, &mut read).ok_or_else(bad)?;
            }
        }
    }
    if !rest.trim().is_empty() {
        return Err(bad());
    }
    finish(&read).ok_or_else(bad)
}

fn finish(read: &Read) -> Option<i64> {
    let days = match read.day_of_year {
        Some(day) => {
            let first = civil::date(read.year, 1, 1)?;
            let length = if civil::is_leap(read.year) { 366 } else { 365 };
            (1..=length)
                .contains(&day)
                .then(|| first + i64::from(day) - 1)?
        }
        None => civil::date(read.year, read.month, read.day)?,
    };
    let hour = match read.half {
        Some(half) if (1..=12).contains(&read.hour) => read.hour % 12 + half,
        Some(_) => return None,
        None => read.hour,
    };
    if hour > 23 || read.minute > 59 || read.second > 59 {
        return None;
    }
    let time = hour * HOUR + read.minute * MINUTE + read.second * SECOND + read.micros;
    civil::join(days, time)?.checked_sub(read.offset * SECOND)
}

fn read_part<'a>(pattern: Pattern, tight: bool, text: &'a str, read: &mut Read) -> Option<&'a str> {
    let width = |width: usize, most: usize| if tight { width } else { most };
    match pattern {
        Pattern::Year | Pattern::IsoYear => {
            let (number, rest) = digits(text, width(4, 6))?;
            read.year = number;
            Some(rest)
        }
        Pattern::YearShort => {
            let (number, rest) = digits(text, 2)?;
            // As in PostgreSQL: the year nearest to 2020.
            read.year = if number < 70 {
                2000 + number
            } else {
                1900 + number
            };
            Some(rest)
        }
        Pattern::Month => {
            let (number, rest) = digits(text, 2)?;
            read.month = u32::try_from(number).ok()?;
            Some(rest)
        }
        Pattern::MonthName(_) | Pattern::MonthShort(_) => {
            let short = matches!(pattern, Pattern::MonthShort(_));
            let (index, rest) = named(text, &MONTHS, short)?;
            read.month = index + 1;
            Some(rest)
        }
        Pattern::DayName(_) => named(text, &DAYS, false).map(|(_, rest)| rest),
        Pattern::DayShort(_) => named(text, &DAYS, true).map(|(_, rest)| rest),
        Pattern::Day => {
            let (number, rest) = digits(text, 2)?;
            read.day = u32::try_from(number).ok()?;
            Some(rest)
        }
        Pattern::DayOfYear => {
            let (number, rest) = digits(text, 3)?;
            read.day_of_year = Some(u32::try_from(number).ok()?);
            Some(rest)
        }
        Pattern::Hour24 | Pattern::Hour12 => {
            let (number, rest) = digits(text, 2)?;
            read.hour = number;
            Some(rest)
        }
        Pattern::Minute => {
            let (number, rest) = digits(text, 2)?;
            read.minute = number;
            Some(rest)
        }
        Pattern::Second => {
            let (number, rest) = digits(text, 2)?;
            read.second = number;
            Some(rest)
        }
        Pattern::Millis | Pattern::Micros => {
            let most = if pattern == Pattern::Millis { 3 } else { 6 };
            let (number, rest) = digits(text, most)?;
            let count = text.len() - rest.len();
            // A fraction: `.5` is half a second.
            read.micros = number * 10_i64.pow(u32::try_from(6_usize.checked_sub(count)?).ok()?);
            Some(rest)
        }
        Pattern::SecondOfDay => {
            let (number, rest) = digits(text, 5)?;
            (read.hour, read.minute, read.second) = (number / 3600, number / 60 % 60, number % 60);
            Some(rest)
        }
        Pattern::Meridiem { dots, .. } => {
            let length = if dots { 4 } else { 2 };
            let (word, rest) = text.split_at_checked(length)?;
            read.half = match word.to_ascii_lowercase().as_str() {
                "am" | "a.m." => Some(0),
                "pm" | "p.m." => Some(12),
                _ => return None,
            };
            Some(rest)
        }
        Pattern::Zone { .. } => {
            let (word, rest) = text.split_at_checked(3)?;
            (word.eq_ignore_ascii_case("UTC") || word.eq_ignore_ascii_case("GMT")).then_some(rest)
        }
        Pattern::OffsetHours => {
            let negative = text.starts_with('-');
            let (hours, rest) = digits(text.strip_prefix(['+', '-']).unwrap_or(text), 2)?;
            read.offset = if negative {
                -hours * 3600
            } else {
                hours * 3600
            };
            Some(rest)
        }
        Pattern::OffsetMinutes => {
            let (minutes, rest) = digits(text, 2)?;
            read.offset += if read.offset < 0 {
                -minutes * 60
            } else {
                minutes * 60
            };
            Some(rest)
        }
        Pattern::DayOfWeek | Pattern::IsoDayOfWeek | Pattern::Quarter => {
            digits(text, 1).map(|(_, rest)| rest)
        }
        Pattern::Week | Pattern::IsoWeek | Pattern::Century => {
            digits(text, 2).map(|(_, rest)| rest)
        }
        Pattern::Julian => None,
    }
}

/// Up to so many digits as a number, at least one.
fn digits(text: &str, most: usize) -> Option<(i64, &str)> {
    let count = text
        .bytes()
        .take(most)
        .take_while(u8::is_ascii_digit)
        .count();
    let (number, rest) = text.split_at_checked(count)?;
    Some((number.parse().ok()?, rest))
}

fn named<'a>(text: &'a str, names: &[&str], short: bool) -> Option<(u32, &'a str)> {
    names.iter().zip(0..).find_map(|(name, index)| {
        let name = if short { name.get(..3)? } else { name };
        let (start, rest) = text.split_at_checked(name.len())?;
        start.eq_ignore_ascii_case(name).then_some((index, rest))
    })
}
