//! One command a file.

pub mod check;
pub mod checkpoint;
pub mod completions;
pub mod explain;
pub mod fmt;
pub mod generate;
pub mod log;
pub mod run;
pub mod serve;
pub mod test;
