//! A passing query: an engine of its own, with the standing queries that it reads, over all input there is, to its end.

use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;
use std::sync::Arc;

use portent_engine::{Output, QueryId};
use portent_planner::CompiledQuery;
use portent_planner::catalog::QueryDef;
use portent_planner::compiled::StreamId;
use portent_planner::resolve::Planned;

use super::apply::{Place, at};
use super::read::{Told, drive, open};
use super::{Session, StreamState};
use crate::error::Errors;
use crate::flow::{Delivery, Flow, Route, constant_time};
use crate::ingest::Ingest;
use crate::merge::Feed;
use crate::needed::needed;
use crate::plan::Target;
use crate::reader::Incoming;
use crate::reply::Reply;
use crate::stats::{Progress, QueryRun, StreamRun};

/// Of so many passing SELECTs the statistics are kept, the last ones: a session that lives for years has many.
const MOST_PASSED: usize = 1000;

/// What a passing query tells.
pub(super) enum Passing {
    /// A row of it.
    Row(Output),
    /// How far it is.
    Progress(Progress),
}

/// Takes what a passing query tells; an error stops the query.
pub(super) type OnRow<'a> = dyn FnMut(Passing) -> Result<(), Errors> + 'a;

/// A passing query that is ready to run: it needs its session no more, and may run on another thread.
pub(super) struct Pass {
    flow: Flow,
    feeds: Vec<Feed>,
    main: QueryId,
    name: String,
    place: Place,
    /// The streams that it reads: their names, and where errors of their sources belong.
    streams: Vec<(StreamId, String, Option<Place>)>,
}

/// One that has run.
pub(super) struct Ran {
    flow: Flow,
    main: QueryId,
    name: String,
    streams: Vec<(StreamId, String, Option<Place>)>,
    told: Told,
}

impl Pass {
    /// Runs it to its end; what it did besides is for the summary of its session.
    pub fn run(self, on: &mut OnRow<'_>) -> (Ran, Result<(), Errors>) {
        let Self {
            mut flow,
            feeds,
            main,
            name,
            place,
            streams,
        } = self;
        let mut told = Told::default();
        let on = RefCell::new(on);
        let rows_out = Cell::new(0_u64);
        // What the taker of the pieces said when it stopped the run.
        let said = RefCell::new(None);
        let driven = drive(
            &mut flow,
            feeds,
            &mut told,
            &mut |delivery| match delivery {
                Delivery::Report(_, output) => {
                    rows_out.set(rows_out.get() + 1);
                    (*on.borrow_mut())(Passing::Row(output))
                }
                Delivery::Sink(..) => Ok(()),
            },
            &|flow| flow.is_done(main),
            &mut |events, (bytes, total_bytes), waiting| {
                let progress = Progress {
                    events,
                    rows_out: rows_out.get(),
                    bytes,
                    total_bytes,
                    waiting,
                };
                match (*on.borrow_mut())(Passing::Progress(progress)) {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(errors) => {
                        said.replace(Some(errors));
                        ControlFlow::Break(())
                    }
                }
            },
        );
        let driven = match said.into_inner() {
            Some(errors) => Err(errors),
            None => driven,
        };
        let ran = Ran {
            flow,
            main,
            name,
            streams,
            told,
        };
        let result = ran.result(driven, &place);
        (ran, result)
    }
}

impl Ran {
    /// How it ended.
    fn result(&self, driven: Result<(), Errors>, place: &Place) -> Result<(), Errors> {
        driven.map_err(|errors| {
            if errors.source.is_none() {
                at(errors, place)
            } else {
                errors
            }
        })?;
        if let Some(failure) = self.flow.stats(self.main).and_then(|it| it.failed) {
            return Err(at(
                super::report::stopped("the query", &failure.to_string()),
                place,
            ));
        }
        let Some((stream, error)) = &self.told.failed else {
            return Ok(());
        };
        let errors = super::target::connect(error);
        let known = self.streams.iter().find(|(id, ..)| id == stream);
        Err(match known.and_then(|(_, _, place)| place.as_ref()) {
            Some(place) => at(errors, place),
            None => errors,
        })
    }
}

impl Session {
    /// Runs a query over what there is: files and other bounded sources from their beginning, streams without connector as far as rows
    /// were put into them. What runs otherwise doesn't notice. `on` may change the session.
    pub(super) fn pass(
        &mut self,
        planned: &Planned,
        name: &str,
        place: &Place,
        on: &mut dyn FnMut(&mut Session, Passing) -> Result<(), Errors>,
    ) -> Result<(), Errors> {
        let pass = self.ready(planned, name, place)?;
        let (ran, result) = pass.run(&mut |told| on(self, told));
        self.note_pass(&ran);
        result
    }

    /// Whoever pushes events and then selects from their stream finds nothing, and hears why.
    pub(super) fn not_kept(&self, reads: &[StreamId]) -> Vec<Reply> {
        if self.options.keep_pushed || self.options.no_connectors {
            return Vec::new();
        }
        let sources = self.closure(reads).sources;
        let states = sources.iter().filter_map(|id| self.streams.get(id));
        let went_by = |state: &&StreamState| {
            let stats = self.flow.stream_stats(state.def.id);
            !state.connected && state.kept.is_empty() && stats.is_some_and(|it| it.events > 0)
        };
        let told = states.filter(went_by).map(|state| {
            let name = &state.def.name;
            Reply::Notice(format!(
                "events that were pushed into \"{name}\" went by, and are not kept: a SELECT reads rows of INSERT and sources; CREATE QUERY sees what comes"
            ))
        });
        told.collect()
    }

    /// Makes a passing query ready: an engine of its own with all that it reads, and its sources open.
    pub(super) fn ready(
        &self,
        planned: &Planned,
        name: &str,
        place: &Place,
    ) -> Result<Pass, Errors> {
        let mut flow = Flow::new(super::engine_config(self.settings()));
        let closure = self.closure(&planned.reads);
        let mut own: Vec<StreamState> = Vec::new();
        for source in &planned.new_sources {
            own.push(StreamState {
                ingest: Arc::new(Ingest::new(source)),
                connected: !self.options.no_connectors,
                inferred: self.files.inferred(&source.options),
                def: Arc::clone(source),
                kept: Vec::new(),
                read: false,
                bad: 0,
                first_bad: None,
                skipped: 0,
                place: Some(place.clone()),
            });
            flow.add_stream(source)?;
        }
        for id in &closure.sources {
            if let Some(state) = self.streams.get(id) {
                flow.add_stream(&state.def)?;
            }
        }
        let standing = self
            .catalog
            .queries()
            .filter(|it| closure.queries.contains(&it.name));
        let queries: Vec<Arc<CompiledQuery>> = standing
            .flat_map(|it| &it.queries)
            .chain(&planned.queries)
            .cloned()
            .collect();
        let mut feeds = self.feeds(&closure.sources, &own, &queries)?;
        let main = self.register_all(&mut flow, planned, &closure.queries, name, &mut feeds)?;
        let read = closure.sources.iter().filter_map(|id| self.streams.get(id));
        let streams = read.chain(&own);
        Ok(Pass {
            flow,
            feeds,
            main,
            name: name.to_owned(),
            place: place.clone(),
            streams: streams
                .map(|it| (it.def.id, it.def.name.clone(), it.place.clone()))
                .collect(),
        })
    }

    /// Where the events come from, in the order of declaration.
    pub(super) fn feeds(
        &self,
        sources: &[StreamId],
        own: &[StreamState],
        queries: &[Arc<CompiledQuery>],
    ) -> Result<Vec<Feed>, Errors> {
        let reading = self.reading();
        let mut feeds = Vec::new();
        for state in sources
            .iter()
            .filter_map(|id| self.streams.get(id))
            .chain(own)
        {
            feeds.push(if state.connected {
                let needed = needed(&state.def, queries.iter().map(|it| &**it));
                Feed::Reader(open(state, needed.as_deref(), &reading)?)
            } else {
                Feed::Kept(state.def.id, state.kept.iter().cloned().collect())
            });
        }
        Ok(feeds)
    }

    /// Registers the standing queries that are read, and then the query itself.
    fn register_all(
        &self,
        flow: &mut Flow,
        planned: &Planned,
        standing: &[String],
        name: &str,
        feeds: &mut Vec<Feed>,
    ) -> Result<QueryId, Errors> {
        for def in self
            .catalog
            .queries()
            .filter(|it| standing.contains(&it.name))
        {
            // Streams only: what it writes into sinks has been written, or will be, by the query itself.
            self.register_standing(flow, def, false, false, feeds)?;
        }
        let route = planned.queries.last().map(|query| Route {
            name: Arc::from(name),
            schema: Arc::new(planned.output.clone()),
            query: Arc::clone(query),
            report: true,
            streams: Vec::new(),
            sinks: Vec::new(),
            rows: 0,
        });
        let main = register(flow, planned, route, feeds)?;
        main.ok_or_else(|| {
            let code = portent_grammar::codes::runtime::ENGINE_REFUSED;
            Errors::plain(code, "the plan of this statement is empty")
        })
    }

    /// Registers a standing query in a flow that is not the session's.
    pub(super) fn register_standing(
        &self,
        flow: &mut Flow,
        def: &QueryDef,
        report: bool,
        sinks: bool,
        feeds: &mut Vec<Feed>,
    ) -> Result<Option<QueryId>, Errors> {
        let (mut streams, mut into_sinks) = (Vec::new(), Vec::new());
        for into in &def.into {
            let target = self
                .catalog
                .streams()
                .find(|it| it.name == *into && flow.has_stream(it.id));
            if let Some(target) = target
                && let Some(Target::Stream(_, into)) = self.route_into(&def.name, target.id)
            {
                streams.push(into);
            } else if sinks && self.outbox.sinks.contains_key(into) {
                into_sinks.push(into.clone());
            }
        }
        let goes_out = report || !streams.is_empty() || !into_sinks.is_empty();
        let last = def.queries.last().filter(|_| goes_out);
        let route = last.map(|query| Route {
            name: Arc::from(def.name.as_str()),
            schema: Arc::new(def.planned.output.clone()),
            query: Arc::clone(query),
            report,
            streams,
            sinks: into_sinks,
            rows: 0,
        });
        register(flow, &def.planned, route, feeds)
    }

    fn route_into(&self, query: &str, stream: StreamId) -> Option<Target> {
        let id = self.queries.get(query)?.parts.last()?;
        let route = self.flow.route(*id)?;
        let into = route.streams.iter().find(|it| it.stream == stream)?;
        let def = self.catalog.stream(stream)?;
        Some(Target::Stream(Arc::clone(def), into.clone()))
    }

    /// Keeps what a passing query read and did, for the summary.
    fn note_pass(&mut self, ran: &Ran) {
        for (id, block) in &ran.told.sources {
            let known = ran.streams.iter().find(|(it, ..)| it == id);
            let Some((_, name, _)) = known else { continue };
            let stats = ran.flow.stream_stats(*id).unwrap_or_default();
            let run = self.passed.streams.entry(name.clone()).or_default();
            run.name.clone_from(name);
            add(
                run,
                &StreamRun {
                    name: String::new(),
                    events: stats.events + stats.late + stats.ahead,
                    late: stats.late,
                    ahead: stats.ahead,
                    bad: block.bad,
                    first_bad: block.first_bad.clone(),
                    skipped: block.skipped,
                },
            );
        }
        let mut run = QueryRun {
            name: ran.name.clone(),
            ..QueryRun::default()
        };
        super::report::collect(&ran.flow, &[ran.main], &mut run);
        if self.passed.queries.len() >= MOST_PASSED {
            self.passed.queries.remove(0);
        }
        self.passed.queries.push(run);
    }
}

/// Adds what one more reading of a stream gave.
fn add(run: &mut StreamRun, more: &StreamRun) {
    run.events += more.events;
    run.late += more.late;
    run.ahead += more.ahead;
    run.bad += more.bad;
    run.skipped += more.skipped;
    if run.first_bad.is_none() {
        run.first_bad.clone_from(&more.first_bad);
    }
}

fn register(
    flow: &mut Flow,
    planned: &Planned,
    route: Option<Route>,
    feeds: &mut Vec<Feed>,
) -> Result<Option<QueryId>, Errors> {
    let outputs: Vec<StreamId> = planned.queries.iter().map(|it| it.output_stream).collect();
    for spec in &planned.new_streams {
        if !outputs.contains(&spec.id) && !flow.has_stream(spec.id) {
            flow.add_hidden(spec)?;
        }
    }
    let mut route = route;
    let mut last = None;
    let count = planned.queries.len();
    for (number, query) in planned.queries.iter().enumerate() {
        let route = if number + 1 == count {
            route.take()
        } else {
            None
        };
        last = Some(flow.register(query, route)?);
    }
    for constants in &planned.constant_rows {
        let rows = constants.rows.iter().enumerate();
        let events = rows.map(|(at, row)| Incoming {
            time: constant_time(constants, at, row),
            values: row.clone(),
        });
        feeds.push(Feed::Kept(constants.stream, events.collect()));
    }
    Ok(last)
}
