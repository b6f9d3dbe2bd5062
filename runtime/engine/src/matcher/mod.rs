//! The matcher of one pattern: partitions its rows, and finds the matches of each partition.
//!
//! Execution classes: for MATCH ALL [`any`] and, where that can't be, [`every`]; for preferred matches [`row`] and [`preferred`].

mod ages;
mod any;
pub(crate) mod attempt;
pub(crate) mod bindings;
mod comparison;
pub(crate) mod complete;
mod every;
mod facts;
mod families;
mod ground;
pub(crate) mod history;
mod leading;
mod light;
mod output;
mod partition;
mod preferred;
pub(crate) mod program;
pub(crate) mod report;
mod row;
mod saved;
mod scene;
mod skip;
mod timers;
mod waiting;
mod watch;

use std::sync::Arc;

use portent_grammar::{Schema, Type, Value};
use portent_planner::CompiledQuery;
use portent_planner::compiled::{EndOfInput, MatchPlan, Overflow, RowOrder, SortKey};
use portent_planner::expr::{Expr, ExprKind, eval};

use crate::config::EngineConfig;
use crate::context::OneRow;
use crate::event::{Event, Hint, Row};
use crate::sort::sort_rows;
use crate::stats::QueryStats;

use ages::Ages;
use any::Arena;
pub(crate) use bindings::Node as SavedNode;
use families::Member;
pub(crate) use families::{Families, Work};
pub(crate) use light::Place;
use output::Home;
pub(crate) use output::Sink;
use partition::{Class, Partition, Partitions};
use program::{Interest, Program};
pub(crate) use saved::{Fragments, Renumbered};
use scene::{Room, Scene, Stage};
use timers::{PartitionRef, Timer, Timers};

/// A pattern and the state of its partitions.
pub(crate) struct Matcher {
    query: Arc<CompiledQuery>,
    plan: Arc<MatchPlan>,
    program: Arc<Program>,
    place: Place,
    /// Class `any`: its own graph, where it does not share that of its family.
    graph: Option<Box<Arena>>,
    /// Class `count`: what is asked of the matches.
    asked: Option<Box<any::Asked>>,
    config: EngineConfig,
    end_of_input: EndOfInput,
    partitions: Partitions,
    /// Above this many partitions, idle ones are swept out.
    sweep_at: usize,
    timers: Timers,
    /// Above this many timers, those that mean nothing any more are swept out.
    timers_at: usize,
    /// Rows of one event time that wait to be put in order (ORDER BY ts, other keys).
    tied: Vec<Row>,
    /// The whole input, to be sorted at its end.
    collected: Vec<Row>,
    /// How many rows came, over all partitions.
    rows: u64,
    key: Vec<Value>,
    /// How many rows are kept, by partitions and by the longest ways of starts.
    kept: u64,
    cost: Cost,
    /// Where the oldest partial matches are dropped to make room, and those are threads: the partitions by their ages.
    ages: Option<Box<Ages>>,
}

/// What things take, in bytes, about.
#[derive(Clone, Copy)]
struct Cost {
    /// A partial match, with the event that it bound last.
    partial_match: u64,
    /// A row that is kept.
    row: u64,
}

/// A partition without what is open in it.
const PARTITION_BYTES: u64 = size_of::<Partition>() as u64 + 64;

impl Cost {
    fn new(query: &CompiledQuery, program: &Program) -> Self {
        let row = row_bytes(&query.layout);
        let partial_match = if program.counts {
            // An event that moved something, and a number for each state.
            64 + 16 * program.plan.automaton.states.len() as u64
        } else if program.any {
            any::NODE_BYTES + row
        } else if program.row {
            row::THREAD_BYTES
        } else {
            every::THREAD_BYTES + row
        };
        Self { partial_match, row }
    }
}

/// What a row takes, about: texts and the like are counted as 32 bytes.
pub(crate) fn row_bytes(schema: &Schema) -> u64 {
    let cells = schema.iter().map(|column| {
        let apart = matches!(
            column.ty,
            Type::Text | Type::Json | Type::Bytes | Type::Array(_) | Type::Decimal(..)
        );
        size_of::<Value>() as u64 + if apart { 32 } else { 0 }
    });
    size_of::<Event>() as u64 + 32 + cells.sum::<u64>()
}

const SWEEP_LEAST: usize = 1024;

/// What is done with a partition.
enum Task<'a> {
    Row(&'a Row, u64),
    Fire(&'a Timer),
    End,
    Abandon,
    Sweep,
    DropOldest,
}

impl Matcher {
    /// # Errors
    /// One sentence, if the plan contradicts itself.
    pub fn new(
        query: &Arc<CompiledQuery>,
        plan: &Arc<MatchPlan>,
        streams: &[String],
        config: EngineConfig,
        families: &mut Families,
    ) -> Result<Self, String> {
        let Member { place, program } = families.join(query, plan, streams, config)?;
        let threads = !program.any;
        Ok(Self {
            kept: 0,
            cost: Cost::new(query, &program),
            ages: (threads && config.overflow == Overflow::DropOldest).then(Box::default),
            graph: (program.any && program.apart).then(Box::default),
            asked: program
                .counts
                .then(|| Box::new(any::Asked::new(query, plan))),
            query: Arc::clone(query),
            plan: Arc::clone(plan),
            program,
            place,
            config,
            end_of_input: query.end_of_input,
            partitions: Partitions::default(),
            sweep_at: SWEEP_LEAST,
            timers: Timers::default(),
            timers_at: SWEEP_LEAST,
            tied: Vec::new(),
            collected: Vec::new(),
            rows: 0,
            key: Vec::new(),
        })
    }

    /// Where it stands in its family.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Whether its matches have numbers, by which a partition is remembered.
    pub fn numbers(&self) -> bool {
        self.program.numbered
    }

    /// Whether its partial matches lie in the graph of its family.
    pub fn shares_graph(&self) -> bool {
        self.program.any && !self.program.counts && !self.program.apart
    }

    /// Whether an event need not come to it where the predicate index answers all of its conditions.
    pub fn is_light(&self) -> bool {
        self.program.light
    }

    /// Reports the matches that its family found for it.
    pub fn report(&self, families: &mut Families, sink: &mut Sink<'_>) {
        let most = self.config.max_matches_per_event;
        families.report(self.place, &self.query.name, most, sink);
    }

    /// The end of the input for a light query: what is open is dropped, and counted if it was to be decided.
    pub fn abandon(&self, families: &mut Families, sink: &mut Sink<'_>) {
        let open = families.abandon(self.place, sink.clock);
        if self.end_of_input == EndOfInput::Undecided {
            sink.stats.undecided += open;
        }
    }

    /// It leaves its family.
    pub fn leave(&self, families: &mut Families) {
        families.leave(self.place);
    }

    /// How many partial matches there may be now.
    pub fn room(&self) -> Room {
        let config = &self.config;
        let mut room = Room {
            most: config.max_threads_per_query as u64,
            policy: config.overflow,
            bytes: None,
        };
        if config.max_bytes_per_query != usize::MAX {
            let bytes = config.max_bytes_per_query as u64;
            let most = bytes.saturating_sub(self.bytes(0)) / self.cost.partial_match;
            if most < room.most {
                room.most = most;
                room.bytes = Some(bytes);
            }
        }
        room
    }

    /// How many bytes it holds with so many partial matches, about.
    pub fn bytes(&self, live: u64) -> u64 {
        let rows = self.kept + self.buffered() as u64;
        live.saturating_mul(self.cost.partial_match)
            + rows * self.cost.row
            + self.partitions.len() as u64 * PARTITION_BYTES
    }

    /// Drops the oldest partial matches, of whatever partition, until there are no more than there may be. `place`: the partition that
    /// something was done with.
    fn make_room(&mut self, work: &mut Work, place: u32, sink: &mut Sink<'_>) {
        let Some(mut ages) = self.ages.take() else {
            return;
        };
        let by_time = self.program.by_time;
        if let Some(partition) = self.partitions.at(place) {
            ages.note(place, partition, by_time);
        }
        while sink.stats.live > self.room().most
            && let Some(place) = ages.oldest(&mut self.partitions, by_time)
        {
            self.work_in(work, place, &Task::DropOldest, sink);
            if let Some(partition) = self.partitions.at(place) {
                ages.note(place, partition, by_time);
            }
        }
        ages.tidy(&self.partitions);
        self.ages = Some(ages);
    }

    /// Nothing happens before a time but by an event.
    pub fn is_quiet(&self, time: i64) -> bool {
        self.next_due() >= time && self.timers.len() <= self.timers_at
    }

    pub fn partitions(&self) -> usize {
        self.partitions.len()
    }

    /// Rows that wait for their order.
    pub fn buffered(&self) -> usize {
        self.tied.len() + self.collected.len()
    }

    /// The variables by which an event can be of interest at all, or `None`: every event counts.
    pub fn variables(&self) -> Option<Interest> {
        let program = &*self.program;
        let some = !program.dense && program.interest != Interest::MAX;
        some.then_some(program.interest)
    }

    /// The variables that matter now, as long as no other event comes.
    pub fn waiting(&self, work: &Work) -> Interest {
        let program = &*self.program;
        // Where rows are still to be sorted, one that begins a match may come after those that follow it.
        let as_they_come =
            matches!(&program.plan.order, RowOrder::EventTime { ties } if ties.is_empty());
        if program.dense || program.keeps_partitions || !as_they_come {
            return Interest::MAX;
        }
        let start = program.start_interest | program.leading_interest;
        match (self.partitions.len(), self.partitions.only()) {
            (0, _) => start,
            (_, Some(Class::Any(class))) => start | class.concern(&work.any),
            (_, Some(Class::Count(class))) => start | class.concern(),
            _ => Interest::MAX,
        }
    }

    /// When something happens though no event comes: beyond this time. `i64::MAX`: never.
    pub fn next_due(&self) -> i64 {
        let tied = self.tied.first().map_or(i64::MAX, Row::time);
        self.timers.first().min(tied)
    }

    /// A row comes, at `sink.clock`. Deadlines before that time have passed.
    pub fn row(&mut self, work: &mut Work, row: Row, hint: Hint, sink: &mut Sink<'_>) {
        match &self.program.plan.order {
            RowOrder::EventTime { ties } if ties.is_empty() => self.accept(work, row, hint, sink),
            // Rows of an earlier time were let go by `advance`.
            RowOrder::EventTime { .. } => self.tied.push(row),
            RowOrder::Sorted { .. } => self.collected.push(row),
        }
    }

    /// All deadlines before a time pass, in order. Rows that waited for others of their time are matched.
    pub fn advance(&mut self, work: &mut Work, time: i64, sink: &mut Sink<'_>) {
        if self.tied.first().is_some_and(|row| row.time() < time) {
            self.untie(work, sink);
        }
        self.fire_before(work, time, sink);
    }

    fn untie(&mut self, work: &mut Work, sink: &mut Sink<'_>) {
        let program = Arc::clone(&self.program);
        let RowOrder::EventTime { ties } = &program.plan.order else {
            return;
        };
        let rows = sort_rows(std::mem::take(&mut self.tied), ties, sink.stats);
        let clock = sink.clock;
        for row in rows {
            sink.clock = row.time();
            self.accept(work, row, Hint::default(), sink);
        }
        sink.clock = clock;
    }

    fn fire_before(&mut self, work: &mut Work, time: i64, sink: &mut Sink<'_>) {
        if self.timers.len() > self.timers_at {
            let partitions = &self.partitions;
            self.timers.retain(|timer| {
                partitions
                    .get(timer.partition)
                    .is_some_and(|partition| partition.expects(timer))
            });
            self.timers_at = SWEEP_LEAST.max(self.timers.len() * 2);
        }
        while let Some(timer) = self.timers.before(time) {
            let look_ahead = self.program.plan.look_ahead;
            let Some(partition) = self.partitions.get_mut(timer.partition) else {
                continue;
            };
            if look_ahead > 0
                && partition.next < partition.seen
                && let Some(row) = partition.history.get(partition.next)
                && row.time() <= timer.deadline
            {
                partition.deferred.push(timer);
                continue;
            }
            let clock = sink.clock;
            // Noticed late (behind rows that waited for those after them) it is not before the clock.
            sink.clock = timer.deadline.max(clock);
            self.work_on(work, timer.partition.place, &Task::Fire(&timer), sink);
            sink.clock = clock;
        }
    }

    /// Gives a row to its partition.
    fn accept(&mut self, work: &mut Work, row: Row, hint: Hint, sink: &mut Sink<'_>) {
        if self.program.row && self.program.plan.look_ahead == 0 {
            return self.run(work, row, hint, sink);
        }
        let row = &row;
        let program = Arc::clone(&self.program);
        self.rows += 1;
        work.facts.reset();
        work.facts.assume(hint);
        let relevant = program.dense
            || work
                .facts
                .any(&self.plan, program.interest, row, sink.stats);
        if !relevant {
            return;
        }
        let Some(place) = self.find(work, &program, row, sink.stats) else {
            return;
        };
        let Some(partition) = self.partitions.take(place) else {
            return;
        };
        let mut partition = partition;
        let position = if program.dense {
            partition.seen
        } else {
            self.rows
        };
        partition.seen += 1;
        if program.unmatched() {
            partition
                .unmatched
                .push_back((position, row.clone(), false));
        }
        if program.keeps_rows || program.row {
            partition.history.push(row.clone());
            self.kept += 1;
        }
        let look_ahead = u64::from(program.plan.look_ahead);
        if look_ahead == 0 {
            partition.next = partition.seen;
            self.partitions.put(place, partition);
            self.work_on(work, place, &Task::Row(row, position), sink);
            return;
        }
        let ready = partition.seen.saturating_sub(look_ahead);
        self.partitions.put(place, partition);
        self.catch_up(work, place, ready, sink);
    }

    /// Matches the rows of a partition that waited for those after them, up to a position.
    fn catch_up(&mut self, work: &mut Work, place: u32, ready: u64, sink: &mut Sink<'_>) {
        let clock = sink.clock;
        while let Some(mut partition) = self.partitions.take(place) {
            let position = partition.next;
            let row = partition.history.get(position).cloned();
            let Some(row) = row.filter(|_| position < ready) else {
                self.partitions.put(place, partition);
                return;
            };
            partition.next += 1;
            for timer in std::mem::take(&mut partition.deferred) {
                self.timers.set(timer);
            }
            self.partitions.put(place, partition);
            work.facts.reset();
            self.work_on(work, place, &Task::Row(&row, position), sink);
            self.fire_before(work, clock, sink);
        }
    }

    /// The place of a row's partition; `None` if it has none and needs none.
    fn find(
        &mut self,
        work: &mut Work,
        program: &Program,
        row: &Row,
        stats: &mut QueryStats,
    ) -> Option<u32> {
        let by = &program.plan.partition_by;
        if by.is_empty() && self.partitions.len() > 0 {
            // The one partition has the first place.
            return Some(0);
        }
        let columns = by.iter().map(|expr| match expr.kind {
            ExprKind::Column(slot) => Some(row.column(slot)),
            _ => None,
        });
        let plain = columns.clone().all(|column| column.is_some());
        let (hash, found) = if plain {
            let key = columns.clone().flatten();
            let hash = self.partitions.hash(key.clone());
            (hash, self.partitions.find(hash, key))
        } else {
            if !keys_of_partition(by, row, &mut self.key, stats) {
                return None;
            }
            let hash = self.partitions.hash(self.key.iter());
            (hash, self.partitions.find(hash, self.key.iter()))
        };
        if found.is_some() {
            return found;
        }
        let lags = program.keeps_partitions || program.keeps_rows || program.unmatched();
        let needed = lags
            || work
                .facts
                .any(&self.plan, program.start_interest, row, stats)
            || work
                .facts
                .any(&self.plan, program.leading_interest, row, stats);
        if !needed {
            return None;
        }
        let key = if plain {
            columns.flatten().cloned().collect()
        } else {
            std::mem::take(&mut self.key)
        };
        if self.partitions.len() >= self.sweep_at {
            self.sweep(work, row.time(), stats);
        }
        Some(self.partitions.make(&self.query.name, program, hash, key))
    }

    /// Drops the partitions in which nothing is open, nor remembered.
    fn sweep(&mut self, work: &mut Work, time: i64, stats: &mut QueryStats) {
        if !self.program.keeps_partitions {
            for at in self.partitions.all() {
                let Some(mut partition) = self.partitions.take(at.place) else {
                    continue;
                };
                if self.program.by_time {
                    partition
                        .past
                        .iter_mut()
                        .for_each(|past| past.forget(time, 0));
                }
                self.stage(work, at.place, &mut partition, stats, &Task::Sweep, time);
                let idle = partition.is_idle();
                self.partitions.put(at.place, partition);
                if idle {
                    if let Some(partition) = self.partitions.at(at.place) {
                        let rows = partition.history.len() as u64;
                        self.kept = self.kept.saturating_sub(rows);
                    }
                    self.partitions.remove(at.place);
                }
            }
        }
        self.sweep_at = SWEEP_LEAST.max(self.partitions.len() * 2);
    }

    /// Does something with a partition, and reports what came of it.
    fn work_on(&mut self, work: &mut Work, place: u32, task: &Task<'_>, sink: &mut Sink<'_>) {
        if !self.program.any {
            self.work_in(work, place, task, sink);
            return self.make_room(work, place, sink);
        }
        if let Some(graph) = self.graph.as_deref_mut() {
            std::mem::swap(work.any.arena(), graph);
        } else {
            work.any.arena().enter(self.place.owner);
        }
        self.work_in(work, place, task, sink);
        if let Some(graph) = self.graph.as_deref_mut() {
            std::mem::swap(work.any.arena(), graph);
        }
    }

    fn work_in(&mut self, work: &mut Work, place: u32, task: &Task<'_>, sink: &mut Sink<'_>) {
        let Some(mut partition) = self.partitions.take(place) else {
            return;
        };
        let rows = partition.history.len() as u64;
        self.stage(work, place, &mut partition, sink.stats, task, sink.clock);
        let program = Arc::clone(&self.program);
        let bounds = (self.config.max_matches_per_event, self.config.overflow);
        if let Some(asked) = &self.asked {
            if let Task::Row(row, position) = task {
                any::report_count(
                    &program,
                    asked,
                    &mut partition,
                    (row, *position),
                    &mut work.any,
                    sink,
                );
            }
        } else if program.any
            && matches!(task, Task::Row(..))
            && work.any.has_found()
            && let Class::Any(class) = &partition.class
        {
            let found_in = any::FoundIn {
                home: Home {
                    id: partition.id,
                    history: &partition.history,
                },
                class,
                numbers: &mut partition.numbers,
            };
            any::report(&program, found_in, &work.any, bounds, &mut work.ids, sink);
        }
        if program.row && work.row.has_found() {
            row::report(
                &program,
                &partition,
                &mut work.row,
                bounds,
                &mut work.ids,
                sink,
            );
        }
        output::flush(
            &program,
            &mut partition,
            &mut work.decided,
            bounds,
            &mut work.ids,
            sink,
        );
        if program.keeps_rows || program.row {
            let exact = partition.history.len() >= partition.trim_at;
            partition.trim(program.plan.look_back, exact);
            if exact {
                partition.trim_at = 64.max(partition.history.len() * 2);
            }
            // The row at hand was counted when it came.
            self.kept = (self.kept + partition.history.len() as u64).saturating_sub(rows);
        }
        self.partitions.put(place, partition);
    }

    fn stage(
        &mut self,
        work: &mut Work,
        place: u32,
        partition: &mut Partition,
        stats: &mut QueryStats,
        task: &Task<'_>,
        time: i64,
    ) {
        let room = self.room();
        let program = &*self.program;
        let ended = matches!(task, Task::End) || partition.ended;
        partition.ended = ended;
        let mut stage = Stage {
            program,
            plan: &self.plan,
            stats,
            decided: &mut work.decided,
            timers: &mut self.timers,
            partition: PartitionRef {
                place,
                ordinal: partition.ordinal,
            },
            numbers: &mut partition.numbers,
            position: if ended { u64::MAX } else { partition.last },
            ended,
            room,
            kept: &mut self.kept,
            number: self.rows,
        };
        match (task, &mut partition.class) {
            (Task::Row(row, position), class) => {
                stage.position = *position;
                partition.last = *position;
                let mut scene = Scene {
                    stage: &mut stage,
                    history: &partition.history,
                    past: &partition.past,
                    row,
                    position: *position,
                    facts: &mut work.facts,
                };
                match class {
                    Class::Preferred(class) => class.row(&mut scene, &mut work.preferred),
                    Class::Every(class) => class.row(&mut scene, &mut work.every),
                    Class::Any(class) => class.row(&mut scene, &mut work.any),
                    Class::Count(class) => {
                        if let Some(asked) = &self.asked {
                            class.row(&mut scene, asked, &mut work.any);
                        }
                    }
                    Class::Row(class) => class.row(&mut scene, &mut work.row),
                }
                if !program.leading.is_empty() {
                    let noted: Vec<bool> = program
                        .leading
                        .iter()
                        .map(|leading| scene.is_noted(leading))
                        .collect();
                    for (past, noted) in partition.past.iter_mut().zip(noted) {
                        if noted {
                            past.note(row, *position);
                        } else if program.by_time {
                            past.forget(row.time(), *position);
                        }
                    }
                }
            }
            (Task::Fire(timer), Class::Preferred(class)) => class.fire(&mut stage, timer),
            (Task::Fire(timer), Class::Every(class)) => class.fire(&mut stage, timer),
            (Task::End, Class::Preferred(class)) => class.end(&mut stage),
            (Task::End, Class::Every(class)) => class.end(&mut stage),
            (Task::Abandon, Class::Preferred(class)) => {
                let open = class.abandon(&mut stage);
                stage.stats.undecided += open;
            }
            (Task::Abandon, Class::Every(class)) => {
                let open = class.abandon(&mut stage);
                stage.stats.undecided += open;
            }
            (Task::Abandon, Class::Any(class)) => {
                let open = class.abandon(&mut stage, &mut work.any, time);
                stage.stats.undecided += open;
            }
            (Task::Abandon, Class::Count(class)) => {
                if let Some(asked) = &self.asked {
                    let open = class.abandon(&mut stage, asked, &mut work.any, time);
                    stage.stats.undecided += open;
                }
            }
            (Task::End, Class::Row(class)) => {
                class.end(&mut stage, &partition.history, &mut work.row);
            }
            (Task::Abandon, Class::Row(class)) => {
                let open = class.abandon(&mut stage);
                stage.stats.undecided += open;
            }
            (Task::Sweep, Class::Count(class)) => {
                if let Some(asked) = &self.asked {
                    class.sweep(&mut stage, asked, &work.any, time);
                }
            }
            (Task::Sweep, Class::Every(class)) => class.sweep(&mut stage, time),
            (Task::Sweep, Class::Any(class)) => {
                class.sweep(&mut stage, self.graph.as_deref_mut(), time);
            }
            (Task::DropOldest, Class::Preferred(class)) => class.drop_oldest(&mut stage),
            (Task::DropOldest, Class::Every(class)) => class.drop_oldest(&mut stage),
            (Task::DropOldest, Class::Row(class)) => {
                class.drop_oldest(&mut stage, &partition.history, &mut work.row);
            }
            // They wait for no deadline, and make room by themselves.
            (Task::Fire(_) | Task::End | Task::DropOldest, Class::Any(_) | Class::Count(_)) => {}
            (Task::Fire(_), Class::Row(_)) => {}
            (Task::Sweep, Class::Preferred(_) | Class::Row(_)) => {}
        }
    }

    /// The end of the input, at `sink.clock`: what is still open is decided (or dropped), and everything forgotten.
    pub fn finish(&mut self, work: &mut Work, sink: &mut Sink<'_>) {
        let program = Arc::clone(&self.program);
        self.untie(work, sink);
        self.fire_before(work, sink.clock, sink);
        if let RowOrder::Sorted { keys } = &program.plan.order {
            self.sorted(work, keys, sink);
        }
        let complete = self.end_of_input == EndOfInput::Complete;
        // What had to wait for rows after it can't be decided without them.
        for at in self.partitions.all() {
            if complete {
                self.catch_up(work, at.place, u64::MAX, sink);
                self.work_on(work, at.place, &Task::End, sink);
            } else {
                self.work_on(work, at.place, &Task::Abandon, sink);
            }
        }
        self.fire_before(work, i64::MAX, sink);
        self.partitions = Partitions::default();
        self.timers = Timers::default();
        (sink.stats.live, self.kept) = (0, 0);
    }

    /// Matches the whole input, sorted, partition by partition in the order of their first rows.
    fn sorted(&mut self, work: &mut Work, keys: &[SortKey], sink: &mut Sink<'_>) {
        let rows = std::mem::take(&mut self.collected);
        let program = Arc::clone(&self.program);
        let mut order: indexmap::IndexMap<Vec<Value>, Vec<Row>, foldhash::fast::RandomState> =
            indexmap::IndexMap::default();
        for row in rows {
            let mut key = Vec::new();
            if keys_of_partition(&program.plan.partition_by, &row, &mut key, sink.stats) {
                order.entry(key).or_default().push(row);
            }
        }
        let complete = self.end_of_input == EndOfInput::Complete;
        for (_, rows) in order {
            let rows = sort_rows(rows, keys, sink.stats);
            rows.into_iter()
                .for_each(|row| self.accept(work, row, Hint::default(), sink));
            for at in self.partitions.all() {
                if complete {
                    self.catch_up(work, at.place, u64::MAX, sink);
                    self.work_on(work, at.place, &Task::End, sink);
                } else {
                    self.work_on(work, at.place, &Task::Abandon, sink);
                }
            }
            self.partitions = Partitions::default();
        }
    }
}

/// The partition's key by expressions. An error is counted, and the row is in no partition.
fn keys_of_partition(by: &[Expr], row: &Row, key: &mut Vec<Value>, stats: &mut QueryStats) -> bool {
    key.clear();
    for expr in by {
        match eval(expr, &OneRow::new(row)) {
            Ok(value) => key.push(value),
            Err(error) => {
                stats.error(&error, row);
                return false;
            }
        }
    }
    true
}
