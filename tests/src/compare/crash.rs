//! Engines that are killed and come back, again and again: by whole snapshots or by slices. What comes out must be what would have.

use std::sync::Arc;

use portent_engine::{Engine, EngineConfig, Output, Pushed, QueryId};
use portent_grammar::{Columns, Type};
use portent_planner::CompiledQuery;
use portent_planner::compiled::{StreamId, StreamSpec};

use super::engine_side::Push;

/// When an engine is killed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Crash {
    #[default]
    Never,
    /// After each so many events (or blocks): it goes on from a snapshot of the whole engine.
    Whole(usize),
    /// Again and again, so many events after its slices were taken: one of the streams, and then one of each query, with events in
    /// between.
    Slices(usize),
}

/// What is made before the first event.
pub struct Setup {
    pub config: EngineConfig,
    pub streams: Vec<StreamSpec>,
    /// The queries, and whether their rows are taken from the engine.
    pub queries: Vec<(Arc<CompiledQuery>, bool)>,
}

impl Setup {
    /// An engine that has seen nothing.
    pub fn engine(&self) -> Result<Engine, String> {
        let mut engine = Engine::new(self.config);
        for spec in &self.streams {
            let added = engine.add_stream(spec.clone());
            added.map_err(|error| error.to_string())?;
        }
        for (query, deliver) in &self.queries {
            let registered = engine.register(Arc::clone(query), *deliver);
            registered.map_err(|error| error.to_string())?;
        }
        Ok(engine)
    }
}

/// Events of one stream that are pushed at once.
pub enum Step {
    Row(StreamId, Push),
    Block(StreamId, Vec<i64>, Columns),
}

/// Makes steps of events: rows, or blocks of at most so many.
pub fn steps(
    events: Vec<Push>,
    streams: &[(StreamId, Vec<Type>)],
    most: usize,
) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut events = events.into_iter().peekable();
    while let Some((number, time, values)) = events.next() {
        let (stream, types) = streams.get(number).ok_or("no such stream")?;
        if most == 0 {
            steps.push(Step::Row(*stream, (number, time, values)));
            continue;
        }
        let mut block = Columns::of_types(types.iter().map(|ty| (ty, true)));
        let mut times = vec![time];
        block.push_row(values);
        while times.len() < most
            && let Some((_, time, values)) = events.next_if(|(next, _, _)| *next == number)
        {
            times.push(time);
            block.push_row(values);
        }
        steps.push(Step::Block(*stream, times, block));
    }
    Ok(steps)
}

/// A row, and the position of the engine once it had come out.
type Placed = (u64, Output);

fn push(engine: &mut Engine, step: &Step, rows: &mut Vec<Placed>) -> Result<usize, String> {
    let late = match step {
        Step::Row(stream, (_, time, values)) => {
            let pushed = engine.push(*stream, *time, values.clone());
            let pushed = pushed.map_err(|error| error.to_string())?;
            usize::from(pushed == Pushed::Late)
        }
        Step::Block(stream, times, block) => {
            let mut pushed = Vec::new();
            let taken = engine.push_block(*stream, times, block, &mut pushed);
            taken.map_err(|error| error.to_string())?;
            pushed.iter().filter(|it| **it == Pushed::Late).count()
        }
    };
    let position = engine.position();
    rows.extend(engine.drain().map(|row| (position, row)));
    Ok(late)
}

/// Runs steps to their end: the engine as it is then, its rows, and how many events were late.
pub fn run(
    setup: &Setup,
    steps: &[Step],
    crash: Crash,
) -> Result<(Engine, Vec<Output>, usize), String> {
    let text = |error: portent_engine::EngineError| error.to_string();
    let mut engine = setup.engine()?;
    let (mut rows, mut late) = (Vec::new(), 0);
    let mut at = 0;
    while let Some(step) = steps.get(at) {
        if let Crash::Slices(after) = crash {
            let count = setup.queries.len();
            let streams = engine.snapshot_streams().map_err(text)?;
            let (from, mut slices) = (at, Vec::new());
            for id in 0..count {
                let id = QueryId(id as u32);
                slices.push((id, engine.snapshot_query(id).map_err(text)?));
                // Some are taken at one position.
                if (at + slices.len()) % 3 > 0
                    && let Some(step) = steps.get(at)
                {
                    late += push(&mut engine, step, &mut rows)?;
                    at += 1;
                }
            }
            // One at least: so it comes to an end.
            for _ in 0..after.max(usize::from(at == from)) {
                if let Some(step) = steps.get(at) {
                    late += push(&mut engine, step, &mut rows)?;
                    at += 1;
                }
            }
            // What came after a slice comes again.
            let position = |id: QueryId| slices.iter().find(|(of, _)| *of == id);
            rows.retain(|(at, row)| position(row.query).is_none_or(|(_, it)| *at <= it.position));
            let before = engine.stats_of_all(count);
            engine = setup.engine()?;
            let bytes = slices.iter().map(|(id, it)| (*id, it.bytes.as_slice()));
            engine.restore_slices(&streams, bytes).map_err(text)?;
            for step in steps.get(from..at).unwrap_or_default() {
                push(&mut engine, step, &mut rows)?;
            }
            let after = engine.stats_of_all(count);
            if before != after {
                return Err(format!(
                    "counters differ after a crash at {at}, with slices from {from} on: {before:#?} {after:#?}"
                ));
            }
            continue;
        }
        late += push(&mut engine, step, &mut rows)?;
        at += 1;
        if let Crash::Whole(each) = crash
            && at.is_multiple_of(each)
        {
            engine = again(setup, &engine)?;
        }
    }
    if let Crash::Whole(_) = crash {
        engine = again(setup, &engine)?;
    }
    engine.finish();
    let position = engine.position();
    rows.extend(engine.drain().map(|row| (position, row)));
    if let Crash::Whole(_) = crash {
        // Also what has ended goes on from there.
        engine = again(setup, &engine)?;
    }
    if let Crash::Slices(_) = crash {
        // What came again did so at its old position, but behind what had come later. What comes by one event comes in the order of
        // times, then of queries.
        rows.sort_by_key(|(position, row)| (*position, row.time, row.query));
    }
    let rows = rows.into_iter().map(|(_, row)| row).collect();
    Ok((engine, rows, late))
}

/// Another engine that goes on where this one is.
fn again(setup: &Setup, engine: &Engine) -> Result<Engine, String> {
    let text = |error: portent_engine::EngineError| error.to_string();
    let bytes = engine.snapshot().map_err(text)?;
    let mut restored = setup.engine()?;
    restored.restore(&bytes).map_err(text)?;
    if restored.snapshot().map_err(text)? != bytes {
        return Err("a restored engine has another snapshot".to_owned());
    }
    let count = setup.queries.len();
    let (before, after) = (engine.stats_of_all(count), restored.stats_of_all(count));
    if before != after {
        return Err(format!(
            "a restored engine has other counters: {before:#?} {after:#?}"
        ));
    }
    Ok(restored)
}

trait Counters {
    /// What all queries have counted, as text.
    fn stats_of_all(&self, count: usize) -> Vec<String>;
}

impl Counters for Engine {
    fn stats_of_all(&self, count: usize) -> Vec<String> {
        let ids = (0..count as u32).map(QueryId);
        ids.map(|id| format!("{:?}", self.stats(id))).collect()
    }
}
