//! What came, once more: a query runs over the history in an engine of its own, together with the queries that it reads.

use std::sync::Arc;

use indexmap::IndexMap;
use portent_engine::{Engine, QueryId, StreamPoint};
use portent_grammar::codes::runtime as codes;
use portent_planner::catalog::{QueryDef, StreamKind};
use portent_planner::compiled::{Body, StreamId};

use super::Session;
use crate::error::Errors;
use crate::flow::{constant_time, refused};
use crate::history::{History, What};

/// A query after it ran once more.
pub(super) struct Replayed {
    pub engine: Engine,
    /// Its parts that have a pattern.
    pub patterns: Vec<QueryId>,
    /// The streams that what it saw came from.
    pub sources: Vec<StreamId>,
    /// The time of the first event, µs.
    pub first: Option<i64>,
    /// Whether nothing that came was missing.
    pub whole: bool,
    /// How many events of each stream are kept.
    pub most: usize,
}

/// A query on its way through the history.
struct Actor {
    def: Arc<QueryDef>,
    /// When it began, paused, was resumed, …
    turns: Vec<u64>,
    next: usize,
    parts: Vec<QueryId>,
    traced: bool,
}

/// Numbers of the first events of streams that queries make.
type Offsets = IndexMap<StreamId, u64>;

impl Session {
    /// Lets a query see once more what it saw. Matches have the identities that they had.
    ///
    /// # Errors
    /// No history is kept; or (an error in Portent) the engine refuses what it took before.
    pub(super) fn replay(&self, def: &Arc<QueryDef>) -> Result<Replayed, Errors> {
        let Some(history) = self.flow.history() else {
            let message = "no history is kept, so there is nothing to explain it from";
            return Err(Errors::plain(codes::HISTORY_OFF, message).help(
                "SET explain_history = 10000 keeps that many events of each stream, from then on",
            ));
        };
        let below = self.below(def);
        let sources = self.sources(&below);
        let made = self.made(&below, &sources);
        let mut offsets = Offsets::new();
        let mut replayed = self.replay_once(history, &below, &sources, &offsets)?;
        // Where the beginning is missing, so are the first events that queries made of it. Counted from the end they have their numbers again.
        for stream in made {
            let (Some(live), Some(again)) = (
                self.flow.point(stream),
                replayed.engine.stream_point(stream),
            ) else {
                continue;
            };
            let missing = live.ordinal.saturating_sub(again.ordinal);
            if missing > 0 {
                offsets.insert(stream, missing);
            }
        }
        if !offsets.is_empty() {
            replayed = self.replay_once(history, &below, &sources, &offsets)?;
        }
        Ok(replayed)
    }

    fn replay_once(
        &self,
        history: &History,
        below: &[Arc<QueryDef>],
        sources: &[StreamId],
        offsets: &Offsets,
    ) -> Result<Replayed, Errors> {
        let mut config = super::engine_config(self.settings());
        // Each match by itself, also where counting them would do.
        config.classes = portent_engine::Classes::Enumerate;
        let mut engine = Engine::new(config);
        let mut whole = true;
        for id in sources {
            let Some(stream) = self.catalog.stream(*id) else {
                continue;
            };
            engine.add_stream(stream.spec()).map_err(refused)?;
            if let Some(kept) = history.of(*id) {
                engine.restore_stream(*id, &kept.from);
                whole &= kept.is_whole();
            }
        }
        for spec in below.iter().flat_map(|def| &def.planned.new_streams) {
            if engine.stream_point(spec.id).is_none() {
                engine.add_stream(spec.clone()).map_err(refused)?;
            }
        }
        for (stream, ordinal) in offsets {
            let point = StreamPoint {
                ordinal: *ordinal,
                ..StreamPoint::default()
            };
            engine.restore_stream(*stream, &point);
        }
        let last = below.len().saturating_sub(1);
        let actors = below.iter().enumerate().map(|(number, def)| Actor {
            turns: self
                .queries
                .get(&def.name)
                .map(|it| it.turns.clone())
                .unwrap_or_default(),
            def: Arc::clone(def),
            next: 0,
            parts: Vec::new(),
            traced: number == last,
        });
        let mut actors: Vec<Actor> = actors.collect();
        let mut records: Vec<_> = sources
            .iter()
            .filter_map(|id| Some((*id, history.of(*id)?)))
            .flat_map(|(id, kept)| kept.records().map(move |record| (id, record)))
            .collect();
        records.sort_by_key(|(_, record)| record.moment);
        let mut first = None;
        for (stream, record) in records {
            turn(&mut engine, &mut actors, record.moment)?;
            match &record.what {
                What::Event(time, values, _) => {
                    first.get_or_insert(*time);
                    engine
                        .push(stream, *time, values.clone())
                        .map_err(refused)?;
                }
                What::Watermark(time) => engine.advance(stream, *time),
                What::End => engine.finish_stream(stream),
            }
            // What it gave is kept with its matches.
            drop(engine.drain());
        }
        turn(&mut engine, &mut actors, u64::MAX)?;
        let main = actors.pop();
        let patterns = main
            .iter()
            .flat_map(|actor| actor.parts.iter().zip(&actor.def.queries));
        let patterns = patterns.filter(|(_, query)| matches!(query.body, Body::Match(_)));
        let patterns = patterns.map(|(id, _)| *id).collect();
        Ok(Replayed {
            engine,
            patterns,
            sources: sources.to_vec(),
            first,
            whole,
            most: history.most(),
        })
    }

    /// The standing queries that a query reads, by whatever way round, each after those that it reads; the query itself last. Streams that
    /// queries write into are sources here: what came into them is kept.
    fn below(&self, def: &Arc<QueryDef>) -> Vec<Arc<QueryDef>> {
        let mut order: Vec<Arc<QueryDef>> = Vec::new();
        let mut todo = vec![(Arc::clone(def), false)];
        while let Some((def, seen)) = todo.pop() {
            if order.iter().any(|it| it.name == def.name) {
                continue;
            }
            if seen {
                order.push(def);
                continue;
            }
            let reads = def.reads.clone();
            todo.push((def, true));
            let read = self
                .catalog
                .queries()
                .filter(|it| reads.contains(&it.output));
            todo.extend(read.map(|it| (Arc::clone(it), false)));
        }
        order
    }

    /// The streams from outside that some queries read.
    fn sources(&self, below: &[Arc<QueryDef>]) -> Vec<StreamId> {
        let mut sources = Vec::new();
        for id in inputs(below) {
            let source = match self.catalog.stream(id).map(|stream| &stream.kind) {
                Some(StreamKind::Source) => id,
                Some(StreamKind::Late { of }) => *of,
                _ => continue,
            };
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
        sources
    }

    /// The streams that the engine makes of others: outputs of queries, and late events.
    fn made(&self, below: &[Arc<QueryDef>], sources: &[StreamId]) -> Vec<StreamId> {
        let outputs = below.iter().flat_map(|def| &def.queries);
        let outputs = outputs.map(|query| query.output_stream);
        let late = sources
            .iter()
            .filter_map(|id| self.catalog.stream(*id)?.late);
        outputs.chain(late).collect()
    }
}

/// All streams that some queries read directly.
fn inputs(below: &[Arc<QueryDef>]) -> impl Iterator<Item = StreamId> {
    let queries = below.iter().flat_map(|def| &def.queries);
    queries.flat_map(|query| query.inputs.iter().map(|input| input.stream))
}

/// Lets queries begin, pause and resume as they did before a moment.
fn turn(engine: &mut Engine, actors: &mut [Actor], moment: u64) -> Result<(), Errors> {
    for actor in actors {
        while actor
            .turns
            .get(actor.next)
            .is_some_and(|turn| *turn <= moment)
        {
            match actor.next {
                0 => begin(engine, actor)?,
                next if next % 2 == 1 => {
                    for id in &actor.parts {
                        engine.pause(*id);
                    }
                }
                _ => {
                    for id in &actor.parts {
                        engine.resume(*id);
                    }
                }
            }
            actor.next += 1;
        }
    }
    Ok(())
}

fn begin(engine: &mut Engine, actor: &mut Actor) -> Result<(), Errors> {
    for query in &actor.def.queries {
        let query = Arc::clone(query);
        let id = match actor.traced {
            true => engine.register_traced(query),
            false => engine.register(query, false),
        };
        actor.parts.push(id.map_err(refused)?);
    }
    for constants in &actor.def.planned.constant_rows {
        for (at, row) in constants.rows.iter().enumerate() {
            let time = constant_time(constants, at, row);
            engine
                .push(constants.stream, time, row.clone())
                .map_err(refused)?;
        }
        engine.finish_stream(constants.stream);
    }
    Ok(())
}
