//! UNNEST: rows repeated for each element of an array.

use std::sync::Arc;

use portent_grammar::Value;
use portent_grammar::value::json_scalar;
use portent_planner::compiled::Unnest;
use portent_planner::expr::eval;

use crate::context::OneRow;
use crate::event::{Event, Row};
use crate::stats::QueryStats;

/// Repeats a row for each element of each array, one after the other: the last array varies fastest. An array that is
/// NULL or empty gives no row; an error is counted and gives no row.
pub(crate) fn unnest(row: Row, unnests: &[Unnest], stats: &mut QueryStats) -> Vec<Row> {
    let mut rows = vec![row];
    for step in unnests {
        let mut next = Vec::with_capacity(rows.len());
        for row in &rows {
            match eval(&step.array, &OneRow::new(row)) {
                Ok(Value::Array(elements)) => {
                    next.extend(
                        elements
                            .iter()
                            .map(|element| with_slot(row, element.clone())),
                    );
                }
                Ok(Value::Json(json)) => {
                    let elements = json.as_array().into_iter().flatten();
                    next.extend(elements.map(|element| with_slot(row, json_scalar(element))));
                }
                Ok(_) => {}
                Err(error) => stats.error(&error, row),
            }
        }
        rows = next;
    }
    rows.into_iter()
        .zip(0_u32..)
        .map(|(row, part)| {
            if part == 0 {
                row
            } else {
                with_part(&row, part)
            }
        })
        .collect()
}

fn with_slot(row: &Row, value: Value) -> Row {
    let mut values = Vec::with_capacity(row.event.values.len() + 1);
    values.extend_from_slice(&row.event.values);
    values.push(value);
    remade(row, values, row.event.part)
}

fn with_part(row: &Row, part: u32) -> Row {
    remade(row, row.event.values.clone(), part)
}

fn remade(row: &Row, values: Vec<Value>, part: u32) -> Row {
    let Event {
        time, seq, ordinal, ..
    } = *row.event;
    Row {
        event: Arc::new(Event {
            time,
            seq,
            ordinal,
            part,
            values,
        }),
        input: row.input,
    }
}
