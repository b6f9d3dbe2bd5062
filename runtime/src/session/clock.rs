//! What time it is for a session: the clock on the wall, or one that is set by hand.

use portent_grammar::Value;
use portent_grammar::codes::runtime as codes;
use portent_planner::compiled::StreamId;

use super::Session;
use crate::error::Errors;
use crate::journal::Note;

/// So often, µs, time passes in a journal though nothing seems to wait for it.
const SELDOM: i64 = 1_000_000;

impl Session {
    /// What time it is, µs since 1970-01-01 UTC: the wall's, or what [`Self::set_clock`] and [`Self::advance_to`] made it. Events
    /// of streams without an event time column get it.
    ///
    /// ```
    /// # use portent::Session;
    /// let mut session = Session::new();
    /// session.run("CREATE STREAM s (v BIGINT); CREATE QUERY quiet AS SELECT a.v FROM s MATCH (a -[1 MINUTE]-> !b)")?;
    /// session.set_clock(0)?;
    /// session.run("INSERT INTO s VALUES (7)")?;
    /// session.set_clock(61_000_000)?;
    /// assert_eq!(session.now(), 61_000_000);
    /// assert_eq!(session.drain().count(), 1);
    /// # Ok::<(), portent::Errors>(())
    /// ```
    pub fn now(&self) -> i64 {
        if self.options.virtual_clock {
            return self.arrival;
        }
        // The wall is asked once for each thing that happens: when that happens again, it is told what the wall said.
        self.replayed.unwrap_or_else(|| self.arrival.max(wall()))
    }

    /// Whether the clock is set by hand.
    pub fn is_virtual_clock(&self) -> bool {
        self.options.virtual_clock
    }

    /// Sets the clock by hand, and moves all streams there as [`Self::advance_to`] does: deadlines before that time pass. From now on
    /// time passes only so, until [`Self::use_wall_clock`].
    ///
    /// # Errors
    /// Time would go back (P0640); a sink can't be written.
    pub fn set_clock(&mut self, time: i64) -> Result<(), Errors> {
        self.check_clock(time)?;
        self.tell_journal(Note::SetClock(time))?;
        self.options.virtual_clock = true;
        self.arrival = time;
        self.advance(time)?;
        self.outbox.flush_sinks()
    }

    /// Goes back to the clock on the wall.
    ///
    /// # Errors
    /// The clock that was set by hand is ahead of the wall's: time would go back (P0640).
    pub fn use_wall_clock(&mut self) -> Result<(), Errors> {
        if self.options.virtual_clock {
            let now = self.replayed.unwrap_or_else(wall);
            self.check_clock(now)?;
            self.tell_journal(Note::WallClock)?;
            self.options.virtual_clock = false;
            self.arrival = now;
        }
        Ok(())
    }

    /// Time passes by the clock on the wall in the streams that have no event time column and have had an event: deadlines that
    /// have come pass. For those who call it now and then; does nothing while the clock is set by hand.
    ///
    /// # Errors
    /// A sink can't be written.
    pub fn tick(&mut self) -> Result<(), Errors> {
        if self.options.virtual_clock || self.ended {
            return Ok(());
        }
        let now = self.now();
        let streams: Vec<StreamId> = self
            .by_arrival()
            .filter(|(_, reached)| reached.is_some())
            .map(|(id, _)| id)
            .collect();
        if streams.is_empty() || (self.journal.is_some() && !self.must_tick(&streams, now)) {
            return Ok(());
        }
        self.tell_journal(Note::Tick)?;
        self.arrival = now;
        let outbox = &mut self.outbox;
        self.flow
            .advance_streams(&streams, now, &mut |delivery| outbox.deliver(delivery))?;
        self.outbox.flush_sinks()
    }

    /// Whether anything happens by the time that has passed. A journal shall not grow because nothing does: then it is told now and then only, for those that
    /// queries write into, whose clocks hang on others.
    fn must_tick(&self, streams: &[StreamId], now: i64) -> bool {
        streams.iter().any(|id| self.flow.minds(*id, now))
            || (self.flow.feeds_streams() && now - self.arrival >= SELDOM)
    }

    /// How far each stream that takes events is: the time before which nothing more will come, `None` before the first event.
    pub fn stream_times(&self) -> Vec<(String, Option<i64>)> {
        let stats = |id| self.flow.stream_stats(id).and_then(|it| it.watermark);
        self.streams
            .values()
            .map(|it| (it.def.name.clone(), stats(it.def.id)))
            .collect()
    }

    /// The streams that get their time from the clock, and how far they are.
    fn by_arrival(&self) -> impl Iterator<Item = (StreamId, Option<i64>)> {
        let clocked = self.streams.values().filter(|it| !it.def.has_event_time);
        clocked.map(|it| {
            let stats = self.flow.stream_stats(it.def.id);
            (it.def.id, stats.and_then(|it| it.watermark.or(it.latest)))
        })
    }

    /// Nothing that has happened by the clock may lie in its future.
    fn check_clock(&self, time: i64) -> Result<(), Errors> {
        let reached = self
            .by_arrival()
            .filter_map(|(id, reached)| Some((id, reached?)))
            .max_by_key(|(_, reached)| *reached);
        let set = (self.options.virtual_clock && !self.streams.is_empty()).then_some(self.arrival);
        let why = match (set, reached) {
            (Some(now), _) if time < now => {
                format!("the clock stands at {}", Value::Timestamp(now))
            }
            (_, Some((id, reached))) if time < reached => {
                let name = self.streams.get(&id).map_or("?", |it| it.def.name.as_str());
                format!(
                    "stream \"{name}\", which has no time column, is at {}",
                    Value::Timestamp(reached)
                )
            }
            _ => return Ok(()),
        };
        let message = format!("time never goes back: {why}");
        Err(Errors::plain(codes::CLOCK_BACK, message))
    }
}

/// The clock on the wall, µs since 1970-01-01 UTC.
pub(crate) fn wall() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since
        .ok()
        .and_then(|it| i64::try_from(it.as_micros()).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use crate::Session;
    use crate::codes::runtime as codes;

    const STREAM: &str = "CREATE STREAM s (v BIGINT);
        CREATE QUERY quiet AS SELECT a.v AS v FROM s MATCH (a -[1 MINUTE]-> !b)";

    #[test]
    fn time_never_goes_back() {
        let mut session = Session::new();
        session.run(STREAM).unwrap();
        session.tick().unwrap();
        session.set_clock(1_000_000).unwrap();
        session.set_clock(1_000_000).unwrap();
        let error = session.set_clock(999_999).unwrap_err();
        assert_eq!(error.code(), Some(codes::CLOCK_BACK));
        session.use_wall_clock().unwrap();
        assert!(!session.is_virtual_clock());
        session.run("INSERT INTO s VALUES (1)").unwrap();
        let error = session.set_clock(2_000_000).unwrap_err();
        assert!(error.to_string().contains("\"s\""), "{error}");
    }

    #[test]
    fn the_wall_may_be_behind() {
        let mut session = Session::new();
        session.run(STREAM).unwrap();
        session.set_clock(i64::MAX / 4).unwrap();
        let error = session.use_wall_clock().unwrap_err();
        assert_eq!(error.code(), Some(codes::CLOCK_BACK));
        assert!(session.is_virtual_clock());
    }

    #[test]
    fn ticks_are_for_the_clock_on_the_wall_and_streams_without_a_time() {
        let mut session = Session::new();
        session
            .run("CREATE STREAM s (v BIGINT); CREATE STREAM t (ts TIMESTAMP, v BIGINT)")
            .unwrap();
        session
            .run("INSERT INTO t VALUES ('2026-01-01 00:00:00Z', 1)")
            .unwrap();
        session.tick().unwrap();
        let times = session.stream_times();
        // Nothing has happened in s: its clock may still be set.
        assert_eq!(times[0], ("s".to_owned(), None));
        let before = times[1].1;
        session.run("INSERT INTO s VALUES (1)").unwrap();
        session.tick().unwrap();
        let times = session.stream_times();
        assert!(times[0].1.is_some());
        assert_eq!(times[1].1, before);
    }
}
