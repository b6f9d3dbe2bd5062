//! The words around the place where the grammar gave up, and trying mends out.

use std::borrow::Cow;
use std::cell::Cell;

use portent_grammar::syntax::Rule;
use portent_grammar::token::{Lexeme, Token, tokens};
use portent_grammar::{Fix, Span};

use crate::parse::{Failure, judge};

/// So many bytes may be read again for trying mends: large broken statements get fewer guesses.
const BUDGET: usize = 400_000;

/// What an open bracket holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inside {
    /// Lists, expressions, subqueries.
    Plain,
    /// Steps of a pattern.
    Pattern,
    /// The bounds of an arrow: `-[ … ]->`
    Bound,
    /// `{ … }`
    Braces,
}

/// A refused statement.
pub(super) struct Context<'a> {
    text: Cow<'a, str>,
    /// The statement's place in `text`.
    pub span: Span,
    /// The statement's words and signs.
    pub words: Vec<Lexeme>,
    /// The word at which the grammar gave up; `words.len()` at the end.
    pub at: usize,
    /// That word's place, or the end's.
    pub place: Span,
    pub expected: Vec<Rule>,
    pub exhausted: bool,
    pub entry: Rule,
    budget: Cell<usize>,
}

impl<'a> Context<'a> {
    pub fn new(
        text: &'a str,
        tokens: &[Lexeme],
        span: Span,
        entry: Rule,
        failure: Failure,
    ) -> Self {
        Self::build(Cow::Borrowed(text), tokens, span, entry, failure)
    }

    /// The statement after a mend; `mended` is its text alone, and places are told as if it stood where it stood before.
    pub fn of_mended(
        mended: String,
        span: Span,
        entry: Rule,
        failure: Failure,
    ) -> Option<Context<'static>> {
        let start = span.start as usize;
        let text = " ".repeat(start) + &mended;
        let tokens: Vec<Lexeme> = tokens(&text)
            .into_iter()
            .filter(|lexeme| lexeme.span.start as usize >= start)
            .collect();
        let span = Span::new(start, text.len());
        Some(Context::build(
            Cow::Owned(text),
            &tokens,
            span,
            entry,
            failure,
        ))
    }

    fn build(
        text: Cow<'a, str>,
        tokens: &[Lexeme],
        span: Span,
        entry: Rule,
        failure: Failure,
    ) -> Self {
        let words: Vec<Lexeme> = tokens
            .iter()
            .filter(|lexeme| !lexeme.token.is_trivia())
            .copied()
            .collect();
        let absolute = span.start as usize + failure.at;
        let at = words
            .iter()
            .position(|word| word.span.end as usize > absolute)
            .unwrap_or(words.len());
        let end = words.last().map_or(span.end, |last| last.span.end);
        let place = words
            .get(at)
            .map_or(Span { start: end, end }, |word| word.span);
        Self {
            text,
            span,
            words,
            at,
            place,
            expected: failure.expected,
            exhausted: failure.exhausted,
            entry,
            budget: Cell::new(BUDGET),
        }
    }

    pub fn token(&self, at: usize) -> Option<Token> {
        self.words.get(at).map(|word| word.token)
    }

    pub fn word(&self, at: usize) -> &str {
        self.words
            .get(at)
            .map(|word| word.text(&self.text))
            .unwrap_or_default()
    }

    pub fn place_of(&self, at: usize) -> Span {
        self.words.get(at).map_or(self.place, |word| word.span)
    }

    /// Whether an unquoted word is one of these.
    pub fn is(&self, at: usize, words: &[&str]) -> bool {
        self.token(at) == Some(Token::Word)
            && words
                .iter()
                .any(|word| word.eq_ignore_ascii_case(self.word(at)))
    }

    /// Whether these words stand from `at` on.
    pub fn are(&self, at: usize, words: &[&str]) -> bool {
        words
            .iter()
            .enumerate()
            .all(|(offset, word)| self.is(at + offset, &[word]))
    }

    pub fn sign(&self, at: usize, signs: &[&str]) -> bool {
        !matches!(
            self.token(at),
            None | Some(Token::Word | Token::QuotedName | Token::Text)
        ) && signs.contains(&self.word(at))
    }

    /// The word `back` words before `at`, if there is one.
    pub fn before(&self, at: usize, back: usize) -> Option<usize> {
        at.checked_sub(back)
    }

    /// Whether the word is the first on its line.
    pub fn begins_line(&self, at: usize) -> bool {
        let start = self.place_of(at).start as usize;
        let before = self
            .text
            .get(self.span.start as usize..start)
            .unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        before.contains('\n') && line.chars().all(char::is_whitespace)
    }

    /// What stands at a word, for a sentence.
    pub fn found(&self, at: usize) -> String {
        match self.token(at) {
            None => "the end of the statement".to_owned(),
            Some(Token::Text) => format!("the text {}", shorten(self.word(at))),
            Some(Token::Number) => format!("the number {}", shorten(self.word(at))),
            Some(_) => format!("`{}`", shorten(self.word(at))),
        }
    }

    /// The statement's text with replacements made; they do not overlap.
    pub fn edited(&self, fixes: &[Fix]) -> String {
        let mut fixes: Vec<&Fix> = fixes.iter().collect();
        fixes.sort_by_key(|fix| fix.span.start);
        let mut out = String::new();
        let mut done = self.span.start as usize;
        for fix in fixes {
            out.push_str(
                self.text
                    .get(done..fix.span.start as usize)
                    .unwrap_or_default(),
            );
            out.push_str(&fix.replacement);
            done = fix.span.end as usize;
        }
        out.push_str(
            self.text
                .get(done..self.span.end as usize)
                .unwrap_or_default(),
        );
        out
    }

    /// Where the grammar gives up after the mends, as an offset into the text before them; `None` if it does not.
    fn try_out(&self, fixes: &[Fix]) -> Option<usize> {
        let length = (self.span.end - self.span.start.min(self.span.end)) as usize;
        let Some(left) = self.budget.get().checked_sub(length + 100) else {
            return Some(0);
        };
        self.budget.set(left);
        let edited = self.edited(fixes);
        let Err(failure) = judge(&edited, self.entry) else {
            return None;
        };
        let mut at = failure.at + self.span.start as usize;
        for fix in fixes {
            let removed = (fix.span.end - fix.span.start) as usize;
            if at >= fix.span.start as usize + fix.replacement.len() {
                at = at + removed - fix.replacement.len();
            }
        }
        Some(at)
    }

    /// Whether the whole statement can be read after these mends.
    pub fn mends(&self, fixes: &[Fix]) -> bool {
        self.try_out(fixes).is_none()
    }

    /// Whether the grammar gets further after these mends.
    pub fn reads_on(&self, fixes: &[Fix]) -> bool {
        match self.try_out(fixes) {
            None => true,
            Some(at) => {
                at > self.place.start as usize && fixes.iter().all(|fix| at > fix.span.end as usize)
            }
        }
    }

    /// The innermost bracket open at a word: its index.
    pub fn opener(&self, at: usize) -> Option<usize> {
        let mut open = Vec::new();
        for (index, word) in self.words.iter().enumerate().take(at) {
            if word.token.opens() {
                open.push(index);
            } else if word.token.closes() {
                open.pop();
            }
        }
        open.pop()
    }

    /// What kind of thing stands at a word.
    pub fn inside(&self, at: usize) -> Inside {
        let mut open: Vec<Inside> = Vec::new();
        for (index, word) in self.words.iter().enumerate().take(at) {
            let outer = open
                .last()
                .copied()
                .unwrap_or(if self.entry == Rule::pattern_entry {
                    Inside::Pattern
                } else {
                    Inside::Plain
                });
            let before = |back: usize| self.before(index, back);
            match word.token {
                Token::LeftParen => {
                    let of_match = before(1).is_some_and(|b| self.is(b, &["MATCH", "PATTERN"]))
                        || (before(1).is_some_and(|b| self.is(b, &["ALL"]))
                            && before(2).is_some_and(|b| self.is(b, &["MATCH"])));
                    open.push(if of_match { Inside::Pattern } else { outer });
                }
                Token::LeftBracket
                    if outer == Inside::Pattern
                        && before(1).is_some_and(|b| self.sign(b, &["-"])) =>
                {
                    open.push(Inside::Bound);
                }
                Token::LeftBracket => open.push(Inside::Plain),
                Token::LeftBrace if self.sign(index + 1, &["-"]) => open.push(Inside::Pattern),
                Token::LeftBrace => open.push(Inside::Braces),
                token if token.closes() => {
                    open.pop();
                }
                _ => {}
            }
        }
        open.last()
            .copied()
            .unwrap_or(if self.entry == Rule::pattern_entry {
                Inside::Pattern
            } else {
                Inside::Plain
            })
    }
}

/// A replacement of a place.
pub(super) fn replace(span: Span, by: impl Into<String>) -> Fix {
    Fix {
        span,
        replacement: by.into(),
    }
}

/// Long words are cut, line ends are not shown.
pub(super) fn shorten(word: &str) -> String {
    let line = word.lines().next().unwrap_or_default();
    if line.chars().count() > 40 || line.len() < word.len() {
        let cut: String = line.chars().take(37).collect();
        return format!("{cut}…");
    }
    line.to_owned()
}
