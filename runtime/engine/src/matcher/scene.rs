//! What a step of the matcher works with: one row of one partition, and where the results go.

use std::sync::Arc;

use portent_planner::automaton::Absent;
use portent_planner::compiled::{MatchPlan, Overflow, Within};
use portent_planner::expr::{VarId, is_true};

use crate::event::Row;
use crate::stats::{Limit, QueryStats};

use super::attempt::Attempt;
use super::bindings::{Candidate, Node};
use super::facts::Facts;
use super::history::History;
use super::leading::Past;
use super::program::{Accept, Bind, Interest, Leading, Program};
use super::report::Decided;
use super::timers::{PartitionRef, Timers};

/// Where a partition stands, without a row: enough to let deadlines pass.
pub(crate) struct Stage<'a> {
    pub program: &'a Program,
    /// The query's own plan: what it asks of an event alone may differ from what others of its family ask.
    pub plan: &'a MatchPlan,
    pub stats: &'a mut QueryStats,
    pub decided: &'a mut Vec<Decided>,
    pub timers: &'a mut Timers,
    pub partition: PartitionRef,
    /// Matches numbered so far in the partition.
    pub numbers: &'a mut u64,
    /// The position of the last row that was matched; `u64::MAX` at the end of the input.
    pub position: u64,
    /// No row will come any more.
    pub ended: bool,
    pub room: Room,
    /// What partial matches hold besides what each is counted as: rows.
    pub kept: &'a mut u64,
    /// How many rows came, over all partitions.
    pub number: u64,
}

/// How many partial matches there may be, and what happens then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    pub most: u64,
    pub policy: Overflow,
    /// The limit of bytes that `most` comes from, if it does.
    pub bytes: Option<u64>,
}

/// A stage with a row.
pub(crate) struct Scene<'a, 'b> {
    pub stage: &'b mut Stage<'a>,
    pub history: &'b History,
    pub past: &'b [Past],
    pub row: &'b Row,
    pub position: u64,
    pub facts: &'b mut Facts,
}

/// Where a match began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    pub position: u64,
    pub time: i64,
}

impl<'b> Scene<'_, 'b> {
    /// The row, to be bound to a variable after what is bound.
    pub fn attempt<'x>(&self, variable: VarId, bound: Option<&'x Node>) -> Attempt<'x>
    where
        'b: 'x,
    {
        Attempt {
            program: self.stage.program,
            history: self.history,
            row: self.row,
            position: self.position,
            variable,
            bound,
        }
    }

    /// Whether the row meets a variable's condition after what is bound.
    pub fn meets(&mut self, variable: VarId, bound: Option<&Node>) -> bool {
        if !self
            .facts
            .unary(self.stage.plan, variable, self.row, self.stage.stats)
        {
            return false;
        }
        let program = self.stage.program;
        let index = usize::from(variable.0);
        let condition = &program.plan.conditions[index];
        if condition.correlated.is_empty() {
            return true;
        }
        if program.looks_at_match[index] {
            return self.correlated(variable, bound);
        }
        if let Some(known) = self.facts.whole(variable) {
            return known;
        }
        let holds = self.correlated(variable, bound);
        self.facts.learn_whole(variable, holds);
        holds
    }

    /// Whether the row meets what a variable's condition asks of the row alone (and its neighbours, if that is all).
    pub fn may_meet(&mut self, variable: VarId) -> bool {
        let program = self.stage.program;
        if program.looks_at_match[usize::from(variable.0)] {
            self.facts
                .unary(self.stage.plan, variable, self.row, self.stage.stats)
        } else {
            self.meets(variable, None)
        }
    }

    /// Whether the row meets a variable's condition, which looks at the row and its neighbours alone.
    pub fn meets_here(&mut self, variable: VarId) -> bool {
        let program = self.stage.program;
        let condition = &program.plan.conditions[usize::from(variable.0)];
        let unary = condition.unary.is_empty()
            || self
                .facts
                .unary(self.stage.plan, variable, self.row, self.stage.stats);
        unary && (condition.correlated.is_empty() || self.correlated(variable, None))
    }

    fn correlated(&mut self, variable: VarId, bound: Option<&Node>) -> bool {
        let program = self.stage.program;
        if let Some(comparisons) = &program.comparisons[usize::from(variable.0)] {
            return comparisons.iter().all(|comparison| {
                self.stage.stats.evaluations += 1;
                comparison.holds(self.row, self.position, self.history)
            });
        }
        let attempt = self.attempt(variable, bound);
        all_hold(&attempt, self.stage.stats)
    }

    /// Whether the row is one that must be absent, for a thread whose last event is `bound`.
    pub fn is_absent(&mut self, absent: &[Absent], start: Start, bound: Option<&Node>) -> bool {
        if absent.is_empty() {
            return false;
        }
        let base = bound.map_or(start.time, |node| node.row.time());
        let since = self.row.time().saturating_sub(base);
        absent.iter().any(|absent| {
            is_far(since, absent)
                && absent.max.is_none_or(|max| since <= max)
                && self.meets(absent.variable, bound)
        })
    }

    /// Whether the row is one that a tail forbids. Without a bound of its own an absence lasts as long as WITHIN.
    pub fn breaks_tail(&mut self, accept: &Accept, start: Start, bound: Option<&Node>) -> bool {
        let base = bound.map_or(start.time, |node| node.row.time());
        let since = self.row.time().saturating_sub(base);
        accept.absent.iter().any(|absent| {
            let counts = match absent.max {
                Some(max) => since <= max,
                None => self.is_within(start),
            };
            is_far(since, absent) && counts && self.meets(absent.variable, bound)
        })
    }

    /// Whether the row is not too late for a match that began there.
    pub fn is_within(&self, start: Start) -> bool {
        match self.stage.program.plan.within {
            None => true,
            Some(Within::Time(within)) => self.row.time().saturating_sub(start.time) <= within,
            Some(Within::Events(count)) => self.position.saturating_sub(start.position) < count,
        }
    }

    /// Whether the row is as far from the last event as a step asks, and within the match's limits.
    pub fn in_bounds(&self, bind: &Bind, start: Start, bound: &Node) -> bool {
        let since = self.row.time().saturating_sub(bound.row.time());
        since >= bind.min && bind.max.is_none_or(|max| since <= max) && self.is_within(start)
    }

    /// Whether the row may be one of these variables.
    pub fn concerns(&mut self, interest: Interest) -> bool {
        self.facts
            .any(self.stage.plan, interest, self.row, self.stage.stats)
    }

    /// Whether the row is to be remembered as one that must not come before a first event.
    pub fn is_noted(&mut self, leading: &Leading) -> bool {
        self.may_meet(leading.variable)
    }

    /// Binds the row.
    pub fn bind(&mut self, bind: &Bind, parent: Option<&Arc<Node>>) -> Arc<Node> {
        self.stage.stats.bindings += 1;
        let candidate = Candidate {
            row: self.row,
            position: self.position,
            variable: bind.variable,
            excluded: bind.excluded,
        };
        Node::new(self.stage.program, self.history, parent, &candidate)
    }

    /// Binds the row as the first of a match, if it may be.
    pub fn begin(&mut self, bind: &Bind) -> Option<Arc<Node>> {
        if bind.first_row && self.position != 0 || !self.meets(bind.variable, None) {
            return None;
        }
        let node = self.bind(bind, None);
        let free = bind
            .absent
            .iter()
            .all(|absent| !self.came_before(absent, &node));
        free.then_some(node)
    }

    /// Whether an event that must be absent came before the first event.
    fn came_before(&mut self, absent: &Absent, first: &Node) -> bool {
        let past = self
            .past
            .iter()
            .find(|past| past.variable() == absent.variable);
        past.is_some_and(|past| {
            past.has(
                absent,
                first,
                self.stage.program,
                self.history,
                self.stage.stats,
            )
        })
    }
}

/// Whether an event is not too near for an absence.
fn is_far(since: i64, absent: &Absent) -> bool {
    absent.min <= 0 || since >= absent.min
}

/// Whether the conjuncts that are not over the row alone hold. An error is counted, and does not hold.
pub(crate) fn all_hold(attempt: &Attempt<'_>, stats: &mut QueryStats) -> bool {
    let condition = &attempt.program.plan.conditions[usize::from(attempt.variable.0)];
    condition.correlated.iter().all(|expr| {
        stats.evaluations += 1;
        is_true(expr, attempt).unwrap_or_else(|error| {
            stats.error(&error, attempt.row);
            false
        })
    })
}

impl Stage<'_> {
    /// Whether no more partial match may be made where so many are open. Under `drop_oldest` any may: room is made afterwards.
    #[inline]
    pub fn is_shed(&mut self, open: u64) -> bool {
        open >= self.room.most && self.room.sheds(self.stats)
    }

    /// Until when a thread may wait for an event at a step, µs; `i64::MAX`: for ever.
    pub fn bind_deadline(&self, bind: &Bind, start: Start, last: i64) -> i64 {
        if !self.program.by_time {
            return i64::MAX;
        }
        let by_arrow = bind.max.map_or(i64::MAX, |max| last.saturating_add(max));
        let by_within = match self.program.plan.within {
            Some(Within::Time(within)) => start.time.saturating_add(within),
            _ => i64::MAX,
        };
        by_arrow.min(by_within)
    }

    /// When a tail is decided: by time (`i64::MAX`: no time to wait for), and by the position of a row (0: none).
    pub fn tail_deadline(&self, accept: &Accept, start: Start, last: i64) -> (i64, u64) {
        let mut time = None;
        let mut position = 0;
        for absent in &accept.absent {
            let by_time = match (absent.max, self.program.plan.within) {
                (Some(max), _) => Some(last.saturating_add(max)),
                (None, Some(Within::Time(within))) => Some(start.time.saturating_add(within)),
                (None, Some(Within::Events(count))) => {
                    position = start
                        .position
                        .saturating_add(count)
                        .saturating_sub(1)
                        .max(position);
                    None
                }
                // Refused at CREATE: only the end of the input could decide it.
                (None, None) => {
                    position = u64::MAX;
                    None
                }
            };
            time = time.max(by_time);
        }
        if !self.program.by_time && time.is_some() {
            // Rows do not come in the order of time: only the end decides.
            return (i64::MAX, u64::MAX);
        }
        // A deadline at the end of time never passes but by the end of the input.
        (time.unwrap_or(i64::MAX), position)
    }

    /// Whether no further event fits into `WITHIN n EVENTS` after the row at a position.
    pub fn is_full(&self, start: Start, position: u64) -> bool {
        match self.program.plan.within {
            Some(Within::Events(count)) => {
                position.saturating_add(1).saturating_sub(start.position) >= count
            }
            _ => false,
        }
    }
}

impl Room {
    /// At the limit: whether the newest is shed, which is counted; or the query is to stop.
    #[cold]
    pub fn sheds(&self, stats: &mut QueryStats) -> bool {
        match (self.policy, self.bytes) {
            (Overflow::DropOldest, _) => return false,
            (Overflow::DropNewest, _) => stats.shed += 1,
            (Overflow::Fail, Some(bytes)) => stats.fail(Limit::Memory, bytes),
            (Overflow::Fail, None) => stats.fail(Limit::PartialMatches, self.most),
        }
        true
    }
}
