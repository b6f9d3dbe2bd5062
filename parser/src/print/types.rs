//! Types, durations, options.

use crate::ast::{
    Bound, Duration, DurationPart, OptionValue, TimeUnit, TypeName, WithOption, Within,
};

use super::{Printer, text};

/// The unit's name, in the plural where the number is not one.
fn unit(unit: TimeUnit, plural: bool) -> String {
    let name = match unit {
        TimeUnit::Microsecond => "MICROSECOND",
        TimeUnit::Millisecond => "MILLISECOND",
        TimeUnit::Second => "SECOND",
        TimeUnit::Minute => "MINUTE",
        TimeUnit::Hour => "HOUR",
        TimeUnit::Day => "DAY",
        TimeUnit::Week => "WEEK",
        TimeUnit::Month => "MONTH",
        TimeUnit::Quarter => "QUARTER",
        TimeUnit::Year => "YEAR",
    };
    if plural {
        format!("{name}S")
    } else {
        name.to_owned()
    }
}

fn is_plural(number: &str) -> bool {
    number.trim_start_matches('-') != "1"
}

pub(super) fn duration(duration: &Duration) -> String {
    let parts = duration.parts.iter().map(|part| {
        format!(
            "{} {}",
            part.number,
            unit(part.unit, is_plural(&part.number))
        )
    });
    // The text of an interval knows no exponents.
    let is_plain = |part: &DurationPart| !part.number.contains(['e', 'E']);
    match (duration.interval, duration.parts.as_slice()) {
        (true, written) if !written.iter().all(is_plain) => {
            format!("INTERVAL {}", parts.collect::<Vec<_>>().join(" "))
        }
        (false, _) => parts.collect::<Vec<_>>().join(" "),
        (true, [only]) => format!("INTERVAL '{}' {}", only.number, unit(only.unit, false)),
        (true, _) => format!(
            "INTERVAL '{}'",
            parts
                .map(|part| part.to_lowercase())
                .collect::<Vec<_>>()
                .join(" ")
        ),
    }
}

pub(super) fn within(within: &Within) -> String {
    match within {
        Within::Time(time) => format!("WITHIN {}", duration(time)),
        Within::Events(1, _) => "WITHIN 1 EVENT".to_owned(),
        Within::Events(count, _) => format!("WITHIN {count} EVENTS"),
    }
}

pub(super) fn bound(bound: &Bound) -> String {
    match &bound.min {
        Some(min) => format!("{} TO {}", duration(min), duration(&bound.max)),
        None => duration(&bound.max),
    }
}

pub(super) fn type_name(ty: &TypeName) -> String {
    let mut out = String::new();
    let args: Vec<String> = ty.args.iter().map(u32::to_string).collect();
    let args = if args.is_empty() {
        String::new()
    } else {
        format!("({})", args.join(", "))
    };
    // `TIMESTAMP(3) WITH TIME ZONE`
    match ty.name.find(" WITH") {
        Some(at) if ty.name.ends_with("ZONE") => {
            let (head, tail) = ty.name.split_at(at);
            out.push_str(&format!("{head}{args}{tail}"));
        }
        _ => out.push_str(&format!("{}{args}", ty.name)),
    }
    out.push_str(&"[]".repeat(ty.array as usize));
    out
}

/// The name of an option or setting.
pub(super) fn option_name(name: &crate::ast::Ident) -> String {
    if crate::build::is_dotted(&name.text) {
        name.text.clone()
    } else {
        text(&name.text)
    }
}

/// The name of a setting, which is never a text.
pub(super) fn setting_name(name: &crate::ast::Ident) -> String {
    if crate::build::is_dotted(&name.text) {
        name.text.clone()
    } else {
        super::quote(&name.text)
    }
}

pub(super) fn option_value(value: &OptionValue) -> String {
    match value {
        OptionValue::Text(value, _) => text(value),
        OptionValue::Number(number, _) => number.clone(),
        OptionValue::Bool(true, _) => "TRUE".to_owned(),
        OptionValue::Bool(false, _) => "FALSE".to_owned(),
        OptionValue::Duration(time) => duration(time),
        OptionValue::Word(word) => word.text.clone(),
        OptionValue::List(values, _) => format!(
            "({})",
            values
                .iter()
                .map(option_value)
                .collect::<Vec<_>>()
                .join(", ")
        ),
    }
}

impl Printer<'_> {
    /// `WITH ( … )`
    pub(super) fn with_options(&self, options: &[WithOption], width: usize) -> Vec<String> {
        let items = options.iter().map(|option| {
            vec![format!(
                "{} = {}",
                option_name(&option.name),
                option_value(&option.value)
            )]
        });
        let vertical = self.commented(
            options.first().map(|option| option.span),
            options.last().map(|option| option.span),
        );
        super::lines::bracketed("WITH (", items.collect(), ")", vertical, width)
    }
}
