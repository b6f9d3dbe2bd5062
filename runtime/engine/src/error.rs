//! What the engine refuses.

use std::fmt;

use portent_planner::compiled::StreamId;

use crate::engine::QueryId;

/// Why a call was refused. The engine's state is unchanged (but by a snapshot that can be read only in part).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EngineError {
    /// No stream has this number.
    UnknownStream(StreamId),
    /// A stream of this number is there already.
    DuplicateStream(StreamId),
    /// The output of a query (or a stream of late events) takes no events from outside.
    DerivedStream(String),
    /// The stream was declared finished.
    StreamEnded(String),
    /// A row with the wrong number of values.
    Arity {
        /// The stream's name.
        stream: String,
        /// The columns of its schema.
        expected: usize,
        /// The values of the row.
        found: usize,
    },
    /// A block with another number of rows than of times.
    Block {
        /// The stream's name.
        stream: String,
        /// The times.
        times: usize,
        /// The rows.
        rows: usize,
    },
    /// The compiled query contradicts itself (an automaton's step that leads nowhere, say).
    InvalidQuery {
        /// The query's name.
        query: String,
        /// What is wrong.
        reason: String,
    },
    /// No query has this number.
    UnknownQuery(QueryId),
    /// The state can't be written: why.
    SnapshotImpossible(&'static str),
    /// Bytes are no snapshot, or were damaged: what is wrong with them.
    SnapshotDamaged(&'static str),
    /// A snapshot is one of something else.
    SnapshotDiffers {
        /// What differs.
        what: String,
        /// As it is in the snapshot.
        found: String,
        /// As it is here.
        expected: String,
    },
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EngineError::UnknownStream(id) => write!(f, "there is no stream number {}", id.0),
            EngineError::DuplicateStream(id) => {
                write!(f, "stream number {} is there already", id.0)
            }
            EngineError::DerivedStream(name) => {
                write!(
                    f,
                    "stream {name} is computed by a query and takes no events"
                )
            }
            EngineError::Block {
                stream,
                times,
                rows,
            } => write!(
                f,
                "a block for stream {stream} has {times} times, but {rows} rows"
            ),
            EngineError::StreamEnded(name) => write!(f, "stream {name} has ended"),
            EngineError::Arity {
                stream,
                expected,
                found,
            } => {
                write!(
                    f,
                    "a row of stream {stream} has {expected} values, but {found} were given"
                )
            }
            EngineError::InvalidQuery { query, reason } => {
                write!(f, "the plan of query {query} is invalid: {reason}")
            }
            EngineError::UnknownQuery(id) => write!(f, "there is no query number {}", id.0),
            EngineError::SnapshotImpossible(why) => {
                write!(f, "no snapshot can be taken: {why}")
            }
            EngineError::SnapshotDamaged(why) => {
                write!(f, "the snapshot can't be read: {why}")
            }
            EngineError::SnapshotDiffers {
                what,
                found,
                expected,
            } => write!(
                f,
                "the snapshot is of something else: {what} is {found} in it, and {expected} here"
            ),
        }
    }
}

impl std::error::Error for EngineError {}
