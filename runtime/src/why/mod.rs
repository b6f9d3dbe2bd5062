//! EXPLAIN MATCH and EXPLAIN WHY NOT, printed. A format a file.

mod json;
mod text;

use portent_engine::trace::{ExplainedMatch, WhyNot};
use portent_parser::ast::ExplainFormat;

/// An answer.
pub(crate) enum Answer {
    Match(ExplainedMatch),
    /// With what else should be known: that the query is paused, say.
    WhyNot(WhyNot, Vec<String>),
}

/// An answer as text or JSON (other formats were refused before).
pub(crate) fn print(query: &str, answer: &Answer, format: ExplainFormat) -> String {
    match format {
        ExplainFormat::Json => json::print(query, answer),
        _ => text::print(query, answer),
    }
}
