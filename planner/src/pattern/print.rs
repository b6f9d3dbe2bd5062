//! A resolved pattern as text, every contiguity spelled out, for EXPLAIN.

use std::fmt::Write;

use super::contiguity::CONTIGUOUS;
use super::variables::Variables;
use super::{Node, NodeKind};
use crate::automaton::{Contiguity, Gap};
use crate::resolve::duration;

/// The pattern as text; it reads back to the same pattern.
pub fn print(node: &Node, variables: &Variables) -> String {
    let mut out = String::new();
    Printer { variables }.node(node, Level::Alternation, &mut out);
    out
}

/// An operator as written: ` `, `->`, `-[5 minutes]->>`.
pub fn gap(gap: &Gap) -> String {
    let arrow = match gap.kind {
        Contiguity::Contiguous => return String::new(),
        Contiguity::Next => "->",
        Contiguity::Any => "->>",
    };
    match (gap.min, gap.max) {
        (None, None) => arrow.to_owned(),
        (Some(min), Some(max)) if min != 0 => {
            format!(
                "-[{} TO {}]{arrow}",
                duration::display(min),
                duration::display(max)
            )
        }
        (_, Some(max)) => format!("-[{}]{arrow}", duration::display(max)),
        (Some(min), None) => format!("-[{} TO …]{arrow}", duration::display(min)),
    }
}

/// How tightly the place of an element binds, loosest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Alternation,
    Sequence,
    Conjunction,
    Element,
}

struct Printer<'a> {
    variables: &'a Variables,
}

impl Printer<'_> {
    fn node(&self, node: &Node, place: Level, out: &mut String) {
        let own = match &node.kind {
            NodeKind::Alternation(_) => Level::Alternation,
            NodeKind::Sequence { .. } => Level::Sequence,
            NodeKind::Conjunction(_) => Level::Conjunction,
            _ => Level::Element,
        };
        let brackets = own < place;
        if brackets {
            out.push('(');
        }
        match &node.kind {
            NodeKind::Variable(variable) => out.push_str(self.variables.name(*variable)),
            NodeKind::Absent(variable) => {
                let _ = write!(out, "!{}", self.variables.name(*variable));
            }
            NodeKind::Sequence { elements, links } => {
                for (at, element) in elements.iter().enumerate() {
                    if let Some(link) = at.checked_sub(1).and_then(|at| links.get(at)) {
                        let operator = gap(link);
                        let space = if operator.is_empty() { "" } else { " " };
                        let _ = write!(out, "{space}{operator} ");
                    }
                    self.node(element, Level::Conjunction, out);
                }
            }
            NodeKind::Alternation(branches) => self.list(branches, " | ", Level::Sequence, out),
            NodeKind::Conjunction(operands) => self.list(operands, " & ", Level::Element, out),
            NodeKind::Permute(operands) => {
                out.push_str("PERMUTE(");
                self.list(operands, ", ", Level::Alternation, out);
                out.push(')');
            }
            NodeKind::Exclude(inner) => {
                out.push_str("{- ");
                self.node(inner, Level::Alternation, out);
                out.push_str(" -}");
            }
            NodeKind::Repeat {
                element,
                min,
                max,
                reluctant,
                link,
            } => {
                let link = if *max == Some(1) { &CONTIGUOUS } else { link };
                self.repeat(element, link, out);
                out.push_str(&quantifier(*min, *max));
                if *reluctant {
                    out.push('?');
                }
            }
            NodeKind::Start => out.push('^'),
            NodeKind::End => out.push('$'),
            NodeKind::Empty => out.push_str("()"),
        }
        if brackets {
            out.push(')');
        }
    }

    /// The repeated element, with the arrow that links its repetitions.
    fn repeat(&self, element: &Node, link: &Gap, out: &mut String) {
        let simple = matches!(element.kind, NodeKind::Variable(_));
        if *link == CONTIGUOUS && simple {
            return self.node(element, Level::Element, out);
        }
        out.push('(');
        let operator = gap(link);
        if !operator.is_empty() {
            let _ = write!(out, "{operator} ");
        }
        self.node(element, Level::Alternation, out);
        out.push(')');
    }

    fn list(&self, nodes: &[Node], between: &str, level: Level, out: &mut String) {
        for (at, node) in nodes.iter().enumerate() {
            if at > 0 {
                out.push_str(between);
            }
            self.node(node, level, out);
        }
    }
}

/// `*`, `+`, `?`, `{2}`, `{2,}`, `{2,5}`
fn quantifier(min: u32, max: Option<u32>) -> String {
    match (min, max) {
        (0, None) => "*".into(),
        (1, None) => "+".into(),
        (0, Some(1)) => "?".into(),
        (min, None) => format!("{{{min},}}"),
        (min, Some(max)) if min == max => format!("{{{min}}}"),
        (min, Some(max)) => format!("{{{min},{max}}}"),
    }
}
