//! The durable, replayable event log of Portent; its catalog and checkpoints.
//!
//! [`Log`] takes the inputs of a session, in their order: blocks of events, the advance of time, markers. What it has taken can be read again from any
//! position ([`Reader`]), so that a session that is fed with it gives the same answers. `FORMAT.md` says what the files look like, byte for byte.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use portent_grammar::{Column, Columns, Type, Value};
//! use portent_store::{Batch, DiskStorage, Log, LogConfig, Record, Upto};
//!
//! let folder = std::env::temp_dir().join(format!("portent-log-{}", std::process::id()));
//! let (log, _recovery) = Log::open(Arc::new(DiskStorage::new(&folder)?), LogConfig::default(), 0)?;
//! let schema = vec![Column::new("ts", Type::Timestamp), Column::new("user", Type::Text)];
//! let logins = log.define("logins", &schema, 0)?;
//!
//! let mut rows = Columns::of_types(schema.iter().map(|column| (&column.ty, true)));
//! rows.push_row([Value::Timestamp(1_000_000), Value::text("ann")]);
//! let mut batch = Batch::new();
//! batch.events(&logins, &rows)?;
//! batch.clock(2_000_000);
//! let appended = log.append(&mut batch, 0)?;
//! log.wait_durable(appended.next)?;
//!
//! let mut reader = log.reader(appended.first, Upto::Durable)?;
//! let Some(Record::Events(events)) = reader.next()? else { return Err("no events".into()) };
//! assert_eq!(events.rows.row(0)[1], Value::text("ann"));
//! # drop(reader); log.close()?; std::fs::remove_dir_all(folder)?;
//! # Ok(())
//! # }
//! ```

#![deny(missing_docs)]

mod batch;
mod config;
mod error;
mod error_text;
mod format;
mod index;
pub mod inspect;
mod log;
mod mend;
pub mod meta;
mod progress;
mod reader;
mod recover;
mod retain;
mod scan;
mod segments;
pub mod storage;
mod streams;
mod tail;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
mod window;

pub use batch::{Appended, Batch};
pub use config::{Check, Durability, LogConfig, OnDamage};
pub use error::{Damage, DamageKind, LogError};
pub use format::{MAX_PAYLOAD, VERSION};
pub use log::{Log, Syncer};
pub use meta::{Meta, MetaError, MetaWriter};
pub use reader::{Events, Reader, Record, Upto};
pub use recover::{Cut, Recovery};
pub use retain::{Held, Removed, Retained, Retention};
pub use storage::{DiskStorage, Storage};
pub use streams::Stream;

/// A lock whose holder panicked is taken all the same: what it guards is changed in one step, or is found out by the log's own checks.
fn locked<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
