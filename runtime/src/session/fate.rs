//! A query is made, or takes the place of another one: what becomes of the state that this one had.

use std::sync::Arc;

use portent_engine::{Donor, Engine, Output, QueryId};
use portent_grammar::Value;
use portent_parser::ast::ObjectKind;
use portent_planner::catalog::QueryDef;
use portent_planner::shape;

use super::apply::{Place, at};
use super::execute::step;
#[cfg(feature = "store")]
use super::shadow::Missed;
use super::{OnPiece, Piece, Session};
use crate::error::Errors;
use crate::flow::refused;
use crate::plan::{Begin, Effect, Explained, NewQuery};
use crate::reply::Reply;
use crate::status::QueryState;

/// What becomes of the state of a query that is replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "store"),
    expect(dead_code, reason = "without a log nothing is rebuilt")
)]
pub(super) enum Fate {
    /// Neither holds anything; whether the new one sees what arrived before it and waits for the watermark.
    None(bool),
    /// The new one goes on with it; so many partial matches are open.
    Kept(u64),
    /// It is as if the new one had stood since the log began: then, and so many records.
    Rebuilt(Option<i64>, u64),
    /// It is lost, and why.
    Afresh(String),
    /// The statement says from when on it sees events.
    Said(Begin),
}

/// Rows of a query, and how far its output was before them.
type Steps = Vec<(Option<i64>, Vec<Output>)>;

/// A state that a query is to go on with, and what came of it.
pub(super) struct Taken {
    /// Part by part.
    slices: Vec<Vec<u8>>,
    donor: Donor,
    /// To be given out.
    steps: Steps,
    /// What it did not see.
    #[cfg(feature = "store")]
    missed: Missed,
}

impl Taken {
    #[cfg(feature = "store")]
    pub fn caught_up(slices: Vec<Vec<u8>>, replaced: bool, steps: Steps, missed: Missed) -> Self {
        let donor = if replaced { Donor::Again } else { Donor::Same };
        Self {
            slices,
            donor,
            steps,
            missed,
        }
    }
}

/// Why a query was not made.
pub(super) enum Unmade {
    /// It came to nothing before anything but the catalog had changed.
    Before(Errors),
    /// What it was to replace is gone.
    Amid(Errors),
}

impl Fate {
    /// A sentence without its full stop.
    fn say(&self, query: &str) -> String {
        let since = |began: &Option<i64>| match began {
            Some(began) => format!("from {}", Value::Timestamp(*began)),
            None => "from the log".to_owned(),
        };
        let what = match self {
            Fate::None(_) => "there is none to keep".to_owned(),
            Fate::Kept(1) => "kept (1 open match)".to_owned(),
            Fate::Kept(open) => format!("kept ({open} open matches)"),
            Fate::Rebuilt(began, records) => {
                format!("rebuilt {} ({records} records of the log)", since(began))
            }
            Fate::Afresh(why) => format!("begins afresh: {why}"),
            Fate::Said(Begin::Earliest) => "caught up from the beginning of the log".to_owned(),
            Fate::Said(Begin::Now) => "begins afresh: FROM NOW says so".to_owned(),
            Fate::Said(Begin::At(from)) => format!("caught up from {}", Value::Timestamp(*from)),
        };
        format!("state of \"{query}\": {what}")
    }
}

impl Session {
    /// Makes a query, and lets it see, or go on with, what it is to.
    pub(super) fn make_query(
        &mut self,
        new: &NewQuery,
        replaced: Option<&Arc<QueryDef>>,
        since: Option<Begin>,
        place: &Place,
        on: &mut OnPiece<'_>,
    ) -> Result<(), Unmade> {
        self.open_targets(new, place).map_err(Unmade::Before)?;
        let taken = self.prepare(new, replaced, since, on);
        let taken = taken.map_err(Unmade::Before)?;
        let old = replaced.and_then(|old| self.queries.get(&old.name));
        let turns = old.map(|standing| standing.turns.clone());
        self.add_query(new, replaced, place).map_err(Unmade::Amid)?;
        let Some(taken) = taken else { return Ok(()) };
        // What is explained afterwards is explained by all that it saw.
        if let Some(standing) = self.queries.get_mut(&new.def.name) {
            match (taken.donor, turns) {
                (Donor::Replaced, Some(turns)) => standing.turns = turns,
                (Donor::Replaced, None) => {}
                (Donor::Same | Donor::Again, _) => standing.turns = vec![0],
            }
        }
        let steps = match self.hand_over(&new.def.name, taken) {
            Ok(steps) => steps,
            Err(errors) => {
                // It can't be left there half made.
                let ident = portent_planner::catalog::name::ident(&new.def.name);
                let dropped = self.catalog.drop(ObjectKind::Query, true, &ident);
                dropped.map_err(|it| Unmade::Amid(it.into()))?;
                let name = new.def.name.clone();
                self.apply(Effect::DropQuery { name }, place, on)
                    .map_err(Unmade::Amid)?;
                return Err(Unmade::Amid(at(errors, place)));
            }
        };
        // It stands now, whatever a sink says to its past.
        if let Err(errors) = self.give_out(&new.def.name, steps) {
            for refused in errors.diagnostics {
                // Whoever wants to stop it now is too late.
                let _ = on(Piece::Reply(Reply::Warning(refused)));
            }
        }
        Ok(())
    }

    /// What a query is to go on with; it is told first.
    fn prepare(
        &mut self,
        new: &NewQuery,
        replaced: Option<&Arc<QueryDef>>,
        since: Option<Begin>,
        on: &mut OnPiece<'_>,
    ) -> Result<Option<Taken>, Errors> {
        let name = &new.def.name;
        if self.need_not_look_back(name) {
            return Ok(None);
        }
        let fate = match (replaced, since) {
            (Some(old), None) => {
                let noted = self.journal.is_some();
                self.fate(old, &new.def.queries, &new.def.planned, noted)?
            }
            (_, Some(since)) => Fate::Said(since),
            (None, None) => return Ok(None),
        };
        let mut tell = |text: String| step(on(Piece::Reply(Reply::Notice(text))));
        if replaced.is_some() {
            tell(fate.say(name))?;
        }
        match (&fate, replaced) {
            (Fate::Kept(_) | Fate::None(true), Some(old)) => {
                let parts = self.parts(&old.name).into_iter();
                let slices = parts.map(|id| self.flow.slice(id).map(|it| it.bytes));
                Ok(Some(Taken {
                    slices: slices.collect::<Result<_, _>>()?,
                    donor: Donor::Replaced,
                    steps: Vec::new(),
                    #[cfg(feature = "store")]
                    missed: Missed::default(),
                }))
            }
            (Fate::Rebuilt(..), _) => {
                // What lies before now was reported.
                self.look_back(new, true, Begin::Earliest, false, on)
            }
            (Fate::Said(begin), _) if *begin != Begin::Now => {
                self.look_back(new, replaced.is_some(), *begin, true, on)
            }
            _ => Ok(None),
        }
    }

    #[cfg(feature = "store")]
    fn look_back(
        &mut self,
        new: &NewQuery,
        replaced: bool,
        begin: Begin,
        rows: bool,
        on: &mut OnPiece<'_>,
    ) -> Result<Option<Taken>, Errors> {
        let past = self.past().ok_or_else(super::catch_up::no_past)?;
        if let (began, _, true) = self.extent(&**past, self.journal.is_some())? {
            let notice = Reply::Notice(super::catch_up::begins_late(began));
            step(on(Piece::Reply(notice)))?;
        }
        let taken = self.catch_up(new, replaced, begin, rows, on)?;
        if let Some(taken) = taken.as_ref().filter(|_| rows)
            && let Some(without) = taken.missed.without
            && let Some(stream) = self.catalog.stream(without)
        {
            let events = match taken.missed.events {
                1 => "1 event".to_owned(),
                events => format!("{events} events"),
            };
            let notice = format!(
                "state of \"{}\": without {events} that came before \"{}\" was there, from which it reads",
                new.def.name, stream.name
            );
            step(on(Piece::Reply(Reply::Notice(notice))))?;
        }
        Ok(taken)
    }

    #[cfg(not(feature = "store"))]
    fn look_back(
        &mut self,
        _new: &NewQuery,
        _replaced: bool,
        _begin: Begin,
        _rows: bool,
        _on: &mut OnPiece<'_>,
    ) -> Result<Option<Taken>, Errors> {
        Err(Self::no_past())
    }

    /// Without the store nothing can be looked back into.
    #[cfg(not(feature = "store"))]
    pub(super) fn no_past() -> Errors {
        use portent_grammar::codes::runtime as codes;
        let message = "this session keeps no log, so there is nothing to look back into";
        let error = Errors::plain(codes::NO_PAST, message);
        error.help("the feature `store` has sessions that keep one")
    }

    #[cfg(feature = "store")]
    fn need_not_look_back(&self, query: &str) -> bool {
        self.is_making() || self.passes_over(query)
    }

    #[cfg(not(feature = "store"))]
    fn need_not_look_back(&self, _query: &str) -> bool {
        false
    }

    /// A query that was just made goes on with a state; what came of it.
    fn hand_over(&mut self, name: &str, taken: Taken) -> Result<Steps, Errors> {
        for (id, slice) in self.parts(name).iter().zip(&taken.slices) {
            self.flow.transplant(*id, slice, taken.donor)?;
        }
        Ok(taken.steps)
    }

    fn give_out(&mut self, name: &str, steps: Steps) -> Result<(), Errors> {
        let parts = self.parts(name);
        let Some(last) = parts.last().filter(|_| !steps.is_empty()) else {
            return Ok(());
        };
        let outbox = &mut self.outbox;
        let mut deliver = |delivery: crate::flow::Delivery<'_>| outbox.deliver(delivery);
        self.flow.give(*last, steps, &mut deliver)
    }

    /// What would become of the state of a query, if another one took its place.
    pub(super) fn fate(
        &self,
        old: &QueryDef,
        new: &[Arc<portent_planner::CompiledQuery>],
        planned: &portent_planner::resolve::Planned,
        noted: bool,
    ) -> Result<Fate, Errors> {
        let mut all = old.queries.iter().chain(new);
        let stateless = all.all(|it| shape::is_stateless(it));
        let why = match self.can_keep(old, new)? {
            Ok(_) if stateless => return Ok(Fate::None(true)),
            Ok(open) => return Ok(Fate::Kept(open)),
            Err(why) => why,
        };
        let inputs = new.iter().flat_map(|it| &it.inputs);
        let mut inputs = inputs.filter_map(|it| self.flow.stream_stats(it.stream));
        if stateless && inputs.all(|it| it.buffered == 0) {
            return Ok(Fate::None(false));
        }
        if let Some(what) = crate::plan::look_back::brings_rows(planned) {
            return Ok(Fate::Afresh(format!("{why}, and {what} are in no log")));
        }
        let rebuilt = self.rebuilt(noted)?;
        Ok(rebuilt.unwrap_or(Fate::Afresh(why)))
    }

    /// It is rebuilt, if there is a log.
    #[cfg(feature = "store")]
    fn rebuilt(&self, noted: bool) -> Result<Option<Fate>, Errors> {
        let Some(past) = self.past() else {
            return Ok(None);
        };
        let (began, records, _) = self.extent(&**past, noted)?;
        Ok(Some(Fate::Rebuilt(began, records)))
    }

    #[cfg(not(feature = "store"))]
    fn rebuilt(&self, _noted: bool) -> Result<Option<Fate>, Errors> {
        Ok(None)
    }

    /// How many partial matches would be kept; or why they can't.
    fn can_keep(
        &self,
        old: &QueryDef,
        new: &[Arc<portent_planner::CompiledQuery>],
    ) -> Result<Result<u64, String>, Errors> {
        match self.state_of(&old.name) {
            QueryState::Paused => return Ok(Err("it was paused".to_owned())),
            QueryState::Failed(_) => return Ok(Err("it had been stopped".to_owned())),
            _ => {}
        }
        let parts = self.parts(&old.name);
        if parts.len() != new.len() || old.queries.len() != new.len() {
            return Ok(Err("it is made of other parts".to_owned()));
        }
        for (one, other) in old.queries.iter().zip(new) {
            if let Err(why) = shape::same_state(one, other) {
                return Ok(Err(why.to_owned()));
            }
        }
        let mut open = 0;
        for (id, query) in parts.iter().zip(new) {
            let form = self.form_of(query)?;
            if self.flow.state_form(*id) != form {
                return Ok(Err("its matches are found in another way".to_owned()));
            }
            open += self.flow.stats(*id).map_or(0, |it| it.live);
        }
        Ok(Ok(open))
    }

    /// In what form the state of a query would be kept.
    fn form_of(
        &self,
        query: &Arc<portent_planner::CompiledQuery>,
    ) -> Result<Option<String>, Errors> {
        let mut engine = Engine::new(super::engine_config(self.settings()));
        for input in &query.inputs {
            if let Some(spec) = self.catalog.spec(input.stream)
                && engine.stream_point(spec.id).is_none()
            {
                engine.add_stream(spec).map_err(refused)?;
            }
        }
        let id: QueryId = engine.register(Arc::clone(query), true).map_err(refused)?;
        Ok(engine.state_form(id))
    }

    /// EXPLAIN of a query that would take the place of another one, or look back.
    pub(super) fn explain_query(&self, explained: &Explained) -> Result<Reply, Errors> {
        let Explained {
            planned,
            name,
            format,
            replaced,
            since,
        } = explained;
        let fate = match (replaced, since) {
            (_, Some(since)) => Some(Fate::Said(*since)),
            (Some(old), None) => Some(self.fate(old, &planned.queries, planned, false)?),
            (None, None) => None,
        };
        let state = fate.map(|fate| fate.say(name));
        let text = portent_planner::explain::explain_with(planned, *format, state.as_deref());
        Ok(Reply::Explained(text))
    }
}
