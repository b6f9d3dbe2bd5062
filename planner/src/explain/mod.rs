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
///
/// ```
/// use portent_parser::ast::{ExplainFormat, StatementKind};
/// use portent_planner::catalog::{Catalog, NoFiles};
///
/// let mut catalog = Catalog::new();
/// let parsed = portent_parser::parse("CREATE STREAM s (ts TIMESTAMP, v BIGINT)");
/// let StatementKind::CreateStream(create) = &parsed.statements[0].kind else { unreachable!() };
/// catalog.create_stream(create, &NoFiles, &mut Vec::new()).unwrap();
/// let query = portent_parser::parse_query("SELECT b.v FROM s MATCH (a b[b.v > a.v]) WITHIN 1 MINUTE").unwrap();
/// let planned = catalog.plan_query(Some("rise"), &query, &NoFiles);
/// let text = portent_planner::explain::explain(&planned, ExplainFormat::Text);
/// assert!(text.contains("v > a.v"), "{text}");
/// ```
pub fn explain(planned: &Planned, format: ExplainFormat) -> String {
    explain_with(planned, format, None)
}

/// As [`explain`]. `state`: what its execution would do about the state of the query, a sentence without its full stop.
pub fn explain_with(planned: &Planned, format: ExplainFormat, state: Option<&str>) -> String {
    let mut described = describe::describe(planned);
    described.state = state.map(str::to_owned);
    match format {
        ExplainFormat::Text => text::print(&described),
        ExplainFormat::Json => json::print(&described),
        ExplainFormat::Dot => dot::print(&described),
        ExplainFormat::Mermaid => mermaid::print(&described),
    }
}
