//! Rows of one block added to another: memory is copied column by column, no value is made.

use std::ops::Range;

use super::{ColumnValues, Columns, Nulls, Texts};

impl Nulls {
    /// Whether any row is NULL.
    pub fn any(&self) -> bool {
        self.null.contains(&true)
    }

    /// NULL in rows of another column is NULL here, from row `at` on.
    fn append(&mut self, at: usize, from: &Nulls, rows: Range<usize>) {
        let end = rows.end.min(from.null.len());
        for row in rows.start..end {
            if from.is_null(row) {
                self.set(at + row - rows.start);
            }
        }
    }
}

impl Texts {
    fn append(&mut self, from: &Texts, rows: Range<usize>) {
        let end_of = |row: usize| from.ends.get(row).copied().unwrap_or(from.bytes.len());
        let start = rows.start.checked_sub(1).map_or(0, end_of);
        let Some(ends) = from.ends.get(rows) else {
            return;
        };
        let end = ends.last().copied().unwrap_or(start);
        let before = self.bytes.len();
        self.bytes
            .push_str(from.bytes.get(start..end).unwrap_or_default());
        self.ends
            .extend(ends.iter().map(|end| end - start + before));
    }
}

impl ColumnValues {
    /// Adds rows of another column.
    pub fn append(&mut self, from: &ColumnValues, rows: Range<usize>) {
        let rows = rows.start.min(from.len())..rows.end.min(from.len());
        let at = self.len();
        match (&mut *self, from) {
            (Self::Int(values, nulls), Self::Int(more, more_nulls))
            | (Self::Timestamp(values, nulls), Self::Timestamp(more, more_nulls)) => {
                values.extend_from_slice(more.get(rows.clone()).unwrap_or_default());
                nulls.append(at, more_nulls, rows);
            }
            (Self::Float(values, nulls), Self::Float(more, more_nulls)) => {
                values.extend_from_slice(more.get(rows.clone()).unwrap_or_default());
                nulls.append(at, more_nulls, rows);
            }
            (Self::Text(texts, nulls), Self::Text(more, more_nulls)) => {
                texts.append(more, rows.clone());
                nulls.append(at, more_nulls, rows);
            }
            (Self::Values(values), Self::Values(more)) => {
                values.extend_from_slice(more.get(rows).unwrap_or_default());
            }
            _ => rows.for_each(|row| self.push(from.value(row))),
        }
    }

    /// An empty column of the same kind.
    fn emptied(&self) -> Self {
        match self {
            Self::Absent => Self::Absent,
            Self::Int(..) => Self::Int(Vec::new(), Nulls::default()),
            Self::Float(..) => Self::Float(Vec::new(), Nulls::default()),
            Self::Timestamp(..) => Self::Timestamp(Vec::new(), Nulls::default()),
            Self::Text(..) => Self::Text(Texts::default(), Nulls::default()),
            Self::Values(_) => Self::Values(Vec::new()),
        }
    }
}

impl Columns {
    /// An empty block of the same columns.
    pub fn emptied(&self) -> Self {
        Self::new(self.columns.iter().map(ColumnValues::emptied).collect())
    }

    /// Adds rows of another block with the same columns.
    pub fn append(&mut self, from: &Columns, rows: Range<usize>) {
        let rows = rows.start.min(from.rows)..rows.end.min(from.rows);
        let total = self.rows + rows.len();
        for (column, more) in self.columns.iter_mut().zip(&from.columns) {
            column.append(more, rows.clone());
        }
        self.rows = total;
        for column in &mut self.columns {
            // One that the other block does not have.
            while !matches!(column, ColumnValues::Absent) && column.len() < total {
                column.push_null();
            }
        }
    }

    /// These rows as a block of their own.
    pub fn slice(&self, rows: Range<usize>) -> Self {
        let mut slice = self.emptied();
        slice.append(self, rows);
        slice
    }
}

#[cfg(test)]
mod tests {
    use crate::{Columns, Type, Value};

    fn block() -> Columns {
        let types = [Type::Int, Type::Text, Type::Bool, Type::Float];
        let mut block = Columns::of_types(types.iter().map(|ty| (ty, *ty != Type::Float)));
        for number in 0..5 {
            let text = match number {
                1 | 4 => Value::Null,
                _ => Value::text("x".repeat(number)),
            };
            let row = [
                Value::Int(number as i64),
                text,
                Value::Bool(number == 2),
                Value::Float(1.5),
            ];
            block.push_row(row);
        }
        block
    }

    #[test]
    fn any_slice_holds_its_rows() {
        let block = block();
        for start in 0..=5 {
            for end in start..=6 {
                let slice = block.slice(start..end);
                assert_eq!(slice.rows(), end.min(5) - start);
                for row in 0..slice.rows() {
                    assert_eq!(slice.row(row), block.row(start + row), "{start}..{end}");
                }
            }
        }
    }

    #[test]
    fn slices_in_a_row_are_the_block() {
        let block = block();
        let mut all = block.emptied();
        for rows in [0..2, 2..2, 2..3, 3..5] {
            all.append(&block, rows);
        }
        assert_eq!(all.rows(), 5);
        for row in 0..5 {
            assert_eq!(all.row(row), block.row(row));
        }
        // A row that is pushed afterwards comes behind them.
        all.push_row([Value::Int(9), Value::text("end")]);
        assert_eq!(all.row(5)[1], Value::text("end"));
    }

    #[test]
    fn columns_of_other_kinds_go_together() {
        let mut all = Columns::of_types([
            (&Type::Text, true),
            (&Type::Text, true),
            (&Type::Bool, true),
        ]);
        all.append(&block(), 1..3);
        assert_eq!(all.row(0), block().row(1)[..3]);
        assert_eq!(all.row(1), block().row(2)[..3]);
    }
}
