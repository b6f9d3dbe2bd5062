//! The bytes of a log: `FORMAT.md` in code. Nothing here reads or writes a file.

pub(crate) mod block;
pub(crate) mod bytes;
pub(crate) mod frame;
pub(crate) mod schema;
pub(crate) mod segment;
pub(crate) mod value;
mod widths;

/// The version that is written, and the newest that is read.
pub const VERSION: u16 = 1;
/// The longest payload of a frame, bytes.
pub const MAX_PAYLOAD: u64 = 256 << 20;
/// The most rows of a block frame.
pub(crate) const MAX_ROWS: usize = 65_536;
/// The most values of a block frame: rows × columns.
pub(crate) const MAX_CELLS: usize = 1 << 20;
/// How deep arrays and JSON may be.
pub(crate) const MAX_DEPTH: usize = 512;
