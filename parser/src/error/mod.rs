//! Why the grammar refused a statement, in plain words.
use portent_grammar::codes::syntax as codes;
use portent_grammar::syntax::Rule;
use portent_grammar::token::Lexeme;
use portent_grammar::{Diagnostic, Span};
use crate::parse::Failure;
pub(crate) fn split(_: &str, _: &[Lexeme], _: Span, _: &[Diagnostic]) -> Option<usize> { None }
pub(crate) fn explain(_: &str, _: &[Lexeme], span: Span, _: Rule, failure: Failure) -> Vec<Diagnostic> {
    vec![Diagnostic::error(codes::UNEXPECTED_TOKEN, Span::new(span.start as usize+failure.at,span.start as usize+ failure.at+1), format!("{:?}", failure.expected))]
}
