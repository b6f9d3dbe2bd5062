//! Rows by column: how events travel in blocks.
//!
//! The types that most columns have lie in plain arrays; a value is made only for a row that somebody keeps.

use ecow::EcoString;

use crate::{Type, Value};

mod append;

/// A block of rows, column by column.
///
/// ```
/// use portent_grammar::{Columns, Type, Value};
///
/// // A column that nobody reads (false) holds nothing.
/// let mut block = Columns::of_types([(&Type::Int, true), (&Type::Text, false)]);
/// block.push_row([Value::Int(7), Value::text("x")]);
/// assert_eq!(block.row(0), [Value::Int(7), Value::Null]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Columns {
    rows: usize,
    columns: Vec<ColumnValues>,
}

/// The values of one column.
#[derive(Clone, Debug, Default)]
pub enum ColumnValues {
    /// Nobody reads it: NULL in every row.
    #[default]
    Absent,
    /// BIGINT
    Int(Vec<i64>, Nulls),
    /// DOUBLE
    Float(Vec<f64>, Nulls),
    /// TIMESTAMP, µs since 1970
    Timestamp(Vec<i64>, Nulls),
    /// TEXT
    Text(Texts, Nulls),
    /// Every other type, or values that do not fit the declared one.
    Values(Vec<Value>),
}

/// Which rows of a column are NULL; they hold anything in its array.
#[derive(Clone, Debug, Default)]
pub struct Nulls {
    /// Shorter than the column, or empty: the rest is not NULL.
    null: Vec<bool>,
}

/// Texts one behind the other.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    bytes: String,
    ends: Vec<usize>,
}

/// One value of a block, as it lies there.
#[derive(Clone, Copy, Debug)]
pub enum Cell<'a> {
    /// NULL
    Null,
    /// BIGINT
    Int(i64),
    /// DOUBLE
    Float(f64),
    /// TIMESTAMP, µs since 1970
    Timestamp(i64),
    /// TEXT
    Text(&'a str),
    /// Every other type.
    Value(&'a Value),
}

impl Nulls {
    /// Marks a row as NULL.
    pub fn set(&mut self, row: usize) {
        if self.null.len() <= row {
            self.null.resize(row + 1, false);
        }
        self.null[row] = true;
    }

    /// Whether a row is NULL.
    #[inline]
    pub fn is_null(&self, row: usize) -> bool {
        self.null.get(row).copied().unwrap_or(false)
    }

    /// Whether one of these rows is NULL. O(1) where none ever was.
    pub fn any_of(&self, rows: std::ops::Range<usize>) -> bool {
        let end = rows.end.min(self.null.len());
        let known = self.null.get(rows.start.min(end)..end);
        known.is_some_and(|known| known.contains(&true))
    }
}

impl Texts {
    /// Adds a text.
    pub fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len());
    }

    /// A text; empty beyond the last.
    #[inline]
    pub fn get(&self, row: usize) -> &str {
        let start = match row.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or(0),
            None => 0,
        };
        let end = self.ends.get(row).copied().unwrap_or(start);
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// These texts one behind the other, and where each ends, from the beginning of the first; none beyond the last.
    pub fn run(&self, rows: std::ops::Range<usize>) -> (&str, impl Iterator<Item = usize> + '_) {
        let end = rows.end.min(self.ends.len());
        let ends = self.ends.get(rows.start.min(end)..end);
        let ends = ends.unwrap_or_default();
        let before = rows.start.min(end).checked_sub(1);
        let before = before.and_then(|it| self.ends.get(it).copied());
        let from = before.unwrap_or_default();
        let last = ends.last().copied().unwrap_or(from);
        let bytes = self.bytes.get(from..last).unwrap_or_default();
        (bytes, ends.iter().map(move |end| end - from))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    fn truncate(&mut self, rows: usize) {
        self.ends.truncate(rows);
        self.bytes
            .truncate(self.ends.last().copied().unwrap_or_default());
    }
}

impl ColumnValues {
    /// Whether one of these rows may be NULL, as far as that is known without a look at each value.
    pub fn may_be_null(&self, rows: std::ops::Range<usize>) -> bool {
        match self {
            Self::Int(values, nulls) | Self::Timestamp(values, nulls) => {
                rows.end > values.len() || nulls.any_of(rows)
            }
            Self::Float(values, nulls) => rows.end > values.len() || nulls.any_of(rows),
            Self::Text(texts, nulls) => rows.end > texts.len() || nulls.any_of(rows),
            Self::Absent | Self::Values(_) => true,
        }
    }

    /// An empty column for a type.
    pub fn new(ty: &Type) -> Self {
        match ty {
            Type::Int => Self::Int(Vec::new(), Nulls::default()),
            Type::Float => Self::Float(Vec::new(), Nulls::default()),
            Type::Timestamp => Self::Timestamp(Vec::new(), Nulls::default()),
            Type::Text => Self::Text(Texts::default(), Nulls::default()),
            _ => Self::Values(Vec::new()),
        }
    }

    /// How many rows it has; 0 if nobody reads it.
    pub fn len(&self) -> usize {
        match self {
            Self::Absent => 0,
            Self::Int(values, _) | Self::Timestamp(values, _) => values.len(),
            Self::Float(values, _) => values.len(),
            Self::Text(texts, _) => texts.len(),
            Self::Values(values) => values.len(),
        }
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds NULL.
    pub fn push_null(&mut self) {
        let row = self.len();
        match self {
            Self::Absent => {}
            Self::Int(values, nulls) | Self::Timestamp(values, nulls) => {
                values.push(0);
                nulls.set(row);
            }
            Self::Float(values, nulls) => {
                values.push(0.0);
                nulls.set(row);
            }
            Self::Text(texts, nulls) => {
                texts.push("");
                nulls.set(row);
            }
            Self::Values(values) => values.push(Value::Null),
        }
    }

    /// Adds a value. One of another type than the column's is kept as it is: the whole column then holds plain values.
    pub fn push(&mut self, value: Value) {
        match (&mut *self, value) {
            (Self::Absent, _) => {}
            (_, Value::Null) => self.push_null(),
            (Self::Int(values, _), Value::Int(value)) => values.push(value),
            (Self::Timestamp(values, _), Value::Timestamp(value)) => values.push(value),
            (Self::Float(values, _), Value::Float(value)) => values.push(value),
            (Self::Text(texts, _), Value::Text(text)) => texts.push(&text),
            (Self::Values(values), value) => values.push(value),
            (_, value) => {
                let mut values: Vec<Value> = (0..self.len()).map(|row| self.value(row)).collect();
                values.push(value);
                *self = Self::Values(values);
            }
        }
    }

    /// A value as it lies there.
    #[inline]
    pub fn cell(&self, row: usize) -> Cell<'_> {
        let cell = match self {
            Self::Absent => None,
            Self::Int(values, nulls) if !nulls.is_null(row) => {
                values.get(row).map(|value| Cell::Int(*value))
            }
            Self::Float(values, nulls) if !nulls.is_null(row) => {
                values.get(row).map(|value| Cell::Float(*value))
            }
            Self::Timestamp(values, nulls) if !nulls.is_null(row) => {
                values.get(row).map(|value| Cell::Timestamp(*value))
            }
            Self::Text(texts, nulls) if !nulls.is_null(row) => Some(Cell::Text(texts.get(row))),
            Self::Values(values) => values.get(row).map(Cell::of),
            _ => None,
        };
        cell.unwrap_or(Cell::Null)
    }

    /// A value of its own.
    pub fn value(&self, row: usize) -> Value {
        match self.cell(row) {
            Cell::Null => Value::Null,
            Cell::Int(value) => Value::Int(value),
            Cell::Float(value) => Value::Float(value),
            Cell::Timestamp(value) => Value::Timestamp(value),
            Cell::Text(text) => Value::Text(EcoString::from(text)),
            Cell::Value(value) => value.clone(),
        }
    }

    /// Drops all rows from this one on.
    pub fn truncate(&mut self, rows: usize) {
        let cut = |nulls: &mut Nulls| nulls.null.truncate(rows);
        match self {
            Self::Absent => {}
            Self::Int(values, nulls) | Self::Timestamp(values, nulls) => {
                values.truncate(rows);
                cut(nulls);
            }
            Self::Float(values, nulls) => {
                values.truncate(rows);
                cut(nulls);
            }
            Self::Text(texts, nulls) => {
                texts.truncate(rows);
                cut(nulls);
            }
            Self::Values(values) => values.truncate(rows),
        }
    }
}

impl<'a> Cell<'a> {
    /// A value as a cell.
    #[inline]
    pub fn of(value: &'a Value) -> Self {
        match value {
            Value::Null => Cell::Null,
            Value::Int(value) => Cell::Int(*value),
            Value::Float(value) => Cell::Float(*value),
            Value::Timestamp(value) => Cell::Timestamp(*value),
            Value::Text(text) => Cell::Text(text),
            value => Cell::Value(value),
        }
    }

    /// Whether it is NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Cell::Null)
    }
}

impl Columns {
    /// An empty block of these columns.
    pub fn new(columns: Vec<ColumnValues>) -> Self {
        Self { rows: 0, columns }
    }

    /// An empty block for these types; a column that nobody reads (`false`) is left out.
    pub fn of_types<'a>(types: impl IntoIterator<Item = (&'a Type, bool)>) -> Self {
        let column = |(ty, read)| match read {
            true => ColumnValues::new(ty),
            false => ColumnValues::Absent,
        };
        Self::new(types.into_iter().map(column).collect())
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many columns there are.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// A column.
    pub fn column(&self, slot: usize) -> Option<&ColumnValues> {
        self.columns.get(slot)
    }

    /// All columns, for one who fills them cell by cell and then says [`Self::end_row`].
    pub fn columns_mut(&mut self) -> &mut [ColumnValues] {
        &mut self.columns
    }

    /// The row at hand is complete: columns that got no value in it are NULL in it.
    pub fn end_row(&mut self) {
        self.rows += 1;
        for column in &mut self.columns {
            if !matches!(column, ColumnValues::Absent) && column.len() < self.rows {
                column.push_null();
            }
        }
    }

    /// Drops all rows from this one on, and what was filled in of a row that is not complete.
    pub fn truncate(&mut self, rows: usize) {
        self.rows = self.rows.min(rows);
        for column in &mut self.columns {
            column.truncate(self.rows);
        }
    }

    /// Drops all rows and keeps the memory.
    pub fn clear(&mut self) {
        self.truncate(0);
    }

    /// Adds a row; missing values are NULL.
    pub fn push_row(&mut self, values: impl IntoIterator<Item = Value>) {
        for (column, value) in self.columns.iter_mut().zip(values) {
            column.push(value);
        }
        self.end_row();
    }

    /// A value as it lies there; NULL beyond the block.
    #[inline]
    pub fn cell(&self, slot: usize, row: usize) -> Cell<'_> {
        self.columns
            .get(slot)
            .map_or(Cell::Null, |column| column.cell(row))
    }

    /// The values of a row.
    pub fn row(&self, row: usize) -> Vec<Value> {
        self.columns
            .iter()
            .map(|column| column.value(row))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Vec<Value>> {
        vec![
            vec![Value::Int(1), Value::text("a"), Value::Null],
            vec![Value::Null, Value::Null, Value::Bool(true)],
            vec![Value::Int(3), Value::text(""), Value::Bool(false)],
        ]
    }

    fn block() -> Columns {
        let types = [Type::Int, Type::Text, Type::Bool];
        let mut block = Columns::of_types(types.iter().map(|ty| (ty, true)));
        rows().into_iter().for_each(|row| block.push_row(row));
        block
    }

    #[test]
    fn what_goes_in_comes_out() {
        let block = block();
        assert_eq!(block.rows(), 3);
        for (index, row) in rows().into_iter().enumerate() {
            assert_eq!(block.row(index), row);
        }
        assert!(block.cell(0, 99).is_null() && block.cell(99, 0).is_null());
    }

    #[test]
    fn a_row_that_is_not_complete_leaves_nothing_behind() {
        let mut block = block();
        block.columns_mut()[0].push(Value::Int(9));
        block.truncate(2);
        block.push_row([Value::Int(7)]);
        assert_eq!(block.row(1), rows()[1]);
        assert_eq!(block.row(2), vec![Value::Int(7), Value::Null, Value::Null]);
    }

    #[test]
    fn a_value_of_another_type_is_kept() {
        let mut block = block();
        block.push_row([Value::text("x"), Value::Int(5)]);
        assert_eq!(block.row(0), rows()[0]);
        assert_eq!(
            block.row(3),
            vec![Value::text("x"), Value::Int(5), Value::Null]
        );
    }

    #[test]
    fn what_nobody_reads_is_null() {
        let mut block = Columns::of_types([(&Type::Int, false), (&Type::Int, true)]);
        block.push_row([Value::Int(1), Value::Int(2)]);
        assert_eq!(block.row(0), vec![Value::Null, Value::Int(2)]);
    }
}
