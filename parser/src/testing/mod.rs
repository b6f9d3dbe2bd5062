//! Random trees for property tests, here and in other crates (feature `testing`).
//!
//! The trees are those that the parser makes: brackets stand in the tree wherever precedence asks for them. Spans are
//! zero. So `parse(print(tree))`, its spans erased, is the tree again.

mod exprs;
mod patterns;
mod queries;
mod statements;
mod words;

pub use exprs::expr;
pub use patterns::pattern;
pub use queries::query;
pub use statements::statement;
