//! The oracle: enumerates matches straight from `docs/semantics.md`, by brute force over the syntax tree.
//!
//! It shares no code with planner and engine: no automaton, no threads, no sharing, its own evaluator. Clarity over speed.
//! Numbers in comments are the sections and rules of `docs/semantics.md`. What it does not model it refuses (`Refusal`);
//! it never guesses.
//!
//! ```text
//! ast::Query --pattern--> Node --walk--> candidates of a start, in preference order --report--> matches --output--> rows
//! ```

mod expr;
mod key;
mod literal;
mod model;
mod navigate;
mod output;
mod pattern;
mod query;
mod report;
mod time;
mod value;
mod walk;

pub use literal::length;
pub use model::{Arrival, Moment, Refusal, Row, Stream};
pub use output::{Answer, OutputRow};
pub use query::{End, Options, answer};
pub use time::in_order;
