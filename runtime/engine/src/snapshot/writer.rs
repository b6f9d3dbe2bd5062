//! Writes a snapshot: bytes, and what was written so far, so that it is written once.

use std::sync::Arc;

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use crate::event::Event;
use crate::matcher::SavedNode;

use super::Saved;

/// Integers are written in groups of seven bits, the least first; signed ones with the sign as the last bit, so that small ones are
/// short whichever way they go. What is near something that was written before is written as its distance to it.
#[derive(Default)]
pub struct Writer {
    bytes: Vec<u8>,
    /// By address: which event of the section it was. All of them live as long as whoever is written.
    events: HashMap<usize, u64, FxBuildHasher>,
    /// The same of the bindings of one partition.
    nodes: HashMap<usize, u64, FxBuildHasher>,
    /// What was written last, to which the next of its kind is near.
    pub(super) last: Last,
    /// The lists of automaton states that were written, by family.
    vocabularies: HashMap<u32, u64, FxBuildHasher>,
    /// The first event, by its order of arrival.
    oldest: Option<u64>,
    /// Why it can't be written.
    problem: Option<&'static str>,
}

/// The last event's numbers, and the last instant.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Last {
    pub time: i64,
    pub seq: u64,
    pub ordinal: u64,
    pub instant: i64,
}

impl Writer {
    /// What was written.
    ///
    /// # Errors
    /// Why that can't be read again.
    pub(crate) fn finish(self) -> Result<Vec<u8>, &'static str> {
        match self.problem {
            None => Ok(self.bytes),
            Some(problem) => Err(problem),
        }
    }

    /// The order of arrival of the first event that was written since the last [`Self::begin_section`].
    pub(crate) fn oldest(&self) -> Option<u64> {
        self.oldest
    }

    /// Another query follows. Events that were written before are known to it; bindings never are.
    pub(crate) fn begin_section(&mut self) {
        self.oldest = None;
        self.begin_partition();
    }

    /// Another partition follows: it shares no bindings with those before.
    pub(crate) fn begin_partition(&mut self) {
        // A partition's map is mostly small: one that is not need not be wiped out again and again.
        if self.nodes.capacity() > 1 << 10 {
            self.nodes = HashMap::default();
        } else {
            self.nodes.clear();
        }
    }

    /// What follows is written as if nothing near it had been: its bytes depend on nothing but itself.
    pub fn rebase(&mut self) {
        self.last = Last::default();
    }

    /// The snapshot can't be read again.
    #[cold]
    pub(crate) fn fail(&mut self, problem: &'static str) {
        self.problem.get_or_insert(problem);
    }

    /// A byte.
    pub fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    /// Bytes as they are: who reads must know how many.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// A number, in 1 to 10 bytes.
    pub fn u64(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// A number, in 1 to 19 bytes.
    pub fn u128(&mut self, mut value: u128) {
        while value >= 0x80 {
            self.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.bytes.push(value as u8);
    }

    /// A number with a sign.
    pub fn i64(&mut self, value: i64) {
        self.u64((value << 1 ^ value >> 63) as u64);
    }

    /// A number with a sign.
    pub fn i128(&mut self, value: i128) {
        self.u128((value << 1 ^ value >> 127) as u128);
    }

    /// A number that is near another one.
    pub fn near(&mut self, value: u64, other: u64) {
        self.i64(value.wrapping_sub(other) as i64);
    }

    /// A time that is near another one.
    pub fn near_time(&mut self, value: i64, other: i64) {
        self.i64(value.wrapping_sub(other));
    }

    /// How many things follow.
    pub fn length(&mut self, len: usize) {
        self.u64(len as u64);
    }

    /// Bytes, with their number before them.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.raw(bytes);
    }

    /// A text, with its length before it.
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Things in a row.
    pub fn all<'a, T: Saved + 'a>(&mut self, all: impl ExactSizeIterator<Item = &'a T>) {
        self.length(all.len());
        all.for_each(|one| one.save(self));
    }

    /// An event: how many events back it was written, or 0 and the event.
    pub(crate) fn event(&mut self, event: &Arc<Event>) {
        let (next, address) = (self.events.len() as u64, Arc::as_ptr(event).addr());
        let known = *self.events.entry(address).or_insert(next);
        self.u64(next - known);
        // Who waits for the sake of an old event needs it, whether or not it was written for another.
        self.oldest = Some(
            self.oldest
                .map_or(event.seq, |oldest| oldest.min(event.seq)),
        );
        if known < next {
            return;
        }
        let last = self.last;
        self.near_time(event.time, last.time);
        self.near(event.seq, last.seq);
        self.near(event.ordinal, last.ordinal);
        self.u64(u64::from(event.part));
        self.last = Last {
            time: event.time,
            seq: event.seq,
            ordinal: event.ordinal,
            instant: event.time,
        };
        self.all(event.values.iter());
    }

    /// Whether a binding was written in this partition: how many bindings back.
    pub(crate) fn known_node(&self, node: &Arc<SavedNode>) -> Option<u64> {
        let known = self.nodes.get(&Arc::as_ptr(node).addr())?;
        Some(self.nodes.len() as u64 - known)
    }

    /// A binding is written now.
    pub(crate) fn note_node(&mut self, node: &Arc<SavedNode>) {
        let next = self.nodes.len() as u64;
        self.nodes.insert(Arc::as_ptr(node).addr(), next);
    }

    /// The number of the list of automaton states of a family, and whether it is to be written now.
    pub(crate) fn vocabulary(&mut self, family: u32) -> (u64, bool) {
        let next = self.vocabularies.len() as u64;
        let number = *self.vocabularies.entry(family).or_insert(next);
        (number, number == next)
    }
}

/// Writes things that have no order of their own in that of their bytes. Each is written, and must be read, on a clean base
/// ([`Writer::rebase`]), and so is what follows.
pub(crate) fn sorted<T>(
    items: impl ExactSizeIterator<Item = T>,
    w: &mut Writer,
    save: impl Fn(T, &mut Writer),
) {
    let mut scratch = Writer::default();
    let mut places = Vec::with_capacity(items.len());
    for item in items {
        scratch.rebase();
        let from = scratch.bytes.len();
        save(item, &mut scratch);
        places.push(from..scratch.bytes.len());
    }
    if let Some(problem) = scratch.problem {
        w.fail(problem);
    }
    let bytes =
        |place: &std::ops::Range<usize>| scratch.bytes.get(place.clone()).unwrap_or_default();
    places.sort_by(|one, other| bytes(one).cmp(bytes(other)));
    w.length(places.len());
    places.iter().for_each(|place| w.raw(bytes(place)));
    w.rebase();
}
