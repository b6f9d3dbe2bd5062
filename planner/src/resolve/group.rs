//! GROUP BY: from expressions over rows to expressions over the group's row, which is its keys, then its aggregates.

use portent_grammar::codes::statements as codes;
use portent_grammar::{Diagnostic, Span, Type};

use crate::expr::{self, Aggregate, Expr, ExprKind};

/// Collected aggregates stand as columns from here on until the keys are known.
const COLLECTED: usize = usize::MAX / 2;

/// Notes an aggregate (once), and stands for it.
pub(super) fn collected(
    groups: &mut Vec<Aggregate>,
    aggregate: Aggregate,
    ty: Type,
    span: Span,
) -> Expr {
    let at = groups
        .iter()
        .position(|known| *known == aggregate)
        .unwrap_or_else(|| {
            groups.push(aggregate);
            groups.len() - 1
        });
    Expr {
        kind: ExprKind::Column(COLLECTED.saturating_add(at)),
        ty,
        span,
    }
}

/// Whether an expression has an aggregate in it.
pub(super) fn has_aggregate(expr: &Expr) -> bool {
    let mut found = false;
    expr::walk(expr, &mut |part| {
        found |= matches!(part.kind, ExprKind::Column(slot) if slot >= COLLECTED);
    });
    found
}

/// Turns an expression over rows into one over the group's row.
///
/// # Errors
/// It reads something that is neither a key nor in an aggregate.
pub(super) fn over_group(mut expr: Expr, keys: &[Expr]) -> Result<Expr, Diagnostic> {
    if let Some(at) = keys.iter().position(|key| *key == expr) {
        expr.kind = ExprKind::Column(at);
        return Ok(expr);
    }
    match &expr.kind {
        ExprKind::Column(slot) if *slot >= COLLECTED => {
            expr.kind = ExprKind::Column(keys.len() + (slot - COLLECTED));
            return Ok(expr);
        }
        ExprKind::Column(_)
        | ExprKind::FromInput(_)
        | ExprKind::Navigate(_)
        | ExprKind::Aggregate(_)
        | ExprKind::Classifier(_)
        | ExprKind::MatchInfo(_)
        | ExprKind::MatchKey(_) => {
            let message = "this is neither in GROUP BY nor inside an aggregate";
            return Err(Diagnostic::error(codes::NOT_GROUPED, expr.span, message)
                .help("add it to GROUP BY, or say which of the group's values is meant: MIN, MAX, FIRST, LAST"));
        }
        _ => {}
    }
    let mut error = None;
    expr::for_each_child_mut(&mut expr, &mut |child| {
        let placeholder = Expr {
            kind: ExprKind::Column(0),
            ty: Type::Null,
            span: child.span,
        };
        let taken = std::mem::replace(child, placeholder);
        match over_group(taken, keys) {
            Ok(rewritten) => *child = rewritten,
            Err(found) => error = error.take().or(Some(found)),
        }
    });
    error.map_or(Ok(expr), Err)
}
