//! From a syntax tree's expression to a resolved, typed one.

use portent_grammar::codes::types as codes;
use portent_grammar::{Diagnostic, Span, Type, Value};
use portent_parser::ast;
use portent_parser::ast::BinaryOp;

use super::fold::{fold, logic};
use super::literal::{constant, number, typed};
use super::types::{bind_type, coerce, common_type, is_text_literal};
use super::{CompareOp, Expr, ExprKind, PathStep, bind_duration, path};

mod call;
mod comparison;
mod operator;
#[cfg(test)]
mod tests;

/// What the place of an expression lends it: the names that are visible there, and the calls that only make sense there.
pub trait Scope {
    /// Resolves `a`, `a.b`, `a.b.c`: a column, a variable's column, perhaps with a path into JSON behind it.
    fn name(&mut self, parts: &[ast::Ident], span: Span) -> Result<Expr, Diagnostic>;
    /// A call that is not a scalar function: an aggregate, a navigation (FIRST, LAST, PREV, NEXT), CLASSIFIER(), MATCH_NUMBER(), … `None`: not one of those.
    /// A scope outside of patterns answers a pattern function with an error that says where it belongs.
    fn call(&mut self, call: &ast::Call, span: Span) -> Option<Result<Expr, Diagnostic>>;
    /// The functions that there are.
    fn library(&self) -> &crate::functions::Library;
}

/// Resolves and types an expression. All its errors are collected; with any, there is no expression. Lints may be
/// added beside an expression.
pub fn bind(
    expr: &ast::Expr,
    scope: &mut dyn Scope,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Expr> {
    Binder { scope, diagnostics }.expr(expr)
}

/// As [`bind`], for a condition: it must be BOOLEAN.
pub fn bind_condition(
    expr: &ast::Expr,
    scope: &mut dyn Scope,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Expr> {
    let mut binder = Binder { scope, diagnostics };
    let bound = binder.expr(expr)?;
    binder.boolean(bound)
}

/// `value` must be a truth value: a JSON one and the texts 'true' and 'false' are read as such.
pub(crate) fn boolean(value: Expr) -> Result<Expr, Diagnostic> {
    if value.ty == Type::Bool {
        return Ok(value);
    }
    if matches!(value.ty, Type::Null | Type::Json) || is_text_literal(&value) {
        return coerce(value, &Type::Bool);
    }
    let message = format!("a condition must be true or false, this is {}", value.ty);
    let error =
        Diagnostic::error(codes::NOT_BOOLEAN, value.span, message).label(value.ty.to_string());
    Err(match value.ty {
        Type::Text => error.help("compare it with something, or test it: … IS NOT NULL, … <> ''"),
        _ if value.ty.is_numeric() => {
            error.help("compare it with something: … <> 0, … IS NOT NULL")
        }
        _ => error.help("compare it with something, or test it with IS NOT NULL"),
    })
}

struct Binder<'a> {
    scope: &'a mut dyn Scope,
    diagnostics: &'a mut Vec<Diagnostic>,
}

/// Brackets change nothing below here.
fn bare(expr: &ast::Expr) -> &ast::Expr {
    let mut expr = expr;
    while let ast::ExprKind::Paren(inner) = &expr.kind {
        expr = inner;
    }
    expr
}

impl Binder<'_> {
    /// Keeps an error, and goes on.
    fn keep<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        result.map_err(|error| self.diagnostics.push(error)).ok()
    }

    /// Builds a node, computing it at once if it is constant.
    fn node(&mut self, kind: ExprKind, ty: Type, span: Span) -> Option<Expr> {
        self.keep(fold(Expr { kind, ty, span }))
    }

    fn error<T>(&mut self, error: Diagnostic) -> Option<T> {
        self.diagnostics.push(error);
        None
    }

    /// All of them, so that the errors of all are seen.
    fn all(&mut self, exprs: &[ast::Expr]) -> Option<Vec<Expr>> {
        let bound: Vec<Option<Expr>> = exprs.iter().map(|expr| self.expr(expr)).collect();
        bound.into_iter().collect()
    }

    fn boolean(&mut self, value: Expr) -> Option<Expr> {
        self.keep(boolean(value))
    }

    fn condition(&mut self, expr: &ast::Expr) -> Option<Expr> {
        let bound = self.expr(expr)?;
        self.boolean(bound)
    }

    fn coerce(&mut self, expr: Expr, to: &Type) -> Option<Expr> {
        self.keep(coerce(expr, to))
    }

    fn expr(&mut self, expr: &ast::Expr) -> Option<Expr> {
        use ast::ExprKind as K;
        let span = expr.span;
        match &expr.kind {
            K::Null => Some(constant(Value::Null, Type::Null, span)),
            K::Bool(truth) => Some(constant(Value::Bool(*truth), Type::Bool, span)),
            K::Number(text) => self.keep(number(text, false, span)),
            K::Text(text) => Some(constant(Value::text(text.as_str()), Type::Text, span)),
            K::Duration(duration) => {
                let interval = self.keep(bind_duration(duration))?;
                Some(constant(Value::interval(interval), Type::Interval, span))
            }
            K::TypedText { ty, text } => self.keep(typed(ty, text, span)),
            K::Name(parts) => self.name(parts, span),
            K::Field { of, field } => self.field(of, field, span),
            K::Index { of, index } => self.index(of, index, span),
            K::Unary { op, expr } => self.unary(*op, expr, span),
            K::Binary { .. } => self.binary(expr),
            K::IsNull { expr, negated } => {
                let inner = Box::new(self.expr(expr)?);
                self.node(
                    ExprKind::IsNull {
                        expr: inner,
                        negated: *negated,
                    },
                    Type::Bool,
                    span,
                )
            }
            K::IsBool {
                expr,
                value,
                negated,
            } => {
                let inner = Box::new(self.condition(expr)?);
                let kind = ExprKind::IsBool {
                    expr: inner,
                    value: *value,
                    negated: *negated,
                };
                self.node(kind, Type::Bool, span)
            }
            K::IsDistinct {
                left,
                right,
                negated,
            } => {
                let (left, right) = (self.expr(left), self.expr(right));
                let (left, right) = self.keep(comparison::unify(left?, right?, span))?;
                let (left, right) = (Box::new(left), Box::new(right));
                self.node(
                    ExprKind::IsDistinct {
                        left,
                        right,
                        negated: *negated,
                    },
                    Type::Bool,
                    span,
                )
            }
            K::Between {
                expr,
                low,
                high,
                negated,
            } => self.between(expr, low, high, *negated, span),
            K::In {
                expr,
                list,
                negated,
            } => self.in_list(expr, list, *negated, span),
            K::Like {
                expr,
                pattern,
                escape,
                kind,
                negated,
            } => self.like(expr, pattern, escape.as_deref(), *kind, *negated, span),
            K::Case {
                operand,
                branches,
                otherwise,
            } => self.case(operand.as_deref(), branches, otherwise.as_deref(), span),
            K::Cast { expr, ty, style } => self.cast(expr, ty, *style, span),
            K::Extract { field, from } => self.extract(field, from, span),
            K::AtTimeZone { expr, zone } => self.at_time_zone(expr, zone, span),
            K::Call(call) => self.call(call, span),
            K::Array(elements) => self.array(elements, span),
            K::Row(_) => self.error(
                Diagnostic::error(
                    codes::ROW_VALUE,
                    span,
                    "a row stands where one value is expected",
                )
                .help(
                    "a row can be compared with a row: (a, b) = (1, 2), (a, b) IN ((1, 2), (3, 4))",
                ),
            ),
            K::Paren(inner) => {
                let mut bound = self.expr(inner)?;
                bound.span = span;
                Some(bound)
            }
        }
    }

    fn name(&mut self, parts: &[ast::Ident], span: Span) -> Option<Expr> {
        match self.scope.name(parts, span) {
            Ok(expr) => Some(expr),
            // CURRENT_TIMESTAMP is written without brackets.
            Err(error) => match parts {
                [only] if !only.quoted => {
                    let clock = crate::functions::volatile(&only.text, span);
                    self.error(clock.unwrap_or(error))
                }
                _ => self.error(error),
            },
        }
    }

    fn field(&mut self, of: &ast::Expr, field: &ast::Ident, span: Span) -> Option<Expr> {
        let of = self.expr(of)?;
        if !matches!(of.ty, Type::Json | Type::Null) {
            let message = format!("a {} has no field {:?}", of.ty, field.text);
            let error = Diagnostic::error(codes::NO_FIELDS, field.span, message)
                .also(of.span, of.ty.to_string());
            let error = match of.ty {
                Type::Text => error.help("if the text holds JSON: CAST(… AS JSON)"),
                _ => error.help("only JSON has fields"),
            };
            return self.error(error);
        }
        let step = PathStep::Field(field.text.as_str().into());
        self.path(of, step, Type::Json, span)
    }

    fn index(&mut self, of: &ast::Expr, index: &ast::Expr, span: Span) -> Option<Expr> {
        let (of, index) = (self.expr(of), self.expr(index));
        let (of, index) = (of?, index?);
        let element = match &of.ty {
            Type::Array(element) => (**element).clone(),
            Type::Json | Type::Null => Type::Json,
            other => {
                let message = format!("a {other} has no elements");
                let error = Diagnostic::error(codes::NO_FIELDS, span, message)
                    .also(of.span, other.to_string());
                let error = match other {
                    Type::Text => error.help("for a part of a text: SUBSTRING(text, from, count)"),
                    _ => error.help("only arrays and JSON have elements"),
                };
                return self.error(error);
            }
        };
        if of.ty == Type::Json
            && let ExprKind::Const(Value::Text(name)) = &index.kind
        {
            let step = PathStep::Field(name.clone());
            return self.path(of, step, Type::Json, span);
        }
        if !matches!(index.ty, Type::Int | Type::Null | Type::Json) {
            let message = format!("an index is a BIGINT, this is {}", index.ty);
            let error = Diagnostic::error(codes::NO_FIELDS, index.span, message)
                .help("elements count from 1");
            return self.error(error);
        }
        let index = self.coerce(index, &Type::Int)?;
        if let ExprKind::Const(Value::Int(..=0)) = index.kind {
            let error = Diagnostic::error(codes::NO_FIELDS, index.span, "there is no such element")
                .help("elements count from 1");
            return self.error(error);
        }
        self.path(of, PathStep::Index(Box::new(index)), element, span)
    }

    fn path(&mut self, of: Expr, step: PathStep, ty: Type, span: Span) -> Option<Expr> {
        let expr = path::extend(of, [step], ty, span);
        self.keep(fold(expr))
    }

    fn array(&mut self, elements: &[ast::Expr], span: Span) -> Option<Expr> {
        let elements = self.all(elements)?;
        let (elements, ty) = self.unify_values(elements, "the elements of an array", span)?;
        self.node(ExprKind::Array(elements), Type::array_of(ty), span)
    }

    /// Casts all to the type that they have in common.
    fn unify_values(
        &mut self,
        values: Vec<Expr>,
        what: &str,
        span: Span,
    ) -> Option<(Vec<Expr>, Type)> {
        let Some(ty) = common_type(values.iter()) else {
            return self.error(mixed(&values, what, span));
        };
        let values: Vec<Option<Expr>> = values
            .into_iter()
            .map(|value| self.coerce(value, &ty))
            .collect();
        Some((values.into_iter().collect::<Option<_>>()?, ty))
    }

    fn case(
        &mut self,
        operand: Option<&ast::Expr>,
        branches: &[(ast::Expr, ast::Expr)],
        otherwise: Option<&ast::Expr>,
        span: Span,
    ) -> Option<Expr> {
        let has_operand = operand.is_some();
        let operand = operand.and_then(|operand| self.expr(operand));
        let mut conditions = Vec::with_capacity(branches.len());
        let mut values = Vec::with_capacity(branches.len() + 1);
        let mut failed = has_operand && operand.is_none();
        for (when, then) in branches {
            let condition = match &operand {
                None if has_operand => self.expr(when),
                None => self.condition(when),
                Some(operand) => {
                    let when_span = when.span;
                    let when = self.expr(when);
                    when.and_then(|when| {
                        self.compare(CompareOp::Eq, operand.clone(), when, when_span)
                    })
                }
            };
            let value = self.expr(then);
            failed |= condition.is_none() || value.is_none();
            conditions.extend(condition);
            values.extend(value);
        }
        let has_otherwise = otherwise.is_some();
        let otherwise = otherwise.map(|otherwise| self.expr(otherwise));
        failed |= matches!(otherwise, Some(None));
        if failed {
            return None;
        }
        values.extend(otherwise.flatten());
        let (mut values, ty) = self.unify_values(values, "the branches of a CASE", span)?;
        let otherwise = if has_otherwise {
            values.pop().map(Box::new)
        } else {
            None
        };
        let branches = conditions.into_iter().zip(values).collect();
        self.node(
            ExprKind::Case {
                branches,
                otherwise,
            },
            ty,
            span,
        )
    }

    fn cast(
        &mut self,
        expr: &ast::Expr,
        ty: &ast::TypeName,
        style: ast::CastStyle,
        span: Span,
    ) -> Option<Expr> {
        let inner = self.expr(expr);
        let ty = self.keep(bind_type(ty));
        let (inner, ty) = (inner?, ty?);
        if inner.ty == ty {
            return Some(Expr { span, ..inner });
        }
        if !inner.ty.can_cast_to(&ty) {
            return self.error(no_such_cast(&inner, &ty, span));
        }
        let try_ = style == ast::CastStyle::Try;
        let literal = is_text_literal(&inner);
        let inner_span = inner.span;
        let kind = ExprKind::Cast {
            expr: Box::new(inner),
            try_,
        };
        let folded = fold(Expr { kind, ty, span }).map_err(|error| {
            if !literal {
                return error;
            }
            Diagnostic::error(codes::INVALID_LITERAL, inner_span, error.message)
        });
        self.keep(folded)
    }

    fn between(
        &mut self,
        expr: &ast::Expr,
        low: &ast::Expr,
        high: &ast::Expr,
        negated: bool,
        span: Span,
    ) -> Option<Expr> {
        let (value, low, high) = (self.expr(expr), self.expr(low), self.expr(high));
        let (value, low, high) = (value?, low?, high?);
        let (above, below) = if negated {
            (CompareOp::Lt, CompareOp::Gt)
        } else {
            (CompareOp::GtEq, CompareOp::LtEq)
        };
        let above = self.compare(above, value.clone(), low, span);
        let below = self.compare(below, value, high, span);
        Some(logic(!negated, vec![above?, below?], span))
    }

    fn unary(&mut self, op: ast::UnaryOp, expr: &ast::Expr, span: Span) -> Option<Expr> {
        match op {
            ast::UnaryOp::Not => {
                let inner = Box::new(self.condition(expr)?);
                self.node(ExprKind::Not(inner), Type::Bool, span)
            }
            ast::UnaryOp::Minus => {
                // The most negative BIGINT is only in range with its sign.
                if let ast::ExprKind::Number(text) = &expr.kind {
                    return self.keep(number(text, true, span));
                }
                let inner = self.expr(expr)?;
                if !(inner.ty.is_numeric() || matches!(inner.ty, Type::Interval | Type::Null)) {
                    let message = format!("{} has no negative", inner.ty);
                    return self.error(
                        Diagnostic::error(codes::OPERATOR_TYPES, span, message)
                            .help("`-` goes before numbers and intervals"),
                    );
                }
                let ty = inner.ty.clone();
                self.node(ExprKind::Negate(Box::new(inner)), ty, span)
            }
            ast::UnaryOp::Plus => {
                let inner = self.expr(expr)?;
                if inner.ty.is_numeric() || matches!(inner.ty, Type::Interval | Type::Null) {
                    return Some(Expr { span, ..inner });
                }
                let message = format!("`+` does not go before {}", inner.ty);
                self.error(Diagnostic::error(codes::OPERATOR_TYPES, span, message))
            }
        }
    }
}

fn mixed(values: &[Expr], what: &str, span: Span) -> Diagnostic {
    let first = values.iter().find(|value| value.ty != Type::Null);
    let other = first.and_then(|first| {
        values
            .iter()
            .find(|value| common_type([first, value].into_iter()).is_none())
    });
    match (first, other) {
        (Some(first), Some(other)) => {
            let message = format!(
                "{what} have no type in common: {} and {}",
                first.ty, other.ty
            );
            Diagnostic::error(codes::MIXED_TYPES, other.span, message)
                .label(other.ty.to_string())
                .also(first.span, first.ty.to_string())
                .help("cast one of them: CAST(… AS TEXT)")
        }
        _ => Diagnostic::error(
            codes::MIXED_TYPES,
            span,
            format!("{what} have no type in common"),
        ),
    }
}

fn no_such_cast(inner: &Expr, ty: &Type, span: Span) -> Diagnostic {
    let message = format!("{} can't be cast to {ty}", inner.ty);
    let error = Diagnostic::error(codes::NO_SUCH_CAST, span, message)
        .also(inner.span, inner.ty.to_string());
    match (&inner.ty, ty) {
        (from, Type::Timestamp) if from.is_numeric() => {
            error.help("say the unit: TO_TIMESTAMP(seconds), TO_TIMESTAMP(milliseconds / 1000.0)")
        }
        (Type::Timestamp, to) if to.is_numeric() => {
            error.help("say the unit: EPOCH(ts) for seconds, EPOCH_MS(ts) for milliseconds")
        }
        (Type::Interval, to) if to.is_numeric() => {
            error.help("say the unit: EXTRACT(epoch FROM …) for seconds")
        }
        (from, Type::Interval) if from.is_numeric() => {
            error.help("say the unit: … * INTERVAL '1' SECOND")
        }
        (Type::Bool, to) if to.is_numeric() => {
            error.help("cast to BIGINT first: 1 is true, 0 is false")
        }
        _ => error,
    }
}

/// The comparison that an operator means.
fn comparison_op(op: BinaryOp) -> Option<CompareOp> {
    Some(match op {
        BinaryOp::Eq => CompareOp::Eq,
        BinaryOp::NotEq => CompareOp::NotEq,
        BinaryOp::Lt => CompareOp::Lt,
        BinaryOp::LtEq => CompareOp::LtEq,
        BinaryOp::Gt => CompareOp::Gt,
        BinaryOp::GtEq => CompareOp::GtEq,
        BinaryOp::ContainedBy => CompareOp::ContainedBy,
        BinaryOp::ContainedByOrEq => CompareOp::ContainedByOrEq,
        BinaryOp::Contains => CompareOp::Contains,
        BinaryOp::ContainsOrEq => CompareOp::ContainsOrEq,
        _ => return None,
    })
}
