//! Standing queries that see nothing for a while.

use portent_grammar::codes::runtime as codes;

use super::{Session, Standing};
use crate::error::Errors;
use crate::journal::Note;
use crate::reply::Reply;
use crate::status::QueryState;

/// So often a query may be paused and resumed before the first times are forgotten.
const MOST_TURNS: usize = 256;

impl Session {
    /// From now on a standing query sees no events and reports nothing, as by `PAUSE QUERY`. Its open partial matches are dropped, since
    /// a gap in what it sees would make absences lie. Its definition, its sinks and its readers stay.
    ///
    /// The answer is [`Reply::Paused`]; or [`Reply::Notice`], if there was nothing to pause: it is paused already, or done.
    ///
    /// ```
    /// # use portent::{QueryState, Session, row};
    /// # let mut session = Session::new();
    /// session.run("CREATE STREAM s (ts TIMESTAMP, v BIGINT); CREATE QUERY high AS SELECT v FROM s WHERE v > 1")?;
    /// session.pause("high")?;
    /// session.push("s", row!["2026-01-31 10:00:00Z", 2])?;
    /// session.resume("high")?;
    /// session.push("s", row!["2026-01-31 10:00:01Z", 3])?;
    /// let seen: Vec<_> = session.drain().filter_map(|found| found.get::<i64>("v")).collect();
    /// assert_eq!(seen, [3]);
    /// # Ok::<(), portent::Errors>(())
    /// ```
    ///
    /// # Errors
    /// There is no such query (P0621).
    pub fn pause(&mut self, query: &str) -> Result<Reply, Errors> {
        let name = self.standing_name(query)?;
        let state = self.state_of(&name);
        if state != QueryState::Running {
            return Ok(Reply::Notice(match state {
                QueryState::Paused => format!("query \"{name}\" is paused already"),
                state => format!("query \"{name}\" is {state}: there is nothing to pause"),
            }));
        }
        self.tell_journal(Note::Pause(&name))?;
        let mut dropped = 0;
        for id in self.parts(&name) {
            dropped += self.flow.pause(id);
        }
        self.turn(&name);
        Ok(Reply::Paused { name, dropped })
    }

    /// A standing query that is paused begins afresh, with the events that come from now on, as by `RESUME QUERY`.
    ///
    /// The answer is [`Reply::Resumed`]; or [`Reply::Notice`], if it is not paused.
    ///
    /// # Errors
    /// There is no such query (P0621).
    pub fn resume(&mut self, query: &str) -> Result<Reply, Errors> {
        let name = self.standing_name(query)?;
        if self.state_of(&name) != QueryState::Paused {
            return Ok(Reply::Notice(format!("query \"{name}\" is not paused")));
        }
        self.tell_journal(Note::Resume(&name))?;
        for id in self.parts(&name) {
            self.flow.resume(id);
        }
        self.turn(&name);
        let outbox = &mut self.outbox;
        self.flow.pump(&mut |delivery| outbox.deliver(delivery))?;
        Ok(Reply::Resumed { name })
    }

    /// Notes when a query was paused or resumed: what is explained afterwards must see what it saw.
    fn turn(&mut self, name: &str) {
        let moment = self.flow.moment();
        if let Some(standing) = self.queries.get_mut(name) {
            standing.turns.push(moment);
            // Those that are left begin with a time at which it ran.
            if standing.turns.len() > MOST_TURNS {
                standing.turns.drain(..2);
            }
        }
    }

    /// The name of a standing query as it was created.
    pub(super) fn standing_name(&self, query: &str) -> Result<String, Errors> {
        if self.queries.contains_key(query) {
            return Ok(query.to_owned());
        }
        let mut known = self.queries.keys().map(String::as_str);
        if let Some(name) = known.clone().find(|it| it.eq_ignore_ascii_case(query)) {
            return Ok(name.to_owned());
        }
        let error = Errors::plain(
            codes::NO_SUCH_QUERY,
            format!("there is no query \"{query}\""),
        );
        let near = crate::suggest::nearest(query, known.by_ref());
        Err(match near {
            Some(near) => error.help(format!("did you mean \"{near}\"?")),
            None => error,
        })
    }

    pub(super) fn parts(&self, name: &str) -> Vec<portent_engine::QueryId> {
        let parts = |standing: &Standing| standing.parts.clone();
        self.queries.get(name).map(parts).unwrap_or_default()
    }
}
