//! Regular expressions without a text that all their matches contain, such as those that ignore case: one set per column.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use portent_planner::expr::{PatternShape, TextPattern};
use regex::{RegexSet, RegexSetBuilder};

use super::sets::Search;
use super::test::{Test, TestKind};

/// The most memory that a compiled set may take; what does not fit is divided.
const SIZE_LIMIT: usize = 16 << 20;

/// A pattern that is a regular expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expression(Arc<TextPattern>);

impl Eq for Expression {}

impl Hash for Expression {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.source.hash(state);
    }
}

/// The regular expression that a test asks a text to match.
pub(crate) fn expression(test: &Test) -> Option<Expression> {
    match &test.kind {
        TestKind::Matches(pattern, false) => match pattern.shape() {
            PatternShape::Regex(_) => Some(Expression(Arc::clone(pattern))),
            _ => None,
        },
        _ => None,
    }
}

/// Looks for many expressions at once.
#[derive(Debug)]
pub(crate) struct Expressions(RegexSet);

impl Search for Expressions {
    type Pattern = Expression;

    /// Measured with expressions that have little in common: beyond it the time to compile a set grows faster than the set, and its
    /// lazily made automaton begins to outgrow its memory.
    const MOST: usize = 128;

    fn compile(patterns: &[&Self::Pattern]) -> Option<Self> {
        // One by itself is best looked for as what it is.
        if patterns.len() < 2 {
            return None;
        }
        let sources = patterns.iter().filter_map(|pattern| {
            let PatternShape::Regex(regex) = pattern.0.shape() else {
                return None;
            };
            // Flags of the expression's own: those of the set hold for all of them.
            let flags = if pattern.0.ignores_case() {
                "(?is:"
            } else {
                "(?s:"
            };
            Some(format!("{flags}{regex})"))
        });
        RegexSetBuilder::new(sources)
            .size_limit(SIZE_LIMIT)
            .build()
            .ok()
            .filter(|set| set.len() == patterns.len())
            .map(Self)
    }

    fn search(&self, text: &str, found: &mut dyn FnMut(usize)) {
        self.0.matches(text).iter().for_each(found);
    }

    fn is_match(pattern: &Self::Pattern, text: &str) -> bool {
        pattern.0.is_match(text)
    }
}
