//! The command line, as a user meets it: exit codes, what goes to standard output and what to standard error.

mod check;
mod checkpoint;
mod explain;
mod fmt;
#[path = "../support/folder.rs"]
mod folder;
mod generate;
mod harness;
mod input;
mod inserts;
mod log;
mod output;
mod rules;
mod run;
mod traps;
mod usage;
