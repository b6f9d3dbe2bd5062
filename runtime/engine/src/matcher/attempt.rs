//! What a condition sees: the row at hand, tentatively bound, and what is bound before it.

use portent_grammar::{Interval, Value};
use portent_planner::expr::{
    Accumulator, Aggregate, EvalContext, EvalError, ExprKind, LogicalEnd, MatchInfo, Navigate,
    RowRef, VarId, eval,
};

use crate::context::At;
use crate::event::{NULL, Row};
use crate::group_by::accumulate;

use super::bindings::{Node, among};
use super::history::History;
use super::program::Program;

/// A row that is tested as a variable.
#[derive(Clone, Copy)]
pub(crate) struct Attempt<'a> {
    pub program: &'a Program,
    pub history: &'a History,
    pub row: &'a Row,
    pub position: u64,
    pub variable: VarId,
    pub bound: Option<&'a Node>,
}

/// A row that a reference found.
struct Found<'a> {
    row: &'a Row,
    variable: &'a Value,
}

impl<'a> Attempt<'a> {
    /// The row at hand as an aggregate sees it.
    pub fn here(&self) -> At<'_, Self> {
        At {
            outer: self,
            row: self.row,
            variable: self.program.name(self.variable),
        }
    }

    fn bound(&self) -> impl Iterator<Item = &'a Node> {
        self.bound.into_iter().flat_map(Node::back)
    }

    /// The row that the logical part of a reference finds.
    fn logical(&self, row: &RowRef) -> Option<(&'a Row, u64, VarId)> {
        let here = (self.row, self.position, self.variable);
        let is_here = among(&row.variables, self.variable);
        if row.end == LogicalEnd::Last && row.offset == 0 && is_here {
            return Some(here);
        }
        if let Some(slot) = self.program.memo.as_ref().and_then(|memo| memo.row(row)) {
            let remembered = self
                .bound
                .and_then(|node| node.memo.as_ref())
                .and_then(|memo| memo.rows.get(slot));
            let Some(remembered) = remembered else {
                return (is_here && row.offset == 0).then_some(here);
            };
            if let Some((row, position, variable)) = &remembered.found {
                return Some((row, *position, *variable));
            }
            return (is_here && remembered.count == row.offset).then_some(here);
        }
        let mut matching = self
            .bound()
            .filter(|node| among(&row.variables, node.variable));
        let found = match row.end {
            LogicalEnd::Last => {
                let skip = row.offset as usize - usize::from(is_here);
                matching.nth(skip)
            }
            LogicalEnd::First => {
                let count = matching.count();
                let offset = row.offset as usize;
                if offset == count && is_here {
                    return Some(here);
                }
                let from_last = count.checked_sub(offset + 1)?;
                self.bound()
                    .filter(|node| among(&row.variables, node.variable))
                    .nth(from_last)
            }
        };
        found.map(|node| (&node.row, node.position, node.variable))
    }

    fn find(&self, row: &RowRef) -> Option<Found<'a>> {
        let (found, position, variable) = self.logical(row)?;
        if row.physical == 0 {
            return Some(Found {
                row: found,
                variable: self.program.name(variable),
            });
        }
        let near = self.history.near(position, row.physical)?;
        Some(Found {
            row: near,
            variable: self.variable_at(position, row.physical),
        })
    }

    /// The row that a reference finds, whatever it is bound to.
    fn find_row(&self, row: &RowRef) -> Option<&'a Row> {
        let (found, position, _) = self.logical(row)?;
        match row.physical {
            0 => Some(found),
            by => self.history.near(position, by),
        }
    }

    /// The name of the variable to which the row at a position is bound, or NULL.
    fn variable_at(&self, position: u64, by: i32) -> &'a Value {
        let position = position.checked_add_signed(i64::from(by));
        if position == Some(self.position) {
            return self.program.name(self.variable);
        }
        let node = self.bound().find(|node| Some(node.position) <= position);
        node.filter(|node| Some(node.position) == position)
            .map_or(&NULL, |node| self.program.name(node.variable))
    }

    fn first(&self) -> Option<&'a Node> {
        self.bound().last()
    }
}

impl EvalContext for Attempt<'_> {
    #[inline]
    fn column(&self, slot: usize) -> &Value {
        self.row.column(slot)
    }

    fn input(&self) -> u16 {
        self.row.input
    }

    fn navigate(&self, navigate: &Navigate) -> Result<Value, EvalError> {
        match self.find(&navigate.row) {
            Some(found) => eval(
                &navigate.argument,
                &At {
                    outer: self,
                    row: found.row,
                    variable: found.variable,
                },
            ),
            None => Ok(Value::Null),
        }
    }

    fn peek(&self, navigate: &Navigate) -> Option<&Value> {
        let ExprKind::Column(slot) = navigate.argument.kind else {
            return None;
        };
        let found = self.find_row(&navigate.row);
        Some(found.map_or(&NULL, |row| row.column(slot)))
    }

    fn aggregate(&self, aggregate: &Aggregate) -> Result<Value, EvalError> {
        let remembered = self
            .program
            .memo
            .as_ref()
            .and_then(|memo| memo.aggregate(aggregate))
            .and_then(|slot| self.bound?.memo.as_ref()?.aggregates.get(slot));
        let mut accumulator = match remembered {
            Some(accumulator) => accumulator.clone()?,
            None => {
                let mut accumulator = Accumulator::new(aggregate);
                for node in self.bound.map(Node::forth).unwrap_or_default() {
                    if among(&aggregate.variables, node.variable) {
                        let variable = self.program.name(node.variable);
                        let at = At {
                            outer: self,
                            row: &node.row,
                            variable,
                        };
                        accumulate(&mut accumulator, aggregate, &at)?;
                    }
                }
                accumulator
            }
        };
        if among(&aggregate.variables, self.variable) {
            accumulate(&mut accumulator, aggregate, &self.here())?;
        }
        accumulator.finish()
    }

    fn classifier(&self, row: &RowRef) -> Value {
        self.find(row)
            .map_or(Value::Null, |found| found.variable.clone())
    }

    fn match_info(&self, info: MatchInfo) -> Value {
        let start = || self.first().map_or(self.row.time(), |node| node.row.time());
        match info {
            MatchInfo::Start => Value::Timestamp(start()),
            MatchInfo::End | MatchInfo::Time => Value::Timestamp(self.row.time()),
            MatchInfo::Duration => {
                let micros = self.row.time().saturating_sub(start());
                Value::interval(Interval {
                    months: 0,
                    days: 0,
                    micros,
                })
            }
            MatchInfo::TimedOut => Value::Bool(false),
            _ => Value::Null,
        }
    }

    fn match_key(&self, n: u16) -> Result<Value, EvalError> {
        // The first event is tentatively bound while it is tested: the key is then its own.
        match self.first() {
            Some(first) => key_component(self.program, first.variable, &first.row, n),
            None => key_component(self.program, self.variable, self.row, n),
        }
    }
}

/// Component `n` of the key of a match's first event, by the variable it is bound to.
pub(crate) fn key_component(
    program: &Program,
    variable: VarId,
    row: &Row,
    n: u16,
) -> Result<Value, EvalError> {
    let key = program
        .plan
        .key_of
        .as_ref()
        .and_then(|keys| keys.get(usize::from(variable.0)))
        .and_then(|key| key.get(usize::from(n)));
    match key {
        Some(expr) => eval(expr, &crate::context::OneRow::new(row)),
        None => Ok(Value::Null),
    }
}
