//! Walking over expressions, and small facts about them.

use std::collections::BTreeSet;

use portent_grammar::{Span, Type, Value};

use super::{Expr, ExprKind, LogicalEnd, PathStep, RowRef, VarId};

/// Calls `visit` for each direct part, left to right; the argument of a navigation and those of an aggregate are parts too.
pub fn for_each_child<'a>(expr: &'a Expr, visit: &mut dyn FnMut(&'a Expr)) {
    match &expr.kind {
        ExprKind::Const(_)
        | ExprKind::Column(_)
        | ExprKind::FromInput(_)
        | ExprKind::Classifier(_)
        | ExprKind::MatchInfo(_)
        | ExprKind::MatchKey(_) => {}
        ExprKind::And(parts) | ExprKind::Or(parts) | ExprKind::Array(parts) => {
            parts.iter().for_each(visit);
        }
        ExprKind::Call { args, .. } => args.iter().for_each(visit),
        ExprKind::Not(inner)
        | ExprKind::Negate(inner)
        | ExprKind::IsNull { expr: inner, .. }
        | ExprKind::IsBool { expr: inner, .. }
        | ExprKind::InConst { expr: inner, .. }
        | ExprKind::Matches { expr: inner, .. }
        | ExprKind::Cast { expr: inner, .. } => visit(inner),
        ExprKind::Arithmetic(_, left, right)
        | ExprKind::Compare(_, left, right)
        | ExprKind::IsDistinct { left, right, .. } => {
            visit(left);
            visit(right);
        }
        ExprKind::Case {
            branches,
            otherwise,
        } => {
            for (condition, value) in branches {
                visit(condition);
                visit(value);
            }
            if let Some(otherwise) = otherwise {
                visit(otherwise);
            }
        }
        ExprKind::Path { of, steps } => {
            visit(of);
            for step in steps {
                if let PathStep::Index(index) = step {
                    visit(index);
                }
            }
        }
        ExprKind::Navigate(navigate) => visit(&navigate.argument),
        ExprKind::Aggregate(aggregate) => {
            aggregate.args.iter().for_each(&mut *visit);
            if let Some(filter) = &aggregate.filter {
                visit(filter);
            }
        }
    }
}

/// As [`for_each_child`], to change them.
pub fn for_each_child_mut(expr: &mut Expr, visit: &mut dyn FnMut(&mut Expr)) {
    match &mut expr.kind {
        ExprKind::Const(_)
        | ExprKind::Column(_)
        | ExprKind::FromInput(_)
        | ExprKind::Classifier(_)
        | ExprKind::MatchInfo(_)
        | ExprKind::MatchKey(_) => {}
        ExprKind::And(parts) | ExprKind::Or(parts) | ExprKind::Array(parts) => {
            parts.iter_mut().for_each(visit);
        }
        ExprKind::Call { args, .. } => args.iter_mut().for_each(visit),
        ExprKind::Not(inner)
        | ExprKind::Negate(inner)
        | ExprKind::IsNull { expr: inner, .. }
        | ExprKind::IsBool { expr: inner, .. }
        | ExprKind::InConst { expr: inner, .. }
        | ExprKind::Matches { expr: inner, .. }
        | ExprKind::Cast { expr: inner, .. } => visit(inner),
        ExprKind::Arithmetic(_, left, right)
        | ExprKind::Compare(_, left, right)
        | ExprKind::IsDistinct { left, right, .. } => {
            visit(left);
            visit(right);
        }
        ExprKind::Case {
            branches,
            otherwise,
        } => {
            for (condition, value) in branches {
                visit(condition);
                visit(value);
            }
            if let Some(otherwise) = otherwise {
                visit(otherwise);
            }
        }
        ExprKind::Path { of, steps } => {
            visit(of);
            for step in steps {
                if let PathStep::Index(index) = step {
                    visit(index);
                }
            }
        }
        ExprKind::Navigate(navigate) => visit(&mut navigate.argument),
        ExprKind::Aggregate(aggregate) => {
            aggregate.args.iter_mut().for_each(&mut *visit);
            if let Some(filter) = &mut aggregate.filter {
                visit(filter);
            }
        }
    }
}

/// Calls `visit` for the expression and everything in it, parents first.
pub fn walk<'a>(expr: &'a Expr, visit: &mut dyn FnMut(&'a Expr)) {
    visit(expr);
    for_each_child(expr, &mut |child| walk(child, visit));
}

/// Calls `visit` for everything in the expression and then for itself, parts first, to change them.
pub fn walk_mut(expr: &mut Expr, visit: &mut dyn FnMut(&mut Expr)) {
    for_each_child_mut(expr, &mut |child| walk_mut(child, visit));
    visit(expr);
}

fn any(expr: &Expr, test: &dyn Fn(&Expr) -> bool) -> bool {
    let mut found = test(expr);
    for_each_child(expr, &mut |child| found = found || any(child, test));
    found
}

/// Whether it looks at the row at hand alone: no navigation, no aggregate, nothing about the match.
pub fn is_row_only(expr: &Expr) -> bool {
    !any(expr, &|expr| {
        matches!(
            expr.kind,
            ExprKind::Navigate(_)
                | ExprKind::Aggregate(_)
                | ExprKind::Classifier(_)
                | ExprKind::MatchInfo(_)
                | ExprKind::MatchKey(_)
        )
    })
}

/// Whether it looks at what is bound so far. `PREV(x)` and `NEXT(x)` of the row at hand do not.
pub fn depends_on_match(expr: &Expr) -> bool {
    any(expr, &|expr| match &expr.kind {
        ExprKind::Navigate(navigate) => {
            let row = &navigate.row;
            let row_at_hand = row.variables.is_none()
                && row.end == LogicalEnd::Last
                && row.offset == 0
                && row.running;
            !row_at_hand
        }
        ExprKind::Aggregate(_)
        | ExprKind::Classifier(_)
        | ExprKind::MatchInfo(_)
        | ExprKind::MatchKey(_) => true,
        _ => false,
    })
}

/// Whether a condition of a variable looks at anything but the row that is tested, which counts as bound to the variable already, and at
/// that row's neighbours.
pub fn looks_beyond_row(expr: &Expr, variable: VarId) -> bool {
    let at_hand = |row: &RowRef| {
        row.end == LogicalEnd::Last
            && row.offset == 0
            && row
                .variables
                .as_ref()
                .is_none_or(|variables| variables.contains(&variable))
    };
    any(expr, &|expr| match &expr.kind {
        ExprKind::Navigate(navigate) => !at_hand(&navigate.row),
        ExprKind::Classifier(row) => row.physical != 0 || !at_hand(row),
        ExprKind::Aggregate(_) | ExprKind::MatchInfo(_) | ExprKind::MatchKey(_) => true,
        _ => false,
    })
}

/// The slots of all columns that it reads, at whatever row, ascending.
pub fn columns(expr: &Expr) -> BTreeSet<usize> {
    let mut slots = BTreeSet::new();
    walk(expr, &mut |expr| {
        if let ExprKind::Column(slot) = expr.kind {
            slots.insert(slot);
        }
    });
    slots
}

/// The operands of nested ANDs, left to right; TRUE has none.
pub fn conjuncts(expr: Expr) -> Vec<Expr> {
    match expr.kind {
        ExprKind::And(parts) => parts.into_iter().flat_map(conjuncts).collect(),
        ExprKind::Const(Value::Bool(true)) => Vec::new(),
        _ => vec![expr],
    }
}

/// The AND of these; TRUE for none.
pub fn conjoin(mut parts: Vec<Expr>) -> Expr {
    if parts.len() == 1
        && let Some(only) = parts.pop()
    {
        return only;
    }
    let span = parts
        .iter()
        .map(|part| part.span)
        .reduce(Span::to)
        .unwrap_or_default();
    let kind = if parts.is_empty() {
        ExprKind::Const(Value::Bool(true))
    } else {
        ExprKind::And(parts)
    };
    Expr {
        kind,
        ty: Type::Bool,
        span,
    }
}
