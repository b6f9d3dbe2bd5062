//! Matches as rows of the log, and back.

use std::ops::Range;
use std::sync::Arc;

use portent_grammar::{Cell, Column, Columns, Schema, Type, Value};
use portent_store::Stream;
use uuid::Uuid;

use crate::Emitted;
use crate::serve::log::Entry;

/// Columns before those of the query.
const BEFORE: usize = 3;
/// The column of a match's number.
pub(super) const NUMBER: &str = "_number";
/// A block has at most so many rows: to read one of them, all are decoded.
const MOST_ROWS: usize = 1024;
/// And about so many bytes, or one row.
const MOST_BYTES: u64 = 1 << 20;

/// The columns of a query's matches in the log.
pub(super) fn schema(query: &Schema) -> Schema {
    let mut schema = vec![
        Column::new(NUMBER, Type::Int),
        Column::new("_time", Type::Timestamp),
        Column::new("_match_id", Type::Uuid),
    ];
    schema.extend_from_slice(query);
    schema
}

/// The first part of some matches that goes into one block: numbers without gaps, the same columns, and not too much.
pub(super) fn run(entries: &[Arc<Entry>]) -> usize {
    let together = |pair: &[Arc<Entry>]| match pair {
        [one, other] => {
            let (a, b) = (&one.emitted.schema, &other.emitted.schema);
            other.number == one.number + 1 && (Arc::ptr_eq(a, b) || a == b)
        }
        _ => false,
    };
    let mut bytes = 0;
    let mut cut = |pair: &[Arc<Entry>]| {
        bytes += pair.first().map_or(0, |it| weight(&it.emitted));
        bytes >= MOST_BYTES || !together(pair)
    };
    let few = entries.get(..MOST_ROWS).unwrap_or(entries);
    let end = few.windows(2).position(&mut cut);
    end.map_or(few.len(), |at| at + 1)
}

fn int(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

/// A block of matches that belong together.
pub(super) fn block(entries: &[Arc<Entry>], schema: &Schema) -> Columns {
    let mut block = Columns::of_types(schema.iter().map(|column| (&column.ty, true)));
    for entry in entries {
        let values = entry.emitted.values.iter().cloned();
        block.push_row(bare(entry).into_iter().chain(values));
    }
    block
}

/// A match without the values of its columns.
pub(super) fn bare(entry: &Entry) -> [Value; BEFORE] {
    let emitted = &entry.emitted;
    let id = emitted.match_id.map(|id| Value::Uuid(Uuid::from_u128(id)));
    [
        int(entry.number),
        Value::Timestamp(emitted.time),
        id.unwrap_or_default(),
    ]
}

/// The numbers of a block: of its first row, and of its last. `None`: it is none of matches.
pub(super) fn numbers(block: &Columns) -> Option<(u64, u64)> {
    let number = |row: usize| match block.cell(0, row) {
        Cell::Int(number) => u64::try_from(number).ok(),
        _ => None,
    };
    let (first, last) = (number(0)?, number(block.rows().checked_sub(1)?)?);
    (last - first.min(last) == block.rows() as u64 - 1 && first > 0).then_some((first, last))
}

/// The matches with these numbers that are in a block.
pub(super) fn entries(
    block: &Columns,
    stream: &Stream,
    query: &Arc<str>,
    wanted: Range<u64>,
) -> Vec<Arc<Entry>> {
    let Some((first, _)) = numbers(block) else {
        return Vec::new();
    };
    let schema: Arc<Schema> = Arc::new(stream.schema.get(BEFORE..).unwrap_or_default().to_vec());
    let entry = |row: usize| {
        let number = first + row as u64;
        if !wanted.contains(&number) {
            return None;
        }
        let mut values = block.row(row).into_iter().skip(1);
        let time = match values.next() {
            Some(Value::Timestamp(time)) => time,
            _ => 0,
        };
        let match_id = match values.next() {
            Some(Value::Uuid(id)) => Some(id.as_u128()),
            _ => None,
        };
        let emitted = Emitted {
            query: Arc::clone(query),
            time,
            match_id,
            schema: Arc::clone(&schema),
            values: values.collect(),
        };
        Some(Arc::new(Entry::new(number, emitted)))
    };
    (0..block.rows()).filter_map(entry).collect()
}

/// About how many bytes a match takes in memory.
pub(super) fn weight(emitted: &Emitted) -> u64 {
    let values = emitted.values.iter().map(heavy).sum::<usize>();
    (200 + values) as u64
}

fn heavy(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            Value::Array(values) => values.iter().map(heavy).sum(),
            // To count it would cost as much as to write it: most are small.
            Value::Json(_) => 256,
            _ => 0,
        }
}
