//! Several sources, merged by event time as they are read.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::{ControlFlow, Range};

use portent_connect::ConnectError;
use portent_planner::compiled::StreamId;

use crate::reader::{Block, Events, Reader};

/// Where the events of one stream come from.
#[derive(Debug)]
pub(crate) enum Feed {
    /// A source that is being read.
    Reader(Reader),
    /// Rows that were kept, in the order in which they came.
    Kept(StreamId, Events),
}

impl Feed {
    fn stream(&self) -> StreamId {
        match self {
            Feed::Reader(reader) => reader.stream,
            Feed::Kept(stream, _) => *stream,
        }
    }
}

/// A feed and the events of it that have been read, and not yet handed on.
#[derive(Debug)]
struct Lane {
    feed: Feed,
    events: Events,
    /// The first of them that has not been handed on.
    at: usize,
    /// What ended the reading: told once the events before it have been handed out.
    failed: Option<ConnectError>,
}

/// What there is to tell besides events.
#[derive(Debug)]
pub(crate) enum News {
    /// How far a source is: a block without its events.
    Block(StreamId, Block),
    /// A source gives nothing for a while.
    Pause,
    /// A source has failed, and all of its events before that were handed out. Nothing more comes.
    Failed(StreamId, ConnectError),
}

/// Hands out events of several feeds: at each step the feed whose next event is the earliest; ties by the order of the feeds, which is that of
/// declaration. Within a feed the order is that of its lines, whatever their times: a feed that is out of order stays so, within
/// the lateness that its stream declares.
///
/// O(log feeds) a run of events of the same feed. Holds one block a feed, besides what waits in the channels.
#[derive(Debug)]
pub(crate) struct Merge {
    lanes: Vec<Lane>,
    heap: BinaryHeap<Reverse<(i64, usize)>>,
    /// Feeds whose next event is not in the heap yet. They are asked only when the next events are wanted: asking may block, and what a
    /// slow source gave before must not wait for that.
    unasked: Vec<usize>,
    halted: bool,
}

impl Merge {
    pub fn new(feeds: Vec<Feed>) -> Self {
        let lanes = feeds
            .into_iter()
            .map(|feed| Lane {
                feed,
                events: Events::default(),
                at: 0,
                failed: None,
            })
            .collect::<Vec<_>>();
        Self {
            unasked: (0..lanes.len()).collect(),
            lanes,
            heap: BinaryHeap::new(),
            halted: false,
        }
    }

    /// The next events, all of one stream: a block, and which of its rows. `None` at the end of all feeds, or when one of them has
    /// failed. News of the sources go to `tell`, which may stop the reading while a source pauses.
    pub fn next(
        &mut self,
        tell: &mut dyn FnMut(News) -> ControlFlow<()>,
    ) -> Option<(StreamId, &Events, Range<usize>)> {
        for at in std::mem::take(&mut self.unasked) {
            self.queue(at, tell);
        }
        if self.halted {
            return None;
        }
        let Reverse((_, at)) = self.heap.pop()?;
        let limit = self.heap.peek().map(|Reverse(next)| *next);
        self.unasked.push(at);
        let lane = self.lanes.get_mut(at)?;
        let start = lane.at;
        let times = lane.events.times.get(start..).unwrap_or_default();
        let rows = match limit {
            // The only feed left: all that is there.
            None => times.len(),
            Some(limit) => {
                let over = |time: &i64| (*time, at) > limit;
                let next = times.iter().skip(1).position(over);
                next.map_or(times.len(), |before| before + 1)
            }
        };
        lane.at = start + rows;
        Some((lane.feed.stream(), &lane.events, start..lane.at))
    }

    /// Puts a feed's next event into the heap, reading on where needed. A feed at its end is not queued again.
    fn queue(&mut self, at: usize, tell: &mut dyn FnMut(News) -> ControlFlow<()>) {
        let Some(lane) = self.lanes.get_mut(at) else {
            return;
        };
        while lane.at == lane.events.times.len() {
            if let Some(error) = lane.failed.take() {
                self.halted = true;
                let _ = tell(News::Failed(lane.feed.stream(), error));
                return;
            }
            match &mut lane.feed {
                Feed::Kept(_, events) if events.times.is_empty() => return,
                Feed::Kept(_, events) => lane.events = std::mem::take(events),
                Feed::Reader(reader) => {
                    let mut stopped = false;
                    let next = reader.next(&mut || {
                        let flow = tell(News::Pause);
                        stopped |= flow.is_break();
                        flow
                    });
                    self.halted |= stopped;
                    let Some(mut block) = next else {
                        return;
                    };
                    lane.events = std::mem::take(&mut block.events);
                    lane.failed = block.failed.take();
                    if tell(News::Block(reader.stream, block)).is_break() {
                        self.halted = true;
                        return;
                    }
                }
            }
            lane.at = 0;
        }
        if let Some(time) = lane.events.times.get(lane.at) {
            self.heap.push(Reverse((*time, at)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::Incoming;

    fn kept(stream: u32, times: &[i64]) -> Feed {
        let events = times.iter().map(|time| Incoming {
            time: *time,
            values: Vec::new(),
        });
        Feed::Kept(StreamId(stream), events.collect())
    }

    fn merged(feeds: Vec<Feed>) -> Vec<(u32, i64)> {
        let mut merge = Merge::new(feeds);
        let mut all = Vec::new();
        while let Some((stream, events, rows)) = merge.next(&mut |_| ControlFlow::Continue(())) {
            all.extend(events.times[rows].iter().map(|time| (stream.0, *time)));
        }
        all
    }

    #[test]
    fn the_earliest_head_comes_first_and_ties_go_by_declaration() {
        let all = merged(vec![kept(1, &[1, 4, 5]), kept(2, &[1, 2, 5]), kept(3, &[])]);
        assert_eq!(all, [(1, 1), (2, 1), (2, 2), (1, 4), (1, 5), (2, 5)]);
    }

    #[test]
    fn a_feed_keeps_its_own_order() {
        let all = merged(vec![kept(1, &[5, 1, 9]), kept(2, &[6])]);
        assert_eq!(all, [(1, 5), (1, 1), (2, 6), (1, 9)]);
    }

    #[test]
    fn nothing_gives_nothing() {
        assert!(merged(Vec::new()).is_empty());
        assert!(merged(vec![kept(1, &[])]).is_empty());
    }
}
