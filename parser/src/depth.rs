//! How deep a statement nests, counted on its words before anything recurses over it.

use portent_grammar::codes::syntax as codes;
use portent_grammar::token::{Lexeme, Token};
use portent_grammar::{Diagnostic, Span};

/// Brackets, CASE and comments may nest this deep.
pub const MAX_NESTING: usize = 128;

/// The tree of a statement may be this high: brackets, and the operators of one expression.
pub const MAX_HEIGHT: usize = 256;

/// Up to so many operands of AND (or of OR) make a chain that leans to the left; more make a balanced tree, so that
/// conditions of thousands of parts stay shallow.
pub const LONGEST_CHAIN: usize = 32;

/// Below this height the stack of any thread suffices.
const SHALLOW: usize = 16;

/// Reading and printing the deepest statement takes less, in a debug build too.
const STACK: usize = 32 * 1024 * 1024;

/// Runs `work` on a stack that suffices for a tree of this height.
pub fn with_stack<T>(height: usize, work: impl FnOnce() -> T) -> T {
    if height <= SHALLOW {
        work()
    } else {
        stacker::maybe_grow(STACK / 2, STACK, work)
    }
}

/// What one level of brackets adds at most for balanced chains of AND inside of OR.
const BALANCED: usize = 40;

#[derive(Default)]
struct Level {
    opened: Span,
    /// Operators since the last word that begins an independent expression.
    operators: usize,
    connectives: usize,
    /// CASE without its END yet.
    cases: usize,
    /// The highest expression of this level, brackets inside apart.
    own: usize,
    /// The highest bracket inside.
    inner: usize,
    /// After `)` or `]` each `.field` is a level of its own.
    fields: bool,
    /// Opened by `{`: a `-` belongs to `{- … -}`.
    brace: bool,
}

impl Level {
    fn settle(&mut self) {
        let connectives = if self.connectives > LONGEST_CHAIN {
            BALANCED
        } else {
            self.connectives
        };
        self.own = self.own.max(self.operators + connectives + self.cases);
    }

    fn height(&mut self) -> usize {
        self.settle();
        1 + self.own + self.inner
    }
}

/// At most how high the statement's tree is, or the error that it is too high; `tokens` are the statement's own.
pub fn check(text: &str, tokens: &[Lexeme]) -> Result<usize, Diagnostic> {
    let mut levels = vec![Level::default()];
    let mut nesting = 0usize;
    for lexeme in tokens.iter().filter(|lexeme| lexeme.token != Token::Blank) {
        if let Token::BlockComment(comment) = lexeme.token {
            if comment.depth as usize > MAX_NESTING {
                let span = Span::new(lexeme.span.start as usize, lexeme.span.start as usize + 2);
                return Err(too_deep(
                    span,
                    format!("comments nest more than {MAX_NESTING} levels deep here"),
                ));
            }
            continue;
        }
        if lexeme.token.closes() && levels.len() > 1 {
            if let Some(mut closed) = levels.pop() {
                nesting = nesting.saturating_sub(1 + closed.cases);
                let height = closed.height();
                if let Some(level) = levels.last_mut() {
                    level.inner = level.inner.max(height);
                    level.fields = true;
                }
            }
            continue;
        }
        let Some(level) = levels.last_mut() else {
            break;
        };
        if lexeme.token.opens() {
            // `a[1][2][3]`
            level.operators += usize::from(lexeme.token == Token::LeftBracket);
            let brace = lexeme.token == Token::LeftBrace;
            levels.push(Level {
                opened: lexeme.span,
                brace,
                ..Level::default()
            });
            nesting += 1;
        } else {
            word(level, &mut nesting, text, lexeme);
        }
        if nesting > MAX_NESTING {
            return Err(too_deep(
                lexeme.span,
                format!("this nests more than {MAX_NESTING} levels deep"),
            ));
        }
    }
    // What was never closed is an error of its own, but must not be read deeper than this either.
    let mut height = 0;
    let mut opened = Span::default();
    while let Some(mut level) = levels.pop() {
        level.inner = level.inner.max(height);
        height = level.height();
        if height > MAX_HEIGHT && opened == Span::default() {
            opened = if levels.is_empty() {
                first_word(tokens)
            } else {
                level.opened
            };
        }
    }
    if height > MAX_HEIGHT {
        let message = format!(
            "an expression of this statement has more than {MAX_HEIGHT} levels of operators"
        );
        return Err(too_deep(opened, message));
    }
    Ok(height)
}

fn word(level: &mut Level, nesting: &mut usize, text: &str, lexeme: &Lexeme) {
    let fields = std::mem::take(&mut level.fields);
    match lexeme.token {
        Token::Comma => {
            level.settle();
            (level.operators, level.connectives) = (0, 0);
        }
        Token::Arrow | Token::AnyArrow => {
            level.settle();
            level.operators = 0;
        }
        Token::Operator if matches!(lexeme.text(text), "|" | "&") => {
            level.settle();
            level.operators = 0;
        }
        Token::Operator if level.brace && lexeme.text(text) == "-" => {}
        Token::Operator | Token::Equals => level.operators += 1,
        Token::Dot => {
            level.fields = fields;
            level.operators += usize::from(fields);
        }
        Token::Word => {
            level.fields = fields;
            let word = lexeme.text(text);
            let is = |words: &[&str]| words.iter().any(|other| word.eq_ignore_ascii_case(other));
            if is(&["AND", "OR"]) {
                level.settle();
                level.operators = 0;
                level.connectives += 1;
            } else if is(&["CASE"]) {
                level.cases += 1;
                *nesting += 1;
                level.settle();
            } else if is(&["END"]) {
                *nesting -= usize::from(level.cases > 0);
                level.cases = level.cases.saturating_sub(1);
            } else if is(&[
                "WHERE", "GROUP", "ORDER", "HAVING", "LIMIT", "DEFINE", "AS", "WHEN", "THEN",
                "ELSE", "SELECT",
            ]) {
                level.settle();
                (level.operators, level.connectives) = (0, 0);
            } else if is(&[
                "NOT",
                "IS",
                "LIKE",
                "ILIKE",
                "SIMILAR",
                "BETWEEN",
                "IN",
                "AT",
                "JOIN",
                "MATCH_RECOGNIZE",
            ]) {
                level.operators += 1;
            }
        }
        _ => {}
    }
}

fn first_word(tokens: &[Lexeme]) -> Span {
    tokens
        .iter()
        .find(|lexeme| !lexeme.token.is_trivia())
        .map(|lexeme| lexeme.span)
        .unwrap_or_default()
}

fn too_deep(span: Span, message: String) -> Diagnostic {
    Diagnostic::error(codes::TOO_DEEP, span, message)
        .help("write long lists as `x IN (…)`, and leave out brackets that mean nothing")
}
