//! Where expressions find their values: plain rows, and rows that a navigation or an aggregate visits.

use portent_grammar::Value;
use portent_planner::expr::{Aggregate, LogicalEnd, MatchInfo, Navigate, RowRef};
use portent_planner::expr::{EvalContext, EvalError};

use crate::event::{NULL, Row};

/// A row by itself: of a query without a pattern, of a group, of the input of a predicate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OneRow<'a> {
    pub values: &'a [Value],
    pub input: u16,
    pub time: i64,
}

impl<'a> OneRow<'a> {
    pub fn new(row: &'a Row) -> Self {
        Self {
            values: &row.event.values,
            input: row.input,
            time: row.event.time,
        }
    }
}

impl EvalContext for OneRow<'_> {
    #[inline]
    fn column(&self, slot: usize) -> &Value {
        self.values.get(slot).unwrap_or(&NULL)
    }

    fn input(&self) -> u16 {
        self.input
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

    fn match_info(&self, info: MatchInfo) -> Value {
        match info {
            MatchInfo::Time | MatchInfo::Start | MatchInfo::End => Value::Timestamp(self.time),
            _ => Value::Null,
        }
    }

    fn match_key(&self, _: u16) -> Result<Value, EvalError> {
        Ok(Value::Null)
    }
}

/// A row that a navigation or an aggregate visits: columns are this row's, all else is the surrounding match's.
#[derive(Clone, Copy)]
pub(crate) struct At<'a, C: ?Sized> {
    pub outer: &'a C,
    pub row: &'a Row,
    /// The name of the variable it is bound to, or NULL.
    pub variable: &'a Value,
}

/// Whether a reference means the row at hand: the last of all rows up to here.
fn is_here(row: &RowRef) -> bool {
    row.variables.is_none() && row.end == LogicalEnd::Last && row.offset == 0 && row.physical == 0
}

impl<C: EvalContext + ?Sized> EvalContext for At<'_, C> {
    #[inline]
    fn column(&self, slot: usize) -> &Value {
        self.row.column(slot)
    }

    fn input(&self) -> u16 {
        self.row.input
    }

    fn navigate(&self, navigate: &Navigate) -> Result<Value, EvalError> {
        self.outer.navigate(navigate)
    }

    fn aggregate(&self, aggregate: &Aggregate) -> Result<Value, EvalError> {
        self.outer.aggregate(aggregate)
    }

    fn classifier(&self, row: &RowRef) -> Value {
        if is_here(row) {
            self.variable.clone()
        } else {
            self.outer.classifier(row)
        }
    }

    fn match_info(&self, info: MatchInfo) -> Value {
        self.outer.match_info(info)
    }

    fn match_key(&self, n: u16) -> Result<Value, EvalError> {
        self.outer.match_key(n)
    }

    fn peek(&self, navigate: &Navigate) -> Option<&Value> {
        self.outer.peek(navigate)
    }
}

/// Adds the answer to `SUPPRESSED()`.
pub(crate) struct WithSuppressed<'a, C: ?Sized> {
    pub outer: &'a C,
    pub suppressed: u64,
}

impl<C: EvalContext + ?Sized> EvalContext for WithSuppressed<'_, C> {
    fn column(&self, slot: usize) -> &Value {
        self.outer.column(slot)
    }

    fn input(&self) -> u16 {
        self.outer.input()
    }

    fn navigate(&self, navigate: &Navigate) -> Result<Value, EvalError> {
        self.outer.navigate(navigate)
    }

    fn aggregate(&self, aggregate: &Aggregate) -> Result<Value, EvalError> {
        self.outer.aggregate(aggregate)
    }

    fn classifier(&self, row: &RowRef) -> Value {
        self.outer.classifier(row)
    }

    fn match_info(&self, info: MatchInfo) -> Value {
        match info {
            MatchInfo::Suppressed => Value::Int(i64::try_from(self.suppressed).unwrap_or(i64::MAX)),
            info => self.outer.match_info(info),
        }
    }

    fn match_key(&self, n: u16) -> Result<Value, EvalError> {
        self.outer.match_key(n)
    }

    fn peek(&self, navigate: &Navigate) -> Option<&Value> {
        self.outer.peek(navigate)
    }
}
