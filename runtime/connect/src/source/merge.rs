//! Several files side by side, the earliest event first.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use portent_grammar::Value;

use super::bad::BadSink;
use super::rows::RowReader;
use crate::batch::{Batch, Progress, Source, SourceRow, SourceStats};
use crate::error::ConnectError;
use crate::files::{self, FoundFile};
use crate::options::SourceConfig;
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
    bad: BadSink,
    read: Arc<AtomicU64>,
    total: u64,
    done: bool,
}

struct Lane {
    rows: RowReader,
    ahead: VecDeque<SourceRow>,
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
            let input = files::open(file, config.compression, Arc::clone(&read))?;
            rows.begin(
                input,
                Arc::clone(&file.name),
                u32::try_from(index).unwrap_or(u32::MAX),
                false,
            );
            rows.prepare()?;
            lanes.push(Lane {
                rows,
                ahead: VecDeque::new(),
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
            bad,
            read,
            total,
            done: false,
        })
    }

    fn merge(&mut self, batch: &mut Batch, max_rows: usize) -> Result<Progress, ConnectError> {
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
            lane.last = time;
            batch.rows.extend(lane.ahead.pop_front());
            left -= 1;
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
        while !lane.ended && rows.rows.is_empty() {
            let progress = lane.rows.read(&mut rows, AHEAD, &mut self.bad)?;
            lane.ended = progress == Progress::End;
        }
        if lane.ended {
            lane.rows.end();
        }
        batch.bad.append(&mut rows.bad);
        lane.ahead.extend(rows.rows);
        self.requeue(index);
        Ok(())
    }

    fn requeue(&mut self, index: usize) {
        let Some(lane) = self.lanes.get(index) else {
            return;
        };
        match lane.ahead.front() {
            Some(row) => {
                let time = match row.values.get(self.slot) {
                    Some(Value::Timestamp(time)) => *time,
                    _ => lane.last,
                };
                self.heads.push(Reverse((time, index)));
            }
            None if !lane.ended => self.thirsty.push(index),
            None => {}
        }
    }
}

impl Source for MergeSource {
    fn next_batch(&mut self, batch: &mut Batch, max_rows: usize) -> Result<Progress, ConnectError> {
        if self.done {
            return Ok(Progress::End);
        }
        let result = self.merge(batch, max_rows);
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
            sum.rows += stats.rows - lane.ahead.len() as u64;
            sum.bad += stats.bad;
            sum.skipped += stats.skipped;
            sum.bytes += stats.bytes;
        }
        sum
    }

    fn files(&self) -> &[Arc<str>] {
        &self.names
    }
}
