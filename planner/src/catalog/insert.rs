//! INSERT INTO s VALUES (…): events by hand.

use std::sync::Arc;

use portent_grammar::codes::{names, statements as codes};
use portent_grammar::{Diagnostic, Value};
use portent_parser::ast;

use super::{Catalog, ColumnSource, StreamDef, StreamKind, name};
use crate::expr::{RowContext, eval};
use crate::resolve::layout::Layout;
use crate::resolve::row_scope::RowScope;
use crate::resolve::{bound, values};

/// The rows of an INSERT, as the stream's schema has them.
#[derive(Clone, Debug)]
pub struct InsertRows {
    /// Where they go.
    pub stream: Arc<StreamDef>,
    /// Whole rows: columns that were left out are NULL, computed ones are computed.
    pub rows: Vec<Vec<Value>>,
}

impl Catalog {
    /// The rows of `INSERT INTO s [(columns)] VALUES …`. `None` if there was an error, or if it inserts from a query.
    pub fn insert_values(
        &self,
        insert: &ast::Insert,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<InsertRows> {
        let ast::InsertSource::Values(rows) = &insert.source else {
            return None;
        };
        let stream = match self.find_stream(&insert.into) {
            Ok(stream) => stream.clone(),
            Err(error) => {
                diagnostics.push(error);
                return None;
            }
        };
        if stream.kind != StreamKind::Source {
            let message = format!(
                "\"{}\" is made by a query; events can only be put into streams",
                stream.name
            );
            let error = Diagnostic::error(codes::INSERT_TARGET, insert.into.span, message);
            diagnostics.push(error.help("insert into the stream that the query reads"));
            return None;
        }
        let targets = targets(&stream, &insert.columns, diagnostics)?;
        let before = diagnostics.len();
        let layout = Layout::empty(&self.library);
        let mut out = Vec::with_capacity(rows.len());
        for row in rows {
            if row.len() != targets.len() {
                let first = row.first().map_or(insert.into.span, |first| first.span);
                let span = row.iter().fold(first, |span, part| span.to(part.span));
                let values = if row.len() == 1 { "value" } else { "values" };
                let message = format!(
                    "this row has {} {values}, and {} are needed",
                    row.len(),
                    targets.len()
                );
                let names = targets.iter().filter_map(|at| stream.columns.get(*at));
                let names: Vec<&str> = names.map(|column| column.name.as_str()).collect();
                let error = Diagnostic::error(codes::INSERT_COUNT, span, message);
                diagnostics.push(error.help(format!("they are: {}", names.join(", "))));
                continue;
            }
            let mut values = vec![Value::Null; stream.columns.len()];
            for (written, at) in row.iter().zip(&targets) {
                let Some(column) = stream.columns.get(*at) else {
                    continue;
                };
                let mut scope = RowScope::at(&layout, "VALUES");
                let bound = bound::row(written, &mut scope, diagnostics);
                let value = bound.and_then(|bound| {
                    values::as_type(bound, &column.ty, &column.name, diagnostics)
                });
                if let (Some(value), Some(place)) = (value, values.get_mut(*at)) {
                    *place = value;
                }
            }
            compute(&stream, &mut values, row, diagnostics);
            not_null(&stream, &values, row, diagnostics);
            out.push(values);
        }
        (diagnostics.len() == before).then_some(InsertRows { stream, rows: out })
    }
}

/// The columns that the values go to.
fn targets(
    stream: &StreamDef,
    columns: &[ast::Ident],
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Vec<usize>> {
    let computed = |at: usize| {
        stream
            .columns
            .get(at)
            .is_some_and(|column| matches!(column.source, ColumnSource::Computed(_)))
    };
    if columns.is_empty() {
        return Some(
            (0..stream.columns.len())
                .filter(|at| !computed(*at))
                .collect(),
        );
    }
    let before = diagnostics.len();
    let mut targets = Vec::new();
    for ident in columns {
        let names = stream.columns.iter().map(|column| column.name.as_str());
        match name::find(ident, names.clone()).one() {
            None => diagnostics.push(name::unknown(names::UNKNOWN_COLUMN, "column", ident, names)),
            Some(at) if targets.contains(&at) => {
                let message = format!("column \"{}\" is named twice", ident.text);
                diagnostics.push(Diagnostic::error(
                    names::DUPLICATE_COLUMN,
                    ident.span,
                    message,
                ));
            }
            Some(at) if computed(at) => {
                let message = format!("column \"{}\" is computed, it can't be given", ident.text);
                diagnostics.push(Diagnostic::error(codes::INSERT_TARGET, ident.span, message));
            }
            Some(at) => targets.push(at),
        }
    }
    (diagnostics.len() == before).then_some(targets)
}

/// Fills in the computed columns, from left to right.
fn compute(
    stream: &StreamDef,
    values: &mut [Value],
    row: &[ast::Expr],
    diagnostics: &mut Vec<Diagnostic>,
) {
    for (at, column) in stream.columns.iter().enumerate() {
        let ColumnSource::Computed(expr) = &column.source else {
            continue;
        };
        let context = RowContext { values, input: 0 };
        match eval(expr, &context) {
            Ok(value) => {
                if let Some(place) = values.get_mut(at) {
                    *place = value;
                }
            }
            Err(error) => {
                let span = row.first().map(|first| first.span).unwrap_or_default();
                let message = format!(
                    "column {} can't be computed: {}",
                    column.name, error.message
                );
                diagnostics.push(Diagnostic::error(codes::NO_VALUE, span, message));
            }
        }
    }
}

fn not_null(
    stream: &StreamDef,
    values: &[Value],
    row: &[ast::Expr],
    diagnostics: &mut Vec<Diagnostic>,
) {
    for (column, value) in stream.columns.iter().zip(values) {
        if column.not_null && value.is_null() {
            let span = row
                .iter()
                .map(|part| part.span)
                .reduce(|a, b| a.to(b))
                .unwrap_or_default();
            let message = format!("column \"{}\" must not be NULL", column.name);
            diagnostics.push(Diagnostic::error(codes::INSERT_TYPE, span, message));
        }
    }
}
