//! Type names, common types, and implicit casts.

use portent_grammar::codes::types as codes;
use portent_grammar::types::{MAX_DIMENSIONS, MAX_PRECISION};
use portent_grammar::value::cast;
use portent_grammar::{Diagnostic, Type, Value};
use portent_parser::ast;

use super::{Expr, ExprKind};

/// The type that a name means.
///
/// # Errors
/// An unknown name (with a suggestion), a precision or scale out of range.
pub fn bind_type(name: &ast::TypeName) -> Result<Type, Diagnostic> {
    let Some(ty) = Type::by_name(&name.name, &name.args) else {
        return Err(unknown_type(name));
    };
    if let Type::Decimal(Some((precision, scale))) = ty {
        let valid = (1..=MAX_PRECISION).contains(&precision) && scale <= precision.min(28);
        if !valid {
            let message = format!("{ty} is not possible");
            let help = format!(
                "the precision is 1 to {MAX_PRECISION} digits, the scale 0 to the precision (28 at most)"
            );
            return Err(Diagnostic::error(codes::TYPE_ARGUMENTS, name.span, message).help(help));
        }
    }
    if name.array > MAX_DIMENSIONS {
        let message = format!("an array has {MAX_DIMENSIONS} dimensions at most");
        return Err(Diagnostic::error(codes::TYPE_ARGUMENTS, name.span, message));
    }
    Ok((0..name.array).fold(ty, |ty, _| Type::array_of(ty)))
}

fn unknown_type(name: &ast::TypeName) -> Diagnostic {
    let written = &name.name;
    if matches!(written.as_str(), "DECIMAL" | "NUMERIC" | "DEC") {
        let message = "the precision or scale of a DECIMAL is too large";
        let help = format!("the precision is 1 to {MAX_PRECISION} digits");
        return Diagnostic::error(codes::TYPE_ARGUMENTS, name.span, message).help(help);
    }
    let error = Diagnostic::error(
        codes::UNKNOWN_TYPE,
        name.span,
        format!("there is no type {written}"),
    );
    let foreign = match written.as_str() {
        "TIME" | "TIMETZ" | "TIME WITH TIME ZONE" | "TIME WITHOUT TIME ZONE" => {
            return error.help(
                "keep a TIMESTAMP and use EXTRACT(hour FROM ts), or an INTERVAL since midnight",
            );
        }
        "UINT64" | "UBIGINT" | "BIGINT UNSIGNED" | "HUGEINT" | "UINT32" | "UINTEGER" | "MONEY" => {
            "DECIMAL"
        }
        "BIT" | "LOGICAL" => "BOOLEAN",
        "MAP" | "STRUCT" | "ROW" | "RECORD" | "VARIANT" | "OBJECT" | "HSTORE" => "JSON",
        "CLOB" | "NTEXT" | "CITEXT" | "ENUM" => "TEXT",
        "NUMBER" => "DECIMAL",
        "IP" | "IPADDR" | "IPV4" | "IPV6" | "IPPREFIX" => "INET",
        "DURATION" => "INTERVAL",
        "GUID" | "UNIQUEIDENTIFIER" => "UUID",
        "DATETIME2" | "DATETIMEOFFSET" | "SMALLDATETIME" => "TIMESTAMP",
        _ => "",
    };
    let near = if foreign.is_empty() {
        nearest(written, Type::NAMES.iter().copied())
    } else {
        Some(foreign)
    };
    match near {
        Some(near) => error.help(format!("did you mean {near}?")).fix(name.span, near),
        None => error.help("the types are BOOLEAN, BIGINT, DOUBLE, DECIMAL, TEXT, BYTEA, TIMESTAMP, DATE, INTERVAL, UUID, INET, JSON and arrays of them"),
    }
}

/// The candidate that is written most like `name` in any case, if any is near.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    let name = name.to_ascii_uppercase();
    candidates
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&name, &candidate.to_ascii_uppercase()),
                candidate,
            )
        })
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().min(name.len()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Whether it is a text constant: that is read as whatever the other side is.
pub(crate) fn is_text_literal(expr: &Expr) -> bool {
    expr.ty == Type::Text && matches!(expr.kind, ExprKind::Const(Value::Text(_)))
}

/// The type that all of these can have together, by implicit casts.
pub(crate) fn common_type<'a>(exprs: impl Iterator<Item = &'a Expr>) -> Option<Type> {
    common(exprs.map(|expr| (expr.ty.clone(), is_text_literal(expr))))
}

/// As [`common_type`]; the flag says that it is a text literal.
pub(crate) fn common(types: impl Iterator<Item = (Type, bool)>) -> Option<Type> {
    let mut joined = Type::Null;
    let mut literals = false;
    for (ty, literal) in types {
        if literal {
            literals = true;
        } else {
            joined = join(joined, ty)?;
        }
    }
    if !literals {
        return Some(joined);
    }
    match joined {
        Type::Null | Type::Json => Some(Type::Text),
        joined if joined.is_numeric() => None,
        joined => Some(joined),
    }
}

fn join(left: Type, right: Type) -> Option<Type> {
    Some(match (left, right) {
        (left, right) if left == right => left,
        (Type::Null, other) | (other, Type::Null) => other,
        (Type::Float, other) | (other, Type::Float) if other.is_numeric() => Type::Float,
        (Type::Decimal(_), other) | (other, Type::Decimal(_)) if other.is_numeric() => {
            Type::Decimal(None)
        }
        (Type::Date, Type::Timestamp) | (Type::Timestamp, Type::Date) => Type::Timestamp,
        (Type::Json, other) | (other, Type::Json) => other,
        (Type::Array(left), Type::Array(right)) => Type::array_of(join(*left, *right)?),
        _ => return None,
    })
}

/// The expression as another type: a constant is cast at once, everything else gets a cast node.
///
/// # Errors
/// A constant that does not fit.
pub fn coerce(expr: Expr, to: &Type) -> Result<Expr, Diagnostic> {
    if expr.ty == *to || *to == Type::Null {
        return Ok(expr);
    }
    match expr.kind {
        ExprKind::Const(value) => {
            let from = expr.ty;
            let value = cast(value, to).map_err(|message| {
                let literal = from == Type::Text;
                let code = if literal {
                    codes::INVALID_LITERAL
                } else {
                    codes::CONSTANT_ERROR
                };
                Diagnostic::error(code, expr.span, message)
            })?;
            Ok(Expr {
                kind: ExprKind::Const(value),
                ty: to.clone(),
                span: expr.span,
            })
        }
        // A value of DECIMAL(10, 2) is a DECIMAL.
        kind if matches!((&expr.ty, to), (Type::Decimal(_), Type::Decimal(None))) => Ok(Expr {
            kind,
            ty: to.clone(),
            span: expr.span,
        }),
        kind => {
            let span = expr.span;
            let inner = Box::new(Expr {
                kind,
                ty: expr.ty,
                span,
            });
            Ok(Expr {
                kind: ExprKind::Cast {
                    expr: inner,
                    try_: false,
                },
                ty: to.clone(),
                span,
            })
        }
    }
}
