//! What Prometheus asks for, in the OpenMetrics text format. Gathered when it is asked for.
//!
//! No keys of events stand in labels: a stream or a query, and nothing that grows with the data.

use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::app::{App, Phase};
use super::failure::Failure;
use crate::status::QueryState;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfQuery {
    query: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfStream {
    stream: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfSink {
    sink: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OfSource {
    stream: String,
    state: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Dropped {
    query: String,
    reason: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct InState {
    state: &'static str,
}

type Counts<L> = Family<L, Counter>;
type Gauges<L> = Family<L, Gauge>;
type Seconds<L> = Family<L, Gauge<f64, AtomicU64>>;

/// The text.
pub(crate) async fn text(app: &App) -> Result<String, Failure> {
    let (queries, streams, sinks) = app
        .ask(|session| (session.queries(), session.streams(), session.sinks()))
        .await?;
    let mut registry = Registry::with_prefix("portent");
    let registry = &mut registry;
    let info = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
    registry.register("build", "What runs", info);
    let single = |value: u64| {
        let counter: Counter = Counter::default();
        counter.inc_by(value);
        counter
    };
    let counters = &app.counters;
    let get = |it: &AtomicU64| it.load(Ordering::Relaxed);
    for (name, help, value) in [
        ("http_requests", "Requests", get(&counters.requests)),
        (
            "http_unauthorized",
            "Requests without the right token",
            get(&counters.unauthorized),
        ),
        (
            "http_throttled",
            "Requests that were refused since the engine was behind",
            get(&counters.throttled),
        ),
        (
            "pushed_events",
            "Events taken over HTTP, in time",
            get(&counters.accepted),
        ),
        (
            "pushed_late_events",
            "Events taken over HTTP that were too late",
            get(&counters.late),
        ),
        (
            "rejected_events",
            "Rows that came over HTTP and can't be read",
            get(&counters.rejected),
        ),
        (
            "delivered_matches",
            "Matches given to consumers",
            get(&counters.delivered),
        ),
        (
            "lagged_consumers",
            "How often a consumer lost matches",
            get(&counters.lagged),
        ),
        (
            "reloads",
            "Reloads of the query files",
            get(&counters.reloads),
        ),
        (
            "reload_failures",
            "Reloads that changed nothing since something was wrong",
            get(&counters.reloads_failed),
        ),
    ] {
        registry.register(name, help, single(value));
    }
    let subscribers: Gauge = Gauge::default();
    subscribers.set(i64::try_from(get(&counters.subscribers)).unwrap_or(i64::MAX));
    registry.register("subscribers", "Consumers that are connected", subscribers);
    let ready: Gauge = Gauge::default();
    ready.set(i64::from(app.phase() == Phase::Ready));
    registry.register("ready", "1 if events are taken", ready);
    let uptime: Gauge<f64, AtomicU64> = Gauge::default();
    uptime.set(app.started.elapsed().as_secs_f64());
    registry.register_with_unit("uptime", "Since the start", Unit::Seconds, uptime);
    of_sources(registry, app);
    of_streams(registry, &streams);
    of_sinks(registry, &sinks);
    of_queries(registry, app, &queries);
    let mut text = String::new();
    encode(&mut text, registry).map_err(|_| {
        let status = axum::http::StatusCode::INTERNAL_SERVER_ERROR;
        Failure::new(status, "metrics", "the metrics can't be written")
    })?;
    Ok(text)
}

fn of_sources(registry: &mut Registry, app: &App) {
    let (rows, bad) = (Counts::<OfStream>::default(), Counts::<OfStream>::default());
    let states = Gauges::<OfSource>::default();
    for (stream, status) in app.sources.status() {
        let label = OfStream {
            stream: stream.clone(),
        };
        let get = |it: &AtomicU64| it.load(Ordering::Relaxed);
        rows.get_or_create(&label).inc_by(get(&status.rows));
        bad.get_or_create(&label).inc_by(get(&status.bad));
        let state = status.state();
        for known in ["starting", "running", "ended", "failed"] {
            let label = OfSource {
                stream: stream.clone(),
                state: known,
            };
            states
                .get_or_create(&label)
                .set(i64::from(state.word() == known));
        }
    }
    registry.register("source_rows", "Rows that a source gave", rows);
    registry.register(
        "source_bad_rows",
        "Rows of a source that can't be read",
        bad,
    );
    registry.register(
        "source_state",
        "1 for the state that a source is in",
        states,
    );
}

fn of_sinks(registry: &mut Registry, sinks: &[crate::status::SinkStatus]) {
    let (rows, dropped, failed, retries) = (
        Counts::<OfSink>::default(),
        Counts::<OfSink>::default(),
        Counts::<OfSink>::default(),
        Counts::<OfSink>::default(),
    );
    let queued = Gauges::<OfSink>::default();
    for sink in sinks {
        let label = OfSink {
            sink: sink.name.clone(),
        };
        rows.get_or_create(&label).inc_by(sink.rows);
        dropped.get_or_create(&label).inc_by(sink.stats.dropped);
        failed.get_or_create(&label).inc_by(sink.stats.failed);
        retries.get_or_create(&label).inc_by(sink.stats.retries);
        let waiting = i64::try_from(sink.stats.queued).unwrap_or(i64::MAX);
        queued.get_or_create(&label).set(waiting);
    }
    registry.register("sink_rows", "Rows that went into a sink", rows);
    registry.register(
        "sink_dropped_rows",
        "Rows for which a sink's queue had no room",
        dropped,
    );
    registry.register("sink_failed_rows", "Rows that a receiver refused", failed);
    registry.register(
        "sink_retries",
        "Attempts that failed and were made again",
        retries,
    );
    registry.register("sink_queued_rows", "Rows that wait for a receiver", queued);
}

/// The same in the older text format: families are named as their samples are, and there are neither units nor kinds of its own.
pub(crate) fn classic(text: &str) -> String {
    let kinds: std::collections::HashMap<&str, &str> = text
        .lines()
        .filter_map(|it| it.strip_prefix("# TYPE ")?.split_once(' '))
        .collect();
    let mut classic = String::with_capacity(text.len());
    for line in text.lines() {
        let Some((word, (name, rest))) = line
            .strip_prefix("# ")
            .and_then(|it| it.split_once(' '))
            .and_then(|(word, it)| Some((word, it.split_once(' ')?)))
        else {
            if line != "# EOF" {
                classic.push_str(line);
                classic.push('\n');
            }
            continue;
        };
        let (suffix, kind) = match kinds.get(name) {
            Some(&"counter") => ("_total", "counter"),
            Some(&"info") => ("_info", "gauge"),
            Some(kind) => ("", *kind),
            None => ("", "untyped"),
        };
        match word {
            "HELP" => classic.push_str(&format!("# HELP {name}{suffix} {rest}\n")),
            "TYPE" => classic.push_str(&format!("# TYPE {name}{suffix} {kind}\n")),
            _ => {}
        }
    }
    classic
}

fn of_streams(registry: &mut Registry, streams: &[crate::status::StreamStatus]) {
    let (events, late, ahead, bad) = (
        Counts::<OfStream>::default(),
        Counts::<OfStream>::default(),
        Counts::<OfStream>::default(),
        Counts::<OfStream>::default(),
    );
    let watermark = Seconds::<OfStream>::default();
    let waiting = Gauges::<OfStream>::default();
    for stream in streams {
        let label = OfStream {
            stream: stream.name.clone(),
        };
        events.get_or_create(&label).inc_by(stream.events);
        late.get_or_create(&label).inc_by(stream.late);
        ahead.get_or_create(&label).inc_by(stream.ahead);
        bad.get_or_create(&label).inc_by(stream.bad);
        waiting
            .get_or_create(&label)
            .set(i64::try_from(stream.waiting).unwrap_or(i64::MAX));
        if let Some(micros) = stream.watermark {
            watermark.get_or_create(&label).set(micros as f64 / 1e6);
        }
    }
    registry.register("events", "Events of a stream", events);
    registry.register("late_events", "Events that came before the watermark", late);
    registry.register("ahead_events", "Events too far ahead of all others", ahead);
    registry.register("bad_events", "Rows of a source that can't be read", bad);
    registry.register(
        "waiting_events",
        "Events that wait for the watermark",
        waiting,
    );
    registry.register_with_unit(
        "watermark_timestamp",
        "How far a stream is known, since 1970",
        Unit::Seconds,
        watermark,
    );
}

fn of_queries(registry: &mut Registry, app: &App, queries: &[crate::status::QueryStatus]) {
    let (matches, rows, errors) = (
        Counts::<OfQuery>::default(),
        Counts::<OfQuery>::default(),
        Counts::<OfQuery>::default(),
    );
    let dropped = Counts::<Dropped>::default();
    let (partial, bytes, kept) = (
        Gauges::<OfQuery>::default(),
        Gauges::<OfQuery>::default(),
        Gauges::<OfQuery>::default(),
    );
    let states = Gauges::<InState>::default();
    for state in ["running", "paused", "done", "failed"] {
        states.get_or_create(&InState { state }).set(0);
    }
    let logs: std::collections::HashMap<_, _> = app.hub.all().into_iter().collect();
    for query in queries {
        let state = match &query.state {
            QueryState::Paused => "paused",
            QueryState::Done => "done",
            QueryState::Failed(_) => "failed",
            _ => "running",
        };
        states.get_or_create(&InState { state }).inc();
        let label = OfQuery {
            query: query.name.clone(),
        };
        matches.get_or_create(&label).inc_by(query.matches);
        rows.get_or_create(&label).inc_by(query.rows);
        errors.get_or_create(&label).inc_by(query.errors);
        let gauge = |it: u64| i64::try_from(it).unwrap_or(i64::MAX);
        partial
            .get_or_create(&label)
            .set(gauge(query.partial_matches));
        bytes.get_or_create(&label).set(gauge(query.bytes));
        let log = logs.get(query.name.as_str());
        kept.get_or_create(&label)
            .set(gauge(log.map_or(0, |it| it.kept() as u64)));
        for (reason, count) in [
            ("overflow", query.shed),
            ("oldest", query.dropped),
            ("limit", query.suppressed),
        ] {
            let label = Dropped {
                query: query.name.clone(),
                reason,
            };
            dropped.get_or_create(&label).inc_by(count);
        }
    }
    registry.register("queries", "Standing queries by state", states);
    registry.register("matches", "Matches of a query's pattern", matches);
    registry.register("rows", "Rows that a query reported", rows);
    registry.register(
        "query_errors",
        "Conditions and expressions that had no value",
        errors,
    );
    registry.register(
        "dropped_matches",
        "Matches and partial matches that were not kept",
        dropped,
    );
    registry.register(
        "partial_matches",
        "Ways in which partial matches may go on",
        partial,
    );
    registry.register("kept_matches", "Matches that are kept for consumers", kept);
    registry.register_with_unit("state", "What a query holds", Unit::Bytes, bytes);
}
