//! Sinks: rows as JSON lines or CSV, to a file, standard output, any writer, a receiver elsewhere, or nowhere.

mod csv;
mod file;
mod json;
mod mark;
#[cfg(test)]
mod mark_tests;
mod queue;
#[cfg(test)]
mod remote_tests;
mod tcp;
#[cfg(test)]
mod tests;
mod webhook;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use portent_grammar::codes::input as codes;
use portent_grammar::{Column, Value};

use crate::error::ConnectError;
use crate::live::Stop;
use crate::options::{SinkConfig, SinkConnector, SinkFormat, SinkMode};
use crate::own::OwnSink;
use crate::secret::Secrets;

use file::Rotation;
use mark::{At, Disk};
pub use mark::{SinkMark, Unsynced};
use queue::{Item, Queue};
pub(crate) use webhook::{check_header, check_url};

/// How much is gathered before it is written.
const BLOCK: usize = 64 << 10;
/// So much may wait for a file that refuses; then rows are given up.
const MOST: usize = 64 << 20;

/// Writes rows.
///
/// Rows are gathered in memory; `flush` writes them out. Whoever drops a writer without `finish` loses what is gathered,
/// and the end of a gzip file. Rows for a webhook or over TCP wait in a queue, from which a thread delivers them; see `stats` for how it
/// fares, and `on_full` for what happens when it can't keep up.
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
    rotation: Option<Rotation>,
    /// Whether each file that is begun gets the names.
    header: bool,
    /// The file, if it writes into one.
    disk: Option<Disk>,
    /// Something was packed since the packer was begun.
    packing: bool,
    /// A checksum of where the rows go.
    of: u64,
    /// Rows were left out.
    gave_up: bool,
}

enum Output {
    Plain(Box<dyn Write + Send>),
    Gzip(GzEncoder<Box<dyn Write + Send>>),
    Queue(Queue),
    Own(OwnSink),
    Nowhere,
    /// The file was put aside, and no other could be opened.
    Broken,
}

/// Counters of a sink.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SinkStats {
    /// Rows taken: written, or put into the queue.
    pub rows: u64,
    /// Their bytes, before packing.
    pub bytes: u64,
    /// Rows for which the queue had no room (`on_full = 'drop'`).
    pub dropped: u64,
    /// Rows that the receiver refused, and that are kept nowhere.
    pub failed: u64,
    /// Attempts that failed and were made again.
    pub retries: u64,
    /// Rows that wait, those included that are on their way.
    pub queued: u64,
}

impl Writer {
    /// Opens a sink for rows of these columns. `name` is the sink's, for `print`.
    ///
    /// # Errors
    /// P0540: the file can't be opened. P0503, P0536: with its secrets put in, the URL or address is none. P0534: a secret can't be read.
    pub fn open(config: &SinkConfig, name: &str, columns: &[Column]) -> Result<Self, ConnectError> {
        Self::open_at(config, name, columns, None).map(|(writer, _)| writer)
    }

    /// As [`Self::open`], but goes on behind a mark that was taken before: what is written from here on is what was written behind the mark before, and more. Then
    /// each row stands once in the files of a sink that writes into files, whatever became of the process, and rows that a receiver elsewhere had not taken yet
    /// are sent first. `mode = 'truncate'` empties no file that has a mark.
    ///
    /// The sentence, if there is one, says what is not as it was: another file stands at the path, say. It is never harmed; rows are written behind what is in it.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_at(
        config: &SinkConfig,
        name: &str,
        columns: &[Column],
        mark: Option<&SinkMark>,
    ) -> Result<(Self, Option<String>), ConnectError> {
        let mut secrets = Secrets::default();
        let mark = mark.filter(|it| it.is_of(config));
        let opened = Self::open_with(config, name, columns, mark, &mut secrets);
        opened
            .map(|(writer, told)| (writer, told.map(|it| secrets.hide(&it))))
            .map_err(|error| secrets.hide_error(error))
    }

    fn open_with(
        config: &SinkConfig,
        name: &str,
        columns: &[Column],
        mark: Option<&SinkMark>,
        secrets: &mut Secrets,
    ) -> Result<(Self, Option<String>), ConnectError> {
        let mut told = None;
        let nowhere: Box<dyn Write + Send> = Box::new(io::sink());
        let mut writer = Self::over(nowhere, config.format, columns);
        writer.delimiter = config.delimiter;
        writer.header = config.header.unwrap_or(true);
        writer.header_due = writer.header;
        match &config.connector {
            SinkConnector::Stdout | SinkConnector::Print => {
                writer.output = Output::Plain(Box::new(io::stdout()));
                writer.place = "standard output".to_owned();
                if config.connector == SinkConnector::Print {
                    writer.label = format!("{name}: ");
                }
            }
            SinkConnector::Blackhole => writer.output = Output::Nowhere,
            SinkConnector::Own(own) => {
                let mut own = own.clone();
                for (name, value) in &mut own.options {
                    if let Value::Text(text) = value {
                        *value = Value::text(secrets.put_in(text, name)?);
                    }
                }
                writer.place = format!("'{}'", own.connector.name());
                writer.output = Output::Own(OwnSink::open(&own, columns)?);
                writer.header_due = false;
            }
            SinkConnector::File(path) => {
                writer.place = format!("'{path}'");
                let path = secrets.put_in(path, "path")?;
                told = writer.open_file(config, &path, mark)?;
            }
            SinkConnector::Webhook(webhook) => {
                let receiver = webhook::Poster::new(webhook, &config.outgoing, secrets)?;
                writer.place = webhook::place(&webhook.url);
                writer.start(Box::new(receiver), config, secrets)?;
            }
            SinkConnector::Tcp { address } => {
                let resolved = secrets.put_in(address, "address")?;
                // The names stand first in every connection, not in the queue.
                writer.header();
                let header = std::mem::take(&mut writer.buffer);
                let receiver = tcp::Caller::new(resolved, &config.outgoing, header)?;
                writer.place = format!("'{address}'");
                writer.start(Box::new(receiver), config, secrets)?;
            }
        }
        if let Some(mark) = mark {
            (writer.rows, writer.bytes) = (mark.rows, mark.bytes);
            if let (At::Queue(waiting), Output::Queue(queue)) = (&mark.at, &writer.output) {
                queue.bring_back(waiting);
            }
        }
        writer.of = mark::identity(config);
        Ok((writer, told))
    }

    fn open_file(
        &mut self,
        config: &SinkConfig,
        path: &str,
        mark: Option<&SinkMark>,
    ) -> Result<Option<String>, ConnectError> {
        let at = mark.and_then(|mark| match &mark.at {
            At::File(at) => Some(at),
            At::Queue(_) => None,
        });
        let mut told = None;
        let mut mode = config.mode;
        if let Some(at) = at {
            mode = SinkMode::Append;
            let numbered = config.rotate.as_ref().is_some_and(|it| it.keep.is_some());
            let brought = mark::bring_back(Path::new(path), at, numbered);
            told = brought.map_err(|error| file::refused(path, &error))?;
        }
        let mut there = 0;
        if mode == SinkMode::Append {
            there = fs::metadata(path).map_or(0, |file| file.len());
        }
        let file = file::open(path, mode)?;
        let mut disk = Disk {
            path: path.into(),
            file: file
                .try_clone()
                .map_err(|error| file::refused(path, &error))?,
            turns: at.map_or_else(|| Disk::turns(Path::new(path)), |at| at.turns),
            marked: at.is_some(),
            unsynced: None,
        };
        if told.is_some() && there == 0 {
            let noted = disk.anew();
            noted.map_err(|error| file::refused(path, &error))?;
        }
        self.disk = Some(disk);
        self.output = Output::Plain(Box::new(file));
        self.header_due = config.header.unwrap_or(there == 0);
        if let Some(rotate) = &config.rotate {
            self.rotation = Some(Rotation::new(path, rotate, there));
        }
        if let Some(at) = at.filter(|at| told.is_none() && at.length == there) {
            self.header_due = at.header_due;
            if let Some(rotation) = &mut self.rotation {
                rotation.go_on(at.unpacked, at.began);
            }
        }
        if config.gzip {
            self.pack();
        }
        Ok(told)
    }

    fn start(
        &mut self,
        receiver: Box<dyn queue::Receiver>,
        config: &SinkConfig,
        secrets: &Secrets,
    ) -> Result<(), ConnectError> {
        let place = self.place.clone();
        let queue = Queue::start(receiver, &config.outgoing, secrets.clone(), place)?;
        self.header_due = false;
        self.output = Output::Queue(queue);
        Ok(())
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
            rotation: None,
            header: true,
            disk: None,
            packing: false,
            of: 0,
            gave_up: false,
        }
    }

    /// Writes out what has been gathered, and tells where the sink is, for [`Self::open_at`] of another process: it holds when what [`Self::take_unsynced`] then
    /// gives is on the disk. A packed file gets the end of a member here. Of a webhook, or over TCP, the mark holds the rows that have not been delivered yet. `None`: the sink has no place to go back to (standard
    /// output, a program's own).
    ///
    /// # Errors
    /// P0541, P0542.
    pub fn mark(&mut self) -> Result<Option<SinkMark>, ConnectError> {
        let at = match &self.output {
            Output::Queue(queue) => At::Queue(queue.waiting()),
            _ if self.disk.is_some() => At::File(self.mark_file()?),
            _ => {
                self.flush()?;
                return Ok(None);
            }
        };
        Ok(Some(SinkMark::new(self.of, self.rows, self.bytes, at)))
    }

    /// What is to be brought to the disk before the last [`Self::mark`] holds.
    pub fn take_unsynced(&mut self) -> Option<Unsynced> {
        self.disk.as_mut().and_then(|it| it.unsynced.take())
    }

    fn mark_file(&mut self) -> Result<mark::FileAt, ConnectError> {
        if self.gave_up {
            return Err(self.failed(&io::Error::other(
                "rows were left out when it refused; they are written at the next start",
            )));
        }
        self.empty()?;
        if let Err(error) = self.end_member() {
            return Err(self.failed(&error));
        }
        let marked = match (&mut self.output, &mut self.disk) {
            (Output::Broken, _) | (_, None) => Err(io::Error::other(
                "the file was put aside, and no new one begun",
            )),
            (_, Some(disk)) => disk.mark(),
        };
        let mut at = marked.map_err(|error| self.failed(&error))?;
        at.header_due = self.header_due;
        if let Some(rotation) = &self.rotation {
            (at.unpacked, at.began) = (rotation.bytes, rotation.since);
        }
        Ok(at)
    }

    /// Ends what is packed, so that the file can be cut here, and begins anew.
    fn end_member(&mut self) -> io::Result<()> {
        if !std::mem::take(&mut self.packing) {
            return match &mut self.output {
                Output::Plain(output) => output.flush(),
                _ => Ok(()),
            };
        }
        self.output = match std::mem::replace(&mut self.output, Output::Broken) {
            Output::Gzip(packer) => {
                let mut plain = packer.finish()?;
                plain.flush()?;
                Output::Gzip(GzEncoder::new(plain, Compression::default()))
            }
            other => other,
        };
        Ok(())
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
    /// As `write_match`.
    pub fn write(&mut self, row: &[Value]) -> Result<(), ConnectError> {
        self.write_match(row, None)
    }

    /// Writes a row that stands for a match, whose identity tells a receiver whether it has the row already. May wait, if the sink has a queue
    /// that is full (`on_full = 'block'`).
    ///
    /// # Errors
    /// P0541: the system refuses. P0542: the reader of a pipe has gone.
    pub fn write_match(
        &mut self,
        row: &[Value],
        match_id: Option<u128>,
    ) -> Result<(), ConnectError> {
        if matches!(self.output, Output::Nowhere) {
            self.rows += 1;
            return Ok(());
        }
        if let Output::Own(sink) = &mut self.output {
            sink.write(row, match_id)?;
            self.rows += 1;
            return Ok(());
        }
        if self.buffer.len() >= MOST {
            self.gave_up = true;
            return Err(self.failed(&io::Error::other(
                "it has refused for so long that rows are given up; they are written at the next start",
            )));
        }
        // What can't be put aside goes on, and the row with it.
        let rotated = self.rotate();
        self.header();
        self.buffer.extend_from_slice(self.label.as_bytes());
        match self.format {
            SinkFormat::Jsonl => json::row(&mut self.buffer, &self.keys, row),
            SinkFormat::Csv => csv::row(&mut self.buffer, row, self.delimiter),
        }
        if let Output::Queue(queue) = &self.output {
            let row = std::mem::take(&mut self.buffer);
            let bytes = row.len() as u64;
            if queue.push(Item { row, id: match_id })? {
                self.rows += 1;
                self.bytes += bytes;
            }
            return Ok(());
        }
        self.rows += 1;
        if self.buffer.len() >= BLOCK {
            rotated.and(self.empty())
        } else {
            rotated
        }
    }

    /// Puts the file aside, if it is time.
    fn rotate(&mut self) -> Result<(), ConnectError> {
        let more = self.buffer.len();
        if !self.rotation.as_ref().is_some_and(|it| it.is_due(more)) {
            return Ok(());
        }
        self.end_file()?;
        let gzip = matches!(self.output, Output::Gzip(_));
        // Closed before it is renamed: not every system renames open files.
        self.output = Output::Broken;
        let file = match self.change() {
            Ok(file) => file,
            Err(error) => return Err(self.failed(&error)),
        };
        self.output = Output::Plain(Box::new(file));
        self.packing = false;
        self.header_due = self.header;
        if gzip {
            self.pack();
        }
        Ok(())
    }

    fn change(&mut self) -> io::Result<File> {
        if let Some(disk) = &mut self.disk {
            disk.turn()?;
        }
        let Some(rotation) = &mut self.rotation else {
            return Err(io::Error::other("the file is not one to be put aside"));
        };
        let file = rotation.change()?;
        if let Some(disk) = &mut self.disk {
            disk.begun(file.try_clone()?)?;
        }
        Ok(file)
    }

    /// Writes out everything that belongs to the file.
    fn end_file(&mut self) -> Result<(), ConnectError> {
        self.empty()?;
        let result = match &mut self.output {
            Output::Plain(output) => output.flush(),
            Output::Gzip(output) => output.try_finish().and_then(|()| output.get_mut().flush()),
            Output::Own(sink) => return sink.finish(),
            Output::Queue(_) | Output::Nowhere | Output::Broken => Ok(()),
        };
        result.map_err(|error| self.failed(&error))
    }

    fn header(&mut self) {
        if std::mem::take(&mut self.header_due) && self.format == SinkFormat::Csv {
            csv::header(&mut self.buffer, &self.columns, self.delimiter);
        }
    }

    /// Writes out what has been gathered. What waits in a queue is not waited for.
    ///
    /// # Errors
    /// P0541, P0542.
    pub fn flush(&mut self) -> Result<(), ConnectError> {
        self.rotate()?;
        self.empty()?;
        let result = match &mut self.output {
            Output::Plain(output) => output.flush(),
            // Flushing the packer itself would cost compression at every batch: its output is what must not wait.
            Output::Gzip(output) => output.get_mut().flush(),
            Output::Own(sink) => return sink.flush(),
            Output::Queue(_) | Output::Nowhere | Output::Broken => Ok(()),
        };
        result.map_err(|error| self.failed(&error))
    }

    /// Writes everything out and ends the file; a CSV without rows gets its header. If rows wait in a queue, waits for their delivery, but not
    /// longer than the option `drain` says.
    ///
    /// # Errors
    /// P0541, P0542. P0543: rows were not delivered. P0544: rows were refused.
    pub fn finish(&mut self) -> Result<(), ConnectError> {
        if let Output::Queue(queue) = &mut self.output {
            return queue.finish();
        }
        self.header();
        self.end_file()
    }

    /// Gives the means to end waiting: once `stop` is set, `write` doesn't wait any more for room in a full queue (`on_full = 'block'`). Rows for which there
    /// is none go to `dlq.path`, or are counted; `finish` tells how many were not delivered.
    pub fn stop_by(&mut self, stop: &Stop) {
        if let Output::Queue(queue) = &mut self.output {
            queue.stop = stop.clone();
        }
    }

    /// Counters since the beginning.
    pub fn stats(&self) -> SinkStats {
        let (dropped, failed, retries, queued) = match &self.output {
            Output::Queue(queue) => queue.counts(),
            _ => (0, 0, 0, 0),
        };
        SinkStats {
            rows: self.rows,
            bytes: self.bytes(),
            dropped,
            failed,
            retries,
            queued,
        }
    }

    /// Why the last delivery that failed did, for logs: those of a webhook or over TCP are made again, or given up, without an error here.
    pub fn last_failure(&self) -> Option<String> {
        match &self.output {
            Output::Queue(queue) => queue.last_failure(),
            _ => None,
        }
    }

    /// Rows written so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Bytes written so far, before packing.
    pub fn bytes(&self) -> u64 {
        self.bytes + self.buffer.len() as u64
    }

    /// Rows that were to follow have been left out: no mark holds any more, so that all since the last one come again at the next start.
    pub fn give_up(&mut self) {
        self.gave_up = true;
    }

    fn empty(&mut self) -> Result<(), ConnectError> {
        let (written, result) = match &mut self.output {
            Output::Plain(output) => write(output, &self.buffer),
            Output::Gzip(output) => {
                self.packing |= !self.buffer.is_empty();
                write(output, &self.buffer)
            }
            Output::Queue(_) | Output::Own(_) | Output::Nowhere => (self.buffer.len(), Ok(())),
            Output::Broken if self.buffer.is_empty() => (0, Ok(())),
            Output::Broken => (
                0,
                Err(io::Error::other(
                    "the file was put aside, and no new one begun",
                )),
            ),
        };
        // Somebody counts on each row: what could not be written is tried again. Others have heard of it, and end, or go on without.
        let keeps = self.disk.as_ref().is_some_and(|it| it.marked);
        let done = if keeps { written } else { self.buffer.len() };
        self.bytes += done as u64;
        if let Some(rotation) = &mut self.rotation {
            rotation.bytes += done as u64;
        }
        self.buffer.drain(..done);
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

/// Writes as much as goes: how much, and what ended it.
fn write(output: &mut impl Write, mut bytes: &[u8]) -> (usize, io::Result<()>) {
    let all = bytes.len();
    while !bytes.is_empty() {
        match output.write(bytes) {
            Ok(0) => return (all - bytes.len(), Err(io::ErrorKind::WriteZero.into())),
            Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (all - bytes.len(), Err(error)),
        }
    }
    (all, Ok(()))
}
