//! Words, grammar, values and diagnostics of the Portent query language.
//!
//! The lowest room of the house: it knows characters, tokens, values and errors, and no syntax tree.

#![deny(missing_docs)]

pub mod codes;
pub mod columns;
pub mod diagnostic;
pub mod guard;
pub mod keywords;
pub mod render;
pub mod span;
pub mod syntax;
pub mod token;
pub mod types;
pub mod value;

pub use columns::{Cell, ColumnValues, Columns};
pub use diagnostic::{Code, Diagnostic, Fix, Label, Severity};
pub use render::{render, to_json};
pub use span::Span;
pub use types::{Column, Schema, Type};
pub use value::{Interval, Value};
