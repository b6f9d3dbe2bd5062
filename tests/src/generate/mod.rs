//! Random queries over random streams, and how to make a failing one small.

pub mod condition;
pub mod decoy;
pub mod events;
pub mod pattern;
pub mod query;
pub mod rng;
pub mod shrink;

pub use events::{Event, Stream};
pub use pattern::{Kind, Op, Pat, Style};
pub use query::{Case, Form, Partition, Rows, Skip, Within};
pub use rng::Rng;
