//! A program's own sink.

use portent_grammar::codes::input as codes;
use portent_grammar::{Column, Value};

use super::{OwnUse, guarded};
use crate::error::ConnectError;

/// Takes rows, on the thread of the session: one that is slow is to have a queue of its own.
pub trait RowSink: Send {
    /// A row.
    ///
    /// # Errors
    /// Why it could not be taken, in a few words that go on from "the connector '…'". What caused the row fails with that.
    fn write(&mut self, row: &SinkRow<'_>) -> Result<(), String>;

    /// What has been written is to go out; called when there is nothing more to do for the moment. Does nothing by default.
    ///
    /// # Errors
    /// As [`Self::write`].
    fn flush(&mut self) -> Result<(), String> {
        Ok(())
    }

    /// There will be no more rows. Flushes by default.
    ///
    /// # Errors
    /// As [`Self::write`].
    fn finish(&mut self) -> Result<(), String> {
        self.flush()
    }
}

/// A row for a [`RowSink`].
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SinkRow<'a> {
    /// The columns.
    pub columns: &'a [Column],
    /// A value for each.
    pub values: &'a [Value],
    /// The identity of the match that it stands for: the same when it is told again.
    pub match_id: Option<u128>,
}

impl SinkRow<'_> {
    /// The value of a column.
    pub fn value(&self, column: &str) -> Option<&Value> {
        let slot = self.columns.iter().position(|it| it.name == column)?;
        self.values.get(slot)
    }

    /// As a JSON object.
    pub fn to_json(&self) -> serde_json::Value {
        let pairs = self.columns.iter().zip(self.values);
        let fields = pairs.map(|(column, value)| (column.name.clone(), value.to_json()));
        serde_json::Value::Object(fields.collect())
    }
}

/// A [`RowSink`], and what it is told.
pub(crate) struct OwnSink {
    name: String,
    inner: Box<dyn RowSink>,
    columns: Vec<Column>,
}

impl OwnSink {
    /// # Errors
    /// P0548: it can't be opened.
    pub fn open(own: &OwnUse, columns: &[Column]) -> Result<Self, ConnectError> {
        let name = own.connector.name.clone();
        let opened = match &own.connector.sink {
            Some(open) => guarded(&name, || open(&own.options)),
            None => Err(format!("the connector '{name}' has no sinks")),
        };
        let inner = opened.map_err(failed)?;
        Ok(Self {
            name,
            inner,
            columns: columns.to_vec(),
        })
    }

    /// # Errors
    /// P0548.
    pub fn write(&mut self, values: &[Value], match_id: Option<u128>) -> Result<(), ConnectError> {
        let row = SinkRow {
            columns: &self.columns,
            values,
            match_id,
        };
        let inner = &mut self.inner;
        guarded(&self.name, || inner.write(&row)).map_err(failed)
    }

    /// # Errors
    /// P0548.
    pub fn flush(&mut self) -> Result<(), ConnectError> {
        let inner = &mut self.inner;
        guarded(&self.name, || inner.flush()).map_err(failed)
    }

    /// # Errors
    /// P0548.
    pub fn finish(&mut self) -> Result<(), ConnectError> {
        let inner = &mut self.inner;
        guarded(&self.name, || inner.finish()).map_err(failed)
    }
}

fn failed(error: String) -> ConnectError {
    ConnectError::new(codes::OWN_FAILED, error)
}
