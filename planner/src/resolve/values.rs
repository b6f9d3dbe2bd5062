//! `(VALUES (1, 90), (2, 80)) AS t(id, price)`: a hidden stream with these events.

use std::sync::Arc;

use portent_grammar::codes::statements as codes;
use portent_grammar::{Column, Diagnostic, Schema, Span, Type, Value};
use portent_parser::ast;

use super::{
    ConstantRows, Planner, Relation, bound, layout::Layout, row_scope::RowScope, spec, types,
};
use crate::catalog::name;
use crate::expr::{Expr, coerce};
use crate::functions::Library;
use crate::logical::LogicalPlan;

impl Planner<'_> {
    /// Plans VALUES. `alias` renames the columns before the event time is looked for.
    pub(super) fn values(
        &mut self,
        rows: &[Vec<ast::Expr>],
        alias: Option<&ast::TableAlias>,
        span: Span,
    ) -> Option<Relation> {
        let (mut schema, rows) = typed_rows(rows, self.catalog.library(), &mut self.diagnostics)?;
        super::from::rename(&mut schema, alias, &mut self.diagnostics);
        Some(self.constant(
            schema,
            rows,
            alias.map(|alias| alias.name.text.clone()),
            span,
        ))
    }

    /// A hidden stream of these rows.
    pub(super) fn constant(
        &mut self,
        schema: Schema,
        mut rows: Vec<Vec<Value>>,
        alias: Option<String>,
        span: Span,
    ) -> Relation {
        let event_time = crate::catalog::time_by_name(&schema);
        if let Some(column) = event_time {
            // Stable: ties keep the order in which they are written. Rows without a time come first, as they are.
            rows.sort_by_key(|row| match row.get(column) {
                Some(Value::Timestamp(micros)) => Some(*micros),
                _ => None,
            });
        }
        let stream = self.catalog.next_stream_id();
        let hidden = self.block_name(false);
        self.new_streams
            .push(spec(stream, &hidden, Arc::new(schema.clone())));
        let plan = LogicalPlan::Values {
            stream,
            rows: rows.len(),
            schema: schema.clone(),
        };
        self.constant_rows.push(ConstantRows {
            stream,
            rows,
            event_time,
        });
        Relation {
            names: alias.into_iter().collect(),
            stream,
            schema,
            event_time,
            has_event_time: event_time.is_some(),
            bounded: true,
            plan,
            span,
        }
    }
}

/// Rows of constants: every row of the same length, every column of one type.
fn typed_rows(
    rows: &[Vec<ast::Expr>],
    library: &Library,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<(Schema, Vec<Vec<Value>>)> {
    let width = rows.first().map_or(0, Vec::len);
    let before = diagnostics.len();
    let layout = Layout::empty(library);
    let mut scope = RowScope::at(&layout, "VALUES");
    let mut bound_rows: Vec<Vec<Expr>> = Vec::with_capacity(rows.len());
    for row in rows {
        if row.len() != width {
            let span = row
                .first()
                .map(|first| row.iter().fold(first.span, |span, part| span.to(part.span)));
            let values = if row.len() == 1 { "value" } else { "values" };
            let message = format!(
                "this row has {} {values}, and the first one has {width}",
                row.len()
            );
            diagnostics.push(Diagnostic::error(
                codes::VALUES_SHAPE,
                span.unwrap_or_default(),
                message,
            ));
            continue;
        }
        let bound: Vec<Option<Expr>> = row
            .iter()
            .map(|value| bound::row(value, &mut scope, diagnostics))
            .collect();
        bound_rows.extend(bound.into_iter().collect::<Option<Vec<Expr>>>());
    }
    let mut schema = Schema::new();
    for column in 0..width {
        let mut ty = Type::Null;
        for value in bound_rows.iter().filter_map(|row| row.get(column)) {
            match types::common(&ty, &value.ty) {
                Some(common) => ty = common,
                None => {
                    let message = format!(
                        "column {} is {ty} in the rows before, and {} here",
                        column + 1,
                        value.ty
                    );
                    diagnostics.push(Diagnostic::error(codes::VALUES_SHAPE, value.span, message));
                    break;
                }
            }
        }
        if ty == Type::Null {
            ty = Type::Text;
        }
        schema.push(Column::new(format!("column{}", column + 1), ty));
    }
    if diagnostics.len() > before {
        return None;
    }
    let mut out = Vec::with_capacity(bound_rows.len());
    for row in bound_rows {
        out.push(fit(row, &schema, diagnostics)?);
    }
    Some((schema, out))
}

/// The values of a row as the types of its columns.
fn fit(row: Vec<Expr>, schema: &Schema, diagnostics: &mut Vec<Diagnostic>) -> Option<Vec<Value>> {
    let mut values = Vec::with_capacity(row.len());
    for (expr, column) in row.into_iter().zip(schema) {
        values.push(as_type(expr, &column.ty, &column.name, diagnostics)?);
    }
    Some(values)
}

/// The value of a constant as a type; a text literal is read as whatever the column is.
pub(crate) fn as_type(
    expr: Expr,
    ty: &Type,
    column: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Value> {
    let span = expr.span;
    let from = expr.ty.clone();
    if !assignable(&from, ty) {
        let message = format!("column {} is {ty}, and this is {from}", name::quote(column));
        diagnostics.push(
            Diagnostic::error(codes::INSERT_TYPE, span, message)
                .help(format!("write CAST(… AS {ty})")),
        );
        return None;
    }
    match coerce(expr, ty) {
        Ok(cast) => bound::value(&cast, diagnostics),
        Err(error) => {
            diagnostics.push(error);
            None
        }
    }
}

/// What may be stored in a column without a cast that says so: its type, numbers as numbers, a date as a timestamp, text as
/// anything (it is read), anything as text or JSON.
fn assignable(from: &Type, to: &Type) -> bool {
    from == to
        || matches!(from, Type::Null | Type::Text)
        || matches!(to, Type::Json)
        || (from.is_numeric() && to.is_numeric())
        || matches!(
            (from, to),
            (Type::Date, Type::Timestamp) | (Type::Array(_), Type::Array(_))
        )
}

/// The value of an expression that reads no columns, as a type; a text literal is read as whatever is asked for. `what` it is the value of:
/// the name of a column, for errors, and `place` the clause in which it stands. `None` if there was an error.
pub fn constant(
    expr: &ast::Expr,
    ty: &Type,
    what: &str,
    place: &'static str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Value> {
    let layout = Layout::default();
    let mut scope = RowScope::at(&layout, place);
    let bound = bound::row(expr, &mut scope, diagnostics)?;
    as_type(bound, ty, what, diagnostics)
}
