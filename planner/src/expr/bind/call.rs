//! Calls of scalar functions, EXTRACT and AT TIME ZONE.

use portent_grammar::codes::types as codes;
use portent_grammar::{Diagnostic, Span, Type, Value};
use portent_parser::ast;

use super::super::aggregate::aggregate_not_supported;
use super::super::text_pattern::compile;
use super::super::time::{TimeField, Zone};
use super::super::types::{is_text_literal, nearest};
use super::super::{Expr, ExprKind};
use super::{Binder, comparison, mixed};
use crate::functions::{self, Family, Function, Library, Param, ScalarFunction, operator};

impl Binder<'_> {
    pub(super) fn call(&mut self, call: &ast::Call, span: Span) -> Option<Expr> {
        if let Some(result) = self.scope.call(call, span) {
            return self.keep(result);
        }
        let name = call.name.text.to_ascii_uppercase();
        if let Some(error) = functions::volatile(&name, span) {
            return self.error(error);
        }
        if call.over.is_some() {
            let error = Diagnostic::error(
                codes::FUNCTION_NOT_SUPPORTED,
                span,
                "OVER (…) is not supported yet",
            );
            return self
                .error(error.help("navigation inside a pattern (PREV, NEXT, FIRST, LAST) may do"));
        }
        if matches!(name.as_str(), "IF" | "IIF") {
            return self.if_call(call, &name, span);
        }
        let Some(function) = self.scope.library().find(&name) else {
            // Errors in the arguments are told too.
            call.args.iter().for_each(|arg| drop(self.expr(arg)));
            let error = no_function(&call.name, self.scope.library());
            return self.error(error);
        };
        if let Some(error) = only_for_aggregates(call, &function, span) {
            return self.error(error);
        }
        let args = self.all(&call.args)?;
        self.scalar(function, args, span)
    }

    fn scalar(&mut self, function: Function, args: Vec<Expr>, span: Span) -> Option<Expr> {
        if function.name() == "NULLIF"
            && let [left, right] = args.as_slice()
        {
            let (left, right) = self.keep(comparison::unify(left.clone(), right.clone(), span))?;
            let ty = left.ty.clone();
            return self.node(
                ExprKind::Call {
                    function,
                    args: vec![left, right],
                },
                ty,
                span,
            );
        }
        let Some(resolved) = functions::resolve(&function, &args) else {
            return self.error(wrong_arguments(&function, &args, span));
        };
        let args: Vec<Option<Expr>> = args
            .into_iter()
            .zip(&resolved.params)
            .map(|(arg, ty)| self.coerce(arg, ty))
            .collect();
        let args: Vec<Expr> = args.into_iter().collect::<Option<_>>()?;
        if let Some(error) = constant_argument(&function, &args) {
            return self.error(error);
        }
        self.node(ExprKind::Call { function, args }, resolved.returns, span)
    }

    /// `IF(condition, then, else)` is a CASE.
    fn if_call(&mut self, call: &ast::Call, name: &str, span: Span) -> Option<Expr> {
        let (condition, then, otherwise) = match call.args.as_slice() {
            [condition, then] => (condition, then, None),
            [condition, then, otherwise] => (condition, then, Some(otherwise)),
            _ => {
                let message = format!("{name} takes a condition and two values");
                let error = Diagnostic::error(codes::FUNCTION_ARGUMENTS, span, message);
                return self.error(error.help(format!("{name}(condition, then, else)")));
            }
        };
        let condition = self.condition(condition);
        let then = self.expr(then);
        let otherwise = match otherwise {
            Some(otherwise) => self.expr(otherwise).map(Some),
            None => Some(None),
        };
        let (condition, then, otherwise) = (condition?, then?, otherwise?);
        let has_otherwise = otherwise.is_some();
        let mut values = vec![then];
        values.extend(otherwise);
        let (mut values, ty) = self.unify_values(values, &format!("the values of {name}"), span)?;
        let otherwise = if has_otherwise {
            values.pop().map(Box::new)
        } else {
            None
        };
        let branches = values
            .into_iter()
            .map(|value| (condition.clone(), value))
            .collect();
        self.node(
            ExprKind::Case {
                branches,
                otherwise,
            },
            ty,
            span,
        )
    }

    pub(super) fn extract(
        &mut self,
        field: &ast::Ident,
        from: &ast::Expr,
        span: Span,
    ) -> Option<Expr> {
        let known = self.keep(time_field(&field.text, field.span));
        let value = self.expr(from)?;
        let known = known?;
        let value = match value.ty {
            Type::Timestamp | Type::Date | Type::Interval | Type::Null => value,
            Type::Json => self.coerce(value, &Type::Timestamp)?,
            Type::Text if is_text_literal(&value) => self.coerce(value, &Type::Timestamp)?,
            _ => {
                let message = format!(
                    "EXTRACT takes a TIMESTAMP, DATE or INTERVAL, this is {}",
                    value.ty
                );
                let error = Diagnostic::error(codes::FUNCTION_ARGUMENTS, value.span, message);
                return self.error(error.help("cast it: CAST(… AS TIMESTAMP)"));
            }
        };
        let ty = if known.is_whole() {
            Type::Int
        } else {
            Type::Decimal(None)
        };
        let name = Value::text(known.name());
        let field = Expr {
            kind: ExprKind::Const(name),
            ty: Type::Text,
            span: field.span,
        };
        let function = operator("EXTRACT")?;
        self.node(
            ExprKind::Call {
                function,
                args: vec![field, value],
            },
            ty,
            span,
        )
    }

    pub(super) fn at_time_zone(
        &mut self,
        expr: &ast::Expr,
        zone: &ast::Expr,
        span: Span,
    ) -> Option<Expr> {
        let (value, zone) = (self.expr(expr), self.expr(zone));
        let (value, zone) = (value?, zone?);
        if !matches!(
            value.ty,
            Type::Timestamp | Type::Date | Type::Null | Type::Json
        ) && !is_text_literal(&value)
        {
            let message = format!("AT TIME ZONE takes a TIMESTAMP, this is {}", value.ty);
            return self.error(Diagnostic::error(
                codes::FUNCTION_ARGUMENTS,
                value.span,
                message,
            ));
        }
        if !matches!(zone.ty, Type::Text | Type::Null) {
            let message = format!("a time zone is a text, this is {}", zone.ty);
            let error = Diagnostic::error(codes::FUNCTION_ARGUMENTS, zone.span, message);
            return self.error(error.help("write it as 'Europe/Berlin' or '+02:00'"));
        }
        let value = self.coerce(value, &Type::Timestamp)?;
        if let ExprKind::Const(Value::Text(name)) = &zone.kind {
            self.keep(time_zone(name, zone.span))?;
        }
        let function = operator("AT TIME ZONE")?;
        self.node(
            ExprKind::Call {
                function,
                args: vec![value, zone],
            },
            Type::Timestamp,
            span,
        )
    }
}

/// No scalar function, and nothing that the scope knows.
fn no_function(name: &ast::Ident, library: &Library) -> Diagnostic {
    if let Some(error) = aggregate_not_supported(&name.text, name.span) {
        return error;
    }
    let upper = name.text.to_ascii_uppercase();
    if library.aggregate(&upper).is_some() {
        let message = format!("{upper} is an aggregate, and there are no rows to aggregate here");
        let error = Diagnostic::error(codes::MISPLACED_AGGREGATE, name.span, message);
        return error.help(
            "aggregates stand in SELECT, HAVING and MEASURES, and over variables in conditions",
        );
    }
    library.unknown(&name.text, name.span)
}

fn time_field(name: &str, span: Span) -> Result<TimeField, Diagnostic> {
    TimeField::parse(name).ok_or_else(|| {
        let error = Diagnostic::error(
            codes::UNKNOWN_TIME_FIELD,
            span,
            format!("a time has no part {name:?}"),
        );
        match nearest(name, TimeField::NAMES.iter().copied()) {
            Some(near) => error.help(format!("did you mean {near}?")).fix(span, near),
            None => error.help(format!("the parts are {}", TimeField::NAMES.join(", "))),
        }
    })
}

fn time_zone(name: &str, span: Span) -> Result<Zone, Diagnostic> {
    Zone::parse(name).map_err(|message| {
        let error = Diagnostic::error(codes::UNKNOWN_TIME_ZONE, span, message);
        match Zone::suggest(name) {
            Some(near) => error
                .help(format!("did you mean '{near}'?"))
                .fix(span, format!("'{near}'")),
            None => error.help("write it as 'Europe/Berlin' or '+02:00'"),
        }
    })
}

fn only_for_aggregates(call: &ast::Call, function: &Function, span: Span) -> Option<Diagnostic> {
    let what = if call.distinct {
        "DISTINCT"
    } else if call.star.is_some() {
        "*"
    } else if call.filter.is_some() {
        "FILTER (WHERE …)"
    } else if call.semantics.is_some() {
        "RUNNING or FINAL"
    } else {
        return None;
    };
    let message = format!(
        "{what} only goes with an aggregate or a navigation, {} is neither",
        function.name()
    );
    Some(Diagnostic::error(codes::NOT_AN_AGGREGATE, span, message))
}

fn wrong_arguments(function: &Function, args: &[Expr], span: Span) -> Diagnostic {
    let mixes = |function: &ScalarFunction| {
        let mut signatures = function.signatures.iter();
        function.family == Family::Conditional
            && signatures.any(|signature| signature.params.contains(&Param::T))
    };
    if function.built_in().is_some_and(mixes) && !args.is_empty() {
        return mixed(args, &format!("the arguments of {}", function.name()), span);
    }
    let types: Vec<String> = args.iter().map(|arg| arg.ty.to_string()).collect();
    let message = format!(
        "{} can't be called with ({})",
        function.name(),
        types.join(", ")
    );
    let mut error = Diagnostic::error(codes::FUNCTION_ARGUMENTS, span, message);
    for line in function.signature_lines() {
        error = error.help(line);
    }
    error
}

/// Constant fields, zones and patterns are checked once, here.
fn constant_argument(function: &Function, args: &[Expr]) -> Option<Diagnostic> {
    let text = |index: usize| match args.get(index).map(|arg| (&arg.kind, arg.span)) {
        Some((ExprKind::Const(Value::Text(text)), span)) => Some((text.as_str(), span)),
        _ => None,
    };
    match function.name() {
        "DATE_TRUNC" | "DATE_PART" => {
            let (name, span) = text(0)?;
            let error = time_field(name, span).err()?;
            let quoted = error
                .fix
                .as_ref()
                .map(|fix| format!("'{}'", fix.replacement));
            Some(match quoted {
                Some(quoted) => error.fix(span, quoted),
                None => error,
            })
        }
        name if name.starts_with("REGEXP_") => {
            let (pattern, span) = text(1)?;
            let message = compile(pattern, false, false).err()?;
            Some(Diagnostic::error(codes::INVALID_PATTERN, span, message))
        }
        _ => None,
    }
}
