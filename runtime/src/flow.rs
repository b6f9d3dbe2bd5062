//! An engine and what surrounds it: which query's rows go where.

mod keep;
mod look_back;
mod saved;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use indexmap::IndexMap;
use portent_engine::{Engine, EngineConfig, EngineError, Output, Pushed, QueryId, QueryStats};
use portent_grammar::codes::runtime as codes;
use portent_grammar::value::cast;
use portent_grammar::{Schema, Type, Value};
use portent_planner::CompiledQuery;
use portent_planner::catalog::StreamDef;
use portent_planner::compiled::{StreamId, StreamSpec};
use portent_planner::resolve::ConstantRows;

use crate::Errors;
use crate::history::{History, What};
use crate::ingest::Ingest;
use crate::reader::Events;

use keep::keeper;

/// Fewer rows than this of a larger block are pushed one by one.
const FEW: usize = 8;

/// A query in the engine, and where its rows go besides to the queries that read it.
#[derive(Debug)]
pub(crate) struct Route {
    pub name: Arc<str>,
    pub schema: Arc<Schema>,
    pub query: Arc<CompiledQuery>,
    /// Whether its rows are handed to the outside.
    pub report: bool,
    /// Streams that it writes into.
    pub streams: Vec<IntoStream>,
    /// Sinks that it writes into, by name.
    pub sinks: Vec<String>,
    pub rows: u64,
}

/// A stream that a query writes into.
#[derive(Clone, Debug)]
pub(crate) struct IntoStream {
    pub stream: StreamId,
    /// For each column of the stream: the query's column that fills it, and whether its value must be cast to a type.
    pub columns: Vec<Option<(usize, Option<Type>)>>,
}

/// A stream that takes events from outside, or from queries that write into it.
#[derive(Debug)]
pub(crate) struct Entrance {
    pub name: Arc<str>,
    /// µs
    pub lateness: i64,
    pub ingest: Arc<Ingest>,
    /// The queries that write into it.
    pub fed_by: Vec<QueryId>,
    /// Rows from queries that couldn't become events.
    pub bad: u64,
    pub first_bad: Option<String>,
}

/// What leaves a flow.
pub(crate) enum Delivery<'a> {
    /// A row for the outside.
    Report(&'a Route, Output),
    /// A row for a sink, with the identity of the match that it stands for.
    Sink(&'a str, &'a [Value], Option<u128>),
}

/// Takes what leaves a flow.
pub(crate) type Deliver<'a> = dyn FnMut(Delivery<'_>) -> Result<(), Errors> + 'a;

/// Sinks that failed while something was given out, each with its first error.
type Failed = Vec<(String, Errors)>;

/// An engine, the routes of its queries, and the entrances of its streams.
pub(crate) struct Flow {
    engine: Engine,
    routes: HashMap<QueryId, Route>,
    entrances: IndexMap<StreamId, Entrance>,
    /// Whether some query writes into a stream: then rows must go round after every event, so that the order of events doesn't depend
    /// on the size of blocks.
    feeds_streams: bool,
    /// What became of the rows of a block: room that is used again.
    pushed: Vec<Pushed>,
    /// What came, if it is kept.
    history: Option<Box<History>>,
    /// While nothing is kept: how many records were made before. Moments never come again.
    moment: u64,
}

impl Flow {
    pub fn new(config: EngineConfig) -> Self {
        Self {
            engine: Engine::new(config),
            routes: HashMap::new(),
            entrances: IndexMap::new(),
            feeds_streams: false,
            pushed: Vec::new(),
            history: None,
            moment: 0,
        }
    }

    /// Adds a stream that takes events.
    pub fn add_stream(&mut self, def: &StreamDef) -> Result<(), Errors> {
        if self.entrances.contains_key(&def.id) {
            return Ok(());
        }
        let spec = def.spec();
        let lateness = spec.lateness;
        self.engine.add_stream(spec).map_err(refused)?;
        self.entrances.insert(
            def.id,
            Entrance {
                name: Arc::from(def.name.as_str()),
                lateness,
                ingest: Arc::new(Ingest::new(def)),
                fed_by: Vec::new(),
                bad: 0,
                first_bad: None,
            },
        );
        Ok(())
    }

    /// Adds a stream that is nobody's but a query's: of VALUES.
    pub fn add_hidden(&mut self, spec: &StreamSpec) -> Result<(), Errors> {
        self.engine.add_stream(spec.clone()).map_err(refused)
    }

    pub fn has_stream(&self, id: StreamId) -> bool {
        self.entrances.contains_key(&id)
    }

    pub fn remove_stream(&mut self, id: StreamId) {
        self.entrances.shift_remove(&id);
        self.engine.finish_stream(id);
        if let Some(history) = &mut self.history {
            history.forget(id);
        }
    }

    pub fn entrances(&self) -> impl Iterator<Item = (StreamId, &Entrance)> {
        self.entrances.iter().map(|(id, entrance)| (*id, entrance))
    }

    /// Registers a query. `route`: where its rows go; `None`: only other queries read it.
    pub fn register(
        &mut self,
        query: &Arc<CompiledQuery>,
        route: Option<Route>,
    ) -> Result<QueryId, Errors> {
        let id = self
            .engine
            .register(Arc::clone(query), route.is_some())
            .map_err(refused)?;
        self.route_to(id, route);
        Ok(id)
    }

    fn route_to(&mut self, id: QueryId, route: Option<Route>) {
        let Some(route) = route else { return };
        for into in &route.streams {
            self.feeds_streams = true;
            if let Some(entrance) = self.entrances.get_mut(&into.stream) {
                entrance.fed_by.push(id);
            }
        }
        self.routes.insert(id, route);
    }

    pub fn drop_query(&mut self, id: QueryId) {
        self.engine.drop_query(id);
        self.routes.remove(&id);
        for entrance in self.entrances.values_mut() {
            entrance.fed_by.retain(|it| *it != id);
        }
        self.feeds_streams = self.routes.values().any(|it| !it.streams.is_empty());
    }

    /// A query sees nothing from now on. How many partial matches were open in it.
    pub fn pause(&mut self, id: QueryId) -> u64 {
        self.engine.pause(id).unwrap_or(0)
    }

    /// A query that is paused begins afresh.
    pub fn resume(&mut self, id: QueryId) {
        self.engine.resume(id);
    }

    pub fn is_paused(&self, id: QueryId) -> bool {
        self.engine.is_paused(id)
    }

    pub fn route(&self, id: QueryId) -> Option<&Route> {
        self.routes.get(&id)
    }

    pub fn set_report(&mut self, id: QueryId, report: bool) {
        if let Some(route) = self.routes.get_mut(&id) {
            route.report = report;
        }
    }

    pub fn stats(&self, id: QueryId) -> Option<QueryStats> {
        self.engine.stats(id)
    }

    pub fn stream_stats(&self, id: StreamId) -> Option<portent_engine::StreamStats> {
        self.engine.stream_stats(id)
    }

    pub fn is_done(&self, id: QueryId) -> bool {
        self.engine.is_done(id)
    }

    /// The rows of a `VALUES`, which then ends.
    pub fn push_constants(
        &mut self,
        constants: &ConstantRows,
        deliver: &mut Deliver<'_>,
    ) -> Result<(), Errors> {
        for (at, row) in constants.rows.iter().enumerate() {
            let time = constant_time(constants, at, row);
            self.engine
                .push(constants.stream, time, row.clone())
                .map_err(refused)?;
        }
        self.engine.finish_stream(constants.stream);
        self.pump(deliver)
    }

    /// One event. What it causes has been delivered when the call returns, if queries feed streams; else call [`Self::pump`].
    pub fn push(
        &mut self,
        stream: StreamId,
        time: i64,
        values: Vec<Value>,
        deliver: &mut Deliver<'_>,
    ) -> Result<Pushed, Errors> {
        let pushed = match self.is_kept(stream) {
            false => self.engine.push(stream, time, values).map_err(refused)?,
            true => {
                let kept = values.clone();
                let pushed = self.engine.push(stream, time, values).map_err(refused)?;
                self.note(stream, What::Event(time, kept, pushed));
                pushed
            }
        };
        if self.feeds_streams {
            self.pump(deliver)?;
        }
        Ok(pushed)
    }

    /// Events of a block, in order, as if each were pushed by itself; call [`Self::pump`] afterwards.
    pub fn push_rows(
        &mut self,
        stream: StreamId,
        events: &Events,
        rows: Range<usize>,
        deliver: &mut Deliver<'_>,
    ) -> Result<(), Errors> {
        // Rows that go round must do so after each event. And to make a block of a few rows costs more than it saves.
        if self.feeds_streams || (rows.len() < FEW && rows.len() < events.times.len()) {
            for row in rows {
                let time = events.times.get(row).copied().unwrap_or_default();
                self.push(stream, time, events.columns.row(row), deliver)?;
            }
            return Ok(());
        }
        self.pushed.clear();
        let kept = self.is_kept(stream).then(|| rows.clone());
        let pushed = if rows.len() == events.times.len() {
            self.engine
                .push_block(stream, &events.times, &events.columns, &mut self.pushed)
        } else {
            let times = events.times.get(rows.clone()).unwrap_or_default();
            let columns = events.columns.slice(rows);
            self.engine
                .push_block(stream, times, &columns, &mut self.pushed)
        };
        pushed.map_err(refused)?;
        for (row, at) in kept.into_iter().flatten().zip(0..) {
            let time = events.times.get(row).copied().unwrap_or_default();
            if let Some(pushed) = self.pushed.get(at).copied() {
                self.note(stream, What::Event(time, events.columns.row(row), pushed));
            }
        }
        Ok(())
    }

    /// Time passes in all streams that no query feeds (those follow their queries).
    pub fn advance(&mut self, to: i64, deliver: &mut Deliver<'_>) -> Result<(), Errors> {
        let streams: Vec<StreamId> = self.unfed().collect();
        for stream in streams {
            self.advance_stream(stream, to);
        }
        self.pump(deliver)
    }

    /// The number that the next query gets.
    pub fn next_query_number(&self) -> u32 {
        self.engine.next_query_number()
    }

    /// The next query gets this number, or a greater one that is free.
    #[cfg(feature = "store")]
    pub fn number_queries_from(&mut self, number: u32) {
        self.engine.number_queries_from(number);
    }

    /// Time passes in these streams, unless queries feed them.
    pub fn advance_streams(
        &mut self,
        streams: &[StreamId],
        to: i64,
        deliver: &mut Deliver<'_>,
    ) -> Result<(), Errors> {
        let unfed: Vec<StreamId> = self.unfed().filter(|it| streams.contains(it)).collect();
        for stream in unfed {
            self.engine.advance(stream, to);
        }
        self.pump(deliver)
    }

    /// What was dropped leaves nothing behind, unless somebody still reads it.
    pub fn forget_streams(&mut self, keep: impl Fn(StreamId) -> bool) {
        let entrances = &self.entrances;
        self.engine
            .forget_streams(|id| entrances.contains_key(&id) || keep(id));
    }

    /// Whether anything but the clock of a stream moves when time passes up to there.
    pub fn minds(&self, stream: StreamId, to: i64) -> bool {
        self.engine.minds(stream, to)
    }

    /// Whether some query writes into a stream.
    pub fn feeds_streams(&self) -> bool {
        self.feeds_streams
    }

    fn unfed(&self) -> impl Iterator<Item = StreamId> {
        self.entrances
            .iter()
            .filter(|(_, it)| it.fed_by.is_empty())
            .map(|(id, _)| *id)
    }

    /// The end of all input: streams from outside first, then those that queries feed, in the order in which they depend on each
    /// other.
    pub fn finish(&mut self, deliver: &mut Deliver<'_>) -> Result<(), Errors> {
        let first: Vec<StreamId> = self.unfed().collect();
        for stream in first {
            self.finish_stream(stream);
        }
        self.engine.finish_paused();
        self.pump(deliver)?;
        // Each round ends the streams all of whose feeding queries are done; cycles are refused at CREATE, so that this comes to an end.
        let mut open: Vec<StreamId> = self
            .entrances
            .iter()
            .filter(|(_, it)| !it.fed_by.is_empty())
            .map(|(id, _)| *id)
            .collect();
        while !open.is_empty() {
            let done = |stream: &StreamId| {
                let fed_by = self.entrances.get(stream).map(|it| it.fed_by.as_slice());
                fed_by
                    .unwrap_or_default()
                    .iter()
                    .all(|id| self.engine.is_done(*id))
            };
            let (ready, waiting): (Vec<StreamId>, Vec<StreamId>) =
                open.iter().partition(|it| done(it));
            if ready.is_empty() {
                break;
            }
            for stream in ready {
                self.finish_stream(stream);
            }
            self.pump(deliver)?;
            open = waiting;
        }
        let open: Vec<StreamId> = self.entrances.keys().copied().collect();
        open.into_iter()
            .for_each(|stream| self.finish_stream(stream));
        self.engine.finish();
        self.pump(deliver)
    }

    /// Delivers what has come out, and what comes of it.
    pub fn pump(&mut self, deliver: &mut Deliver<'_>) -> Result<(), Errors> {
        let mut failed = Vec::new();
        self.pump_all(deliver, &mut failed)?;
        failed
            .into_iter()
            .next()
            .map_or(Ok(()), |(_, errors)| Err(errors))
    }

    /// A sink that fails gets nothing more of this, and is told at the end: nobody else shall miss what is for him.
    fn pump_all(&mut self, deliver: &mut Deliver<'_>, failed: &mut Failed) -> Result<(), Errors> {
        self.route_all(deliver, failed)?;
        if self.feeds_streams {
            self.follow(deliver, failed)?;
        }
        Ok(())
    }

    /// Delivers what has come out, and what comes of it at once.
    fn route_all(&mut self, deliver: &mut Deliver<'_>, failed: &mut Failed) -> Result<(), Errors> {
        loop {
            let mut outputs = self.engine.drain().peekable();
            if outputs.peek().is_none() {
                return Ok(());
            }
            for output in outputs {
                self.route_one(output, deliver, failed)?;
            }
        }
    }

    fn route_one(
        &mut self,
        output: Output,
        deliver: &mut Deliver<'_>,
        failed: &mut Failed,
    ) -> Result<(), Errors> {
        let Some(route) = self.routes.get_mut(&output.query) else {
            return Ok(());
        };
        route.rows += 1;
        let id = output.match_id.map(|it| it.0);
        for sink in &route.sinks {
            if failed.iter().any(|(it, _)| it == sink) {
                continue;
            }
            if let Err(errors) = deliver(Delivery::Sink(sink, &output.values, id)) {
                failed.push((sink.clone(), errors));
            }
        }
        for into in &route.streams {
            let Some(entrance) = self.entrances.get_mut(&into.stream) else {
                continue;
            };
            let row = fill(into, &output.values).and_then(|mut values| {
                let time = entrance.ingest.apply(&mut values, output.time);
                time.map(|time| (time, values))
                    .map_err(|error| error.message)
            });
            match row {
                Ok((time, values)) => {
                    let stream = into.stream;
                    let history = &mut self.history;
                    let keeper = keeper(history, &self.engine, stream, entrance.lateness);
                    let kept = keeper.map(|history| (history, values.clone()));
                    let pushed = self.engine.push(stream, time, values).map_err(refused)?;
                    if let Some((history, values)) = kept {
                        history.note(stream, What::Event(time, values, pushed));
                    }
                }
                Err(message) => {
                    entrance.bad += 1;
                    entrance
                        .first_bad
                        .get_or_insert_with(|| format!("a row of {}: {message}", route.name));
                }
            }
        }
        if route.report {
            deliver(Delivery::Report(route, output))?;
        }
        Ok(())
    }

    /// A stream that queries feed is as far in time as they are.
    fn follow(&mut self, deliver: &mut Deliver<'_>, failed: &mut Failed) -> Result<(), Errors> {
        let mut moved = false;
        for (stream, entrance) in &self.entrances {
            let watermark = entrance
                .fed_by
                .iter()
                .map(|id| self.engine.output_watermark(*id))
                .min()
                .flatten();
            let now = self
                .engine
                .stream_stats(*stream)
                .and_then(|it| it.watermark);
            if let Some(watermark) = watermark.filter(|it| now.is_none_or(|now| now < *it)) {
                let history = &mut self.history;
                if let Some(history) = keeper(history, &self.engine, *stream, entrance.lateness) {
                    history.note(*stream, What::Watermark(watermark));
                }
                self.engine.advance(*stream, watermark);
                moved = true;
            }
        }
        match moved {
            true => self.pump_all(deliver, failed),
            false => Ok(()),
        }
    }
}

/// A row of a query as a row of the stream that it writes into.
pub(crate) fn fill(into: &IntoStream, values: &[Value]) -> Result<Vec<Value>, String> {
    let cell = |column: &Option<(usize, Option<Type>)>| match column {
        None => Ok(Value::Null),
        Some((from, ty)) => {
            let value = values.get(*from).cloned().unwrap_or_default();
            match ty {
                Some(ty) => cast(value, ty),
                None => Ok(value),
            }
        }
    };
    into.columns.iter().map(cell).collect()
}

/// The event time of a row of VALUES: its column, or its place.
pub(crate) fn constant_time(constants: &ConstantRows, at: usize, row: &[Value]) -> i64 {
    match constants.event_time.and_then(|slot| row.get(slot)) {
        Some(Value::Timestamp(micros)) => *micros,
        // Without a time they come first, as they are written.
        Some(_) => i64::MIN / 2,
        None => i64::try_from(at).unwrap_or(i64::MAX),
    }
}

/// The engine's refusal as an error.
pub(crate) fn refused(error: EngineError) -> Errors {
    match &error {
        EngineError::StreamEnded(name) => Errors::plain(
            codes::STREAM_ENDED,
            format!("the input of \"{name}\" has ended"),
        ),
        EngineError::DerivedStream(name) => Errors::plain(
            codes::PUSH_DERIVED,
            format!("\"{name}\" is computed, no events can be put into it"),
        ),
        EngineError::SnapshotImpossible(_) => {
            Errors::plain(codes::SNAPSHOT_IMPOSSIBLE, error.to_string())
        }
        EngineError::SnapshotDamaged(_) => {
            Errors::plain(codes::SNAPSHOT_DAMAGED, error.to_string())
        }
        EngineError::SnapshotDiffers { .. } => {
            Errors::plain(codes::SNAPSHOT_DIFFERS, error.to_string())
        }
        _ => Errors::plain(codes::ENGINE_REFUSED, error.to_string()),
    }
}
