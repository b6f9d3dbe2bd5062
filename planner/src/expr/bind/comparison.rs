//! Comparisons, IN, LIKE and its kin.

use std::sync::Arc;

use portent_grammar::codes::types as codes;
use portent_grammar::{Diagnostic, Span, Type, Value};
use portent_parser::ast;
use portent_parser::ast::LikeKind;

use super::super::const_set::ConstSet;
use super::super::fold::logic;
use super::super::text_pattern::TextPattern;
use super::super::types::{coerce, common_type, is_text_literal};
use super::super::{CompareOp, Expr, ExprKind, same};
use super::{Binder, bare};
use crate::functions::operator;

/// Gives both sides types that compare.
///
/// # Errors
/// There are none.
pub(super) fn unify(left: Expr, right: Expr, span: Span) -> Result<(Expr, Expr), Diagnostic> {
    if left.ty == right.ty {
        return Ok((left, right));
    }
    if left.ty.is_numeric() && right.ty.is_numeric() {
        return numbers(left, right);
    }
    let Some(ty) = common_type([&left, &right].into_iter()) else {
        return Err(incomparable(&left, &right, span));
    };
    Ok((coerce(left, &ty)?, coerce(right, &ty)?))
}

/// Numbers are compared by value, so that BIGINT needs no cast beside the others; only DECIMAL beside DOUBLE becomes a
/// DOUBLE, as in PostgreSQL. A constant takes the type of the other side where it stays the same number.
fn numbers(left: Expr, right: Expr) -> Result<(Expr, Expr), Diagnostic> {
    let (left, right) = (adapt(left, &right.ty), right);
    let right = adapt(right, &left.ty);
    let mixed = |a: &Type, b: &Type| matches!(a, Type::Decimal(_)) && *b == Type::Float;
    if mixed(&left.ty, &right.ty) {
        Ok((coerce(left, &Type::Float)?, right))
    } else if mixed(&right.ty, &left.ty) {
        let right = coerce(right, &Type::Float)?;
        Ok((left, right))
    } else {
        Ok((left, right))
    }
}

fn adapt(expr: Expr, to: &Type) -> Expr {
    let ExprKind::Const(value) = &expr.kind else {
        return expr;
    };
    let to = match to {
        Type::Decimal(_) => Type::Decimal(None),
        other => other.clone(),
    };
    match value.clone().cast(&to) {
        Ok(adapted) if adapted == *value => Expr {
            kind: ExprKind::Const(adapted),
            ty: to,
            span: expr.span,
        },
        _ => expr,
    }
}

fn incomparable(left: &Expr, right: &Expr, span: Span) -> Diagnostic {
    let message = format!("can't compare {} with {}", left.ty, right.ty);
    let error = Diagnostic::error(codes::INCOMPARABLE, span, message)
        .also(left.span, left.ty.to_string())
        .also(right.span, right.ty.to_string());
    let (number, other) = if left.ty.is_numeric() {
        (left, right)
    } else {
        (right, left)
    };
    if !number.ty.is_numeric() {
        return match (&left.ty, &right.ty) {
            (Type::Interval, Type::Timestamp | Type::Date) | (Type::Timestamp | Type::Date, Type::Interval) => {
                error.help("the difference of two timestamps is an interval: b.ts - a.ts < INTERVAL '5' MINUTE")
            }
            (Type::Text, other) | (other, Type::Text) => {
                error.help(format!("cast the text: CAST(… AS {other})"))
            }
            _ => error,
        };
    }
    match (&other.ty, &other.kind) {
        (Type::Text, ExprKind::Const(Value::Text(text))) => {
            match text.trim().parse::<f64>() {
                Ok(float) if float.is_finite() => error
                    .help(format!("write the number without quotes: {}", text.trim()))
                    .fix(other.span, text.trim()),
                _ => error.help(format!("{text:?} is not a number")),
            }
        }
        (Type::Text, _) => match &number.kind {
            ExprKind::Const(value) => error
                .help(format!("compare texts, '{value}', or read the text as a number: CAST(… AS {})", number.ty)),
            _ => error.help(format!(
                "read the text as a number: CAST(… AS {0}), or TRY_CAST(… AS {0}) to get NULL where it is none",
                number.ty
            )),
        },
        (Type::Timestamp | Type::Date, _) => error.help("make a timestamp of the number: TO_TIMESTAMP(seconds)"),
        (Type::Interval, ExprKind::Const(_)) | (Type::Interval, _) => {
            error.help("say the unit: 5 SECONDS, or EXTRACT(epoch FROM …) for a number of seconds")
        }
        (Type::Bool, _) => error.help("a BOOLEAN is a condition by itself; or compare it with TRUE or FALSE"),
        _ => error,
    }
}

impl Binder<'_> {
    /// `left op right`
    pub(super) fn compare(
        &mut self,
        op: CompareOp,
        left: Expr,
        right: Expr,
        span: Span,
    ) -> Option<Expr> {
        for side in [&left, &right] {
            if side.ty == Type::Null && matches!(side.kind, ExprKind::Const(Value::Null)) {
                let (is, help) = match op {
                    CompareOp::NotEq => ("IS NOT NULL", "write IS NOT NULL"),
                    _ => ("IS NULL", "write IS NULL"),
                };
                let lint = Diagnostic::warning(
                    codes::NULL_COMPARISON,
                    span,
                    format!("a comparison with NULL is never true; did you mean {is}?"),
                );
                self.diagnostics.push(lint.help(help));
                break;
            }
        }
        let network = matches!(
            op,
            CompareOp::ContainedBy
                | CompareOp::ContainedByOrEq
                | CompareOp::Contains
                | CompareOp::ContainsOrEq
        );
        let (left, right) = if network {
            self.networks(op, left, right, span)?
        } else {
            self.keep(unify(left, right, span))?
        };
        let kind = ExprKind::Compare(op, Box::new(left), Box::new(right));
        self.node(kind, Type::Bool, span)
    }

    fn networks(
        &mut self,
        op: CompareOp,
        left: Expr,
        right: Expr,
        span: Span,
    ) -> Option<(Expr, Expr)> {
        for side in [&left, &right] {
            if !matches!(side.ty, Type::Inet | Type::Null | Type::Json) && !is_text_literal(side) {
                let message = format!(
                    "`{}` compares INET addresses, this is {}",
                    op.symbol(),
                    side.ty
                );
                let error = Diagnostic::error(codes::OPERATOR_TYPES, span, message)
                    .also(side.span, side.ty.to_string());
                let error = match side.ty {
                    Type::Text => error.help("cast the text: CAST(… AS INET)"),
                    Type::Int => {
                        error.help("for a shift of bits multiply or divide by a power of two")
                    }
                    _ => error,
                };
                return self.error(error);
            }
        }
        let (left, right) = (
            self.coerce(left, &Type::Inet),
            self.coerce(right, &Type::Inet),
        );
        Some((left?, right?))
    }

    /// `(a, b) op (c, d)`: equality of all, or the first difference decides.
    pub(super) fn compare_rows(
        &mut self,
        op: CompareOp,
        left: &ast::Expr,
        right: &ast::Expr,
        span: Span,
    ) -> Option<Expr> {
        let lefts = self.row(left);
        let rights = match &bare(right).kind {
            ast::ExprKind::Row(_) => self.row(right),
            _ => {
                return self.error(
                    Diagnostic::error(
                        codes::ROW_VALUE,
                        right.span,
                        "a row can only be compared with a row",
                    )
                    .also(left.span, "a row"),
                );
            }
        };
        let (lefts, rights) = (lefts?, rights?);
        if lefts.len() != rights.len() {
            let message = format!(
                "a row of {} can't be compared with a row of {}",
                lefts.len(),
                rights.len()
            );
            return self.error(Diagnostic::error(codes::ROW_VALUE, span, message));
        }
        self.row_comparison(op, lefts, rights, span)
    }

    fn row(&mut self, row: &ast::Expr) -> Option<Vec<Expr>> {
        match &bare(row).kind {
            ast::ExprKind::Row(parts) => self.all(parts),
            _ => {
                let error =
                    Diagnostic::error(codes::ROW_VALUE, row.span, "a row is expected here: (a, b)");
                self.error(error)
            }
        }
    }

    fn row_comparison(
        &mut self,
        op: CompareOp,
        lefts: Vec<Expr>,
        rights: Vec<Expr>,
        span: Span,
    ) -> Option<Expr> {
        let pairs: Vec<(Expr, Expr)> = lefts.into_iter().zip(rights).collect();
        let each =
            |binder: &mut Self, op: CompareOp, pairs: &[(Expr, Expr)]| -> Option<Vec<Expr>> {
                let parts: Vec<Option<Expr>> = pairs
                    .iter()
                    .map(|(l, r)| binder.compare(op, l.clone(), r.clone(), span))
                    .collect();
                parts.into_iter().collect()
            };
        let strict = match op {
            CompareOp::Eq => return Some(logic(true, each(self, CompareOp::Eq, &pairs)?, span)),
            CompareOp::NotEq => {
                return Some(logic(false, each(self, CompareOp::NotEq, &pairs)?, span));
            }
            CompareOp::Lt | CompareOp::LtEq => CompareOp::Lt,
            CompareOp::Gt | CompareOp::GtEq => CompareOp::Gt,
            _ => {
                let message = format!("rows can't be compared with `{}`", op.symbol());
                return self.error(Diagnostic::error(codes::ROW_VALUE, span, message));
            }
        };
        // a < c OR (a = c AND (b < d OR …)), built from the end.
        let mut result: Option<Expr> = None;
        for (left, right) in pairs.into_iter().rev() {
            result = Some(match result {
                None => self.compare(op, left, right, span)?,
                Some(rest) => {
                    let before = self.compare(strict, left.clone(), right.clone(), span)?;
                    let equal = self.compare(CompareOp::Eq, left, right, span)?;
                    logic(
                        false,
                        vec![before, logic(true, vec![equal, rest], span)],
                        span,
                    )
                }
            });
        }
        result
    }

    pub(super) fn in_list(
        &mut self,
        expr: &ast::Expr,
        list: &[ast::Expr],
        negated: bool,
        span: Span,
    ) -> Option<Expr> {
        if let ast::ExprKind::Row(_) = bare(expr).kind {
            let parts: Vec<Option<Expr>> = list
                .iter()
                .map(|member| self.compare_rows(CompareOp::Eq, expr, member, span))
                .collect();
            let any = logic(false, parts.into_iter().collect::<Option<_>>()?, span);
            return if negated {
                self.node(ExprKind::Not(Box::new(any)), Type::Bool, span)
            } else {
                Some(any)
            };
        }
        let (value, members) = (self.expr(expr), self.all(list));
        let (value, members) = (value?, members?);
        // One member of the wrong type is enough to tell: mostly all of them are.
        let pairs: Result<Vec<(Expr, Expr)>, Diagnostic> = members
            .into_iter()
            .map(|member| unify(value.clone(), member, span))
            .collect();
        let pairs = self.keep(pairs)?;
        // Members whose left sides were cast alike share a set; all others are compared one by one.
        let mut parts = Vec::new();
        let mut sets: Vec<(Expr, Vec<Value>)> = Vec::new();
        for (left, right) in pairs {
            match right.kind {
                ExprKind::Const(constant) => {
                    match sets.iter_mut().find(|(other, _)| same(other, &left)) {
                        Some((_, constants)) => constants.push(constant),
                        None => sets.push((left, vec![constant])),
                    }
                }
                kind => {
                    let right = Expr {
                        kind,
                        ty: right.ty,
                        span: right.span,
                    };
                    parts.push(self.compare(CompareOp::Eq, left, right, span)?);
                }
            }
        }
        let only_sets = parts.is_empty();
        let direct = negated && only_sets && sets.len() == 1;
        for (left, constants) in sets {
            let set = Arc::new(ConstSet::new(constants));
            let kind = ExprKind::InConst {
                expr: Box::new(left),
                set,
                negated: direct,
            };
            parts.insert(0, self.node(kind, Type::Bool, span)?);
        }
        let any = logic(false, parts, span);
        if negated && !direct {
            self.node(ExprKind::Not(Box::new(any)), Type::Bool, span)
        } else {
            Some(any)
        }
    }

    pub(super) fn like(
        &mut self,
        expr: &ast::Expr,
        pattern: &ast::Expr,
        escape: Option<&ast::Expr>,
        kind: LikeKind,
        negated: bool,
        span: Span,
    ) -> Option<Expr> {
        let (value, pattern) = (self.expr(expr), self.expr(pattern));
        let escape = match escape {
            None => Some(Some('\\')),
            Some(escape) => self.escape(escape),
        };
        let (value, pattern) = (self.like_text(value?, kind), self.like_text(pattern?, kind));
        let (value, pattern, escape) = (value?, pattern?, escape?);
        let compiled = match &pattern.kind {
            ExprKind::Const(Value::Text(source)) => TextPattern::new(kind, source, escape),
            ExprKind::Const(_) => {
                return Some(Expr {
                    kind: ExprKind::Const(Value::Null),
                    ty: Type::Bool,
                    span,
                });
            }
            _ => return self.dynamic_like(kind, value, pattern, escape, negated, span),
        };
        match compiled {
            Ok(pattern) => {
                let kind = ExprKind::Matches {
                    expr: Box::new(value),
                    pattern: Arc::new(pattern),
                    negated,
                };
                self.node(kind, Type::Bool, span)
            }
            Err(message) => self.error(Diagnostic::error(
                codes::INVALID_PATTERN,
                pattern.span,
                message,
            )),
        }
    }

    /// The pattern is not constant: it is compiled when it is met, and the last few are kept.
    fn dynamic_like(
        &mut self,
        kind: LikeKind,
        value: Expr,
        pattern: Expr,
        escape: Option<char>,
        negated: bool,
        span: Span,
    ) -> Option<Expr> {
        let function = operator(like_name(kind))?;
        let escape = escape.map(String::from).unwrap_or_default();
        let escape = Expr {
            kind: ExprKind::Const(Value::text(escape)),
            ty: Type::Text,
            span,
        };
        let call = self.node(
            ExprKind::Call {
                function,
                args: vec![value, pattern, escape],
            },
            Type::Bool,
            span,
        )?;
        if negated {
            self.node(ExprKind::Not(Box::new(call)), Type::Bool, span)
        } else {
            Some(call)
        }
    }

    fn like_text(&mut self, value: Expr, kind: LikeKind) -> Option<Expr> {
        if matches!(value.ty, Type::Text | Type::Null | Type::Json) {
            return self.coerce(value, &Type::Text);
        }
        let message = format!("{} wants texts, this is {}", like_name(kind), value.ty);
        let help = format!("cast it: CAST(… AS TEXT) {} …", like_name(kind));
        self.error(Diagnostic::error(codes::OPERATOR_TYPES, value.span, message).help(help))
    }

    /// One character, or '' for none.
    #[allow(
        clippy::option_option,
        reason = "no escape character and an error are different answers"
    )]
    fn escape(&mut self, escape: &ast::Expr) -> Option<Option<char>> {
        let bound = self.expr(escape)?;
        if let ExprKind::Const(Value::Text(text)) = &bound.kind {
            let mut characters = text.chars();
            if let (first, None) = (characters.next(), characters.next()) {
                return Some(first);
            }
        }
        let message = "ESCAPE takes a constant of one character";
        self.error(Diagnostic::error(
            codes::INVALID_PATTERN,
            bound.span,
            message,
        ))
    }
}

fn like_name(kind: LikeKind) -> &'static str {
    match kind {
        LikeKind::Like => "LIKE",
        LikeKind::ILike => "ILIKE",
        LikeKind::Similar => "SIMILAR TO",
        LikeKind::Regex => "~",
        LikeKind::IRegex => "~*",
    }
}
