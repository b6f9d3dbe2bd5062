//! Several files side by side, the earliest event first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use portent_grammar::{Cell, Columns};
use serde::{Deserialize, Serialize};

use super::bad::BadSink;
use super::rows::RowReader;
use crate::batch::{Batch, Progress, Source, SourceStats};
use crate::error::ConnectError;
use crate::files::{self, FoundFile};
use crate::options::SourceConfig;
use crate::position::{self, unusable};
use crate::schema::SourceSchema;

/// How many rows of a file are read ahead.
const AHEAD: usize = 512;

/// Merges files by event time; ties in the order of the files. What is out of order within one file stays so: it comes
/// when the file's next row is its turn. A row without a time comes directly after the row before it.
pub(crate) struct MergeSource {
    lanes: Vec<Lane>,
    names: Vec<Arc<str>>,
    /// (time of the lane's first row, lane)
    heads: BinaryHeap<Reverse<(i64, usize)>>,
    /// Lanes to be read before anything can be handed out.
    thirsty: Vec<usize>,
    slot: usize,
    empty: Columns,
    bad: BadSink,
    read: Arc<AtomicU64>,
    total: u64,
    done: bool,
    given: u64,
    /// Where the row given last stands: file and line.
    last: (u32, u64),
}

/// Where it is.
#[derive(Debug, Serialize, Deserialize)]
struct MergedAt {
    given: u64,
    last: (u32, u64),
}

struct Lane {
    rows: RowReader,
    ahead: Batch,
    /// The first row of them that has not been handed out.
    at: usize,
    /// The time of the row handed out last.
    last: i64,
    ended: bool,
}

impl MergeSource {
    /// # Errors
    /// As `open`.
    pub fn new(
        config: &SourceConfig,
        schema: &SourceSchema,
        found: Vec<FoundFile>,
        slot: usize,
    ) -> Result<Self, ConnectError> {
        let bad = BadSink::new(&config.on_bad)?;
        let read = Arc::new(AtomicU64::new(0));
        let mut lanes = Vec::with_capacity(found.len());
        for (index, file) in found.iter().enumerate() {
            let mut rows = RowReader::new(config, schema)?;
            // All packed files are unpacked here: hundreds of threads would cost more than they save.
            let input = files::open(file, config.compression, Arc::clone(&read))?.input;
            rows.begin(
                input,
                Arc::clone(&file.name),
                u32::try_from(index).unwrap_or(u32::MAX),
                false,
            );
            rows.prepare()?;
            lanes.push(Lane {
                rows,
                ahead: Batch::new(),
                at: 0,
                last: i64::MIN,
                ended: false,
            });
        }
        let thirsty = (0..lanes.len()).collect();
        let total = found.iter().map(|file| file.bytes).sum();
        let names = found.into_iter().map(|file| file.name).collect();
        Ok(Self {
            lanes,
            names,
            heads: BinaryHeap::new(),
            thirsty,
            slot,
            empty: schema.columns(),
            bad,
            read,
            total,
            done: false,
            given: 0,
            last: (0, 0),
        })
    }

    fn merge(&mut self, batch: &mut Batch, max_rows: usize) -> Result<Progress, ConnectError> {
        batch.shape(&self.empty);
        let mut left = max_rows.max(1);
        while left > 0 {
            while let Some(index) = self.thirsty.pop() {
                self.drink(index, batch)?;
            }
            let Some(Reverse((time, index))) = self.heads.pop() else {
                return Ok(Progress::End);
            };
            let Some(lane) = self.lanes.get_mut(index) else {
                continue;
            };
            // The rows of this file up to the one before which another file's turn comes.
            let start = lane.at;
            let limit = self.heads.peek().map(|Reverse(next)| *next);
            let mut next = time;
            while left > 0 && lane.at < lane.ahead.rows() {
                if lane.at > start {
                    next = lane.time(self.slot);
                    if limit.is_some_and(|limit| (next, index) > limit) {
                        break;
                    }
                }
                lane.last = next;
                lane.at += 1;
                left -= 1;
            }
            batch.columns.append(&lane.ahead.columns, start..lane.at);
            let places = lane.ahead.places.get(start..lane.at).unwrap_or_default();
            batch.places.extend_from_slice(places);
            self.requeue(index);
        }
        Ok(Progress::More)
    }

    /// Reads ahead in one file.
    fn drink(&mut self, index: usize, batch: &mut Batch) -> Result<(), ConnectError> {
        let Some(lane) = self.lanes.get_mut(index) else {
            return Ok(());
        };
        let mut rows = Batch::new();
        while !lane.ended && rows.places.is_empty() {
            let progress = lane.rows.read(&mut rows, AHEAD, &mut self.bad)?;
            lane.ended = progress == Progress::End;
        }
        if lane.ended {
            lane.rows.end();
        }
        batch.bad.append(&mut rows.bad);
        lane.ahead = rows;
        lane.at = 0;
        self.requeue(index);
        Ok(())
    }

    fn requeue(&mut self, index: usize) {
        let Some(lane) = self.lanes.get(index) else {
            return;
        };
        if lane.at < lane.ahead.rows() {
            self.heads.push(Reverse((lane.time(self.slot), index)));
        } else if !lane.ended {
            self.thirsty.push(index);
        }
    }
}

impl Lane {
    /// The time of the next row; that of the row before it if it has none.
    fn time(&self, slot: usize) -> i64 {
        match self.ahead.columns.cell(slot, self.at) {
            Cell::Timestamp(time) => time,
            _ => self.last,
        }
    }
}

impl Source for MergeSource {
    fn next_batch(&mut self, batch: &mut Batch, max_rows: usize) -> Result<Progress, ConnectError> {
        if self.done {
            return Ok(Progress::End);
        }
        let before = batch.rows();
        let result = self.merge(batch, max_rows);
        self.given += (batch.rows() - before) as u64;
        if let Some(place) = batch.places.last() {
            self.last = (place.file, place.line);
        }
        self.done = !matches!(result, Ok(Progress::More));
        result
    }

    fn progress(&self) -> (u64, Option<u64>) {
        (self.read.load(Ordering::Relaxed), Some(self.total))
    }

    fn stats(&self) -> SourceStats {
        let mut sum = SourceStats::default();
        for lane in &self.lanes {
            let stats = lane.rows.stats();
            // Rows read ahead have not been given yet.
            sum.rows += stats.rows - (lane.ahead.rows() - lane.at) as u64;
            sum.bad += stats.bad;
            sum.skipped += stats.skipped;
            sum.bytes += stats.bytes;
        }
        sum
    }

    fn files(&self) -> &[Arc<str>] {
        &self.names
    }

    /// How many rows it has given: which comes next hangs on all files, so that they are read again.
    fn position(&mut self) -> Option<Vec<u8>> {
        Some(position::write(&MergedAt {
            given: self.given,
            last: self.last,
        }))
    }

    fn resume(&mut self, position: &[u8]) -> Result<Option<String>, ConnectError> {
        let at: MergedAt = position::read(position)?;
        // Those that can't be read have been told, and written away. (One at which it fails is behind the place.)
        let bad = match &self.bad {
            BadSink::Fail => BadSink::Fail,
            BadSink::Skip | BadSink::Dlq { .. } => std::mem::replace(&mut self.bad, BadSink::Skip),
        };
        let mut passed = Ok(Progress::More);
        while self.given < at.given && matches!(passed, Ok(Progress::More)) {
            let most = usize::try_from(at.given - self.given).unwrap_or(usize::MAX);
            passed = self.next_batch(&mut Batch::new(), most.min(4_096));
        }
        self.bad = bad;
        passed?;
        if self.given != at.given || self.last != at.last {
            return Err(unusable(
                "the files are others now than those it was reading",
            ));
        }
        Ok(None)
    }
}
