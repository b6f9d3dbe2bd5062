//! AND, OR, arithmetic and `||`.

use portent_grammar::codes::{syntax, types as codes};
use portent_grammar::{Diagnostic, Span, Type, Value};
use portent_parser::ast;
use portent_parser::ast::BinaryOp;

use super::super::fold::logic;
use super::super::types::{coerce, common_type, is_text_literal};
use super::super::{ArithmeticOp, Expr, ExprKind};
use super::{Binder, bare, comparison_op};

/// The longest chain of operators other than AND and OR: each makes the expression one step deeper.
const MAX_CHAIN: usize = 200;

impl Binder<'_> {
    /// An infix operator. The left operands are followed in a loop, so that a long chain needs no deep stack.
    pub(super) fn binary(&mut self, expr: &ast::Expr) -> Option<Expr> {
        let mut spine: Vec<(BinaryOp, &ast::Expr, Span)> = Vec::new();
        let mut first = expr;
        while let ast::ExprKind::Binary { op, left, right } = &first.kind {
            spine.push((*op, right, first.span));
            first = left;
        }
        spine.reverse();
        let deep = spine
            .iter()
            .filter(|(op, ..)| !matches!(op, BinaryOp::And | BinaryOp::Or))
            .count();
        if deep > MAX_CHAIN {
            let message = format!("{deep} operators in one chain are too many");
            let error = Diagnostic::error(codes::TOO_LONG, expr.span, message);
            return self
                .error(error.help("for a long text use CONCAT(a, b, …), for many values IN (…)"));
        }
        let mut spine = spine.into_iter().peekable();
        let row = matches!(bare(first).kind, ast::ExprKind::Row(_));
        let mut left = match spine.peek() {
            Some(&(op, right, span)) if row && comparison_op(op).is_some() => {
                spine.next();
                comparison_op(op).and_then(|op| self.compare_rows(op, first, right, span))
            }
            _ => self.expr(first),
        };
        while let Some((op, right, span)) = spine.next() {
            if matches!(op, BinaryOp::And | BinaryOp::Or) {
                let mut operands = vec![
                    left.and_then(|left| self.boolean(left)),
                    self.condition(right),
                ];
                let mut whole = span;
                while let Some((_, right, span)) = spine.next_if(|next| next.0 == op) {
                    operands.push(self.condition(right));
                    whole = span;
                }
                let operands: Option<Vec<Expr>> = operands.into_iter().collect();
                left = operands.map(|operands| logic(op == BinaryOp::And, operands, whole));
                continue;
            }
            let chained = spine
                .peek()
                .is_some_and(|(next, ..)| comparison_op(op).and(comparison_op(*next)).is_some());
            if chained {
                // Only the keys of PARTITION BY may be written so, and those are taken apart before they come here.
                let message = "equations stand in a row only where each side is a key of its own";
                let error =
                    Diagnostic::error(syntax::CHAINED_COMPARISON, first.span.to(span), message);
                return self.error(error.help(
                    "begin each side with a stream or a variable: a.id = b.parent = c.origin",
                ));
            }
            let right = self.expr(right);
            left = match (left, right) {
                (Some(left), Some(right)) => match comparison_op(op) {
                    Some(op) => self.compare(op, left, right, span),
                    None => self.arithmetic(op, left, right, span),
                },
                _ => None,
            };
        }
        left
    }

    fn arithmetic(&mut self, op: BinaryOp, left: Expr, right: Expr, span: Span) -> Option<Expr> {
        let op = match op {
            BinaryOp::Add => ArithmeticOp::Add,
            BinaryOp::Subtract => ArithmeticOp::Subtract,
            BinaryOp::Multiply => ArithmeticOp::Multiply,
            BinaryOp::Divide => ArithmeticOp::Divide,
            BinaryOp::Modulo => ArithmeticOp::Modulo,
            BinaryOp::Power => ArithmeticOp::Power,
            _ => ArithmeticOp::Concat,
        };
        let typed = if op == ArithmeticOp::Concat {
            concat(left, right, span)
        } else {
            operands(op, left, right, span)
        };
        let (left, right, ty) = self.keep(typed)?;
        self.node(
            ExprKind::Arithmetic(op, Box::new(left), Box::new(right)),
            ty,
            span,
        )
    }
}

/// The operands of an arithmetic operator, cast as it wants them, and the type of the result.
fn operands(
    op: ArithmeticOp,
    left: Expr,
    right: Expr,
    span: Span,
) -> Result<(Expr, Expr, Type), Diagnostic> {
    use ArithmeticOp::{Add, Divide, Multiply, Subtract};
    // JSON and NULL take the type that the other side gives them.
    let (left, right) = (adapt(op, left, &right.ty)?, right);
    let right = adapt(op, right, &left.ty)?;
    let ty = match (op, &left.ty, &right.ty) {
        (_, l, r) if l.is_numeric() && r.is_numeric() => number_type(op, l, r),
        (_, Type::Null, Type::Null) => Type::Null,
        (_, Type::Null, other) | (_, other, Type::Null)
            if !matches!(other, Type::Text | Type::Bool) =>
        {
            other.clone()
        }
        (Add, Type::Timestamp, Type::Interval) | (Add, Type::Interval, Type::Timestamp) => {
            Type::Timestamp
        }
        (Subtract, Type::Timestamp, Type::Interval) => Type::Timestamp,
        (Add, Type::Date, Type::Interval) | (Add, Type::Interval, Type::Date) => Type::Timestamp,
        (Subtract, Type::Date, Type::Interval) => Type::Timestamp,
        (Add, Type::Date, Type::Int)
        | (Add, Type::Int, Type::Date)
        | (Subtract, Type::Date, Type::Int) => Type::Date,
        (Subtract, Type::Date, Type::Date) => Type::Int,
        (Subtract, Type::Timestamp, Type::Timestamp) => Type::Interval,
        (Subtract, Type::Timestamp, Type::Date) | (Subtract, Type::Date, Type::Timestamp) => {
            let (left, right) = (
                coerce(left, &Type::Timestamp)?,
                coerce(right, &Type::Timestamp)?,
            );
            return Ok((left, right, Type::Interval));
        }
        (Add | Subtract, Type::Interval, Type::Interval) => Type::Interval,
        (Multiply, Type::Interval, number) | (Multiply, number, Type::Interval)
            if number.is_numeric() =>
        {
            Type::Interval
        }
        (Divide, Type::Interval, number) if number.is_numeric() => Type::Interval,
        _ => return Err(no_operator(op, &left, &right, span)),
    };
    Ok((left, right, ty))
}

/// A text literal beside an instant is an instant or an interval; a JSON value is the number (or instant) that it is
/// combined with.
fn adapt(op: ArithmeticOp, expr: Expr, other: &Type) -> Result<Expr, Diagnostic> {
    if expr.ty == Type::Json {
        return match other {
            Type::Json => coerce(expr, &Type::Float),
            other if other.is_numeric() || other.is_instant() || *other == Type::Interval => {
                coerce(expr, &other.clone())
            }
            _ => Ok(expr),
        };
    }
    if is_text_literal(&expr) {
        return match (op, other) {
            (ArithmeticOp::Add, other) if other.is_instant() => coerce(expr, &Type::Interval),
            // As in PostgreSQL, `ts - '…'` is between two instants.
            (ArithmeticOp::Subtract, Type::Timestamp | Type::Date) => {
                let instant = coerce(expr.clone(), other);
                instant.or_else(|error| coerce(expr, &Type::Interval).map_err(|_| error))
            }
            (ArithmeticOp::Add | ArithmeticOp::Subtract, Type::Interval) => {
                coerce(expr, &Type::Interval)
            }
            _ => Ok(expr),
        };
    }
    Ok(expr)
}

fn number_type(op: ArithmeticOp, left: &Type, right: &Type) -> Type {
    if op == ArithmeticOp::Power || *left == Type::Float || *right == Type::Float {
        Type::Float
    } else if matches!(left, Type::Decimal(_)) || matches!(right, Type::Decimal(_)) {
        Type::Decimal(None)
    } else {
        Type::Int
    }
}

fn no_operator(op: ArithmeticOp, left: &Expr, right: &Expr, span: Span) -> Diagnostic {
    use ArithmeticOp::{Add, Subtract};
    let message = format!("there is no {} {} {}", left.ty, op.symbol(), right.ty);
    let error = Diagnostic::error(codes::OPERATOR_TYPES, span, message)
        .also(left.span, left.ty.to_string())
        .also(right.span, right.ty.to_string());
    match (op, &left.ty, &right.ty) {
        (Add, Type::Text, _) | (Add, _, Type::Text) => {
            error.help("to join texts write `||`; to add, cast the text to a number")
        }
        (_, Type::Text, other) | (_, other, Type::Text) if other.is_numeric() => {
            error.help("read the text as a number: CAST(… AS DOUBLE)")
        }
        (Add | Subtract, Type::Timestamp, number) if number.is_numeric() => {
            error.help("say the unit: + INTERVAL '60' SECOND, or + 60 SECONDS")
        }
        (Add, Type::Timestamp | Type::Date, Type::Timestamp | Type::Date) => {
            error.help("two instants can't be added; their difference is an interval: b.ts - a.ts")
        }
        _ => error,
    }
}

/// The operands of `||`: arrays, JSON, bytes, or texts, one of which may be anything.
fn concat(left: Expr, right: Expr, span: Span) -> Result<(Expr, Expr, Type), Diagnostic> {
    match (&left.ty, &right.ty) {
        (Type::Array(l), Type::Array(r)) => {
            let pair = [typed_dummy(l), typed_dummy(r)];
            if let Some(element) = common_type(pair.iter()) {
                let ty = Type::array_of(element);
                return Ok((coerce(left, &ty)?, coerce(right, &ty)?, ty));
            }
        }
        (Type::Array(element), other) if *other != Type::Text || **element == Type::Text => {
            if let Some(common) = common_type([typed_dummy(element), right.clone()].iter()) {
                let ty = Type::array_of(common.clone());
                return Ok((coerce(left, &ty)?, coerce(right, &common)?, ty));
            }
        }
        (other, Type::Array(element)) if *other != Type::Text || **element == Type::Text => {
            if let Some(common) = common_type([left.clone(), typed_dummy(element)].iter()) {
                let ty = Type::array_of(common.clone());
                return Ok((coerce(left, &common)?, coerce(right, &ty)?, ty));
            }
        }
        (Type::Json, Type::Json) => return Ok((left, right, Type::Json)),
        (Type::Bytes, Type::Bytes) => return Ok((left, right, Type::Bytes)),
        (Type::Text, _) | (_, Type::Text) | (Type::Null, Type::Null) => {
            return Ok((
                coerce(left, &Type::Text)?,
                coerce(right, &Type::Text)?,
                Type::Text,
            ));
        }
        _ => {}
    }
    let message = format!("there is no {} || {}", left.ty, right.ty);
    Err(Diagnostic::error(codes::OPERATOR_TYPES, span, message)
        .also(left.span, left.ty.to_string())
        .also(right.span, right.ty.to_string())
        .help("one side must be a text: CAST(… AS TEXT) || …"))
}

/// Something of this type, to find a common one.
fn typed_dummy(ty: &Type) -> Expr {
    Expr {
        kind: ExprKind::Const(Value::Null),
        ty: ty.clone(),
        span: Span::default(),
    }
}
