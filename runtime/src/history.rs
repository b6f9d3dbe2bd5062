//! The last events of each stream, for those who ask afterwards why something happened.

use std::collections::VecDeque;

use indexmap::IndexMap;
use portent_engine::{Pushed, StreamPoint};
use portent_grammar::Value;
use portent_planner::compiled::StreamId;

/// What came into the streams that queries read, as far back as it is kept.
#[derive(Debug)]
pub(crate) struct History {
    /// Events that are kept of each stream.
    most: usize,
    /// How many records were made, over all streams: it orders them.
    moment: u64,
    streams: IndexMap<StreamId, Kept>,
}

/// What is kept of one stream.
#[derive(Debug)]
pub(crate) struct Kept {
    /// Where the stream stood before the first record.
    pub from: StreamPoint,
    /// µs
    lateness: i64,
    records: VecDeque<Record>,
    /// How many of the records are events.
    events: usize,
    /// The number of the event that comes next: another one means that some came unseen.
    next_ordinal: u64,
}

/// Something that came.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// Its place among those of all streams.
    pub moment: u64,
    pub what: What,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    /// An event: its time, its columns, and what became of it.
    Event(i64, Vec<Value>, Pushed),
    /// Time passed without one, up to this, µs.
    Watermark(i64),
    /// The stream ended.
    End,
}

impl History {
    /// `moment`: the place of the first record.
    pub fn new(most: usize, moment: u64) -> Self {
        Self {
            most,
            moment,
            streams: IndexMap::new(),
        }
    }

    /// The place of the next record.
    pub fn moment(&self) -> u64 {
        self.moment
    }

    /// How many events of each stream are kept.
    pub fn most(&self) -> usize {
        self.most
    }

    /// Keeps so many events of each stream from now on.
    pub fn keep(&mut self, most: usize) {
        self.most = most;
        self.streams.values_mut().for_each(|kept| kept.trim(most));
    }

    /// Something is about to come into a stream, which stands there.
    pub fn prepare(&mut self, stream: StreamId, point: StreamPoint, lateness: i64) {
        let known = self.streams.get(&stream);
        if known.is_some_and(|kept| kept.next_ordinal == point.ordinal) {
            return;
        }
        // Nobody read the stream for a while: what came before does not go on here.
        let kept = Kept {
            from: point,
            lateness,
            records: VecDeque::new(),
            events: 0,
            next_ordinal: point.ordinal,
        };
        self.streams.insert(stream, kept);
    }

    /// It came.
    pub fn note(&mut self, stream: StreamId, what: What) {
        let moment = self.moment;
        let Some(kept) = self.streams.get_mut(&stream) else {
            return;
        };
        self.moment += 1;
        if let What::Event(_, _, pushed) = &what {
            kept.events += 1;
            kept.next_ordinal += u64::from(*pushed == Pushed::Accepted);
        }
        // Of a clock that ticks where nothing happens the last tick is enough.
        if let (
            What::Watermark(_),
            Some(Record {
                what: What::Watermark(_),
                ..
            }),
        ) = (&what, kept.records.back())
        {
            kept.records.pop_back();
        }
        kept.records.push_back(Record { moment, what });
        kept.trim(self.most);
    }

    /// A stream that isn't there any more.
    pub fn forget(&mut self, stream: StreamId) {
        self.streams.shift_remove(&stream);
    }

    pub fn of(&self, stream: StreamId) -> Option<&Kept> {
        self.streams.get(&stream)
    }
}

impl Kept {
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.iter()
    }

    /// Whether the stream's first event is still there.
    pub fn is_whole(&self) -> bool {
        self.from.ordinal == 0
    }

    fn trim(&mut self, most: usize) {
        let trims = self.events > most;
        // What passed before the first event that is left is where the stream stands.
        let is_over = |kept: &Self| {
            let first = kept.records.front().map(|record| &record.what);
            kept.events > most || (trims && matches!(first, Some(What::Watermark(_))))
        };
        while is_over(self)
            && let Some(record) = self.records.pop_front()
        {
            let from = &mut self.from;
            match record.what {
                What::Event(time, _, pushed) => {
                    self.events -= 1;
                    if pushed == Pushed::Accepted {
                        from.ordinal += 1;
                        from.latest = from.latest.max(Some(time));
                        let watermark = time.saturating_sub(self.lateness);
                        from.watermark = from.watermark.max(Some(watermark));
                    }
                }
                What::Watermark(time) => from.watermark = from.watermark.max(Some(time)),
                What::End => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: StreamId = StreamId(1);

    fn event(time: i64, pushed: Pushed) -> What {
        What::Event(time, vec![Value::Int(time)], pushed)
    }

    #[test]
    fn it_is_bounded_and_knows_where_it_begins() {
        let mut history = History::new(2, 0);
        history.prepare(STREAM, StreamPoint::default(), 5);
        for time in 10..14 {
            history.note(STREAM, event(time, Pushed::Accepted));
            history.note(STREAM, event(1, Pushed::Late));
            for tick in 0..100 {
                history.note(STREAM, What::Watermark(time + tick));
            }
        }
        let kept = history.of(STREAM).expect("it is kept");
        assert_eq!(kept.records().count(), 3, "two events and the last tick");
        assert!(!kept.is_whole());
        assert_eq!(kept.from.ordinal, 3, "late ones have no number");
        assert_eq!(kept.from.latest, Some(12));
        assert_eq!(kept.from.watermark, Some(111));
        assert_eq!(history.moment(), 408);
    }

    #[test]
    fn what_came_unseen_cuts_it() {
        let mut history = History::new(10, 7);
        history.prepare(STREAM, StreamPoint::default(), 0);
        history.note(STREAM, event(1, Pushed::Accepted));
        let later = StreamPoint {
            ordinal: 5,
            watermark: Some(9),
            latest: Some(9),
        };
        history.prepare(STREAM, later, 0);
        history.note(STREAM, event(10, Pushed::Accepted));
        let kept = history.of(STREAM).expect("it is kept");
        assert_eq!(kept.from, later);
        let moments: Vec<u64> = kept.records().map(|record| record.moment).collect();
        assert_eq!(moments, [8]);
    }
}
