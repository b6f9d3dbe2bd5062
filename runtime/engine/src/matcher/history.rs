//! The rows of a partition that something may still ask for.

use std::collections::VecDeque;

use crate::event::Row;
use crate::snapshot::{Damage, Reader, Saved, Writer};

/// A stretch of a partition's rows, by position.
#[derive(Default)]
pub(crate) struct History {
    rows: VecDeque<Row>,
    /// The position of the first row kept.
    base: u64,
}

impl History {
    /// The row at a position, if it is kept.
    pub fn get(&self, position: u64) -> Option<&Row> {
        let index = position.checked_sub(self.base)?;
        self.rows.get(usize::try_from(index).ok()?)
    }

    /// The row so many rows away.
    pub fn near(&self, position: u64, by: i32) -> Option<&Row> {
        self.get(position.checked_add_signed(i64::from(by))?)
    }

    /// Adds the row that comes next.
    pub fn push(&mut self, row: Row) {
        self.rows.push_back(row);
    }

    /// Forgets the rows before a position.
    pub fn trim(&mut self, before: u64) {
        while self.base < before && self.rows.pop_front().is_some() {
            self.base += 1;
        }
    }

    /// Writes the rows that are kept.
    pub fn save(&self, w: &mut Writer) {
        w.u64(self.base);
        self.rows.save(w);
    }

    pub fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        let base = r.count()?;
        let rows = Saved::load(r)?;
        Ok(Self { rows, base })
    }

    /// The position after the last row kept.
    pub fn end(&self) -> u64 {
        self.base + self.rows.len() as u64
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.rows.len()
    }
}
