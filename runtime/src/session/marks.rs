//! How far those are from whom events come: kept in step with the events themselves.

use indexmap::IndexMap;
use portent_engine::snapshot::{Damage, Reader, Saved, Writer};

use super::Session;
use super::block::{EventBlock, PushedBlock};
use crate::error::Errors;
use crate::journal::Note;

/// Origins whose names begin so are many, and come and go.
const PRODUCER: &str = "producer:";
/// Of so many of them it is known how far they are: those of whom most was heard last.
const PRODUCERS: usize = 10_000;

/// How far an origin of events is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mark {
    /// From here on its events are to come, in its own terms; empty: from its beginning.
    pub at: Vec<u8>,
    /// But the first of them, so many, are in already: a block was taken in half.
    pub skip: u64,
    /// Where it is when the rest of that block is in, too; empty unless one was taken in half.
    pub to: Vec<u8>,
}

/// How far all origins are.
#[derive(Debug, Default)]
pub(super) struct Marks {
    known: IndexMap<String, Place>,
    /// Whose events are being taken in.
    open: Option<String>,
    /// How often one was told: who told least recently is forgotten first.
    turns: u64,
}

#[derive(Debug, Default)]
struct Place {
    at: Vec<u8>,
    skip: u64,
    /// Where it is when so many more events are in.
    to: Vec<u8>,
    left: u64,
    turn: u64,
}

impl Marks {
    /// Events of an origin are about to be taken in, so many; behind them it is there.
    pub fn begin(&mut self, origin: &str, to: &[u8], rows: u64) {
        self.turns += 1;
        if origin.starts_with(PRODUCER) && !self.known.contains_key(origin) {
            self.make_room();
        }
        let place = self.known.entry(origin.to_owned()).or_default();
        place.turn = self.turns;
        (place.to, place.left) = (to.to_vec(), rows);
        self.open = Some(origin.to_owned());
        self.took(0);
    }

    /// So many of them are in.
    pub fn took(&mut self, rows: u64) {
        let Some(place) = self.open.as_ref().and_then(|it| self.known.get_mut(it)) else {
            return;
        };
        place.left = place.left.saturating_sub(rows);
        place.skip += rows;
        if place.left == 0 {
            place.at = std::mem::take(&mut place.to);
            place.skip = 0;
            self.open = None;
        }
    }

    /// The others do not come now. Whether there were any.
    pub fn end(&mut self) -> bool {
        self.open.take().is_some()
    }

    /// Its origin is another one from now on.
    pub fn forget(&mut self, is: impl Fn(&str) -> bool) {
        self.known.retain(|origin, _| !is(origin));
    }

    fn make_room(&mut self) {
        let producers = self.known.iter().enumerate();
        let producers = producers.filter(|(_, (name, _))| name.starts_with(PRODUCER));
        let mut count = 0;
        let oldest = producers
            .inspect(|_| count += 1)
            .min_by_key(|(_, (_, place))| place.turn)
            .map(|(at, _)| at);
        if let (true, Some(oldest)) = (count >= PRODUCERS, oldest) {
            self.known.shift_remove_index(oldest);
        }
    }

    pub fn save(&self, w: &mut Writer) {
        w.u64(self.turns);
        self.open.save(w);
        w.length(self.known.len());
        for (name, place) in &self.known {
            w.text(name);
            w.bytes(&place.at);
            w.u64(place.skip);
            w.bytes(&place.to);
            w.u64(place.left);
            w.u64(place.turn);
        }
    }

    pub fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        let mut marks = Self {
            turns: r.u64()?,
            open: Saved::load(r)?,
            ..Self::default()
        };
        for _ in 0..r.length()? {
            let name = r.text()?.to_owned();
            let place = Place {
                at: r.bytes()?.to_vec(),
                skip: r.u64()?,
                to: r.bytes()?.to_vec(),
                left: r.u64()?,
                turn: r.u64()?,
            };
            marks.known.insert(name, place);
        }
        Ok(marks)
    }
}

/// The origin of what a part of the source of a stream gives: most have only one.
pub(crate) fn source(stream: &str, part: u32) -> String {
    let stream = stream.to_lowercase();
    match part {
        0 => format!("source:{stream}"),
        part => format!("source-{part}:{stream}"),
    }
}

/// Whether it is [`source`] of this stream, for some part.
fn is_source(origin: &str, stream: &str) -> bool {
    let rest = origin.strip_prefix("source");
    let part = rest.and_then(|it| it.strip_suffix(stream)?.strip_suffix(':'));
    part.is_some_and(|part| part.is_empty() || (part.starts_with('-') && !part.contains(':')))
}

impl Session {
    /// As [`Self::push_blocks`], for events of an origin (a source, a producer) that can say where it is, and give its events again from there: `mark`
    /// is where it is behind these, in its own terms. [`Self::mark_of`] tells how far it is. In a session that keeps a log the two are in step
    /// whatever happens, so that each of its events is taken in once.
    ///
    /// Of origins whose names begin with `producer:` the last 10,000 are known.
    ///
    /// ```
    /// # use portent::Session;
    /// # use portent::connect::Format;
    /// # let mut session = Session::new();
    /// session.run("CREATE STREAM s (ts TIMESTAMP, v BIGINT)")?;
    /// let decoded = session.decoder("s", Format::Jsonl)?.decode(br#"{"ts": "2026-01-31 10:00:00Z", "v": 2}"#.to_vec())?;
    /// session.push_marked("source:s", b"line 1", decoded.blocks).1?;
    /// assert_eq!(session.mark_of("source:s").expect("it is known").at, b"line 1");
    /// # Ok::<(), portent::Errors>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::push_blocks`].
    pub fn push_marked(
        &mut self,
        origin: &str,
        mark: &[u8],
        blocks: Vec<EventBlock>,
    ) -> (PushedBlock, Result<(), Errors>) {
        let rows = blocks.iter().map(|it| it.len() as u64).sum();
        let noted = self
            .may_push(&blocks)
            .and_then(|()| self.tell_journal(Note::Mark { origin, mark, rows }));
        if let Err(errors) = noted {
            return (PushedBlock::default(), Err(errors));
        }
        self.marks.begin(origin, mark, rows);
        let pushed = self.push_blocks(blocks);
        // What is not in by now comes again.
        self.unended |= self.marks.end();
        pushed
    }

    /// How far an origin is that came by [`Self::push_marked`]; `None`: nothing is known of it.
    pub fn mark_of(&self, origin: &str) -> Option<Mark> {
        self.marks.known.get(origin).map(|it| Mark {
            at: it.at.clone(),
            skip: it.skip,
            to: it.to.clone(),
        })
    }

    /// What the source of a stream has given is no matter any more: it is another one, or gone.
    pub(super) fn forget_source(&mut self, stream: &str) {
        let stream = stream.to_lowercase();
        self.marks.forget(|origin| is_source(origin, &stream));
    }

    /// Whether what is taken in is kept in a log.
    pub(crate) fn keeps_log(&self) -> bool {
        self.journal.is_some()
    }

    /// Waits until all that was taken in is durable, where that is kept in a log.
    ///
    /// # Errors
    /// The disk refuses.
    pub(crate) fn settle_taken(&self) -> Result<(), Errors> {
        match &self.journal {
            Some(journal) => journal.wait(),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(marks: &Marks, origin: &str) -> (Vec<u8>, u64) {
        marks
            .known
            .get(origin)
            .map(|it| (it.at.clone(), it.skip))
            .unwrap_or_default()
    }

    #[test]
    fn half_a_block_is_skipped_the_next_time() {
        let mut marks = Marks::default();
        marks.begin("a", b"1", 5);
        marks.took(3);
        assert!(marks.end());
        assert_eq!(mark(&marks, "a"), (b"".to_vec(), 3));
        // From the beginning again, without the first three; and now it gives more at once.
        marks.begin("a", b"2", 4);
        marks.took(1);
        assert!(marks.end());
        assert_eq!(mark(&marks, "a"), (b"".to_vec(), 4));
        marks.begin("a", b"2", 3);
        marks.took(3);
        assert!(!marks.end());
        assert_eq!(mark(&marks, "a"), (b"2".to_vec(), 0));
        marks.begin("a", b"3", 0);
        assert_eq!(mark(&marks, "a"), (b"3".to_vec(), 0));
        let mut w = Writer::default();
        marks.save(&mut w);
        let kind = portent_engine::snapshot::Kind::Session;
        let bytes = kind.finish(w).unwrap();
        let again = Marks::load(&mut kind.open(&bytes).unwrap()).unwrap();
        assert_eq!(mark(&again, "a"), (b"3".to_vec(), 0));
    }

    #[test]
    fn the_parts_of_a_source_are_forgotten_with_it() {
        let mut marks = Marks::default();
        for origin in [
            source("S", 0),
            source("s", 12),
            source("a:s", 1),
            "producer:s".into(),
        ] {
            marks.begin(&origin, b"1", 0);
        }
        marks.forget(|origin| is_source(origin, "s"));
        let left: Vec<&String> = marks.known.keys().collect();
        assert_eq!(left, ["source-1:a:s", "producer:s"]);
    }

    #[test]
    fn only_so_many_producers_are_known() {
        let mut marks = Marks::default();
        marks.begin("source:s", b"x", 0);
        for number in 0..PRODUCERS + 3 {
            marks.begin(&format!("producer:{number}"), b"1", 0);
            marks.begin("producer:0", b"2", 0);
        }
        assert_eq!(marks.known.len(), PRODUCERS + 1);
        assert!(marks.known.contains_key("source:s"));
        assert!(marks.known.contains_key("producer:0"));
        assert!(!marks.known.contains_key("producer:1"));
    }
}
