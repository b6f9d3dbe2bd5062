//! What is known about the row at hand: each predicate is evaluated at most once per row.

use portent_planner::expr::{VarId, is_true};

use crate::context::OneRow;
use crate::event::{Hint, Row};
use crate::stats::QueryStats;

use super::program::{Interest, Program, bit};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Not,
    False,
    True,
}

/// Truths about one row, found out lazily.
pub(crate) struct Facts {
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
            predicates: vec![Known::Not; program.plan.predicates.len()],
            unary: vec![Known::Not; variables],
            whole: vec![Known::Not; variables],
            asked: 0,
            held: 0,
        }
    }

    /// Another row.
    pub fn reset(&mut self) {
        self.predicates.fill(Known::Not);
        self.unary.fill(Known::Not);
        self.whole.fill(Known::Not);
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
                *known = match hint.held >> index & 1 {
                    1 => Known::True,
                    _ => Known::False,
                };
            }
        }
        self.asked |= hint.held | hint.not;
        self.held |= hint.held;
    }

    /// Whether the predicates of a variable that look at the row alone hold.
    pub fn unary(
        &mut self,
        program: &Program,
        variable: VarId,
        row: &Row,
        stats: &mut QueryStats,
    ) -> bool {
        let index = usize::from(variable.0);
        match self.unary.get(index) {
            Some(Known::True) => return true,
            Some(Known::Not) => {}
            _ => return false,
        }
        let holds = program.plan.conditions[index]
            .unary
            .iter()
            .all(|predicate| self.predicate(program, *predicate as usize, row, stats));
        self.unary[index] = if holds { Known::True } else { Known::False };
        holds
    }

    fn predicate(
        &mut self,
        program: &Program,
        index: usize,
        row: &Row,
        stats: &mut QueryStats,
    ) -> bool {
        match self.predicates[index] {
            Known::True => return true,
            Known::False => return false,
            Known::Not => {}
        }
        stats.evaluations += 1;
        let holds =
            is_true(&program.plan.predicates[index], &OneRow::new(row)).unwrap_or_else(|error| {
                stats.error(&error, row);
                false
            });
        self.predicates[index] = if holds { Known::True } else { Known::False };
        holds
    }

    /// Whether the row may be one of these variables, by its predicates.
    pub fn any(
        &mut self,
        program: &Program,
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
            if self.unary(program, variable, row, stats) {
                self.held |= bit(variable);
                return true;
            }
        }
        false
    }

    /// What is known of a variable's whole condition.
    pub fn whole(&self, variable: VarId) -> Option<bool> {
        match self.whole[usize::from(variable.0)] {
            Known::Not => None,
            known => Some(known == Known::True),
        }
    }

    pub fn learn_whole(&mut self, variable: VarId, holds: bool) {
        self.whole[usize::from(variable.0)] = if holds { Known::True } else { Known::False };
    }
}
