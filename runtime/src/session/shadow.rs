//! A session beside another one, in which what came happens once more, with queries standing from an earlier moment on.
//!
//! It executes the statements of the log, takes its events and its clocks, as the session itself did: so its streams are as they were, events have the numbers
//! and the order of arrival that they had, and the rows of other queries are those that they gave. Only queries that have no part in what is looked at
//! are left out. At its end it stands where the session stands, and the state of a query in it can go over into the session.

use std::sync::Arc;

use portent_engine::QueryId;
use portent_planner::CompiledQuery;
use portent_planner::catalog::{QueryDef, StreamKind};
use portent_planner::compiled::StreamId;

use super::looking::{At, Beside};
use super::{EventBlock, Piece, Session};
use crate::emitted::Emitted;
use crate::error::Errors;
use crate::flow::{IntoStream, Route};
use crate::past::{Came, Made, Past, What};
use crate::plan::Begin;
use crate::stats::Progress;

use super::OnPiece;
use super::execute::step;

/// After so many records it is told how far it is.
const TELL: u64 = 4096;
/// Rows of the query that is looked at go by this name, which nobody else can have.
const LOOKED_AT: &str = "\u{0}";

/// A query that is to stand in the shadow.
pub(super) struct Actor {
    pub def: Arc<QueryDef>,
    /// Its parts, and the numbers that they have.
    pub parts: Vec<(QueryId, Arc<CompiledQuery>)>,
    /// The streams that it writes into.
    pub into: Vec<IntoStream>,
}

/// What is to happen in it.
pub(super) struct Script {
    /// The query that is looked at.
    pub main: Actor,
    /// Those that it reads, each after those that it reads itself, which are to stand with it as they stand now; empty: they stand as they stood then.
    pub below: Vec<Actor>,
    /// The streams that must be there before it can stand.
    pub needs: Vec<StreamId>,
    pub begin: Begin,
    /// Whose events' time is meant.
    pub whose: Vec<StreamId>,
    /// The position up to which the log is read.
    pub end: u64,
    /// The last event: its record, and its place in that.
    pub last: Option<(u64, usize)>,
    /// Which queries run.
    pub beside: Beside,
}

/// Where counting begins, if the log's beginning is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Base {
    /// The statements before it.
    pub made: Vec<Made>,
    /// How many things the engine had been told.
    pub position: u64,
    /// How many events streams had had.
    pub ordinals: Vec<(StreamId, u64)>,
}

/// Rows that came, and how far the query's output was before them.
pub(super) struct Given {
    pub before: Option<i64>,
    pub rows: Vec<Emitted>,
}

/// What became of it.
pub(super) struct Ran {
    pub session: Session,
    /// Whether the query came to stand.
    pub begun: bool,
}

pub(super) struct Shadow<'a> {
    session: Session,
    script: &'a Script,
    given: &'a mut dyn FnMut(Given) -> Result<(), Errors>,
    begun: bool,
    before: Option<i64>,
    events: u64,
    rows: u64,
}

impl<'a> Shadow<'a> {
    /// Runs the script.
    ///
    /// # Errors
    /// The log can't be read; P0617 if `on` stopped it; what `given` says.
    pub fn run(
        live: &Session,
        past: &Arc<dyn Past>,
        script: &'a Script,
        base: &Base,
        given: &'a mut dyn FnMut(Given) -> Result<(), Errors>,
        on: &mut OnPiece<'_>,
    ) -> Result<Ran, Errors> {
        let mut session = live.twin();
        session.look_back_into(Arc::clone(past));
        session.run_beside(script.beside.clone());
        let mut shadow = Self {
            session,
            script,
            given,
            begun: false,
            before: None,
            events: 0,
            rows: 0,
        };
        shadow.found(base)?;
        let mut coming = past.read(past.first(), script.end)?;
        let mut records: u64 = 0;
        while let Some(came) = coming.next()? {
            records += 1;
            if records.is_multiple_of(TELL) {
                step(on(Piece::Progress(&Progress {
                    events: shadow.events,
                    rows_out: shadow.rows,
                    ..Progress::default()
                })))?;
            }
            if shadow.take(came)? {
                break;
            }
        }
        if script.begin == Begin::Earliest && !shadow.begun {
            shadow.begin()?;
            shadow.give()?;
        }
        shadow.session.replay_at(None);
        Ok(Ran {
            session: shadow.session,
            begun: shadow.begun,
        })
    }

    /// What stood before the log's beginning is made; what had come until then is not known but for its number.
    fn found(&mut self, base: &Base) -> Result<(), Errors> {
        self.session.flow.begin_at(base.position);
        self.session.look_from(At::Making);
        for made in &base.made {
            self.session.make_again(made.clone())?;
        }
        for (stream, ordinal) in &base.ordinals {
            self.session.flow.count_from(*stream, *ordinal);
        }
        self.session.outbox.waiting.clear();
        Ok(())
    }

    /// Whether that was the last.
    fn take(&mut self, came: Came) -> Result<bool, Errors> {
        let Came {
            position,
            now,
            what,
        } = came;
        if self.script.begin == Begin::Earliest && !self.begun {
            self.begin()?;
        }
        let session = &mut self.session;
        session.replay_at(Some(now));
        match what {
            What::Events { stream, rows } => {
                let def = session.stream_named(&stream)?;
                let block = session.block_of(&def, rows)?;
                return self.events(block, def.id, def.event_time.is_none(), position);
            }
            What::Advance(to) => session.advance_to(to)?,
            What::Tick => session.tick()?,
            What::SetClock(to) => session.set_clock(to)?,
            What::WallClock => session.use_wall_clock()?,
            What::Pause(name) if !session.passes_over(&name) => drop(session.pause(&name)?),
            What::Resume(name) if !session.passes_over(&name) => drop(session.resume(&name)?),
            What::Finish => session.finish()?,
            What::Statement(made) => {
                session.look_from(At::Position(position));
                session.make_again(made)?;
            }
            What::Pause(_) | What::Resume(_) | What::Other => {}
        }
        self.give()?;
        Ok(false)
    }

    fn events(
        &mut self,
        block: EventBlock,
        stream: StreamId,
        clocked: bool,
        position: u64,
    ) -> Result<bool, Errors> {
        let script = self.script;
        let mut block = block;
        let last = script.last.filter(|(record, _)| *record <= position);
        if let Some((record, row)) = last {
            if record < position {
                return Ok(true);
            }
            block = block.split(row.saturating_add(1)).0;
        }
        if !self.begun
            && let Begin::At(from) = script.begin
            && script.whose.contains(&stream)
        {
            let now = self.session.now();
            let is_in = |time: &i64| if clocked { now >= from } else { *time >= from };
            if let Some(at) = block.times().iter().position(is_in)
                && self.can_begin()
            {
                let (first, rest) = block.split(at);
                self.push(first)?;
                self.begin()?;
                block = rest;
            }
        }
        self.push(block)?;
        Ok(last.is_some())
    }

    fn push(&mut self, block: EventBlock) -> Result<(), Errors> {
        if block.is_empty() {
            return Ok(());
        }
        self.events += if self.begun { block.len() as u64 } else { 0 };
        self.session.push_block(block)?;
        self.give()
    }

    /// Whether all is there that the query reads.
    fn can_begin(&self) -> bool {
        let there = |id: &StreamId| self.session.flow.point(*id).is_some();
        self.script.needs.iter().all(there)
    }

    /// The query begins to stand, if all is there that it reads.
    fn begin(&mut self) -> Result<(), Errors> {
        if !self.can_begin() {
            return Ok(());
        }
        let script = self.script;
        for actor in &script.below {
            self.session.stand(actor)?;
        }
        self.session.install(&script.main, LOOKED_AT, true)?;
        self.begun = true;
        Ok(())
    }

    /// Hands on the rows that came of what happened last.
    fn give(&mut self) -> Result<(), Errors> {
        let waiting = std::mem::take(&mut self.session.outbox.waiting);
        if !self.begun {
            return Ok(());
        }
        let rows: Vec<Emitted> = waiting
            .into_iter()
            .filter(|it| &*it.query == LOOKED_AT)
            .collect();
        let last = self.script.main.parts.last();
        let watermark = last.and_then(|(id, _)| self.session.flow.output_watermark(*id));
        let before = std::mem::replace(&mut self.before, watermark);
        if rows.is_empty() {
            return Ok(());
        }
        self.rows += rows.len() as u64;
        (self.given)(Given { before, rows })
    }
}

impl Session {
    /// Lets a query stand as it is to be, whatever stands there.
    fn stand(&mut self, actor: &Actor) -> Result<(), Errors> {
        let name = actor.def.name.clone();
        let known = self
            .queries
            .get(&name)
            .map(|standing| standing.parts.clone());
        let ids: Vec<QueryId> = actor.parts.iter().map(|(id, _)| *id).collect();
        // The last statement that made it was executed already: it has its number.
        if known.as_ref() == Some(&ids) {
            for id in ids {
                if self.flow.is_paused(id) {
                    self.flow.resume(id);
                }
            }
        } else {
            for id in known.into_iter().flatten() {
                self.flow.drop_query(id);
            }
            self.install(actor, &name, false)?;
            let turns = Vec::new();
            let parts = ids;
            self.queries
                .insert(name.clone(), super::Standing { parts, turns });
        }
        self.pin(&name);
        Ok(())
    }

    /// Registers a query under the numbers that it has elsewhere. Its rows go by a name.
    fn install(&mut self, actor: &Actor, name: &str, report: bool) -> Result<(), Errors> {
        let last = actor.parts.len().saturating_sub(1);
        for (number, (id, query)) in actor.parts.iter().enumerate() {
            let route = (number == last).then(|| Route {
                name: Arc::from(name),
                schema: Arc::new(actor.def.planned.output.clone()),
                query: Arc::clone(query),
                report,
                streams: actor.into.clone(),
                sinks: Vec::new(),
                rows: 0,
            });
            self.flow.register_at(*id, query, route)?;
        }
        Ok(())
    }

    /// The streams that a query reads and that are not of its own making.
    pub(super) fn needs_of(&self, parts: &[(QueryId, Arc<CompiledQuery>)]) -> Vec<StreamId> {
        let own: Vec<StreamId> = parts.iter().map(|(_, query)| query.output_stream).collect();
        let inputs = parts.iter().flat_map(|(_, query)| &query.inputs);
        let inputs = inputs.map(|it| it.stream);
        inputs.filter(|it| !own.contains(it)).collect()
    }

    /// A query as it stands.
    pub(super) fn actor(&self, def: &Arc<QueryDef>) -> Actor {
        let ids = self.parts(&def.name);
        let last = ids.last().and_then(|id| self.flow.route(*id));
        Actor {
            into: last.map(|route| route.streams.clone()).unwrap_or_default(),
            parts: ids.into_iter().zip(def.queries.iter().cloned()).collect(),
            def: Arc::clone(def),
        }
    }

    /// The names of the streams and queries that a query reads.
    pub(super) fn read_names(&self, def: &QueryDef) -> Vec<String> {
        let mut names = Vec::new();
        crate::plan::look_back::below(&self.catalog, &def.reads, &mut |stream| {
            if let StreamKind::Source | StreamKind::Query { .. } = stream.kind {
                names.push(stream.name.clone());
            }
        });
        names
    }
}
