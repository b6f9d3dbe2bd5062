//! From the grammar's tree to the syntax tree.
//!
//! The grammar has accepted the text already; what is left to refuse are things a grammar can't say well (a clause
//! twice, comparisons in a row, an interval's text).

use pest::iterators::{Pair, Pairs};
use portent_grammar::codes::syntax as codes;
use portent_grammar::keywords::is_keyword_rule;
use portent_grammar::syntax::Rule;
use portent_grammar::token::Lexeme;
use portent_grammar::{Diagnostic, Span};

mod call;
mod clauses;
mod create;
mod duration;
pub(crate) mod expr;
mod literal;
mod options;
mod pattern;
mod primary;
mod query;
mod recognize;
mod statement;
mod table;
mod types;

pub(crate) use duration::unit_of;
pub(crate) use options::is_dotted;

/// A tree, or the first thing that is wrong with it.
pub(crate) type Build<T> = Result<T, Box<Diagnostic>>;

type Node<'i> = Pair<'i, Rule>;

/// Builds the tree of one statement.
pub(crate) struct Builder<'a> {
    /// Where the statement's text begins in the whole text.
    base: usize,
    tokens: &'a [Lexeme],
}

impl<'a> Builder<'a> {
    pub fn new(base: usize, tokens: &'a [Lexeme]) -> Self {
        Self { base, tokens }
    }

    /// The place of a node in the whole text. The grammar's own nodes may end with blanks, which are left out here.
    fn span(&self, node: &Node<'_>) -> Span {
        let span = node.as_span();
        let (start, end) = (span.start() + self.base, span.end() + self.base);
        let before = self
            .tokens
            .partition_point(|lexeme| (lexeme.span.start as usize) < end);
        let end = self
            .tokens
            .get(..before)
            .and_then(|tokens| tokens.iter().rev().find(|lexeme| !lexeme.token.is_trivia()))
            .map_or(end, |lexeme| end.min(lexeme.span.end as usize));
        Span::new(start, end.max(start))
    }

    /// The grammar accepted what the builder can't read.
    fn internal<T>(&self, span: Span, missing: &str) -> Build<T> {
        Err(Box::new(
            Diagnostic::error(
                codes::INTERNAL,
                span,
                format!("this statement can't be read: {missing} is missing"),
            )
            .help("this is an error of the program; please report the statement"),
        ))
    }

    fn children<'i>(&self, node: Node<'i>) -> Children<'i> {
        Children {
            span: self.span(&node),
            pairs: node.into_inner(),
        }
    }
}

/// The nodes inside a node, in order, without keywords and punctuation.
struct Children<'i> {
    span: Span,
    pairs: Pairs<'i, Rule>,
}

impl<'i> Children<'i> {
    /// The next, if it is of this kind.
    fn opt(&mut self, rule: Rule) -> Option<Node<'i>> {
        self.take_if(|found| found == rule)
    }

    fn take_if(&mut self, fits: impl Fn(Rule) -> bool) -> Option<Node<'i>> {
        while self
            .pairs
            .peek()
            .is_some_and(|node| is_noise(node.as_rule()))
        {
            self.pairs.next();
        }
        if self.pairs.peek().is_some_and(|node| fits(node.as_rule())) {
            self.pairs.next()
        } else {
            None
        }
    }

    /// The next, which the grammar says is there.
    fn need(&mut self, builder: &Builder<'_>, rule: Rule) -> Build<Node<'i>> {
        match self.opt(rule) {
            Some(node) => Ok(node),
            None => builder.internal(self.span, &format!("`{rule:?}`")),
        }
    }

    /// The next, whatever it is.
    fn need_any(&mut self, builder: &Builder<'_>) -> Build<Node<'i>> {
        match self.next() {
            Some(node) => Ok(node),
            None => builder.internal(self.span, "a part"),
        }
    }
}

impl<'i> Iterator for Children<'i> {
    type Item = Node<'i>;

    fn next(&mut self) -> Option<Self::Item> {
        self.take_if(|_| true)
    }
}

/// Whether a keyword (or other node) stands directly inside a node.
fn has(node: &Node<'_>, rule: Rule) -> bool {
    node.clone()
        .into_inner()
        .any(|inner| inner.as_rule() == rule)
}

fn is_noise(rule: Rule) -> bool {
    is_keyword_rule(rule)
        || matches!(
            rule,
            Rule::lparen
                | Rule::rparen
                | Rule::lbracket
                | Rule::rbracket
                | Rule::lbrace
                | Rule::rbrace
                | Rule::comma
                | Rule::equals
                | Rule::dot
                | Rule::bar
                | Rule::ampersand
                | Rule::EOI
        )
}
