//! Text to syntax tree and back.
//!
//! Knows what was written, and resolves no name.

pub mod ast;
