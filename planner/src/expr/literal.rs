//! Literals.

use portent_grammar::codes::types as codes;
use portent_grammar::value::{cast, parse_decimal};
use portent_grammar::{Diagnostic, Span, Type, Value};
use portent_parser::ast;

use super::types::bind_type;
use super::{Expr, ExprKind};

/// A constant.
pub(super) fn constant(value: Value, ty: Type, span: Span) -> Expr {
    Expr {
        kind: ExprKind::Const(value),
        ty,
        span,
    }
}

/// A number as written, with its sign: BIGINT if it is whole and fits, DECIMAL with a point, DOUBLE with an exponent.
pub(super) fn number(text: &str, negative: bool, span: Span) -> Result<Expr, Diagnostic> {
    let mut digits: String = text.chars().filter(|c| *c != '_').collect();
    if negative {
        digits.insert(0, '-');
    }
    let too_large = |help: &str| {
        let message = format!("the number {} is too large", text);
        Diagnostic::error(codes::NUMBER_OUT_OF_RANGE, span, message).help(help.to_owned())
    };
    if digits.contains(['e', 'E']) {
        return match digits.parse::<f64>() {
            Ok(float) if float.is_finite() => Ok(constant(Value::Float(float), Type::Float, span)),
            _ => Err(too_large("a DOUBLE goes up to 1.8e308")),
        };
    }
    if let Ok(int) = digits.parse::<i64>() {
        return Ok(constant(Value::Int(int), Type::Int, span));
    }
    match parse_decimal(&digits) {
        Ok(decimal) => Ok(constant(Value::Decimal(decimal), Type::Decimal(None), span)),
        Err(_) => Err(too_large(
            "write it with an exponent to make it a DOUBLE: 1.5e40",
        )),
    }
}

/// `TIMESTAMP '…'`, `INET '…'`
pub(super) fn typed(ty: &ast::TypeName, text: &str, span: Span) -> Result<Expr, Diagnostic> {
    let ty = bind_type(ty)?;
    match cast(Value::text(text), &ty) {
        Ok(value) => Ok(constant(value, ty, span)),
        Err(message) => Err(Diagnostic::error(codes::INVALID_LITERAL, span, message)),
    }
}
