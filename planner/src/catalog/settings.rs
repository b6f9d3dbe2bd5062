//! SET name = value

use indexmap::IndexMap;
use portent_grammar::codes::statements as codes;
use portent_grammar::{Diagnostic, Span, Value};
use portent_parser::ast::{Ident, OptionValue};

use super::{name, options};
use crate::compiled::{EndOfInput, Limits, Overflow};

/// No limit.
const UNLIMITED: &str = "unlimited";

/// What a setting may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One of these words.
    Word(&'static [&'static str]),
    /// A whole number, from this one on.
    Count(i64),
    /// true or false
    Truth,
    /// A number of bytes, or as text with a unit; or `unlimited`.
    Bytes,
}

/// A setting as it is documented.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Its name.
    pub name: &'static str,
    /// What it may hold.
    pub kind: Kind,
    /// What it is until somebody sets it, as `SHOW` prints it.
    pub default: &'static str,
    /// What it does.
    pub meaning: &'static str,
}

/// Every setting.
pub const SPECS: &[Spec] = &[
    Spec {
        name: "end_of_input",
        kind: Kind::Word(&["complete", "undecided"]),
        default: "complete",
        meaning: "what the end of bounded input does to what is still open: complete lets the watermark become infinite, undecided drops it",
    },
    Spec {
        name: "on_bad",
        kind: Kind::Word(&["fail", "skip", "dlq"]),
        default: "skip",
        meaning: "what a row that can't be read does, where its stream doesn't say",
    },
    Spec {
        name: "max_partial_matches",
        kind: Kind::Count(1),
        default: "1000000",
        meaning: "the most partial matches that one query may have open",
    },
    Spec {
        name: "max_matches_per_event",
        kind: Kind::Count(1),
        default: "1000000",
        meaning: "the most matches that one event may complete in one query",
    },
    Spec {
        name: "max_query_memory",
        kind: Kind::Bytes,
        default: UNLIMITED,
        meaning: "the most bytes that one query may hold, as they are estimated: a number, or a text such as '64MB'; or unlimited",
    },
    Spec {
        name: "on_overflow",
        kind: Kind::Word(&["drop_newest", "drop_oldest", "fail"]),
        default: "drop_newest",
        meaning: "what a query does at its limits: drop_newest begins no more partial matches, drop_oldest drops the oldest to make room, fail stops the query",
    },
    Spec {
        name: "execution",
        kind: Kind::Word(&["cheapest", "enumerate", "threads"]),
        default: "cheapest",
        meaning: "the execution class of queries: the cheapest that the pattern allows; the same but for counting; or threads for all. The answers are the same",
    },
    Spec {
        name: "predicate_index",
        kind: Kind::Truth,
        default: "true",
        meaning: "whether a query is shown only the events that concern it; false shows it all. The answers are the same",
    },
    Spec {
        name: "explain_history",
        kind: Kind::Count(0),
        default: "0",
        meaning: "how many events of each stream that queries read are kept for EXPLAIN MATCH and EXPLAIN WHY NOT; 0: none",
    },
    Spec {
        name: "lints",
        kind: Kind::Truth,
        default: "true",
        meaning: "whether to warn of what is legal but likely wrong",
    },
];

/// Settings that are part of the language, but not of this version, and what happens instead.
const NOT_YET: &[(&str, &str)] = &[(
    "idle_timeout",
    "a stream that is silent holds back the queries that read it together with others",
)];

/// The settings of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    set: IndexMap<&'static str, String>,
}

impl Settings {
    /// SET name = value
    ///
    /// # Errors
    /// The name is unknown (with a suggestion), or the value doesn't fit.
    pub fn set(&mut self, ident: &Ident, value: &OptionValue) -> Result<(), Diagnostic> {
        let spec = find(ident)?;
        let written = options::value(value);
        let text = match &written {
            Value::Text(text) => text.to_string(),
            Value::Bool(truth) => truth.to_string(),
            Value::Int(number) => number.to_string(),
            _ => String::new(),
        };
        let lower = text.trim().to_lowercase();
        let accepted = match spec.kind {
            Kind::Word(words) => words.contains(&lower.as_str()).then_some(lower.clone()),
            Kind::Count(least) => lower
                .parse::<i64>()
                .ok()
                .filter(|count| *count >= least)
                .map(|count| count.to_string()),
            Kind::Truth => match lower.as_str() {
                "true" | "on" | "yes" | "1" => Some("true".into()),
                "false" | "off" | "no" | "0" => Some("false".into()),
                _ => None,
            },
            Kind::Bytes if lower == UNLIMITED => Some(lower.clone()),
            Kind::Bytes => bytes(&lower).map(|bytes| bytes.to_string()),
        };
        match accepted {
            Some(accepted) => {
                self.set.insert(spec.name, accepted);
                Ok(())
            }
            None => Err(refused(spec, place(value), &lower)),
        }
    }

    /// What a setting is now, as text.
    ///
    /// # Errors
    /// The name is unknown (with a suggestion).
    pub fn show(&self, ident: &Ident) -> Result<String, Diagnostic> {
        find(ident).map(|spec| self.text(spec.name))
    }

    /// Every setting with its text, in the order of the documentation.
    pub fn all(&self) -> Vec<(&'static Spec, String)> {
        SPECS
            .iter()
            .map(|spec| (spec, self.text(spec.name)))
            .collect()
    }

    /// A setting's text, or its default's. Empty for a name that isn't there.
    pub fn text(&self, name: &str) -> String {
        let default = || {
            SPECS
                .iter()
                .find(|spec| spec.name == name)
                .map(|spec| spec.default)
        };
        self.set
            .get(name)
            .map(String::as_str)
            .or_else(default)
            .unwrap_or_default()
            .to_owned()
    }

    /// A setting that is a count.
    pub fn count(&self, name: &str) -> u64 {
        self.text(name).parse().unwrap_or(0)
    }

    /// A setting that is a truth.
    pub fn truth(&self, name: &str) -> bool {
        self.text(name) == "true"
    }

    /// The limits of a query that is created now. What nobody has set is left to the engine.
    pub fn limits(&self) -> Limits {
        let count = |name: &str| self.set.get(name).and_then(|text| text.parse().ok());
        let policy = self.set.get("on_overflow").map(String::as_str);
        Limits {
            on_overflow: policy.map(|policy| match policy {
                "drop_oldest" => Overflow::DropOldest,
                "fail" => Overflow::Fail,
                _ => Overflow::DropNewest,
            }),
            max_partial_matches: count("max_partial_matches"),
            max_matches_per_event: count("max_matches_per_event"),
            max_query_memory: match self.set.get("max_query_memory") {
                Some(text) if text == UNLIMITED => Some(u64::MAX),
                _ => count("max_query_memory"),
            },
        }
    }

    /// `end_of_input`
    pub fn end_of_input(&self) -> EndOfInput {
        match self.text("end_of_input").as_str() {
            "undecided" => EndOfInput::Undecided,
            _ => EndOfInput::Complete,
        }
    }
}

fn find(ident: &Ident) -> Result<&'static Spec, Diagnostic> {
    let names = SPECS.iter().map(|spec| spec.name);
    let not_yet = NOT_YET
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(&ident.text));
    if let Some((name, instead)) = not_yet {
        let message = format!("the setting {name} is not supported yet");
        let code = portent_grammar::codes::unsupported::SETTING;
        return Err(Diagnostic::error(code, ident.span, message).help(*instead));
    }
    let at = name::find(ident, names.clone()).one();
    at.and_then(|at| SPECS.get(at))
        .ok_or_else(|| name::unknown(codes::UNKNOWN_SETTING, "setting", ident, names))
}

/// `65536`, `64KB`, `1.5 gib`: at least one byte.
fn bytes(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let unit: u64 = match unit.trim() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        _ => return None,
    };
    let bytes = match number.parse::<u64>() {
        Ok(whole) => whole.checked_mul(unit)?,
        // A fraction of a unit: whole bytes, as far as a float tells them apart.
        Err(_) => (number.parse::<f64>().ok()? * unit as f64) as u64,
    };
    (bytes > 0).then_some(bytes)
}

/// Where a value stands.
fn place(value: &OptionValue) -> Span {
    match value {
        OptionValue::Text(_, span)
        | OptionValue::Number(_, span)
        | OptionValue::Bool(_, span)
        | OptionValue::List(_, span) => *span,
        OptionValue::Duration(duration) => duration.span,
        OptionValue::Word(ident) => ident.span,
    }
}

fn refused(spec: &Spec, place: Span, text: &str) -> Diagnostic {
    let expected = match spec.kind {
        Kind::Word(words) => format!("one of {}", words.join(", ")),
        Kind::Count(least) => format!("a whole number from {least} on"),
        Kind::Truth => "true or false".into(),
        Kind::Bytes => "a number of bytes, a text such as '64MB' or '1 GiB', or unlimited".into(),
    };
    let message = format!("{} must be {expected}", spec.name);
    let error = Diagnostic::error(codes::SETTING_VALUE, place, message);
    match spec.kind {
        Kind::Word(words) => match name::similar(text, words.iter().copied()) {
            Some(near) => error.help(format!("did you mean '{near}'?")),
            None => error.help(spec.meaning),
        },
        _ => error.help(spec.meaning),
    }
}
