//! The border between expressions and rows: an expression is evaluated against anything that implements `EvalContext`.
//!
//! Columns and constants are borrowed, never cloned; comparisons, AND, OR and arithmetic on numbers allocate nothing.

use std::borrow::Cow;

use portent_grammar::value::cast;
use portent_grammar::{Type, Value};

use super::arithmetic::{Number, arithmetic, negate};
use super::compare::{compare, same_value};
use super::path::{Found, follow};
use super::{Aggregate, ArithmeticOp, CompareOp, Expr, ExprKind, MatchInfo, Navigate, RowRef};
use crate::functions::Function;

/// Why an expression has no value for this event (overflow, division by zero, a cast that doesn't fit). The event's condition
/// is then not met, and the query's error counter rises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalError {
    /// One sentence in plain words.
    pub message: String,
}

impl EvalError {
    /// An error with this sentence.
    #[cold]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

impl From<String> for EvalError {
    fn from(message: String) -> Self {
        Self { message }
    }
}

impl std::fmt::Display for EvalError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for EvalError {}

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

    /// What `navigate` finds, where it stands in a row as it is (the argument is a plain column), so that it can be borrowed.
    /// `None`: it is to be computed by [`Self::navigate`].
    fn peek(&self, _navigate: &Navigate) -> Option<&Value> {
        None
    }
}

/// A plain row outside of any match: a slot past its end is NULL, navigation and aggregates are errors.
#[derive(Clone, Copy, Debug, Default)]
pub struct RowContext<'a> {
    /// The columns.
    pub values: &'a [Value],
    /// The input by which it came.
    pub input: u16,
}

const NULL: Value = Value::Null;

impl EvalContext for RowContext<'_> {
    fn column(&self, slot: usize) -> &Value {
        self.values.get(slot).unwrap_or(&NULL)
    }

    fn input(&self) -> u16 {
        self.input
    }

    fn navigate(&self, _: &Navigate) -> Result<Value, EvalError> {
        Err(EvalError::new(
            "FIRST, LAST, PREV and NEXT need a match to look at",
        ))
    }

    fn aggregate(&self, _: &Aggregate) -> Result<Value, EvalError> {
        Err(EvalError::new("an aggregate needs rows to look at"))
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

/// The value of an expression.
///
/// # Errors
/// Overflow, division by zero, a cast that doesn't fit, and what the functions refuse. Never panics.
pub fn eval<C: EvalContext + ?Sized>(expr: &Expr, cx: &C) -> Result<Value, EvalError> {
    evaluate(expr, cx).map(Cow::into_owned)
}

/// Whether a condition is TRUE: neither FALSE nor unknown.
///
/// # Errors
/// As [`eval`].
pub fn is_true<C: EvalContext + ?Sized>(expr: &Expr, cx: &C) -> Result<bool, EvalError> {
    truth(expr, cx).map(|truth| truth == Some(true))
}

/// The value of a boolean expression, `None` for unknown.
///
/// # Errors
/// As [`eval`].
pub fn truth<C: EvalContext + ?Sized>(expr: &Expr, cx: &C) -> Result<Option<bool>, EvalError> {
    match &expr.kind {
        ExprKind::Compare(op, left, right) => {
            // Columns and constants are compared where they are.
            if let (Some(left), Some(right)) = (peek(left, cx), peek(right, cx)) {
                return Ok(compare(*op, left, right));
            }
            if in_registers(&left.ty) && in_registers(&right.ty) && op.is_order() {
                let left = number(left, cx)?;
                let order = left.order(number(right, cx)?);
                return Ok(order.and_then(|order| op.holds(order)));
            }
            if let Some(decided) = compare_gap(*op, left, right, cx)? {
                return Ok(decided);
            }
            let left = evaluate(left, cx)?;
            if left.is_null() {
                return Ok(None);
            }
            let right = evaluate(right, cx)?;
            Ok(compare(*op, &left, &right))
        }
        ExprKind::And(parts) => {
            let mut all = Some(true);
            for part in parts {
                match truth(part, cx)? {
                    Some(true) => {}
                    Some(false) => return Ok(Some(false)),
                    None => all = None,
                }
            }
            Ok(all)
        }
        ExprKind::Or(parts) => {
            let mut any = Some(false);
            for part in parts {
                match truth(part, cx)? {
                    Some(false) => {}
                    Some(true) => return Ok(Some(true)),
                    None => any = None,
                }
            }
            Ok(any)
        }
        ExprKind::Not(inner) => Ok(truth(inner, cx)?.map(|truth| !truth)),
        ExprKind::IsNull { expr, negated } => {
            let null = match peek(expr, cx) {
                Some(value) => value.is_null(),
                None => evaluate(expr, cx)?.is_null(),
            };
            Ok(Some(null != *negated))
        }
        ExprKind::IsBool {
            expr,
            value,
            negated,
        } => Ok(Some((truth(expr, cx)? == *value) != *negated)),
        ExprKind::IsDistinct {
            left,
            right,
            negated,
        } => {
            let (left, right) = (evaluate(left, cx)?, evaluate(right, cx)?);
            Ok(Some(same_value(&left, &right) == *negated))
        }
        ExprKind::InConst { expr, set, negated } => {
            let value = evaluate(expr, cx)?;
            Ok(set.contains(&value).map(|found| found != *negated))
        }
        ExprKind::Matches {
            expr,
            pattern,
            negated,
        } => match evaluate(expr, cx)?.as_ref() {
            Value::Text(text) => Ok(Some(pattern.is_match(text) != *negated)),
            _ => Ok(None),
        },
        ExprKind::FromInput(input) => Ok(Some(cx.input() == *input)),
        ExprKind::Const(value) => Ok(value.as_bool()),
        ExprKind::Column(slot) => Ok(cx.column(*slot).as_bool()),
        _ => Ok(evaluate(expr, cx)?.as_bool()),
    }
}

/// A column (of the row at hand or of another one) or constant, which needs no evaluation.
#[inline]
fn peek<'a, C: EvalContext + ?Sized>(expr: &'a Expr, cx: &'a C) -> Option<&'a Value> {
    match &expr.kind {
        ExprKind::Column(slot) => Some(cx.column(*slot)),
        ExprKind::Const(value) => Some(value),
        ExprKind::Navigate(navigate) => cx.peek(navigate),
        _ => None,
    }
}

/// Whether values of this type are computed as [`Number`]s.
#[inline]
fn in_registers(ty: &Type) -> bool {
    matches!(ty, Type::Int | Type::Float)
}

/// The difference of two dates is a number too, but not one of numbers.
#[inline]
fn of_numbers(left: &Expr, right: &Expr) -> bool {
    left.ty.is_numeric() && right.ty.is_numeric()
}

/// The value of an expression of a numeric type.
fn number<C: EvalContext + ?Sized>(expr: &Expr, cx: &C) -> Result<Number, EvalError> {
    match &expr.kind {
        ExprKind::Column(slot) => Number::of(cx.column(*slot)),
        ExprKind::Const(value) => Number::of(value),
        ExprKind::Arithmetic(op, left, right)
            if in_registers(&expr.ty) && of_numbers(left, right) =>
        {
            let left = number(left, cx)?;
            let right = number(right, cx)?;
            left.combine(*op, right)
        }
        _ => Number::of(&*evaluate(expr, cx)?),
    }
}

/// `b.ts - a.ts < INTERVAL '…'`, the commonest condition of all, without making an interval. The outer `None`: it is not that.
#[allow(
    clippy::option_option,
    reason = "unknown and not applicable are different answers"
)]
#[inline]
fn compare_gap<C: EvalContext + ?Sized>(
    op: CompareOp,
    left: &Expr,
    right: &Expr,
    cx: &C,
) -> Result<Option<Option<bool>>, EvalError> {
    let (
        ExprKind::Arithmetic(ArithmeticOp::Subtract, later, earlier),
        ExprKind::Const(Value::Interval(gap)),
    ) = (&left.kind, &right.kind)
    else {
        return Ok(None);
    };
    if later.ty != Type::Timestamp || earlier.ty != Type::Timestamp {
        return Ok(None);
    }
    let later = evaluate(later, cx)?;
    let earlier = evaluate(earlier, cx)?;
    let (Value::Timestamp(later), Value::Timestamp(earlier)) = (&*later, &*earlier) else {
        return Ok(Some(None));
    };
    let order = (i128::from(*later) - i128::from(*earlier)).cmp(&gap.total_micros());
    Ok(op.holds(order).map(Some))
}

/// The value of an expression, borrowed where it can be.
pub(crate) fn evaluate<'a, C: EvalContext + ?Sized>(
    expr: &'a Expr,
    cx: &'a C,
) -> Result<Cow<'a, Value>, EvalError> {
    let owned = match &expr.kind {
        ExprKind::Const(value) => return Ok(Cow::Borrowed(value)),
        ExprKind::Column(slot) => return Ok(Cow::Borrowed(cx.column(*slot))),
        ExprKind::Arithmetic(_, left, right)
            if in_registers(&expr.ty) && of_numbers(left, right) =>
        {
            number(expr, cx)?.into()
        }
        ExprKind::Arithmetic(op, left, right) => {
            let left = evaluate(left, cx)?;
            let right = evaluate(right, cx)?;
            arithmetic(*op, &left, &right)?
        }
        ExprKind::Negate(inner) => negate(&*evaluate(inner, cx)?)?,
        ExprKind::And(_)
        | ExprKind::Or(_)
        | ExprKind::Not(_)
        | ExprKind::Compare(..)
        | ExprKind::IsDistinct { .. }
        | ExprKind::IsNull { .. }
        | ExprKind::IsBool { .. }
        | ExprKind::InConst { .. }
        | ExprKind::Matches { .. }
        | ExprKind::FromInput(_) => truth(expr, cx)?.map_or(Value::Null, Value::Bool),
        ExprKind::Case {
            branches,
            otherwise,
        } => {
            for (condition, value) in branches {
                if is_true(condition, cx)? {
                    return evaluate(value, cx);
                }
            }
            return match otherwise {
                Some(otherwise) => evaluate(otherwise, cx),
                None => Ok(Cow::Owned(Value::Null)),
            };
        }
        ExprKind::Cast { expr: inner, try_ } => return evaluate_cast(inner, &expr.ty, *try_, cx),
        ExprKind::Call { function, args } => return call(function, args, cx),
        ExprKind::Path { of, steps } => {
            let of = evaluate(of, cx)?;
            follow(&of, steps, cx)?.into_value()
        }
        ExprKind::Array(elements) => {
            let values: Result<Vec<Value>, _> =
                elements.iter().map(|element| eval(element, cx)).collect();
            Value::array(values?)
        }
        ExprKind::Navigate(navigate) => match cx.peek(navigate) {
            Some(value) => return Ok(Cow::Borrowed(value)),
            None => cx.navigate(navigate)?,
        },
        ExprKind::Aggregate(aggregate) => cx.aggregate(aggregate)?,
        ExprKind::Classifier(row) => cx.classifier(row),
        ExprKind::MatchInfo(info) => cx.match_info(*info),
        ExprKind::MatchKey(component) => cx.match_key(*component)?,
    };
    Ok(Cow::Owned(owned))
}

fn evaluate_cast<'a, C: EvalContext + ?Sized>(
    inner: &'a Expr,
    ty: &Type,
    try_: bool,
    cx: &'a C,
) -> Result<Cow<'a, Value>, EvalError> {
    // A JSON path below a cast reads the scalar where it stands, without a copy of the JSON around it.
    let value = match &inner.kind {
        ExprKind::Path { of, steps } => {
            let of = evaluate(of, cx)?;
            match follow(&of, steps, cx)? {
                Found::Json(json) if *ty != Type::Json => portent_grammar::value::json_scalar(json),
                found => found.into_value(),
            }
        }
        _ => evaluate(inner, cx)?.into_owned(),
    };
    match cast(value, ty) {
        Ok(value) => Ok(Cow::Owned(value)),
        Err(_) if try_ => Ok(Cow::Owned(Value::Null)),
        Err(message) => Err(EvalError { message }),
    }
}

fn call<'a, C: EvalContext + ?Sized>(
    function: &Function,
    args: &'a [Expr],
    cx: &'a C,
) -> Result<Cow<'a, Value>, EvalError> {
    if function.is_coalesce() {
        for arg in args {
            let value = evaluate(arg, cx)?;
            if !value.is_null() {
                return Ok(value);
            }
        }
        return Ok(Cow::Owned(Value::Null));
    }
    // Most calls have few arguments: those stay on the stack.
    let value = match args {
        [] => function.call(&[]),
        [a] => function.call(&[evaluate(a, cx)?.as_ref()]),
        [a, b] => function.call(&[evaluate(a, cx)?.as_ref(), evaluate(b, cx)?.as_ref()]),
        [a, b, c] => function.call(&[
            evaluate(a, cx)?.as_ref(),
            evaluate(b, cx)?.as_ref(),
            evaluate(c, cx)?.as_ref(),
        ]),
        more => {
            let values: Result<Vec<_>, _> = more.iter().map(|arg| evaluate(arg, cx)).collect();
            let values = values?;
            let refs: Vec<&Value> = values.iter().map(Cow::as_ref).collect();
            function.call(&refs)
        }
    };
    value.map(Cow::Owned)
}
