//! The engine: streams, the queries that read them, and the order in which things happen.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

use indexmap::IndexMap;
use portent_grammar::{Column, Columns, Schema, Type, Value};
use portent_planner::CompiledQuery;
use portent_planner::compiled::{StreamId, StreamSpec};
use rustc_hash::FxBuildHasher;

use crate::config::EngineConfig;
use crate::dispatch::Scratch;
use crate::error::EngineError;
use crate::event::Event;
use crate::id::MatchId;
use crate::index::BlockRow;
use crate::matcher::Families;
use crate::query::Query;
use crate::readers::Reader;
use crate::standing::Standing;
use crate::stats::{QueryStats, StreamPoint, StreamStats};
use crate::stream::{Admission, NEVER, Origin, Stream};

/// The number of a registered query. Never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueryId(pub u32);

/// What became of a pushed event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It was in time.
    Accepted,
    /// It was before the watermark: no query sees it, but the stream of late events has it.
    Late,
    /// It was too far ahead of all others: as if late.
    Ahead,
}

/// A row of the output of a query.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// The query.
    pub query: QueryId,
    /// Its event time in the query's output stream, µs: when the match became certain, or the event's own time. With
    /// ORDER BY: the end of the input.
    pub time: i64,
    /// The columns of [`CompiledQuery::output`].
    pub values: Vec<Value>,
    /// The identity of the match, of a query with a pattern.
    pub match_id: Option<MatchId>,
}

/// All streams and queries. Synchronous: what an event causes has happened when the call returns.
///
/// ```
/// use portent_engine::{Engine, EngineConfig, Pushed};
/// use portent_planner::compiled::{StreamId, StreamSpec};
///
/// let mut engine = Engine::new(EngineConfig::default());
/// let spec = StreamSpec {
///     id: StreamId(0),
///     name: "ticks".into(),
///     schema: Default::default(),
///     lateness: 0,
///     max_ahead: None,
///     late: None,
/// };
/// engine.add_stream(spec).unwrap();
/// assert_eq!(engine.push(StreamId(0), 10, vec![]), Ok(Pushed::Accepted));
/// assert_eq!(engine.push(StreamId(0), 9, vec![]), Ok(Pushed::Late));
/// ```
pub struct Engine {
    pub(crate) config: EngineConfig,
    pub(crate) streams: IndexMap<StreamId, Box<Stream>, FxBuildHasher>,
    /// By number; `None`: dropped, or not there yet.
    pub(crate) queries: Vec<Option<Box<Query>>>,
    /// The number of the next query.
    pub(crate) next_query: u32,
    /// By number.
    pub(crate) standings: Vec<Standing>,
    pub(crate) families: Families,
    /// What is still to be told to readers, in the order in which it happened.
    pub(crate) agenda: VecDeque<Item>,
    pub(crate) outputs: Vec<Output>,
    pub(crate) scratch: Scratch,
    /// How many things it was told: the order of arrival of the next event.
    pub(crate) position: u64,
    /// The queries that are asleep, and until when.
    pub(crate) asleep: BinaryHeap<Reverse<(u64, QueryId)>>,
}

/// Something that the readers of a stream must be told.
pub(crate) enum Item {
    Event(StreamId, Arc<Event>),
    Watermark(StreamId, i64),
    Ended(StreamId),
    /// The query whose output it is was stopped.
    Failed(StreamId),
}

impl Engine {
    /// An engine without streams and queries.
    pub fn new(config: EngineConfig) -> Self {
        Self {
            config,
            streams: IndexMap::default(),
            queries: Vec::new(),
            next_query: 0,
            standings: Vec::new(),
            families: Families::default(),
            agenda: VecDeque::new(),
            outputs: Vec::new(),
            scratch: Scratch::default(),
            position: 0,
            asleep: BinaryHeap::new(),
        }
    }

    /// Adds a stream of events from outside. Its stream of late events, if it names one, is added with it (or taken,
    /// if it was added before).
    ///
    /// # Errors
    /// [`EngineError::DuplicateStream`] if there is a stream of that number.
    pub fn add_stream(&mut self, spec: StreamSpec) -> Result<(), EngineError> {
        if let Some(known) = self.streams.get_mut(&spec.id) {
            // The stream of late events, which came with the stream itself.
            if known.origin == Origin::Late {
                known.spec = spec;
                return Ok(());
            }
            return Err(EngineError::DuplicateStream(spec.id));
        }
        if let Some(late) = spec.late {
            match self.streams.get_mut(&late) {
                Some(known) => known.origin = Origin::Late,
                None => {
                    let mut schema = Vec::clone(&spec.schema);
                    schema.push(Column::new("lateness_reason", Type::Text));
                    let name = format!("{}$late", spec.name);
                    self.streams.insert(
                        late,
                        Stream::new(derived(late, name, Arc::new(schema)), Origin::Late),
                    );
                }
            }
        }
        self.streams
            .insert(spec.id, Stream::new(spec, Origin::Source));
        Ok(())
    }

    /// The number that the next query gets.
    pub fn next_query_number(&self) -> u32 {
        self.next_query
    }

    /// The next query gets this number, or a greater one that is free: for an engine that is built again as it was. The numbers between are
    /// as those of dropped queries. O(their number).
    pub fn number_queries_from(&mut self, number: u32) {
        self.next_query = self.next_query.max(number);
        self.make_places(self.next_query);
    }

    /// There is a place for each query of a smaller number.
    fn make_places(&mut self, number: u32) {
        let places = usize::try_from(number).unwrap_or(usize::MAX);
        while self.queries.len() < places {
            self.queries.push(None);
            self.standings.push(Standing::new(self.position));
        }
    }

    /// The next number that nobody has.
    fn free_number(&self) -> u32 {
        let taken = |number: &u32| matches!(self.queries.get(*number as usize), Some(Some(_)));
        let mut numbers = self.next_query..u32::MAX;
        numbers.find(|number| !taken(number)).unwrap_or(u32::MAX)
    }

    /// As [`Self::register`], under this number, though others that come before it in the order of numbers may come later. The query that is registered next
    /// gets the number that it would have got.
    ///
    /// # Errors
    /// As [`Self::register`]; [`EngineError::UnknownQuery`] if there is one of that number.
    pub fn register_at(
        &mut self,
        id: QueryId,
        query: Arc<CompiledQuery>,
        deliver: bool,
    ) -> Result<(), EngineError> {
        if matches!(self.queries.get(id.0 as usize), Some(Some(_))) {
            return Err(EngineError::UnknownQuery(id));
        }
        let next = std::mem::replace(&mut self.next_query, id.0);
        let registered = self.register(query, deliver);
        self.next_query = next;
        registered.map(|_| ())
    }

    /// Registers a query; it sees what comes from now on. With `deliver`, its output goes to [`Self::drain`], besides to
    /// the queries that read it. Its output stream is added, or taken if it was added before and nobody has written to it.
    ///
    /// # Errors
    /// [`EngineError::UnknownStream`] if an input is not there, [`EngineError::DuplicateStream`] if its output's number
    /// is taken, [`EngineError::InvalidQuery`] if the plan contradicts itself.
    pub fn register(
        &mut self,
        query: Arc<CompiledQuery>,
        deliver: bool,
    ) -> Result<QueryId, EngineError> {
        self.register_as(query, deliver, false)
    }

    /// As [`Self::register`]. `traced`: all that it sees and finds is kept for [`Self::traced_matches`].
    pub(crate) fn register_as(
        &mut self,
        query: Arc<CompiledQuery>,
        deliver: bool,
        traced: bool,
    ) -> Result<QueryId, EngineError> {
        for input in &query.inputs {
            if !self.streams.contains_key(&input.stream) {
                return Err(EngineError::UnknownStream(input.stream));
            }
        }
        let names = self.names_of_inputs(&query);
        let output = query.output_stream;
        if self
            .streams
            .get(&output)
            .is_some_and(|stream| !stream.is_vacant())
        {
            return Err(EngineError::DuplicateStream(output));
        }
        let invalid = |reason| EngineError::InvalidQuery {
            query: query.name.clone(),
            reason,
        };
        let id = QueryId(self.free_number());
        let since = self.position;
        let mut made = Query::new(
            Arc::clone(&query),
            deliver,
            &names,
            self.config,
            &mut self.families,
        )
        .map_err(invalid)?;
        if traced {
            made.trace(names);
        }
        self.next_query = id.0.saturating_add(1);
        self.make_places(self.next_query);
        let number = id.0 as usize;
        if let (Some(place), Some(standing)) =
            (self.queries.get_mut(number), self.standings.get_mut(number))
        {
            *place = Some(Box::new(made));
            *standing = Standing::new(since);
        }
        match self.streams.get_mut(&output) {
            Some(stream) => {
                stream.origin = Origin::Query(id);
                stream.spec = derived(output, query.name.clone(), Arc::clone(&query.output));
            }
            None => {
                let spec = derived(output, query.name.clone(), Arc::clone(&query.output));
                self.streams
                    .insert(output, Stream::new(spec, Origin::Query(id)));
            }
        }
        let first_output = self.outputs.len();
        self.attach(id);
        self.run(first_output);
        Ok(id)
    }

    /// The names of the streams that a query reads.
    pub(crate) fn names_of_inputs(&self, query: &CompiledQuery) -> Vec<String> {
        let streams = query.inputs.iter();
        let streams = streams.filter_map(|input| self.streams.get(&input.stream));
        streams.map(|stream| stream.spec.name.clone()).collect()
    }

    /// Lets a query read its inputs, from now on.
    pub(crate) fn attach(&mut self, id: QueryId) {
        let Some(Some(query)) = self.queries.get(id.0 as usize) else {
            return;
        };
        let plan = Arc::clone(&query.plan);
        for (input, number) in plan.inputs.iter().zip(0_u16..) {
            let Some(stream) = self.streams.get_mut(&input.stream) else {
                continue;
            };
            let reader = Reader {
                query: id,
                input: number,
            };
            let producer = match stream.origin {
                Origin::Query(producer) => Some(producer),
                _ => None,
            };
            self.add_reader(input.stream, reader);
            if let Some(producer) = producer {
                self.refresh_eager(producer);
            }
            let Some(stream) = self.streams.get(&input.stream) else {
                continue;
            };
            let (watermark, ended) = (stream.watermark, stream.ended);
            if watermark != NEVER {
                self.tell(id, |query, bench| query.watermark(number, watermark, bench));
            }
            if ended {
                self.tell(id, |query, bench| query.end(number, bench));
            }
        }
        self.refresh_eager(id);
    }

    /// Lets a query read its inputs no more.
    pub(crate) fn detach(&mut self, id: QueryId, plan: &CompiledQuery) {
        for input in &plan.inputs {
            if let Some(stream) = self.streams.get_mut(&input.stream) {
                stream.readers.remove(id);
                if let Origin::Query(producer) = stream.origin {
                    self.refresh_eager(producer);
                }
            }
        }
    }

    /// Removes a query and what it holds. Queries that read its output get nothing more from it, unless another one is
    /// registered with the same output. Whether there was one.
    pub fn drop_query(&mut self, id: QueryId) -> bool {
        let Some(mut query) = self.queries.get_mut(id.0 as usize).and_then(Option::take) else {
            return false;
        };
        query.leave(&mut self.families);
        let plan = Arc::clone(&query.plan);
        self.detach(id, &plan);
        if let Some(stream) = self.streams.get_mut(&query.plan.output_stream) {
            stream.origin = Origin::Orphan;
        }
        true
    }

    /// Forgets the streams that nobody reads, no query writes, and `keep` does not know: those of queries and streams that were dropped. O(streams).
    pub fn forget_streams(&mut self, keep: impl Fn(StreamId) -> bool) {
        self.streams.retain(|id, stream| {
            !stream.readers.is_empty() || matches!(stream.origin, Origin::Query(_)) || keep(*id)
        });
    }

    /// One event: its time in µs, and its columns.
    ///
    /// # Errors
    /// [`EngineError::UnknownStream`], [`EngineError::DerivedStream`], [`EngineError::StreamEnded`], or
    /// [`EngineError::Arity`] if the row does not fit the stream's schema.
    pub fn push(
        &mut self,
        id: StreamId,
        time: i64,
        row: Vec<Value>,
    ) -> Result<Pushed, EngineError> {
        let (_, stream) = self.source(id, row.len())?;
        let admission = stream.admit(time);
        let seq = self.count();
        let first_output = self.outputs.len();
        let Some(stream) = self.streams.get_mut(&id) else {
            return Err(EngineError::UnknownStream(id));
        };
        match admission {
            Admission::InTime => {
                let event = stream.event(time, seq, row);
                if let Some(event) = stream.hold(event) {
                    self.agenda.push_back(Item::Event(id, event));
                }
                self.reach(id);
            }
            Admission::Late => self.late(id, row, seq, "late"),
            Admission::Ahead => self.late(id, row, seq, "ahead"),
        }
        self.run(first_output);
        Ok(match admission {
            Admission::InTime => Pushed::Accepted,
            Admission::Late => Pushed::Late,
            Admission::Ahead => Pushed::Ahead,
        })
    }

    /// A block of events of one stream: their times in µs, and their columns, which are those of the stream. The same comes out as if
    /// each row were pushed by itself. What became of each row is added to `pushed`, in order.
    ///
    /// # Errors
    /// As [`Self::push`], and [`EngineError::Block`]; then no row was taken.
    pub fn push_block(
        &mut self,
        id: StreamId,
        times: &[i64],
        columns: &Columns,
        pushed: &mut Vec<Pushed>,
    ) -> Result<(), EngineError> {
        let (index, stream) = self.source(id, columns.width())?;
        if columns.rows() != times.len() {
            return Err(EngineError::Block {
                stream: stream.spec.name.clone(),
                times: times.len(),
                rows: columns.rows(),
            });
        }
        pushed.reserve(times.len());
        let mut next = 0;
        while next < times.len() {
            let Some((_, stream)) = self.streams.get_index_mut(index) else {
                return Err(EngineError::UnknownStream(id));
            };
            let rows = next..times.len();
            let count = self.scratch.look_ahead(stream, columns, rows).max(1);
            let some = times.iter().skip(next).take(count);
            for (ahead, time) in some.enumerate() {
                let seq = self.count();
                let Some((_, stream)) = self.streams.get_index_mut(index) else {
                    return Err(EngineError::UnknownStream(id));
                };
                let admission = stream.admit(*time);
                // Most rows concern nobody. Such a one is never made an event.
                if admission == Admission::InTime && self.scratch.is_silent(stream, ahead) {
                    stream.pass_over();
                    if !stream.is_quiet() {
                        let first_output = self.outputs.len();
                        self.reach(id);
                        self.run(first_output);
                    }
                } else {
                    let row = BlockRow {
                        columns,
                        row: next + ahead,
                    };
                    self.push_row(index, id, (*time, seq), row, ahead, &admission);
                }
                pushed.push(match admission {
                    Admission::InTime => Pushed::Accepted,
                    Admission::Late => Pushed::Late,
                    Admission::Ahead => Pushed::Ahead,
                });
            }
            next += count;
        }
        Ok(())
    }

    /// Counts what it is told: the position at which that comes.
    #[inline]
    pub(crate) fn count(&mut self) -> u64 {
        let position = self.position;
        self.position += 1;
        if !self.asleep.is_empty() {
            self.wake();
        }
        position
    }

    /// A stream that takes events from outside, with its place, and rows of so many columns.
    fn source(&mut self, id: StreamId, width: usize) -> Result<(usize, &mut Stream), EngineError> {
        let (index, _, stream) = self
            .streams
            .get_full_mut(&id)
            .ok_or(EngineError::UnknownStream(id))?;
        let name = || stream.spec.name.clone();
        let expected = stream.spec.schema.len();
        if stream.origin != Origin::Source {
            return Err(EngineError::DerivedStream(name()));
        }
        if stream.ended {
            return Err(EngineError::StreamEnded(name()));
        }
        if width != expected {
            return Err(EngineError::Arity {
                stream: name(),
                expected,
                found: width,
            });
        }
        Ok((index, stream))
    }

    /// A row of a block, one of those that were looked up ahead, with its time and number.
    fn push_row(
        &mut self,
        index: usize,
        id: StreamId,
        (time, seq): (i64, u64),
        row: BlockRow<'_>,
        ahead: usize,
        admission: &Admission,
    ) {
        let Some((_, stream)) = self.streams.get_index_mut(index) else {
            return;
        };
        let first_output = self.outputs.len();
        match admission {
            Admission::InTime => {
                let now = stream.goes_at_once(time).then_some(time);
                self.scratch
                    .found_ahead(stream, &self.standings, ahead, seq, now);
                if self.scratch.targets.is_empty() {
                    stream.pass_over();
                    if stream.is_quiet() {
                        return;
                    }
                } else {
                    // Who comes later sees events that wait, but not one that goes at once: of that, what nobody looks at need not be made.
                    let looks_at = &stream.readers.looks_at;
                    let values = match now {
                        Some(_) => looks_at.row(row.columns, row.row),
                        None => row.columns.row(row.row),
                    };
                    let event = stream.event(time, seq, values);
                    if let Some(event) = stream.hold(event) {
                        // As on the agenda: the event, the watermark, and then what came of the event.
                        self.reach(id);
                        self.tell_targets(&event);
                        self.run(first_output);
                        return;
                    }
                }
                self.reach(id);
            }
            Admission::Late => self.late(id, row.columns.row(row.row), seq, "late"),
            Admission::Ahead => self.late(id, row.columns.row(row.row), seq, "ahead"),
        }
        self.run(first_output);
    }

    /// Time passes without an event: no event before this time will be in time any more. A watermark never goes back.
    pub fn advance(&mut self, id: StreamId, watermark: i64) {
        self.count();
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        if stream.origin != Origin::Source || stream.ended || watermark <= stream.watermark {
            return;
        }
        stream.watermark = watermark;
        let first_output = self.outputs.len();
        self.reach(id);
        self.run(first_output);
    }

    /// Whether anything but the clock of this stream moves when time passes up to there: deadlines, events that wait, queries that merge it
    /// with others. If not, it need not be told. O(1).
    pub fn minds(&self, id: StreamId, watermark: i64) -> bool {
        let stream = self.streams.get(&id);
        stream.is_some_and(|it| !it.ended && it.minds(watermark))
    }

    /// This stream has ended: its events that wait are let go, and it holds nothing back any more. Queries all of whose
    /// inputs have ended come to their end.
    pub fn finish_stream(&mut self, id: StreamId) {
        self.count();
        let first_output = self.outputs.len();
        self.end(id);
        self.run(first_output);
    }

    /// The end of all input.
    pub fn finish(&mut self) {
        self.count();
        let first_output = self.outputs.len();
        let ids: Vec<StreamId> = self.streams.keys().copied().collect();
        for id in ids {
            let is_source = self
                .streams
                .get(&id)
                .is_some_and(|stream| matches!(stream.origin, Origin::Source | Origin::Orphan));
            if is_source {
                self.end(id);
            }
        }
        self.end_paused();
        self.run(first_output);
    }

    /// Takes the output so far, in order: that of one call by time, then by query.
    pub fn drain(&mut self) -> std::vec::IntoIter<Output> {
        std::mem::take(&mut self.outputs).into_iter()
    }

    /// What a query did; `None` if it was dropped or never there.
    pub fn stats(&self, id: QueryId) -> Option<QueryStats> {
        let query = self.queries.get(id.0 as usize)?.as_ref()?;
        let mut stats = query.stats(&self.families);
        if let (Some(before), Some(input)) = (query.before, query.plan.inputs.first()) {
            // Those that do not concern it are counted by its stream.
            let stream = self.streams.get(&input.stream)?;
            stats.events = stream.released().saturating_sub(before);
        }
        Some(stats)
    }

    /// What a stream got.
    pub fn stream_stats(&self, id: StreamId) -> Option<StreamStats> {
        let stream = self.streams.get(&id)?;
        let mut stats = stream.stats();
        if stream.origin == Origin::Late {
            let watermark = self.watermark_of_late(id);
            stats.watermark = (watermark != NEVER).then_some(watermark);
        }
        Some(stats)
    }

    /// Where a stream stands.
    pub fn stream_point(&self, id: StreamId) -> Option<StreamPoint> {
        self.streams.get(&id).map(|stream| stream.point())
    }

    /// Lets a stream that has taken nothing yet begin where another one stood. Queries that read it hear of its watermark when they are
    /// registered: register them afterwards.
    pub fn restore_stream(&mut self, id: StreamId, point: &StreamPoint) {
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.restore(point);
        }
    }

    /// Whether any query reads a stream, or its late events.
    pub fn is_read(&self, id: StreamId) -> bool {
        let stream = self.streams.get(&id);
        stream.is_some_and(|stream| stream.late_is_read || !stream.readers.is_empty())
    }

    /// Whether nothing more will come out of a query, whatever comes in: its LIMIT is reached, or its input has ended.
    pub fn is_done(&self, id: QueryId) -> bool {
        self.queries
            .get(id.0 as usize)
            .and_then(Option::as_ref)
            .is_none_or(|query| query.is_done())
    }

    /// How far a query's output is complete, µs: nothing earlier will come out of it. `None`: nothing is known yet.
    pub fn output_watermark(&self, id: QueryId) -> Option<i64> {
        let query = self.queries.get(id.0 as usize)?.as_ref()?;
        let mut watermark = query.output_watermark();
        if query.is_paused() {
            return Some(watermark).filter(|watermark| *watermark != NEVER);
        }
        let eager = self.standings.get(id.0 as usize).is_some_and(|it| it.eager);
        if !eager && query.plan.order_by.is_empty() {
            // It does not hear of every watermark, since by none of them anything would have happened to it.
            let input = query.plan.inputs.first()?;
            let known = self.streams.get(&input.stream)?.watermark;
            watermark = watermark.max(known);
        }
        Some(watermark).filter(|watermark| *watermark != NEVER)
    }

    /// How far a stream of late events is: as far as the stream whose events they are.
    fn watermark_of_late(&self, id: StreamId) -> i64 {
        let mut streams = self.streams.values();
        streams
            .find(|stream| stream.spec.late == Some(id))
            .map_or(NEVER, |stream| stream.watermark)
    }

    /// A stream of late events gets its first reader.
    pub(crate) fn watch_late(&mut self, id: StreamId) {
        let watermark = self.watermark_of_late(id);
        if let Some(stream) = self.streams.get_mut(&id) {
            stream.watermark = stream.watermark.max(watermark);
        }
        for stream in self.streams.values_mut() {
            stream.late_is_read |= stream.spec.late == Some(id);
        }
    }

    /// Lets the events go that the watermark of a stream has reached.
    fn reach(&mut self, id: StreamId) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        let mut released = false;
        while let Some(event) = stream.release() {
            released = true;
            self.agenda.push_back(Item::Event(id, event));
        }
        if stream.watermark == NEVER {
            return;
        }
        let watermark = stream.watermark;
        // What the events let go will set may be over already.
        if released || stream.readers.minds(watermark) {
            self.agenda.push_back(Item::Watermark(id, watermark));
        }
        if stream.late_is_read
            && let Some(late) = stream.spec.late
            && let Some(late) = self.streams.get_mut(&late)
        {
            late.watermark = late.watermark.max(watermark);
            self.agenda
                .push_back(Item::Watermark(late.spec.id, watermark));
        }
    }

    /// Sends an event that is not in time to the stream of late events. There its time is that at which it was found
    /// late; its own is in its columns.
    fn late(&mut self, id: StreamId, mut row: Vec<Value>, seq: u64, reason: &str) {
        let Some(stream) = self.streams.get(&id) else {
            return;
        };
        let time = stream.watermark;
        let Some(late) = stream.spec.late else { return };
        if let Some(late) = self.streams.get_mut(&late) {
            row.push(Value::text(reason));
            let event = late.derived(time, seq, row);
            self.agenda.push_back(Item::Event(late.spec.id, event));
        }
    }

    pub(crate) fn end(&mut self, id: StreamId) {
        let Some(stream) = self.streams.get_mut(&id) else {
            return;
        };
        if stream.ended {
            return;
        }
        stream.ended = true;
        stream.settle();
        let late = stream.spec.late;
        self.reach(id);
        self.agenda.push_back(Item::Ended(id));
        if let Some(late) = late
            && let Some(stream) = self.streams.get_mut(&late)
            && stream.origin == Origin::Late
            && !stream.ended
        {
            stream.ended = true;
            self.agenda.push_back(Item::Ended(late));
        }
    }
}

/// The instant that a value names, µs.
pub(crate) fn micros(value: &Value) -> Option<i64> {
    match value {
        Value::Timestamp(micros) => Some(*micros),
        Value::Date(days) => i64::from(*days).checked_mul(86_400_000_000),
        _ => None,
    }
}

/// The stream of a query's output, or of late events: in order by its making.
pub(crate) fn derived(id: StreamId, name: String, schema: Arc<Schema>) -> StreamSpec {
    StreamSpec {
        id,
        name,
        schema,
        lateness: 0,
        max_ahead: None,
        late: None,
    }
}
