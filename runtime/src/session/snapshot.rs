//! The state of a session as bytes, and a session that goes on from there.

use portent_engine::snapshot::{Damage, Kind, Reader, Saved, Writer};
use portent_grammar::Value;
use portent_grammar::codes::runtime as codes;
use portent_planner::compiled::StreamId;

use super::{Session, StreamState};
use crate::error::Errors;
use crate::flow::refused;
use crate::reader::Incoming;

impl Session {
    /// All that decides what comes out from now on, and what was counted so far: for [`Self::restore`], in this process or another one. Takes
    /// time in proportion to what is open; nothing changes. Rows that wait must be taken first ([`Self::drain`]).
    ///
    /// The script is not in it, nor callbacks, what sinks have not written yet, what `explain_history` keeps, and the statistics of
    /// SELECTs that have been read to their end.
    ///
    /// ```
    /// # use portent::{row, Session};
    /// let script = "CREATE STREAM s (ts TIMESTAMP, kind TEXT);
    ///     CREATE QUERY pairs AS SELECT b.ts AS at FROM s MATCH (a[kind = 'a'] -> b[kind = 'b']) WITHIN 1 HOUR";
    /// let mut session = Session::new();
    /// session.run(script)?;
    /// session.push("s", row!["2026-01-31 10:00:00Z", "a"])?;
    /// let bytes = session.snapshot()?;
    /// drop(session);
    ///
    /// let mut session = Session::new();
    /// session.run(script)?;
    /// session.restore(&bytes)?;
    /// session.push("s", row!["2026-01-31 10:00:01Z", "b"])?;
    /// assert_eq!(session.drain().count(), 1);
    /// # Ok::<(), portent::Errors>(())
    /// ```
    ///
    /// # Errors
    /// Rows wait to be taken (P0644).
    pub fn snapshot(&self) -> Result<Vec<u8>, Errors> {
        let rows = self.outbox.waiting.len() + self.outbox.held.len();
        if rows > 0 {
            let message = format!("no snapshot can be taken: {rows} rows wait to be taken");
            return Err(Errors::plain(codes::SNAPSHOT_IMPOSSIBLE, message));
        }
        let mut w = Writer::default();
        w.i64(self.arrival);
        self.ended.save(&mut w);
        self.options.virtual_clock.save(&mut w);
        w.u64(self.watched);
        w.u64(self.outbox.rows);
        w.length(self.outbox.sinks.len());
        for (name, sink) in &self.outbox.sinks {
            w.text(name);
            w.u64(sink.rows);
            sink.finished.save(&mut w);
        }
        w.length(self.queries.len());
        for (name, standing) in &self.queries {
            w.text(name);
            standing.turns.save(&mut w);
        }
        w.length(self.streams.len());
        for (id, stream) in &self.streams {
            id.0.save(&mut w);
            stream.save(&mut w);
        }
        self.marks.save(&mut w);
        self.flow.save(&mut w)?;
        Kind::Session.finish(w).map_err(refused)
    }

    /// Goes on from a snapshot: the session is then as the one that it was taken of ([`Self::snapshot`]). The same script must have been
    /// run; what came since then is forgotten, and so is what the script itself brought about: rows over VALUES, which the first session has given
    /// already, are not given again (though callbacks have heard of them).
    ///
    /// # Errors
    /// The bytes are no snapshot (P0645), or one of another script: what differs is named (P0646). Then the session is of no use any more.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), Errors> {
        let mut r = Kind::Session.open(bytes).map_err(refused)?;
        self.load(&mut r).map_err(|damage| refused(damage.into()))?;
        self.flow.load(&mut r)?;
        r.end().map_err(|damage| refused(damage.into()))?;
        self.outbox.waiting.clear();
        self.outbox.open_due()
    }

    /// What is around the flow. What is not there any more is passed over: the engine says what must be there.
    fn load(&mut self, r: &mut Reader<'_>) -> Result<(), Damage> {
        self.arrival = r.i64()?;
        self.ended = r.bool()?;
        self.options.virtual_clock = r.bool()?;
        self.watched = self.watched.max(r.count()?);
        self.outbox.rows = r.count()?;
        for _ in 0..r.length()? {
            let name = r.text()?;
            let (rows, finished) = (r.count()?, r.bool()?);
            if let Some(sink) = self.outbox.sinks.get_mut(name) {
                (sink.rows, sink.finished) = (rows, finished);
            }
        }
        for _ in 0..r.length()? {
            let name = r.text()?;
            let turns = Saved::load(r)?;
            if let Some(standing) = self.queries.get_mut(name) {
                standing.turns = turns;
            }
        }
        for _ in 0..r.length()? {
            let id = StreamId(r.u32()?);
            let read = Read::load(r)?;
            if let Some(stream) = self.streams.get_mut(&id) {
                stream.take(read);
            }
        }
        self.marks = super::marks::Marks::load(r)?;
        Ok(())
    }
}

/// What is kept of a stream around its engine.
struct Read {
    read: bool,
    bad: u64,
    first_bad: Option<String>,
    skipped: u64,
    kept: Vec<Incoming>,
}

impl StreamState {
    fn save(&self, w: &mut Writer) {
        self.read.save(w);
        w.u64(self.bad);
        self.first_bad.save(w);
        w.u64(self.skipped);
        w.length(self.kept.len());
        for Incoming { time, values } in &self.kept {
            w.i64(*time);
            values.save(w);
        }
    }

    fn take(&mut self, read: Read) {
        (self.read, self.bad, self.skipped) = (read.read, read.bad, read.skipped);
        (self.first_bad, self.kept) = (read.first_bad, read.kept);
    }
}

impl Read {
    fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        let (read, bad, first_bad, skipped) = (r.bool()?, r.count()?, Saved::load(r)?, r.count()?);
        let mut kept = Vec::new();
        for _ in 0..r.length()? {
            let (time, values): (i64, Vec<Value>) = Saved::load(r)?;
            kept.push(Incoming { time, values });
        }
        Ok(Self {
            read,
            bad,
            first_bad,
            skipped,
            kept,
        })
    }
}
