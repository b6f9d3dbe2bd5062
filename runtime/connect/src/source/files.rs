//! Inputs one after the other.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use portent_grammar::codes::input as codes;
use serde::{Deserialize, Serialize};

use super::ahead::Ahead;
use super::bad::BadSink;
use super::place::ReadingAt;
use super::rows::RowReader;
use crate::batch::{Batch, Progress, Source, SourceStats};
use crate::error::ConnectError;
use crate::files::{self, FoundFile};
use crate::options::{Compression, SourceConfig};
use crate::position::{self, Sum, unusable};
use crate::schema::SourceSchema;

/// One of the inputs.
pub(crate) enum Input {
    File(FoundFile),
    /// Read as it flows.
    Reader {
        reader: Option<Box<dyn Read + Send>>,
        name: Arc<str>,
    },
}

/// Where it is.
#[derive(Debug, Serialize, Deserialize)]
struct FilesAt {
    /// How many files have been begun.
    begun: usize,
    /// A checksum of the names of those.
    names: u64,
    /// The last of them, if it is not at its end.
    reading: Option<FileAt>,
}

#[derive(Debug, Serialize, Deserialize)]
struct FileAt {
    /// A checksum of its name.
    name: u64,
    at: ReadingAt,
}

/// Reads inputs one after the other.
pub(crate) struct FilesSource {
    rows: RowReader,
    inputs: Vec<Input>,
    names: Vec<Arc<str>>,
    /// The input to begin next.
    next: usize,
    reading: bool,
    compression: Compression,
    bad: BadSink,
    read: Arc<AtomicU64>,
    total: Option<u64>,
    /// Where it was when it could not go on.
    failed_at: Option<Vec<u8>>,
}

impl FilesSource {
    /// Opens the first file, and checks that the others are there.
    ///
    /// # Errors
    /// As `open`.
    pub fn new(
        config: &SourceConfig,
        schema: &SourceSchema,
        files: Vec<FoundFile>,
    ) -> Result<Self, ConnectError> {
        let bad = BadSink::new(&config.on_bad)?;
        let total = files.iter().map(|file| file.bytes).sum();
        let inputs = files.into_iter().map(Input::File).collect();
        let rows = RowReader::new(config, schema)?;
        let mut source = Self::over(rows, inputs, bad, Arc::new(AtomicU64::new(0)), Some(total));
        source.compression = config.compression;
        source.begin_next()?;
        source.rows.prepare()?;
        Ok(source)
    }

    pub fn over(
        rows: RowReader,
        inputs: Vec<Input>,
        bad: BadSink,
        read: Arc<AtomicU64>,
        total: Option<u64>,
    ) -> Self {
        let names = inputs
            .iter()
            .map(|input| match input {
                Input::File(file) => Arc::clone(&file.name),
                Input::Reader { name, .. } => Arc::clone(name),
            })
            .collect();
        let compression = Compression::Auto;
        Self {
            rows,
            inputs,
            names,
            next: 0,
            reading: false,
            compression,
            bad,
            read,
            total,
            failed_at: None,
        }
    }

    /// False when there are no more.
    fn begin_next(&mut self) -> Result<bool, ConnectError> {
        let Some(input) = self.inputs.get_mut(self.next) else {
            return Ok(false);
        };
        let file = u32::try_from(self.next).unwrap_or(u32::MAX);
        self.next += 1;
        let (reader, name, live) = match input {
            Input::File(found) => {
                let unpacked = files::open(found, self.compression, Arc::clone(&self.read))?;
                let reader = match unpacked.packed {
                    true => beside(unpacked.input, &found.name)?,
                    false => unpacked.input,
                };
                (reader, Arc::clone(&found.name), false)
            }
            Input::Reader { reader, name } => {
                let Some(reader) = reader.take() else {
                    return Ok(false);
                };
                (reader, Arc::clone(name), true)
            }
        };
        let reader = match live {
            true => Box::new(LazyUnpack::new(
                reader,
                self.compression,
                Arc::clone(&self.read),
            )),
            false => reader,
        };
        self.rows.begin(reader, name, file, live);
        self.reading = true;
        Ok(true)
    }

    /// A checksum of the first names.
    fn sum(&self, count: usize) -> u64 {
        let mut sum = Sum::default();
        for name in self.names.iter().take(count) {
            sum.add(&(name.len() as u64).to_le_bytes());
            sum.add(name.as_bytes());
        }
        sum.0
    }

    /// Tells if those that were begun are not the first ones any more.
    fn compare(&self, begun: usize, names: u64) -> Option<String> {
        let same = begun <= self.names.len() && self.sum(begun) == names;
        (!same).then(|| {
            "there are other files before the place where it was: they are taken as read".to_owned()
        })
    }

    /// Goes on in one of the files.
    fn begin_at(&mut self, index: usize, at: &ReadingAt) -> Result<(), ConnectError> {
        let Some(Input::File(found)) = self.inputs.get(index) else {
            return Err(unusable("this kind of source has no positions"));
        };
        let read = Arc::clone(&self.read);
        let Some((unpacked, before)) = files::open_at(found, self.compression, read, at)? else {
            let why = format!(
                "'{}' is another file now than the one it was reading",
                found.name
            );
            return Err(unusable(&why));
        };
        let input = match unpacked.packed {
            true => beside(unpacked.input, &found.name)?,
            false => unpacked.input,
        };
        let passed: u64 = self.inputs.iter().take(index).map(bytes).sum();
        self.read.fetch_add(passed, Ordering::Relaxed);
        let file = u32::try_from(index).unwrap_or(u32::MAX);
        let name = Arc::clone(&found.name);
        self.rows.begin_at(input, name, file, false, at, before)
    }

    fn read_on(&mut self, batch: &mut Batch, max_rows: usize) -> Result<Progress, ConnectError> {
        loop {
            if !self.reading && !self.begin_next()? {
                return Ok(Progress::End);
            }
            let before = batch.rows();
            match self.rows.read(batch, max_rows, &mut self.bad)? {
                Progress::More => return Ok(Progress::More),
                Progress::End => {
                    self.rows.end();
                    self.reading = false;
                    if batch.rows() > before {
                        return Ok(Progress::More);
                    }
                }
            }
        }
    }
}

impl Source for FilesSource {
    fn next_batch(&mut self, batch: &mut Batch, max_rows: usize) -> Result<Progress, ConnectError> {
        let result = self.read_on(batch, max_rows.max(1));
        if result.is_err() {
            self.failed_at = self.position();
            self.rows.end();
            self.reading = false;
            self.next = self.inputs.len();
        }
        result
    }

    fn progress(&self) -> (u64, Option<u64>) {
        (self.read.load(Ordering::Relaxed), self.total)
    }

    fn stats(&self) -> SourceStats {
        self.rows.stats()
    }

    fn files(&self) -> &[Arc<str>] {
        &self.names
    }

    fn position(&mut self) -> Option<Vec<u8>> {
        if matches!(self.inputs.first(), Some(Input::Reader { .. })) {
            return None;
        }
        if self.failed_at.is_some() {
            return self.failed_at.clone();
        }
        let mut reading = None;
        if self.reading {
            let at = self.next.checked_sub(1)?;
            let at = FileAt {
                name: Sum::of(self.names.get(at)?.as_bytes()),
                at: self.rows.at()?,
            };
            reading = Some(at);
        }
        Some(position::write(&FilesAt {
            begun: self.next,
            names: self.sum(self.next),
            reading,
        }))
    }

    fn resume(&mut self, position: &[u8]) -> Result<Option<String>, ConnectError> {
        let at: FilesAt = position::read(position)?;
        self.rows.end();
        (self.reading, self.next) = (false, at.begun.min(self.inputs.len()));
        let Some(reading) = at.reading else {
            return Ok(self.compare(at.begun, at.names));
        };
        let is_it = |it: &Arc<str>| Sum::of(it.as_bytes()) == reading.name;
        let Some(index) = self.names.iter().position(is_it) else {
            return Err(unusable(
                "the file that it was reading is not among those of the stream any more",
            ));
        };
        self.begin_at(index, &reading.at)?;
        let told = self.compare(at.begun, at.names);
        self.next = index + 1;
        self.reading = true;
        Ok(told)
    }
}

fn bytes(input: &Input) -> u64 {
    match input {
        Input::File(file) => file.bytes,
        Input::Reader { .. } => 0,
    }
}

/// Reads a packed file in a thread of its own.
fn beside(input: Box<dyn Read + Send>, name: &str) -> Result<Box<dyn Read + Send>, ConnectError> {
    match Ahead::new(input) {
        Ok(ahead) => Ok(Box::new(ahead)),
        Err(error) => {
            let message = format!("the system gives no thread to unpack '{name}': {error}");
            Err(ConnectError::new(codes::READ_FAILED, message))
        }
    }
}

/// Unpacks, but looks at the input only when it is first read: opening a stream must not wait for standard input.
struct LazyUnpack {
    packed: Option<Box<dyn Read + Send>>,
    unpacked: Option<Box<dyn Read + Send>>,
    compression: Compression,
    counter: Arc<AtomicU64>,
}

impl LazyUnpack {
    fn new(
        reader: Box<dyn Read + Send>,
        compression: Compression,
        counter: Arc<AtomicU64>,
    ) -> Self {
        Self {
            packed: Some(reader),
            unpacked: None,
            compression,
            counter,
        }
    }
}

impl Read for LazyUnpack {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if let Some(packed) = self.packed.take() {
            let counter = Arc::clone(&self.counter);
            self.unpacked = Some(files::unpack(packed, self.compression, counter)?.input);
        }
        match &mut self.unpacked {
            Some(unpacked) => unpacked.read(out),
            None => Ok(0),
        }
    }
}
