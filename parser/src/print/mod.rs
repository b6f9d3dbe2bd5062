//! Trees as text, in canonical layout.
//!
//! Keywords in upper case, names as they were written, each clause on a line of its own, lists on one line where they
//! fit and one item a line where they don't. What is printed reads back as the same tree.
//!
//! A block of text is a list of lines without their indentation; whoever nests a block indents it.

use portent_grammar::Span;
use portent_grammar::keywords::is_reserved;
use portent_grammar::token::{Lexeme, Token, tokens};

use crate::ast::{Expr, Ident, Pattern, Query, Statement};

mod align;
mod comments;
mod create;
pub(crate) mod expr;
mod file;
mod lines;
mod pattern;
mod query;
mod recognize;
mod statement;
mod table;
mod types;

pub use file::format;

/// Lines are kept shorter than this where they can be broken.
const WIDTH: usize = 100;

/// A statement in canonical layout, without its `;`.
///
/// The inside of `OVER ( … )` is not in the tree: it is printed empty. [`format`](fn@format) keeps it.
pub fn print_statement(statement: &Statement) -> String {
    Printer::default().statement(statement).join("\n")
}

/// A query in canonical layout.
pub fn print_query(query: &Query) -> String {
    Printer::default().query(query, WIDTH).join("\n")
}

/// An expression on one line.
///
/// ```
/// use portent_parser::{parse_expr, print_expr};
///
/// assert_eq!(print_expr(&parse_expr("a+1  in(1,2)").unwrap()), "a + 1 IN (1, 2)");
/// ```
pub fn print_expr(expr: &Expr) -> String {
    Printer::default().expr(expr)
}

/// A pattern on one line, as it stands inside `MATCH ( … )`.
pub fn print_pattern(pattern: &Pattern) -> String {
    Printer::default().pattern(pattern)
}

/// Prints trees; with the text they were read from, it knows where comments stood and what stood in OVER.
#[derive(Default)]
struct Printer<'a> {
    text: &'a str,
    /// The tokens of the text.
    tokens: &'a [Lexeme],
}

impl Printer<'_> {
    /// Whether a comment stands in a list, given the places of its first and last items: then each item gets a line of its
    /// own, so that comments stay with the items they speak of.
    fn commented(&self, first: Option<Span>, last: Option<Span>) -> bool {
        let (Some(first), Some(last)) = (first, last) else {
            return false;
        };
        let before = self
            .tokens
            .partition_point(|lexeme| lexeme.span.start < first.start);
        let opens = self
            .tokens
            .get(..before)
            .unwrap_or_default()
            .iter()
            .rev()
            .find(|lexeme| !lexeme.token.is_trivia());
        let start = opens.map_or(first.start, |lexeme| lexeme.span.start);
        let from = self
            .tokens
            .partition_point(|lexeme| lexeme.span.start < start);
        let inside = self
            .tokens
            .get(from..)
            .unwrap_or_default()
            .iter()
            .take_while(|lexeme| lexeme.span.start < last.end);
        !self.tokens.is_empty() && inside.into_iter().any(|lexeme| lexeme.token.is_comment())
    }
}

/// Whether it is one unquoted word.
pub(crate) fn is_word(word: &str) -> bool {
    matches!(tokens(word).as_slice(), [only] if only.token == Token::Word)
}

/// A name where a keyword could stand.
fn name(ident: &Ident) -> String {
    if ident.quoted || is_reserved(&ident.text) || !is_word(&ident.text) {
        quote(&ident.text)
    } else {
        ident.text.clone()
    }
}

/// A name after AS or a dot, where no keyword can stand.
fn label(ident: &Ident) -> String {
    if ident.quoted || !is_word(&ident.text) {
        quote(&ident.text)
    } else {
        ident.text.clone()
    }
}

fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn names(idents: &[Ident]) -> String {
    idents.iter().map(name).collect::<Vec<_>>().join(", ")
}

/// A text literal, on one line whatever it holds.
fn text(text: &str) -> String {
    if !text.contains(char::is_control) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut out = String::from("E'");
    for c in text.chars() {
        match c {
            '\'' => out.push_str("''"),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}
