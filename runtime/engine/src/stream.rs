//! A stream: puts its events in order, up to the watermark.

mod saved;

use std::sync::Arc;

use portent_grammar::Value;
use portent_planner::compiled::StreamSpec;

use crate::engine::QueryId;
use crate::event::Event;
use crate::queue::SortedQueue;
use crate::readers::Readers;
use crate::stats::{StreamPoint, StreamStats};

/// The watermark before anything is known.
pub(crate) const NEVER: i64 = i64::MIN;

/// Where a stream's events come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// From outside.
    Source,
    /// A query's output.
    Query(QueryId),
    /// A query that is gone.
    Orphan,
    /// The late events of another stream.
    Late,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    InTime,
    Late,
    Ahead,
}

/// A stream and its events that wait for the watermark.
#[derive(Debug)]
pub(crate) struct Stream {
    pub spec: StreamSpec,
    pub origin: Origin,
    pub readers: Readers,
    pub watermark: i64,
    pub ended: bool,
    /// Somebody reads its stream of late events, which is as far in time as it is itself.
    pub late_is_read: bool,
    latest: Option<i64>,
    waiting: SortedQueue<(i64, u64), Arc<Event>>,
    next_ordinal: u64,
    events: u64,
    late: u64,
    ahead: u64,
}

impl Stream {
    pub fn new(spec: StreamSpec, origin: Origin) -> Box<Self> {
        Box::new(Self {
            spec,
            origin,
            readers: Readers::default(),
            watermark: NEVER,
            ended: false,
            late_is_read: false,
            latest: None,
            waiting: SortedQueue::default(),
            next_ordinal: 0,
            events: 0,
            late: 0,
            ahead: 0,
        })
    }

    /// Whether a query may make it its output: nobody writes to it.
    pub fn is_vacant(&self) -> bool {
        match self.origin {
            Origin::Orphan => true,
            Origin::Source => self.latest.is_none() && self.watermark == NEVER && !self.ended,
            Origin::Query(_) | Origin::Late => false,
        }
    }

    /// Judges an event's time, and moves the watermark on if it is in time.
    pub fn admit(&mut self, time: i64) -> Admission {
        if time < self.watermark {
            self.late += 1;
            return Admission::Late;
        }
        if let Some(limit) = self.spec.max_ahead
            && let Some(now) = self.now()
            && time > now.saturating_add(limit)
        {
            self.ahead += 1;
            return Admission::Ahead;
        }
        self.events += 1;
        if self.latest.is_none_or(|latest| time > latest) {
            self.latest = Some(time);
            self.watermark = self.watermark.max(time.saturating_sub(self.spec.lateness));
        }
        Admission::InTime
    }

    /// The latest time heard of: an event's, or the one a virtual clock told.
    fn now(&self) -> Option<i64> {
        match self.latest {
            Some(latest) => Some(latest.max(self.watermark)),
            None => (self.watermark != NEVER).then_some(self.watermark),
        }
    }

    /// Makes an event of an admitted row.
    pub fn event(&mut self, time: i64, seq: u64, values: Vec<Value>) -> Arc<Event> {
        let ordinal = self.next_ordinal;
        self.next_ordinal += 1;
        Arc::new(Event {
            time,
            seq,
            ordinal,
            part: 0,
            values,
        })
    }

    /// Where it stands.
    pub fn point(&self) -> StreamPoint {
        StreamPoint {
            ordinal: self.next_ordinal,
            watermark: (self.watermark != NEVER).then_some(self.watermark),
            latest: self.latest,
        }
    }

    /// Lets it begin where another one stood.
    pub fn restore(&mut self, point: &StreamPoint) {
        self.next_ordinal = point.ordinal;
        self.latest = self.latest.max(point.latest);
        self.watermark = self.watermark.max(point.watermark.unwrap_or(NEVER));
    }

    /// Counts an admitted row that nobody wants to see.
    pub fn pass_over(&mut self) {
        self.next_ordinal += 1;
    }

    /// Counts rows of a query that nobody reads.
    pub fn pass_over_all(&mut self, rows: usize) {
        self.next_ordinal += rows as u64;
    }

    /// Counts an event that comes in order by its making (of derived streams).
    pub fn derived(&mut self, time: i64, seq: u64, values: Vec<Value>) -> Arc<Event> {
        self.events += 1;
        if self.latest.is_none_or(|latest| time > latest) {
            self.latest = Some(time);
        }
        self.event(time, seq, values)
    }

    /// Lets an event wait for the watermark, or gives it back if it need not.
    pub fn hold(&mut self, event: Arc<Event>) -> Option<Arc<Event>> {
        if self.goes_at_once(event.time) {
            return Some(event);
        }
        self.waiting.push((event.time, event.seq), event);
        None
    }

    /// The next event in order that the watermark has reached.
    pub fn release(&mut self) -> Option<Arc<Event>> {
        let (time, _) = self.waiting.first()?;
        if time > self.watermark && !self.ended {
            return None;
        }
        self.waiting.pop().map(|(_, event)| event)
    }

    /// The latest event time so far, if it is beyond the watermark.
    pub fn settle(&mut self) {
        if let Some(latest) = self.latest {
            self.watermark = self.watermark.max(latest);
        }
    }

    /// Whether an event of this time need not wait for the watermark.
    pub fn goes_at_once(&self, time: i64) -> bool {
        self.waiting.len() == 0 && time <= self.watermark
    }

    /// Whether anything but its clock moves when time passes up to there.
    pub fn minds(&self, watermark: i64) -> bool {
        self.waiting.len() > 0 || self.late_is_read || self.readers.minds(watermark)
    }

    /// Nothing happens to anybody by its watermark as it stands.
    #[inline]
    pub fn is_quiet(&self) -> bool {
        self.waiting.len() == 0 && !self.late_is_read && !self.readers.minds(self.watermark)
    }

    /// How many events it has let go.
    pub fn released(&self) -> u64 {
        self.events.saturating_sub(self.waiting.len() as u64)
    }

    pub fn stats(&self) -> StreamStats {
        StreamStats {
            events: self.events,
            late: self.late,
            ahead: self.ahead,
            watermark: (self.watermark != NEVER).then_some(self.watermark),
            latest: self.latest,
            buffered: self.waiting.len() as u64,
            tests: self
                .readers
                .index
                .as_ref()
                .map_or(0, |index| index.evaluations),
            ended: self.ended,
        }
    }
}
