//! The event log on disk (feature `store`): all of `portent_store`, and what reads a log out and in.
//!
//! ```no_run
//! use portent::store::{self, Records, Part};
//!
//! let storage = store::look("log")?;
//! let mut records = Records::read(&storage, &Part::default(), Some("logins"), false)?;
//! let exported = store::export(&mut records, &mut std::io::stdout(), false)?;
//! eprintln!("{} events", exported.events);
//! # Ok::<(), portent::Errors>(())
//! ```

mod checkpoints;
mod columns;
mod error;
mod export;
mod folder;
mod import;
mod metered;
mod records;
#[cfg(test)]
mod tests;

pub use portent_grammar::{Cell, ColumnValues, Columns};
pub use portent_store::*;

pub use checkpoints::{CheckpointLook, checkpoints, open_meta, verify_checkpoint};
pub use columns::{columns_sql, parse_columns};
pub use export::{Exported, POSITION_COLUMNS, check_export, export};
pub use folder::{begin, look};
pub use import::{Import, Imported, import};
pub use metered::Metered;
pub use records::{Part, Records};
