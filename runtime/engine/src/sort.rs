//! ORDER BY: of the rows of a partition, and of a query's output.

use std::cmp::Ordering;

use portent_grammar::Value;
use portent_planner::compiled::{SortColumn, SortKey};
use portent_planner::expr::eval;

use crate::context::OneRow;
use crate::event::Row;
use crate::stats::QueryStats;

/// Compares two values as ORDER BY does.
pub(crate) fn compare(
    left: &Value,
    right: &Value,
    descending: bool,
    nulls_first: bool,
) -> Ordering {
    match (left.is_null(), right.is_null()) {
        (true, true) => Ordering::Equal,
        (true, false) if nulls_first => Ordering::Less,
        (true, false) => Ordering::Greater,
        (false, true) if nulls_first => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) if descending => right.cmp(left),
        (false, false) => left.cmp(right),
    }
}

/// Compares two output rows.
pub(crate) fn compare_columns(left: &[Value], right: &[Value], columns: &[SortColumn]) -> Ordering {
    for by in columns {
        let (Some(a), Some(b)) = (left.get(by.column), right.get(by.column)) else {
            continue;
        };
        let order = compare(a, b, by.descending, by.nulls_first);
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// The values of the sort keys for a row; an error counts as NULL.
pub(crate) fn keys_of(row: &Row, keys: &[SortKey], stats: &mut QueryStats) -> Vec<Value> {
    keys.iter()
        .map(|key| {
            eval(&key.expr, &OneRow::new(row)).unwrap_or_else(|error| {
                stats.error(&error, row);
                Value::Null
            })
        })
        .collect()
}

/// Compares the values of sort keys.
pub(crate) fn compare_keys(left: &[Value], right: &[Value], keys: &[SortKey]) -> Ordering {
    for ((a, b), key) in left.iter().zip(right).zip(keys) {
        let order = compare(a, b, key.descending, key.nulls_first);
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// Sorts rows by keys; equals keep their order.
pub(crate) fn sort_rows(rows: Vec<Row>, keys: &[SortKey], stats: &mut QueryStats) -> Vec<Row> {
    if keys.is_empty() || rows.len() < 2 {
        return rows;
    }
    let mut keyed: Vec<(Vec<Value>, Row)> = rows
        .into_iter()
        .map(|row| (keys_of(&row, keys, stats), row))
        .collect();
    keyed.sort_by(|(left, _), (right, _)| compare_keys(left, right, keys));
    keyed.into_iter().map(|(_, row)| row).collect()
}
