//! Reading sources to their end, into a flow.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use portent_grammar::codes::runtime as codes;
use portent_planner::catalog::StreamKind;
use portent_planner::compiled::StreamId;

use super::apply::at;
use super::target::connect;
use super::{Session, StreamState};
use crate::error::Errors;
use crate::flow::{Deliver, Flow};
use crate::intake;
use crate::merge::{Feed, Merge, News};
use crate::needed::needed;
use crate::reader::{BLOCK_ROWS, Block, Reader};
use crate::stats::Progress;

/// After so many events somebody is told how far it is, …
const TELL_EVERY: u64 = 8192;
/// … or after so long.
const TELL_AFTER: Duration = Duration::from_millis(100);
/// What is pushed at once shall not take longer than this: between two shares the run can be stopped.
const LONG: Duration = Duration::from_millis(50);
/// The first share and the least, in rows. It grows and shrinks with what a share takes, and that changes no row.
const FIRST_SHARE: usize = 256;
const LEAST_SHARE: usize = 32;

/// What the sources of a run have told so far.
#[derive(Default)]
pub(super) struct Told {
    pub sources: Vec<(StreamId, Block)>,
    pub failed: Option<(StreamId, portent_connect::ConnectError)>,
}

impl Told {
    fn take(&mut self, stream: StreamId, block: Block) {
        match self.sources.iter_mut().find(|(it, _)| *it == stream) {
            Some((_, known)) => *known = block,
            None => self.sources.push((stream, block)),
        }
    }

    fn bytes(&self) -> (u64, Option<u64>) {
        let read = self.sources.iter().map(|(_, it)| it.bytes.0).sum();
        let total = self
            .sources
            .iter()
            .map(|(_, it)| it.bytes.1)
            .sum::<Option<u64>>();
        (read, total)
    }
}

/// How far a run is: events, bytes and their total, and whether the input pauses.
pub(super) type Tell<'a> = dyn FnMut(u64, (u64, Option<u64>), bool) -> ControlFlow<()> + 'a;

/// Pushes all that the feeds give into a flow, and ends it. `enough`: nothing more is needed. `tell` hears how far it is; it may stop
/// the run.
pub(super) fn drive(
    flow: &mut Flow,
    feeds: Vec<Feed>,
    told: &mut Told,
    deliver: &mut Deliver<'_>,
    enough: &dyn Fn(&Flow) -> bool,
    tell: &mut Tell<'_>,
) -> Result<(), Errors> {
    let mut merge = Merge::new(feeds);
    let (mut pushed, mut next_tell) = (0_u64, 0_u64);
    let mut last_told = Instant::now();
    let (mut share, mut unseen) = (FIRST_SHARE, 0);
    // Also without any input: a LIMIT 0, say, is enough at once.
    while !enough(flow) {
        let mut stop = false;
        let next = merge.next(&mut |news| {
            match news {
                News::Block(stream, block) => {
                    told.take(stream, block);
                    // A source may give nothing but rows that can't be read.
                    if last_told.elapsed() >= TELL_AFTER {
                        last_told = Instant::now();
                        stop |= tell(pushed, told.bytes(), false).is_break();
                    }
                }
                News::Failed(stream, error) => told.failed = Some((stream, error)),
                News::Pause => stop |= tell(pushed, told.bytes(), true).is_break(),
            }
            match stop {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        if stop {
            return Err(stopped());
        }
        let Some((stream, events, rows)) = next else {
            break;
        };
        let (mut at, end) = (rows.start, rows.end);
        while at < end {
            let until = end.min(at + share);
            let count = until - at;
            // Of streams that are merged few rows come at a time: to look at the clock for each would cost more than they do.
            let began = (count >= LEAST_SHARE).then(Instant::now);
            flow.push_rows(stream, events, at..until, deliver)?;
            flow.pump(deliver)?;
            at = until;
            pushed += count as u64;
            unseen += count;
            if unseen < LEAST_SHARE {
                continue;
            }
            unseen = 0;
            let now = Instant::now();
            share = match began.map(|began| now.duration_since(began)) {
                Some(took) if took >= LONG => (share / 2).max(LEAST_SHARE),
                Some(took) if took < LONG / 4 => (share * 2).min(BLOCK_ROWS),
                _ => share,
            };
            if pushed >= next_tell || now.duration_since(last_told) >= TELL_AFTER {
                (next_tell, last_told) = (pushed + TELL_EVERY, now);
                if tell(pushed, told.bytes(), false).is_break() {
                    return Err(stopped());
                }
            }
        }
    }
    if told.failed.is_some() {
        return Ok(());
    }
    flow.finish(deliver)?;
    match tell(pushed, told.bytes(), false) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(stopped()),
    }
}

fn stopped() -> Errors {
    Errors::plain(codes::STOPPED, "the run was stopped")
}

impl Session {
    /// Reads the sources of all standing queries to their end: once, side by side, merged by event time (ties in the order of
    /// declaration, then of lines). Then the input is at its end, as by [`Self::finish`].
    ///
    /// Memory doesn't grow with the input. `on` hears how far it is, and may stop the run.
    ///
    /// # Errors
    /// A source can't be opened or read; a row can't be read, and its stream's policy is `fail`; a sink can't be written; P0617 if `on`
    /// stopped it.
    pub fn run_to_end(
        &mut self,
        on: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<(), Errors> {
        if self.ended {
            return Ok(());
        }
        let mut wanted: Vec<StreamId> = Vec::new();
        // What neither reports nor writes is read by what does, or nobody wants it.
        let reporting = super::execute::reporting(&self.catalog, &self.selects, &self.watches);
        let reports = |name: &str| {
            self.options.report_all
                || reporting.iter().any(|(it, _)| **it == *name)
                || self.outbox.by_query.iter().any(|(it, _)| it == name)
        };
        for query in self
            .catalog
            .queries()
            .filter(|it| !it.into.is_empty() || reports(&it.name))
        {
            wanted.extend(
                query
                    .reads
                    .iter()
                    .flat_map(|id| self.catalog.sources_of(*id)),
            );
        }
        wanted.sort_unstable();
        wanted.dedup();
        let mut feeds = Vec::new();
        for id in wanted {
            let needed = self.needed(id);
            let reading = self.reading();
            let Some(state) = self
                .streams
                .get_mut(&id)
                .filter(|it| it.connected && !it.read)
            else {
                continue;
            };
            state.read = true;
            feeds.push(Feed::Reader(open(state, needed.as_deref(), &reading)?));
        }
        self.ended = true;
        let mut told = Told::default();
        let outbox = std::cell::RefCell::new(&mut self.outbox);
        let queries: Vec<_> = self
            .queries
            .values()
            .filter_map(|it| it.parts.last().copied())
            .collect();
        let enough = |flow: &Flow| queries.iter().all(|id| flow.is_done(*id));
        let driven = drive(
            &mut self.flow,
            feeds,
            &mut told,
            &mut |delivery| outbox.borrow_mut().deliver(delivery),
            &enough,
            &mut |events, (bytes, total_bytes), waiting| {
                let rows_out = outbox.borrow().rows;
                on(&Progress {
                    events,
                    rows_out,
                    bytes,
                    total_bytes,
                    waiting,
                })
            },
        );
        self.note(&told);
        driven?;
        if let Some((stream, error)) = told.failed {
            return Err(self.source_error(stream, &error));
        }
        self.outbox.finish_sinks()
    }

    /// The columns of a stream that standing queries read.
    fn needed(&self, id: StreamId) -> Option<Vec<bool>> {
        let def = &self.streams.get(&id)?.def;
        needed(
            def,
            self.catalog
                .queries()
                .flat_map(|it| &it.queries)
                .map(|it| &**it),
        )
    }

    /// Keeps what the sources told, for the summary.
    fn note(&mut self, told: &Told) {
        for (id, block) in &told.sources {
            if let Some(state) = self.streams.get_mut(id) {
                state.bad += block.bad;
                state.skipped += block.skipped;
                if state.first_bad.is_none() {
                    state.first_bad.clone_from(&block.first_bad);
                }
            }
        }
    }

    pub(super) fn source_error(
        &self,
        stream: StreamId,
        error: &portent_connect::ConnectError,
    ) -> Errors {
        let errors = connect(error);
        match self.streams.get(&stream).and_then(|it| it.place.as_ref()) {
            Some(place) => at(errors, place),
            None => errors,
        }
    }

    /// The source streams that a list of streams comes from in the end, queries that write into streams included.
    pub(super) fn closure(&self, reads: &[StreamId]) -> Closure {
        let mut closure = Closure::default();
        let mut todo = reads.to_vec();
        while let Some(id) = todo.pop() {
            if closure.seen.contains(&id) {
                continue;
            }
            closure.seen.push(id);
            let Some(stream) = self.catalog.stream(id) else {
                continue;
            };
            match &stream.kind {
                StreamKind::Late { of } => todo.push(*of),
                StreamKind::Source => closure.sources.push(id),
                StreamKind::Query { .. } => {}
            }
            for query in self.catalog.queries() {
                if query.output == id || query.into.contains(&stream.name) {
                    closure.queries.push(query.name.clone());
                    todo.extend(query.reads.iter().copied());
                }
            }
        }
        closure.sources.sort_unstable();
        closure
    }
}

/// What a passing query needs.
#[derive(Default)]
pub(super) struct Closure {
    seen: Vec<StreamId>,
    /// Streams that take events.
    pub sources: Vec<StreamId>,
    /// Standing queries, by name.
    pub queries: Vec<String>,
}

/// Starts to read a stream's source.
pub(super) fn open(
    state: &StreamState,
    needed: Option<&[bool]>,
    reading: &intake::Reading,
) -> Result<Reader, Errors> {
    let placed = |errors: Errors| match &state.place {
        Some(place) => at(errors, place),
        None => errors,
    };
    let opened = intake::open(&state.def, state.inferred.as_deref(), needed, reading);
    let opened = opened.map_err(|errors| {
        let diagnostics = errors
            .iter()
            .map(|it| it.to_diagnostic(portent_grammar::Span::default()));
        placed(Errors::new(diagnostics.collect(), None))
    })?;
    Reader::start(state.def.id, opened.source, opened.ingest, opened.policy).map_err(|error| {
        let message = format!(
            "the system gives no thread to read stream \"{}\": {error}",
            state.def.name
        );
        Errors::plain(codes::ENGINE_REFUSED, message)
    })
}
