//! A session beside another one, in which what came happens once more, with queries standing from an earlier moment on: one, or several for one reading.
//!
//! It executes the statements of the log, takes its events and its clocks, as the session itself did: so its streams are as they were, events have the numbers
//! and the order of arrival that they had, and the rows of other queries are those that they gave. Only queries that have no part in what is looked at
//! are left out. At its end it stands where the session stands, and the state of a query in it can go over into the session.

use std::collections::BTreeMap;
use std::sync::Arc;

use portent_engine::QueryId;
use portent_planner::CompiledQuery;
use portent_planner::catalog::{QueryDef, StreamKind};
use portent_planner::compiled::StreamId;

use super::looking::{At, Beside};
use super::{EventBlock, Session};
use crate::emitted::Emitted;
use crate::error::Errors;
use crate::flow::{IntoStream, Route};
use crate::past::{Came, Made, Past, What};
use crate::plan::Begin;
use crate::stats::Progress;

use super::OnPiece;
use super::outlook::Pace;

/// Rows of a query that is looked at go by a name which nobody else can have: this, and its place.
const LOOKED_AT: char = '\u{0}';

/// A query that is to stand in the shadow.
#[derive(Clone)]
pub(super) struct Actor {
    pub def: Arc<QueryDef>,
    /// Its parts, and the numbers that they have.
    pub parts: Vec<(QueryId, Arc<CompiledQuery>)>,
    /// The streams that it writes into.
    pub into: Vec<IntoStream>,
}

/// A query that is looked at.
#[derive(Clone)]
pub(super) struct Main {
    pub actor: Actor,
    /// The streams that must be there before it can stand.
    pub needs: Vec<StreamId>,
    pub begin: Begin,
    /// Whose events' time is meant.
    pub whose: Vec<StreamId>,
    /// Whether anybody wants its rows.
    pub rows: bool,
}

impl Main {
    /// Whether the other one is the same, if nothing was made or dropped between the two: it has the same numbers, and begins alike.
    pub fn is_like(&self, other: &Self) -> bool {
        let ids = |main: &Self| -> Vec<QueryId> {
            let parts = main.actor.parts.iter();
            parts.map(|(id, _)| *id).collect()
        };
        let outputs = |main: &Self| -> Vec<StreamId> {
            let parts = main.actor.parts.iter();
            parts.map(|(_, query)| query.output_stream).collect()
        };
        let (def, others) = (&self.actor.def, &other.actor.def);
        def.name == others.name
            && def.output == others.output
            && def.reads == others.reads
            && self.begin == other.begin
            && self.rows == other.rows
            && ids(self) == ids(other)
            && outputs(self) == outputs(other)
    }
}

/// What is to happen in it.
#[derive(Clone)]
pub(super) struct Script {
    /// The queries that are looked at; none of them reads another one.
    pub mains: Vec<Main>,
    /// Those that they read, each after those that it reads itself, which are to stand with them as they stand now; empty: they stand as they stood then.
    pub below: Vec<Actor>,
    /// The last event: its record, and its place in that.
    pub last: Option<(u64, usize)>,
    /// Which queries run.
    pub beside: Beside,
}

impl Script {
    /// The same, with another beginning and another end.
    pub fn with(&self, begin: Begin, last: Option<(u64, usize)>) -> Arc<Self> {
        let mut script = self.clone();
        script.last = last;
        for main in &mut script.mains {
            main.begin = begin;
        }
        Arc::new(script)
    }
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

/// What came before all was there that a query reads, though it was to begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Missed {
    /// How many events of its streams.
    pub events: u64,
    /// What was not there at the first of them.
    pub without: Option<StreamId>,
}

/// Rows that came of a query that is looked at, and how far its output was before them.
pub(super) struct Given {
    /// Its place among those that are looked at.
    pub main: usize,
    pub before: Option<i64>,
    pub rows: Vec<Emitted>,
}

/// Takes the rows of the queries that are looked at.
pub(super) type OnGiven<'a> = dyn FnMut(Given) -> Result<(), Errors> + 'a;

/// See the module. It can be stopped between two records, and go on, on another thread also.
pub(super) struct Shadow {
    session: Session,
    script: Arc<Script>,
    past: Arc<dyn Past>,
    /// Up to where it has read.
    at: u64,
    /// Those that have come to stand, by their places.
    begun: Vec<bool>,
    /// How far their outputs were.
    before: Vec<Option<i64>>,
    /// What they did not see.
    missed: Vec<Missed>,
    /// The last event was seen.
    ended: bool,
    /// Statements that lasted, among what was read.
    statements: u64,
    pace: Pace,
    events: u64,
    rows: u64,
}

impl Shadow {
    /// One that has read nothing yet. `session`: in which nothing stands.
    ///
    /// # Errors
    /// What stood before the log begins can't be made again.
    pub fn new(
        session: Session,
        past: &Arc<dyn Past>,
        script: &Arc<Script>,
        base: &Base,
    ) -> Result<Self, Errors> {
        let mut shadow = Self {
            session,
            script: Arc::clone(script),
            past: Arc::clone(past),
            at: past.first(),
            begun: vec![false; script.mains.len()],
            before: vec![None; script.mains.len()],
            missed: vec![Missed::default(); script.mains.len()],
            ended: false,
            statements: 0,
            pace: Pace::default(),
            events: 0,
            rows: 0,
        };
        shadow.session.look_back_into(Arc::clone(past));
        shadow.session.run_beside(script.beside.clone());
        shadow.found(base)?;
        Ok(shadow)
    }

    /// Reads on up to a position behind which a statement may not have failed: one up to which its session has done everything.
    ///
    /// # Errors
    /// The log can't be read; P0617 if `on` stopped it; what `given` says. Then it can't go on.
    pub fn read_to(
        &mut self,
        end: u64,
        given: &mut OnGiven<'_>,
        on: &mut OnPiece<'_>,
    ) -> Result<(), Errors> {
        let mut coming = self.past.read(self.at, end)?;
        while !self.ended
            && let Some(came) = coming.next()?
        {
            let (events, rows) = (self.events, self.rows);
            let progress = || Progress {
                events,
                rows_out: rows,
                ..Progress::default()
            };
            self.pace.tell(&came.what, on, progress)?;
            self.ended = self.take(came, given)?;
        }
        self.at = end;
        Ok(())
    }

    /// Nothing more comes: who begins with the first record stands also if there is none.
    ///
    /// # Errors
    /// As [`Self::read_to`].
    pub fn end(&mut self, given: &mut OnGiven<'_>) -> Result<(), Errors> {
        self.begin_first()?;
        self.give(given)?;
        self.session.replay_at(None);
        Ok(())
    }

    /// Whether a query has come to stand.
    pub fn has_begun(&self, main: usize) -> bool {
        self.begun.get(main).copied().unwrap_or_default()
    }

    /// What a query did not see.
    pub fn missed(&self, main: usize) -> Missed {
        self.missed.get(main).copied().unwrap_or_default()
    }

    /// Up to where it has read.
    #[cfg(feature = "serve")]
    pub fn at(&self) -> u64 {
        self.at
    }

    /// How many statements lasted among what it read.
    pub fn statements(&self) -> u64 {
        self.statements
    }

    /// What it is now.
    pub fn session(&self) -> &Session {
        &self.session
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
    fn take(&mut self, came: Came, given: &mut OnGiven<'_>) -> Result<bool, Errors> {
        let Came {
            position,
            now,
            what,
        } = came;
        self.begin_first()?;
        let session = &mut self.session;
        session.replay_at(Some(now));
        match what {
            What::Events { stream, rows } => {
                let def = session.stream_named(&stream)?;
                let block = session.block_of(&def, rows)?;
                return self.events(block, def.id, def.event_time.is_none(), position, given);
            }
            What::Advance(to) => session.advance_to(to)?,
            What::Tick => session.tick()?,
            What::SetClock(to) => session.set_clock(to)?,
            What::WallClock => session.use_wall_clock()?,
            What::Pause(name) if !session.passes_over(&name) => drop(session.pause(&name)?),
            What::Resume(name) if !session.passes_over(&name) => drop(session.resume(&name)?),
            What::Finish => session.finish()?,
            What::Statement(made) => {
                self.statements += 1;
                session.look_from(At::Position(position));
                session.make_again(made)?;
            }
            What::Pause(_) | What::Resume(_) | What::Other => {}
        }
        self.give(given)?;
        Ok(false)
    }

    fn events(
        &mut self,
        block: EventBlock,
        stream: StreamId,
        clocked: bool,
        position: u64,
        given: &mut OnGiven<'_>,
    ) -> Result<bool, Errors> {
        let script = Arc::clone(&self.script);
        let mut block = block;
        let last = script.last.filter(|(record, _)| *record <= position);
        if let Some((record, row)) = last {
            if record < position {
                return Ok(true);
            }
            block = block.split(row.saturating_add(1)).0;
        }
        self.miss(&block, stream, clocked);
        while let Some((at, main)) = self.next_to_begin(&block, stream, clocked) {
            let (first, rest) = block.split(at);
            self.push(first, given)?;
            self.begin(main)?;
            block = rest;
        }
        self.push(block, given)?;
        Ok(last.is_some())
    }

    /// Counts the rows of a block that queries don't see which were to have begun.
    fn miss(&mut self, block: &EventBlock, stream: StreamId, clocked: bool) {
        let now = self.session.now();
        let mains = self.script.mains.iter().zip(&self.begun);
        for ((main, begun), missed) in mains.zip(&mut self.missed) {
            if *begun || !main.whose.contains(&stream) {
                continue;
            }
            let is_missing = |id: &&StreamId| self.session.flow.point(**id).is_none();
            let Some(without) = main.needs.iter().find(is_missing) else {
                continue;
            };
            let rows = match main.begin {
                Begin::Now => 0,
                Begin::Earliest => block.len(),
                Begin::At(from) if clocked => block.len() * usize::from(now >= from),
                Begin::At(from) => block.times().iter().filter(|it| **it >= from).count(),
            };
            if rows > 0 {
                missed.events += rows as u64;
                missed.without.get_or_insert(*without);
            }
        }
    }

    /// Before which row of a block a query begins that has not begun yet: the first of them.
    fn next_to_begin(
        &self,
        block: &EventBlock,
        stream: StreamId,
        clocked: bool,
    ) -> Option<(usize, usize)> {
        let now = self.session.now();
        let waiting = self.script.mains.iter().enumerate().filter(|(at, main)| {
            !self.has_begun(*at) && main.whose.contains(&stream) && self.can_begin(main)
        });
        let begins = waiting.filter_map(|(main, it)| {
            let Begin::At(from) = it.begin else {
                return None;
            };
            let is_in = |time: &i64| if clocked { now >= from } else { *time >= from };
            Some((block.times().iter().position(is_in)?, main))
        });
        begins.min()
    }

    fn push(&mut self, block: EventBlock, given: &mut OnGiven<'_>) -> Result<(), Errors> {
        if block.is_empty() {
            return Ok(());
        }
        let counts = self.begun.contains(&true);
        self.events += if counts { block.len() as u64 } else { 0 };
        self.session.push_block(block)?;
        self.give(given)
    }

    /// Whether all is there that a query reads.
    fn can_begin(&self, main: &Main) -> bool {
        let there = |id: &StreamId| self.session.flow.point(*id).is_some();
        main.needs.iter().all(there)
    }

    /// The queries begin to stand that begin with the log, as soon as all is there that they read.
    fn begin_first(&mut self) -> Result<(), Errors> {
        let script = Arc::clone(&self.script);
        for (at, main) in script.mains.iter().enumerate() {
            if main.begin == Begin::Earliest && !self.has_begun(at) && self.can_begin(main) {
                self.begin(at)?;
            }
        }
        Ok(())
    }

    /// A query begins to stand.
    fn begin(&mut self, at: usize) -> Result<(), Errors> {
        let script = Arc::clone(&self.script);
        let Some(main) = script.mains.get(at) else {
            return Ok(());
        };
        for actor in &script.below {
            self.session.stand(actor)?;
        }
        let name = format!("{LOOKED_AT}{at}");
        self.session.install(&main.actor, &name, main.rows)?;
        if let Some(begun) = self.begun.get_mut(at) {
            *begun = true;
        }
        Ok(())
    }

    /// Hands on the rows that came of what happened last.
    fn give(&mut self, given: &mut OnGiven<'_>) -> Result<(), Errors> {
        let waiting = std::mem::take(&mut self.session.outbox.waiting);
        let mut rows: BTreeMap<usize, Vec<Emitted>> = BTreeMap::new();
        for row in waiting {
            let main = row.query.strip_prefix(LOOKED_AT);
            if let Some(main) = main.and_then(|it| it.parse().ok()) {
                rows.entry(main).or_default().push(row);
            }
        }
        let script = Arc::clone(&self.script);
        let heard = script.mains.iter().zip(&mut self.before).enumerate();
        for (at, (main, before)) in heard.filter(|(_, (main, _))| main.rows) {
            if self.begun.get(at) != Some(&true) {
                continue;
            }
            let last = main.actor.parts.last();
            let watermark = last.and_then(|(id, _)| self.session.flow.output_watermark(*id));
            let before = std::mem::replace(before, watermark);
            let Some(rows) = rows.remove(&at) else {
                continue;
            };
            self.rows += rows.len() as u64;
            given(Given {
                main: at,
                before,
                rows,
            })?;
        }
        Ok(())
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
