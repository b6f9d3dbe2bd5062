//! The resolved pattern: variables are numbers, durations are microseconds, and every contiguity is spelled out.
//!
//! `read` makes it from the syntax tree, `construct` makes an automaton of it, `print` writes it out for EXPLAIN.

pub mod contiguity;
pub mod nullable;
pub mod print;
pub mod read;
pub mod variables;

use portent_grammar::Span;

use crate::automaton::Gap;
use crate::expr::VarId;

pub use read::read;
pub use variables::{Variable, Variables};

/// How deep a pattern may be nested. Brackets beyond it are an error, so that no walk over a pattern can run out of stack.
pub const MAX_DEPTH: usize = 128;

/// A resolved pattern element.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its shape.
    pub kind: NodeKind,
    /// Where it was written.
    pub span: Span,
}

/// The shapes of a pattern element. Groups are gone: the tree says it all.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// Binds one event.
    Variable(VarId),
    /// `!v`
    Absent(VarId),
    /// Elements with the links between them (`links.len() + 1 == elements.len()`).
    Sequence {
        /// What follows on each other, at least two.
        elements: Vec<Node>,
        /// How far each may be from the next.
        links: Vec<Gap>,
    },
    /// The left preferred.
    Alternation(Vec<Node>),
    /// All, in any order, relaxed.
    Conjunction(Vec<Node>),
    /// All, in any order, contiguous.
    Permute(Vec<Node>),
    /// Bound, but left out of ALL ROWS PER MATCH.
    Exclude(Box<Node>),
    /// `link` stands between two repetitions.
    Repeat {
        /// What is repeated.
        element: Box<Node>,
        /// At least so often.
        min: u32,
        /// At most so often; `None`: no upper limit.
        max: Option<u32>,
        /// Fewer are preferred to more.
        reluctant: bool,
        /// How far apart two repetitions may be.
        link: Gap,
    },
    /// `^`
    Start,
    /// `$`
    End,
    /// `()`
    Empty,
}
