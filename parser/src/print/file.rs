//! Whole files: every statement in canonical layout, every comment kept.

use portent_grammar::Diagnostic;
use portent_grammar::token::{Lexeme, Token, cut};

use super::Printer;
use super::comments::place;
use crate::{depth, parse};

/// Lays a file out. Every comment is kept; formatting what it gives changes nothing.
///
/// ```
/// let text = "select a from s -- why\nwhere a>1";
/// let laid_out = portent_parser::format(text).unwrap();
/// assert!(laid_out.starts_with("SELECT a"));
/// assert!(laid_out.contains("-- why"));
/// assert_eq!(portent_parser::format(&laid_out).unwrap(), laid_out);
/// ```
///
/// # Errors
/// The diagnostics of [`parse`](fn@crate::parse), if anything can't be read: nothing is laid out then.
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    let mut out = once(text)?;
    // Where a comment moved to another line, the layout around it may change once more.
    for _ in 0..8 {
        let again = once(&out)?;
        if again == out {
            break;
        }
        out = again;
    }
    Ok(out)
}

fn once(text: &str) -> Result<String, Vec<Diagnostic>> {
    let parsed = parse(text);
    if !parsed.diagnostics.is_empty() {
        return Err(parsed.diagnostics);
    }
    let cut = cut(text);
    let printer = Printer {
        text,
        tokens: &cut.tokens,
    };
    let mut file = File {
        text,
        out: String::new(),
    };
    let mut done = 0;
    for (piece, statement) in cut.pieces.iter().zip(&parsed.statements) {
        let first = position(&cut.tokens, piece.span.start);
        let last = cut
            .tokens
            .partition_point(|lexeme| lexeme.span.end <= piece.span.end);
        let tokens = |from: usize, to: usize| cut.tokens.get(from..to).unwrap_or_default();
        file.loose(tokens(done, first));
        let inner = tokens(first, last);
        let height = depth::check(text, inner).unwrap_or(depth::MAX_HEIGHT);
        let placed = place(
            text,
            inner,
            depth::with_stack(height, || printer.statement(statement)),
        );
        let end = piece.tokens.end;
        done = end + usize::from(piece.terminated);
        // What stands between the last word and the `;`, and behind it on its line.
        let mut last_comments: Vec<String> = placed.at_end.into_iter().chain(placed.last).collect();
        let mut behind = Vec::new();
        if piece.terminated {
            last_comments.extend(comments(text, tokens(last, end)));
            done += file.behind(tokens(done, cut.tokens.len()), &mut behind);
        } else {
            done = last + file.behind(tokens(last, cut.tokens.len()), &mut behind);
        }
        if behind.is_empty()
            && last_comments.len() == 1
            && !last_comments.iter().any(|comment| comment.contains('\n'))
        {
            behind.append(&mut last_comments);
        }
        file.statement(&placed.lines, &last_comments, &behind);
    }
    file.loose(cut.tokens.get(done..).unwrap_or_default());
    Ok(file.out)
}

fn position(tokens: &[Lexeme], start: u32) -> usize {
    tokens.partition_point(|lexeme| lexeme.span.start < start)
}

fn comments(text: &str, tokens: &[Lexeme]) -> Vec<String> {
    tokens
        .iter()
        .filter(|lexeme| lexeme.token.is_comment())
        .map(|lexeme| lexeme.text(text).trim_end().to_owned())
        .collect()
}

struct File<'a> {
    text: &'a str,
    out: String,
}

impl File<'_> {
    /// An empty line, unless nothing stands above, or one is there.
    fn gap(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// Comments between statements, each on its own line; empty lines between them are kept.
    fn loose(&mut self, tokens: &[Lexeme]) {
        let mut first = true;
        let mut breaks = 0;
        for lexeme in tokens {
            if lexeme.token == Token::Blank {
                breaks += lexeme.text(self.text).matches('\n').count();
            } else if lexeme.token.is_comment() {
                if first || breaks > 1 {
                    self.gap();
                }
                self.out.push_str(lexeme.text(self.text).trim_end());
                self.out.push('\n');
                (first, breaks) = (false, 0);
            }
        }
        // A comment that stands apart from the statement below stays apart.
        if first || breaks > 1 {
            self.gap();
        }
    }

    /// The comments behind a statement on its last line; how many tokens that takes.
    fn behind(&self, tokens: &[Lexeme], comments: &mut Vec<String>) -> usize {
        let mut taken = 0;
        for (at, lexeme) in tokens.iter().enumerate() {
            let text = lexeme.text(self.text);
            if !lexeme.token.is_trivia() || text.contains('\n') {
                break;
            }
            if lexeme.token.is_comment() {
                // A block comment that leads the next statement on the same line is not behind this one.
                let rest = tokens.get(at + 1..).unwrap_or_default();
                let next = rest
                    .iter()
                    .take_while(|next| !next.text(self.text).contains('\n'))
                    .find(|next| !next.token.is_trivia());
                if next.is_some() {
                    break;
                }
                comments.push(text.trim_end().to_owned());
                taken = at + 1;
            }
        }
        taken
    }

    fn statement(&mut self, lines: &[String], last: &[String], behind: &[String]) {
        self.out.push_str(&lines.join("\n"));
        for comment in last {
            self.out.push('\n');
            self.out.push_str(comment);
        }
        self.out.push_str(if last.is_empty() { ";" } else { "\n;" });
        for comment in behind {
            self.out.push(' ');
            self.out.push_str(comment);
        }
        self.out.push('\n');
    }
}
