//! Binding of expressions, and of what must be constant.

use portent_grammar::{Diagnostic, Span, Value};
use portent_parser::ast;

use super::layout::Layout;
use super::row_scope::RowScope;
use crate::expr::{self, Expr, ExprKind, RowContext, Scope};

/// Binds an expression; errors are reported.
pub fn any(
    expr: &ast::Expr,
    scope: &mut dyn Scope,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Expr> {
    expr::bind(expr, scope, diagnostics)
}

/// Binds an expression over a row.
pub fn row(
    expr: &ast::Expr,
    scope: &mut RowScope<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Expr> {
    let bound = expr::bind(expr, scope, diagnostics);
    diagnostics.append(&mut scope.diagnostics);
    bound
}

/// Binds a condition: BOOLEAN, or it is reported.
pub fn condition(
    expr: &ast::Expr,
    scope: &mut dyn Scope,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Expr> {
    expr::bind_condition(expr, scope, diagnostics)
}

/// One error of a part that is bound on its own; further ones go to `rest`. For scopes, which may give back only one.
pub fn part(
    expr: &ast::Expr,
    scope: &mut dyn Scope,
    rest: &mut Vec<Diagnostic>,
) -> Result<Expr, Diagnostic> {
    let mut diagnostics = Vec::new();
    let bound = expr::bind(expr, scope, &mut diagnostics);
    let (mut errors, warnings): (Vec<_>, Vec<_>) =
        diagnostics.into_iter().partition(Diagnostic::is_error);
    rest.extend(warnings);
    match bound {
        Some(bound) if errors.is_empty() => Ok(bound),
        _ if errors.is_empty() => Err(unknown_error(expr.span)),
        _ => {
            let first = errors.remove(0);
            rest.extend(errors);
            Err(first)
        }
    }
}

fn unknown_error(span: Span) -> Diagnostic {
    Diagnostic::error(
        portent_grammar::codes::statements::NOT_CONSTANT,
        span,
        "this expression can't be understood here",
    )
}

/// The value of an expression that stands for itself, without columns.
pub fn constant(expr: &ast::Expr, diagnostics: &mut Vec<Diagnostic>) -> Option<Value> {
    let layout = Layout::default();
    let bound = row(expr, &mut RowScope::new(&layout), diagnostics)?;
    value(&bound, diagnostics)
}

/// The value of a bound expression without columns.
pub fn value(expr: &Expr, diagnostics: &mut Vec<Diagnostic>) -> Option<Value> {
    if let ExprKind::Const(value) = &expr.kind {
        return Some(value.clone());
    }
    match expr::eval(expr, &RowContext::default()) {
        Ok(value) => Some(value),
        Err(error) => {
            let code = portent_grammar::codes::statements::NO_VALUE;
            diagnostics.push(Diagnostic::error(code, expr.span, error.message));
            None
        }
    }
}

/// A whole number that stands for itself, not negative.
pub fn count(expr: &ast::Expr, what: &str, diagnostics: &mut Vec<Diagnostic>) -> Option<u64> {
    // A name is no constant; that it is unknown where there are no columns would mislead.
    let value = match &expr.kind {
        ast::ExprKind::Name(_) => Value::Null,
        _ => constant(expr, diagnostics)?,
    };
    match value {
        Value::Int(count) if count >= 0 => u64::try_from(count).ok(),
        _ => {
            let message = format!("{what} must be a whole number, not negative");
            let code = portent_grammar::codes::statements::LIMIT_VALUE;
            diagnostics.push(Diagnostic::error(code, expr.span, message));
            None
        }
    }
}
