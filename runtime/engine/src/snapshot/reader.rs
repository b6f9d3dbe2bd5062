//! Reads a snapshot. Whatever the bytes are: an error, never a panic, nor more memory than they may stand for.

use std::sync::Arc;

use crate::event::Event;
use crate::matcher::SavedNode;

use super::writer::Last;
use super::{Damage, Saved};

/// The largest number that a counter or a place may be: with room above it, so that what is reckoned with it never overflows.
const MOST: u64 = 1 << 62;

/// Room is made at once for so many things at most: what lies about its length gets no more.
const AT_ONCE: usize = 4_096;

/// Reads what a [`Writer`](super::Writer) has written.
pub struct Reader<'a> {
    bytes: &'a [u8],
    events: Vec<Arc<Event>>,
    nodes: Vec<Arc<SavedNode>>,
    pub(super) last: Last,
    vocabularies: Vec<Arc<Vocabulary>>,
    /// How deep the value at hand lies in others.
    pub(super) depth: u32,
}

/// The states of an automaton as they were numbered: the steps at which each waits; and which moves were asked for, by state and bits.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary {
    pub states: Vec<Vec<u16>>,
    pub asked: Vec<(u32, u64)>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            events: Vec::new(),
            nodes: Vec::new(),
            last: Last::default(),
            vocabularies: Vec::new(),
            depth: 0,
        }
    }

    /// As [`super::Writer::begin_section`].
    pub(crate) fn begin_section(&mut self) {
        self.begin_partition();
    }

    /// As [`super::Writer::begin_partition`].
    pub(crate) fn begin_partition(&mut self) {
        self.nodes.clear();
    }

    /// As [`super::Writer::rebase`].
    pub(crate) fn rebase(&mut self) {
        self.last = Last::default();
    }

    /// There must be nothing left.
    ///
    /// # Errors
    /// There is.
    pub fn end(&self) -> Result<(), Damage> {
        match self.bytes.is_empty() {
            true => Ok(()),
            false => Err(Damage("something follows its end")),
        }
    }

    /// A byte.
    ///
    /// # Errors
    /// There is none.
    pub fn byte(&mut self) -> Result<u8, Damage> {
        let (first, rest) = self.bytes.split_first().ok_or(Damage::CUT)?;
        self.bytes = rest;
        Ok(*first)
    }

    /// So many bytes.
    ///
    /// # Errors
    /// There are fewer.
    pub fn raw(&mut self, len: usize) -> Result<&'a [u8], Damage> {
        let (bytes, rest) = self.bytes.split_at_checked(len).ok_or(Damage::CUT)?;
        self.bytes = rest;
        Ok(bytes)
    }

    /// Bytes, as many as there are places for.
    ///
    /// # Errors
    /// There are fewer.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Damage> {
        let (bytes, rest) = self.bytes.split_first_chunk::<N>().ok_or(Damage::CUT)?;
        self.bytes = rest;
        Ok(*bytes)
    }

    /// A number.
    ///
    /// # Errors
    /// There is none, or one beyond 64 bits.
    pub fn u64(&mut self) -> Result<u64, Damage> {
        u64::try_from(self.u128()?).map_err(|_| Damage::NUMBER)
    }

    /// A number.
    ///
    /// # Errors
    /// There is none, or one beyond 128 bits.
    pub fn u128(&mut self) -> Result<u128, Damage> {
        let (mut value, mut shift) = (0_u128, 0_u32);
        loop {
            let byte = self.byte()?;
            let bits = u128::from(byte & 0x7F);
            if shift >= 128 || bits << shift >> shift != bits {
                return Err(Damage::NUMBER);
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
            shift += 7;
        }
    }

    /// A number.
    ///
    /// # Errors
    /// There is none, or one beyond 32 bits.
    pub fn u32(&mut self) -> Result<u32, Damage> {
        u32::try_from(self.u64()?).map_err(|_| Damage::NUMBER)
    }

    /// A number.
    ///
    /// # Errors
    /// There is none, or one beyond 16 bits.
    pub fn u16(&mut self) -> Result<u16, Damage> {
        u16::try_from(self.u64()?).map_err(|_| Damage::NUMBER)
    }

    /// A number with a sign.
    ///
    /// # Errors
    /// There is none, or one beyond 64 bits.
    pub fn i64(&mut self) -> Result<i64, Damage> {
        let value = self.u64()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// A number with a sign.
    ///
    /// # Errors
    /// There is none, or one beyond 128 bits.
    pub fn i128(&mut self) -> Result<i128, Damage> {
        let value = self.u128()?;
        Ok((value >> 1) as i128 ^ -((value & 1) as i128))
    }

    /// A counter or a place: at most 2⁶², so that what is reckoned with it does not overflow.
    ///
    /// # Errors
    /// There is none, or a larger one.
    pub fn count(&mut self) -> Result<u64, Damage> {
        let value = self.u64()?;
        bounded(value)
    }

    /// As [`super::Writer::near`].
    pub(crate) fn near(&mut self, other: u64) -> Result<u64, Damage> {
        bounded(other.wrapping_add(self.i64()? as u64))
    }

    /// As [`super::Writer::near_time`].
    pub(crate) fn near_time(&mut self, other: i64) -> Result<i64, Damage> {
        Ok(other.wrapping_add(self.i64()?))
    }

    /// A truth.
    ///
    /// # Errors
    /// There is none.
    pub fn bool(&mut self) -> Result<bool, Damage> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Damage::KIND),
        }
    }

    /// How many things follow: each takes a byte at least.
    ///
    /// # Errors
    /// There can't be so many.
    pub fn length(&mut self) -> Result<usize, Damage> {
        let len = usize::try_from(self.u64()?).map_err(|_| Damage::CUT)?;
        match len <= self.bytes.len() {
            true => Ok(len),
            false => Err(Damage::CUT),
        }
    }

    /// A list with room for so many things, as far as that is believed.
    pub(crate) fn list<T>(&self, len: usize) -> Vec<T> {
        Vec::with_capacity(len.min(AT_ONCE))
    }

    /// Bytes that [`Writer::bytes`](super::Writer::bytes) wrote.
    ///
    /// # Errors
    /// They are cut off.
    pub fn bytes(&mut self) -> Result<&'a [u8], Damage> {
        let len = self.length()?;
        self.raw(len)
    }

    /// A text that [`Writer::text`](super::Writer::text) wrote.
    ///
    /// # Errors
    /// It is cut off, or no UTF-8.
    pub fn text(&mut self) -> Result<&'a str, Damage> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Damage("a text is no UTF-8"))
    }

    /// Things in a row.
    ///
    /// # Errors
    /// One of them can't be read.
    pub fn all<T: Saved>(&mut self) -> Result<Vec<T>, Damage> {
        let len = self.length()?;
        let mut all = self.list(len);
        for _ in 0..len {
            all.push(T::load(self)?);
        }
        Ok(all)
    }

    /// As [`super::Writer::event`].
    pub(crate) fn event(&mut self) -> Result<Arc<Event>, Damage> {
        let back = self.u64()?;
        if back > 0 {
            return known(&self.events, back).map(Arc::clone);
        }
        let last = self.last;
        let time = self.near_time(last.time)?;
        let (seq, ordinal) = (self.near(last.seq)?, self.near(last.ordinal)?);
        let part = self.u32()?;
        self.last = Last {
            time,
            seq,
            ordinal,
            instant: time,
        };
        let event = Arc::new(Event {
            time,
            seq,
            ordinal,
            part,
            values: self.all()?,
        });
        self.events.push(Arc::clone(&event));
        Ok(event)
    }

    /// The binding that was read so many bindings back.
    pub(crate) fn known_node(&self, back: u64) -> Result<&Arc<SavedNode>, Damage> {
        known(&self.nodes, back)
    }

    /// A binding was read.
    pub(crate) fn note_node(&mut self, node: Arc<SavedNode>) {
        self.nodes.push(node);
    }

    /// The list of automaton states with a number; `None`: it is the next one, and follows.
    pub(crate) fn vocabulary(&self, number: u64) -> Result<Option<Arc<Vocabulary>>, Damage> {
        let number = usize::try_from(number).map_err(|_| Damage::REFERENCE)?;
        match self.vocabularies.get(number) {
            Some(known) => Ok(Some(Arc::clone(known))),
            None if number == self.vocabularies.len() => Ok(None),
            None => Err(Damage::REFERENCE),
        }
    }

    /// A list of automaton states was read.
    pub(crate) fn note_vocabulary(&mut self, vocabulary: Arc<Vocabulary>) {
        self.vocabularies.push(vocabulary);
    }
}

fn bounded(value: u64) -> Result<u64, Damage> {
    match value <= MOST {
        true => Ok(value),
        false => Err(Damage::NUMBER),
    }
}

fn known<T>(all: &[T], back: u64) -> Result<&T, Damage> {
    let back = usize::try_from(back).map_err(|_| Damage::REFERENCE)?;
    let at = all.len().checked_sub(back);
    at.and_then(|at| all.get(at)).ok_or(Damage::REFERENCE)
}
