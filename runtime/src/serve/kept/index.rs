//! Where in the log the matches of a query are: sparse, so that its size is bounded whatever comes.
//!
//! A block of matches gets a slot (16 bytes) if it is the first of its query in its segment, or lies so many positions ([`SPACING`] at first) behind the block that has the
//! slot before. So a query that rarely matches has a slot for each block, and is read from one to the next without all that lies between; one that matches all the time
//! has few, and is read on from the slot before. When there are more than [`MOST`] slots in all, the distance is doubled and those that are too near go. At the least one
//! for each query and segment stays, so the bound is the greater of [`MOST`] and queries × segments.

use std::collections::VecDeque;

/// Positions between two slots of a query, at first.
pub(super) const SPACING: u64 = 256;
/// So many slots of all queries, before the distance is doubled.
pub(super) const MOST: usize = 1 << 20;

/// In the position of a slot: blocks without a slot lie between it and the next.
const MORE: u64 = 1 << 63;

/// A block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slot {
    /// The number of its first match.
    number: u64,
    /// Its position in the log, and [`MORE`].
    position: u64,
}

impl Slot {
    fn position(self) -> u64 {
        self.position & !MORE
    }
}

/// A block of matches as it lies in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    /// The number of its first match.
    pub first: u64,
    /// The number of its last.
    pub last: u64,
    /// The position of its first.
    pub position: u64,
    /// The first position of its segment.
    pub segment: u64,
}

/// See the module: of one query.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    slots: VecDeque<Slot>,
    /// The number of the last match that is in the log, or was.
    end: u64,
    /// The segment of the last block.
    segment: u64,
}

impl Index {
    /// A block was written behind the others; whether it got a slot.
    pub fn add(&mut self, block: Placed, spacing: u64) -> bool {
        self.end = self.end.max(block.last);
        let near = match self.slots.back_mut() {
            Some(last)
                if self.segment == block.segment
                    && block.position.saturating_sub(last.position()) < spacing =>
            {
                last.position |= MORE;
                true
            }
            _ => false,
        };
        self.segment = block.segment;
        if !near {
            self.slots.push_back(Slot {
                number: block.first,
                position: block.position & !MORE,
            });
        }
        !near
    }

    /// Where to begin to read for a match: it lies there, or behind it. `None`: all that is there lies before it.
    pub fn find(&self, number: u64) -> Option<u64> {
        if number > self.end {
            return None;
        }
        let behind = self.slots.partition_point(|slot| slot.number <= number);
        let at = self.slots.get(behind.saturating_sub(1))?;
        Some(at.position())
    }

    /// The number of the first match that is there.
    pub fn first(&self) -> Option<u64> {
        self.slots.front().map(|slot| slot.number)
    }

    /// The number of the last match that is there, or was.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// How many slots it has.
    #[cfg(test)]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// The log begins with this position now, which is that of a segment; how many slots went.
    pub fn prune(&mut self, first: u64) -> usize {
        let gone = self.slots.partition_point(|slot| slot.position() < first);
        self.slots.drain(..gone);
        gone
    }

    /// Removes the slots that are nearer than this to the one before, but for the first of each segment; how many. `segments`: their first positions, in order.
    pub fn thin(&mut self, spacing: u64, segments: &[u64]) -> usize {
        let before = self.slots.len();
        let mut kept: VecDeque<Slot> = VecDeque::new();
        let segment = |slot: Slot| segments.partition_point(|base| *base <= slot.position());
        for slot in self.slots.drain(..) {
            match kept.back_mut() {
                Some(last)
                    if segment(*last) == segment(slot)
                        && slot.position() - last.position() < spacing =>
                {
                    last.position |= MORE;
                }
                _ => kept.push_back(slot),
            }
        }
        kept.shrink_to_fit();
        self.slots = kept;
        before - self.slots.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(first: u64, position: u64, segment: u64) -> Placed {
        Placed {
            first,
            last: first + 9,
            position,
            segment,
        }
    }

    #[test]
    fn a_block_gets_a_slot_if_it_is_far_or_the_first_of_its_segment() {
        let mut index = Index::default();
        assert_eq!((index.find(1), index.first(), index.end()), (None, None, 0));
        let blocks = [
            (1, 0, 0),
            (11, 50, 0),
            (21, 120, 0),
            (31, 125, 125),
            (41, 130, 125),
        ];
        let slots: Vec<bool> = blocks
            .iter()
            .map(|(first, position, segment)| index.add(block(*first, *position, *segment), 100))
            .collect();
        assert_eq!(slots, [true, false, true, true, false]);
        let found: Vec<_> = [1, 10, 11, 20, 21, 30, 31, 50, 51]
            .map(|number| index.find(number))
            .to_vec();
        let right = [
            Some(0),
            Some(0),
            Some(0),
            Some(0),
            Some(120),
            Some(120),
            Some(125),
        ];
        assert_eq!(found[..7], right);
        assert_eq!(found[7..], [Some(125), None]);
        assert_eq!(index.clone().prune(125), 2);
        assert_eq!(index.thin(200, &[0, 125]), 1);
        assert_eq!((index.find(25), index.find(35)), (Some(0), Some(125)));
        assert_eq!(index.prune(125), 1);
        assert_eq!((index.first(), index.find(3)), (Some(31), Some(125)));
        assert_eq!(index.prune(500), 1);
        assert_eq!(
            (index.first(), index.find(3), index.end()),
            (None, None, 50)
        );
    }
}
