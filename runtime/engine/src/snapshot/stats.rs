//! What was counted.

use crate::stats::{Failure, Limit, QueryError, QueryStats};

use super::{Damage, Reader, Saved, Writer};

/// Queries that read each other are not more than so many in a row.
const DEEPEST: usize = 1_000;

/// What is open, held and kept now is not written: it follows from the state.
impl Saved for QueryStats {
    fn save(&self, w: &mut Writer) {
        // Whoever adds a field must say whether it is kept.
        let QueryStats {
            events,
            matches,
            timeouts,
            rows,
            live: _,
            partitions: _,
            buffered: _,
            errors,
            first_error,
            suppressed,
            undecided,
            shed,
            dropped,
            failed,
            bytes: _,
            evaluations,
            visits,
            bindings,
            done: _,
        } = self;
        for counter in [
            events, matches, timeouts, rows, errors, suppressed, undecided, shed, dropped,
        ] {
            w.u64(*counter);
        }
        for work in [evaluations, visits, bindings] {
            w.u64(*work);
        }
        first_error.save(w);
        failed.save(w);
    }

    fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok(Self {
            events: r.count()?,
            // Matches that are counted, not made, can be more than can be counted.
            matches: r.u64()?,
            timeouts: r.count()?,
            rows: r.count()?,
            errors: r.count()?,
            suppressed: r.count()?,
            undecided: r.count()?,
            shed: r.count()?,
            dropped: r.count()?,
            evaluations: r.count()?,
            visits: r.count()?,
            bindings: r.count()?,
            first_error: Saved::load(r)?,
            failed: Saved::load(r)?,
            ..Self::default()
        })
    }
}

impl Saved for QueryError {
    fn save(&self, w: &mut Writer) {
        self.message.save(w);
        w.i64(self.time);
        self.event.save(w);
    }

    fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok(Self {
            message: Saved::load(r)?,
            time: r.i64()?,
            event: Saved::load(r)?,
        })
    }
}

/// The names of the queries in between, then the limit.
impl Saved for Failure {
    fn save(&self, w: &mut Writer) {
        let (mut names, mut at) = (Vec::new(), self);
        while let Failure::Input { query, why } = at {
            names.push(query);
            at = why;
        }
        w.all(names.into_iter());
        if let Failure::Limit { limit, most } = at {
            w.byte(match limit {
                Limit::PartialMatches => 0,
                Limit::MatchesPerEvent => 1,
                Limit::Memory => 2,
            });
            w.u64(*most);
        }
    }

    fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        let names: Vec<String> = r.all()?;
        if names.len() > DEEPEST {
            return Err(Damage("a failure has too many causes"));
        }
        let limit = match r.byte()? {
            0 => Limit::PartialMatches,
            1 => Limit::MatchesPerEvent,
            2 => Limit::Memory,
            _ => return Err(Damage::KIND),
        };
        let most = r.u64()?;
        let first = Failure::Limit { limit, most };
        Ok(names
            .into_iter()
            .rev()
            .fold(first, |why, query| Failure::Input {
                query,
                why: Box::new(why),
            }))
    }
}
