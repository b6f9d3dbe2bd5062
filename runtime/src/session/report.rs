//! SHOW, and the summary of a run.

use std::fmt::Write as _;

use portent_engine::{QueryError, QueryId};
use portent_grammar::Value;
use portent_grammar::codes::runtime as codes;

use super::Session;
use crate::error::Errors;
use crate::flow::Flow;
use crate::plan::table;
use crate::reply::Reply;
use crate::stats::{QueryRun, RunStats, StreamRun};

impl Session {
    /// What became of the events so far, and what came out. Of SELECTs that were read to their end, the last thousand are told.
    pub fn stats(&self) -> RunStats {
        let mut streams: Vec<StreamRun> = Vec::new();
        for (id, entrance) in self.flow.entrances() {
            let stats = self.flow.stream_stats(id).unwrap_or_default();
            let mut run = StreamRun {
                name: entrance.name.to_string(),
                events: stats.events + stats.late + stats.ahead,
                late: stats.late,
                ahead: stats.ahead,
                bad: entrance.bad,
                first_bad: entrance.first_bad.clone(),
                skipped: 0,
            };
            if let Some(state) = self.streams.get(&id) {
                run.bad += state.bad;
                run.skipped = state.skipped;
                if run.first_bad.is_none() {
                    run.first_bad.clone_from(&state.first_bad);
                }
            }
            streams.push(run);
        }
        for (name, passed) in &self.passed.streams {
            match streams.iter_mut().find(|it| it.name == *name) {
                Some(run) => {
                    run.events += passed.events;
                    run.late += passed.late;
                    run.ahead += passed.ahead;
                    run.bad += passed.bad;
                    run.skipped += passed.skipped;
                    if run.first_bad.is_none() {
                        run.first_bad.clone_from(&passed.first_bad);
                    }
                }
                None => streams.push(passed.clone()),
            }
        }
        let mut queries: Vec<QueryRun> = Vec::new();
        let standing = self.queries.iter().filter(|(name, _)| !self.is_watch(name));
        for (name, standing) in standing {
            let mut run = QueryRun {
                name: name.clone(),
                ..QueryRun::default()
            };
            collect(&self.flow, &standing.parts, &mut run);
            queries.push(run);
        }
        queries.extend(self.passed.queries.iter().cloned());
        RunStats { streams, queries }
    }

    /// An error for each standing query that was stopped at a limit (`on_overflow = 'fail'`), or because one that it reads was. The others
    /// go on.
    pub fn failures(&self) -> Vec<Errors> {
        let queries = self.queries.iter().filter_map(|(name, standing)| {
            let mut run = QueryRun::default();
            collect(&self.flow, &standing.parts, &mut run);
            Some(stopped(&format!("query \"{name}\""), &run.failed?))
        });
        queries.collect()
    }

    pub(super) fn show_sinks(&self) -> Reply {
        let rows = self.catalog.list_sinks().into_iter().map(|listed| {
            let rows = self.outbox.sinks.get(&listed.name).map_or(0, |it| it.rows);
            vec![text(&listed.name), text(&listed.detail), text(rows)]
        });
        table("sinks", &["sink", "connector", "rows"], rows.collect())
    }
}

/// A query was stopped at a limit.
pub(super) fn stopped(what: &str, why: &str) -> Errors {
    let error = Errors::plain(codes::OVERFLOW, format!("{what} was stopped: {why}"));
    error.help("raise the limit, or let it drop what is beyond: SET on_overflow = 'drop_oldest' or 'drop_newest'")
}

fn text(it: impl std::fmt::Display) -> Value {
    Value::text(it.to_string())
}

/// Sums up the parts of a query: rows are those of the last.
pub(super) fn collect(flow: &Flow, parts: &[QueryId], run: &mut QueryRun) {
    for (number, id) in parts.iter().enumerate() {
        let Some(stats) = flow.stats(*id) else {
            continue;
        };
        if number == 0 {
            run.events = stats.events;
        }
        run.rows = stats.rows;
        run.timeouts += stats.timeouts;
        run.live += stats.live;
        run.suppressed += stats.suppressed;
        run.undecided += stats.undecided;
        run.errors += stats.errors;
        run.overflow += stats.shed;
        run.dropped += stats.dropped;
        run.bytes += stats.bytes;
        // The first of them says why.
        if run.failed.is_none() {
            run.failed = stats.failed.as_ref().map(ToString::to_string);
        }
        if run.first_error.is_none() {
            run.first_error = stats
                .first_error
                .as_ref()
                .map(|error| described(flow, *id, error));
        }
    }
}

/// `division by zero, at 2026-01-31 10:00:00+00: (user: ann, n: 0)`
fn described(flow: &Flow, id: QueryId, error: &QueryError) -> String {
    let mut out = format!("{}, at {}", error.message, Value::Timestamp(error.time));
    let Some(route) = flow.route(id) else {
        return out;
    };
    let mut separator = ": (";
    for (column, value) in route.query.layout.iter().zip(&error.event) {
        let _ = write!(out, "{separator}{}: {value}", column.name);
        separator = ", ";
    }
    if separator == ", " {
        out.push(')');
    }
    out
}
