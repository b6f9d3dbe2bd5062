//! The sparse index of a segment: where to begin to read for a position or a time.

use crate::format::frame::{Header, Kind};
use crate::format::segment::{Entry, Seal};

/// Bytes of a segment between two entries.
const SPARSE: u64 = 64 << 10;

/// The index of a segment, as its seal will hold it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Index {
    pub seal: Seal,
    /// Whether a frame that takes positions was seen.
    any: bool,
}

impl Index {
    pub fn of(seal: Seal) -> Self {
        Self {
            any: !seal.entries.is_empty(),
            seal,
        }
    }

    /// A frame, in the order of the file.
    pub fn add(&mut self, header: &Header, offset: u64) {
        if header.kind == Kind::Schema {
            self.seal.schemas.push(offset);
        }
        if header.count == 0 {
            return;
        }
        if !self.any {
            self.seal.times.0 = header.time;
        }
        self.any = true;
        self.seal.times.1 = header.time;
        let far = |last: &Entry| offset.saturating_sub(last.offset) >= SPARSE;
        if self.seal.entries.last().is_none_or(far) {
            self.seal.entries.push(Entry {
                position: header.position,
                time: header.time,
                offset,
            });
        }
    }

    /// Times of the first and the last frame that takes positions.
    pub fn times(&self) -> Option<(i64, i64)> {
        self.any.then_some(self.seal.times)
    }

    /// Where to begin to read for a position; `None`: at the beginning of the segment.
    pub fn by_position(&self, position: u64) -> Option<u64> {
        let behind = self
            .seal
            .entries
            .partition_point(|entry| entry.position <= position);
        self.before(behind)
    }

    /// Where to begin to read for the first frame of this time or later.
    pub fn by_time(&self, time: i64) -> Option<u64> {
        let behind = self.seal.entries.partition_point(|entry| entry.time < time);
        self.before(behind)
    }

    fn before(&self, behind: usize) -> Option<u64> {
        let entry = self.seal.entries.get(behind.checked_sub(1)?)?;
        Some(entry.offset)
    }
}
