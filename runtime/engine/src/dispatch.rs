//! Who is told of what: events go to the queries that they concern, watermarks to those to which something happens by them.

use std::cmp::Reverse;
use std::sync::Arc;

use portent_planner::compiled::StreamId;

use crate::emit::Produced;
use crate::engine::{Engine, Item, Output, QueryId, micros};
use crate::event::{Event, Hint};
use crate::index::{Fields, Hits};
use crate::query::{Query, Wanted};
use crate::readers::Reader;
use crate::stream::{NEVER, Stream};

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
        queries: &[Option<Query>],
        fields: &F,
        seq: u64,
        now: bool,
    ) {
        self.targets.clear();
        self.hits.clear();
        let readers = &mut stream.readers;
        readers.index.probe(fields, &mut self.hits);
        self.hits.queries.sort_unstable();
        let arrived = |reader: &Reader| {
            let query = queries.get(reader.query.0 as usize);
            query
                .and_then(Option::as_ref)
                .is_some_and(|query| seq >= query.standing.since)
        };
        let mut every = readers
            .every_event
            .iter()
            .copied()
            .filter(arrived)
            .peekable();
        let hint = Hint::default();
        for number in &self.hits.queries {
            let Some(query) = queries.get(*number as usize).and_then(Option::as_ref) else {
                continue;
            };
            let (standing, bits) = (&query.standing, self.hits.bits(*number));
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

impl Engine {
    /// Adds a reader to a stream.
    pub(crate) fn add_reader(&mut self, stream: StreamId, reader: Reader) {
        let Some(stream) = self.streams.get_mut(&stream) else {
            return;
        };
        let Some(Some(query)) = self.queries.get_mut(reader.query.0 as usize) else {
            return;
        };
        let before = stream.released();
        let readers = &mut stream.readers;
        readers.all.push(reader);
        let wanted = if self.config.index {
            query.wanted()
        } else {
            Wanted::Everything
        };
        match wanted {
            Wanted::Everything => readers.every_event.push(reader),
            Wanted::Some(entries) => {
                query.standing.before = Some(before);
                for (bit, tests, all) in entries {
                    query.standing.registered |= bit;
                    query.standing.complete |= if all { bit } else { 0 };
                    readers.index.insert(reader.query.0, bit, tests);
                }
            }
        }
        query.standing.waiting = query.waiting();
    }

    /// A query hears of every watermark if it merges its inputs by them, or if somebody reads its output, which is as far in time as
    /// the query is. All others hear of those by which something happens.
    pub(crate) fn refresh_eager(&mut self, id: QueryId) {
        let Some(Some(query)) = self.queries.get_mut(id.0 as usize) else {
            return;
        };
        let read = self
            .streams
            .get(&query.plan.output_stream)
            .is_some_and(|stream| !stream.readers.is_empty());
        let eager = read || query.merges();
        let was = std::mem::replace(&mut query.standing.eager, eager);
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
                self.tell(id, |query, out| query.watermark(number, watermark, out));
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
                            &self.queries,
                            &event.values[..],
                            event.seq,
                            true,
                        );
                        self.tell_targets(&event);
                    }
                }
                Item::Watermark(id, watermark) => self.tell_watermark(id, watermark),
                Item::Ended(id) => self.tell_end(id),
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
            self.tell(reader.query, |query, out| {
                query.event(reader.input, event, hint, out);
            });
        }
        self.scratch.targets = targets;
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
            self.tell(reader.query, |query, out| {
                query.watermark(reader.input, watermark, out);
            });
        }
        loop {
            let readers = self.streams.get_mut(&id).map(|it| &mut it.readers);
            let Some((time, reader)) = readers.and_then(|it| it.take_due(watermark)) else {
                return;
            };
            let Some(Some(query)) = self.queries.get_mut(reader.query.0 as usize) else {
                continue;
            };
            if query.standing.due != time {
                continue;
            }
            query.standing.due = i64::MAX;
            self.tell(reader.query, |query, out| {
                query.watermark(reader.input, watermark, out);
            });
        }
    }

    fn tell_end(&mut self, id: StreamId) {
        let Some(stream) = self.streams.get(&id) else {
            return;
        };
        let watermark = stream.watermark;
        for reader in stream.readers.all.clone() {
            self.tell(reader.query, |query, out| {
                // Those that do not hear of every watermark learn here how far time has come.
                if watermark != NEVER && !query.standing.eager {
                    query.watermark(reader.input, watermark, out);
                }
                query.end(reader.input, out);
            });
        }
    }

    /// Tells a query something, and passes on what comes out of it.
    pub(crate) fn tell(&mut self, id: QueryId, what: impl FnOnce(&mut Query, &mut Vec<Produced>)) {
        let Some(Some(query)) = self.queries.get_mut(id.0 as usize) else {
            return;
        };
        let mut produced = std::mem::take(&mut self.scratch.produced);
        what(query, &mut produced);
        query.standing.waiting = query.waiting();
        let due = query.next_due();
        let output = query.plan.output_stream;
        if due < query.standing.due && !query.standing.eager {
            query.standing.due = due;
            let input = query.plan.inputs.first().map(|input| input.stream);
            if let Some(stream) = input.and_then(|input| self.streams.get_mut(&input)) {
                let reader = Reader {
                    query: id,
                    input: 0,
                };
                stream.readers.due.push(Reverse((due, reader)));
            }
        }
        if produced.is_empty() && !query.standing.eager && !query.is_done() {
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
            self.agenda.push_back(Item::Ended(output));
        }
    }
}
