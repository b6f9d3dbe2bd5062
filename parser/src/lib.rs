//! Text to syntax tree and back.
//!
//! Knows what was written, and resolves no name.
//!
//! [`parse()`] never fails: it gives the statements that could be read *and* what is wrong with the others. [`mod@print`] writes
//! trees as text in canonical layout, [`format`](fn@format) a whole file with its comments.

#![deny(missing_docs)]

pub mod ast;
mod build;
mod depth;
mod error;
mod parse;
pub mod print;
pub mod spans;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;

pub use parse::{Parsed, parse, parse_expr, parse_pattern, parse_query};
pub use portent_grammar::token::{Completeness, completeness, is_complete};
pub use print::{format, print_expr, print_pattern, print_query, print_statement};
pub use spans::{Spans, erase_spans};
