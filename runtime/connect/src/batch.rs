//! What a source gives: rows in batches, and what it couldn't read.

use std::sync::Arc;

use portent_grammar::{Code, Columns, Value};

use crate::error::{ConnectError, Place, shorten};
use crate::position::{Position, unusable};

/// Something that gives rows until it ends.
pub trait Source: Send {
    /// Appends at most `max_rows` rows to the batch. Blocks only while it has none to give: what has come already is handed
    /// out before the input is asked for more, so that a slow pipe is read as it flows. May give fewer rows than asked, or none,
    /// and still not be at its end.
    ///
    /// # Errors
    /// What ends the reading: under `on_bad = 'fail'` the first row that can't be read; else only errors of the system. The
    /// batch holds the rows before it. After an error the source is at its end.
    fn next_batch(&mut self, batch: &mut Batch, max_rows: usize) -> Result<Progress, ConnectError>;

    /// Bytes read so far, as they lie on disk (packed ones packed), and how many there are, if that is known. For
    /// a progress bar.
    fn progress(&self) -> (u64, Option<u64>);

    /// Counters since the beginning.
    fn stats(&self) -> SourceStats;

    /// The files' names, to which `RowPlace::file` is an index.
    fn files(&self) -> &[Arc<str>];

    /// Where it is behind what it has given, in its own terms: for [`Self::resume`] of another one with the same options; after an error, before what can't be
    /// read. `None` (the default): it can't tell.
    fn position(&mut self) -> Option<Vec<u8>> {
        None
    }

    /// Goes on behind a position, before anything was read. A sentence, where it goes on, but something is not as it was.
    ///
    /// # Errors
    /// P0549: it can't.
    fn resume(&mut self, position: &[u8]) -> Result<Option<String>, ConnectError> {
        let _ = position;
        Err(unusable("this kind of source has no positions"))
    }
}

/// Whether there is more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Ask again.
    More,
    /// That was all.
    End,
}

/// Counters of a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SourceStats {
    /// Rows given.
    pub rows: u64,
    /// Rows that couldn't be read.
    pub bad: u64,
    /// Lines passed over on purpose (`log.unmatched = 'skip'`).
    pub skipped: u64,
    /// Bytes read, unpacked.
    pub bytes: u64,
}

/// Rows by column, and what couldn't be read between them. Reuse it: `clear` keeps the memory.
#[derive(Debug, Default)]
pub struct Batch {
    /// One column for each of the schema, in the order of the input; those that nobody needs are absent. The source shapes an
    /// empty batch as it needs it.
    pub columns: Columns,
    /// Where each row stands.
    pub places: Vec<RowPlace>,
    /// Under `on_bad = 'skip'` and `'dlq'`: for counting and showing; the latter has been written already. At most
    /// `MAX_BAD_KEPT` of one batch are kept here; `SourceStats::bad` counts all.
    pub bad: Vec<BadRow>,
    /// Where the source is behind all of this, from [`live::run_from`](crate::live::run_from); `None` where it can't tell.
    pub position: Option<Position>,
}

/// How many bad rows one batch keeps for showing.
pub const MAX_BAD_KEPT: usize = 1_000;

impl Batch {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many rows it has.
    pub fn rows(&self) -> usize {
        self.places.len()
    }

    /// The values of a row.
    pub fn row(&self, row: usize) -> Vec<Value> {
        self.columns.row(row)
    }

    /// Empties it.
    pub fn clear(&mut self) {
        self.columns.clear();
        self.places.clear();
        self.bad.clear();
        self.position = None;
    }

    /// Gives a batch without rows these columns. (Also one whose columns were taken out of it.)
    pub(crate) fn shape(&mut self, empty: &Columns) {
        if self.columns.rows() == 0 && self.columns.width() != empty.width() {
            self.columns = empty.clone();
        }
    }

    /// The row whose cells have been filled in is complete.
    pub(crate) fn end_row(&mut self, line: u64, file: u32) {
        self.columns.end_row();
        self.places.push(RowPlace { line, file });
    }
}

/// Where a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowPlace {
    /// The line on which it begins, from 1.
    pub line: u64,
    /// Index into `Source::files`.
    pub file: u32,
}

/// A row that couldn't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BadRow {
    /// As the user named it.
    pub file: Arc<str>,
    /// The line on which it begins, from 1.
    pub line: u64,
    /// The kind of error.
    pub code: Code,
    /// The column of the stream, if it is about one.
    pub column: Option<String>,
    /// One sentence.
    pub error: String,
    /// The mend, if there is one.
    pub help: Option<String>,
    /// The row as it stands in the input; at most 64 KiB of it, what is not UTF-8 replaced.
    pub raw: String,
}

impl BadRow {
    /// As the error that ends the reading under `on_bad = 'fail'`.
    pub fn into_error(self) -> ConnectError {
        let mut error = ConnectError::new(self.code, self.error);
        if let Some(help) = self.help {
            error = error.help(help);
        }
        error = error
            .help("to go on past such rows: on_bad = 'skip', or on_bad = 'dlq' with a dlq.path");
        error.place = Some(Box::new(Place {
            file: self.file.to_string(),
            line: self.line,
            column: self.column,
            raw: shorten(self.raw.as_bytes()),
        }));
        error
    }
}

/// What is wrong with a row, before anybody knows where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RowError {
    pub code: Code,
    /// Slot of the column.
    pub slot: Option<usize>,
    pub message: String,
    pub help: Option<String>,
}

impl RowError {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            slot: None,
            message: message.into(),
            help: None,
        }
    }

    pub fn at(mut self, slot: usize) -> Self {
        self.slot = Some(slot);
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
