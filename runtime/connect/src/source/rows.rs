//! The rows of one input after the other, each with its place.

use std::io::{self, Read};
use std::sync::Arc;

use portent_grammar::codes::input as codes;
use portent_grammar::{Columns, Value};

use super::bad::{BadSink, RAW_KEPT};
use super::place::{Before, ReadingAt};
use super::sniff;
use crate::batch::{BadRow, Batch, Progress, RowError, SourceStats};
use crate::blocks::{Blocks, Fault, Record, Split};
use crate::decode::{DecodeError, Decoded, Decoder};
use crate::error::{ConnectError, Place};
use crate::options::{Delimiter, Format, SourceConfig};
use crate::position::{Sum, unusable};
use crate::schema::{Metadata, Origin, SourceSchema};

/// Reads rows from one input at a time; the format, once settled by the first input, stays.
pub(crate) struct RowReader {
    config: Arc<SourceConfig>,
    schema: Arc<SourceSchema>,
    decoder: Option<Decoder>,
    metadata: Vec<(usize, Metadata)>,
    not_null: Vec<usize>,
    current: Option<Current>,
    stats: SourceStats,
    /// An empty block of the schema's columns.
    empty: Columns,
}

/// The input that is being read.
struct Current {
    blocks: Blocks,
    name: Arc<str>,
    file: u32,
    /// Line ends so far.
    lines: u64,
    /// Nothing has been read yet.
    fresh: bool,
    /// Hand rows out before reading on.
    live: bool,
    /// CSV: where the first row stands, offset and length.
    first: Option<(u64, u64)>,
}

impl RowReader {
    /// # Errors
    /// What is wrong with the configuration for this schema, as far as the format is known.
    pub fn new(config: &SourceConfig, schema: &SourceSchema) -> Result<Self, ConnectError> {
        let columns = schema.columns.iter().enumerate();
        let metadata = columns
            .clone()
            .filter_map(|(slot, column)| match column.origin {
                Origin::Metadata(metadata) if column.needed => Some((slot, metadata)),
                _ => None,
            })
            .collect();
        let not_null = columns
            .filter(|(_, column)| {
                column.not_null && column.needed && matches!(column.origin, Origin::Field(_))
            })
            .map(|(slot, _)| slot)
            .collect();
        let settled = match (config.format, config.csv.delimiter) {
            (Format::Auto, _) => None,
            (Format::Csv, Delimiter::Auto) => None,
            (format, Delimiter::Byte(delimiter)) => Some((format, delimiter)),
            (format, Delimiter::Auto) => Some((format, b',')),
        };
        let decoder = match settled {
            Some((format, delimiter)) => Some(Decoder::new(format, delimiter, config, schema)?),
            None => None,
        };
        Ok(Self {
            config: Arc::new(config.clone()),
            schema: Arc::new(schema.clone()),
            decoder,
            metadata,
            not_null,
            current: None,
            stats: SourceStats::default(),
            empty: schema.columns(),
        })
    }

    pub fn stats(&self) -> SourceStats {
        let bytes = self
            .current
            .as_ref()
            .map_or(0, |current| current.blocks.bytes_read());
        SourceStats {
            bytes: self.stats.bytes + bytes,
            ..self.stats
        }
    }

    /// Goes on to the next input.
    pub fn begin(&mut self, input: Box<dyn Read + Send>, name: Arc<str>, file: u32, live: bool) {
        self.end();
        self.current = Some(Current {
            blocks: Blocks::new(input),
            name,
            file,
            lines: 0,
            fresh: true,
            live,
            first: None,
        });
    }

    /// Goes on in an input, which is at that place, as if what is before it had been read.
    ///
    /// # Errors
    /// P0549: it doesn't fit.
    pub fn begin_at(
        &mut self,
        input: Box<dyn Read + Send>,
        name: Arc<str>,
        file: u32,
        live: bool,
        at: &ReadingAt,
        before: Before,
    ) -> Result<(), ConnectError> {
        self.begin(input, Arc::clone(&name), file, live);
        let Some(format) = at.settled()? else {
            // Nothing had been read.
            return Ok(());
        };
        if self.config.format != Format::Auto && self.config.format != format {
            return Err(unusable("the stream has another format now"));
        }
        let mut decoder = match self.decoder.take() {
            Some(decoder) if decoder.format() == at.format => decoder,
            _ => Decoder::new(format, at.delimiter, &self.config, &self.schema)?,
        };
        decoder.begin(&self.config, at.delimiter);
        if let (Decoder::Csv(_, csv), Some(_)) = (&mut decoder, at.first) {
            let first = std::str::from_utf8(&before.first);
            let first = first.map_err(|_| unusable("the first row is another one now"))?;
            csv.first_row(first, &name)?;
        }
        decoder.set_times(&at.times);
        decoder.set_dropping(at.dropping);
        self.decoder = Some(decoder);
        if let Some(current) = &mut self.current {
            current.blocks.set_at(at.offset, before.behind);
            current.lines = at.lines;
            current.fresh = false;
            current.first = at.first;
        }
        Ok(())
    }

    /// Where it is: behind the row read last. `None`: nowhere.
    pub fn at(&mut self) -> Option<ReadingAt> {
        let current = self.current.as_ref()?;
        let Some(decoder) = self.decoder.as_mut().filter(|_| !current.fresh) else {
            return Some(ReadingAt {
                sum: Sum::of(&[]),
                ..ReadingAt::default()
            });
        };
        let offset = current.blocks.offset();
        if current
            .first
            .is_some_and(|first| first.0 + first.1 > offset)
        {
            // The first row was looked at only.
            return Some(ReadingAt {
                sum: Sum::of(&[]),
                ..ReadingAt::default()
            });
        }
        let behind = current.blocks.behind();
        Some(ReadingAt {
            offset,
            lines: current.lines,
            format: decoder.format().to_owned(),
            delimiter: decoder.delimiter(),
            first: current.first,
            dropping: decoder.is_dropping(),
            times: decoder.times_at(),
            behind: behind.len() as u64,
            sum: Sum::of(&behind),
        })
    }

    /// Closes the current input.
    pub fn end(&mut self) {
        self.stats.bytes = self.stats().bytes;
        self.current = None;
    }

    /// Goes on elsewhere in the input: the next byte to be read is the one at `offset`, and begins the line after `lines` others.
    pub fn jump(&mut self, offset: u64, lines: u64, behind: Vec<u8>) {
        if let Some(current) = &mut self.current {
            current.blocks.jump(offset, behind);
            current.lines = lines;
        }
    }

    /// Looks at the beginning of the input: byte order mark, format, delimiter, CSV header. False if not enough of it has come yet.
    ///
    /// # Errors
    /// P0510 to P0512.
    pub fn prepare(&mut self) -> Result<bool, ConnectError> {
        let Some(current) = self.current.as_mut() else {
            return Ok(true);
        };
        if !current.fresh {
            return Ok(true);
        }
        match current.fill_first() {
            Ok(()) => current.fresh = false,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) => {
                current.fresh = false;
                return Err(current.failed(&error));
            }
        }
        current.skip_mark()?;
        let nothing = current.blocks.at_end() && current.blocks.data().trim_ascii().is_empty();
        if self.decoder.is_none() && nothing {
            // An empty file doesn't settle the format of the others.
            return Ok(true);
        }
        let sniffed = sniff::sniff(
            current.blocks.data(),
            &current.name,
            &self.config,
            current.blocks.at_end(),
        )?;
        match &mut self.decoder {
            Some(decoder) => decoder.begin(&self.config, sniffed.delimiter),
            None => {
                let format = match self.config.format {
                    Format::Auto => sniffed.format,
                    format => format,
                };
                self.decoder = Some(Decoder::new(
                    format,
                    sniffed.delimiter,
                    &self.config,
                    &self.schema,
                )?);
            }
        }
        if !current.live {
            self.prepare_header()?;
        }
        Ok(true)
    }

    /// Reads up to the header, so that a column that isn't there is told when the source is opened. Rows stay.
    fn prepare_header(&mut self) -> Result<(), ConnectError> {
        let (Some(current), Some(Decoder::Csv(splitter, decoder))) =
            (&mut self.current, &mut self.decoder)
        else {
            return Ok(());
        };
        while decoder.is_new() {
            let blocks = &mut current.blocks;
            match splitter.next(
                blocks.data(),
                blocks.at_end(),
                &decoder.dialect,
                self.config.max_line_bytes,
            ) {
                Split::End => return Ok(()),
                Split::More => {
                    if !blocks.fill_ahead() && !blocks.at_end() {
                        return Ok(());
                    }
                }
                Split::Record(record) => {
                    let raw = blocks.data().get(record.text.clone()).unwrap_or_default();
                    let Ok(text) = std::str::from_utf8(raw) else {
                        return Ok(());
                    };
                    if record.fault.is_some() {
                        return Ok(());
                    }
                    let is_comment = raw.first().copied() == decoder.dialect.comment;
                    let passed =
                        text.is_empty() || is_comment || decoder.first_row(text, &current.name)?;
                    if !decoder.is_new() {
                        current.first = Some(current.place(&record));
                    }
                    if passed {
                        current.pass(&record);
                    }
                }
            }
        }
        Ok(())
    }

    /// Appends rows until the batch holds `max_rows`, the input ends, or a live input has nothing more for now.
    ///
    /// # Errors
    /// As `Source::next_batch`.
    pub fn read(
        &mut self,
        batch: &mut Batch,
        max_rows: usize,
        bad: &mut BadSink,
    ) -> Result<Progress, ConnectError> {
        if !self.prepare()? {
            return Ok(Progress::More);
        }
        let (Some(current), Some(decoder)) = (&mut self.current, &mut self.decoder) else {
            return Ok(Progress::End);
        };
        let limit = self.config.max_line_bytes;
        batch.shape(&self.empty);
        let first = batch.rows();
        while batch.rows() - first < max_rows {
            let was_dropping = decoder.is_dropping();
            let record = match decoder.split(current.blocks.data(), current.blocks.at_end(), limit)
            {
                Split::End => return Ok(Progress::End),
                Split::More => {
                    if current.live && batch.rows() > first {
                        return Ok(Progress::More);
                    }
                    if let Err(error) = current.blocks.fill() {
                        match error.kind() {
                            io::ErrorKind::WouldBlock => return Ok(Progress::More),
                            // Gone without a farewell, but between two lines.
                            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted
                                if current.blocks.data().is_empty() =>
                            {
                                return Ok(Progress::End);
                            }
                            _ => {}
                        }
                        self.stats.bad += 1;
                        let row = current.broken_off(&error);
                        bad.take(row, batch)?;
                        return Ok(Progress::End);
                    }
                    continue;
                }
                Split::Record(record) => record,
            };
            let was_new = decoder.is_new();
            let decoded = decode(decoder, current, &record, &mut batch.columns);
            // What the file begins with tells where its columns are.
            if was_new && !decoder.is_new() {
                current.first = Some(current.place(&record));
            }
            let error = match decoded {
                Ok(Decoded::Row) => {
                    for (slot, metadata) in &self.metadata {
                        if let Some(column) = batch.columns.columns_mut().get_mut(*slot) {
                            column.push(current.tell(*metadata));
                        }
                    }
                    match missing(&self.not_null, &batch.columns) {
                        None => {
                            batch.end_row(current.lines + 1, current.file);
                            self.stats.rows += 1;
                            current.pass(&record);
                            continue;
                        }
                        Some(slot) => {
                            let message = "a NOT NULL column has no value";
                            RowError::new(codes::BAD_ROW_NULL, message).at(slot)
                        }
                    }
                }
                Ok(Decoded::Nothing) => {
                    current.pass(&record);
                    continue;
                }
                Ok(Decoded::Skipped) => {
                    self.stats.skipped += 1;
                    current.pass(&record);
                    continue;
                }
                Err(DecodeError::File(error)) => return Err(error),
                Err(DecodeError::Row(error)) => error,
            };
            // What was filled in of the row goes.
            batch.columns.truncate(batch.places.len());
            self.stats.bad += 1;
            let row = current.bad_row(&record, error, &self.schema);
            if let Err(error) = bad.take(row, batch) {
                // Whoever goes on from here meets it again.
                decoder.set_dropping(was_dropping);
                return Err(error);
            }
            current.pass(&record);
        }
        Ok(Progress::More)
    }
}

/// The first slot that may not be NULL and is, in the row that is being filled.
fn missing(not_null: &[usize], columns: &Columns) -> Option<usize> {
    let row = columns.rows();
    not_null
        .iter()
        .copied()
        .find(|slot| columns.cell(*slot, row).is_null())
}

fn decode(
    decoder: &mut Decoder,
    current: &Current,
    record: &Record,
    columns: &mut Columns,
) -> Result<Decoded, DecodeError> {
    let raw = current
        .blocks
        .data()
        .get(record.text.clone())
        .unwrap_or_default();
    if let Some(fault) = record.fault {
        return Err(DecodeError::Row(match fault {
            Fault::TooLong => RowError::new(codes::BAD_ROW_TOO_LONG, "the row is longer than max_line_bytes"),
            Fault::OpenQuote => RowError::new(codes::BAD_ROW_QUOTE, "a quoted cell is not closed")
                .help("only this line is left out, reading goes on with the next; csv.quote = 'none' if quotes mean nothing"),
        }));
    }
    let text = std::str::from_utf8(raw).map_err(|error| {
        let at = error.valid_up_to();
        let byte = raw.get(at).copied().unwrap_or_default();
        DecodeError::Row(
            RowError::new(
                codes::BAD_ROW_UTF8,
                format!(
                    "the row is not UTF-8: byte 0x{byte:02x} at place {}",
                    at + 1
                ),
            )
            .help("convert the file first: iconv -f WINDOWS-1252 -t UTF-8"),
        )
    })?;
    decoder.decode(text, columns, &current.name)
}

impl Current {
    /// Reads enough for sniffing: of a file a good piece, of a live input its first line.
    fn fill_first(&mut self) -> io::Result<()> {
        while self.blocks.data().len() < 64 << 10 {
            let has_line = memchr::memchr(b'\n', self.blocks.data()).is_some();
            if self.live {
                let marked = matches!(self.blocks.data().first(), Some(0xef | 0xfe | 0xff));
                if has_line && (self.blocks.data().len() > 3 || !marked) {
                    break;
                }
                if !self.blocks.fill()? {
                    break;
                }
                continue;
            }
            if !self.blocks.fill_ahead() {
                break;
            }
        }
        // Without a single byte there is nothing to sniff: what is wrong is told now.
        if self.blocks.data().is_empty() && !self.blocks.at_end() {
            self.blocks.fill()?;
        }
        Ok(())
    }

    /// Passes over a byte order mark.
    fn skip_mark(&mut self) -> Result<(), ConnectError> {
        let data = self.blocks.data();
        if data.starts_with(&[0xef, 0xbb, 0xbf]) {
            self.blocks.consume(3);
        } else if data.starts_with(&[0xff, 0xfe]) || data.starts_with(&[0xfe, 0xff]) {
            let message = format!("{} is in UTF-16, and only UTF-8 can be read", self.name);
            let help = format!("convert it first: iconv -f UTF-16 -t UTF-8 '{}'", self.name);
            return Err(ConnectError::new(codes::BAD_ROW_UTF8, message).help(help));
        }
        Ok(())
    }

    fn tell(&self, metadata: Metadata) -> Value {
        match metadata {
            Metadata::Line => Value::Int(i64::try_from(self.lines + 1).unwrap_or(i64::MAX)),
            Metadata::Offset => Value::Int(i64::try_from(self.blocks.offset()).unwrap_or(i64::MAX)),
            Metadata::File => Value::text(&*self.name),
        }
    }

    /// Where its text stands: offset and length.
    fn place(&self, record: &Record) -> (u64, u64) {
        let start = self.blocks.offset() + record.text.start as u64;
        (start, record.text.len() as u64)
    }

    fn pass(&mut self, record: &Record) {
        self.lines += record.lines;
        self.blocks.consume(record.length);
    }

    fn bad_row(&self, record: &Record, error: RowError, schema: &SourceSchema) -> BadRow {
        let data = self.blocks.data();
        let raw = data.get(record.text.clone()).unwrap_or_default();
        let is_last =
            self.blocks.at_end() && record.length == data.len() && data.last() != Some(&b'\n');
        // At the end of a file a cut is the likeliest cause, whatever it looks like.
        let help = match is_last {
            true => {
                Some("it is the last line and has no line end: the file may be cut off".to_owned())
            }
            false => error.help,
        };
        BadRow {
            file: Arc::clone(&self.name),
            line: self.lines + 1,
            code: error.code,
            column: error
                .slot
                .and_then(|slot| schema.columns.get(slot))
                .map(|column| column.name.clone()),
            error: error.message,
            help,
            raw: String::from_utf8_lossy(raw.get(..RAW_KEPT.min(raw.len())).unwrap_or(raw))
                .into_owned(),
        }
    }

    /// The rest of an input that can't be read on.
    fn broken_off(&self, error: &io::Error) -> BadRow {
        let data = self.blocks.data();
        BadRow {
            file: Arc::clone(&self.name),
            line: self.lines + 1,
            code: codes::READ_FAILED,
            column: None,
            error: reason(error),
            help: None,
            raw: String::from_utf8_lossy(data.get(..RAW_KEPT.min(data.len())).unwrap_or(data))
                .into_owned(),
        }
    }

    fn failed(&self, error: &io::Error) -> ConnectError {
        let mut failed = ConnectError::new(codes::READ_FAILED, reason(error));
        failed.place = Some(Box::new(Place {
            file: self.name.to_string(),
            line: self.lines + 1,
            column: None,
            raw: String::new(),
        }));
        failed
    }
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            "the gzip data ends too early: the file is cut off".to_owned()
        }
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            format!("the gzip data is damaged: {error}")
        }
        _ => format!("reading failed: {error}"),
    }
}
