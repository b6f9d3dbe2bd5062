//! Texts of statements: laid out in the canonical way.

use std::sync::Arc;

use crate::error::{Errors, SourceText};

/// Lays a text of statements out in the canonical way, comments included. Laying out twice changes nothing.
///
/// ```
/// let text = portent::format_sql("select a,b from s where a>1;")?;
/// assert_eq!(portent::format_sql(&text)?, text);
/// # Ok::<(), portent::Errors>(())
/// ```
///
/// # Errors
/// The text can't be read.
pub fn format_sql(sql: &str) -> Result<String, Errors> {
    format_source(&SourceText::new("<query>", sql))
}

/// As [`format_sql`], for a named text.
///
/// # Errors
/// The text can't be read.
pub fn format_source(source: &Arc<SourceText>) -> Result<String, Errors> {
    portent_parser::format(&source.text)
        .map_err(|diagnostics| Errors::new(diagnostics, Some(Arc::clone(source))))
}
