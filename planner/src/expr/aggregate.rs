//! Aggregates: their types, and how they are computed.

mod own;

use std::sync::Arc;

use ecow::EcoString;
use indexmap::IndexSet;
use portent_grammar::codes::types as codes;
use portent_grammar::{Diagnostic, Interval, Span, Type, Value};
use rust_decimal::Decimal;
use rustc_hash::FxBuildHasher;

mod parts;

use super::arithmetic::{arithmetic, divide};
pub use own::{Finish, OwnAggregate, Step};

use super::types::coerce;
use super::{Aggregate, AggregateFunction, ArithmeticOp, EvalError, Expr};
pub use parts::{AccumulatorParts, SumParts};

/// The aggregate of this name, in any case.
pub fn aggregate_by_name(name: &str) -> Option<AggregateFunction> {
    Some(match name.to_ascii_uppercase().as_str() {
        "COUNT" => AggregateFunction::Count,
        "SUM" => AggregateFunction::Sum,
        "AVG" | "MEAN" => AggregateFunction::Avg,
        "MIN" => AggregateFunction::Min,
        "MAX" => AggregateFunction::Max,
        "STDDEV" | "STDDEV_SAMP" => AggregateFunction::StddevSamp,
        "STDDEV_POP" => AggregateFunction::StddevPop,
        "VARIANCE" | "VAR_SAMP" => AggregateFunction::VarSamp,
        "VAR_POP" => AggregateFunction::VarPop,
        "FIRST_VALUE" => AggregateFunction::First,
        "LAST_VALUE" => AggregateFunction::Last,
        "ARRAY_AGG" => AggregateFunction::ArrayAgg,
        "STRING_AGG" => AggregateFunction::StringAgg,
        "BOOL_AND" | "EVERY" => AggregateFunction::BoolAnd,
        "BOOL_OR" => AggregateFunction::BoolOr,
        _ => return None,
    })
}

/// An error for an aggregate that is known, but not there yet.
pub fn aggregate_not_supported(name: &str, span: Span) -> Option<Diagnostic> {
    let name = name.to_ascii_uppercase();
    let help = match name.as_str() {
        "APPROX_COUNT_DISTINCT" => "COUNT(DISTINCT x) gives the exact number",
        "APPROX_PERCENTILE" | "PERCENTILE_CONT" | "PERCENTILE_DISC" | "MEDIAN" => {
            "AVG, MIN, MAX and STDDEV are there"
        }
        "APPROX_TOP_K" | "MODE" => {
            "GROUP BY x ORDER BY COUNT(*) DESC LIMIT 10 gives the exact answer"
        }
        _ => return None,
    };
    let message = format!("{name} is not supported yet");
    Some(Diagnostic::error(codes::FUNCTION_NOT_SUPPORTED, span, message).help(help))
}

/// Checks and casts the arguments of an aggregate; tells the type of its value. `COUNT` takes none or one.
///
/// # Errors
/// A wrong number or type of arguments.
pub fn aggregate_type(
    function: &AggregateFunction,
    args: Vec<Expr>,
    span: Span,
) -> Result<(Vec<Expr>, Type), Diagnostic> {
    use AggregateFunction as A;
    if let A::Own(own) = function {
        return own_type(own, args, span);
    }
    let name = function.name();
    let wrong = |message: String, help: &str| {
        Err(Diagnostic::error(codes::AGGREGATE_ARGUMENTS, span, message).help(help.to_owned()))
    };
    let mut args = args.into_iter();
    let Some(first) = args.next() else {
        return match function {
            A::Count => Ok((Vec::new(), Type::Int)),
            A::StringAgg => wrong(
                format!("{name} takes a text and a separator"),
                "STRING_AGG(name, ', ')",
            ),
            _ => wrong(
                format!("{name} needs an argument"),
                "only COUNT counts rows: COUNT(*)",
            ),
        };
    };
    let second = args.next();
    if args.next().is_some() || (second.is_some() && *function != A::StringAgg) {
        let help = "to aggregate a computed value, compute it inside: SUM(price * size)";
        return wrong(format!("{name} takes one argument"), help);
    }
    let numeric = |arg: Expr| match &arg.ty {
        ty if ty.is_numeric() || *ty == Type::Null => Ok(arg),
        Type::Json => coerce(arg, &Type::Float),
        ty => {
            let message = format!("{name} adds up numbers, this is {ty}");
            let error = Diagnostic::error(codes::AGGREGATE_ARGUMENTS, arg.span, message);
            Err(match ty {
                Type::Text => error.help("read the text as a number: CAST(… AS DOUBLE)"),
                Type::Bool => error.help("to count what is true: COUNT(*) FILTER (WHERE …)"),
                Type::Interval => error.help("average seconds: AVG(EXTRACT(epoch FROM …))"),
                _ => error,
            })
        }
    };
    let plain_decimal = |ty: &Type| {
        if matches!(ty, Type::Decimal(_)) {
            Type::Decimal(None)
        } else {
            ty.clone()
        }
    };
    match function {
        A::Count => Ok((vec![first], Type::Int)),
        A::Sum if first.ty == Type::Interval => Ok((vec![first], Type::Interval)),
        A::Sum => {
            let arg = numeric(first)?;
            let ty = if arg.ty == Type::Null {
                Type::Int
            } else {
                plain_decimal(&arg.ty)
            };
            Ok((vec![arg], ty))
        }
        A::Avg => {
            let arg = numeric(first)?;
            let ty = if matches!(arg.ty, Type::Decimal(_)) {
                Type::Decimal(None)
            } else {
                Type::Float
            };
            Ok((vec![arg], ty))
        }
        A::StddevSamp | A::StddevPop | A::VarSamp | A::VarPop => {
            Ok((vec![numeric(first)?], Type::Float))
        }
        A::Min | A::Max | A::First | A::Last => {
            let ty = first.ty.clone();
            Ok((vec![first], ty))
        }
        A::ArrayAgg => {
            let ty = Type::array_of(first.ty.clone());
            Ok((vec![first], ty))
        }
        A::StringAgg => {
            let Some(second) = second else {
                return wrong(
                    format!("{name} takes a text and a separator"),
                    "STRING_AGG(name, ', ')",
                );
            };
            let text = |arg: Expr| match arg.ty {
                Type::Text | Type::Null | Type::Json => coerce(arg, &Type::Text),
                _ => {
                    let message = format!("{name} joins texts, this is {}", arg.ty);
                    let error = Diagnostic::error(codes::AGGREGATE_ARGUMENTS, arg.span, message);
                    Err(error.help("cast it: CAST(… AS TEXT)"))
                }
            };
            Ok((vec![text(first)?, text(second)?], Type::Text))
        }
        A::BoolAnd | A::BoolOr => Ok((vec![super::bind::boolean(first)?], Type::Bool)),
        A::Own(own) => own_type(own, std::iter::once(first).chain(second).collect(), span),
    }
}

/// The arguments of a program's own aggregate, cast to what it takes.
fn own_type(
    own: &OwnAggregate,
    args: Vec<Expr>,
    span: Span,
) -> Result<(Vec<Expr>, Type), Diagnostic> {
    let wrong = |message: String, span| {
        Diagnostic::error(codes::AGGREGATE_ARGUMENTS, span, message).help(own.signature())
    };
    if args.len() != own.params.len() {
        let (given, taken) = (args.len(), own.params.len());
        let message = format!(
            "{} takes {taken} arguments, and {given} are given",
            own.name
        );
        return Err(wrong(message, span));
    }
    let cast = |(arg, to): (Expr, &Type)| {
        let (at, from) = (arg.span, arg.ty.clone());
        coerce(arg, to).map_err(|_| wrong(format!("{} can't be called with {from}", own.name), at))
    };
    let args = args.into_iter().zip(&own.params).map(cast);
    Ok((args.collect::<Result<_, _>>()?, own.returns.clone()))
}

/// The state of one aggregate over the rows seen so far. NULLs are passed over, except by ARRAY_AGG, FIRST and LAST.
#[derive(Clone, Debug)]
pub struct Accumulator {
    function: AggregateFunction,
    seen: Option<Box<IndexSet<Value, FxBuildHasher>>>,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Count(i64),
    /// The value so far, NULL at first: SUM, MIN, MAX, FIRST, LAST, BOOL_AND, BOOL_OR.
    One(Value),
    /// FIRST, once it has a row (whose value may be NULL).
    Done(Value),
    Average {
        count: u64,
        sum: Sum,
    },
    Moments(Moments),
    Array(Vec<Value>),
    Text(Option<EcoString>),
    /// A program's own.
    Own(Vec<Value>),
    /// It has no value any more.
    Failed(EvalError),
}

/// What many rows at once add to an aggregate.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// How many of them have a value (their filter holds, and it is not NULL).
    pub some: u128,
    /// SUM and AVG of BIGINTs: their sum; `None`: it is out of range.
    pub sum: Option<i128>,
    /// MIN, MAX, BOOL_AND, BOOL_OR: the value over them; NULL if none has one.
    pub best: Value,
}

/// A sum that does not overflow before it must: integers in 128 bits, floats with Neumaier's compensation.
#[derive(Clone, Debug)]
enum Sum {
    None,
    Int(i128),
    Float(Compensated),
    Decimal(Decimal),
    Interval(Arc<Interval>),
}

/// A. Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen" (1974): the error stays that of one
/// rounding, whatever the number of terms.
#[derive(Clone, Copy, Debug, Default)]
struct Compensated {
    sum: f64,
    lost: f64,
}

impl Compensated {
    fn add(&mut self, value: f64) {
        let total = self.sum + value;
        if total.is_finite() {
            self.lost += if self.sum.abs() >= value.abs() {
                (self.sum - total) + value
            } else {
                (value - total) + self.sum
            };
        }
        self.sum = total;
    }

    fn total(&self) -> f64 {
        self.sum + self.lost
    }
}

/// B. P. Welford, "Note on a method for calculating corrected sums of squares and products" (1962).
#[derive(Clone, Copy, Debug, Default)]
struct Moments {
    count: u64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, value: f64) {
        self.count += 1;
        let delta = value - self.mean;
        self.mean += delta / self.count as f64;
        self.squares += delta * (value - self.mean);
    }

    /// The variance; `None` with too few values.
    fn variance(&self, sample: bool) -> Option<f64> {
        let divisor = if sample {
            self.count.checked_sub(1)?
        } else {
            self.count
        };
        (divisor > 0).then(|| self.squares / divisor as f64)
    }
}

impl Accumulator {
    /// The state over no rows.
    pub fn new(aggregate: &Aggregate) -> Self {
        use AggregateFunction as A;
        let state = match &aggregate.function {
            A::Own(own) => State::Own(own.start.clone()),
            A::Count => State::Count(0),
            A::Sum | A::Avg => State::Average {
                count: 0,
                sum: Sum::None,
            },
            A::Min | A::Max | A::First | A::Last | A::BoolAnd | A::BoolOr => {
                State::One(Value::Null)
            }
            A::StddevSamp | A::StddevPop | A::VarSamp | A::VarPop => {
                State::Moments(Moments::default())
            }
            A::ArrayAgg => State::Array(Vec::new()),
            A::StringAgg => State::Text(None),
        };
        let seen = aggregate.distinct.then(Box::default);
        Self {
            function: aggregate.function.clone(),
            seen,
            state,
        }
    }

    /// Adds the same row so many times. O(1) for counts, sums of BIGINTs, averages of them, MIN, MAX, BOOL_AND and BOOL_OR. What can't be
    /// counted any more has no value from then on: [`Self::finish`] says so.
    ///
    /// # Errors
    /// Overflow of a single row.
    pub fn add_times(&mut self, args: &[Value], times: u128) -> Result<(), EvalError> {
        if times == 0 {
            return Ok(());
        }
        if self.seen.is_some() || matches!(self.state, State::One(_) | State::Done(_)) {
            return self.add(args);
        }
        match (&self.state, args.first()) {
            (State::Average { .. } | State::Count(_), Some(Value::Null))
            | (State::Failed(_), _) => Ok(()),
            (State::Count(_), _) => {
                self.add_many(&Summary {
                    some: times,
                    ..Summary::default()
                });
                Ok(())
            }
            (State::Average { .. }, Some(Value::Int(value))) => {
                let sum = i128::try_from(times).ok();
                self.add_many(&Summary {
                    some: times,
                    sum: sum.and_then(|times| times.checked_mul(i128::from(*value))),
                    best: Value::Null,
                });
                Ok(())
            }
            _ => (0..times).try_for_each(|_| self.add(args)),
        }
    }

    /// Adds many rows by what they come to: to COUNT, SUM and AVG of BIGINTs, MIN, MAX, BOOL_AND and BOOL_OR. O(1). What can't be counted
    /// any more has no value from then on: [`Self::finish`] says so.
    pub fn add_many(&mut self, summary: &Summary) {
        use AggregateFunction as A;
        if summary.some == 0 {
            return;
        }
        let failed = match &mut self.state {
            State::Count(count) => {
                let more = i64::try_from(summary.some).ok();
                match more.and_then(|more| count.checked_add(more)) {
                    Some(total) => {
                        *count = total;
                        return;
                    }
                    None => "the count is out of range for BIGINT",
                }
            }
            State::Average { count, sum } => {
                let known = match sum {
                    Sum::Int(known) => *known,
                    _ => 0,
                };
                let total = summary.sum.and_then(|more| known.checked_add(more));
                let many = u64::try_from(summary.some).ok();
                let many = many.and_then(|more| count.checked_add(more));
                match (total, many) {
                    (Some(total), Some(many)) => {
                        (*sum, *count) = (Sum::Int(total), many);
                        return;
                    }
                    // A sum asks for no number.
                    (Some(total), None) if self.function == A::Sum => {
                        *sum = Sum::Int(total);
                        return;
                    }
                    (None, _) => "the sum is out of range for BIGINT",
                    (_, None) => "the average is of more values than can be counted",
                }
            }
            State::One(_) => {
                // None of these functions fails.
                let _ = self.add(std::slice::from_ref(&summary.best));
                return;
            }
            _ => return,
        };
        self.state = State::Failed(EvalError::new(failed));
    }

    /// Adds a row by the values of the arguments; none for `COUNT(*)`. O(1), but for a DECIMAL's or text's own length.
    ///
    /// # Errors
    /// Overflow.
    pub fn add(&mut self, args: &[Value]) -> Result<(), EvalError> {
        use AggregateFunction as A;
        let value = match args.first() {
            None => {
                if let State::Count(count) = &mut self.state {
                    *count += 1;
                }
                return Ok(());
            }
            Some(value) => value,
        };
        if value.is_null() && !matches!(self.function, A::ArrayAgg | A::First | A::Last | A::Own(_))
        {
            return Ok(());
        }
        if let Some(seen) = &mut self.seen
            && !seen.insert(value.clone())
        {
            return Ok(());
        }
        match &mut self.state {
            State::Count(count) => *count += 1,
            State::Own(state) => {
                if let A::Own(own) = &self.function {
                    own.step(state, args)?;
                }
            }
            State::Average { count, sum } => {
                sum.add(value)?;
                *count += 1;
            }
            State::Moments(moments) => {
                if let Some(value) = value.as_f64() {
                    moments.add(value);
                }
            }
            State::Array(values) => values.push(value.clone()),
            State::Text(text) => {
                if let Some(more) = value.as_str() {
                    match text {
                        None => *text = Some(more.into()),
                        Some(text) => {
                            text.push_str(args.get(1).and_then(Value::as_str).unwrap_or_default());
                            text.push_str(more);
                        }
                    }
                }
            }
            State::Done(_) | State::Failed(_) => {}
            State::One(best) => match &self.function {
                A::First => self.state = State::Done(value.clone()),
                A::Last => *best = value.clone(),
                A::Min if best.is_null() || value < best => *best = value.clone(),
                A::Max if best.is_null() || value > best => *best = value.clone(),
                A::BoolAnd | A::BoolOr => {
                    let (old, new) = (best.as_bool(), value.as_bool());
                    let joined = match &self.function {
                        A::BoolAnd => old.unwrap_or(true) && new.unwrap_or(true),
                        _ => old.unwrap_or(false) || new.unwrap_or(false),
                    };
                    *best = Value::Bool(joined);
                }
                _ => {}
            },
        }
        Ok(())
    }

    /// The aggregate over the rows added so far: NULL over none, but 0 for COUNT.
    ///
    /// # Errors
    /// Overflow.
    pub fn finish(&self) -> Result<Value, EvalError> {
        use AggregateFunction as A;
        Ok(match &self.state {
            State::Count(count) => Value::Int(*count),
            State::Own(state) => match &self.function {
                A::Own(own) => own.finish(state)?,
                _ => Value::Null,
            },
            State::One(value) | State::Done(value) => value.clone(),
            State::Average { count, sum } if self.function == A::Avg => sum.average(*count)?,
            State::Average { sum, .. } => sum.finish()?,
            State::Moments(moments) => {
                let sample = matches!(self.function, A::StddevSamp | A::VarSamp);
                let root = matches!(self.function, A::StddevSamp | A::StddevPop);
                let variance = moments.variance(sample);
                variance
                    .map(|variance| if root { variance.sqrt() } else { variance })
                    .into()
            }
            State::Array(values) if values.is_empty() => Value::Null,
            State::Array(values) => Value::Array(values.clone().into()),
            State::Text(text) => text.clone().map_or(Value::Null, Value::Text),
            State::Failed(error) => return Err(error.clone()),
        })
    }
}

impl Sum {
    fn add(&mut self, value: &Value) -> Result<(), EvalError> {
        let overflow = || EvalError::new("the sum is out of range");
        *self = match (&mut *self, value) {
            (Sum::Int(sum), Value::Int(int)) => {
                Sum::Int(sum.checked_add(i128::from(*int)).ok_or_else(overflow)?)
            }
            (Sum::Float(sum), Value::Float(float)) => {
                sum.add(*float);
                return Ok(());
            }
            (Sum::Decimal(sum), Value::Decimal(decimal)) => {
                Sum::Decimal(sum.checked_add(*decimal).ok_or_else(overflow)?)
            }
            (Sum::Interval(sum), Value::Interval(interval)) => {
                Sum::Interval(Arc::new(sum.checked_add(interval).ok_or_else(overflow)?))
            }
            (Sum::None, Value::Int(int)) => Sum::Int(i128::from(*int)),
            (Sum::None, Value::Float(float)) => Sum::Float(Compensated {
                sum: *float,
                lost: 0.0,
            }),
            (Sum::None, Value::Decimal(decimal)) => Sum::Decimal(*decimal),
            (Sum::None, Value::Interval(interval)) => Sum::Interval(interval.clone()),
            // Values of mixed types can only come from a row that does not follow its schema.
            (sum, value) => {
                let total = arithmetic(ArithmeticOp::Add, &sum.finish()?, value)?;
                let mut mixed = Sum::None;
                mixed.add_first(total);
                mixed
            }
        };
        Ok(())
    }

    fn add_first(&mut self, value: Value) {
        *self = match value {
            Value::Int(int) => Sum::Int(i128::from(int)),
            Value::Float(sum) => Sum::Float(Compensated { sum, lost: 0.0 }),
            Value::Decimal(decimal) => Sum::Decimal(decimal),
            Value::Interval(interval) => Sum::Interval(interval),
            _ => Sum::None,
        };
    }

    fn finish(&self) -> Result<Value, EvalError> {
        Ok(match self {
            Sum::None => Value::Null,
            Sum::Int(sum) => match i64::try_from(*sum) {
                Ok(sum) => Value::Int(sum),
                Err(_) => {
                    return Err(EvalError::new(format!(
                        "the sum {sum} is out of range for BIGINT"
                    )));
                }
            },
            Sum::Float(sum) => Value::Float(sum.total()),
            Sum::Decimal(sum) => Value::Decimal(*sum),
            Sum::Interval(sum) => Value::Interval(sum.clone()),
        })
    }

    fn average(&self, count: u64) -> Result<Value, EvalError> {
        if count == 0 {
            return Ok(Value::Null);
        }
        Ok(match self {
            Sum::Int(sum) => Value::Float(divide_int(*sum, count)),
            Sum::Float(sum) => Value::Float(sum.total() / count as f64),
            Sum::Decimal(sum) => {
                let average = divide(*sum, Decimal::from(count));
                Value::Decimal(
                    average.ok_or_else(|| EvalError::new("the average is out of range"))?,
                )
            }
            _ => Value::Null,
        })
    }
}

/// The whole part apart from the rest, so that large sums lose nothing.
fn divide_int(sum: i128, count: u64) -> f64 {
    let divisor = i128::from(count);
    if sum.unsigned_abs() < 1 << 53 {
        return sum as f64 / count as f64;
    }
    (sum / divisor) as f64 + (sum % divisor) as f64 / count as f64
}

#[cfg(test)]
mod tests;
