//! Blocks of events by hand: by column, or row by row.

use std::sync::Arc;

use portent_connect::ConnectError;
use portent_grammar::codes::runtime as codes;
use portent_grammar::{Columns, Value};
use portent_planner::catalog::{ColumnSource, StreamDef};

use super::block::EventBlock;
use super::push::{column, fit, values_of};
use super::{Session, target::connect};
use crate::error::Errors;
use crate::ingest::Ingest;
use crate::row::{IntoValue, Row};

/// Gathers events for a stream, which then go in as one [`EventBlock`]: much faster than one by one. It needs no session while it is filled, so
/// that other threads can fill others meanwhile.
///
/// ```
/// use portent::{Session, row};
///
/// let mut session = Session::new();
/// session.run("CREATE STREAM ticks (ts TIMESTAMP, symbol TEXT, price DOUBLE); CREATE QUERY high AS SELECT symbol, price FROM ticks WHERE price > 10")?;
/// let block = session
///     .block("ticks")?
///     .column("ts", ["2026-01-31 10:00:00Z", "2026-01-31 10:00:01Z"])?
///     .column("symbol", ["ACME", "EMCA"])?
///     .column("price", [9.5, 12.0])?
///     .row(row!["2026-01-31 10:00:02Z", "ACME", 11.0])?
///     .build()?;
/// assert_eq!(session.push_block(block)?.accepted, 3);
/// assert_eq!(session.drain().count(), 2);
/// # Ok::<(), portent::Errors>(())
/// ```
#[derive(Clone, Debug)]
pub struct BlockBuilder {
    def: Arc<StreamDef>,
    ingest: Arc<Ingest>,
    /// Complete rows.
    rows: Columns,
    /// Columns that are being filled beside them: all of one length in the end.
    open: Vec<(usize, Vec<Value>)>,
}

impl Session {
    /// To gather events for a stream. What is built fits until the stream is dropped.
    ///
    /// # Errors
    /// There is no such stream, or it is computed (P0604).
    pub fn block(&self, stream: &str) -> Result<BlockBuilder, Errors> {
        let def = self.stream_of(stream)?;
        Ok(BlockBuilder {
            ingest: Arc::new(Ingest::new(&def)),
            rows: empty(&def),
            def,
            open: Vec::new(),
        })
    }
}

fn empty(def: &StreamDef) -> Columns {
    let given = |source: &ColumnSource| !matches!(source, ColumnSource::Computed(_));
    Columns::of_types(def.columns.iter().map(|it| (&it.ty, given(&it.source))))
}

impl BlockBuilder {
    /// Values of a column, one for each event behind the rows that are complete; columns that are not given are NULL. They are cast to the column's type. Another
    /// call for the same column appends.
    ///
    /// # Errors
    /// There is no such column (P0601); a value doesn't fit (P0602).
    pub fn column<V: IntoValue>(
        mut self,
        name: &str,
        values: impl IntoIterator<Item = V>,
    ) -> Result<Self, Errors> {
        let (slot, ty) = column(&self.def, name)?;
        let values = values.into_iter();
        let cast = values.enumerate().map(|(row, value)| {
            let fitted = fit(value.into_value(), ty, name, &self.def);
            fitted.map_err(|error| error.help(format!("it is value {} of the column", row + 1)))
        });
        let mut cast = cast.collect::<Result<Vec<Value>, Errors>>()?;
        match self.open.iter_mut().find(|(known, _)| *known == slot) {
            Some((_, known)) => known.append(&mut cast),
            None => self.open.push((slot, cast)),
        }
        Ok(self)
    }

    /// A whole event, as [`Session::push`] takes it. Columns that were begun are to be of equal length by now.
    ///
    /// # Errors
    /// The row doesn't fit (P0600 to P0602).
    pub fn row(mut self, row: impl Into<Row>) -> Result<Self, Errors> {
        self.close()?;
        self.rows.push_row(values_of(&self.def, row.into())?);
        Ok(self)
    }

    /// How many events there are.
    pub fn len(&self) -> usize {
        self.rows.rows()
            + self
                .open
                .iter()
                .map(|(_, values)| values.len())
                .max()
                .unwrap_or(0)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The events.
    ///
    /// # Errors
    /// Columns of different lengths (P0600); an event without event time (P0603), or with a NULL that may not be, or whose computed columns can't be
    /// computed: the error tells which event it is, and none is taken.
    pub fn build(mut self) -> Result<EventBlock, Errors> {
        self.close()?;
        let mut refused: Option<Errors> = None;
        let mut on_refused = |row: usize, _: &[Value], error: &crate::ingest::IngestError| {
            let message = format!("event {} of the block: {}", row + 1, error.message);
            refused.get_or_insert_with(|| Errors::plain(error.code, message));
            Ok::<(), ConnectError>(())
        };
        let (events, ended) = self.ingest.block(self.rows, 0, &mut on_refused);
        ended.map_err(|error| connect(&error))?;
        match refused {
            Some(errors) => Err(errors),
            None => Ok(EventBlock::new(self.def.id, events)),
        }
    }

    /// Makes rows of the columns.
    fn close(&mut self) -> Result<(), Errors> {
        let open = std::mem::take(&mut self.open);
        let Some((_, first)) = open.first() else {
            return Ok(());
        };
        let rows = first.len();
        if open.iter().any(|(_, values)| values.len() != rows) {
            let name = |slot: usize| {
                self.def
                    .columns
                    .get(slot)
                    .map_or("?", |it| it.name.as_str())
            };
            let lengths = open
                .iter()
                .map(|(slot, values)| format!("\"{}\" has {}", name(*slot), values.len()));
            let message = format!(
                "the columns of a block must be of one length: {}",
                lengths.collect::<Vec<_>>().join(", ")
            );
            return Err(Errors::plain(codes::PUSH_COLUMNS, message));
        }
        let mut columns: Vec<Option<std::vec::IntoIter<Value>>> = Vec::new();
        columns.resize_with(self.def.columns.len(), || None);
        for (slot, values) in open {
            if let Some(place) = columns.get_mut(slot) {
                *place = Some(values.into_iter());
            }
        }
        for _ in 0..rows {
            let row = columns
                .iter_mut()
                .map(|column| column.as_mut().and_then(Iterator::next));
            self.rows
                .push_row(row.map(|value| value.unwrap_or(Value::Null)));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row;

    fn session() -> Session {
        let mut session = Session::new();
        session
            .run(
                "CREATE STREAM s (ts TIMESTAMP, v BIGINT NOT NULL, twice AS (v * 2), note TEXT);
                 CREATE QUERY q AS SELECT v, twice, note FROM s;",
            )
            .unwrap();
        session
    }

    #[test]
    fn columns_and_rows_in_their_order() {
        let mut session = session();
        let block = session.block("s").unwrap();
        assert!(block.is_empty());
        let block = block
            .column("TS", ["2026-01-01 00:00:00Z", "2026-01-01 00:00:01Z"])
            .unwrap();
        let block = block.column("v", [1]).unwrap().column("v", [2]).unwrap();
        assert_eq!(block.len(), 2);
        let block = block
            .row(row!["2026-01-01 00:00:02Z", 3, "by row"])
            .unwrap();
        let block = block
            .column("v", [4])
            .unwrap()
            .column("ts", ["2026-01-01 00:00:03Z"])
            .unwrap();
        assert_eq!(
            session.push_block(block.build().unwrap()).unwrap().accepted,
            4
        );
        let rows: Vec<Vec<String>> = session
            .drain()
            .map(|it| it.values.iter().map(Value::to_string).collect())
            .collect();
        assert_eq!(
            rows,
            [
                ["1", "2", "NULL"],
                ["2", "4", "NULL"],
                ["3", "6", "by row"],
                ["4", "8", "NULL"]
            ]
        );
    }

    #[test]
    fn what_does_not_fit_is_told_and_nothing_is_taken() {
        let session = session();
        let block = || session.block("s").unwrap();
        let error = |result: Result<BlockBuilder, Errors>| result.unwrap_err().to_string();
        assert!(error(block().column("w", [1])).contains("did you mean \"v\"?"));
        assert!(error(block().column("twice", [1])).contains("no column \"twice\" to fill"));
        assert!(error(block().column("v", ["1", "x"])).contains("value 2 of the column"));
        let uneven = block()
            .column("v", [1, 2])
            .unwrap()
            .column("note", ["a"])
            .unwrap();
        let said = uneven.build().unwrap_err().to_string();
        assert!(said.contains("\"v\" has 2, \"note\" has 1"), "{said}");
        let said = block()
            .column("v", [1, 2])
            .unwrap()
            .build()
            .unwrap_err()
            .to_string();
        assert!(
            said.contains("event 1 of the block: the event time \"ts\" is NULL"),
            "{said}"
        );
        let nulls = block()
            .column("ts", ["2026-01-01"])
            .unwrap()
            .build()
            .unwrap_err();
        assert!(
            nulls
                .to_string()
                .contains("event 1 of the block: column \"v\" is NOT NULL"),
            "{nulls}"
        );
        assert!(session.block("q").is_err());
    }
}
