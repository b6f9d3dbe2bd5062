//! What the outputs of a match see.

use std::cell::RefCell;

use portent_grammar::{Interval, Value};
use portent_planner::expr::{
    Accumulator, Aggregate, EvalContext, EvalError, LogicalEnd, MatchInfo, Navigate, RowRef, eval,
};
use serde_json::{Map, Value as Json};

use crate::context::At;
use crate::event::{NULL, Row};
use crate::group_by::accumulate;
use crate::id::MatchId;

use super::attempt::key_component;
use super::bindings::among;
use super::history::History;
use super::program::{Program, address};
use super::report::Bound;

/// A match, at one of its rows (ALL ROWS PER MATCH) or as a whole.
pub(crate) struct Complete<'a> {
    pub program: &'a Program,
    pub history: &'a History,
    /// Everything that is bound, in order.
    pub bound: &'a [Bound<'a>],
    /// How many of `bound` RUNNING sees.
    pub upto: usize,
    /// The row whose columns are the plain columns.
    pub here: Option<&'a Row>,
    pub facts: &'a MatchFacts,
    /// Running aggregates so far: each row of the match adds to them.
    pub running: &'a RefCell<Vec<Running>>,
}

/// What is told of a match as a whole.
pub(crate) struct MatchFacts {
    pub id: MatchId,
    /// 0: none
    pub number: u64,
    pub time: i64,
    pub timed_out: bool,
}

/// An aggregate over the first `upto` events bound.
pub(crate) struct Running {
    aggregate: usize,
    upto: usize,
    state: Result<Accumulator, EvalError>,
}

struct Found<'a> {
    row: &'a Row,
    variable: &'a Value,
}

impl<'a> Complete<'a> {
    fn visible(&self, running: bool) -> &'a [Bound<'a>] {
        if running {
            self.bound.get(..self.upto).unwrap_or(self.bound)
        } else {
            self.bound
        }
    }

    fn find(&self, row: &RowRef) -> Option<Found<'a>> {
        let visible = self.visible(row.running);
        let offset = row.offset as usize;
        let node = match (&row.variables, row.end) {
            (None, LogicalEnd::First) => visible.get(offset)?,
            (None, LogicalEnd::Last) => visible.get(visible.len().checked_sub(offset + 1)?)?,
            (variables, LogicalEnd::First) => visible
                .iter()
                .filter(|node| among(variables, node.variable))
                .nth(offset)?,
            (variables, LogicalEnd::Last) => visible
                .iter()
                .rev()
                .filter(|node| among(variables, node.variable))
                .nth(offset)?,
        };
        if row.physical == 0 {
            return Some(Found {
                row: node.row,
                variable: self.program.name(node.variable),
            });
        }
        let near = self.history.near(node.position, row.physical)?;
        let position = node.position.checked_add_signed(i64::from(row.physical))?;
        let bound = self
            .bound
            .binary_search_by(|node| node.position.cmp(&position));
        let variable = match bound {
            Ok(index) => self.program.name(self.bound[index].variable),
            Err(_) => &NULL,
        };
        Some(Found {
            row: near,
            variable,
        })
    }

    /// `MATCH_EVENTS()`
    fn events(&self) -> Json {
        let events = self.bound.iter().map(|node| {
            let mut event = Map::new();
            event.insert(
                "variable".into(),
                self.program.name(node.variable).to_json(),
            );
            let input = self.program.inputs.get(usize::from(node.row.input));
            event.insert(
                "stream".into(),
                input.map_or(Json::Null, |input| Json::String(input.stream.clone())),
            );
            for (slot, column) in self.program.layout.iter().enumerate() {
                let fills = input
                    .and_then(|input| input.fills.as_ref())
                    .is_none_or(|fills| fills.get(slot).copied().unwrap_or(true));
                if fills {
                    event.insert(column.name.clone(), node.row.column(slot).to_json());
                }
            }
            Json::Object(event)
        });
        Json::Array(events.collect())
    }

    /// Adds what is bound from one place on to an aggregate.
    fn add(
        &self,
        state: &mut Result<Accumulator, EvalError>,
        aggregate: &Aggregate,
        nodes: &[Bound<'_>],
    ) {
        for node in nodes {
            if let Ok(accumulator) = state
                && among(&aggregate.variables, node.variable)
            {
                let variable = self.program.name(node.variable);
                let at = At {
                    outer: self,
                    row: node.row,
                    variable,
                };
                if let Err(error) = accumulate(accumulator, aggregate, &at) {
                    *state = Err(error);
                }
            }
        }
    }
}

impl EvalContext for Complete<'_> {
    fn column(&self, slot: usize) -> &Value {
        self.here.map_or(&NULL, |row| row.column(slot))
    }

    fn input(&self) -> u16 {
        self.here.map_or(0, |row| row.input)
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

    fn aggregate(&self, aggregate: &Aggregate) -> Result<Value, EvalError> {
        let visible = self.visible(aggregate.running);
        let key = address(aggregate);
        let taken = {
            let mut running = self.running.borrow_mut();
            let known = running.iter().position(|known| known.aggregate == key);
            known.map(|index| running.swap_remove(index))
        };
        let mut running = taken.unwrap_or_else(|| Running {
            aggregate: key,
            upto: 0,
            state: Ok(Accumulator::new(aggregate)),
        });
        self.add(
            &mut running.state,
            aggregate,
            visible.get(running.upto..).unwrap_or_default(),
        );
        running.upto = running.upto.max(visible.len());
        let value = match &running.state {
            Ok(accumulator) => accumulator.clone().finish(),
            Err(error) => Err(error.clone()),
        };
        self.running.borrow_mut().push(running);
        value
    }

    fn classifier(&self, row: &RowRef) -> Value {
        self.find(row)
            .map_or(Value::Null, |found| found.variable.clone())
    }

    fn match_info(&self, info: MatchInfo) -> Value {
        let first = self.bound.first().map(|node| node.row.time());
        let last = self.bound.last().map(|node| node.row.time());
        match info {
            MatchInfo::Number if self.facts.number == 0 => Value::Null,
            MatchInfo::Number => Value::Int(i64::try_from(self.facts.number).unwrap_or(i64::MAX)),
            MatchInfo::Id => Value::text(self.facts.id.to_string()),
            MatchInfo::Start => first.map_or(Value::Null, Value::Timestamp),
            MatchInfo::End => last.map_or(Value::Null, Value::Timestamp),
            MatchInfo::Duration => match (first, last) {
                (Some(first), Some(last)) => {
                    let micros = last.saturating_sub(first);
                    Value::interval(Interval {
                        months: 0,
                        days: 0,
                        micros,
                    })
                }
                _ => Value::Null,
            },
            MatchInfo::Events => Value::json(self.events()),
            MatchInfo::Time => Value::Timestamp(self.facts.time),
            MatchInfo::TimedOut => Value::Bool(self.facts.timed_out),
            MatchInfo::Suppressed => Value::Int(0),
        }
    }

    fn match_key(&self, n: u16) -> Result<Value, EvalError> {
        match self.bound.first() {
            Some(first) => key_component(self.program, first.variable, first.row, n),
            None => Ok(Value::Null),
        }
    }
}

/// A row in no match: its columns, and NULL for everything else.
pub(crate) struct Unmatched<'a>(pub &'a Row);

impl EvalContext for Unmatched<'_> {
    fn column(&self, slot: usize) -> &Value {
        self.0.column(slot)
    }

    fn input(&self) -> u16 {
        self.0.input
    }

    fn navigate(&self, _: &Navigate) -> Result<Value, EvalError> {
        Ok(Value::Null)
    }

    fn aggregate(&self, _: &Aggregate) -> Result<Value, EvalError> {
        Ok(Value::Null)
    }

    fn classifier(&self, _: &RowRef) -> Value {
        Value::Null
    }

    fn match_info(&self, _: MatchInfo) -> Value {
        Value::Null
    }

    fn match_key(&self, _: u16) -> Result<Value, EvalError> {
        Ok(Value::Null)
    }
}
