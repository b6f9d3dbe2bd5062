//! Cutting a text into statements, so that one bad statement does not hide the next.

use std::ops::Range;

use super::{Lexeme, Token, tokens};
use crate::Span;

/// A text, cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Every token of the text.
    pub tokens: Vec<Lexeme>,
    /// The statements, those without a word left out.
    pub pieces: Vec<Piece>,
}

/// One statement of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// From its first word to its last, without the `;`.
    pub span: Span,
    /// Its tokens, blanks and comments around it included, without the `;`.
    pub tokens: Range<usize>,
    /// Whether a `;` ends it.
    pub terminated: bool,
}

/// Cuts at every `;` outside texts, quoted names and comments. A `;` inside brackets cuts too: no statement has one
/// there, so a bracket was forgotten.
pub fn cut(text: &str) -> Cut {
    let tokens = tokens(text);
    let mut pieces = Vec::new();
    let mut start = 0;
    for (at, lexeme) in tokens.iter().enumerate() {
        if lexeme.token == Token::Semicolon {
            pieces.extend(piece(&tokens, start..at, true));
            start = at + 1;
        }
    }
    pieces.extend(piece(&tokens, start..tokens.len(), false));
    Cut { tokens, pieces }
}

fn piece(tokens: &[Lexeme], range: Range<usize>, terminated: bool) -> Option<Piece> {
    let mut words = tokens
        .get(range.clone())?
        .iter()
        .filter(|lexeme| !lexeme.token.is_trivia());
    let first = words.next()?;
    let last = words.next_back().unwrap_or(first);
    Some(Piece {
        span: first.span.to(last.span),
        tokens: range,
        terminated,
    })
}

/// Whether what is typed so far can be run, and if not, what it waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// Ends with a `;`, or holds no word.
    Complete,
    /// The `;` is missing.
    NeedsSemicolon,
    /// A bracket opened there is not closed, and no `;` has given up on it.
    OpenBracket(Span),
    /// The text that begins there is not closed.
    OpenText(Span),
    /// The quoted name that begins there is not closed.
    OpenName(Span),
    /// The comment that begins there is not closed.
    OpenComment(Span),
}

/// What a half-typed text waits for.
///
/// ```
/// use portent_grammar::token::{Completeness, completeness};
///
/// assert_eq!(completeness("SELECT 1;"), Completeness::Complete);
/// assert_ne!(completeness("SELECT 'it"), Completeness::Complete);
/// ```
pub fn completeness(text: &str) -> Completeness {
    let Cut { tokens, pieces } = cut(text);
    if let Some(last) = tokens.last() {
        match last.token {
            Token::OpenText => return Completeness::OpenText(last.span),
            Token::OpenName => return Completeness::OpenName(last.span),
            Token::BlockComment(comment) if !comment.closed => {
                return Completeness::OpenComment(last.span);
            }
            _ => {}
        }
    }
    let Some(last) = pieces.last().filter(|piece| !piece.terminated) else {
        return Completeness::Complete;
    };
    let mut open = Vec::new();
    for lexeme in tokens.get(last.tokens.clone()).unwrap_or_default() {
        if lexeme.token.opens() {
            open.push(lexeme.span);
        } else if lexeme.token.closes() {
            open.pop();
        }
    }
    open.pop()
        .map_or(Completeness::NeedsSemicolon, Completeness::OpenBracket)
}

/// Whether what is typed so far can be run: it ends with a `;`, or holds no word at all.
pub fn is_complete(text: &str) -> bool {
    completeness(text) == Completeness::Complete
}
