//! Patterns.

use portent_grammar::Span;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::exprs::small;
use super::words::{duration, ident, variable};
use crate::ast::{Arrow, ArrowKind, Bound, Pattern, PatternKind, PatternVariable, Quantifier};

fn of_kind(kind: PatternKind) -> Pattern {
    Pattern {
        kind,
        span: Span::default(),
    }
}

/// Any pattern.
pub fn pattern() -> BoxedStrategy<Pattern> {
    let leaf = prop_oneof![
        8 => pattern_variable().prop_map(PatternKind::Variable),
        2 => pattern_variable().prop_map(PatternKind::Not),
        1 => select(vec![PatternKind::Start, PatternKind::End, PatternKind::Empty]),
    ];
    leaf.prop_map(of_kind)
        .prop_recursive(4, 16, 4, |inner| compound(inner.boxed()).prop_map(of_kind))
        .boxed()
}

fn pattern_variable() -> impl Strategy<Value = PatternVariable> {
    (variable(), of(ident()), of(small())).prop_map(|(name, stream, condition)| PatternVariable {
        name,
        stream,
        condition: condition.map(Box::new),
        span: Span::default(),
    })
}

/// In brackets if it is one of these.
fn grouped(pattern: Pattern, loose: impl Fn(&PatternKind) -> bool) -> Pattern {
    if loose(&pattern.kind) {
        of_kind(PatternKind::Group {
            lead: None,
            inner: Box::new(pattern),
        })
    } else {
        pattern
    }
}

fn is_alternation(kind: &PatternKind) -> bool {
    matches!(kind, PatternKind::Alternation(_))
}

fn is_sequence(kind: &PatternKind) -> bool {
    is_alternation(kind) || matches!(kind, PatternKind::Sequence { .. })
}

fn is_conjunction(kind: &PatternKind) -> bool {
    is_sequence(kind) || matches!(kind, PatternKind::Conjunction(_))
}

fn is_quantified(kind: &PatternKind) -> bool {
    is_conjunction(kind) || matches!(kind, PatternKind::Repeat { .. } | PatternKind::Not(_))
}

fn compound(inner: BoxedStrategy<Pattern>) -> BoxedStrategy<PatternKind> {
    let many = vec(inner.clone(), 2..4);
    prop_oneof![
        4 => (many.clone(), vec(arrow(), 3)).prop_map(|(parts, mut operators)| {
            let elements: Vec<Pattern> = parts.into_iter().map(|part| grouped(part, is_sequence)).collect();
            operators.truncate(elements.len() - 1);
            PatternKind::Sequence { elements, operators }
        }),
        1 => many.clone().prop_map(|parts| PatternKind::Alternation(parts.into_iter().map(|part| grouped(part, is_alternation)).collect())),
        1 => many.prop_map(|parts| PatternKind::Conjunction(parts.into_iter().map(|part| grouped(part, is_conjunction)).collect())),
        1 => vec(inner.clone(), 1..4).prop_map(PatternKind::Permute),
        1 => (of(arrow()), inner.clone()).prop_map(|(lead, inner)| PatternKind::Group {
            lead: lead.filter(|lead| lead.kind != ArrowKind::Contiguous),
            inner: Box::new(inner),
        }),
        1 => inner.clone().prop_map(|inner| PatternKind::Exclude(Box::new(inner))),
        2 => (inner, quantifier()).prop_map(|(element, quantifier)| PatternKind::Repeat {
            element: Box::new(grouped(element, is_quantified)),
            quantifier,
        }),
    ]
    .boxed()
}

fn arrow() -> impl Strategy<Value = Arrow> {
    let bound = (of(duration()), duration()).prop_map(|(min, max)| Bound { min, max });
    (
        select(vec![ArrowKind::Contiguous, ArrowKind::Next, ArrowKind::Any]),
        of(bound),
    )
        .prop_map(|(kind, bound)| Arrow {
            kind,
            bound: bound.filter(|_| kind != ArrowKind::Contiguous),
            span: Span::default(),
        })
}

fn quantifier() -> impl Strategy<Value = Quantifier> {
    (0u32..4, of(0u32..4), any::<bool>()).prop_map(|(min, more, reluctant)| Quantifier {
        min,
        max: more.map(|more| min + more),
        reluctant,
        span: Span::default(),
    })
}
