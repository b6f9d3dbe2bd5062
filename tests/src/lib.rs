//! How Portent is proven: an oracle that shares nothing with the engine, a corpus of cases, random patterns over random
//! streams, and fuzz targets.

pub mod compare;
pub mod corpus;
pub mod fuzz_log;
pub mod fuzz_targets;
pub mod generate;
pub mod mutate;
pub mod oracle;
