//! Patterns.

use crate::ast::{Arrow, ArrowKind, Pattern, PatternKind, PatternVariable, Quantifier};

use super::lines::{fits, indent, prefix, suffix};
use super::types::bound;
use super::{Printer, name};

/// How tightly a pattern's outermost operator binds.
fn binding(pattern: &Pattern) -> u8 {
    match &pattern.kind {
        PatternKind::Alternation(_) => 0,
        PatternKind::Sequence { .. } => 1,
        PatternKind::Conjunction(_) => 2,
        PatternKind::Repeat { .. } | PatternKind::Not(_) => 3,
        _ => 4,
    }
}

fn arrow(arrow: &Arrow) -> String {
    let sign = match arrow.kind {
        ArrowKind::Contiguous => return String::new(),
        ArrowKind::Next => "->",
        ArrowKind::Any => "->>",
    };
    match &arrow.bound {
        Some(limits) => format!("-[{}]{sign}", bound(limits)),
        None => sign.to_owned(),
    }
}

fn quantifier(quantifier: &Quantifier) -> String {
    let times = match (quantifier.min, quantifier.max) {
        (0, None) => "*".to_owned(),
        (1, None) => "+".to_owned(),
        (0, Some(1)) => "?".to_owned(),
        (0, Some(max)) if max > 0 => format!("{{,{max}}}"),
        (min, None) => format!("{{{min},}}"),
        (min, Some(max)) if min == max => format!("{{{min}}}"),
        (min, Some(max)) => format!("{{{min},{max}}}"),
    };
    if quantifier.reluctant {
        times + "?"
    } else {
        times
    }
}

impl Printer<'_> {
    /// On one line.
    pub(super) fn pattern(&self, pattern: &Pattern) -> String {
        let all = |parts: &[Pattern], least: u8, glue: &str| {
            parts
                .iter()
                .map(|part| self.step(part, least))
                .collect::<Vec<_>>()
                .join(glue)
        };
        match &pattern.kind {
            PatternKind::Variable(variable) => self.variable(variable),
            PatternKind::Not(variable) => format!("!{}", self.variable(variable)),
            PatternKind::Sequence {
                elements,
                operators,
            } => {
                let mut out = String::new();
                for (at, element) in elements.iter().enumerate() {
                    if at > 0 {
                        let sign = operators.get(at - 1).map(arrow).unwrap_or_default();
                        out.push_str(&if sign.is_empty() {
                            " ".to_owned()
                        } else {
                            format!(" {sign} ")
                        });
                    }
                    out.push_str(&self.step(element, 2));
                }
                out
            }
            PatternKind::Alternation(parts) => all(parts, 1, " | "),
            PatternKind::Conjunction(parts) => all(parts, 3, " & "),
            PatternKind::Permute(parts) => format!("PERMUTE({})", all(parts, 0, ", ")),
            PatternKind::Group { lead, inner } => {
                let lead = lead
                    .as_ref()
                    .map(|lead| format!("{} ", arrow(lead)))
                    .unwrap_or_default();
                format!("({lead}{})", self.pattern(inner))
            }
            PatternKind::Exclude(inner) => format!("{{- {} -}}", self.pattern(inner)),
            PatternKind::Repeat {
                element,
                quantifier: times,
            } => format!("{}{}", self.step(element, 4), quantifier(times)),
            PatternKind::Start => "^".to_owned(),
            PatternKind::End => "$".to_owned(),
            PatternKind::Empty => "()".to_owned(),
        }
    }

    fn step(&self, pattern: &Pattern, least: u8) -> String {
        if binding(pattern) < least {
            format!("({})", self.pattern(pattern))
        } else {
            self.pattern(pattern)
        }
    }

    fn variable(&self, variable: &PatternVariable) -> String {
        let condition = variable
            .condition
            .as_ref()
            .map(|condition| format!("[{}]", self.expr(condition)));
        format!(
            "{}{}",
            self.variable_head(variable),
            condition.unwrap_or_default()
        )
    }

    fn variable_head(&self, variable: &PatternVariable) -> String {
        match &variable.stream {
            Some(stream) => format!("{}:{}", name(&variable.name), name(stream)),
            None => name(&variable.name),
        }
    }

    /// `head(pattern)`, broken before its operators if it is too long.
    pub(super) fn pattern_in(&self, head: &str, pattern: &Pattern, width: usize) -> Vec<String> {
        let flat = format!("{head}{})", self.pattern(pattern));
        if fits(&flat, width) && !self.commented(Some(pattern.span), Some(pattern.span)) {
            return vec![flat];
        }
        let mut lines = vec![head.to_owned()];
        lines.extend(indent(self.pattern_lines(
            pattern,
            width.saturating_sub(2),
            true,
        )));
        lines.push(")".to_owned());
        lines
    }

    /// On several lines; at the outermost level even if it would fit on one.
    fn pattern_lines(&self, pattern: &Pattern, width: usize, force: bool) -> Vec<String> {
        let flat = self.pattern(pattern);
        if !force && fits(&flat, width) {
            return vec![flat];
        }
        let inner = width.saturating_sub(4);
        match &pattern.kind {
            PatternKind::Sequence {
                elements,
                operators,
            } => {
                let mut lines = Vec::new();
                for (at, element) in elements.iter().enumerate() {
                    let block = self.step_lines(element, 2, inner);
                    let sign = at
                        .checked_sub(1)
                        .and_then(|at| operators.get(at))
                        .map(arrow)
                        .unwrap_or_default();
                    lines.extend(if sign.is_empty() {
                        block
                    } else {
                        prefix(&format!("{sign} "), block)
                    });
                }
                lines
            }
            PatternKind::Alternation(parts) => {
                let blocks = parts.iter().enumerate().map(|(at, part)| {
                    let block = self.step_lines(part, 1, inner);
                    if at == 0 { block } else { prefix("| ", block) }
                });
                blocks.flatten().collect()
            }
            PatternKind::Conjunction(parts) => {
                let blocks = parts.iter().enumerate().map(|(at, part)| {
                    let block = self.step_lines(part, 3, inner);
                    if at == 0 { block } else { prefix("& ", block) }
                });
                blocks.flatten().collect()
            }
            PatternKind::Group {
                lead,
                inner: inside,
            } if !fits(&flat, width) => {
                let lead = lead
                    .as_ref()
                    .map(|lead| format!("{} ", arrow(lead)))
                    .unwrap_or_default();
                let mut lines = vec!["(".to_owned()];
                lines.extend(indent(prefix(
                    &lead,
                    self.pattern_lines(inside, inner, false),
                )));
                lines.push(")".to_owned());
                lines
            }
            PatternKind::Repeat {
                element,
                quantifier: times,
            } => suffix(self.step_lines(element, 4, inner), &quantifier(times)),
            PatternKind::Variable(variable) if !fits(&flat, width) => {
                self.variable_lines("", variable, width)
            }
            PatternKind::Not(variable) if !fits(&flat, width) => {
                self.variable_lines("!", variable, width)
            }
            _ => vec![flat],
        }
    }

    fn step_lines(&self, pattern: &Pattern, least: u8, width: usize) -> Vec<String> {
        if binding(pattern) >= least {
            return self.pattern_lines(pattern, width, false);
        }
        suffix(prefix("(", self.pattern_lines(pattern, width, false)), ")")
    }

    fn variable_lines(&self, sign: &str, variable: &PatternVariable, width: usize) -> Vec<String> {
        let Some(condition) = &variable.condition else {
            return vec![format!("{sign}{}", self.variable_head(variable))];
        };
        let mut lines = vec![format!("{sign}{}[", self.variable_head(variable))];
        lines.extend(indent(self.expr_lines(condition, width.saturating_sub(2))));
        lines.push("]".to_owned());
        lines
    }
}
