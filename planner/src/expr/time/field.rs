//! The parts of a time: EXTRACT and DATE_TRUNC.

use portent_grammar::value::civil::{
    self, DAY, HOUR, MINUTE, SECOND, civil_from_days, days_from_civil, iso_week, iso_weekday,
};
use portent_grammar::{Interval, Value};
use rust_decimal::Decimal;

/// A part of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeField {
    /// Of the second, in microseconds.
    Microseconds,
    /// Of the second, with its fraction.
    Milliseconds,
    /// With its fraction.
    Second,
    /// 0 to 59
    Minute,
    /// 0 to 23
    Hour,
    /// Of the month, from 1.
    Day,
    /// Sunday 0 to Saturday 6
    Dow,
    /// Monday 1 to Sunday 7
    IsoDow,
    /// Day of the year, from 1.
    Doy,
    /// ISO 8601
    Week,
    /// 1 to 12
    Month,
    /// 1 to 4
    Quarter,
    /// Of the calendar.
    Year,
    /// The year to which the ISO week belongs.
    IsoYear,
    /// The year by ten, rounded down.
    Decade,
    /// From 1: 2000 is the last year of the 20th.
    Century,
    /// From 1: 2000 is the last year of the 2nd.
    Millennium,
    /// Seconds since 1970-01-01 00:00:00 UTC; the length of an interval in seconds.
    Epoch,
}

impl TimeField {
    /// The names, for suggestions.
    pub const NAMES: &'static [&'static str] = &[
        "microseconds",
        "milliseconds",
        "second",
        "minute",
        "hour",
        "day",
        "dow",
        "isodow",
        "doy",
        "week",
        "month",
        "quarter",
        "year",
        "isoyear",
        "decade",
        "century",
        "millennium",
        "epoch",
    ];

    /// By its name in any case, singular or plural.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name.trim().to_ascii_lowercase().as_str() {
            "microsecond" | "microseconds" | "us" => Self::Microseconds,
            "millisecond" | "milliseconds" | "ms" => Self::Milliseconds,
            "second" | "seconds" | "sec" | "s" => Self::Second,
            "minute" | "minutes" | "min" | "m" => Self::Minute,
            "hour" | "hours" | "h" => Self::Hour,
            "day" | "days" | "d" => Self::Day,
            "dow" | "dayofweek" | "weekday" => Self::Dow,
            "isodow" => Self::IsoDow,
            "doy" | "dayofyear" => Self::Doy,
            "week" | "weeks" | "w" => Self::Week,
            "month" | "months" | "mon" => Self::Month,
            "quarter" | "quarters" => Self::Quarter,
            "year" | "years" | "y" => Self::Year,
            "isoyear" => Self::IsoYear,
            "decade" | "decades" => Self::Decade,
            "century" | "centuries" => Self::Century,
            "millennium" | "millennia" => Self::Millennium,
            "epoch" => Self::Epoch,
            _ => return None,
        })
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Microseconds => "microseconds",
            Self::Milliseconds => "milliseconds",
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Dow => "dow",
            Self::IsoDow => "isodow",
            Self::Doy => "doy",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
            Self::IsoYear => "isoyear",
            Self::Decade => "decade",
            Self::Century => "century",
            Self::Millennium => "millennium",
            Self::Epoch => "epoch",
        }
    }

    /// Whether it is always a whole number.
    pub fn is_whole(self) -> bool {
        !matches!(self, Self::Second | Self::Milliseconds | Self::Epoch)
    }
}

/// A part of an instant (µs) or of an interval: BIGINT, or DECIMAL with what is behind the point.
///
/// # Errors
/// A part that an interval does not have.
pub fn extract(field: TimeField, value: &Value) -> Result<Value, String> {
    match value {
        Value::Timestamp(micros) => Ok(of_instant(field, *micros)),
        Value::Date(days) => match civil::join(i64::from(*days), 0) {
            Some(micros) => Ok(of_instant(field, micros)),
            None => Err(format!("{value} is out of range for TIMESTAMP")),
        },
        Value::Interval(interval) => of_interval(field, interval),
        Value::Null => Ok(Value::Null),
        other => Err(format!("a {} has no {}", other.type_of(), field.name())),
    }
}

fn of_instant(field: TimeField, micros: i64) -> Value {
    let (days, time) = civil::split(micros);
    let (year, month, day) = civil_from_days(days);
    let second = time % MINUTE;
    // There is no year 0: 1 BC comes before 1 AD.
    let shown_year = if year > 0 { year } else { year - 1 };
    let group = |years: i64| {
        if year > 0 {
            (year + years - 1) / years
        } else {
            -((years - year) / years)
        }
    };
    Value::Int(match field {
        TimeField::Microseconds => second,
        TimeField::Milliseconds => return scaled(second, 3),
        TimeField::Second => return scaled(second, 6),
        TimeField::Epoch => return scaled(micros, 6),
        TimeField::Minute => time % HOUR / MINUTE,
        TimeField::Hour => time / HOUR,
        TimeField::Day => i64::from(day),
        TimeField::Dow => i64::from(iso_weekday(days) % 7),
        TimeField::IsoDow => i64::from(iso_weekday(days)),
        TimeField::Doy => i64::from(civil::day_of_year(days)),
        TimeField::Week => i64::from(iso_week(days).1),
        TimeField::Month => i64::from(month),
        TimeField::Quarter => i64::from((month - 1) / 3 + 1),
        TimeField::Year => shown_year,
        TimeField::IsoYear => iso_week(days).0,
        TimeField::Decade => year.div_euclid(10),
        TimeField::Century => group(100),
        TimeField::Millennium => group(1000),
    })
}

/// `micros` with so many digits behind the point.
fn scaled(micros: i64, digits: u32) -> Value {
    Value::Decimal(Decimal::new(micros, digits))
}

fn of_interval(field: TimeField, interval: &Interval) -> Result<Value, String> {
    let second = interval.micros % MINUTE;
    let years = i64::from(interval.months / 12);
    Ok(Value::Int(match field {
        TimeField::Microseconds => second,
        TimeField::Milliseconds => return Ok(scaled(second, 3)),
        TimeField::Second => return Ok(scaled(second, 6)),
        TimeField::Minute => interval.micros % HOUR / MINUTE,
        TimeField::Hour => interval.micros / HOUR,
        TimeField::Day => i64::from(interval.days),
        TimeField::Month => i64::from(interval.months % 12),
        TimeField::Quarter => i64::from(interval.months % 12 / 3 + 1),
        TimeField::Year => years,
        TimeField::Decade => years / 10,
        TimeField::Century => years / 100,
        TimeField::Millennium => years / 1000,
        TimeField::Epoch => {
            // A year is 365.25 days here, a month 30, as in PostgreSQL.
            let quarter_days = i128::from(interval.months / 12) * 1461
                + (i128::from(interval.months % 12) * 30 + i128::from(interval.days)) * 4;
            let micros = quarter_days * i128::from(DAY / 4) + i128::from(interval.micros);
            let decimal = Decimal::try_from_i128_with_scale(micros, 6);
            return decimal
                .map(Value::Decimal)
                .map_err(|_| "the interval is too long".to_owned());
        }
        TimeField::Dow
        | TimeField::IsoDow
        | TimeField::Doy
        | TimeField::Week
        | TimeField::IsoYear => {
            return Err(format!("an interval has no {}", field.name()));
        }
    }))
}

/// The beginning of the part in which an instant lies, in UTC: 'hour', 'week' (from Monday), 'quarter', ….
///
/// # Errors
/// A part that nothing is cut off to, an instant out of range.
pub fn date_trunc(field: TimeField, micros: i64) -> Result<i64, String> {
    let (days, time) = civil::split(micros);
    let (year, month, _) = civil_from_days(days);
    let unit = match field {
        TimeField::Microseconds => 1,
        TimeField::Milliseconds => 1_000,
        TimeField::Second => SECOND,
        TimeField::Minute => MINUTE,
        TimeField::Hour => HOUR,
        _ => DAY,
    };
    let first_of = |years: i64, offset: i64| {
        days_from_civil((year - offset).div_euclid(years) * years + offset, 1, 1)
    };
    let days = match field {
        TimeField::Week => days - i64::from(iso_weekday(days)) + 1,
        TimeField::Month => days_from_civil(year, month, 1),
        TimeField::Quarter => days_from_civil(year, (month - 1) / 3 * 3 + 1, 1),
        TimeField::Year => days_from_civil(year, 1, 1),
        TimeField::Decade => first_of(10, 0),
        TimeField::Century => first_of(100, 1),
        TimeField::Millennium => first_of(1000, 1),
        TimeField::Dow
        | TimeField::IsoDow
        | TimeField::Doy
        | TimeField::IsoYear
        | TimeField::Epoch => {
            return Err(format!("times can't be cut off to {}", field.name()));
        }
        _ => days,
    };
    civil::join(days, time - time % unit).ok_or_else(|| "the timestamp is out of range".to_owned())
}

/// As [`date_trunc`], for an interval: what is smaller than the part is dropped.
///
/// # Errors
/// A part that nothing is cut off to.
pub fn trunc_interval(field: TimeField, interval: &Interval) -> Result<Interval, String> {
    let Interval {
        months,
        days,
        micros,
    } = *interval;
    let to_micros = |unit: i64| Interval {
        months,
        days,
        micros: micros - micros % unit,
    };
    let to_months = |unit: i32| Interval {
        months: months - months % unit,
        days: 0,
        micros: 0,
    };
    Ok(match field {
        TimeField::Microseconds => *interval,
        TimeField::Milliseconds => to_micros(1_000),
        TimeField::Second => to_micros(SECOND),
        TimeField::Minute => to_micros(MINUTE),
        TimeField::Hour => to_micros(HOUR),
        TimeField::Day => Interval {
            months,
            days,
            micros: 0,
        },
        TimeField::Month => to_months(1),
        TimeField::Quarter => to_months(3),
        TimeField::Year => to_months(12),
        TimeField::Decade => to_months(120),
        TimeField::Century => to_months(1_200),
        TimeField::Millennium => to_months(12_000),
        _ => return Err(format!("intervals can't be cut off to {}", field.name())),
    })
}
