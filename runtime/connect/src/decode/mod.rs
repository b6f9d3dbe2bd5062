//! From bytes to rows: a splitter finds where rows end, a decoder writes their cells into columns.

mod cell;
#[cfg(test)]
mod columns_tests;
pub(crate) mod csv;
pub(crate) mod csv_split;
pub(crate) mod header;
pub(crate) mod json;
mod json_plain;
pub(crate) mod log;
mod number;
#[cfg(test)]
mod tests;

use portent_grammar::Columns;

use crate::batch::RowError;
use crate::blocks::{LineSplitter, Split};
use crate::error::ConnectError;
use crate::options::{Format, SourceConfig};
use crate::schema::SourceSchema;

use cell::CellReader;
use csv::CsvDecoder;
use csv_split::{CsvSplitter, Dialect};
use json::JsonDecoder;
use log::LogDecoder;

pub(crate) use crate::time::TimeAt;

/// A format's splitter and decoder.
pub(crate) enum Decoder {
    Csv(CsvSplitter, Box<CsvDecoder>),
    Json(LineSplitter, Box<JsonDecoder>),
    Log(LineSplitter, Box<LogDecoder>),
}

/// What a row turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decoded {
    /// The cells are filled in; columns without one are NULL.
    Row,
    /// A header, an empty line, a comment.
    Nothing,
    /// Passed over on purpose, and counted.
    Skipped,
}

/// A row that is bad, or an error of the whole file.
pub(crate) enum DecodeError {
    Row(RowError),
    File(ConnectError),
}

impl From<RowError> for DecodeError {
    fn from(error: RowError) -> Self {
        Self::Row(error)
    }
}

impl Decoder {
    /// For a format that is settled.
    pub fn new(
        format: Format,
        delimiter: u8,
        config: &SourceConfig,
        schema: &SourceSchema,
    ) -> Result<Self, ConnectError> {
        Ok(match format {
            Format::Jsonl => Self::Json(
                LineSplitter::default(),
                Box::new(JsonDecoder::new(config, schema)?),
            ),
            Format::Log => Self::Log(
                LineSplitter::default(),
                Box::new(LogDecoder::new(config, schema)?),
            ),
            Format::Csv | Format::Auto => {
                let dialect = Dialect::new(config, delimiter);
                Self::Csv(
                    CsvSplitter::default(),
                    Box::new(CsvDecoder::new(config, schema, dialect)),
                )
            }
        })
    }

    /// A new file begins; `delimiter` is the one found in it.
    pub fn begin(&mut self, config: &SourceConfig, delimiter: u8) {
        match self {
            Self::Csv(splitter, decoder) => {
                *splitter = CsvSplitter::default();
                decoder.begin(Dialect::new(config, delimiter));
            }
            Self::Json(splitter, decoder) => {
                *splitter = LineSplitter::default();
                decoder.begin();
            }
            Self::Log(splitter, decoder) => {
                *splitter = LineSplitter::default();
                decoder.begin();
            }
        }
    }

    /// Those who read the cells, always in the same order.
    fn readers(&mut self) -> Vec<&mut CellReader> {
        match self {
            Self::Csv(_, decoder) => decoder.readers.iter_mut().collect(),
            Self::Json(_, decoder) => decoder.readers.iter_mut().collect(),
            Self::Log(_, decoder) => decoder.wanted.iter_mut().map(|it| &mut it.2).collect(),
        }
    }

    /// What the times read so far decided for those to come, by the reader's place.
    pub fn times_at(&mut self) -> Vec<(usize, TimeAt)> {
        let readers = self.readers().into_iter().enumerate();
        readers
            .filter_map(|(at, reader)| Some((at, reader.time_at()?)))
            .collect()
    }

    /// As if they had been read.
    pub fn set_times(&mut self, times: &[(usize, TimeAt)]) {
        let mut readers = self.readers();
        for (at, time) in times {
            if let Some(reader) = readers.get_mut(*at) {
                reader.set_time(time);
            }
        }
    }

    /// Whether the rest of a line is being passed over.
    pub fn is_dropping(&self) -> bool {
        match self {
            Self::Csv(splitter, _) => splitter.dropping,
            Self::Json(splitter, _) | Self::Log(splitter, _) => splitter.dropping,
        }
    }

    /// As if the beginning of a line that is passed over had been read.
    pub fn set_dropping(&mut self, yes: bool) {
        match self {
            Self::Csv(splitter, _) => splitter.dropping = yes,
            Self::Json(splitter, _) | Self::Log(splitter, _) => splitter.dropping = yes,
        }
    }

    /// CSV whose first row is still to come.
    pub fn is_new(&self) -> bool {
        matches!(self, Self::Csv(_, decoder) if decoder.is_new())
    }

    /// As in options.
    pub fn format(&self) -> &'static str {
        match self {
            Self::Csv(..) => "csv",
            Self::Json(..) => "jsonl",
            Self::Log(..) => "log",
        }
    }

    /// CSV: between cells.
    pub fn delimiter(&self) -> u8 {
        match self {
            Self::Csv(_, decoder) => decoder.dialect.delimiter,
            _ => 0,
        }
    }

    /// Where the next row ends.
    pub fn split(&mut self, data: &[u8], at_end: bool, limit: usize) -> Split {
        match self {
            Self::Csv(splitter, decoder) => splitter.next(data, at_end, &decoder.dialect, limit),
            Self::Json(splitter, _) | Self::Log(splitter, _) => splitter.next(data, at_end, limit),
        }
    }

    /// Reads a row into its columns. What is there after an error must be truncated away.
    pub fn decode(
        &mut self,
        row: &str,
        columns: &mut Columns,
        file: &str,
    ) -> Result<Decoded, DecodeError> {
        match self {
            Self::Csv(splitter, decoder) => {
                if row.is_empty() || row.as_bytes().first().copied() == decoder.dialect.comment {
                    return Ok(Decoded::Nothing);
                }
                if decoder.is_new() && decoder.first_row(row, file).map_err(DecodeError::File)? {
                    return Ok(Decoded::Nothing);
                }
                decoder.decode(row, splitter.is_plain(), columns)?;
            }
            Self::Json(_, decoder) => {
                if row.trim_ascii().is_empty() {
                    return Ok(Decoded::Nothing);
                }
                decoder.decode(row, columns)?;
            }
            Self::Log(_, decoder) => {
                if row.is_empty() {
                    return Ok(Decoded::Nothing);
                }
                if !decoder.decode(row, columns)? {
                    return Ok(Decoded::Skipped);
                }
            }
        }
        Ok(Decoded::Row)
    }
}
