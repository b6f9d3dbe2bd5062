//! Paths into JSON and arrays: `payload.user.id`, `tags[1]`.

use portent_grammar::{Span, Type, Value};
use portent_parser::ast;
use serde_json::Value as Json;

use super::eval::evaluate;
use super::{EvalContext, EvalError, Expr, ExprKind, PathStep};

/// `of.field.field…`, where `of` is JSON. With no fields it is `of` itself.
pub fn json_path(of: Expr, fields: &[ast::Ident]) -> Expr {
    let Some(last) = fields.last() else { return of };
    let span = of.span.to(last.span);
    extend(
        of,
        fields
            .iter()
            .map(|field| PathStep::Field(field.text.as_str().into())),
        Type::Json,
        span,
    )
}

/// Adds steps to a path, or begins one.
pub(super) fn extend(
    of: Expr,
    more: impl IntoIterator<Item = PathStep>,
    ty: Type,
    span: Span,
) -> Expr {
    let (of, mut steps) = match of.kind {
        ExprKind::Path { of, steps } => (of, steps),
        kind => (
            Box::new(Expr {
                kind,
                ty: of.ty,
                span: of.span,
            }),
            Vec::new(),
        ),
    };
    steps.extend(more);
    Expr {
        kind: ExprKind::Path { of, steps },
        ty,
        span,
    }
}

/// Where a path ends.
pub(super) enum Found<'a> {
    Json(&'a Json),
    Value(&'a Value),
    Nothing,
}

impl Found<'_> {
    /// A JSON null is NULL.
    pub fn into_value(self) -> Value {
        match self {
            Found::Nothing | Found::Json(Json::Null) => Value::Null,
            Found::Json(json) => Value::json(json.clone()),
            Found::Value(value) => value.clone(),
        }
    }
}

/// Follows the steps; a field or element that is not there, and anything below NULL, is nothing.
pub(super) fn follow<'a, C: EvalContext + ?Sized>(
    of: &'a Value,
    steps: &[PathStep],
    cx: &C,
) -> Result<Found<'a>, EvalError> {
    let mut at = Found::Value(of);
    for step in steps {
        if let Found::Value(Value::Json(json)) = at {
            at = Found::Json(json);
        }
        at = match (step, at) {
            (PathStep::Field(name), Found::Json(Json::Object(object))) => object
                .get(name.as_str())
                .map_or(Found::Nothing, Found::Json),
            (PathStep::Index(index), Found::Json(Json::Array(items))) => position(index, cx)?
                .and_then(|at| items.get(at))
                .map_or(Found::Nothing, Found::Json),
            (PathStep::Index(index), Found::Value(Value::Array(items))) => position(index, cx)?
                .and_then(|at| items.get(at))
                .map_or(Found::Nothing, Found::Value),
            _ => return Ok(Found::Nothing),
        };
    }
    if let Found::Value(Value::Json(json)) = at {
        at = Found::Json(json);
    }
    Ok(at)
}

/// From 1-based to an offset; `None` for NULL and everything below 1.
fn position<C: EvalContext + ?Sized>(index: &Expr, cx: &C) -> Result<Option<usize>, EvalError> {
    let index = evaluate(index, cx)?.as_int();
    Ok(index
        .and_then(|index| usize::try_from(index).ok())
        .and_then(|index| index.checked_sub(1)))
}
