//! Names and types, plans, and the automata of patterns.
//!
//! Takes syntax trees, gives `CompiledQuery`s, and never sees an event.

pub mod automaton;
pub mod compiled;
pub mod expr;
pub mod functions;

pub use automaton::Automaton;
pub use compiled::CompiledQuery;
pub use expr::Expr;
