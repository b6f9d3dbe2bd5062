//! The border between expressions and rows: an expression is evaluated against anything that implements `EvalContext`.

use portent_grammar::Value;

use super::{Aggregate, MatchInfo, Navigate, RowRef};

/// Why an expression has no value for this event (overflow, division by zero, a cast that doesn't fit). The event's condition
/// is then not met, and the query's error counter rises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalError {
    /// One sentence in plain words.
    pub message: String,
}

/// Where an expression finds the row at hand and, in a pattern, the match so far.
pub trait EvalContext {
    /// A column of the row at hand.
    fn column(&self, slot: usize) -> &Value;
    /// The input by which the row at hand came.
    fn input(&self) -> u16;
    /// `navigate.argument` at the row that `navigate.row` finds; NULL where there is none.
    fn navigate(&self, navigate: &Navigate) -> Result<Value, EvalError>;
    /// An aggregate over the match.
    fn aggregate(&self, aggregate: &Aggregate) -> Result<Value, EvalError>;
    /// The name of the variable to which the row that `row` finds is bound.
    fn classifier(&self, row: &RowRef) -> Value;
    /// Facts about the match.
    fn match_info(&self, info: MatchInfo) -> Value;
    /// Component `n` of the key of the match's first bound event.
    fn match_key(&self, n: u16) -> Result<Value, EvalError>;
}
