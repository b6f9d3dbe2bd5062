//! What is legal but likely wrong, and what could never be reported; a lint a file.

mod never_true;
mod not_partitioned;
mod vacuous_absence;
mod waiting;

use portent_grammar::{Diagnostic, Schema, Span};

use crate::logical::LogicalMatch;

/// What a lint knows besides the pattern.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Whether the input ends.
    pub bounded: bool,
    /// Where the pattern stands.
    pub span: Span,
    /// The columns of a row.
    pub layout: &'a Schema,
}

/// Every lint, in order.
pub fn check(pattern: &LogicalMatch, facts: &Facts<'_>, diagnostics: &mut Vec<Diagnostic>) {
    never_true::check(pattern, facts, diagnostics);
    not_partitioned::check(pattern, facts, diagnostics);
    vacuous_absence::check(pattern, facts, diagnostics);
    waiting::check(pattern, facts, diagnostics);
}
