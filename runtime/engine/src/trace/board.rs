//! The rows of one partition, and conditions over them.

use std::sync::Arc;

use portent_grammar::Value;
use portent_planner::automaton::Absent;
use portent_planner::compiled::{RowOrder, Within};
use portent_planner::expr::{Expr, VarId, eval, is_true};

use super::Traced;
use crate::context::OneRow;
use crate::event::Row;
use crate::matcher::attempt::{Attempt, key_component};
use crate::matcher::bindings::{Candidate, Node};
use crate::matcher::history::History;
use crate::matcher::program::{Bind, Program};
use crate::sort::sort_rows;
use crate::stats::QueryStats;

/// A partition with all of its rows, in the order of matching.
pub(super) struct Board<'a> {
    pub traced: &'a Traced<'a>,
    pub rows: Vec<Row>,
    pub history: History,
    /// Where the key is computed per variable: that of the match's first event.
    pub first_key: Option<&'a [Value]>,
}

/// Where a match began.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    pub position: u64,
    pub time: i64,
}

impl<'a> Board<'a> {
    /// The partition of a key, over the rows of one run.
    pub fn new(traced: &'a Traced<'a>, key: &'a [Value], run: u32) -> Self {
        let plan = traced.plan;
        let rows = traced.tap.rows.iter();
        let rows = rows.filter(|(of, row)| {
            *of == run && (plan.key_of.is_some() || key_of(&plan.partition_by, row) == key)
        });
        let rows: Vec<Row> = rows.map(|(_, row)| row.clone()).collect();
        let rows = in_order(rows, &plan.order);
        let mut history = History::default();
        rows.iter().for_each(|row| history.push(row.clone()));
        let by_variable = plan.key_of.is_some() && !key.is_empty();
        Self {
            traced,
            rows,
            history,
            first_key: by_variable.then_some(key),
        }
    }

    pub fn program(&self) -> &'a Program {
        &self.traced.program
    }

    pub fn row(&self, position: u64) -> Option<&Row> {
        self.rows.get(usize::try_from(position).ok()?)
    }

    /// The position of an event.
    pub fn position(&self, event: &Row) -> Option<u64> {
        let same = |row: &Row| {
            let (a, b) = (&row.event, &event.event);
            row.input == event.input && a.ordinal == b.ordinal && a.part == b.part
        };
        self.rows.iter().position(same).map(|it| it as u64)
    }

    /// The row at a position, to be bound to a variable after what is bound.
    pub fn attempt<'x>(
        &'x self,
        variable: VarId,
        position: u64,
        bound: Option<&'x Node>,
    ) -> Option<Attempt<'x>> {
        Some(Attempt {
            program: self.program(),
            history: &self.history,
            row: self.row(position)?,
            position,
            variable,
            bound,
        })
    }

    /// The conjuncts of a variable's condition, in the order in which they are tried.
    pub fn conjuncts(&self, variable: VarId) -> impl Iterator<Item = &'a Expr> + use<'a> {
        let plan = self.traced.plan;
        let condition = plan.conditions.get(usize::from(variable.0));
        condition.into_iter().flat_map(|condition| {
            let unary = condition.unary.iter();
            let unary = unary.filter_map(|number| plan.predicates.get(*number as usize));
            unary.chain(&condition.correlated)
        })
    }

    /// Whether the row at a position meets a variable's condition after what is bound.
    pub fn meets(&self, variable: VarId, position: u64, bound: Option<&Node>) -> bool {
        let Some(attempt) = self.attempt(variable, position, bound) else {
            return false;
        };
        self.conjuncts(variable)
            .all(|conjunct| is_true(conjunct, &attempt).unwrap_or(false))
    }

    /// Binds the row at a position.
    pub fn bind(
        &self,
        bind: &Bind,
        position: u64,
        parent: Option<&Arc<Node>>,
    ) -> Option<Arc<Node>> {
        self.bind_as(bind.variable, position, parent)
    }

    /// Binds the row at a position to a variable.
    pub fn bind_as(
        &self,
        variable: VarId,
        position: u64,
        parent: Option<&Arc<Node>>,
    ) -> Option<Arc<Node>> {
        let bound = Candidate {
            row: self.row(position)?,
            position,
            variable,
            excluded: false,
        };
        Some(Node::new(self.program(), &self.history, parent, &bound))
    }

    /// Whether a match of the key that is asked for may begin with the row at a position.
    pub fn may_begin(&self, bind: &Bind, position: u64) -> bool {
        let (Some(key), Some(row)) = (self.first_key, self.row(position)) else {
            return true;
        };
        key.iter().zip(0_u16..).all(|(wanted, n)| {
            let own = key_component(self.program(), bind.variable, row, n);
            own.is_ok_and(|own| own == *wanted)
        })
    }

    /// The event before a match's first one that must be absent and is there: its position.
    pub fn came_before(&self, absent: &Absent, first: &Node) -> Option<u64> {
        let plan = self.traced.plan;
        let (reach, rows) = match (absent.max, plan.within) {
            (Some(max), _) => (max, u64::MAX),
            (None, Some(Within::Time(within))) => (within, u64::MAX),
            (None, Some(Within::Events(count))) => (i64::MAX, count.saturating_sub(1)),
            (None, None) => (i64::MAX, u64::MAX),
        };
        (0..first.position).rev().find(|position| {
            let Some(row) = self.row(*position) else {
                return false;
            };
            let ago = first.row.time().saturating_sub(row.time());
            let counts = (absent.min <= 0 || ago >= absent.min)
                && ago <= reach
                && first.position - position <= rows;
            counts && self.meets(absent.variable, *position, Some(first))
        })
    }

    /// Whether a row is not too late for a match that began there.
    pub fn is_within(&self, start: Start, row: &Row, position: u64) -> bool {
        match self.traced.plan.within {
            None => true,
            Some(Within::Time(within)) => row.time().saturating_sub(start.time) <= within,
            Some(Within::Events(count)) => position.saturating_sub(start.position) < count,
        }
    }

    /// The absence that the row at a position breaks, between two events.
    pub fn broken(&self, absent: &[Absent], bound: &Node, position: u64) -> Option<VarId> {
        let row = self.row(position)?;
        let since = row.time().saturating_sub(bound.row.time());
        let broken = absent.iter().find(|absent| {
            (absent.min <= 0 || since >= absent.min)
                && absent.max.is_none_or(|max| since <= max)
                && self.meets(absent.variable, position, Some(bound))
        });
        broken.map(|absent| absent.variable)
    }

    /// The absence that the row at a position breaks, after the last event.
    pub fn breaks_tail(
        &self,
        absent: &[Absent],
        start: Start,
        bound: &Node,
        position: u64,
    ) -> Option<VarId> {
        let row = self.row(position)?;
        let since = row.time().saturating_sub(bound.row.time());
        let broken = absent.iter().find(|absent| {
            let counts = match absent.max {
                Some(max) => since <= max,
                None => self.is_within(start, row, position),
            };
            (absent.min <= 0 || since >= absent.min)
                && counts
                && self.meets(absent.variable, position, Some(bound))
        });
        broken.map(|absent| absent.variable)
    }
}

/// The key of a row. What has none (an error) is in no partition: no key equals an empty one.
pub(super) fn key_of(by: &[Expr], row: &Row) -> Vec<Value> {
    let values = by.iter().map(|expr| eval(expr, &OneRow::new(row)));
    values.collect::<Result<_, _>>().unwrap_or_default()
}

/// The rows of a partition in the order of matching.
fn in_order(rows: Vec<Row>, order: &RowOrder) -> Vec<Row> {
    let mut stats = QueryStats::default();
    match order {
        RowOrder::EventTime { ties } if ties.is_empty() => rows,
        RowOrder::EventTime { ties } => {
            let mut sorted = Vec::with_capacity(rows.len());
            for tied in rows.chunk_by(|a, b| a.time() == b.time()) {
                sorted.extend(sort_rows(tied.to_vec(), ties, &mut stats));
            }
            sorted
        }
        RowOrder::Sorted { keys } => sort_rows(rows, keys, &mut stats),
    }
}
