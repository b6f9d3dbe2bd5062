//! The grammar as a parser, and what its rules are called in plain words.

use pest_derive::Parser;

/// The parser that `portent.pest` describes. Its rules are [`Rule`].
#[derive(Parser)]
#[grammar = "portent.pest"]
pub struct PortentGrammar;
