//! The matcher of Portent: events in, matches out.
//!
//! Synchronous, single-threaded and deterministic: the same events in the same order give the same output. It knows no
//! clock, no file, no socket and no thread; time is what the events and the watermarks say.
//!
//! ```text
//! push → Stream (puts events in order) → Query (merges inputs) → Matcher (partitions, groups, threads) → Emitter → drain
//!                                            ↑________________ output streams of other queries ________________|
//! ```

#![deny(missing_docs)]

mod config;
mod context;
mod dispatch;
mod emit;
mod engine;
mod error;
mod event;
mod group_by;
mod id;
mod index;
mod limit_per;
mod matcher;
mod merge;
mod pause;
mod query;
mod queue;
mod readers;
pub mod snapshot;
mod sort;
mod standing;
mod stats;
mod stream;
pub mod trace;
mod transplant;
mod unnest;

#[cfg(test)]
mod tests;

pub use config::{Classes, EngineConfig};
pub use engine::{Engine, Output, Pushed, QueryId};
pub use error::EngineError;
pub use id::MatchId;
pub use stats::{Failure, Limit, QueryError, QueryStats, StreamPoint, StreamStats};
pub use transplant::Donor;
