//! What of a correlated condition can be looked up: comparisons of something over the event that is tested with something that is known
//! as soon as a partial match begins to wait for it.

use crate::compiled::Condition;
use crate::expr::{
    CompareOp, Expr, ExprKind, LogicalEnd, MatchInfo, RowRef, VarId, for_each_child, is_row_only,
    looks_beyond_row,
};

/// Comparisons of a variable's condition by which partial matches that wait for it can be found: equalities, as many as there are, or
/// one comparison of order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    parts: Vec<Part>,
    op: CompareOp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    /// Which of the correlated conjuncts.
    conjunct: usize,
    /// The event that is tested stands on the right.
    flipped: bool,
}

impl Probe {
    /// What can be looked up of a condition.
    pub fn of(condition: &Condition, variable: VarId) -> Option<Self> {
        let mut equalities = Vec::new();
        let mut order = None;
        for (conjunct, expr) in condition.correlated.iter().enumerate() {
            let ExprKind::Compare(op, left, right) = &expr.kind else {
                continue;
            };
            let fits = |own, other| !looks_beyond_row(own, variable) && is_known(other, variable);
            let (flipped, op) = if fits(left, right) {
                (false, *op)
            } else if fits(right, left) {
                (true, op.swapped())
            } else {
                continue;
            };
            let part = Part { conjunct, flipped };
            match op {
                CompareOp::Eq => equalities.push(part),
                CompareOp::Lt | CompareOp::LtEq | CompareOp::Gt | CompareOp::GtEq => {
                    order = order.or(Some((part, op)));
                }
                _ => {}
            }
        }
        if !equalities.is_empty() {
            return Some(Self {
                parts: equalities,
                op: CompareOp::Eq,
            });
        }
        order.map(|(part, op)| Self {
            parts: vec![part],
            op,
        })
    }

    /// `event op match`
    pub fn op(&self) -> CompareOp {
        self.op
    }

    /// The sides over the event that is tested.
    pub fn of_event<'a>(&self, condition: &'a Condition) -> impl Iterator<Item = &'a Expr> {
        self.sides(condition).map(|(event, _)| event)
    }

    /// The sides over what is bound before it.
    pub fn of_match<'a>(&self, condition: &'a Condition) -> impl Iterator<Item = &'a Expr> {
        self.sides(condition).map(|(_, bound)| bound)
    }

    fn sides<'a>(&self, condition: &'a Condition) -> impl Iterator<Item = (&'a Expr, &'a Expr)> {
        self.parts.iter().filter_map(
            |part| match &condition.correlated.get(part.conjunct)?.kind {
                ExprKind::Compare(_, left, right) if part.flipped => Some((&**right, &**left)),
                ExprKind::Compare(_, left, right) => Some((&**left, &**right)),
                _ => None,
            },
        )
    }
}

/// Whether a side of a variable's condition is known before the event comes that is tested.
fn is_known(expr: &Expr, variable: VarId) -> bool {
    match &expr.kind {
        ExprKind::Column(_) | ExprKind::FromInput(_) | ExprKind::Classifier(_) => false,
        ExprKind::MatchInfo(info) => matches!(info, MatchInfo::Start),
        ExprKind::MatchKey(_) => true,
        ExprKind::Navigate(navigate) => {
            let row = &navigate.row;
            row.physical == 0 && is_before(row, variable) && is_row_only(&navigate.argument)
        }
        ExprKind::Aggregate(aggregate) => {
            let others = aggregate.variables.as_ref();
            let parts = aggregate.args.iter().chain(&aggregate.filter);
            others.is_some_and(|others| !others.contains(&variable))
                && parts.into_iter().all(is_row_only)
        }
        _ => {
            let mut known = true;
            for_each_child(expr, &mut |child| known &= is_known(child, variable));
            known
        }
    }
}

/// Whether a reference finds the same row whatever event is tested, once anything is bound.
fn is_before(row: &RowRef, variable: VarId) -> bool {
    let own = row
        .variables
        .as_ref()
        .is_none_or(|all| all.contains(&variable));
    match row.end {
        LogicalEnd::Last => !own || row.offset > 0,
        LogicalEnd::First => !own || row.variables.is_none() && row.offset == 0,
    }
}
