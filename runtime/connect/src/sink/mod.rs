//! Sinks: rows as JSON lines or CSV, to a file, standard output, any writer, or nowhere.

mod csv;
mod json;
#[cfg(test)]
mod tests;

use std::fs::{self, OpenOptions};
use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

use portent_grammar::codes::input as codes;
use portent_grammar::{Column, Value};

use crate::error::ConnectError;
use crate::options::{SinkConfig, SinkConnector, SinkFormat, SinkMode};

/// How much is gathered before it is written.
const BLOCK: usize = 64 << 10;

/// Writes rows.
///
/// Rows are gathered in memory; `flush` writes them out. Whoever drops a writer without `finish` loses what is gathered,
/// and the end of a gzip file.
pub struct Writer {
    format: SinkFormat,
    output: Output,
    /// For errors.
    place: String,
    columns: Vec<String>,
    /// JSON: `"name":`, with the comma or brace before it.
    keys: Vec<String>,
    /// `print`: what stands before each row.
    label: String,
    header_due: bool,
    delimiter: u8,
    buffer: Vec<u8>,
    rows: u64,
    bytes: u64,
}

enum Output {
    Plain(Box<dyn Write + Send>),
    Gzip(GzEncoder<Box<dyn Write + Send>>),
    Nowhere,
}

impl Writer {
    /// Opens a sink for rows of these columns. `name` is the sink's, for `print`.
    ///
    /// # Errors
    /// P0540: the file can't be opened.
    pub fn open(config: &SinkConfig, name: &str, columns: &[Column]) -> Result<Self, ConnectError> {
        let mut appended = false;
        let (output, place): (Box<dyn Write + Send>, String) = match &config.connector {
            SinkConnector::Stdout | SinkConnector::Print => {
                (Box::new(io::stdout()), "standard output".to_owned())
            }
            SinkConnector::Blackhole => (Box::new(io::sink()), String::new()),
            SinkConnector::File(path) => {
                appended = config.mode == SinkMode::Append
                    && fs::metadata(path).is_ok_and(|file| file.len() > 0);
                (Box::new(open_file(path, config.mode)?), format!("'{path}'"))
            }
        };
        let mut writer = Self::over(output, config.format, columns);
        writer.place = place;
        writer.delimiter = config.delimiter;
        writer.header_due = config.header.unwrap_or(!appended);
        match config.connector {
            SinkConnector::Print => writer.label = format!("{name}: "),
            SinkConnector::Blackhole => writer.output = Output::Nowhere,
            _ => {}
        }
        if config.gzip {
            writer.pack();
        }
        Ok(writer)
    }

    /// Over any writer; CSV with a header.
    pub fn over(output: Box<dyn Write + Send>, format: SinkFormat, columns: &[Column]) -> Self {
        let names = || columns.iter().map(|column| column.name.as_str());
        Self {
            format,
            output: Output::Plain(output),
            place: "the output".to_owned(),
            columns: names().map(str::to_owned).collect(),
            keys: json::keys(names()),
            label: String::new(),
            header_due: true,
            delimiter: b',',
            buffer: Vec::new(),
            rows: 0,
            bytes: 0,
        }
    }

    fn pack(&mut self) {
        self.output = match std::mem::replace(&mut self.output, Output::Nowhere) {
            Output::Plain(plain) => Output::Gzip(GzEncoder::new(plain, Compression::default())),
            other => other,
        };
    }

    /// Writes a row: one value for each column.
    ///
    /// # Errors
    /// P0541: the system refuses. P0542: the reader of a pipe has gone.
    pub fn write(&mut self, row: &[Value]) -> Result<(), ConnectError> {
        self.rows += 1;
        if matches!(self.output, Output::Nowhere) {
            return Ok(());
        }
        self.header();
        self.buffer.extend_from_slice(self.label.as_bytes());
        match self.format {
            SinkFormat::Jsonl => json::row(&mut self.buffer, &self.keys, row),
            SinkFormat::Csv => csv::row(&mut self.buffer, row, self.delimiter),
        }
        if self.buffer.len() >= BLOCK {
            self.empty()
        } else {
            Ok(())
        }
    }

    fn header(&mut self) {
        if std::mem::take(&mut self.header_due) && self.format == SinkFormat::Csv {
            csv::header(&mut self.buffer, &self.columns, self.delimiter);
        }
    }

    /// Writes out what has been gathered.
    ///
    /// # Errors
    /// P0541, P0542.
    pub fn flush(&mut self) -> Result<(), ConnectError> {
        self.empty()?;
        let result = match &mut self.output {
            Output::Plain(output) => output.flush(),
            // Flushing the packer itself would cost compression at every batch: its output is what must not wait.
            Output::Gzip(output) => output.get_mut().flush(),
            Output::Nowhere => Ok(()),
        };
        result.map_err(|error| self.failed(&error))
    }

    /// Writes everything out and ends the file; a CSV without rows gets its header.
    ///
    /// # Errors
    /// P0541, P0542.
    pub fn finish(&mut self) -> Result<(), ConnectError> {
        self.header();
        self.empty()?;
        if let Output::Gzip(output) = &mut self.output {
            let result = output.try_finish();
            result.map_err(|error| self.failed(&error))?;
        }
        self.flush()
    }

    /// Rows written so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Bytes written so far, before packing.
    pub fn bytes(&self) -> u64 {
        self.bytes + self.buffer.len() as u64
    }

    fn empty(&mut self) -> Result<(), ConnectError> {
        let result = match &mut self.output {
            Output::Plain(output) => output.write_all(&self.buffer),
            Output::Gzip(output) => output.write_all(&self.buffer),
            Output::Nowhere => Ok(()),
        };
        self.bytes += self.buffer.len() as u64;
        self.buffer.clear();
        result.map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &io::Error) -> ConnectError {
        let place = &self.place;
        match error.kind() {
            io::ErrorKind::BrokenPipe => ConnectError::new(
                codes::PIPE_CLOSED,
                format!("the reader of {place} has gone"),
            ),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                let message = format!(
                    "there is no room left to write to {place}, after {} rows",
                    self.rows
                );
                ConnectError::new(codes::WRITE_FAILED, message).help("make room, and run again")
            }
            _ => ConnectError::new(
                codes::WRITE_FAILED,
                format!("writing to {place} failed: {error}"),
            ),
        }
    }
}

fn open_file(path: &str, mode: SinkMode) -> Result<fs::File, ConnectError> {
    let mut options = OpenOptions::new();
    match mode {
        SinkMode::Truncate => options.write(true).create(true).truncate(true),
        SinkMode::Append => options.append(true).create(true),
    };
    options.open(path).map_err(|error| {
        let folder = std::path::Path::new(path)
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let message = match (error.kind(), folder) {
            (io::ErrorKind::NotFound, Some(folder)) => {
                format!(
                    "'{path}' can't be written: there is no folder '{}'",
                    folder.display()
                )
            }
            (io::ErrorKind::PermissionDenied, _) => {
                format!("there is no permission to write '{path}'")
            }
            (io::ErrorKind::IsADirectory, _) => format!("'{path}' is a folder, not a file"),
            _ => format!("'{path}' can't be written: {error}"),
        };
        ConnectError::new(codes::SINK_OPEN, message).option("path")
    })
}
