//! Which columns of a stream anybody reads: the others need not be decoded.

use portent_planner::CompiledQuery;
use portent_planner::catalog::{ColumnSource, StreamDef};
use portent_planner::expr::{Expr, ExprKind, walk};
use portent_planner::reads::each_column;

/// Marks the columns of `stream` that the queries read. `None`: all of them.
pub(crate) fn needed<'a>(
    stream: &StreamDef,
    queries: impl Iterator<Item = &'a CompiledQuery>,
) -> Option<Vec<bool>> {
    let mut needed = vec![false; stream.columns.len()];
    for column in &stream.columns {
        if let ColumnSource::Computed(expr) = &column.source {
            mark_columns(expr, &mut |slot| mark(&mut needed, slot));
        }
    }
    for query in queries {
        for input in &query.inputs {
            // Late events are shown as they came.
            if Some(input.stream) == stream.late {
                return None;
            }
            if input.stream != stream.id {
                continue;
            }
            let mut whole = false;
            each_column(query, input, true, &mut |column| match column {
                Some(column) => mark(&mut needed, column),
                None => whole = true,
            });
            if whole {
                return None;
            }
        }
    }
    Some(needed)
}

fn mark(needed: &mut [bool], slot: usize) {
    if let Some(place) = needed.get_mut(slot) {
        *place = true;
    }
}

fn mark_columns(expr: &Expr, mark: &mut dyn FnMut(usize)) {
    walk(expr, &mut |expr| {
        if let ExprKind::Column(slot) = &expr.kind {
            mark(*slot);
        }
    });
}
