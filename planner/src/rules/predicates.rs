//! Splits conditions into predicates over the row at hand, shared by all variables, and what looks at other rows.

use rustc_hash::FxHashMap;

use crate::compiled::Condition;
use crate::expr::{
    Expr, ExprKind, conjuncts, depends_on_match, is_row_only, structural_hash, walk,
};

/// The distinct predicates of a pattern.
#[derive(Debug, Default)]
pub struct Predicates {
    list: Vec<Expr>,
    known: FxHashMap<u64, Vec<u32>>,
}

impl Predicates {
    /// Splits a condition; `None` is always met. Cheap predicates come first: a condition is met only if all are, and an
    /// error in one of them only counts where the others don't decide, so their order is free.
    pub fn split(&mut self, condition: Option<Expr>) -> Condition {
        let mut split = Condition::default();
        let mut unary: Vec<(u32, u32)> = Vec::new();
        for part in condition.map(conjuncts).unwrap_or_default() {
            if is_row_only(&part) {
                let cost = cost(&part);
                let number = self.intern(part);
                if !unary.iter().any(|(_, known)| *known == number) {
                    unary.push((cost, number));
                }
            } else {
                split.looks_at_match |= depends_on_match(&part);
                split.correlated.push(part);
            }
        }
        unary.sort_by_key(|(cost, _)| *cost);
        split.unary = unary.into_iter().map(|(_, number)| number).collect();
        split
    }

    fn intern(&mut self, predicate: Expr) -> u32 {
        let same = self.known.entry(structural_hash(&predicate)).or_default();
        let list = &self.list;
        let known = same
            .iter()
            .find(|at| list.get(**at as usize) == Some(&predicate));
        if let Some(known) = known {
            return *known;
        }
        let number = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        same.push(number);
        self.list.push(predicate);
        number
    }

    /// The predicates, by number.
    pub fn into_list(self) -> Vec<Expr> {
        self.list
    }
}

/// A rough cost: comparisons of columns with constants are cheap, functions and regular expressions are not.
fn cost(expr: &Expr) -> u32 {
    let mut cost: u32 = 0;
    walk(expr, &mut |part| {
        cost = cost.saturating_add(match &part.kind {
            ExprKind::Const(_) | ExprKind::FromInput(_) => 0,
            ExprKind::Column(_) => 1,
            ExprKind::Compare(..) | ExprKind::IsNull { .. } | ExprKind::InConst { .. } => 1,
            ExprKind::Matches { .. } | ExprKind::Path { .. } => 20,
            ExprKind::Call { .. } | ExprKind::Cast { .. } => 10,
            _ => 2,
        });
    });
    cost
}
