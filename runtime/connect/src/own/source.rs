//! A program's own source.

use std::sync::Arc;

use portent_grammar::codes::input as codes;
use portent_grammar::{Columns, Value};

use super::{OwnUse, guarded};
use crate::batch::{BadRow, Batch, Progress, Source, SourceStats};
use crate::decode::header;
use crate::error::ConnectError;
use crate::options::OnBad;
use crate::position::unusable;
use crate::schema::{Metadata, Origin, SourceColumn, SourceSchema};
use crate::source::bad::BadSink;

/// Gives rows until it ends, or is not asked any more.
pub trait RowSource: Send {
    /// Puts rows into `rows`: what has come, and not many more than [`Rows::room`]. Waits for the first for a fraction of a second at most, so that the
    /// source can be stopped in between; it may give none, and still not be at its end.
    ///
    /// # Errors
    /// What ends the source, in a few words that go on from "the connector '…'": `lost its connection to 10.0.0.1`.
    fn next(&mut self, rows: &mut Rows<'_>) -> Result<Progress, String>;

    /// Where it is behind the rows that it has given: an offset, a sequence number. Asked after each [`Self::next`], and kept with the events in a session that
    /// keeps a log. `None` (the default): it can't tell, and begins anew when it is opened again.
    fn position(&mut self) -> Option<Vec<u8>> {
        None
    }

    /// Goes on behind the row after which [`Self::position`] said this; called before the first [`Self::next`]. It must give the same rows from there as the other
    /// one would have given.
    ///
    /// # Errors
    /// Why it can't, in a few words that go on from "the connector '…'". It is not read then: nothing is skipped, and nothing given twice.
    fn resume(&mut self, position: &[u8]) -> Result<(), String> {
        let _ = position;
        Err("can't go on from a position".to_owned())
    }
}

/// Takes the rows of a [`RowSource`].
pub struct Rows<'a> {
    names: &'a [String],
    columns: &'a [SourceColumn],
    batch: &'a mut Batch,
    bad: &'a mut BadSink,
    refused: &'a mut u64,
    place: &'a Arc<str>,
    line: &'a mut u64,
    room: usize,
    failed: Option<ConnectError>,
}

impl Rows<'_> {
    /// How many rows are asked for.
    pub fn room(&self) -> usize {
        self.room.saturating_sub(self.batch.rows())
    }

    /// The columns of the stream that the source is to fill, in their order: name, type, and whether anybody reads it.
    pub fn columns(&self) -> impl Iterator<Item = &SourceColumn> {
        let fields = self.columns.iter();
        fields.filter(|it| matches!(it.origin, Origin::Field(_)))
    }

    /// A row, by the names of its fields; those that no column is for are left out, columns without one are NULL. Values are cast to the types of
    /// the columns: texts are read as times, addresses, numbers. A row whose value can't be is a bad row, with which happens what `on_bad` says.
    pub fn push<'n>(&mut self, fields: impl IntoIterator<Item = (&'n str, Value)>) {
        let mut row = vec![Value::Null; self.columns.len()];
        for (name, value) in fields {
            if let Some(slot) = header::find(self.names, name)
                && let Some(place) = row.get_mut(slot)
            {
                *place = value;
            }
        }
        self.take(row);
    }

    /// A row, by position: a value for each of [`Self::columns`]. Those that are missing are NULL.
    pub fn push_values(&mut self, values: impl IntoIterator<Item = Value>) {
        let mut values = values.into_iter();
        let field = |it: &SourceColumn| matches!(it.origin, Origin::Field(_));
        let row = self.columns.iter().map(|column| {
            let value = field(column).then(|| values.next()).flatten();
            value.unwrap_or(Value::Null)
        });
        let row = row.collect();
        self.take(row);
    }

    /// Something came that is no row: why, and how it looked.
    pub fn bad(&mut self, why: &str, raw: &str) {
        *self.line += 1;
        self.refuse(None, codes::BAD_ROW_VALUE, why.to_owned(), raw.to_owned());
    }

    fn take(&mut self, row: Vec<Value>) {
        *self.line += 1;
        let mut cast = Vec::with_capacity(row.len());
        for (column, value) in self.columns.iter().zip(row) {
            let value = match (&column.origin, value) {
                (Origin::Metadata(Metadata::File), _) => Value::text(&**self.place),
                (Origin::Metadata(_), _) => {
                    Value::Int(i64::try_from(*self.line).unwrap_or(i64::MAX))
                }
                (Origin::Computed, _) => Value::Null,
                (Origin::Field(_), _) if !column.needed => Value::Null,
                (Origin::Field(_), Value::Null) if column.not_null => {
                    let why = "a NOT NULL column has no value".to_owned();
                    return self.refuse(
                        Some(&column.name),
                        codes::BAD_ROW_NULL,
                        why,
                        String::new(),
                    );
                }
                (Origin::Field(_), value) => {
                    let raw = value.to_string();
                    match value.cast(&column.ty) {
                        Ok(value) => value,
                        Err(why) => {
                            return self.refuse(Some(&column.name), codes::BAD_ROW_VALUE, why, raw);
                        }
                    }
                }
            };
            cast.push(value);
        }
        for (column, value) in self.batch.columns.columns_mut().iter_mut().zip(cast) {
            column.push(value);
        }
        self.batch.end_row(*self.line, 0);
    }

    fn refuse(
        &mut self,
        column: Option<&str>,
        code: portent_grammar::Code,
        error: String,
        raw: String,
    ) {
        *self.refused += 1;
        let row = BadRow {
            file: Arc::clone(self.place),
            line: *self.line,
            code,
            column: column.map(str::to_owned),
            error,
            help: None,
            raw,
        };
        if self.failed.is_none() {
            self.failed = self.bad.take(row, self.batch).err();
        }
    }
}

/// A [`RowSource`] as everything else sees it.
pub(crate) struct OwnSource {
    name: String,
    inner: Box<dyn RowSource>,
    /// The source's name of each slot; empty where it fills none.
    names: Vec<String>,
    columns: Vec<SourceColumn>,
    empty: Columns,
    bad: BadSink,
    refused: u64,
    rows: u64,
    line: u64,
    files: [Arc<str>; 1],
    ended: bool,
    /// It failed, and its last rows were not given: where it is now is no place to go on from.
    held_back: bool,
}

impl OwnSource {
    /// # Errors
    /// P0548: it can't be opened. P0530.
    pub fn open(own: &OwnUse, on_bad: &OnBad, schema: &SourceSchema) -> Result<Self, ConnectError> {
        let name = own.connector.name.clone();
        let opened = match &own.connector.source {
            Some(open) => guarded(&name, || open(&own.options)),
            None => Err(format!("the connector '{name}' has no sources")),
        };
        let inner = opened
            .map_err(|error| ConnectError::new(codes::OWN_FAILED, error).option("connector"))?;
        let named = |it: &SourceColumn| it.source_name().unwrap_or_default().to_owned();
        Ok(Self {
            files: [format!("<{name}>").into()],
            name,
            inner,
            names: schema.columns.iter().map(named).collect(),
            columns: schema.columns.clone(),
            empty: schema.columns(),
            bad: BadSink::new(on_bad)?,
            refused: 0,
            rows: 0,
            line: 0,
            ended: false,
            held_back: false,
        })
    }
}

impl OwnSource {
    /// Where the source says it is.
    fn own_position(&mut self) -> Option<Vec<u8>> {
        let inner = &mut self.inner;
        guarded(&self.name, || Ok(inner.position())).ok().flatten()
    }

    fn tells_position(&mut self) -> bool {
        self.held_back |= self.own_position().is_some();
        self.held_back
    }
}

impl Source for OwnSource {
    fn next_batch(&mut self, batch: &mut Batch, max_rows: usize) -> Result<Progress, ConnectError> {
        if self.ended {
            return Ok(Progress::End);
        }
        batch.shape(&self.empty);
        let before = batch.rows();
        let mut rows = Rows {
            names: &self.names,
            columns: &self.columns,
            batch,
            bad: &mut self.bad,
            refused: &mut self.refused,
            place: &self.files[0],
            line: &mut self.line,
            room: before + max_rows.max(1),
            failed: None,
        };
        let inner = &mut self.inner;
        let said = guarded(&self.name, || inner.next(&mut rows));
        let failed = rows.failed.take();
        if failed.is_some() && self.tells_position() {
            // Where it is lies behind the row that can't be: whoever goes on from the place before gets all of this again.
            batch.columns.truncate(before);
            batch.places.truncate(before);
        }
        self.rows += (batch.rows() - before) as u64;
        let failed = failed.map_or(Ok(()), Err);
        let progress =
            failed.and_then(|()| said.map_err(|error| ConnectError::new(codes::OWN_FAILED, error)));
        self.ended = !matches!(progress, Ok(Progress::More));
        progress
    }

    fn progress(&self) -> (u64, Option<u64>) {
        (self.line, None)
    }

    fn stats(&self) -> SourceStats {
        SourceStats {
            rows: self.rows,
            bad: self.refused,
            ..SourceStats::default()
        }
    }

    fn files(&self) -> &[Arc<str>] {
        &self.files
    }

    /// The number of the line, 8 bytes little-endian, and what the source itself says.
    fn position(&mut self) -> Option<Vec<u8>> {
        if self.held_back {
            return None;
        }
        let own = self.own_position()?;
        let mut bytes = self.line.to_le_bytes().to_vec();
        bytes.extend_from_slice(&own);
        Some(bytes)
    }

    fn resume(&mut self, position: &[u8]) -> Result<Option<String>, ConnectError> {
        let (line, own) = position
            .split_first_chunk::<8>()
            .ok_or_else(|| unusable("the position is damaged"))?;
        let inner = &mut self.inner;
        guarded(&self.name, || inner.resume(own)).map_err(|error| unusable(&error))?;
        self.line = u64::from_le_bytes(*line);
        Ok(None)
    }
}
