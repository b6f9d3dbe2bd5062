//! From a syntax tree's expression to a resolved, typed one.

use portent_grammar::{Diagnostic, Span};
use portent_parser::ast;

use super::Expr;

/// What the place of an expression lends it: the names that are visible there, and the calls that only make sense there.
pub trait Scope {
    /// Resolves `a`, `a.b`, `a.b.c`: a column, a variable's column, perhaps with a path into JSON behind it.
    fn name(&mut self, parts: &[ast::Ident], span: Span) -> Result<Expr, Diagnostic>;
    /// A call that is not a scalar function: an aggregate, a navigation (FIRST, LAST, PREV, NEXT), CLASSIFIER(), MATCH_NUMBER(), … `None`: not one of those.
    /// A scope outside of patterns answers a pattern function with an error that says where it belongs.
    fn call(&mut self, call: &ast::Call, span: Span) -> Option<Result<Expr, Diagnostic>>;
}
