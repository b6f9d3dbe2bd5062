//! Where a stream is, in a snapshot. Who reads it, and what of it, follows from the queries.

use crate::snapshot::{Damage, Reader, Saved, Writer};

use super::{NEVER, Stream};

impl Stream {
    /// Writes how far it is, what waits in it, and what it has counted.
    pub fn save(&self, w: &mut Writer) {
        w.i64(self.watermark);
        self.ended.save(w);
        self.latest.save(w);
        w.u64(self.next_ordinal);
        for counter in [self.events, self.late, self.ahead, self.tests()] {
            w.u64(counter);
        }
        let waiting = self.waiting.in_order();
        w.length(waiting.len());
        waiting.into_iter().for_each(|event| w.event(event));
    }

    /// Reads the same.
    pub fn load(&mut self, r: &mut Reader<'_>) -> Result<(), Damage> {
        self.forget();
        self.watermark = r.i64()?;
        self.ended = r.bool()?;
        self.latest = Saved::load(r)?;
        self.next_ordinal = r.count()?;
        self.events = r.count()?;
        self.late = r.count()?;
        self.ahead = r.count()?;
        let tests = r.count()?;
        if let Some(index) = &mut self.readers.index {
            index.evaluations = tests;
        }
        for _ in 0..r.length()? {
            let event = r.event()?;
            self.waiting.push((event.time, event.seq), event);
        }
        Ok(())
    }

    /// Lets it be as if nothing had come yet.
    pub fn forget(&mut self) {
        self.watermark = NEVER;
        self.ended = false;
        self.latest = None;
        self.waiting = Default::default();
        self.next_ordinal = 0;
        (self.events, self.late, self.ahead) = (0, 0, 0);
        self.readers.due.clear();
        if let Some(index) = &mut self.readers.index {
            index.evaluations = 0;
        }
    }

    fn tests(&self) -> u64 {
        let index = self.readers.index.as_ref();
        index.map_or(0, |index| index.evaluations)
    }
}
