//! Who is told of what: events go to the queries that they concern, watermarks to those to which something happens by them.

use std::cmp::Reverse;
use std::ops::Range;
use std::sync::Arc;

use portent_grammar::Columns;
use portent_planner::compiled::StreamId;
use portent_planner::reads::each_column;

use crate::emit::Produced;
use crate::engine::{Engine, Item, Output, QueryId, micros};
use crate::event::{Event, Hint, Row};
use crate::index::{Hit, Hits};
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
    /// Of the rows of a block that are dealt with next.
    ahead: Hits,
    /// The queries that the event at hand concerns, by number.
    pub targets: Vec<Target>,
    produced: Vec<Produced>,
}

/// Rows of a block are looked up in the index so many at a time, so that what was found is still at hand when their turn comes.
const AHEAD: usize = 256;

impl Scratch {
    /// Finds what the next rows of a block concern; how many these are.
    pub fn look_ahead(
        &mut self,
        stream: &mut Stream,
        columns: &Columns,
        rows: Range<usize>,
    ) -> usize {
        self.ahead.clear();
        let next = rows.start..rows.end.min(rows.start + AHEAD);
        match &mut stream.readers.index {
            Some(index) => index.probe_rows(columns, next, 16 * AHEAD, &mut self.ahead),
            None => next.len(),
        }
    }

    /// Whether a row that was looked up ahead is for nobody.
    #[inline]
    pub fn is_silent(&self, stream: &Stream, row: usize) -> bool {
        self.ahead.of(row).is_empty() && stream.readers.every_event.is_empty()
    }

    /// Finds the queries that an event of a stream concerns.
    pub fn find(&mut self, stream: &mut Stream, standings: &[Standing], event: &Event) {
        self.hits.clear();
        if let Some(index) = &mut stream.readers.index {
            index.probe(&event.values[..], &mut self.hits);
        }
        let hits = self.hits.of(0);
        let now = Some(event.time);
        targets(&mut self.targets, stream, standings, hits, event.seq, now);
    }

    /// The same for one of the rows that were looked up ahead: `now`, at this time; `None`: as they may wait for something else when it is
    /// let go.
    pub fn found_ahead(
        &mut self,
        stream: &Stream,
        standings: &[Standing],
        row: usize,
        seq: u64,
        now: Option<i64>,
    ) {
        let hits = self.ahead.of(row);
        targets(&mut self.targets, stream, standings, hits, seq, now);
    }
}

/// Lists the queries that are to be told of an event: those that it hits, if they wait for it, and those that see every event.
fn targets(
    targets: &mut Vec<Target>,
    stream: &Stream,
    standings: &[Standing],
    hits: &[Hit],
    seq: u64,
    now: Option<i64>,
) {
    targets.clear();
    let every_event = &stream.readers.every_event;
    let arrived = |reader: &Reader| {
        let standing = standings.get(reader.query.0 as usize);
        standing.is_some_and(|standing| seq >= standing.since)
    };
    let mut every = every_event.iter().copied().filter(arrived).peekable();
    let hint = Hint::default();
    for Hit { query, bits } in hits {
        let Some(standing) = standings.get(*query as usize) else {
            continue;
        };
        let concerned = now.is_none_or(|time| bits & standing.waiting_at(time) != 0);
        if seq < standing.since || !concerned {
            continue;
        }
        let query = QueryId(*query);
        if !every_event.is_empty() {
            while let Some(reader) = every.next_if(|reader| reader.query < query) {
                targets.push(Target { reader, hint });
            }
        }
        targets.push(Target {
            reader: Reader { query, input: 0 },
            hint: Hint {
                held: bits & standing.complete(),
                not: standing.registered & !bits,
            },
        });
    }
    targets.extend(every.map(|reader| Target { reader, hint }));
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
                    standing.special |= if all { bit } else { 0 };
                    let index = readers.index.get_or_insert_default();
                    index.insert(reader.query.0, bit, tests);
                }
                if standing.special == standing.registered
                    && let Some(place) = query.lighten()
                {
                    self.families.lighten(place, query.most());
                    (standing.light, standing.place) = (true, place);
                }
            }
        }
        standing.waiting = query.waiting(&mut self.families);
        if standing.light {
            standing.special = standing.waiting;
        }
        if let Some(input) = query.plan.inputs.get(usize::from(reader.input)) {
            let looks_at = &mut stream.readers.looks_at;
            // Of a light query the index answers all that is asked of an event alone.
            each_column(&query.plan, input, !standing.light, &mut |column| {
                looks_at.add(column);
            });
        }
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
                        self.scratch.find(stream, &self.standings, &event);
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
        let mut row = None;
        for Target { reader, hint } in targets.drain(..) {
            if self.touch(reader, event, &mut row, hint) {
                continue;
            }
            self.tell(reader.query, |query, bench| {
                query.event(reader.input, event, hint, bench);
            });
        }
        self.scratch.targets = targets;
    }

    /// An event for a query whose events go to its family; the query hears of it if there is something to report. Whether it is such a
    /// query. `known`: the event as a row of an only input, once it was made.
    fn touch(
        &mut self,
        reader: Reader,
        event: &Arc<Event>,
        known: &mut Option<Row>,
        hint: Hint,
    ) -> bool {
        let Some(standing) = self.standings.get_mut(reader.query.0 as usize) else {
            return false;
        };
        if !standing.light {
            return false;
        }
        if standing.asleep {
            return true;
        }
        let (place, eager) = (standing.place, standing.eager);
        let row = known.get_or_insert_with(|| Row {
            event: Arc::clone(event),
            input: 0,
        });
        let Some(touched) = self.families.touch(place, row, hint) else {
            return false;
        };
        (standing.waiting, standing.until) = (touched.waiting, touched.until);
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
            let query = self.queries.get(reader.query.0 as usize);
            if query.is_some_and(|it| it.as_ref().is_some_and(|it| it.is_at(watermark))) {
                // The event told it already.
                continue;
            }
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
        if standing.asleep {
            return;
        }
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
            let watermark = query.output_watermark();
            let moved = watermark > stream.watermark;
            // What events on their way will set may be over already.
            let are_told = !produced.is_empty()
                || stream.readers.minds(watermark)
                || self.agenda.len() > 1
                || matches!(self.agenda.front(), Some(Item::Event(..)));
            for row in produced.drain(..) {
                // It comes after what brought it about, and before what is told next; among each other such events are in the order in
                // which they come.
                let event = stream.derived(row.time, self.position, row.values);
                self.agenda.push_back(Item::Event(output, event));
            }
            if moved {
                stream.watermark = watermark;
                if are_told {
                    self.agenda.push_back(Item::Watermark(output, watermark));
                }
            }
        } else {
            // Who reads it later shall find the numbers that who had always read it would.
            stream.pass_over_all(produced.len());
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
