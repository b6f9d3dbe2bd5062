//! Comments inside a statement: each is put where its words went.

use portent_grammar::token::{Lexeme, Token, tokens};

use super::align::align;

/// A printed line with its comments.
struct Line {
    text: String,
    above: Vec<String>,
    at_end: Option<String>,
}

/// A statement's lines with the comments that stood among its words.
pub(super) struct Placed {
    pub lines: Vec<String>,
    /// At the end of the last line, where the `;` has to come before it.
    pub at_end: Option<String>,
    /// Those that find no line to stand above.
    pub last: Vec<String>,
}

/// Puts the comments among `inner` (the tokens from the statement's first word to its last) into the printed lines.
///
/// A comment at the end of a line stays at the end of the line that its words went to; any other stands on a line of its
/// own above the word that followed it.
pub(super) fn place(text: &str, inner: &[Lexeme], printed: Vec<String>) -> Placed {
    if !inner.iter().any(|lexeme| lexeme.token.is_comment()) {
        return Placed {
            lines: printed,
            at_end: None,
            last: Vec::new(),
        };
    }
    let words = |lexemes: &[Lexeme], source: &str| -> Vec<String> {
        lexemes
            .iter()
            .filter(|lexeme| !lexeme.token.is_trivia())
            .map(|lexeme| lexeme.text(source).to_lowercase())
            .collect()
    };
    let old = words(inner, text);
    let (mut new, mut line_of) = (Vec::new(), Vec::new());
    for (at, line) in printed.iter().enumerate() {
        let found = words(&tokens(line), line);
        line_of.extend(std::iter::repeat_n(at, found.len()));
        new.extend(found);
    }
    let map: Vec<Option<usize>> = align(&old, &new)
        .into_iter()
        .map(|word| word.and_then(|word| line_of.get(word).copied()))
        .collect();
    let mut lines: Vec<Line> = printed
        .into_iter()
        .map(|text| Line {
            text,
            above: Vec::new(),
            at_end: None,
        })
        .collect();
    let mut last = Vec::new();
    let mut passed = 0;
    for (at, lexeme) in inner.iter().enumerate() {
        if !lexeme.token.is_trivia() {
            passed += 1;
        }
        if !lexeme.token.is_comment() {
            continue;
        }
        let comment = lexeme.text(text).trim_end().to_owned();
        let trailing = ends_line(text, inner, at) && !comment.contains('\n');
        let before = map
            .get(..passed)
            .unwrap_or_default()
            .iter()
            .rev()
            .find_map(|line| *line);
        let after = map
            .get(passed..)
            .unwrap_or_default()
            .iter()
            .find_map(|line| *line);
        match (trailing.then_some(before).flatten(), after) {
            (Some(line), _) => {
                if let Some(line) = lines.get_mut(line)
                    && let Some(earlier) = line.at_end.replace(comment)
                {
                    line.above.push(earlier);
                }
            }
            (None, Some(line)) => {
                if let Some(line) = lines.get_mut(line) {
                    line.above.push(comment);
                }
            }
            (None, None) => last.push(comment),
        }
    }
    let at_end = lines.last_mut().and_then(|line| line.at_end.take());
    Placed {
        lines: lines.into_iter().flat_map(Line::finish).collect(),
        at_end,
        last,
    }
}

/// Whether a comment stands behind words, and nothing behind it on its line.
pub(super) fn ends_line(text: &str, tokens: &[Lexeme], at: usize) -> bool {
    let breaks = |lexeme: &Lexeme| lexeme.token == Token::Blank && lexeme.text(text).contains('\n');
    let before = tokens.get(..at).unwrap_or_default().iter().rev();
    let behind_words = before
        .take_while(|lexeme| !breaks(lexeme))
        .any(|lexeme| !lexeme.token.is_trivia());
    let mut after = tokens
        .get(at + 1..)
        .unwrap_or_default()
        .iter()
        .take_while(|lexeme| !breaks(lexeme));
    let last = !after.any(|lexeme| lexeme.token != Token::Blank);
    behind_words && last
}

impl Line {
    fn finish(self) -> Vec<String> {
        let depth = self.text.len() - self.text.trim_start_matches(' ').len();
        let mut lines: Vec<String> = self
            .above
            .iter()
            .map(|comment| format!("{}{comment}", " ".repeat(depth)))
            .collect();
        lines.push(match self.at_end {
            Some(comment) => format!("{} {comment}", self.text),
            None => self.text,
        });
        lines
    }
}
