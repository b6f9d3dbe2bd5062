//! A query in a snapshot: what it has counted, what waits for other inputs, what is open in its pattern, and what stands behind that.

use crate::engine::QueryId;
use crate::error::EngineError;
use crate::matcher::{Families, Fragments, Renumbered};
use crate::merge::Merge;
use crate::snapshot::{Damage, Reader, Saved, Writer};
use crate::stats::QueryStats;
use crate::stream::NEVER;

use super::Query;

const FINISHED: u8 = 1;
const PAUSED: u8 = 2;
const MERGE: u8 = 4;
const MATCHER: u8 = 8;

impl Query {
    /// In what form its state is kept.
    pub fn form(&self) -> String {
        match &self.matcher {
            Some(matcher) => matcher.form(self.light),
            None => "rows".to_owned(),
        }
    }

    /// In what form its state is kept, and what of it is kept at all.
    pub fn whole_form(&self) -> String {
        let numbered = self.matcher.as_ref().is_some_and(|it| it.numbers());
        let numbered = if numbered { ", numbered" } else { "" };
        format!("{}{numbered}", self.form())
    }

    /// Whether the graph that its partial matches are to lie in has nodes of others.
    pub fn shares_nodes(&self, families: &Families) -> bool {
        let shared = self.matcher.as_ref().filter(|it| it.shares_graph());
        shared.is_some_and(|it| !families.is_bare(it.place()))
    }

    /// Whether nothing has happened to it.
    pub fn is_new(&self, families: &Families) -> bool {
        let stats = self.stats(families);
        let waits = self.merge.as_ref().is_some_and(|merge| !merge.is_new());
        stats == QueryStats::default() && self.clock == NEVER && !self.paused && !waits
    }

    /// Writes its state. `released`: how many events its first input has let go.
    pub fn save(&self, released: u64, families: &Families, w: &mut Writer) {
        let flag = |is: bool, flag: u8| if is { flag } else { 0 };
        w.byte(
            flag(self.finished, FINISHED)
                | flag(self.paused, PAUSED)
                | flag(self.merge.is_some(), MERGE)
                | flag(self.matcher.is_some(), MATCHER),
        );
        // Some are shown only the events that concern them: the others are counted by the stream.
        let events = self.before.map(|before| released.saturating_sub(before));
        w.u64(events.unwrap_or(self.stats.events));
        w.u64(
            self.before
                .unwrap_or(released.saturating_sub(self.stats.events)),
        );
        w.i64(self.clock);
        self.stats.save(w);
        self.emitter.save(w);
        self.merge.iter().for_each(|merge| merge.save(w));
        if let Some(matcher) = &self.matcher {
            w.text(&matcher.form(self.light));
            matcher.save(self.light, families, w);
        }
    }

    /// Reads its state; nothing has happened to it yet.
    ///
    /// # Errors
    /// The bytes are damaged, or the state was kept in another form.
    pub fn load(
        &mut self,
        id: QueryId,
        families: &mut Families,
        fragments: &mut Fragments,
        r: &mut Reader<'_>,
    ) -> Result<(), EngineError> {
        let flags = r.byte()?;
        let has = |flag: u8| flags & flag != 0;
        let (events, before) = (r.count()?, r.count()?);
        self.clock = r.i64()?;
        self.stats = QueryStats::load(r)?;
        match self.before {
            Some(_) if !has(PAUSED) => self.before = Some(before),
            _ => (self.before, self.stats.events) = (None, events),
        }
        self.emitter.load(r)?;
        self.merge = match has(MERGE) {
            true if self.plan.inputs.len() > 1 => Some(Merge::load(self.plan.inputs.len(), r)?),
            true => return Err(Damage::KIND.into()),
            false => None,
        };
        if has(MATCHER) {
            let form = r.text()?;
            let own = self.form();
            let Some(matcher) = self.matcher.as_mut().filter(|_| form == own) else {
                return Err(EngineError::SnapshotDiffers {
                    what: format!("the execution class of query {} ({})", self.plan.name, id.0),
                    found: form.to_owned(),
                    expected: own,
                });
            };
            matcher.load(self.light, families, &mut self.stats, fragments, r)?;
        } else {
            self.leave(families);
            self.stats.live = 0;
        }
        self.finished = has(FINISHED);
        self.paused = has(PAUSED);
        Ok(())
    }

    /// Gives what it holds of the graph of its family the numbers that it has there.
    pub fn renumber(&mut self, renumbered: &Renumbered, families: &mut Families) {
        if let Some(matcher) = &mut self.matcher {
            renumbered.apply(matcher, self.light, families);
        }
    }
}
