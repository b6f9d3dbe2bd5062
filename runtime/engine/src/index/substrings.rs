//! `LIKE '%x%'`, and every pattern that only a text with a certain text in it can match: by that text. One pass of an Aho-Corasick
//! automaton finds all that an event's text contains.

use aho_corasick::{AhoCorasick, MatchKind};
use portent_planner::expr::PatternShape;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind};

use super::sets::Search;
use super::test::{Test, TestKind};

/// Shorter ones are found in too many texts to tell much.
const SHORTEST: usize = 3;

/// A text that a pattern asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Needle {
    pub text: Box<[u8]>,
    /// Nothing else is asked for.
    pub exact: bool,
}

/// What a test asks a text to contain.
pub(crate) fn needle(test: &Test) -> Option<Needle> {
    let TestKind::Matches(pattern, false) = &test.kind else {
        return None;
    };
    match pattern.shape() {
        PatternShape::Contains(finder) => Some(Needle {
            text: finder.needle().into(),
            exact: true,
        }),
        PatternShape::Regex(regex) => {
            let mut parser = ParserBuilder::new()
                .case_insensitive(pattern.ignores_case())
                .dot_matches_new_line(true)
                .build();
            let parsed = parser.parse(regex.as_str()).ok()?;
            let text = required(&parsed).filter(|text| text.len() >= SHORTEST)?;
            Some(Needle {
                text: text.into(),
                exact: false,
            })
        }
        _ => None,
    }
}

/// The longest text that every match of an expression contains.
fn required(hir: &Hir) -> Option<&[u8]> {
    match hir.kind() {
        HirKind::Literal(literal) => Some(&literal.0),
        HirKind::Capture(capture) => required(&capture.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => required(&repetition.sub),
        HirKind::Concat(parts) => parts
            .iter()
            .filter_map(required)
            .max_by_key(|text| text.len()),
        _ => None,
    }
}

/// Looks for many texts at once.
#[derive(Debug)]
pub(crate) struct Substrings(AhoCorasick);

impl Search for Substrings {
    type Pattern = Box<[u8]>;

    const MOST: usize = usize::MAX;

    fn compile(patterns: &[&Self::Pattern]) -> Option<Self> {
        AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .build(patterns)
            .ok()
            .map(Self)
    }

    fn search(&self, text: &str, found: &mut dyn FnMut(usize)) {
        if let Ok(matches) = self.0.try_find_overlapping_iter(text) {
            matches.for_each(|it| found(it.pattern().as_usize()));
        }
    }

    fn is_match(pattern: &Self::Pattern, text: &str) -> bool {
        memchr::memmem::find(text.as_bytes(), pattern).is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use portent_parser::ast::LikeKind;
    use portent_planner::expr::TextPattern;

    use super::*;

    fn text(kind: LikeKind, source: &str) -> Option<String> {
        let pattern = TextPattern::new(kind, source, Some('\\')).unwrap();
        let test = Test {
            slot: 0,
            kind: TestKind::Matches(Arc::new(pattern), false),
        };
        needle(&test).map(|needle| String::from_utf8(needle.text.into()).unwrap())
    }

    #[test]
    fn what_every_match_contains() {
        let regex = |source| text(LikeKind::Regex, source);
        assert_eq!(regex("^user .* failed$").as_deref(), Some(" failed"));
        assert_eq!(regex("(error){2,}").as_deref(), Some("error"));
        assert_eq!(regex("x(abc|abd)?y"), None);
        assert_eq!(regex("error|warning"), None);
        assert_eq!(regex("(?i)error"), None);
        assert_eq!(regex("[0-9]+"), None);
        assert_eq!(regex("abc").as_deref(), Some("abc"));
        assert_eq!(text(LikeKind::IRegex, "error"), None);
        assert_eq!(text(LikeKind::ILike, "%error%"), None);
        assert_eq!(text(LikeKind::Like, "%err_r%or%").as_deref(), Some("err"));
        assert_eq!(text(LikeKind::Like, "%a%").as_deref(), Some("a"));
    }
}
