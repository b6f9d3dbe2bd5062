//! Deadlines of one query, over all its partitions.

use crate::queue::SortedQueue;

/// A partition, by its place and its number: places are used again, numbers never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PartitionRef {
    pub place: u32,
    pub ordinal: u64,
}

/// What a deadline is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timer {
    pub deadline: i64,
    pub partition: PartitionRef,
    /// The start of the group that waits (only with starts that have groups).
    pub start: u64,
}

/// Deadlines in order; equal ones by partition, then by start: that is the order of their reports.
///
/// A timer is never taken back: when it fires, whoever set it looks whether it still means anything.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    queue: SortedQueue<(i64, u64, u64), Timer>,
}

impl Timers {
    pub fn set(&mut self, timer: Timer) {
        let key = (timer.deadline, timer.partition.ordinal, timer.start);
        self.queue.push(key, timer);
    }

    /// Takes the first deadline that is over at a time.
    pub fn before(&mut self, time: i64) -> Option<Timer> {
        let (deadline, ..) = self.queue.first()?;
        if deadline >= time {
            return None;
        }
        self.queue.pop().map(|(_, timer)| timer)
    }

    /// The first deadline; `i64::MAX`: none.
    pub fn first(&self) -> i64 {
        self.queue
            .first()
            .map_or(i64::MAX, |(deadline, ..)| deadline)
    }

    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// Forgets timers that mean nothing any more.
    pub fn retain(&mut self, mut keep: impl FnMut(&Timer) -> bool) {
        self.queue.retain(|_, timer| keep(timer));
    }
}
