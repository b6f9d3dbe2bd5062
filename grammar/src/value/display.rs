//! Values as text: what `psql` prints, and what a cast to TEXT gives. (Booleans are `true` and `false`.)

use std::fmt::{self, Write};

use super::{Interval, Value, civil};

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("NULL"),
            Value::Bool(truth) => write!(f, "{truth}"),
            Value::Int(int) => write!(f, "{int}"),
            Value::Float(float) => write!(f, "{}", Float(*float)),
            Value::Decimal(decimal) => write!(f, "{decimal}"),
            Value::Text(text) => f.write_str(text),
            Value::Bytes(bytes) => write!(f, "{}", Hex(bytes)),
            Value::Timestamp(micros) => write!(f, "{}", Timestamp(*micros)),
            Value::Date(days) => write!(f, "{}", Date(i64::from(*days))),
            Value::Interval(interval) => write!(f, "{interval}"),
            Value::Uuid(uuid) => write!(f, "{uuid}"),
            Value::Inet(inet) if inet.prefix_len() == inet.max_prefix_len() => {
                write!(f, "{}", inet.addr())
            }
            Value::Inet(inet) => write!(f, "{inet}"),
            Value::Json(json) => write!(f, "{json}"),
            Value::Array(elements) => array(f, elements),
        }
    }
}

/// A float with the fewest digits that read back as the same number.
pub(super) struct Float(pub f64);

impl fmt::Display for Float {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let float = self.0;
        if float.is_nan() {
            return f.write_str("NaN");
        }
        if float.is_infinite() {
            return f.write_str(if float > 0.0 { "Infinity" } else { "-Infinity" });
        }
        let magnitude = float.abs();
        // PostgreSQL changes to exponents outside of these.
        if magnitude == 0.0 || (1e-4..1e15).contains(&magnitude) {
            return write!(f, "{float}");
        }
        let text = format!("{float:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = match exponent.strip_prefix('-') {
            Some(exponent) => ('-', exponent),
            None => ('+', exponent),
        };
        write!(f, "{digits}e{sign}{exponent:0>2}")
    }
}

struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\\x")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// `2026-01-31`; before the year 1 with ` BC`.
pub(super) struct Date(pub i64);

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil::civil_from_days(self.0);
        if year > 0 {
            write!(f, "{year:04}-{month:02}-{day:02}")
        } else {
            write!(f, "{:04}-{month:02}-{day:02} BC", 1 - year)
        }
    }
}

/// `10:00:00.25`: a time of day (or a longer stretch), with only the fraction digits that are needed.
pub(super) struct Time(pub u64);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, micros) = (self.0 / 1_000_000, self.0 % 1_000_000);
        write!(
            f,
            "{:02}:{:02}:{:02}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        )?;
        fraction(f, micros)
    }
}

fn fraction(f: &mut fmt::Formatter<'_>, micros: u64) -> fmt::Result {
    if micros == 0 {
        return Ok(());
    }
    let digits = format!("{micros:06}");
    write!(f, ".{}", digits.trim_end_matches('0'))
}

struct Timestamp(i64);

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, time) = civil::split(self.0);
        let (year, month, day) = civil::civil_from_days(days);
        let shown = if year > 0 { year } else { 1 - year };
        write!(
            f,
            "{shown:04}-{month:02}-{day:02} {}+00",
            Time(time.unsigned_abs())
        )?;
        if year > 0 { Ok(()) } else { f.write_str(" BC") }
    }
}

impl fmt::Display for Interval {
    /// PostgreSQL's own style: `1 year 2 mons -3 days +04:05:06.5`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        let mut negative_before = false;
        let parts = [
            (i64::from(self.months / 12), "year"),
            (i64::from(self.months % 12), "mon"),
            (i64::from(self.days), "day"),
        ];
        for (number, unit) in parts {
            if number != 0 {
                let sign = if negative_before && number > 0 {
                    "+"
                } else {
                    ""
                };
                let plural = if number == 1 { "" } else { "s" };
                write!(f, "{separator}{sign}{number} {unit}{plural}")?;
                negative_before = number < 0;
                separator = " ";
            }
        }
        if self.micros != 0 || separator.is_empty() {
            let sign = match (self.micros < 0, negative_before) {
                (true, _) => "-",
                (false, true) => "+",
                (false, false) => "",
            };
            write!(f, "{separator}{sign}{}", Time(self.micros.unsigned_abs()))?;
        }
        Ok(())
    }
}

/// `{1,NULL,"a b"}`
fn array(f: &mut fmt::Formatter<'_>, elements: &[Value]) -> fmt::Result {
    f.write_char('{')?;
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            f.write_char(',')?;
        }
        match element {
            Value::Null => f.write_str("NULL")?,
            Value::Array(inner) => array(f, inner)?,
            other => {
                let text = other.to_string();
                if needs_quotes(&text) {
                    f.write_char('"')?;
                    for character in text.chars() {
                        if matches!(character, '"' | '\\') {
                            f.write_char('\\')?;
                        }
                        f.write_char(character)?;
                    }
                    f.write_char('"')?;
                } else {
                    f.write_str(&text)?;
                }
            }
        }
    }
    f.write_char('}')
}

fn needs_quotes(text: &str) -> bool {
    let special = |c: char| c.is_whitespace() || matches!(c, '{' | '}' | ',' | '"' | '\\');
    text.is_empty() || text.eq_ignore_ascii_case("null") || text.contains(special)
}
