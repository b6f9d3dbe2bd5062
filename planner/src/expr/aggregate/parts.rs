//! An aggregate's state taken apart, so that it can be kept elsewhere and put together again.

use ecow::EcoString;
use portent_grammar::Value;
use portent_grammar::value::Interval;
use rust_decimal::Decimal;

use super::{Accumulator, Aggregate, Compensated, Moments, State, Sum};
use crate::expr::EvalError;

/// The state of an [`Accumulator`], part by part. Put together again it goes on exactly as it would have.
#[derive(Clone, Debug, PartialEq)]
pub enum AccumulatorParts {
    /// COUNT.
    Count(i64),
    /// The value so far: SUM, MIN, MAX, LAST, BOOL_AND, BOOL_OR; FIRST without a row.
    One(Value),
    /// FIRST, once it has a row.
    Done(Value),
    /// SUM and AVG.
    Average {
        /// How many values there were.
        count: u64,
        /// Their sum.
        sum: SumParts,
    },
    /// Variances, after Welford.
    Moments {
        /// How many values there were.
        count: u64,
        /// Their mean.
        mean: f64,
        /// The sum of the squared distances from it.
        squares: f64,
    },
    /// ARRAY_AGG.
    Array(Vec<Value>),
    /// STRING_AGG.
    Text(Option<EcoString>),
    /// A program's own.
    Own(Vec<Value>),
    /// It has no value any more: why.
    Failed(String),
}

/// A sum so far.
#[derive(Clone, Debug, PartialEq)]
pub enum SumParts {
    /// Of nothing.
    None,
    /// Of BIGINTs.
    Int(i128),
    /// Of DOUBLEs.
    Float {
        /// As it was added up.
        sum: f64,
        /// What rounding lost on the way.
        lost: f64,
    },
    /// Of DECIMALs.
    Decimal(Decimal),
    /// Of INTERVALs.
    Interval(Interval),
}

impl Accumulator {
    /// The values that DISTINCT has seen, in the order of their coming (`None`: it does not ask), and the state. O(the state).
    pub fn parts(&self) -> (Option<Vec<Value>>, AccumulatorParts) {
        let seen = self.seen.as_ref();
        let seen = seen.map(|seen| seen.iter().cloned().collect());
        let parts = match &self.state {
            State::Count(count) => AccumulatorParts::Count(*count),
            State::One(value) => AccumulatorParts::One(value.clone()),
            State::Done(value) => AccumulatorParts::Done(value.clone()),
            State::Average { count, sum } => AccumulatorParts::Average {
                count: *count,
                sum: sum.parts(),
            },
            State::Moments(moments) => AccumulatorParts::Moments {
                count: moments.count,
                mean: moments.mean,
                squares: moments.squares,
            },
            State::Array(values) => AccumulatorParts::Array(values.clone()),
            State::Text(text) => AccumulatorParts::Text(text.clone()),
            State::Own(state) => AccumulatorParts::Own(state.clone()),
            State::Failed(error) => AccumulatorParts::Failed(error.message.clone()),
        };
        (seen, parts)
    }

    /// The accumulator of an aggregate with this state; `None` if it is not one that this aggregate can have.
    pub fn of_parts(
        aggregate: &Aggregate,
        seen: Option<Vec<Value>>,
        parts: AccumulatorParts,
    ) -> Option<Self> {
        let mut made = Self::new(aggregate);
        let state = match parts {
            AccumulatorParts::Count(count) => State::Count(count),
            AccumulatorParts::One(value) => State::One(value),
            AccumulatorParts::Done(value) => State::Done(value),
            AccumulatorParts::Average { count, sum } => State::Average {
                count,
                sum: Sum::of_parts(sum),
            },
            AccumulatorParts::Moments {
                count,
                mean,
                squares,
            } => State::Moments(Moments {
                count,
                mean,
                squares,
            }),
            AccumulatorParts::Array(values) => State::Array(values),
            AccumulatorParts::Text(text) => State::Text(text),
            AccumulatorParts::Own(state) => State::Own(state),
            AccumulatorParts::Failed(message) => State::Failed(EvalError::new(message)),
        };
        let fits = match (&made.state, &state) {
            (_, State::Failed(_)) | (State::One(_), State::Done(_)) => true,
            (new, old) => std::mem::discriminant(new) == std::mem::discriminant(old),
        };
        if !fits || made.seen.is_some() != seen.is_some() {
            return None;
        }
        made.seen = seen.map(|seen| Box::new(seen.into_iter().collect()));
        made.state = state;
        Some(made)
    }
}

impl Sum {
    fn parts(&self) -> SumParts {
        match self {
            Sum::None => SumParts::None,
            Sum::Int(sum) => SumParts::Int(*sum),
            Sum::Float(Compensated { sum, lost }) => SumParts::Float {
                sum: *sum,
                lost: *lost,
            },
            Sum::Decimal(sum) => SumParts::Decimal(*sum),
            Sum::Interval(sum) => SumParts::Interval(**sum),
        }
    }

    fn of_parts(parts: SumParts) -> Self {
        match parts {
            SumParts::None => Sum::None,
            SumParts::Int(sum) => Sum::Int(sum),
            SumParts::Float { sum, lost } => Sum::Float(Compensated { sum, lost }),
            SumParts::Decimal(sum) => Sum::Decimal(sum),
            SumParts::Interval(sum) => Sum::Interval(std::sync::Arc::new(sum)),
        }
    }
}
