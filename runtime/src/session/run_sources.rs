//! Reading the sources of standing queries to their end, as often as one likes.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use portent_grammar::codes::runtime as codes;
use portent_planner::CompiledQuery;
use portent_planner::catalog::{QueryDef, StreamKind};
use portent_planner::compiled::StreamId;

use super::read::{Told, drive};
use super::{Session, StreamState};
use crate::error::Errors;
use crate::flow::Flow;
use crate::stats::{Progress, QueryRun, RunStats, StreamRun};

impl Session {
    /// Reads the sources of standing queries from their beginning to their end, in an engine of its own: rows are reported and
    /// written into sinks as usual, and everything can go on afterwards, unlike after [`Self::run_to_end`]. Calling it again reads
    /// the sources again. `only`: these queries; otherwise all that read a source, directly or through others. Streams without
    /// a connector are read as far as rows were put into them.
    ///
    /// # Errors
    /// There is no such query (P0621); a source can't be opened or read; a sink can't be written; P0617 if `on` stopped it.
    pub fn run_sources(
        &mut self,
        only: &[String],
        on: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<RunStats, Errors> {
        let chosen = self.chosen(only)?;
        let reads: Vec<_> = chosen
            .iter()
            .flat_map(|it| it.reads.iter().copied())
            .collect();
        let closure = self.closure(&reads);
        let needed = |it: &&Arc<QueryDef>| {
            closure.queries.contains(&it.name) || chosen.iter().any(|def| def.name == it.name)
        };
        let defs: Vec<Arc<QueryDef>> = self
            .catalog
            .queries()
            .filter(|it| !self.is_watch(&it.name))
            .filter(needed)
            .cloned()
            .collect();
        let mut flow = Flow::new(super::engine_config(self.settings()));
        for id in &closure.sources {
            if let Some(state) = self.streams.get(id) {
                flow.add_stream(&state.def)?;
            }
        }
        let compiled: Vec<Arc<CompiledQuery>> =
            defs.iter().flat_map(|it| &it.queries).cloned().collect();
        let mut feeds = self.feeds(&closure.sources, &[], &compiled)?;
        let reporting = self.reporting();
        let mut mains = Vec::new();
        for def in &defs {
            let is_chosen = chosen.iter().any(|it| it.name == def.name);
            let report = is_chosen
                && (self.options.report_all
                    || !only.is_empty()
                    || reporting.iter().any(|(name, _)| **name == *def.name));
            if let Some(main) =
                self.register_standing(&mut flow, def, report, is_chosen, &mut feeds)?
            {
                mains.push((def.name.clone(), main));
            }
        }
        let mut told = Told::default();
        let outbox = RefCell::new(&mut self.outbox);
        let before = outbox.borrow().rows;
        let driven = drive(
            &mut flow,
            feeds,
            &mut told,
            &mut |delivery| outbox.borrow_mut().deliver(delivery),
            &|flow| mains.iter().all(|(_, id)| flow.is_done(*id)),
            &mut |events, (bytes, total_bytes), waiting| {
                let rows_out = outbox.borrow().rows - before;
                on(&Progress {
                    events,
                    rows_out,
                    bytes,
                    total_bytes,
                    waiting,
                })
            },
        );
        let flushed = self.outbox.flush_sinks();
        let mut stats = RunStats::default();
        for (name, main) in &mains {
            let mut run = QueryRun {
                name: name.clone(),
                ..QueryRun::default()
            };
            super::report::collect(&flow, &[*main], &mut run);
            stats.queries.push(run);
        }
        for (id, entrance) in flow.entrances() {
            let read = flow.stream_stats(id).unwrap_or_default();
            let block = told.sources.iter().find(|(it, _)| *it == id);
            let block = block.map(|(_, block)| block);
            stats.streams.push(StreamRun {
                name: entrance.name.to_string(),
                events: read.events + read.late + read.ahead,
                late: read.late,
                ahead: read.ahead,
                bad: entrance.bad + block.map_or(0, |it| it.bad),
                first_bad: block.and_then(|it| it.first_bad.clone()),
                skipped: block.map_or(0, |it| it.skipped),
            });
        }
        driven?;
        flushed?;
        if let Some((stream, error)) = told.failed {
            return Err(self.source_error(stream, &error));
        }
        Ok(stats)
    }

    /// The streams whose events come from a connector, directly or through queries. Takes time in proportion to their number.
    pub(crate) fn connected_streams(&self) -> HashSet<StreamId> {
        self.streams_from(|state| state.connected)
    }

    /// The streams that `is` says something of, and those that come from them through queries.
    pub(super) fn streams_from(&self, is: impl Fn(&StreamState) -> bool) -> HashSet<StreamId> {
        let own = self.streams.values().filter(|it| is(it));
        let mut connected: HashSet<StreamId> = own.map(|it| it.def.id).collect();
        let by_name: HashMap<&str, StreamId> = self
            .catalog
            .streams()
            .map(|it| (it.name.as_str(), it.id))
            .collect();
        // Queries read what was created before them, but for those that write into streams: more than two rounds are rare.
        let mut before = usize::MAX;
        while before != connected.len() {
            before = connected.len();
            for stream in self.catalog.streams() {
                if let StreamKind::Late { of } = stream.kind
                    && connected.contains(&of)
                {
                    connected.insert(stream.id);
                }
            }
            for query in self.catalog.queries() {
                if query.reads.iter().any(|it| connected.contains(it)) {
                    connected.insert(query.output);
                    let into = query.into.iter();
                    connected.extend(into.filter_map(|it| by_name.get(it.as_str())));
                }
            }
        }
        connected
    }

    /// The queries to run: those named, or those that read something with a connector.
    fn chosen(&self, only: &[String]) -> Result<Vec<Arc<QueryDef>>, Errors> {
        let standing = || self.catalog.queries().filter(|it| !self.is_watch(&it.name));
        if only.is_empty() {
            let streams = self.connected_streams();
            let connected = |def: &&Arc<QueryDef>| streams.contains(&def.output);
            return Ok(standing().filter(connected).cloned().collect());
        }
        let find = |name: &String| {
            let found = standing().find(|it| it.name.eq_ignore_ascii_case(name));
            found.cloned().ok_or_else(|| {
                let error = Errors::plain(
                    codes::NO_SUCH_QUERY,
                    format!("there is no query \"{name}\""),
                );
                match crate::suggest::nearest(name, standing().map(|it| it.name.as_str())) {
                    Some(near) => error.help(format!("did you mean \"{near}\"?")),
                    None => error,
                }
            })
        };
        only.iter().map(find).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use crate::Session;

    const SCRIPT: &str =
        "CREATE STREAM logins WITH (connector = 'generator', kind = 'logins', count = 2000);
         CREATE QUERY failed AS SELECT user FROM logins WHERE NOT ok;
         CREATE QUERY twice AS SELECT a.user FROM failed MATCH (a b) WITHIN 1 MINUTE;
         CREATE STREAM s (ts TIMESTAMP, v BIGINT);
         CREATE QUERY by_hand AS SELECT v FROM s;";

    #[test]
    fn sources_are_read_as_often_as_one_likes_and_nothing_ends() {
        let mut session = Session::new();
        session.run(SCRIPT).unwrap();
        session
            .run("INSERT INTO s VALUES ('2026-01-01 00:00:00Z', 1)")
            .unwrap();
        assert_eq!(session.drain().count(), 1);
        let mut told = 0;
        let mut all = |session: &mut Session, only: &[String]| {
            let stats = session.run_sources(only, &mut |progress| {
                told = progress.events;
                ControlFlow::Continue(())
            });
            stats.unwrap();
            let rows = session.drain();
            rows.map(|it| it.query.to_string()).collect::<Vec<_>>()
        };
        let first = all(&mut session, &[]);
        assert!(!first.is_empty() && first.iter().all(|it| it == "twice"));
        assert_eq!(all(&mut session, &[]), first);
        let failed = all(&mut session, &["FAILED".to_owned()]);
        assert!(failed.len() > first.len() && failed.iter().all(|it| it == "failed"));
        assert_eq!(told, 2000);
        session
            .run("INSERT INTO s VALUES ('2026-01-01 00:00:01Z', 2)")
            .unwrap();
        assert_eq!(session.drain().count(), 1);
    }

    #[test]
    fn it_can_be_stopped_and_names_are_checked() {
        let mut session = Session::new();
        session.run(SCRIPT).unwrap();
        let stopped = session.run_sources(&[], &mut |_| ControlFlow::Break(()));
        let code = stopped.unwrap_err().code();
        assert_eq!(code, Some(crate::codes::runtime::STOPPED));
        let unknown =
            session.run_sources(&["faild".to_owned()], &mut |_| ControlFlow::Continue(()));
        assert!(unknown.unwrap_err().to_string().contains("\"failed\""));
    }
}
