//! Names and types, plans, and the automata of patterns.
//!
//! Takes syntax trees, gives `CompiledQuery`s, and never sees an event.
//!
//! The way of a statement: [`Catalog::plan_query`] resolves names and types (`resolve`) into a [`logical::LogicalPlan`], `rules`
//! rewrite it, `pattern` and `construct` make the [`Automaton`] of its pattern, `reduce` shrinks that, `lint` warns, and
//! `lower` puts a [`CompiledQuery`] together. [`explain`] prints every step of it.

#![deny(missing_docs)]

pub mod automaton;
pub mod catalog;
pub mod compiled;
mod construct;
pub mod explain;
pub mod expr;
mod fingerprint;
pub mod functions;
mod lint;
pub mod logical;
mod lower;
pub mod pattern;
mod pool;
pub mod reads;
mod reduce;
pub mod resolve;
mod rules;
pub mod shape;

pub use automaton::Automaton;
pub use catalog::{Catalog, SchemaProvider};
pub use compiled::CompiledQuery;
pub use expr::Expr;
pub use resolve::{ConstantRows, Planned};

#[cfg(test)]
mod tests;
