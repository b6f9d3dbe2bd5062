//! Which operator links the repetitions of a quantified element.
//!
//! A quantifier repeats its element with the arrow that begins the repeated group, if it has one; else with the operator that
//! leads to the element (for the first element of a sequence: the one that follows it); else, for an element that stands
//! alone in its sequence, with the first operator inside it, in the order written; else with that of the group
//! around it; else contiguously. An operand of `&` is led to by `->`, one of PERMUTE by contiguity, as in the
//! alternations that they stand for.

use portent_grammar::Diagnostic;
use portent_parser::ast;

use crate::automaton::{Contiguity, Gap};

/// The very next event.
pub const CONTIGUOUS: Gap = Gap {
    kind: Contiguity::Contiguous,
    min: None,
    max: None,
};
/// The next event that fits.
pub const NEXT: Gap = Gap {
    kind: Contiguity::Next,
    min: None,
    max: None,
};

/// Where an element stands, as far as its quantifier must know.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place {
    /// The operator that leads to it (or follows it, if it is the first of several).
    pub own: Option<Gap>,
    /// That of the nearest group around it that has one.
    pub around: Option<Gap>,
}

impl Place {
    /// Next to an operator.
    pub fn beside(gap: Gap) -> Self {
        Place {
            own: Some(gap),
            around: None,
        }
    }

    /// Alone within something that stands here.
    pub fn within(self) -> Self {
        Place {
            own: None,
            around: self.own.or(self.around),
        }
    }
}

/// Turns a written arrow into a gap; `micros` turns durations into µs.
pub type ToGap<'a> = dyn FnMut(&ast::Arrow) -> Gap + 'a;

/// The link between repetitions of `element`, which stands at `place`.
pub fn link(element: &ast::Pattern, place: Place, gap: &mut ToGap<'_>) -> Gap {
    if let ast::PatternKind::Group {
        lead: Some(lead), ..
    } = &element.kind
    {
        return gap(lead);
    }
    place
        .own
        .or_else(|| first_inside(element, gap))
        .or(place.around)
        .unwrap_or(CONTIGUOUS)
}

/// The first operator inside an element, in the order written.
fn first_inside(pattern: &ast::Pattern, mut gap: &mut ToGap<'_>) -> Option<Gap> {
    use ast::PatternKind as Kind;
    match &pattern.kind {
        Kind::Variable(_) | Kind::Not(_) | Kind::Start | Kind::End | Kind::Empty => None,
        Kind::Sequence {
            elements,
            operators,
        } => elements
            .first()
            .and_then(|first| first_inside(first, gap))
            .or_else(|| operators.first().map(&mut gap)),
        Kind::Alternation(branches) => branches.iter().find_map(|branch| first_inside(branch, gap)),
        Kind::Conjunction(operands) => operands
            .first()
            .and_then(|first| first_inside(first, gap))
            .or(Some(NEXT)),
        Kind::Permute(operands) => {
            let inside = operands.first().and_then(|first| first_inside(first, gap));
            inside.or((operands.len() > 1).then_some(CONTIGUOUS))
        }
        Kind::Group {
            lead: Some(lead), ..
        } => Some(gap(lead)),
        Kind::Group { inner, .. } | Kind::Exclude(inner) => first_inside(inner, gap),
        Kind::Repeat { element, .. } => first_inside(element, gap),
    }
}

/// Checks that a leading arrow stands where it means something. `repeated`: the group has a quantifier.
pub fn check_lead(lead: &ast::Arrow, repeated: bool) -> Option<Diagnostic> {
    (!repeated).then(|| {
        Diagnostic::error(
            portent_grammar::codes::patterns::LEADING_ARROW,
            lead.span,
            "an arrow at the beginning of a group links its repetitions, and this group is not repeated",
        )
        .help("repeat the group, as in `(-> f){5}`, or write the arrow before the group")
    })
}
