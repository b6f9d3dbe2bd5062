//! What a word is, for highlighting.

use super::{Lexeme, Token, tokens};
use crate::{Span, keywords};

/// What a word is to the eye.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenClass {
    /// A word of the language.
    Keyword,
    /// A name before `(`.
    Function,
    /// A name without quotes.
    Name,
    /// A name in double quotes.
    QuotedName,
    /// A text in single quotes.
    Text,
    /// Digits, with a fraction or an exponent.
    Number,
    /// `=`, `->`, `||` and the like.
    Operator,
    /// Brackets, commas, dots, semicolons.
    Punctuation,
    /// `-- …`, `/* … */`
    Comment,
    /// Unclosed, or no part of the language.
    Error,
}

/// Classifies every word and sign of a text; blanks are left out. Works on half-typed text too.
///
/// Most keywords may be names as well, so this is a guess where the grammar alone would know.
///
/// ```
/// use portent_grammar::token::{TokenClass, classify};
///
/// let classes: Vec<_> = classify("SELECT 'x'").into_iter().map(|(_, class)| class).collect();
/// assert_eq!(classes, [TokenClass::Keyword, TokenClass::Text]);
/// ```
pub fn classify(text: &str) -> Vec<(Span, TokenClass)> {
    let tokens = tokens(text);
    let words: Vec<&Lexeme> = tokens
        .iter()
        .filter(|lexeme| lexeme.token != Token::Blank)
        .collect();
    let significant = |lexeme: &&&Lexeme| !lexeme.token.is_trivia();
    let mut classes = Vec::with_capacity(words.len());
    for (at, lexeme) in words.iter().enumerate() {
        let before = words
            .get(..at)
            .unwrap_or_default()
            .iter()
            .rev()
            .find(significant);
        let after = words
            .get(at + 1..)
            .unwrap_or_default()
            .iter()
            .find(significant);
        let class = match lexeme.token {
            Token::Word => word(
                lexeme.text(text),
                before.map(|l| l.token),
                after.map(|l| l.token),
            ),
            Token::QuotedName => TokenClass::QuotedName,
            Token::Text => TokenClass::Text,
            Token::Number => TokenClass::Number,
            Token::LineComment => TokenClass::Comment,
            Token::BlockComment(comment) if comment.closed => TokenClass::Comment,
            Token::Equals | Token::Arrow | Token::AnyArrow | Token::Operator => {
                TokenClass::Operator
            }
            token if token.opens() || token.closes() => TokenClass::Punctuation,
            Token::Comma | Token::Semicolon | Token::Dot => TokenClass::Punctuation,
            _ => TokenClass::Error,
        };
        classes.push((lexeme.span, class));
    }
    classes
}

/// Keywords that look like calls.
const BEFORE_PAREN: &[&str] = &[
    "MATCH",
    "PATTERN",
    "MATCH_RECOGNIZE",
    "PERMUTE",
    "VALUES",
    "OVER",
    "FILTER",
    "ALL",
    "TABLE",
    "KEY",
];

fn word(text: &str, before: Option<Token>, after: Option<Token>) -> TokenClass {
    let called = after == Some(Token::LeftParen);
    if before == Some(Token::Dot) {
        return TokenClass::Name;
    }
    match keywords::find(text) {
        Some(keyword) if keyword.reserved => TokenClass::Keyword,
        Some(keyword) if called => {
            if BEFORE_PAREN.contains(&keyword.text) {
                TokenClass::Keyword
            } else {
                TokenClass::Function
            }
        }
        // `end.x`, `time,`, `key =`: a name.
        Some(keyword)
            if matches!(after, Some(Token::Dot | Token::Equals | Token::Comma))
                && keyword.text != "END" =>
        {
            TokenClass::Name
        }
        Some(_) => TokenClass::Keyword,
        None if called => TokenClass::Function,
        None if before == Some(Token::Number) && is_unit(text) => TokenClass::Keyword,
        None => TokenClass::Name,
    }
}

fn is_unit(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    keywords::UNITS
        .iter()
        .any(|unit| unit.strip_suffix('S') == Some(upper.as_str()) || *unit == upper)
}
