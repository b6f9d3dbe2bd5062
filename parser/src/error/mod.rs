//! Why the grammar refused a statement, in plain words.
//!
//! The grammar's own answer is a place and a list of rules. What people need is: what stands there, what was expected,
//! and how to mend it. So a row of small checks, each for one kind of mistake, looks at the words around that place; a
//! guess ("`MACTH` was to be MATCH", "a comma is missing here") is made only if the statement, mended so, reads on.
//! Where no check fits, the rules are put into a few words.

use portent_grammar::codes::syntax as codes;
use portent_grammar::syntax::Rule;
use portent_grammar::token::Lexeme;
use portent_grammar::{Diagnostic, Fix, Span};

use crate::parse::{Failure, judge};

mod brackets;
mod context;
mod dialect;
mod durations;
mod expected;
mod lists;
mod operators;
mod pattern;
mod spelling;
mod statement;
#[cfg(test)]
pub(crate) mod tests;

use context::Context;

/// One kind of mistake: `None` if it is not this one.
type Check = fn(&Context<'_>) -> Option<Diagnostic>;

/// Every check, the surest first.
const CHECKS: &[Check] = &[
    statement::unknown_statement,
    statement::unknown_object,
    dialect::subquery,
    dialect::set_operation,
    dialect::dialect_clause,
    pattern::incomplete_skip,
    statement::missing_semicolon,
    brackets::brackets,
    spelling::keyword,
    lists::commas,
    operators::foreign_operator,
    operators::arrow_in_expression,
    operators::quotes,
    durations::unit,
    pattern::match_source,
    pattern::arrow,
    pattern::absent,
    pattern::quantifier,
    spelling::special_name,
    dialect::call_parts,
    lists::missing_comma,
    spelling::reserved,
    statement::empty_select,
    expected::generic,
];

/// More mistakes than this in one statement are not told.
const MOST: usize = 5;

/// What is wrong with the statement at `span` of `text`. At least one diagnostic.
///
/// If a mend makes the statement read on, the search continues behind it, so that several slips in one statement are
/// all told.
pub(crate) fn explain(
    text: &str,
    tokens: &[Lexeme],
    span: Span,
    entry: Rule,
    failure: Failure,
) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut context = Context::new(text, tokens, span, entry, failure);
    let mut mended: String;
    let mut edits: Vec<Edit> = Vec::new();
    loop {
        let (mut diagnostic, sure) = first(&context);
        let fix = diagnostic.fix.clone();
        map_back(&mut diagnostic, &edits);
        // A mend that led nowhere new would be told again and again.
        let repeated = found
            .iter()
            .any(|earlier| earlier.span() == diagnostic.span());
        if !repeated {
            found.push(diagnostic);
        }
        let Some(fix) = fix.filter(|_| sure && !repeated && found.len() < MOST) else {
            break;
        };
        mended = context.edited(std::slice::from_ref(&fix));
        edits.push(Edit::of(&fix));
        let Err(failure) = judge(&mended, entry) else {
            break;
        };
        let Some(next) = Context::of_mended(mended, span, entry, failure) else {
            break;
        };
        context = next;
    }
    found
}

/// The first check that fits, and whether its mend was tried and makes the statement read on.
fn first(context: &Context<'_>) -> (Diagnostic, bool) {
    if context.exhausted {
        let error = Diagnostic::error(
            codes::TOO_DEEP,
            context.span,
            "this statement nests too deeply for the stack of this thread",
        );
        return (error, false);
    }
    for check in CHECKS {
        if let Some(diagnostic) = check(context) {
            let sure = diagnostic
                .fix
                .as_ref()
                .is_some_and(|fix| context.reads_on(std::slice::from_ref(fix)));
            return (diagnostic, sure);
        }
    }
    (expected::plain(context), false)
}

/// A mend that was made, for finding places in the text as it was written.
struct Edit {
    /// In the text after the edits before it.
    start: u32,
    removed: u32,
    inserted: u32,
}

impl Edit {
    fn of(fix: &Fix) -> Self {
        let inserted = u32::try_from(fix.replacement.len()).unwrap_or(u32::MAX);
        Edit {
            start: fix.span.start,
            removed: fix.span.end.saturating_sub(fix.span.start),
            inserted,
        }
    }

    /// Where an offset of the mended text was before.
    fn before(&self, offset: u32) -> u32 {
        if offset >= self.start.saturating_add(self.inserted) {
            offset
                .saturating_sub(self.inserted)
                .saturating_add(self.removed)
        } else {
            offset.min(self.start.saturating_add(self.removed))
        }
    }
}

fn map_back(diagnostic: &mut Diagnostic, edits: &[Edit]) {
    let map = |span: &mut Span| {
        for edit in edits.iter().rev() {
            *span = Span {
                start: edit.before(span.start),
                end: edit.before(span.end),
            };
        }
    };
    diagnostic
        .labels
        .iter_mut()
        .for_each(|label| map(&mut label.span));
    if let Some(fix) = &mut diagnostic.fix {
        map(&mut fix.span);
    }
}

/// Where the next statement begins, as an index of `tokens`, if the error is that its `;` is missing.
pub(crate) fn split(tokens: &[Lexeme], diagnostics: &[Diagnostic]) -> Option<usize> {
    let error = diagnostics
        .iter()
        .find(|error| error.code == codes::MISSING_SEMICOLON)?;
    let start = error.labels.iter().find(|label| !label.primary)?.span.start;
    tokens
        .iter()
        .position(|lexeme| lexeme.span.start == start)
        .filter(|at| *at > 0)
}
