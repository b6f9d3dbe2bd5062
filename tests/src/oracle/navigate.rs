//! What looks at a match: names, FIRST, LAST, PREV, NEXT, aggregates, CLASSIFIER and facts about the match
//! (semantics 2.12 and 4).

use portent_grammar::Value;
use portent_parser::ast::{Call, Expr, ExprKind, Ident, Semantics};

use super::expr::{At, Scope, eval};
use super::model::{Bound, Row, means};
use super::value::{Outcome, arithmetic, as_float, compare, fail, same, truth, unknown};
use portent_parser::ast::BinaryOp;

impl<'a> Scope<'a> {
    /// What RUNNING or FINAL sees.
    fn visible(&self, semantics: Option<Semantics>) -> &'a [Bound] {
        match semantics {
            Some(Semantics::Final) => self.bound,
            _ => &self.bound[..self.upto],
        }
    }

    /// The positions of the rows bound to these variables (all, if none are named).
    fn rows_of(&self, variables: Option<&[usize]>, semantics: Option<Semantics>) -> Vec<usize> {
        let counts =
            |bound: &&Bound| variables.is_none_or(|variables| variables.contains(&bound.variable));
        self.visible(semantics)
            .iter()
            .filter(counts)
            .map(|bound| bound.row)
            .collect()
    }

    /// The same scope with names read at one row.
    fn at_row(&self, position: usize) -> Scope<'a> {
        Scope {
            at: At::Row(&self.rows[position], Some(position)),
            ..*self
        }
    }
}

/// `col`, `v.col`, `stream.col`
pub fn name(parts: &[Ident], scope: &Scope<'_>) -> Outcome {
    let (qualifier, column) = match parts {
        [column] => (None, column),
        [qualifier, column] => (Some(qualifier), column),
        _ => return unknown("a nested field"),
    };
    if let At::Table(table) = scope.at {
        return match table.iter().find(|(name, _)| means(column, name)) {
            Some((_, value)) => Ok(value.clone()),
            None => unknown(format!("the column {}", column.text)),
        };
    }
    let variables = qualifier.and_then(|name| scope.query.variables_of(name));
    if let (Some(qualifier), None) = (qualifier, &variables)
        && !from_names(qualifier, scope)
    {
        return unknown(format!("the name {}", qualifier.text));
    }
    match scope.at {
        At::Table(_) => unknown("a table"),
        At::Row(row, _) => column_of(row, column, scope),
        At::Match => match scope.rows_of(variables.as_deref(), None).last() {
            Some(position) => column_of(&scope.rows[*position], column, scope),
            // 4: a bare column of an empty match is NULL, except partition columns
            None if variables.is_none() => {
                Ok(partition_column(column, scope).unwrap_or(Value::Null))
            }
            None => Ok(Value::Null),
        },
    }
}

fn from_names(qualifier: &Ident, scope: &Scope<'_>) -> bool {
    scope.query.from.iter().any(|(stream, alias)| match alias {
        Some(alias) => means(qualifier, &alias.text),
        None => means(qualifier, &scope.query.streams[*stream].name),
    })
}

fn partition_column(column: &Ident, scope: &Scope<'_>) -> Option<Value> {
    let index = scope
        .query
        .partition_by
        .iter()
        .position(|key| match &key.expr.kind {
            ExprKind::Name(parts) => parts.last().is_some_and(|name| means(column, &name.text)),
            _ => false,
        })?;
    scope.facts?.key.get(index).cloned()
}

/// A column of a row; NULL if only another stream of the query has such a column.
fn column_of(row: &Row, column: &Ident, scope: &Scope<'_>) -> Outcome {
    let find = |stream: usize| {
        let columns = &scope.query.streams[stream].columns;
        columns
            .iter()
            .position(|name| *name == column.text)
            .or_else(|| columns.iter().position(|name| means(column, name)))
    };
    match find(row.stream) {
        Some(index) => Ok(row.values[index].clone()),
        None if scope
            .query
            .from
            .iter()
            .any(|(stream, _)| find(*stream).is_some()) =>
        {
            Ok(Value::Null)
        }
        None => unknown(format!("the column {}", column.text)),
    }
}

/// A call that looks at the match; `None` if it is a scalar function.
pub fn call(call: &Call, scope: &Scope<'_>) -> Option<Outcome> {
    if call.over.is_some() {
        return Some(unknown("OVER"));
    }
    let name = call.name.text.to_ascii_uppercase();
    Some(match name.as_str() {
        "FIRST" | "LAST" | "PREV" | "NEXT" => navigation(&name, call, scope),
        "COUNT" | "SUM" | "AVG" | "MIN" | "MAX" | "BOOL_AND" | "BOOL_OR" | "ARRAY_AGG"
        | "STRING_AGG" | "STDDEV" | "STDDEV_SAMP" | "STDDEV_POP" | "VARIANCE" | "VAR_SAMP"
        | "VAR_POP" => aggregate(&name, call, scope),
        "CLASSIFIER" => classifier(call, scope),
        "MATCH_NUMBER" | "TIMED_OUT" | "MATCH_TIME" => match (scope.facts, name.as_str()) {
            (None, _) => unknown("facts of a match where there is none"),
            (Some(facts), "MATCH_NUMBER") => Ok(facts.number.map_or(Value::Null, Value::Int)),
            (Some(facts), "TIMED_OUT") => Ok(Value::Bool(facts.timed_out)),
            (Some(facts), _) => Ok(Value::Timestamp(facts.time)),
        },
        "MATCH_START" => Ok(scope
            .bound
            .first()
            .map_or(Value::Null, |b| Value::Timestamp(scope.rows[b.row].time))),
        "MATCH_END" => Ok(scope
            .bound
            .last()
            .map_or(Value::Null, |b| Value::Timestamp(scope.rows[b.row].time))),
        "MATCH_DURATION" => match (scope.bound.first(), scope.bound.last()) {
            (Some(first), Some(last)) => Ok(super::value::interval(
                scope.rows[last.row].time - scope.rows[first.row].time,
            )),
            _ => Ok(Value::Null),
        },
        "SUPPRESSED" => match scope.facts.and_then(|facts| facts.suppressed) {
            Some(held) => Ok(Value::Int(held)),
            None => unknown("SUPPRESSED without LIMIT … PER"),
        },
        "MATCH_ID" | "MATCH_EVENTS" => unknown(name),
        _ => return None,
    })
}

/// FIRST and LAST are logical, PREV and NEXT physical; `PREV(LAST(v.x, n), m)` goes logically first.
fn navigation(name: &str, call: &Call, scope: &Scope<'_>) -> Outcome {
    let Some(argument) = call.args.first() else {
        return unknown("a navigation without argument");
    };
    let (argument, position) = match name {
        "FIRST" | "LAST" => (argument, logical(name, call, scope)?),
        _ => {
            let steps = offset(call, 1, scope)?;
            let (argument, from) = match inner_navigation(argument) {
                Some((inner_name, inner)) => {
                    let Some(argument) = inner.args.first() else {
                        return unknown("FIRST without argument");
                    };
                    let inner = if call.semantics.is_some() {
                        &Call {
                            semantics: call.semantics,
                            ..inner.clone()
                        }
                    } else {
                        inner
                    };
                    (argument, logical(inner_name, inner, scope)?)
                }
                None => {
                    let rows =
                        scope.rows_of(variables_in(argument, scope).as_deref(), call.semantics);
                    (argument, rows.last().copied())
                }
            };
            let to = from.and_then(|from| match name {
                "PREV" => from.checked_sub(steps),
                _ => from.checked_add(steps).filter(|to| *to < scope.rows.len()),
            });
            (argument, to)
        }
    };
    match position {
        Some(position) => eval(argument, &scope.at_row(position)),
        None => Ok(Value::Null),
    }
}

/// The row that `FIRST(x, n)` or `LAST(x, n)` finds.
fn logical(
    name: &str,
    call: &Call,
    scope: &Scope<'_>,
) -> Result<Option<usize>, super::value::Failure> {
    let Some(argument) = call.args.first() else {
        return unknown("FIRST without argument");
    };
    let steps = offset(call, 0, scope)?;
    let rows = scope.rows_of(variables_in(argument, scope).as_deref(), call.semantics);
    let index = if name == "FIRST" {
        Some(steps)
    } else {
        rows.len().checked_sub(steps + 1)
    };
    Ok(index.and_then(|index| rows.get(index).copied()))
}

fn offset(call: &Call, default: usize, scope: &Scope<'_>) -> Result<usize, super::value::Failure> {
    match call.args.get(1).map(|arg| eval(arg, scope)).transpose()? {
        None => Ok(default),
        Some(Value::Int(steps)) => usize::try_from(steps).or_else(|_| fail("a negative offset")),
        Some(_) => unknown("an offset that is not an integer"),
    }
}

fn inner_navigation(argument: &Expr) -> Option<(&'static str, &Call)> {
    match &argument.kind {
        ExprKind::Call(call) if call.name.text.eq_ignore_ascii_case("FIRST") => {
            Some(("FIRST", call))
        }
        ExprKind::Call(call) if call.name.text.eq_ignore_ascii_case("LAST") => Some(("LAST", call)),
        ExprKind::Paren(inner) => inner_navigation(inner),
        _ => None,
    }
}

/// The variables that an argument speaks of; `None`: all.
fn variables_in(expr: &Expr, scope: &Scope<'_>) -> Option<Vec<usize>> {
    let any = |exprs: &[Expr]| exprs.iter().find_map(|expr| variables_in(expr, scope));
    match &expr.kind {
        ExprKind::Name(parts) if parts.len() == 2 => scope.query.variables_of(&parts[0]),
        ExprKind::Paren(inner)
        | ExprKind::Unary { expr: inner, .. }
        | ExprKind::IsNull { expr: inner, .. }
        | ExprKind::IsBool { expr: inner, .. }
        | ExprKind::Cast { expr: inner, .. } => variables_in(inner, scope),
        ExprKind::Binary { left, right, .. } | ExprKind::IsDistinct { left, right, .. } => {
            variables_in(left, scope).or_else(|| variables_in(right, scope))
        }
        ExprKind::Between {
            expr, low, high, ..
        } => variables_in(expr, scope)
            .or_else(|| variables_in(low, scope))
            .or_else(|| variables_in(high, scope)),
        ExprKind::In { expr, list, .. } => variables_in(expr, scope).or_else(|| any(list)),
        ExprKind::Like { expr, .. } => variables_in(expr, scope),
        ExprKind::Case {
            operand,
            branches,
            otherwise,
        } => operand
            .as_ref()
            .and_then(|expr| variables_in(expr, scope))
            .or_else(|| {
                branches
                    .iter()
                    .find_map(|(w, t)| variables_in(w, scope).or_else(|| variables_in(t, scope)))
            })
            .or_else(|| {
                otherwise
                    .as_ref()
                    .and_then(|expr| variables_in(expr, scope))
            }),
        ExprKind::Call(call) if call.name.text.eq_ignore_ascii_case("CLASSIFIER") => {
            call.args.first().and_then(|arg| lone_variable(arg, scope))
        }
        ExprKind::Call(call) => any(&call.args),
        _ => None,
    }
}

/// `v` as an argument that means the variable itself: `COUNT(v)`, `CLASSIFIER(v)`.
fn lone_variable(expr: &Expr, scope: &Scope<'_>) -> Option<Vec<usize>> {
    match &expr.kind {
        ExprKind::Name(parts) if parts.len() == 1 => scope.query.variables_of(&parts[0]),
        ExprKind::Paren(inner) => lone_variable(inner, scope),
        _ => None,
    }
}

fn classifier(call: &Call, scope: &Scope<'_>) -> Outcome {
    let variables = call.args.first().and_then(|arg| lone_variable(arg, scope));
    if !call.args.is_empty() && variables.is_none() {
        return unknown("CLASSIFIER of anything but a variable");
    }
    let position = match scope.at {
        At::Row(_, position) => position,
        At::Table(_) => return unknown("a table"),
        At::Match => scope
            .rows_of(variables.as_deref(), call.semantics)
            .last()
            .copied(),
    };
    let bound = scope.bound.iter().find(|bound| Some(bound.row) == position);
    Ok(bound.map_or(Value::Null, |bound| {
        Value::text(scope.query.variables[bound.variable].name.text.as_str())
    }))
}

/// An aggregate over the rows bound to the variables in its argument, the tentative row included.
fn aggregate(name: &str, call: &Call, scope: &Scope<'_>) -> Outcome {
    if !matches!(scope.at, At::Match) {
        return unknown("an aggregate outside of a match");
    }
    let argument = call.args.first();
    let mut counts_rows = call.star.is_some();
    let variables = match (&call.star, argument) {
        (Some(Some(variable)), _) => scope.query.variables_of(variable),
        (Some(None), _) => None,
        (None, Some(argument)) => match lone_variable(argument, scope) {
            Some(variables) if name == "COUNT" => {
                counts_rows = true;
                Some(variables)
            }
            _ => variables_in(argument, scope),
        },
        (None, None) => return unknown("an aggregate without argument"),
    };
    let mut values: Vec<Value> = Vec::new();
    let mut rows = 0;
    for position in scope.rows_of(variables.as_deref(), call.semantics) {
        let there = scope.at_row(position);
        if let Some(filter) = &call.filter
            && truth(&eval(filter, &there)?)? != Some(true)
        {
            continue;
        }
        rows += 1;
        if let (false, Some(argument)) = (counts_rows, argument) {
            let value = eval(argument, &there)?;
            let repeated = call.distinct && values.iter().any(|other| same(other, &value));
            if (!value.is_null() || name == "ARRAY_AGG") && !repeated {
                values.push(value);
            }
        }
    }
    match name {
        "COUNT" if counts_rows => Ok(Value::Int(rows)),
        "COUNT" => Ok(Value::Int(values.len() as i64)),
        _ if values.is_empty() => Ok(Value::Null),
        "SUM" => sum(&values),
        "ARRAY_AGG" if call.distinct => unknown("ARRAY_AGG(DISTINCT …)"),
        "ARRAY_AGG" => Ok(Value::array(values)),
        "STRING_AGG" => string_agg(&values, call, scope),
        "STDDEV" | "STDDEV_SAMP" | "STDDEV_POP" | "VARIANCE" | "VAR_SAMP" | "VAR_POP" => {
            spread(name, &values)
        }
        "AVG" => Ok(Value::Float(
            as_float(&sum(&values)?)? / values.len() as f64,
        )),
        "MIN" | "MAX" => {
            let mut best = values[0].clone();
            for value in &values[1..] {
                let order = compare(value, &best)?;
                if order.is_some_and(|order| {
                    if name == "MIN" {
                        order.is_lt()
                    } else {
                        order.is_gt()
                    }
                }) {
                    best = value.clone();
                }
            }
            Ok(best)
        }
        _ => {
            let mut all = name == "BOOL_AND";
            for value in &values {
                let value = truth(value)? == Some(true);
                all = if name == "BOOL_AND" {
                    all && value
                } else {
                    all || value
                };
            }
            Ok(Value::Bool(all))
        }
    }
}

fn string_agg(values: &[Value], call: &Call, scope: &Scope<'_>) -> Outcome {
    let Some(Value::Text(separator)) = call.args.get(1).map(|arg| eval(arg, scope)).transpose()?
    else {
        return unknown("a separator that is not a text");
    };
    let mut texts = Vec::new();
    for value in values {
        match value {
            Value::Text(text) => texts.push(text.to_string()),
            _ => return unknown("STRING_AGG of anything but texts"),
        }
    }
    Ok(Value::text(texts.join(&separator)))
}

/// Variance and standard deviation, of a sample (NULL of fewer than two values) or of the whole.
fn spread(name: &str, values: &[Value]) -> Outcome {
    let numbers: Vec<f64> = values.iter().map(as_float).collect::<Result<_, _>>()?;
    let count = numbers.len() as f64;
    let mean = numbers.iter().sum::<f64>() / count;
    let squares: f64 = numbers.iter().map(|x| (x - mean) * (x - mean)).sum();
    let divisor = if name.ends_with("_POP") {
        count
    } else {
        count - 1.0
    };
    if divisor == 0.0 {
        return Ok(Value::Null);
    }
    let variance = squares / divisor;
    Ok(Value::Float(if name.starts_with("STDDEV") {
        variance.sqrt()
    } else {
        variance
    }))
}

fn sum(values: &[Value]) -> Outcome {
    let mut sum = values[0].clone();
    for value in &values[1..] {
        sum = arithmetic(BinaryOp::Add, &sum, value)?;
    }
    Ok(sum)
}
