//! Events, and how a query sees them.

use std::sync::Arc;

use portent_grammar::Value;

/// One immutable row of a stream.
#[derive(Debug)]
pub(crate) struct Event {
    /// Event time, µs since 1970.
    pub time: i64,
    /// Order of arrival over all streams of the engine.
    pub seq: u64,
    /// Order of arrival within its own stream, from 0. Identifies the event whatever else runs in the engine.
    pub ordinal: u64,
    /// Which of the rows that UNNEST made of one event; 0 for the first.
    pub part: u32,
    /// The columns, by slot.
    pub values: Vec<Value>,
}

/// An event, and the input of the query by which it came.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub event: Arc<Event>,
    pub input: u16,
}

/// What is known of an event before a query sees it: bits of variables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hint {
    /// The variables whose predicates over the event alone hold.
    pub held: u64,
    /// Those of which one doesn't.
    pub not: u64,
}

/// What a slot beyond the row holds.
pub(crate) static NULL: Value = Value::Null;

impl Row {
    /// The event time.
    #[inline]
    pub fn time(&self) -> i64 {
        self.event.time
    }

    /// A column; NULL beyond the row's end.
    #[inline]
    pub fn column(&self, slot: usize) -> &Value {
        self.event.values.get(slot).unwrap_or(&NULL)
    }
}
