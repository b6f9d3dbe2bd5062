//! Portent finds patterns in streams of events, with SQL.
//!
//! A [`Session`] takes statements, events and time, and gives rows:
//!
//! ```
//! use portent::{row, Session};
//!
//! let mut session = Session::new();
//! session.run(
//!     "CREATE STREAM readings (ts TIMESTAMP, sensor TEXT, value DOUBLE);
//!      CREATE QUERY spike AS
//!      SELECT sensor, low.value AS before, high.value AS after
//!      FROM readings MATCH (low high[high.value > 2 * low.value])
//!      PARTITION BY sensor WITHIN 1 MINUTE;",
//! )?;
//! session.push("readings", row!["2026-01-31 10:00:00Z", "s1", 10.0])?;
//! session.push("readings", row!["2026-01-31 10:00:10Z", "s1", 25.0])?;
//! for spike in session.drain() {
//!     println!("{}: {} -> {}", spike.query, spike.value("before").unwrap(), spike.value("after").unwrap());
//! }
//! # Ok::<(), portent::Errors>(())
//! ```
//!
//! * [`Session`]: scripts, standing queries, events by hand, sources read to their end.
//! * [`Host`]: a session on a thread of its own, reached from anywhere.
//! * [`case`]: rule tests, as `portent test` runs them.
//! * `store` (feature `store`): the durable event log, its catalog and checkpoints.
//! * [`engine`]: the matcher alone, for those who plan and feed it themselves.
//! * [`guide`]: how to embed it, step by step; and the shell and the daemon, which the binary of `portent-repl` brings.
//!
//! The engine alone knows no text and no names: plan with a [`planner::catalog::Catalog`], and feed it yourself.
//!
//! ```
//! use portent::engine::{Engine, EngineConfig};
//! use portent::parser::ast::StatementKind;
//! use portent::planner::catalog::{Catalog, NoFiles};
//! use portent::{Value, parser};
//!
//! let mut catalog = Catalog::new();
//! let text = parser::parse("CREATE STREAM s (ts TIMESTAMP, v BIGINT)");
//! let StatementKind::CreateStream(create) = &text.statements[0].kind else { unreachable!() };
//! let stream = catalog.create_stream(create, &NoFiles, &mut Vec::new()).unwrap().def;
//! let query = parser::parse_query("SELECT b.v FROM s MATCH (a b[b.v > a.v]) WITHIN 1 MINUTE").unwrap();
//! let plan = catalog.plan_query(Some("rise"), &query, &NoFiles);
//!
//! let mut engine = Engine::new(EngineConfig::default());
//! engine.add_stream(stream.spec()).unwrap();
//! for query in &plan.queries {
//!     engine.register(query.clone(), true).unwrap();
//! }
//! for (time, v) in [(0, 1), (1_000_000, 5)] {
//!     engine.push(stream.id, time, vec![Value::Timestamp(time), Value::Int(v)]).unwrap();
//! }
//! engine.finish();
//! assert_eq!(engine.drain().next().unwrap().values, [Value::Int(5)]);
//! ```
//!
//! Nothing here is asynchronous, and nothing but the reading of sources uses a thread.

#![deny(missing_docs)]

mod builder;
pub mod case;
#[cfg(feature = "store")]
pub mod durable;
mod emitted;
mod error;
mod files;
mod flow;
mod functions;
pub mod generate;
pub mod guide;
mod history;
mod host;
mod ingest;
mod intake;
// Without a log there is nobody who reads what is noted.
#[cfg_attr(not(feature = "store"), allow(dead_code))]
mod journal;
mod matches;
mod merge;
mod names;
mod needed;
#[cfg(feature = "store")]
mod past;
mod plan;
mod reader;
mod references;
mod reply;
mod row;
#[cfg(feature = "serve")]
pub mod serve;
mod session;
mod settings;
mod source;
mod sources;
mod stats;
mod status;
#[cfg(feature = "store")]
pub mod store;
pub mod suggest;
mod typed;
mod why;

pub use builder::{OnMatch, SessionBuilder};
pub use emitted::Emitted;
pub use error::{Errors, SourceText, diagnostic_json, render};
pub use functions::{Aggregate, Argument, Function, IntoFunction, Outcome};
pub use host::{Handle, Host, HostError};
pub use matches::Matches;
pub use names::{Names, Relation};
pub use reply::Reply;
pub use row::{FromValue, IntoValue, Row};
pub use session::{BlockBuilder, Decoded, Decoder, EventBlock, Mark, PushedBlock, Rejected};
pub use session::{Checked, OnPiece, Piece, Push, Session, Watch};
pub use source::{format_source, format_sql};
pub use sources::{OnSourceNews, SourceNews, SourceState, SourceStatus, Sources};
pub use stats::{Progress, QueryRun, RunStats, StreamRun};
pub use status::{QueryState, QueryStatus, SinkStatus, StreamStatus};

pub use portent_connect as connect;
pub use portent_connect::{OwnConnector, RowSink, RowSource, Rows, SinkRow};
pub use portent_engine as engine;
pub use portent_grammar::{
    Code, Column, Diagnostic, Interval, Schema, Severity, Span, Type, Value, codes, keywords,
    token, value,
};
pub use portent_parser as parser;
pub use portent_parser::ast::ExplainFormat;
pub use portent_planner as planner;
