//! What runs, and how it is: for SHOW, and for whoever watches over a session.

use std::collections::HashMap;
use std::sync::Arc;

use portent_grammar::Value;
use portent_planner::catalog::{Listed, StreamKind};
use portent_planner::compiled::Body;

use super::Session;
use super::report::collect;
use crate::plan::table;
use crate::reply::Reply;
use crate::stats::{QueryRun, StreamRun};
use crate::status::{QueryState, QueryStatus, SinkStatus, StreamStatus};

impl Session {
    /// The standing queries and how they are, in the order of creation. Cheap: what is told is counted anyway.
    ///
    /// ```
    /// # use portent::{Session, row};
    /// # let mut session = Session::new();
    /// session.run("CREATE STREAM s (ts TIMESTAMP, v BIGINT); CREATE QUERY odd AS SELECT v FROM s WHERE 10 / v > 1")?;
    /// session.push("s", row!["2026-01-31 10:00:00Z", 0])?;
    /// session.push("s", row!["2026-01-31 10:00:01Z", 2])?;
    /// let status = &session.queries()[0];
    /// assert_eq!((status.events, status.rows, status.errors), (2, 1, 1));
    /// assert!(status.first_error.as_ref().unwrap().contains("division by zero"));
    /// # Ok::<(), portent::Errors>(())
    /// ```
    pub fn queries(&self) -> Vec<QueryStatus> {
        let queries = self.catalog.queries();
        let queries = queries.filter(|def| !self.is_watch(&def.name)).map(|def| {
            let mut run = QueryRun::default();
            let parts = self.parts(&def.name);
            collect(&self.flow, &parts, &mut run);
            // The matches are those of the pattern, wherever in the statement it stands.
            let is_match = |at: &usize| {
                let query = def.queries.get(*at);
                query.is_some_and(|query| matches!(query.body, Body::Match(_)))
            };
            let pattern = (0..parts.len()).rev().find(is_match);
            let counts = match pattern {
                Some(at) => parts.get(at),
                None => parts.last(),
            };
            let stats = counts.and_then(|id| self.flow.stats(*id));
            QueryStatus {
                state: self.state_of(&def.name),
                name: def.name.clone(),
                events: run.events,
                matches: stats.map_or(0, |it| it.matches),
                rows: run.rows,
                partial_matches: run.live,
                bytes: run.bytes,
                shed: run.overflow,
                dropped: run.dropped,
                suppressed: run.suppressed,
                timeouts: run.timeouts,
                errors: run.errors,
                first_error: run.first_error,
                into: def.into.clone(),
                columns: Arc::new(def.planned.output.clone()),
            }
        });
        queries.collect()
    }

    /// The streams that take events, and how they are, in the order of creation.
    pub fn streams(&self) -> Vec<StreamStatus> {
        let runs = self.stats().streams;
        let streams = self.catalog.streams();
        let streams = streams.filter(|it| it.kind == StreamKind::Source);
        let streams = streams.map(|def| {
            let run = runs.iter().find(|it| it.name == def.name).cloned();
            let run: StreamRun = run.unwrap_or_default();
            let stats = self.flow.stream_stats(def.id).unwrap_or_default();
            StreamStatus {
                name: def.name.clone(),
                bounded: def.bounded,
                events: run.events,
                late: run.late,
                ahead: run.ahead,
                bad: run.bad,
                first_bad: run.first_bad,
                skipped: run.skipped,
                watermark: stats.watermark,
                latest: stats.latest,
                waiting: stats.buffered,
                columns: def.spec().schema,
            }
        });
        streams.collect()
    }

    /// The sinks and how they are, in the order of creation.
    pub fn sinks(&self) -> Vec<SinkStatus> {
        let sinks = self.outbox.sinks.iter().map(|(name, sink)| {
            let writer = sink.writer.as_ref();
            SinkStatus {
                name: name.clone(),
                open: writer.is_some(),
                rows: sink.rows,
                stats: writer.map(|it| it.stats()).unwrap_or_default(),
                last_failure: writer.and_then(|it| it.last_failure()),
            }
        });
        sinks.collect()
    }

    /// To be set, from any thread, by whoever is about to end the session: from then on a sink whose queue is full (`on_full = 'block'`) isn't
    /// waited for, so that a receiver that has gone can't keep the session from ending. [`Self::finish`] tells what was not delivered.
    pub fn sinks_stop(&self) -> portent_connect::live::Stop {
        self.outbox.stop.clone()
    }

    /// Whether a standing query runs.
    pub(super) fn state_of(&self, name: &str) -> QueryState {
        let parts = self.parts(name);
        let mut run = QueryRun::default();
        collect(&self.flow, &parts, &mut run);
        let Some(last) = parts.last() else {
            return QueryState::Done;
        };
        match run.failed {
            Some(why) => QueryState::Failed(why),
            None if self.flow.is_paused(*last) => QueryState::Paused,
            None if self.flow.is_done(*last) => QueryState::Done,
            None => QueryState::Running,
        }
    }

    pub(super) fn show_streams(&self) -> Reply {
        let listed = by_name(self.catalog.list_streams());
        let rows = self.streams().into_iter().map(|stream| {
            vec![
                text(&stream.name),
                text(if stream.bounded { "bounded" } else { "live" }),
                text(stream.events),
                text(stream.late + stream.ahead),
                text(stream.bad),
                text(columns(&listed, &stream.name)),
            ]
        });
        table(
            "streams",
            &["stream", "state", "events", "late", "bad", "columns"],
            rows.collect(),
        )
    }

    pub(super) fn show_queries(&self) -> Reply {
        let listed = by_name(self.catalog.list_queries());
        let rows = self.queries().into_iter().map(|query| {
            vec![
                text(&query.name),
                text(&query.state),
                text(query.events),
                text(query.matches),
                text(query.rows),
                text(query.partial_matches),
                text(query.bytes),
                text(query.shed),
                text(query.dropped),
                text(query.errors),
                text(columns(&listed, &query.name)),
            ]
        });
        table(
            "queries",
            &[
                "query",
                "state",
                "events",
                "matches",
                "rows",
                "partial_matches",
                "bytes",
                "shed",
                "dropped",
                "errors",
                "columns",
            ],
            rows.collect(),
        )
    }
}

fn by_name(listed: Vec<Listed>) -> HashMap<String, Listed> {
    let named = |it: Listed| (it.name.clone(), it);
    listed.into_iter().map(named).collect()
}

/// The columns of something listed.
fn columns<'a>(listed: &'a HashMap<String, Listed>, name: &str) -> &'a str {
    listed.get(name).map_or("", |it| &it.detail)
}

fn text(it: impl std::fmt::Display) -> Value {
    Value::text(it.to_string())
}
