//! What is known about the row at hand: each predicate is evaluated at most once per row.

use portent_planner::compiled::MatchPlan;
use portent_planner::expr::{VarId, is_true};

use crate::context::OneRow;
use crate::event::{Hint, Row};
use crate::stats::QueryStats;

use super::program::{Interest, Program, bit};

/// What is known about one row: the number of the row for which it was found out, doubled, and the truth as the last bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Known(u64);

impl Known {
    #[inline]
    fn new(row: u64, holds: bool) -> Self {
        Self(row << 1 | u64::from(holds))
    }

    /// `None`: not known for this row.
    #[inline]
    fn of(self, row: u64) -> Option<bool> {
        (self.0 >> 1 == row).then_some(self.0 & 1 == 1)
    }
}

/// Truths about one row, found out lazily.
pub(crate) struct Facts {
    /// The number of the row at hand, from 1. What is known of others means nothing, so that nothing need be wiped out.
    row: u64,
    predicates: Vec<Known>,
    /// By variable: whether its predicates over the row alone hold.
    unary: Vec<Known>,
    /// By variable: whether its whole condition holds, where that does not depend on the match.
    whole: Vec<Known>,
    /// The bits of `unary`, where there are at most 64 variables.
    asked: Interest,
    held: Interest,
}

impl Facts {
    pub fn new(program: &Program) -> Self {
        let variables = program.names.len();
        Self {
            row: 1,
            predicates: vec![Known::default(); program.plan.predicates.len()],
            unary: vec![Known::default(); variables],
            whole: vec![Known::default(); variables],
            asked: 0,
            held: 0,
        }
    }

    /// Another row.
    pub fn reset(&mut self) {
        self.row += 1;
        self.asked = 0;
        self.held = 0;
    }

    /// What the predicate index has found out already.
    pub fn assume(&mut self, hint: Hint) {
        let mut open = hint.held | hint.not;
        while open != 0 {
            let index = open.trailing_zeros() as usize;
            open &= open - 1;
            if let Some(known) = self.unary.get_mut(index) {
                *known = Known::new(self.row, hint.held >> index & 1 == 1);
            }
        }
        self.asked |= hint.held | hint.not;
        self.held |= hint.held;
    }

    /// Whether the predicates of a variable that look at the row alone hold.
    pub fn unary(
        &mut self,
        plan: &MatchPlan,
        variable: VarId,
        row: &Row,
        stats: &mut QueryStats,
    ) -> bool {
        let index = usize::from(variable.0);
        if let Some(known) = self.unary[index].of(self.row) {
            return known;
        }
        let holds = plan.conditions[index]
            .unary
            .iter()
            .all(|predicate| self.predicate(plan, *predicate as usize, row, stats));
        self.unary[index] = Known::new(self.row, holds);
        holds
    }

    fn predicate(
        &mut self,
        plan: &MatchPlan,
        index: usize,
        row: &Row,
        stats: &mut QueryStats,
    ) -> bool {
        if let Some(known) = self.predicates[index].of(self.row) {
            return known;
        }
        stats.evaluations += 1;
        let holds = is_true(&plan.predicates[index], &OneRow::new(row)).unwrap_or_else(|error| {
            stats.error(&error, row);
            false
        });
        self.predicates[index] = Known::new(self.row, holds);
        holds
    }

    /// Whether the row may be one of these variables, by its predicates.
    pub fn any(
        &mut self,
        plan: &MatchPlan,
        wanted: Interest,
        row: &Row,
        stats: &mut QueryStats,
    ) -> bool {
        if wanted == Interest::MAX || wanted & self.held != 0 {
            return true;
        }
        let mut open = wanted & !self.asked;
        while open != 0 {
            let index = open.trailing_zeros();
            open &= open - 1;
            let variable = VarId(index as u16);
            self.asked |= bit(variable);
            if self.unary(plan, variable, row, stats) {
                self.held |= bit(variable);
                return true;
            }
        }
        false
    }

    /// What is known of a variable's whole condition.
    pub fn whole(&self, variable: VarId) -> Option<bool> {
        self.whole[usize::from(variable.0)].of(self.row)
    }

    pub fn learn_whole(&mut self, variable: VarId, holds: bool) {
        self.whole[usize::from(variable.0)] = Known::new(self.row, holds);
    }
}
