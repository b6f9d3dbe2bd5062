//! Comparisons of columns, of the row at hand or one near it, and constants: the commonest conditions of row patterns, without the
//! detour over a general expression.

use portent_grammar::Value;
use portent_planner::compiled::Condition;
use portent_planner::expr::{CompareOp, Expr, ExprKind, VarId, compare, looks_beyond_row};

use crate::event::{NULL, Row};

use super::history::History;

/// `left op right`. It can't fail, and it is met if it is TRUE: NULL on either side is not.
#[derive(Clone, Debug)]
pub(crate) struct Comparison {
    op: CompareOp,
    left: Operand,
    right: Operand,
}

#[derive(Clone, Debug)]
enum Operand {
    Constant(Value),
    /// A column of the row at hand.
    Here(usize),
    /// A column of the row so many rows on, or back.
    Near(i32, usize),
}

impl Comparison {
    /// The conjuncts of a variable that are not over the row alone, if they are comparisons all.
    pub fn all(condition: &Condition, variable: VarId) -> Option<Vec<Comparison>> {
        let conjuncts = condition.correlated.iter();
        conjuncts.map(|expr| Self::of(expr, variable)).collect()
    }

    fn of(expr: &Expr, variable: VarId) -> Option<Comparison> {
        match &expr.kind {
            ExprKind::Compare(op, left, right) => Some(Comparison {
                op: *op,
                left: Operand::of(left, variable)?,
                right: Operand::of(right, variable)?,
            }),
            _ => None,
        }
    }

    /// Whether it is TRUE of a row at a position.
    #[inline]
    pub fn holds(&self, row: &Row, position: u64, history: &History) -> bool {
        let left = self.left.value(row, position, history);
        let right = self.right.value(row, position, history);
        compare(self.op, left, right) == Some(true)
    }
}

impl Operand {
    fn of(expr: &Expr, variable: VarId) -> Option<Operand> {
        match &expr.kind {
            ExprKind::Const(value) => Some(Operand::Constant(value.clone())),
            ExprKind::Column(slot) => Some(Operand::Here(*slot)),
            ExprKind::Navigate(navigate) => match navigate.argument.kind {
                ExprKind::Column(_) if looks_beyond_row(expr, variable) => None,
                ExprKind::Column(slot) if navigate.row.physical == 0 => Some(Operand::Here(slot)),
                ExprKind::Column(slot) => Some(Operand::Near(navigate.row.physical, slot)),
                _ => None,
            },
            _ => None,
        }
    }

    #[inline]
    fn value<'a>(&'a self, row: &'a Row, position: u64, history: &'a History) -> &'a Value {
        match self {
            Operand::Constant(value) => value,
            Operand::Here(slot) => row.column(*slot),
            Operand::Near(by, slot) => match history.near(position, *by) {
                Some(near) => near.column(*slot),
                None => &NULL,
            },
        }
    }
}
