//! Reads one source to its end on a thread of its own, in blocks through a bounded channel: decoding runs beside matching, and memory
//! doesn't grow with the input.

use std::io::Write as _;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use portent_connect::{Batch, ConnectError, Progress, Source};
use portent_grammar::{ColumnValues, Columns, Value};
use portent_planner::compiled::StreamId;

use crate::ingest::{Ingest, IngestError};

/// Rows in a block.
pub(crate) const BLOCK_ROWS: usize = 4096;
/// A source that gives nothing for so long pauses.
const PAUSE: Duration = Duration::from_millis(100);
/// Blocks that wait in the channel.
const BLOCKS_AHEAD: usize = 4;

/// An event that is kept.
#[derive(Clone, Debug)]
pub(crate) struct Incoming {
    pub time: i64,
    pub values: Vec<Value>,
}

/// Events of one stream on their way into the engine, by column.
#[derive(Debug, Default)]
pub(crate) struct Events {
    /// The event time of each row.
    pub times: Vec<i64>,
    pub columns: Columns,
}

impl FromIterator<Incoming> for Events {
    /// The values stay as they are, whatever the types of the stream's columns.
    fn from_iter<I: IntoIterator<Item = Incoming>>(events: I) -> Self {
        let mut all = Self::default();
        for event in events {
            if all.times.is_empty() {
                let columns = event
                    .values
                    .iter()
                    .map(|_| ColumnValues::Values(Vec::new()));
                all.columns = Columns::new(columns.collect());
            }
            all.times.push(event.time);
            all.columns.push_row(event.values);
        }
        all
    }
}

/// Some events of a source, and how far it is.
#[derive(Debug, Default)]
pub(crate) struct Block {
    pub events: Events,
    /// Rows that couldn't be read, in all.
    pub bad: u64,
    /// Lines passed over, in all.
    pub skipped: u64,
    /// The first row that couldn't be read, with its place.
    pub first_bad: Option<String>,
    /// Bytes read, and how many there are.
    pub bytes: (u64, Option<u64>),
    /// What ended the reading.
    pub failed: Option<ConnectError>,
}

/// What to do with rows that were read, and can't become events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Policy {
    /// The first one ends the reading.
    Fail,
    /// They are counted and left out.
    Skip,
    /// The same, and they are written to this file, where the source also puts those that it can't read.
    Dlq(String),
}

/// The near end of a reading thread.
#[derive(Debug)]
pub(crate) struct Reader {
    pub stream: StreamId,
    blocks: Receiver<Block>,
}

impl Reader {
    /// Starts to read.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(
        stream: StreamId,
        source: Box<dyn Source>,
        ingest: Arc<Ingest>,
        policy: Policy,
    ) -> std::io::Result<Self> {
        let (sender, blocks) = sync_channel(BLOCKS_AHEAD);
        std::thread::Builder::new()
            .name(format!("portent-source-{}", stream.0))
            .spawn(move || read(source, &ingest, &policy, &sender))?;
        Ok(Self { stream, blocks })
    }

    /// The next block; `None` at the end. `pause` is called again and again while it takes long to come, and may give up on it.
    pub fn next(&mut self, pause: &mut dyn FnMut() -> ControlFlow<()>) -> Option<Block> {
        loop {
            match self.blocks.recv_timeout(PAUSE) {
                Ok(block) => return Some(block),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {
                    if pause().is_break() {
                        return None;
                    }
                }
            }
        }
    }
}

fn read(mut source: Box<dyn Source>, ingest: &Ingest, policy: &Policy, to: &SyncSender<Block>) {
    let mut batch = Batch::new();
    let mut refused = 0;
    let mut first_bad: Option<String> = None;
    let mut arrival = 0_i64;
    loop {
        batch.clear();
        let progress = source.next_batch(&mut batch, BLOCK_ROWS);
        let mut block = Block::default();
        if let (None, Some(bad)) = (&first_bad, batch.bad.first()) {
            first_bad = Some(format!(
                "{}, line {}: [{}] {}",
                bad.file, bad.line, bad.code, bad.error
            ));
        }
        let columns = std::mem::take(&mut batch.columns);
        let rows = i64::try_from(columns.rows()).unwrap_or(i64::MAX);
        let (events, ended) = ingest.block(columns, arrival, &mut |row, values, error| {
            refused += 1;
            let place = batch.places.get(row);
            let file = place.and_then(|place| source.files().get(place.file as usize));
            let file = file.cloned().unwrap_or_default();
            let line = place.map_or(0, |place| place.line);
            refuse(policy, &file, line, values, error)?;
            first_bad.get_or_insert_with(|| {
                format!("{file}, line {line}: [{}] {}", error.code, error.message)
            });
            Ok(())
        });
        arrival += rows;
        block.events = events;
        let failed = ended.err();
        let stats = source.stats();
        block.bad = stats.bad + refused;
        block.skipped = stats.skipped;
        block.first_bad.clone_from(&first_bad);
        block.bytes = source.progress();
        let last = failed.is_some() || !matches!(progress, Ok(Progress::More));
        block.failed = failed.or(progress.err());
        // Nobody listens any more: the run was stopped, or needs no more input.
        if to.send(block).is_err() || last {
            return;
        }
    }
}

/// What the policy says of a row that can't become an event.
fn refuse(
    policy: &Policy,
    file: &str,
    line: u64,
    values: &[Value],
    error: &IngestError,
) -> Result<(), ConnectError> {
    match policy {
        Policy::Skip => Ok(()),
        Policy::Fail => {
            let message = format!("{file}, line {line}: {}", error.message);
            let error = ConnectError::new(error.code, message);
            Err(error.help("to go on past such rows: on_bad = 'skip', or --on-bad skip"))
        }
        Policy::Dlq(path) => {
            let values: Vec<serde_json::Value> = values.iter().map(Value::to_json).collect();
            let entry = serde_json::json!({
                "file": file,
                "line": line,
                "code": error.code.to_string(),
                "error": error.message,
                "values": values,
            });
            // Opened for each: such rows are few, and the source appends to the same file.
            let mut file = portent_connect::open_dlq(path)?;
            let written = file.write_all(format!("{entry}\n").as_bytes());
            written.map_err(|error| {
                let message = format!("bad rows can't be written to '{path}': {error}");
                ConnectError::new(portent_grammar::codes::input::DLQ, message)
            })
        }
    }
}
