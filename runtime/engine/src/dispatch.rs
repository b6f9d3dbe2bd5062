//! Who is told of what: events go to the queries that they concern, watermarks to those to which something happens by them.

use std::cmp::Reverse;
use std::sync::Arc;

use portent_planner::compiled::StreamId;

use crate::emit::Produced;
use crate::engine::{Engine, Item, Output, QueryId, micros};
use crate::event::{Event, Hint, Row};
use crate::index::{Fields, Hits};
use crate::query::{Bench, Query, Wanted};
use crate::readers::Reader;
use crate::standing::Standing;
use crate::stats::Failure;
use crate::stream::{NEVER, Origin, Stream};

/// A query that is to be told of an event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    reader: Reader,
    hint: Hint,
}

/// Lists that are used again and again.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    hits: Hits,
    /// The queries that the event at hand concerns, by number.
    pub targets: Vec<Target>,
    produced: Vec<Produced>,
}

impl Scratch {
    /// Finds the queries that an event of a stream concerns: `now`, or (as they may then wait for something else) when it is let go.
    pub fn find<F: Fields + ?Sized>(
        &mut self,
        stream: &mut Stream,
        standings: &[Standing],
        fields: &F,
        seq: u64,
        now: bool,
    ) {
        self.targets.clear();
        self.hits.clear();
        let readers = &mut stream.readers;
        if let Some(index) = &mut readers.index {
            index.probe(fields, &mut self.hits);
        }
        self.hits.queries.sort_unstable();
        let arrived = |reader: &Reader| {
            let standing = standings.get(reader.query.0 as usize);
            standing.is_some_and(|standing| seq >= standing.since)
        };
        let mut every = readers
            .every_event
            .iter()
            .copied()
            .filter(arrived)
            .peekable();
        let hint = Hint::default();
        for number in &self.hits.queries {
            let Some(standing) = standings.get(*number as usize) else {
                continue;
            };
            let bits = self.hits.bits(*number);
            if seq < standing.since || (now && bits & standing.waiting == 0) {
                continue;
            }
            let query = QueryId(*number);
            while let Some(reader) = every.next_if(|reader| reader.query < query) {
                self.targets.push(Target { reader, hint });
            }
            self.targets.push(Target {
                reader: Reader { query, input: 0 },
                hint: Hint {
                    held: bits & standing.complete,
                    not: standing.registered & !bits,
                },
            });
        }
        self.targets
            .extend(every.map(|reader| Target { reader, hint }));
    }
}

/// In the order of numbers: a query that is resumed comes to its old place.
fn insert(readers: &mut Vec<Reader>, reader: Reader) {
    let at = readers.partition_point(|it| *it < reader);
    readers.insert(at, reader);
}

impl Engine {
    /// Adds a reader to a stream.
    pub(crate) fn add_reader(&mut self, stream: StreamId, reader: Reader) {
        let late = |stream: &Stream| stream.origin == Origin::Late;
        if self.streams.get(&stream).is_some_and(|it| late(it)) {
            self.watch_late(stream);
        }
        let Some(stream) = self.streams.get_mut(&stream) else {
            return;
        };
        let number = reader.query.0 as usize;
        let (Some(Some(query)), Some(standing)) =
            (self.queries.get_mut(number), self.standings.get_mut(number))
        else {
            return;
        };
        let before = stream.released();
        let readers = &mut stream.readers;
        insert(&mut readers.all, reader);
        let wanted = if self.config.index {
            query.wanted()
        } else {
            Wanted::Everything
        };
        match wanted {
            Wanted::Everything => insert(&mut readers.every_event, reader),
            Wanted::Some(entries) => {
                // A query that was paused has seen some before.
                query.before = Some(before.saturating_sub(query.events()));
                for (bit, tests, all) in entries {
                    standing.registered |= bit;
                    standing.complete |= if all { bit } else { 0 };
                    let index = readers.index.get_or_insert_default();
                    index.insert(reader.query.0, bit, tests);
                }
                if standing.complete == standing.registered
                    && let Some(place) = query.lighten()
                {
                    self.families.lighten(place, query.most());
                    (standing.light, standing.place) = (true, place);
                }
            }
        }
        standing.waiting = query.waiting(&mut self.families);
    }

    /// A query hears of every watermark if it merges its inputs by them, or if somebody reads its output, which is as far in time as
    /// the query is. All others hear of those by which something happens.
    pub(crate) fn refresh_eager(&mut self, id: QueryId) {
        let number = id.0 as usize;
        let (Some(Some(query)), Some(standing)) =
            (self.queries.get_mut(number), self.standings.get_mut(number))
        else {
            return;
        };
        if query.is_paused() {
            return;
        }
        let read = self
            .streams
            .get(&query.plan.output_stream)
            .is_some_and(|stream| !stream.readers.is_empty());
        let eager = read || query.merges();
        let was = std::mem::replace(&mut standing.eager, eager);
        let inputs: Vec<StreamId> = query.plan.inputs.iter().map(|it| it.stream).collect();
        for (input, number) in inputs.into_iter().zip(0_u16..) {
            let Some(stream) = self.streams.get_mut(&input) else {
                continue;
            };
            let reader = Reader {
                query: id,
                input: number,
            };
            stream.readers.set_eager(reader, eager);
            let watermark = stream.watermark;
            if eager && !was && watermark != NEVER {
                self.tell(id, |query, bench| query.watermark(number, watermark, bench));
            }
        }
    }

    /// Tells readers what is on the agenda, and what comes of it, until nothing is left.
    ///
    /// First in, first out: all readers of an event see it before those of what it caused. So a query that reads both a
    /// stream and another query of that stream gets them in the order of arrival.
    pub(crate) fn run(&mut self, first_output: usize) {
        while let Some(item) = self.agenda.pop_front() {
            match item {
                Item::Event(id, event) => {
                    if let Some(stream) = self.streams.get_mut(&id) {
                        self.scratch.find(
                            stream,
                            &self.standings,
                            &event.values[..],
                            event.seq,
                            true,
                        );
                        self.tell_targets(&event);
                    }
                }
                Item::Watermark(id, watermark) => self.tell_watermark(id, watermark),
                Item::Ended(id) => self.tell_end(id),
                Item::Failed(id) => self.tell_failed(id),
            }
        }
        let new = self.outputs.get_mut(first_output..).unwrap_or_default();
        if new.len() > 1 {
            new.sort_by_key(|output| (output.time, output.query));
        }
    }

    /// Tells the queries that were found of an event.
    pub(crate) fn tell_targets(&mut self, event: &Arc<Event>) {
        let mut targets = std::mem::take(&mut self.scratch.targets);
        for Target { reader, hint } in targets.drain(..) {
            if self.touch(reader, event, hint) {
                continue;
            }
            self.tell(reader.query, |query, bench| {
                query.event(reader.input, event, hint, bench);
            });
        }
        self.scratch.targets = targets;
    }

    /// An event for a query whose events go to its family; the query hears of it if there is something to report. Whether it is such a
    /// query.
    fn touch(&mut self, reader: Reader, event: &Arc<Event>, hint: Hint) -> bool {
        let Some(standing) = self.standings.get_mut(reader.query.0 as usize) else {
            return false;
        };
        if !standing.light {
            return false;
        }
        let (place, eager) = (standing.place, standing.eager);
        let row = Row {
            event: Arc::clone(event),
            input: reader.input,
        };
        let Some(touched) = self.families.touch(place, &row, hint) else {
            return false;
        };
        standing.waiting = touched.waiting;
        if touched.found {
            self.tell(reader.query, |query, bench| query.found(event.time, bench));
        } else if eager {
            // Whoever reads its output learns how far it has come.
            self.tell(reader.query, |query, bench| query.reach(event.time, bench));
        }
        true
    }

    fn tell_watermark(&mut self, id: StreamId, watermark: i64) {
        let mut at = 0;
        while let Some(reader) = self
            .streams
            .get(&id)
            .and_then(|stream| stream.readers.every_watermark.get(at))
            .copied()
        {
            at += 1;
            self.tell(reader.query, |query, bench| {
                query.watermark(reader.input, watermark, bench);
            });
        }
        loop {
            let readers = self.streams.get_mut(&id).map(|it| &mut it.readers);
            let Some((time, reader)) = readers.and_then(|it| it.take_due(watermark)) else {
                return;
            };
            let Some(standing) = self.standings.get_mut(reader.query.0 as usize) else {
                continue;
            };
            if standing.due != time {
                continue;
            }
            standing.due = i64::MAX;
            self.tell(reader.query, |query, bench| {
                query.watermark(reader.input, watermark, bench);
            });
        }
    }

    fn tell_end(&mut self, id: StreamId) {
        let Some(stream) = self.streams.get(&id) else {
            return;
        };
        let watermark = stream.watermark;
        for reader in stream.readers.all.clone() {
            let standing = self.standings.get(reader.query.0 as usize);
            let eager = standing.is_some_and(|standing| standing.eager);
            self.tell(reader.query, |query, bench| {
                // Those that do not hear of every watermark learn here how far time has come.
                if watermark != NEVER && !eager {
                    query.watermark(reader.input, watermark, bench);
                }
                query.end(reader.input, bench);
            });
        }
    }

    /// The query whose output a stream is was stopped: so are those that read it.
    fn tell_failed(&mut self, id: StreamId) {
        let Some(stream) = self.streams.get(&id) else {
            return;
        };
        let Origin::Query(producer) = stream.origin else {
            return;
        };
        let producer = self.queries.get(producer.0 as usize);
        let failure = match producer.and_then(|it| it.as_ref()?.failed()) {
            Some(why @ Failure::Limit { .. }) => Failure::Input {
                query: stream.spec.name.clone(),
                why: Box::new(why.clone()),
            },
            Some(first) => first.clone(),
            None => return,
        };
        for reader in stream.readers.all.clone() {
            self.tell(reader.query, |query, bench| query.fail_by(&failure, bench));
        }
    }

    /// Tells a query something, and passes on what comes out of it.
    pub(crate) fn tell(&mut self, id: QueryId, what: impl FnOnce(&mut Query, &mut Bench<'_>)) {
        let number = id.0 as usize;
        let (Some(Some(query)), Some(standing)) =
            (self.queries.get_mut(number), self.standings.get_mut(number))
        else {
            return;
        };
        let mut produced = std::mem::take(&mut self.scratch.produced);
        let mut bench = Bench {
            families: &mut self.families,
            out: &mut produced,
        };
        what(query, &mut bench);
        standing.waiting = query.waiting(&mut self.families);
        let due = query.next_due();
        let output = query.plan.output_stream;
        if due < standing.due && !standing.eager {
            standing.due = due;
            let input = query.plan.inputs.first().map(|input| input.stream);
            if let Some(stream) = input.and_then(|input| self.streams.get_mut(&input)) {
                let reader = Reader {
                    query: id,
                    input: 0,
                };
                stream.readers.due.push(Reverse((due, reader)));
            }
        }
        if produced.is_empty() && !standing.eager && !query.is_done() {
            self.scratch.produced = produced;
            return;
        }
        let Some(stream) = self.streams.get_mut(&output) else {
            self.scratch.produced = produced;
            return;
        };
        let read = !stream.readers.is_empty();
        let sorted = !query.plan.order_by.is_empty();
        if query.deliver && !produced.is_empty() {
            let clock = query.clock();
            let rows = produced.iter_mut().map(|row| Output {
                query: id,
                time: if sorted { clock } else { row.time },
                values: if read {
                    row.values.clone()
                } else {
                    std::mem::take(&mut row.values)
                },
                match_id: row.match_id,
            });
            self.outputs.extend(rows);
        }
        if read {
            if let Some(column) = query.plan.event_time {
                for row in &mut produced {
                    row.time = row.values.get(column).and_then(micros).unwrap_or(row.time);
                }
            }
            if sorted {
                produced.sort_by_key(|row| row.time);
            }
            for row in produced.drain(..) {
                let event = stream.derived(row.time, self.next_seq, row.values);
                self.next_seq += 1;
                self.agenda.push_back(Item::Event(output, event));
            }
            let watermark = query.output_watermark();
            if watermark > stream.watermark {
                stream.watermark = watermark;
                self.agenda.push_back(Item::Watermark(output, watermark));
            }
        }
        produced.clear();
        self.scratch.produced = produced;
        if query.is_done() && !stream.ended {
            stream.ended = true;
            self.agenda.push_back(match query.failed() {
                Some(_) => Item::Failed(output),
                None => Item::Ended(output),
            });
        }
    }
}
