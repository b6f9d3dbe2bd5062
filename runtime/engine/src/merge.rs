//! Several inputs of one query, merged by (event time, arrival).

use std::sync::Arc;

use crate::event::Event;
use crate::queue::SortedQueue;
use crate::snapshot::{Damage, Reader, Saved, Writer};
use crate::stream::NEVER;

/// The inputs of a query: how far each has come, and the events that wait for the slowest.
#[derive(Debug)]
pub(crate) struct Merge {
    /// Each input's watermark; `None` once it has ended.
    inputs: Vec<Option<i64>>,
    /// By event time, then by arrival; what one arrival brought about, in the order in which it came.
    waiting: SortedQueue<(i64, u64, u64), (u16, Arc<Event>)>,
    /// How many events have come.
    came: u64,
}

impl Merge {
    pub fn new(inputs: usize) -> Self {
        Self {
            inputs: vec![Some(NEVER); inputs],
            waiting: SortedQueue::default(),
            came: 0,
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
        self.wait(input, event);
    }

    fn wait(&mut self, input: u16, event: Arc<Event>) {
        self.waiting
            .push((event.time, event.seq, self.came), (input, event));
        self.came += 1;
    }

    /// The next event in order, if nothing can come before it any more.
    pub fn release(&mut self) -> Option<(u16, Arc<Event>)> {
        let (time, ..) = self.waiting.first()?;
        if self.watermark().is_some_and(|watermark| time > watermark) {
            return None;
        }
        self.waiting.pop().map(|(_, item)| item)
    }

    /// Writes how far each input has come, and the events that wait, in order.
    pub fn save(&self, w: &mut Writer) {
        self.inputs.save(w);
        let waiting = self.waiting.in_order();
        w.length(waiting.len());
        for (input, event) in waiting {
            input.save(w);
            w.event(event);
        }
    }

    /// Reads the same of a query with so many inputs.
    pub fn load(inputs: usize, r: &mut Reader<'_>) -> Result<Self, Damage> {
        let mut made = Self::new(inputs);
        made.inputs = Saved::load(r)?;
        if made.inputs.len() != inputs {
            return Err(Damage("a query has other inputs"));
        }
        for _ in 0..r.length()? {
            let input = r.u16()?;
            made.wait(input, r.event()?);
        }
        Ok(made)
    }

    /// Whether nothing has come yet.
    pub fn is_new(&self) -> bool {
        self.came == 0 && self.inputs.iter().all(|input| *input == Some(NEVER))
    }

    /// Events that wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }
}
