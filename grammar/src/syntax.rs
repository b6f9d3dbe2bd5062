//! The grammar as a parser, and what its rules are called in plain words.

pub use derived::{PortentGrammar, Rule};

// The derive adds things of its own (`EOI`, `all_rules`) without a word; the rules are told in the grammar.
#[allow(missing_docs)]
mod derived {
    use pest_derive::Parser;

    /// The parser that `portent.pest` describes. Its rules are [`Rule`].
    #[derive(Parser)]
    #[grammar = "portent.pest"]
    pub struct PortentGrammar;
}
