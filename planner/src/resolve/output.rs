//! The names of output columns, as PostgreSQL gives them.

use portent_grammar::codes::names as codes;
use portent_grammar::{Diagnostic, Schema, Span};
use portent_parser::ast::{Expr, ExprKind};

use crate::catalog::name;

/// The name of a select item without an alias; `at` counts from 0.
pub fn column_name(expr: &Expr, at: usize) -> String {
    natural(expr, 0).unwrap_or_else(|| format!("column{}", at + 1))
}

fn natural(expr: &Expr, depth: usize) -> Option<String> {
    if depth > 64 {
        return None;
    }
    match &expr.kind {
        ExprKind::Name(parts) => parts.last().map(|part| part.text.clone()),
        ExprKind::Field { field, .. } => Some(field.text.clone()),
        ExprKind::Call(call) => Some(call.name.text.to_lowercase()),
        ExprKind::Cast {
            expr: inner, ty, ..
        } => natural(inner, depth + 1).or_else(|| Some(ty.name.to_lowercase().replace(' ', "_"))),
        ExprKind::Paren(inner)
        | ExprKind::Index { of: inner, .. }
        | ExprKind::AtTimeZone { expr: inner, .. } => natural(inner, depth + 1),
        ExprKind::Case { .. } => Some("case".into()),
        ExprKind::Extract { .. } => Some("extract".into()),
        ExprKind::Array(_) => Some("array".into()),
        _ => None,
    }
}

/// Columns of one name can't be told apart by those who read the stream: an error for each.
pub fn check_distinct(output: &Schema, spans: &[Span], diagnostics: &mut Vec<Diagnostic>) {
    for (at, column) in output.iter().enumerate() {
        let first = output
            .iter()
            .take(at)
            .position(|other| other.name == column.name);
        if let Some(first) = first {
            let span = spans.get(at).copied().unwrap_or_default();
            let message = format!("two columns are named \"{}\"", column.name);
            let mut error = Diagnostic::error(codes::DUPLICATE_OUTPUT, span, message);
            if let Some(other) = spans.get(first).filter(|other| **other != span) {
                error = error.also(*other, "the other one");
            }
            let mut free = 2;
            while output
                .iter()
                .any(|other| other.name == format!("{}_{free}", column.name))
            {
                free += 1;
            }
            let alias = name::quote(&format!("{}_{free}", column.name));
            diagnostics.push(error.help(format!("name one of them: … AS {alias}")));
        }
    }
}
