//! FIRST, LAST, PREV, NEXT: values at other rows.
//!
//! FIRST and LAST count among the rows bound to a variable, PREV and NEXT among the rows of the partition.
//! `PREV(LAST(v.x, n), m)` goes the logical way first. Everything in one navigation (and in one aggregate) speaks of the
//! rows of one variable.

use portent_grammar::codes::patterns as codes;
use portent_grammar::{Diagnostic, Span, Type, Value};
use portent_parser::ast;

use super::bound;
use super::layout::{Layout, fields, unwrap};
use super::pattern_scope::{PatternScope, Place, at_row, classifier_variables};
use super::row_scope::RowScope;
use crate::expr::{self, Expr, ExprKind, LogicalEnd, RowRef, Scope, VarId};
use crate::functions::Library;

/// The inside of a navigation or an aggregate: names are columns of *the* row, and the variables that they speak of
/// are noted.
#[derive(Debug)]
pub struct ArgumentScope<'a, 'b> {
    pub outer: &'a PatternScope<'b>,
    /// What this is the inside of, for errors.
    inside: &'static str,
    /// `Some(None)`: bare columns.
    seen: Option<Option<Vec<VarId>>>,
    /// Whether CLASSIFIER() stands in it.
    classifier: bool,
}

impl<'a, 'b> ArgumentScope<'a, 'b> {
    pub fn new(outer: &'a PatternScope<'b>, inside: &'static str) -> Self {
        ArgumentScope {
            outer,
            inside,
            seen: None,
            classifier: false,
        }
    }

    /// The variables that it speaks of; `None`: all.
    pub fn variables(&self) -> Option<Vec<VarId>> {
        self.seen.clone().flatten()
    }

    /// Notes that it speaks of these variables.
    pub fn restrict(
        &mut self,
        variables: Option<Vec<VarId>>,
        span: Span,
    ) -> Result<(), Diagnostic> {
        match &self.seen {
            None => {
                self.seen = Some(variables);
                Ok(())
            }
            Some(known) if *known == variables => Ok(()),
            Some(known) => {
                let name = |variables: &Option<Vec<VarId>>| match variables.as_deref() {
                    None => "all rows".to_owned(),
                    Some(list) => {
                        let names: Vec<&str> =
                            list.iter().map(|v| self.outer.variables.name(*v)).collect();
                        names.join(", ")
                    }
                };
                let message = format!(
                    "{} looks at the rows of one variable, and this one speaks of {} and of {}",
                    self.inside,
                    name(known),
                    name(&variables)
                );
                Err(Diagnostic::error(codes::MIXED_VARIABLES, span, message)
                    .help("name them together with SUBSET, or take the values apart: LAST(a.x) + LAST(b.x)"))
            }
        }
    }
}

impl Scope for ArgumentScope<'_, '_> {
    fn name(&mut self, parts: &[ast::Ident], span: Span) -> Result<Expr, Diagnostic> {
        let outer = self.outer;
        if let Some((first, rest)) = parts.split_first()
            && let (Some((ident, path)), Some(named)) =
                (rest.split_first(), outer.variables.lookup(first))
        {
            outer.check_present(&named, span)?;
            self.restrict(Some(named.members()), span)?;
            return fields(outer.column_of(&named, ident)?, path);
        }
        let column = outer
            .own_column(parts)
            .map_err(|error| outer.explain_unknown(parts, error))?;
        self.restrict(None, span)?;
        Ok(column)
    }

    fn call(&mut self, call: &ast::Call, span: Span) -> Option<Result<Expr, Diagnostic>> {
        let name = call.name.text.to_uppercase();
        if name == "CLASSIFIER" {
            let outer = self.outer;
            return Some(
                classifier_variables(outer, call, span).and_then(|variables| {
                    self.restrict(variables.clone(), span)?;
                    self.classifier = true;
                    let row = RowRef {
                        variables,
                        end: LogicalEnd::Last,
                        offset: 0,
                        running: true,
                        physical: 0,
                    };
                    Ok(Expr {
                        kind: ExprKind::Classifier(row),
                        ty: Type::Text,
                        span,
                    })
                }),
            );
        }
        if super::row_scope::PATTERN_FUNCTIONS.contains(&name.as_str())
            || self.library().aggregate(&name).is_some()
        {
            let message = format!("{name} can't stand inside {}", self.inside);
            let error = Diagnostic::error(codes::NESTING, span, message);
            return Some(Err(error.help(
                "only PREV(FIRST(…)), PREV(LAST(…)), NEXT(FIRST(…)) and NEXT(LAST(…)) nest",
            )));
        }
        if let Some(over) = call.over {
            return Some(Err(super::unsupported::over(over)));
        }
        call.semantics
            .map(|_| Err(super::row_scope::misplaced_semantics(call, span)))
    }

    fn library(&self) -> &Library {
        &self.outer.layout.library
    }
}

/// Binds FIRST, LAST, PREV or NEXT.
pub(super) fn navigate(
    scope: &mut PatternScope<'_>,
    call: &ast::Call,
    span: Span,
) -> Result<Expr, Diagnostic> {
    let name = call.name.text.to_uppercase();
    if call.distinct
        || call.star.is_some()
        || call.filter.is_some()
        || !(1..=2).contains(&call.args.len())
    {
        let message = format!("{name} takes an expression and, perhaps, how many rows away");
        return Err(Diagnostic::error(codes::NAVIGATION, span, message)
            .help(format!("for example: {name}(v.price), {name}(v.price, 2)")));
    }
    scope.check_final(call, span)?;
    let physical = matches!(name.as_str(), "PREV" | "NEXT");
    let Some(argument) = call.args.first() else {
        return Err(Diagnostic::error(codes::NAVIGATION, span, name));
    };
    let offset = match call.args.get(1) {
        Some(offset) => constant_offset(offset)?,
        None => u32::from(physical),
    };
    if !physical {
        let logical = Logical {
            end: end(&name),
            offset,
            semantics: call.semantics,
        };
        return finish(scope, argument, Some(logical), 0, span);
    }
    let physical = i32::try_from(offset).unwrap_or(i32::MAX);
    let physical = if name == "PREV" { -physical } else { physical };
    match inner_logical(argument) {
        Some(inner) => {
            scope.check_final(inner, argument.span)?;
            let Some(innermost) = inner.args.first() else {
                return Err(Diagnostic::error(
                    codes::NAVIGATION,
                    argument.span,
                    "FIRST and LAST take an expression",
                ));
            };
            let offset = match inner.args.get(1) {
                Some(offset) => constant_offset(offset)?,
                None => 0,
            };
            let end = end(&inner.name.text.to_uppercase());
            let semantics = inner.semantics.or(call.semantics);
            finish(
                scope,
                innermost,
                Some(Logical {
                    end,
                    offset,
                    semantics,
                }),
                physical,
                span,
            )
        }
        None => {
            if call.semantics.is_some() {
                return Err(super::row_scope::misplaced_semantics(call, span));
            }
            finish(scope, argument, None, physical, span)
        }
    }
}

/// The logical half of a navigation.
#[derive(Clone, Copy)]
struct Logical {
    end: LogicalEnd,
    offset: u32,
    semantics: Option<ast::Semantics>,
}

fn end(name: &str) -> LogicalEnd {
    if name == "FIRST" {
        LogicalEnd::First
    } else {
        LogicalEnd::Last
    }
}

/// `FIRST(…)` or `LAST(…)` as the whole argument.
fn inner_logical(expr: &ast::Expr) -> Option<&ast::Call> {
    match &unwrap(expr).kind {
        ast::ExprKind::Call(call)
            if ["FIRST", "LAST"].contains(&call.name.text.to_uppercase().as_str()) =>
        {
            Some(call)
        }
        _ => None,
    }
}

fn finish(
    scope: &mut PatternScope<'_>,
    argument: &ast::Expr,
    logical: Option<Logical>,
    physical: i32,
    span: Span,
) -> Result<Expr, Diagnostic> {
    let inside = if physical == 0 {
        "FIRST or LAST"
    } else {
        "PREV or NEXT"
    };
    let mut inner = ArgumentScope::new(scope, inside);
    let mut rest = Vec::new();
    let bound = bound::part(argument, &mut inner, &mut rest)?;
    let (variables, classifier) = (inner.variables(), inner.classifier);
    scope.diagnostics.append(&mut rest);
    let logical = logical.unwrap_or(Logical {
        end: LogicalEnd::Last,
        offset: 0,
        semantics: None,
    });
    let running = match scope.place {
        Place::Define(_) => true,
        Place::OneRow => false,
        Place::AllRows => logical.semantics != Some(ast::Semantics::Final),
    };
    let last = logical.end == LogicalEnd::Last && logical.offset == 0;
    let at_hand = last && scope.is_row_at_hand(variables.as_deref());
    if at_hand && physical == 0 && !classifier {
        // LAST(v.x) in v's own condition is the row at hand.
        return Ok(Expr { span, ..bound });
    }
    // In v's own condition the last row of v is the last row of all.
    let variables = if at_hand { None } else { variables };
    let row = RowRef {
        variables,
        end: logical.end,
        offset: logical.offset,
        running,
        physical,
    };
    let mut expr = if classifier {
        spread(bound, &row)
    } else {
        at_row(row, bound)
    };
    expr.span = span;
    Ok(expr)
}

/// `LAST(CLASSIFIER() || x)`: a classifier belongs to a match, not to a row, so the navigation goes to each part.
fn spread(mut expr: Expr, row: &RowRef) -> Expr {
    match &expr.kind {
        ExprKind::Column(_) => return at_row(row.clone(), expr),
        ExprKind::Classifier(_) => {
            expr.kind = ExprKind::Classifier(row.clone());
            return expr;
        }
        _ => {}
    }
    expr::for_each_child_mut(&mut expr, &mut |child| {
        let placeholder = Expr {
            kind: ExprKind::Const(Value::Null),
            ty: Type::Null,
            span: child.span,
        };
        let taken = std::mem::replace(child, placeholder);
        *child = spread(taken, row);
    });
    expr
}

/// How many rows away: a constant, not negative.
fn constant_offset(expr: &ast::Expr) -> Result<u32, Diagnostic> {
    let error = || {
        let message = "the offset must be a whole number, written out: 0, 1, 2, …";
        Diagnostic::error(codes::OFFSET, expr.span, message)
    };
    let layout = Layout::default();
    let mut rest = Vec::new();
    let bound = bound::part(expr, &mut RowScope::new(&layout), &mut rest).map_err(|_| error())?;
    match bound::value(&bound, &mut rest) {
        Some(Value::Int(offset)) => match u32::try_from(offset) {
            Ok(offset) if offset <= MAX_OFFSET => Ok(offset),
            Ok(_) => Err(Diagnostic::error(
                codes::OFFSET,
                expr.span,
                format!("at most {MAX_OFFSET} rows away"),
            )),
            Err(_) => Err(error().help(
                "PREV looks back and NEXT looks ahead; a negative offset would turn that round",
            )),
        },
        _ => Err(error()),
    }
}

/// Rows that far away must be kept, so there is an end to it.
const MAX_OFFSET: u32 = 1_000_000;
