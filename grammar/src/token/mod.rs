//! The words of a text: cutting it into statements, highlighting, "is this complete?", lexical errors.
//!
//! Whether the words make sense together is for the grammar alone to say (`portent.pest`). Both have the same idea
//! of a word; a test over all short texts of a nasty alphabet holds them together.

use logos::{Lexer, Logos};

use crate::Span;

mod classify;
mod cut;
mod lexical;
#[cfg(test)]
mod tests;

pub use classify::{TokenClass, classify};
pub use cut::{Completeness, Cut, Piece, completeness, cut, is_complete};
pub use lexical::lexical_errors;

/// A word, sign, blank or comment.
#[derive(Logos, Clone, Copy, Debug, PartialEq, Eq)]
#[logos(subpattern letter = r"[a-zA-Z_\u{AA}\u{B5}\u{BA}\u{C0}-\u{D6}\u{D8}-\u{F6}\u{F8}-\u{167F}\u{1681}-\u{180D}\u{180F}-\u{1FFF}\u{2071}\u{207F}\u{2090}-\u{209C}\u{2100}-\u{214F}\u{2C00}-\u{2DFF}\u{3005}-\u{3007}\u{3021}-\u{D7FF}\u{E000}-\u{FDFF}\u{FE70}-\u{FEFE}\u{FF10}-\u{FF19}\u{FF21}-\u{FF3A}\u{FF41}-\u{FF5A}\u{FF66}-\u{FFDC}\u{10000}-\u{10FFFF}]")]
#[logos(subpattern idchar = r"(?:(?&letter)|[0-9$])")]
#[logos(subpattern num = r"(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")]
pub enum Token {
    /// Blanks and line ends.
    #[regex(r"[ \t\r\n\x0B\x0C\u{FEFF}]+")]
    Blank,
    /// `-- …` to the end of the line
    #[regex(r"--[^\n]*", allow_greedy = true)]
    LineComment,
    /// `/* … */`, nested
    #[token("/*", block_comment)]
    BlockComment(BlockComment),
    /// A keyword or an unquoted name.
    #[regex(r"(?&letter)(?&idchar)*")]
    Word,
    /// `"quoted"`
    #[regex(r#""([^"]|"")*""#)]
    #[regex(r"`([^`]|``)*`")]
    QuotedName,
    /// A quoted name without its end.
    #[regex(r#""([^"]|"")*"#)]
    #[regex(r"`([^`]|``)*")]
    OpenName,
    /// `'text'`
    #[regex(r"'([^']|'')*'")]
    #[regex(r"[eE]'([^'\\]|''|\\[\s\S])*'")]
    Text,
    /// A text without its end.
    #[regex(r"'([^']|'')*")]
    #[regex(r"[eE]'([^'\\]|''|\\[\s\S])*\\?")]
    OpenText,
    /// `12`, `1.5`, `.5`, `1e6`
    #[regex(r"(?&num)", priority = 100)]
    Number,
    /// Digits that run into letters: `10s`
    #[regex(r"(?&num)(?:(?&letter)|\$)(?&idchar)*")]
    BadNumber,
    /// `(`
    #[token("(")]
    LeftParen,
    /// `)`
    #[token(")")]
    RightParen,
    /// `[`
    #[token("[")]
    LeftBracket,
    /// `]`
    #[token("]")]
    RightBracket,
    /// `{`
    #[token("{")]
    LeftBrace,
    /// `}`
    #[token("}")]
    RightBrace,
    /// `,`
    #[token(",")]
    Comma,
    /// `;`
    #[token(";")]
    Semicolon,
    /// `.`
    #[token(".")]
    Dot,
    /// `=`
    #[token("=")]
    Equals,
    /// `->`
    #[token("->")]
    Arrow,
    /// `->>`
    #[token("->>")]
    AnyArrow,
    /// Any other operator.
    #[regex(
        r"<<=|<<|<=|<>|<|>>=|>>|>=|>|!~\*|!~|!=|!|==|=>|~\*|~|\|\||\||::|:|\+|-|\*|/|%|\^|&|\?|\$"
    )]
    Operator,
    /// A character that begins no word: `@`, a typographic quote, a non-breaking blank, …
    Stray,
}

/// How a block comment ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockComment {
    /// Whether its `*/` is there.
    pub closed: bool,
    /// How deep comments nest in it, itself counted.
    pub depth: u32,
}

fn block_comment(lexer: &mut Lexer<'_, Token>) -> BlockComment {
    let rest = lexer.remainder().as_bytes();
    let (mut open, mut depth, mut at) = (1u32, 1u32, 0usize);
    while open > 0 {
        match (rest.get(at), rest.get(at + 1)) {
            (Some(b'/'), Some(b'*')) => {
                open += 1;
                depth = depth.max(open);
                at += 2;
            }
            (Some(b'*'), Some(b'/')) => {
                open -= 1;
                at += 2;
            }
            (Some(_), _) => at += 1,
            (None, _) => break,
        }
    }
    lexer.bump(at);
    BlockComment {
        closed: open == 0,
        depth,
    }
}

impl Token {
    /// Whether the grammar passes over it.
    pub fn is_trivia(self) -> bool {
        matches!(
            self,
            Token::Blank | Token::LineComment | Token::BlockComment(_)
        )
    }

    /// Whether it is a comment.
    pub fn is_comment(self) -> bool {
        matches!(self, Token::LineComment | Token::BlockComment(_))
    }

    /// Whether it is a word or a quoted name.
    pub fn is_name(self) -> bool {
        matches!(self, Token::Word | Token::QuotedName)
    }

    /// `(`, `[` or `{`
    pub fn opens(self) -> bool {
        matches!(
            self,
            Token::LeftParen | Token::LeftBracket | Token::LeftBrace
        )
    }

    /// `)`, `]` or `}`
    pub fn closes(self) -> bool {
        matches!(
            self,
            Token::RightParen | Token::RightBracket | Token::RightBrace
        )
    }
}

/// A token and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lexeme {
    /// What it is.
    pub token: Token,
    /// Where it stands, in bytes.
    pub span: Span,
}

impl Lexeme {
    /// Its text.
    pub fn text<'a>(&self, source: &'a str) -> &'a str {
        source.get(self.span.range()).unwrap_or_default()
    }
}

/// Every token of a text, blanks and comments included: their spans cover the text without a gap.
pub fn tokens(text: &str) -> Vec<Lexeme> {
    Token::lexer(text)
        .spanned()
        .map(|(token, range)| Lexeme {
            token: token.unwrap_or(Token::Stray),
            span: range.into(),
        })
        .collect()
}
