//! The partitions of a query by the ages of what is open in them, for queries that drop the oldest to make room.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::partition::{Partition, Partitions};
use super::timers::PartitionRef;

/// A partition stands here at most once, with an age that is not less than its own: the oldest of it may be gone since.
#[derive(Default)]
pub(crate) struct Ages {
    /// When the oldest began, then the number and the place of the partition.
    heap: BinaryHeap<Reverse<(i64, u64, u32)>>,
}

/// So many partitions that are gone do not matter.
const SLACK: usize = 1024;

impl Ages {
    /// Something was done with a partition.
    pub fn note(&mut self, place: u32, partition: &mut Partition, by_time: bool) {
        if partition.aged {
            return;
        }
        if let Some(age) = partition.oldest(by_time) {
            partition.aged = true;
            self.heap.push(Reverse((age, partition.ordinal, place)));
        }
    }

    /// The partition in which the oldest of all is open. It stands here no more.
    pub fn oldest(&mut self, partitions: &mut Partitions, by_time: bool) -> Option<u32> {
        while let Some(Reverse((age, ordinal, place))) = self.heap.pop() {
            let Some(partition) = partitions.get_mut(PartitionRef { place, ordinal }) else {
                continue;
            };
            partition.aged = false;
            match partition.oldest(by_time) {
                None => {}
                Some(own) if own > age => self.note(place, partition, by_time),
                Some(_) => return Some(place),
            }
        }
        None
    }

    /// Forgets partitions that are gone, once they are many.
    pub fn tidy(&mut self, partitions: &Partitions) {
        if self.heap.len() > 2 * partitions.len() + SLACK {
            self.heap.retain(|Reverse((_, ordinal, place))| {
                let at = PartitionRef {
                    place: *place,
                    ordinal: *ordinal,
                };
                partitions.get(at).is_some()
            });
        }
    }
}
