//! Who reads a stream, and what of it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use portent_grammar::{Columns, Value};

use crate::engine::QueryId;
use crate::index::PredicateIndex;

/// A query's input that reads a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reader {
    pub query: QueryId,
    pub input: u16,
}

/// The readers of a stream.
#[derive(Debug, Default)]
pub(crate) struct Readers {
    /// All of them, in the order of their registration, which is that of their numbers.
    pub all: Vec<Reader>,
    /// Those that see every event.
    pub every_event: Vec<Reader>,
    /// Those that hear of every watermark.
    pub every_watermark: Vec<Reader>,
    /// The others: which events concern them … None is made where nobody reads, as of most outputs.
    pub index: Option<Box<PredicateIndex>>,
    /// … and beyond which time something happens to them. Entries may be out of date.
    pub due: BinaryHeap<Reverse<(i64, Reader)>>,
    /// The columns that they look at, once the index has said that an event concerns them. Those of readers that are gone remain.
    pub looks_at: LooksAt,
}

/// Columns of a stream.
#[derive(Debug, Default)]
pub(crate) struct LooksAt {
    all: bool,
    slots: Vec<usize>,
}

impl LooksAt {
    /// Adds a column; `None`: all.
    pub fn add(&mut self, column: Option<usize>) {
        match column {
            None => self.all = true,
            Some(slot) if self.slots.contains(&slot) => {}
            Some(slot) => self.slots.push(slot),
        }
    }

    /// A row of a block in these columns; the others are NULL.
    #[inline]
    pub fn row(&self, columns: &Columns, row: usize) -> Vec<Value> {
        if self.all || self.slots.len() >= columns.width() {
            return columns.row(row);
        }
        let mut values = vec![Value::Null; columns.width()];
        for slot in &self.slots {
            if let (Some(place), Some(column)) = (values.get_mut(*slot), columns.column(*slot)) {
                *place = column.value(row);
            }
        }
        values
    }
}

impl Readers {
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether a watermark matters to any of them.
    #[inline]
    pub fn minds(&self, watermark: i64) -> bool {
        let due = self.due.peek().map_or(i64::MAX, |Reverse((due, _))| *due);
        !self.every_watermark.is_empty() || due < watermark
    }

    /// Takes the first reader to whom something happens by a watermark, and the time beyond which it does.
    pub fn take_due(&mut self, watermark: i64) -> Option<(i64, Reader)> {
        let Reverse((due, _)) = self.due.peek()?;
        if *due >= watermark {
            return None;
        }
        self.due.pop().map(|Reverse(due)| due)
    }

    /// Removes a query.
    pub fn remove(&mut self, query: QueryId) {
        for list in [
            &mut self.all,
            &mut self.every_event,
            &mut self.every_watermark,
        ] {
            list.retain(|reader| reader.query != query);
        }
        if let Some(index) = &mut self.index {
            index.remove(query.0);
        }
    }

    /// Whether a reader hears of every watermark.
    pub fn set_eager(&mut self, reader: Reader, eager: bool) {
        match (self.every_watermark.binary_search(&reader), eager) {
            (Err(at), true) => self.every_watermark.insert(at, reader),
            (Ok(at), false) => {
                self.every_watermark.remove(at);
            }
            _ => {}
        }
    }
}
