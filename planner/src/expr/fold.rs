//! Constant folding: what depends on no row is computed once.

use portent_grammar::codes::types as codes;
use portent_grammar::{Diagnostic, Type, Value};

use super::eval::{RowContext, eval};
use super::visit::for_each_child;
use super::{Expr, ExprKind};

/// Computes the expression if all its parts are constants.
///
/// # Errors
/// It has no value: `1 / 0`.
pub(super) fn fold(expr: Expr) -> Result<Expr, Diagnostic> {
    let row_dependent = matches!(
        expr.kind,
        ExprKind::Const(_)
            | ExprKind::Column(_)
            | ExprKind::FromInput(_)
            | ExprKind::Navigate(_)
            | ExprKind::Aggregate(_)
            | ExprKind::Classifier(_)
            | ExprKind::MatchInfo(_)
            | ExprKind::MatchKey(_)
    );
    if row_dependent {
        return Ok(expr);
    }
    let mut constant = true;
    for_each_child(&expr, &mut |child| {
        constant &= matches!(child.kind, ExprKind::Const(_))
    });
    if !constant {
        return Ok(expr);
    }
    match eval(&expr, &RowContext::default()) {
        Ok(value) => Ok(Expr {
            kind: ExprKind::Const(value),
            ty: expr.ty,
            span: expr.span,
        }),
        Err(error) => Err(
            Diagnostic::error(codes::CONSTANT_ERROR, expr.span, error.message)
                .label("this is the same for every event"),
        ),
    }
}

/// AND or OR of truth values: flattened, without what changes nothing.
pub(super) fn logic(and: bool, parts: Vec<Expr>, span: portent_grammar::Span) -> Expr {
    let mut operands = Vec::with_capacity(parts.len());
    for part in parts {
        match part.kind {
            ExprKind::And(inner) if and => operands.extend(inner),
            ExprKind::Or(inner) if !and => operands.extend(inner),
            // TRUE decides an OR, FALSE an AND; the other one says nothing.
            ExprKind::Const(Value::Bool(truth)) if truth != and => {
                let kind = ExprKind::Const(Value::Bool(truth));
                return Expr {
                    kind,
                    ty: Type::Bool,
                    span,
                };
            }
            ExprKind::Const(Value::Bool(_)) => {}
            kind => operands.push(Expr {
                kind,
                ty: part.ty,
                span: part.span,
            }),
        }
    }
    if operands.len() == 1
        && let Some(only) = operands.pop()
    {
        return only;
    }
    let all_null = operands
        .iter()
        .all(|part| matches!(part.kind, ExprKind::Const(Value::Null)));
    let kind = if operands.is_empty() {
        ExprKind::Const(Value::Bool(and))
    } else if all_null {
        ExprKind::Const(Value::Null)
    } else if and {
        ExprKind::And(operands)
    } else {
        ExprKind::Or(operands)
    };
    Expr {
        kind,
        ty: Type::Bool,
        span,
    }
}
