//! What the values of one column have in common.

use indexmap::IndexMap;

use portent_grammar::Type;
use portent_grammar::value::parse_iso;

use super::InferredColumn;
use crate::options::SourceConfig;
use crate::time::{EpochUnit, TimeFormat, TimeReader, parse_int};

/// Texts that often stand for a missing value.
const NULLISH: [&str; 12] = [
    "NA", "N/A", "n/a", "-", "null", "NULL", "NaN", "nan", "None", "nil", "\\N", "?",
];

/// Counts what the values of a column could be.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    /// Values that are not NULL nor likely spellings of it.
    values: u64,
    nulls: u64,
    /// Likely spellings of NULL that were not declared.
    nullish: IndexMap<&'static str, u64>,
    bools: u64,
    ints: u64,
    floats: u64,
    /// ISO with a time of day, without one.
    instants: u64,
    days: u64,
    /// JSON arrays and objects.
    nested: u64,
    /// Of the integers; `Some(0)`: they differ.
    digits: Option<usize>,
    /// Texts that the configured format reads.
    by_format: u64,
    lacks_zone: bool,
    configured: Option<TimeReader>,
    nulls_declared: Option<std::sync::Arc<[String]>>,
}

impl Tally {
    pub fn new(config: &SourceConfig) -> Self {
        let time = &config.time;
        let configured = match &time.format {
            TimeFormat::Auto | TimeFormat::Epoch(_) => None,
            format => Some(TimeReader::new(format.clone(), time.zone, time.year)),
        };
        Self {
            values: 0,
            nulls: 0,
            nullish: IndexMap::new(),
            bools: 0,
            ints: 0,
            floats: 0,
            instants: 0,
            days: 0,
            nested: 0,
            digits: None,
            by_format: 0,
            lacks_zone: false,
            configured,
            nulls_declared: config.null.clone(),
        }
    }

    /// How many values there were, NULL or not.
    pub fn count(&self) -> u64 {
        self.values + self.nulls + self.nullish.values().sum::<u64>()
    }

    pub fn null(&mut self) {
        self.nulls += 1;
    }

    /// A cell or group.
    pub fn text(&mut self, text: &str, quoted: bool) {
        if self.is_null(text, quoted) {
            self.nulls += 1;
            return;
        }
        if let Some(known) = NULLISH.into_iter().find(|known| *known == text) {
            *self.nullish.entry(known).or_insert(0) += 1;
            return;
        }
        self.values += 1;
        if ["true", "false"]
            .iter()
            .any(|truth| text.eq_ignore_ascii_case(truth))
        {
            self.bools += 1;
        } else if is_integer(text) {
            self.integer(text);
        } else if is_number(text) {
            self.floats += 1;
        } else {
            self.instant(text);
        }
        self.configured(text);
    }

    /// A JSON value as it stands in the text.
    pub fn json(&mut self, token: &str) {
        match token.as_bytes().first() {
            Some(b'n') => self.nulls += 1,
            Some(b't' | b'f') => {
                self.values += 1;
                self.bools += 1;
            }
            Some(b'{' | b'[') => {
                self.values += 1;
                self.nested += 1;
            }
            Some(b'"') => {
                let text: String = serde_json::from_str(token).unwrap_or_default();
                if self
                    .nulls_declared
                    .as_ref()
                    .is_some_and(|nulls| nulls.contains(&text))
                {
                    self.nulls += 1;
                    return;
                }
                self.values += 1;
                // A text stays a text, even if it looks like a number: JSON has both. Only instants have no type of their own.
                if !is_number(&text) {
                    self.instant(&text);
                }
                self.configured(&text);
            }
            _ => {
                self.values += 1;
                if parse_int(token.as_bytes()).is_some() {
                    self.integer(token);
                } else {
                    self.floats += 1;
                }
            }
        }
    }

    fn is_null(&self, text: &str, quoted: bool) -> bool {
        match &self.nulls_declared {
            Some(nulls) => nulls.iter().any(|null| null == text),
            None => text.is_empty() && !quoted,
        }
    }

    fn integer(&mut self, text: &str) {
        self.ints += 1;
        let digits = text.len();
        self.digits = match self.digits {
            None => Some(digits),
            Some(before) if before == digits => Some(digits),
            Some(_) => Some(0),
        };
    }

    fn instant(&mut self, text: &str) {
        // `20260131` is a number to everybody else.
        if !matches!(text.as_bytes().get(4), Some(b'-' | b'/')) {
            return;
        }
        if let Some(local) = parse_iso(text) {
            if text.len() <= 10 {
                self.days += 1;
            } else {
                self.instants += 1;
                self.lacks_zone |= local.offset.is_none();
            }
        }
    }

    fn configured(&mut self, text: &str) {
        if let Some(reader) = &mut self.configured
            && reader.parse(text).is_ok()
        {
            self.by_format += 1;
        }
    }

    /// A text that is nothing else: what a name looks like.
    pub fn is_plain_text(&self) -> bool {
        self.values == 1 && self.bools + self.ints + self.floats + self.instants + self.days == 0
    }

    /// Numbers, truth values or instants.
    pub fn is_typed(&self) -> bool {
        self.values > 0
            && self
                .bools
                .max(self.ints + self.floats)
                .max(self.instants + self.days)
                == self.values
    }

    /// The type that all values agree on.
    fn decide(&self, name: &str, config: &SourceConfig) -> (Type, Option<TimeFormat>) {
        let all = |count: u64| count == self.values;
        if self.values == 0 {
            return (Type::Text, None);
        }
        let own = config
            .time
            .columns
            .iter()
            .find(|(column, _)| column == name);
        if let Some((_, format)) = own {
            return (Type::Timestamp, Some(format.clone()));
        }
        let timely = is_time_name(name);
        if all(self.ints) {
            if let (TimeFormat::Epoch(_), true) = (&config.time.format, timely) {
                return (Type::Timestamp, Some(config.time.format.clone()));
            }
            let unit = self
                .digits
                .and_then(EpochUnit::of_digits)
                .filter(|_| timely);
            return match unit {
                Some(unit) => (Type::Timestamp, Some(TimeFormat::Epoch(unit))),
                None => (Type::Int, None),
            };
        }
        if all(self.ints + self.floats) {
            let epoch = matches!(config.time.format, TimeFormat::Epoch(_)) && timely;
            return match epoch {
                true => (Type::Timestamp, Some(config.time.format.clone())),
                false => (Type::Float, None),
            };
        }
        if self.configured.is_some() && all(self.by_format) {
            return (Type::Timestamp, Some(config.time.format.clone()));
        }
        if all(self.bools) {
            (Type::Bool, None)
        } else if all(self.instants) || (timely && all(self.instants + self.days)) {
            (Type::Timestamp, Some(TimeFormat::Iso))
        } else if all(self.days) {
            (Type::Date, None)
        } else if self.nested > 0 {
            (Type::Json, None)
        } else {
            (Type::Text, None)
        }
    }

    /// The column, and what one should know about it.
    pub fn into_column(
        self,
        name: String,
        source_name: String,
        config: &SourceConfig,
        notes: &mut Vec<String>,
    ) -> InferredColumn {
        let (mut ty, mut time_format) = self.decide(&name, config);
        if !self.nullish.is_empty() && ty != Type::Text && ty != Type::Json {
            let spellings: Vec<String> = self
                .nullish
                .keys()
                .map(|text| format!("'{text}'"))
                .collect();
            let count: u64 = self.nullish.values().sum();
            notes.push(format!(
                "\"{name}\" would be {ty}, but {count} of {} values are {}; if that means \"no value\", say null = ('', {})",
                self.count(),
                spellings.join(", "),
                spellings.join(", ")
            ));
            (ty, time_format) = (Type::Text, None);
        }
        if self.values == 0 {
            notes.push(format!(
                "\"{name}\" has no value in the sample, and is taken for TEXT"
            ));
        }
        if ty == Type::Int && is_time_name(&name) {
            notes.push(format!(
                "\"{name}\" sounds like a time, but the unit of its numbers can't be told; if it is one, say \
                 time.format = 'epoch_s', 'epoch_ms', 'epoch_us' or 'epoch_ns'"
            ));
        }
        if ty == Type::Timestamp && self.lacks_zone && config.time.zone == crate::time::Zone::Utc {
            notes.push(format!(
                "\"{name}\" names no time zone, and is taken for UTC; time.zone says otherwise"
            ));
        }
        let nullable = self.nulls > 0 || self.values == 0 || !self.nullish.is_empty();
        InferredColumn {
            name,
            ty,
            source_name,
            nullable,
            time_format,
        }
    }
}

/// Digits, perhaps a sign; no leading zero (`00123` is a code, not a number), and it fits.
fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let zero_led = digits.len() > 1 && digits.starts_with('0');
    !zero_led && !text.starts_with('+') && parse_int(text.as_bytes()).is_some()
}

/// A number with a fraction or exponent; `12e5`, without point or sign, is rather the beginning of a hexadecimal code.
fn is_number(text: &str) -> bool {
    if is_integer(text) {
        return true;
    }
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let has_digits = !whole.is_empty() || !fraction.is_empty();
    let zero_led = whole.len() > 1 && whole.starts_with('0');
    let exponent_fits = match exponent {
        None => mantissa.contains('.'),
        Some(exponent) => {
            let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
            let told = mantissa.contains('.') || unsigned.len() < exponent.len();
            told && !unsigned.is_empty() && digits(unsigned)
        }
    };
    has_digits
        && !zero_led
        && exponent_fits
        && digits(whole)
        && digits(fraction)
        && text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// Names of columns that hold instants: `ts`, `timestamp`, `eventTime`, `created_at`, …
pub(super) fn is_time_name(name: &str) -> bool {
    let lower = name.to_lowercase();
    let exact = [
        "ts",
        "time",
        "timestamp",
        "@timestamp",
        "datetime",
        "date",
        "epoch",
        "t",
        "when",
    ];
    exact.contains(&lower.as_str())
        || ["_at", "_time", "_ts", "timestamp"]
            .iter()
            .any(|end| lower.ends_with(end))
        || ["Time", "At"]
            .iter()
            .any(|end| name.ends_with(end) && name.len() > end.len())
}
