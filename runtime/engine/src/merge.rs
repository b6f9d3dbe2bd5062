//! Several inputs of one query, merged by (event time, arrival).

use std::sync::Arc;

use crate::event::Event;
use crate::queue::SortedQueue;
use crate::stream::NEVER;

/// The inputs of a query: how far each has come, and the events that wait for the slowest.
#[derive(Debug)]
pub(crate) struct Merge {
    /// Each input's watermark; `None` once it has ended.
    inputs: Vec<Option<i64>>,
    waiting: SortedQueue<(i64, u64), (u16, Arc<Event>)>,
}

impl Merge {
    pub fn new(inputs: usize) -> Self {
        Self {
            inputs: vec![Some(NEVER); inputs],
            waiting: SortedQueue::default(),
        }
    }

    /// The least of the inputs' watermarks; `None` if all have ended.
    pub fn watermark(&self) -> Option<i64> {
        self.inputs.iter().flatten().copied().min()
    }

    /// An input has come to this time.
    pub fn reach(&mut self, input: u16, time: i64) {
        if let Some(Some(watermark)) = self.inputs.get_mut(usize::from(input)) {
            *watermark = (*watermark).max(time);
        }
    }

    /// An input has ended: it holds nothing back any more.
    pub fn end(&mut self, input: u16) {
        if let Some(watermark) = self.inputs.get_mut(usize::from(input)) {
            *watermark = None;
        }
    }

    /// Adds an event. An input gives its events in order, so it has come to the event's time.
    pub fn push(&mut self, input: u16, event: Arc<Event>) {
        self.reach(input, event.time.saturating_sub(1));
        self.waiting.push((event.time, event.seq), (input, event));
    }

    /// The next event in order, if nothing can come before it any more.
    pub fn release(&mut self) -> Option<(u16, Arc<Event>)> {
        let (time, _) = self.waiting.first()?;
        if self.watermark().is_some_and(|watermark| time > watermark) {
            return None;
        }
        self.waiting.pop().map(|(_, item)| item)
    }

    /// Events that wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }
}
