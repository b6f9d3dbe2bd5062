//! The one door: text in, replies and rows out.

#[cfg(feature = "store")]
mod ahead;
mod apply;
#[cfg(feature = "store")]
mod backtest;
#[cfg(feature = "serve")]
mod beside;
mod block;
#[cfg(feature = "store")]
mod catch_up;
mod clock;
mod columns;
mod execute;
mod fate;
#[cfg(test)]
mod file_tests;
mod insert_query;
mod journaled;
#[cfg(feature = "store")]
mod looking;
mod lookup;
mod marks;
#[cfg(feature = "store")]
mod outlook;
mod pass;
mod pause;
mod push;
mod read;
#[cfg(test)]
mod remote_tests;
mod replay;
mod report;
mod run_sources;
mod seen;
#[cfg(feature = "store")]
mod shadow;
#[cfg(all(test, feature = "store"))]
mod sink_mark_tests;
mod snapshot;
#[cfg(test)]
mod snapshot_tests;
mod status;
mod target;
#[cfg(test)]
mod tests;
mod watch;
mod why;
#[cfg(test)]
mod why_tests;

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::Arc;

use indexmap::IndexMap;
use portent_connect::live::Stop;
use portent_connect::{Connectors, InferredSchema, OnBad, OwnConnector};
use portent_engine::{Classes, EngineConfig, QueryId};
use portent_grammar::codes::runtime as codes;
use portent_grammar::{Schema, Span, Value};
use portent_planner::catalog::{Catalog, Settings, StreamDef};
use portent_planner::compiled::StreamId;
use portent_planner::functions::Library;

use crate::builder::{OnMatch, Options, SessionBuilder};
use crate::emitted::Emitted;
use crate::error::{Errors, SourceText};
use crate::files::Files;
use crate::flow::Flow;
use crate::ingest::Ingest;
use crate::intake::Reading;
use crate::journal::Journal;
use crate::reader::Incoming;
use crate::reply::Reply;
use crate::stats::{Progress, QueryRun, StreamRun};
#[cfg(feature = "serve")]
pub(crate) use ahead::Ahead;
#[cfg(feature = "store")]
pub(crate) use ahead::may_look_back;
#[cfg(all(test, feature = "serve"))]
pub(crate) use beside::Beside;
pub use block::{Decoded, Decoder, EventBlock, PushedBlock, Rejected};
#[cfg(feature = "store")]
pub(crate) use clock::wall;
pub use columns::BlockBuilder;
#[cfg(feature = "serve")]
pub(crate) use execute::makes;
#[cfg(feature = "store")]
pub(crate) use looking::At;
pub use marks::Mark;
use marks::Marks;
pub(crate) use marks::source as source_origin;
pub use push::Push;
use target::{Held, Sink, SinkMarks};
pub use watch::Watch;

/// Streams, standing queries, sinks and settings, and the engine that runs them.
///
/// ```
/// use portent::{row, Session};
///
/// let mut session = Session::new();
/// session.run(
///     "CREATE STREAM logins (ts TIMESTAMP, user TEXT, ok BOOLEAN);
///      CREATE QUERY brute_force AS
///      SELECT user, COUNT(f) AS failures
///      FROM logins MATCH (f[NOT ok]{3,} -> s[ok])
///      PARTITION BY user WITHIN 10 MINUTES;",
/// )?;
/// for second in 0..4 {
///     session.push("logins", row![format!("2026-01-31 10:00:0{second}Z"), "ann", second == 3])?;
/// }
/// session.finish()?;
/// let found: Vec<_> = session.drain().collect();
/// assert_eq!(found.len(), 1);
/// assert_eq!(found[0].get::<i64>("failures"), Some(3));
/// # Ok::<(), portent::Errors>(())
/// ```
///
/// Everything is synchronous: when a call returns, what it causes has happened. The same calls give the same rows.
pub struct Session {
    catalog: Catalog,
    files: Arc<Files>,
    options: Options,
    flow: Flow,
    streams: IndexMap<StreamId, StreamState>,
    queries: IndexMap<String, Standing>,
    outbox: Outbox,
    /// What passing queries did.
    passed: Passed,
    /// The SELECTs of a script.
    selects: Vec<portent_parser::ast::Statement>,
    /// SELECTs over what is still to come: standing queries that are in no list.
    watches: Vec<String>,
    /// How many there have been.
    watched: u64,
    /// Those that ended because what they read has gone, and why, until whoever looked on has left.
    ended_watches: IndexMap<String, String>,
    /// The time of events of streams that have none.
    arrival: i64,
    ended: bool,
    /// How far those are from whom events come.
    marks: Marks,
    /// Events of one of them were to follow, and did not: the journal does not know yet.
    unended: bool,
    /// What is taken in is noted there first.
    journal: Option<Box<dyn Journal>>,
    /// What time it was, as far as something is done again.
    replayed: Option<i64>,
    /// What it can look back into.
    #[cfg(feature = "store")]
    looking: looking::Looking,
}

/// A stream of the session.
struct StreamState {
    def: Arc<StreamDef>,
    ingest: Arc<Ingest>,
    /// Whether its events come from a connector.
    connected: bool,
    inferred: Option<Arc<InferredSchema>>,
    /// Rows put in by hand.
    kept: Vec<Incoming>,
    /// Whether its source has been read to its end.
    read: bool,
    bad: u64,
    first_bad: Option<String>,
    skipped: u64,
    /// Where it was created: for errors of its source.
    place: Option<(Arc<SourceText>, Span)>,
}

/// A standing query in the engine: its parts in the order of registration, the last its own.
struct Standing {
    parts: Vec<QueryId>,
    /// The moments of the flow at which it began to see events, stopped, and so on: begin, pause, resume, …
    turns: Vec<u64>,
}

/// What leaves the session.
#[derive(Default)]
struct Outbox {
    waiting: VecDeque<Emitted>,
    on_match: Option<OnMatch>,
    by_query: Vec<(String, OnMatch)>,
    sinks: IndexMap<String, Sink>,
    /// Once set, no sink is waited for any more.
    stop: Stop,
    /// Rows handed out.
    rows: u64,
    /// Rows go nowhere: what caused them happens a second time.
    muted: bool,
    /// No sink is opened.
    closed: bool,
    /// A sink that refuses stops nothing: what came is done again, and its rows wait.
    patient: bool,
    /// Rows that wait until what brought them about is durable.
    held: Held,
    /// Where sinks go on.
    marks: SinkMarks,
}

/// What passing SELECTs read and did.
#[derive(Default)]
struct Passed {
    streams: IndexMap<String, StreamRun>,
    queries: Vec<QueryRun>,
}

/// A piece of the answer to a script, as it comes: see [`Session::run_source`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Piece<'a> {
    /// The whole answer of a statement.
    Reply(Reply),
    /// The columns of a SELECT; its rows follow.
    Header(&'a Arc<Schema>),
    /// A row of it.
    Row(&'a [Value]),
    /// It is complete.
    End,
    /// The input pauses: whoever gathers output should show it now.
    Waiting,
    /// How far a statement is that takes long. Comes every few thousand events, so that whoever takes the pieces can stop it.
    Progress(&'a Progress),
}

/// What [`Session::check_sources`] found out.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Checked {
    /// The standing queries that will report rows, with their columns.
    pub reporting: Vec<(Arc<str>, Arc<Schema>)>,
}

/// Takes pieces; `Break` stops the run.
pub type OnPiece<'a> = dyn FnMut(Piece<'_>) -> ControlFlow<()> + 'a;

impl Default for Session {
    fn default() -> Self {
        Self::new()
    }
}

impl Session {
    /// A session with the default settings. Rows of standing queries wait for [`Self::drain`].
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// To set a session up otherwise.
    pub fn builder() -> SessionBuilder {
        SessionBuilder::default()
    }

    pub(crate) fn with(
        options: Options,
        on_match: Option<OnMatch>,
        library: Library,
        connectors: Connectors,
    ) -> Self {
        let mut catalog = Catalog::new();
        *catalog.library_mut() = library;
        let flow = Flow::new(engine_config(catalog.settings()));
        Self {
            catalog,
            files: Arc::new(Files::with(connectors)),
            options,
            flow,
            streams: IndexMap::new(),
            queries: IndexMap::new(),
            outbox: Outbox {
                on_match,
                ..Outbox::default()
            },
            passed: Passed::default(),
            selects: Vec::new(),
            watches: Vec::new(),
            watched: 0,
            ended_watches: IndexMap::new(),
            arrival: 0,
            ended: false,
            marks: Marks::default(),
            unended: false,
            journal: None,
            replayed: None,
            #[cfg(feature = "store")]
            looking: looking::Looking::default(),
        }
    }

    /// Lets streams and sinks name a connector of the program: `WITH (connector = 'name', …)`.
    ///
    /// # Errors
    /// P0547: there is a connector of that name.
    pub fn add_connector(&mut self, connector: OwnConnector) -> Result<(), Errors> {
        let added = self.files.add(connector);
        added.map_err(|error| error.to_diagnostic(Span::default()).into())
    }

    /// Executes statements in order, and gives their answers.
    ///
    /// All of the text is checked first: if there is an error anywhere, nothing is executed.
    ///
    /// ```
    /// use portent::{Reply, Session};
    ///
    /// let mut session = Session::new();
    /// let replies = session.run(
    ///     "CREATE STREAM s (ts TIMESTAMP, v BIGINT);
    ///      INSERT INTO s VALUES ('2026-01-31 10:00:00Z', 1), ('2026-01-31 10:00:01Z', 5);
    ///      SELECT b.v - a.v AS rise FROM s MATCH (a b[b.v > a.v]);",
    /// )?;
    /// let Some(Reply::Rows { schema, rows }) = replies.last() else { panic!("rows") };
    /// assert_eq!((schema[0].name.as_str(), rows[0][0].as_int()), ("rise", Some(4)));
    /// # Ok::<(), portent::Errors>(())
    /// ```
    ///
    /// # Errors
    /// All that is wrong with the text; or, at run time, what stopped a statement (those before it have been executed).
    pub fn run(&mut self, sql: &str) -> Result<Vec<Reply>, Errors> {
        let source = SourceText::new("<query>", sql);
        let mut replies = Vec::new();
        let mut open: Option<(Arc<Schema>, Vec<Vec<Value>>)> = None;
        self.run_source(&source, &mut |piece| {
            match piece {
                Piece::Reply(reply) => replies.push(reply),
                Piece::Header(schema) => open = Some((Arc::clone(schema), Vec::new())),
                Piece::Row(values) => {
                    if let Some((_, rows)) = &mut open {
                        rows.push(values.to_vec());
                    }
                }
                Piece::Waiting | Piece::Progress(_) => {}
                Piece::End => {
                    if let Some((schema, rows)) = open.take() {
                        replies.push(Reply::Rows { schema, rows });
                    }
                }
            }
            ControlFlow::Continue(())
        })?;
        Ok(replies)
    }

    /// Takes the rows that standing queries reported, in order.
    pub fn drain(&mut self) -> impl Iterator<Item = Emitted> + use<> {
        std::mem::take(&mut self.outbox.waiting).into_iter()
    }

    /// Calls this with each row that the query reports, from now on; those rows do not go to `on_match` or [`Self::drain`].
    ///
    /// ```
    /// # use portent::{Session, row};
    /// # use std::sync::{Arc, atomic::{AtomicU64, Ordering}};
    /// # let mut session = Session::new();
    /// # session.run("CREATE STREAM s (ts TIMESTAMP, v BIGINT); CREATE QUERY high AS SELECT v FROM s WHERE v > 1")?;
    /// let count = Arc::new(AtomicU64::new(0));
    /// let counter = Arc::clone(&count);
    /// session.on_query("high", move |_| { counter.fetch_add(1, Ordering::Relaxed); })?;
    /// session.push("s", row!["2026-01-31 10:00:00Z", 2])?;
    /// assert_eq!(count.load(Ordering::Relaxed), 1);
    /// assert_eq!(session.drain().count(), 0);
    /// # Ok::<(), portent::Errors>(())
    /// ```
    ///
    /// # Errors
    /// There is no such query.
    pub fn on_query(
        &mut self,
        query: &str,
        callback: impl FnMut(&Emitted) + Send + 'static,
    ) -> Result<(), Errors> {
        let name = self.standing_name(query)?;
        self.outbox.by_query.retain(|(it, _)| *it != name);
        self.outbox
            .by_query
            .push((name.clone(), Box::new(callback)));
        self.update_reports();
        Ok(())
    }

    pub(crate) fn settings(&self) -> &Settings {
        self.catalog.settings()
    }

    pub(crate) fn settings_mut(&mut self) -> &mut Settings {
        self.catalog.settings_mut()
    }

    /// `fail`, `skip`, `dlq:FILE`: goes before what streams say of themselves.
    pub(crate) fn override_on_bad(&mut self, policy: &str) -> Result<(), Errors> {
        let lower = policy.to_lowercase();
        self.options.on_bad = Some(match lower.as_str() {
            "fail" => OnBad::Fail,
            "skip" => OnBad::Skip,
            _ => match policy.split_once(':') {
                Some((word, path)) if word.eq_ignore_ascii_case("dlq") && !path.is_empty() => {
                    OnBad::Dlq(path.to_owned())
                }
                _ => {
                    let message = format!(
                        "bad rows can't be dealt with by `{policy}`: it must be fail, skip or dlq:FILE"
                    );
                    return Err(Errors::plain(codes::ON_BAD, message));
                }
            },
        });
        Ok(())
    }

    /// What came is kept as far back as the settings say.
    pub(crate) fn keep_history(&mut self) {
        let events = self.settings().count("explain_history");
        self.flow.keep(events);
    }

    fn reading(&self) -> Reading {
        let otherwise = match self.settings().text("on_bad").as_str() {
            "skip" => OnBad::Skip,
            "dlq" => OnBad::Dlq("bad-rows.jsonl".to_owned()),
            _ => OnBad::Fail,
        };
        Reading {
            connectors: self.files.connectors(),
            forced: self.options.on_bad.clone(),
            otherwise,
        }
    }
}

/// How the engine is to run by the settings. Limits travel with each query: here are those of queries for which nobody has set any.
fn engine_config(settings: &Settings) -> EngineConfig {
    let count = |name: &str| {
        usize::try_from(Settings::default().count(name))
            .ok()
            .filter(|it| *it > 0)
    };
    let default = EngineConfig::default();
    EngineConfig {
        max_threads_per_query: count("max_partial_matches")
            .unwrap_or(default.max_threads_per_query),
        max_matches_per_event: count("max_matches_per_event")
            .unwrap_or(default.max_matches_per_event),
        classes: match settings.text("execution").as_str() {
            "threads" => Classes::Threads,
            "enumerate" => Classes::Enumerate,
            _ => default.classes,
        },
        index: settings.text("predicate_index") != "false",
        ..default
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // What was gathered for sinks is written out. There is nobody left to hear of an error: who wants to hear calls `finish`.
        let _ = self.outbox.finish_sinks();
    }
}
