//! `!n` before the first event: what came earlier, as far back as it matters.

use std::collections::VecDeque;

use portent_planner::automaton::Absent;
use portent_planner::compiled::Within;
use portent_planner::expr::VarId;

use crate::event::Row;
use crate::snapshot::{Damage, Reader, Saved, Writer};
use crate::stats::QueryStats;

use super::attempt::Attempt;
use super::bindings::Node;
use super::history::History;
use super::program::{Leading, Program};
use super::scene::all_hold;

/// The earlier events that may be one absent variable.
pub(crate) struct Past {
    variable: VarId,
    reach: Option<i64>,
    rows: Option<u64>,
    last_only: bool,
    events: VecDeque<(Row, u64)>,
}

impl Past {
    pub fn new(leading: &Leading) -> Self {
        Self {
            variable: leading.variable,
            reach: leading.reach,
            rows: leading.rows,
            last_only: leading.last_only,
            events: VecDeque::new(),
        }
    }

    pub fn variable(&self) -> VarId {
        self.variable
    }

    /// Notes an event that met what the variable asks of the row alone (and everything, where that is all).
    pub fn note(&mut self, row: &Row, position: u64) {
        self.forget(row.time(), position);
        if self.last_only {
            self.events.clear();
        }
        self.events.push_back((row.clone(), position));
    }

    /// Forgets what is too long ago at a time and position.
    pub fn forget(&mut self, time: i64, position: u64) {
        while let Some((row, at)) = self.events.front() {
            let by_time = self
                .reach
                .is_none_or(|reach| time.saturating_sub(row.time()) > reach);
            let by_rows = self
                .rows
                .is_none_or(|rows| position.saturating_sub(*at) > rows);
            if !(by_time && by_rows) {
                return;
            }
            self.events.pop_front();
        }
    }

    /// Writes the events that are remembered.
    pub fn save(&self, w: &mut Writer) {
        w.length(self.events.len());
        for (row, position) in &self.events {
            row.save(w);
            w.u64(*position);
        }
    }

    /// Reads the events of the same variable.
    pub fn load(&mut self, r: &mut Reader<'_>) -> Result<(), Damage> {
        for _ in 0..r.length()? {
            let event = (Row::load(r)?, r.count()?);
            self.events.push_back(event);
        }
        Ok(())
    }

    /// Nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The first position that is remembered.
    pub fn first(&self) -> Option<u64> {
        self.events.front().map(|(_, position)| *position)
    }

    /// Whether such an event came before the first event of a match, no further back than an absence says.
    pub fn has(
        &self,
        absent: &Absent,
        first: &Node,
        program: &Program,
        history: &History,
        stats: &mut QueryStats,
    ) -> bool {
        let (reach, rows) = match (absent.max, program.plan.within) {
            (Some(max), _) => (max, u64::MAX),
            (None, Some(Within::Time(within))) => (within, u64::MAX),
            (None, Some(Within::Events(count))) => (i64::MAX, count.saturating_sub(1)),
            (None, None) => (i64::MAX, u64::MAX),
        };
        let depends = program.looks_at_match[usize::from(self.variable.0)];
        // The nearest first: it is the likeliest.
        self.events.iter().rev().any(|(row, position)| {
            let ago = first.row.time().saturating_sub(row.time());
            let near = absent.min > 0 && ago < absent.min;
            if near || ago > reach || first.position.saturating_sub(*position) > rows {
                return false;
            }
            // Where the condition looks at the row alone, it was tested when the event came.
            if !depends {
                return true;
            }
            let variable = self.variable;
            all_hold(
                &Attempt {
                    program,
                    history,
                    row,
                    position: *position,
                    variable,
                    bound: Some(first),
                },
                stats,
            )
        })
    }
}
