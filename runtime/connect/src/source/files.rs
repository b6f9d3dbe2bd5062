//! Inputs one after the other.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use portent_grammar::codes::input as codes;

use super::ahead::Ahead;
use super::bad::BadSink;
use super::rows::RowReader;
use crate::batch::{Batch, Progress, Source, SourceStats};
use crate::error::ConnectError;
use crate::files::{self, FoundFile};
use crate::options::{Compression, SourceConfig};
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
