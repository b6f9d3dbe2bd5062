//! What Prometheus asks for, in the OpenMetrics text format. Gathered when it is asked for.
//!
//! No keys of events stand in labels: a stream or a query, and nothing that grows with the data.

use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::app::{App, Phase};
use super::failure::Failure;
use super::log::MatchLog;
use crate::sources::SourceStatus;
use crate::status::{QueryState, QueryStatus, SinkStatus, StreamStatus};

/// Names and values.
type Labels = Vec<(&'static str, String)>;

/// A value of a metric for each of some things.
type Values<'a> = &'a mut dyn Iterator<Item = (Labels, u64)>;

fn label(name: &'static str, value: &str) -> Labels {
    vec![(name, value.to_owned())]
}

fn gauge(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The log, and the checkpoints.
fn of_store(registry: &mut Registry, store: &super::durable::Store) {
    let positions = store.positions();
    let mut values = positions
        .into_iter()
        .map(|(name, position)| (label("at", name), position));
    let family = gauges(&mut values);
    registry.register("log_position", "Positions of the log of events", family);
    let get = |it: &AtomicU64| it.load(Ordering::Relaxed);
    let counts = &store.counts;
    for (name, help, value) in [
        ("checkpoints", "Checkpoints taken", &counts.checkpoints),
        (
            "checkpoint_failures",
            "Checkpoints that could not be taken",
            &counts.failed,
        ),
    ] {
        let counter: Counter = Counter::default();
        counter.inc_by(get(value));
        registry.register(name, help, counter);
    }
    let bytes: Gauge = Gauge::default();
    bytes.set(gauge(get(&counts.bytes)));
    registry.register_with_unit(
        "checkpoint",
        "Size of the last checkpoint",
        Unit::Bytes,
        bytes,
    );
    for (name, help, micros) in [
        (
            "checkpoint_duration",
            "How long the last checkpoint took",
            &counts.took,
        ),
        (
            "checkpoint_pause",
            "How long nothing was taken in for the last checkpoint",
            &counts.held_up,
        ),
        (
            "checkpoint_longest_pause",
            "The longest time in which nothing was taken in for a checkpoint",
            &counts.longest,
        ),
    ] {
        let seconds: Gauge<f64, AtomicU64> = Gauge::default();
        seconds.set(get(micros) as f64 / 1e6);
        registry.register_with_unit(name, help, Unit::Seconds, seconds);
    }
}

fn counts(registry: &mut Registry, name: &str, help: &str, values: Values<'_>) {
    let family = Family::<Labels, Counter>::default();
    for (labels, value) in values {
        family.get_or_create(&labels).inc_by(value);
    }
    registry.register(name, help, family);
}

fn gauges(values: Values<'_>) -> Family<Labels, Gauge> {
    let family = Family::<Labels, Gauge>::default();
    for (labels, value) in values {
        family.get_or_create(&labels).set(gauge(value));
    }
    family
}

/// The text.
pub(crate) async fn text(app: &App) -> Result<String, Failure> {
    let (queries, streams, sinks) = app
        .ask(|session| (session.queries(), session.streams(), session.sinks()))
        .await?;
    let mut registry = Registry::with_prefix("portent");
    let registry = &mut registry;
    let info = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
    registry.register("build", "What runs", info);
    let counters = &app.counters;
    let get = |it: &AtomicU64| it.load(Ordering::Relaxed);
    for (name, help, value) in [
        ("http_requests", "Requests", &counters.requests),
        (
            "http_unauthorized",
            "Requests without the right token",
            &counters.unauthorized,
        ),
        (
            "http_throttled",
            "Requests that were refused since the engine was behind",
            &counters.throttled,
        ),
        (
            "pushed_events",
            "Events taken over HTTP, in time",
            &counters.accepted,
        ),
        (
            "pushed_late_events",
            "Events taken over HTTP that were too late",
            &counters.late,
        ),
        (
            "rejected_events",
            "Rows that came over HTTP and can't be read",
            &counters.rejected,
        ),
        (
            "delivered_matches",
            "Matches given to consumers",
            &counters.delivered,
        ),
        (
            "lagged_consumers",
            "How often a consumer lost matches",
            &counters.lagged,
        ),
        ("reloads", "Reloads of the query files", &counters.reloads),
        (
            "reload_failures",
            "Reloads that changed nothing since something was wrong",
            &counters.reloads_failed,
        ),
    ] {
        let counter: Counter = Counter::default();
        counter.inc_by(get(value));
        registry.register(name, help, counter);
    }
    let subscribers: Gauge = Gauge::default();
    subscribers.set(gauge(get(&counters.subscribers)));
    registry.register("subscribers", "Consumers that are connected", subscribers);
    let ready: Gauge = Gauge::default();
    ready.set(i64::from(app.phase() == Phase::Ready));
    registry.register("ready", "1 if events are taken", ready);
    let uptime: Gauge<f64, AtomicU64> = Gauge::default();
    uptime.set(app.started.elapsed().as_secs_f64());
    registry.register_with_unit("uptime", "Since the start", Unit::Seconds, uptime);
    if let Some(store) = &app.store {
        of_store(registry, store);
    }
    of_sources(registry, app);
    of_streams(registry, &streams);
    of_sinks(registry, &sinks);
    of_queries(registry, &queries);
    of_matches(registry, app, &queries);
    let mut text = String::new();
    encode(&mut text, registry).map_err(|_| {
        let status = axum::http::StatusCode::INTERNAL_SERVER_ERROR;
        Failure::new(status, "metrics", "the metrics can't be written")
    })?;
    Ok(text)
}

fn of_sources(registry: &mut Registry, app: &App) {
    let all = app.sources.status();
    let each = |value: fn(&SourceStatus) -> u64| {
        let all = all.iter();
        all.map(move |(name, it)| (label("stream", name), value(it)))
    };
    let help = "Rows that a source gave";
    counts(registry, "source_rows", help, &mut each(|it| it.rows()));
    let help = "Rows of a source that can't be read";
    counts(registry, "source_bad_rows", help, &mut each(|it| it.bad()));
    let mut states = all.iter().flat_map(|(name, it)| {
        let state = it.state();
        ["starting", "running", "ended", "failed"].map(|known| {
            let labels = vec![("stream", name.clone()), ("state", known.to_owned())];
            (labels, u64::from(state.word() == known))
        })
    });
    let help = "1 for the state that a source is in";
    registry.register("source_state", help, gauges(&mut states));
}

fn of_sinks(registry: &mut Registry, sinks: &[SinkStatus]) {
    let each = |value: fn(&SinkStatus) -> u64| {
        sinks
            .iter()
            .map(move |it| (label("sink", &it.name), value(it)))
    };
    let help = "Rows that went into a sink";
    counts(registry, "sink_rows", help, &mut each(|it| it.rows));
    let help = "Rows for which a sink's queue had no room";
    counts(
        registry,
        "sink_dropped_rows",
        help,
        &mut each(|it| it.stats.dropped),
    );
    let help = "Rows that a receiver refused";
    counts(
        registry,
        "sink_failed_rows",
        help,
        &mut each(|it| it.stats.failed),
    );
    let help = "Attempts that failed and were made again";
    counts(
        registry,
        "sink_retries",
        help,
        &mut each(|it| it.stats.retries),
    );
    let queued = gauges(&mut each(|it| it.stats.queued));
    registry.register("sink_queued_rows", "Rows that wait for a receiver", queued);
}

fn of_streams(registry: &mut Registry, streams: &[StreamStatus]) {
    let each = |value: fn(&StreamStatus) -> u64| {
        streams
            .iter()
            .map(move |it| (label("stream", &it.name), value(it)))
    };
    counts(
        registry,
        "events",
        "Events of a stream",
        &mut each(|it| it.events),
    );
    let help = "Events that came before the watermark";
    counts(registry, "late_events", help, &mut each(|it| it.late));
    let help = "Events too far ahead of all others";
    counts(registry, "ahead_events", help, &mut each(|it| it.ahead));
    let help = "Rows of a source that can't be read";
    counts(registry, "bad_events", help, &mut each(|it| it.bad));
    let waiting = gauges(&mut each(|it| it.waiting));
    registry.register(
        "waiting_events",
        "Events that wait for the watermark",
        waiting,
    );
    let watermark = Family::<Labels, Gauge<f64, AtomicU64>>::default();
    for stream in streams {
        if let Some(micros) = stream.watermark {
            let labels = label("stream", &stream.name);
            watermark.get_or_create(&labels).set(micros as f64 / 1e6);
        }
    }
    let help = "How far a stream is known, since 1970";
    registry.register_with_unit("watermark_timestamp", help, Unit::Seconds, watermark);
}

fn of_queries(registry: &mut Registry, queries: &[QueryStatus]) {
    let each = |value: fn(&QueryStatus) -> u64| {
        queries
            .iter()
            .map(move |it| (label("query", &it.name), value(it)))
    };
    let word = |it: &QueryStatus| match &it.state {
        QueryState::Paused => "paused",
        QueryState::Done => "done",
        QueryState::Failed(_) => "failed",
        _ => "running",
    };
    let mut states = ["running", "paused", "done", "failed"]
        .into_iter()
        .map(|state| {
            let count = queries.iter().filter(|it| word(it) == state).count();
            (label("state", state), count as u64)
        });
    registry.register("queries", "Standing queries by state", gauges(&mut states));
    let help = "Matches of a query's pattern";
    counts(registry, "matches", help, &mut each(|it| it.matches));
    let help = "Rows that a query reported";
    counts(registry, "rows", help, &mut each(|it| it.rows));
    let help = "Conditions and expressions that had no value";
    counts(registry, "query_errors", help, &mut each(|it| it.errors));
    let mut dropped = queries.iter().flat_map(|it| {
        let reasons = [
            ("overflow", it.shed),
            ("oldest", it.dropped),
            ("limit", it.suppressed),
        ];
        reasons.map(|(reason, count)| {
            (
                vec![("query", it.name.clone()), ("reason", reason.to_owned())],
                count,
            )
        })
    });
    let help = "Matches and partial matches that were not kept";
    counts(registry, "dropped_matches", help, &mut dropped);
    let partial = gauges(&mut each(|it| it.partial_matches));
    registry.register(
        "partial_matches",
        "Ways in which partial matches may go on",
        partial,
    );
    let bytes = gauges(&mut each(|it| it.bytes));
    registry.register_with_unit("state", "What a query holds", Unit::Bytes, bytes);
}

fn of_matches(registry: &mut Registry, app: &App, queries: &[QueryStatus]) {
    let logs: Vec<_> = queries
        .iter()
        .map(|it| (&it.name, app.hub.log(&it.name.as_str().into())))
        .collect();
    let each = |value: fn(&MatchLog) -> u64| {
        logs.iter()
            .map(move |(name, log)| (label("query", name), value(log)))
    };
    let kept = gauges(&mut each(MatchLog::kept));
    let help = "Matches that are kept for consumers";
    registry.register("kept_matches", help, kept);
    let first = gauges(&mut each(MatchLog::first));
    let help = "The number of the first match that is kept, or of the next";
    registry.register("first_kept_match", help, first);
    let Some(kept) = app.hub.kept() else {
        return;
    };
    let on_disk = gauges(&mut each(MatchLog::on_disk));
    registry.register("disk_matches", "Matches that are kept on disk", on_disk);
    let bytes: Gauge = Gauge::default();
    bytes.set(gauge(kept.store.bytes()));
    let help = "What the matches of all queries take on disk";
    registry.register_with_unit("disk_matches_size", help, Unit::Bytes, bytes);
    let unwritten: Gauge = Gauge::default();
    unwritten.set(gauge(kept.gathered()));
    let help = "About what matches take that wait to be written to the disk";
    registry.register_with_unit("unwritten_matches", help, Unit::Bytes, unwritten);
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
