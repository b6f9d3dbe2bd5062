//! EXPLAIN: the plan, the pattern with every contiguity spelled out, the automaton, the execution class and its reason, the
//! predicates. A format a file, over one description.

mod automaton;
pub mod class;
pub mod counting;
mod describe;
mod dot;
mod drawing;
pub mod equality;
mod json;
mod mermaid;
pub mod next;
mod plan;
pub mod probe;
mod text;

use portent_parser::ast::ExplainFormat;

use crate::resolve::Planned;

pub use automaton::table as automaton_table;
pub use class::{Class, class};

/// Explains a planned statement. One that could not be planned has nothing to explain: its diagnostics say why.
pub fn explain(planned: &Planned, format: ExplainFormat) -> String {
    let described = describe::describe(planned);
    match format {
        ExplainFormat::Text => text::print(&described),
        ExplainFormat::Json => json::print(&described),
        ExplainFormat::Dot => dot::print(&described),
        ExplainFormat::Mermaid => mermaid::print(&described),
    }
}
