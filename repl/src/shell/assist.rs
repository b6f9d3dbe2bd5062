//! What the line editor is helped with: completion, colours, hints.

use std::borrow::Cow;

use portent::Names;
use portent::token::{Token, TokenClass, classify, tokens};
use rustyline::completion::{Completer, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::SearchDirection;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Context, Helper};

use super::columns::FileColumns;
use super::complete::{self, Choices};
use super::dot;
use super::paint::{Ink, Paint};

/// Knows the statement at hand and the names that it may use.
#[derive(Debug)]
pub struct Assistant {
    pub names: Names,
    pub files: FileColumns,
    /// The lines of the statement before the one that is typed.
    pub before: String,
    pub paint: Paint,
    /// Off while a question is asked that is no statement.
    pub active: bool,
}

impl Assistant {
    fn is_command(&self, line: &str) -> bool {
        self.before.is_empty() && line.trim_start().starts_with(['.', '\\'])
    }
}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        if !self.active {
            return Ok((at, Vec::new()));
        }
        let Choices { start, all } = if self.is_command(line) {
            dot::complete(line, at, &self.names, &self.files)
        } else {
            let text = format!("{}{line}", self.before);
            let mut choices =
                complete::complete(&text, self.before.len() + at, &self.names, &self.files);
            choices.start = choices.start.saturating_sub(self.before.len());
            choices
        };
        let pairs = all.into_iter().map(|it| Pair {
            display: it.shown,
            replacement: it.text,
        });
        Ok((start, pairs.collect()))
    }
}

/// A hint is only to be read, or, if it goes on with the line, may be taken over with the right arrow.
pub struct Hint {
    shown: String,
    taken: Option<String>,
}

impl rustyline::hint::Hint for Hint {
    fn display(&self) -> &str {
        &self.shown
    }

    fn completion(&self) -> Option<&str> {
        self.taken.as_deref()
    }
}

impl Hinter for Assistant {
    type Hint = Hint;

    fn hint(&self, line: &str, at: usize, context: &Context<'_>) -> Option<Hint> {
        if !self.active || !self.paint.on || at < line.len() || line.trim().is_empty() {
            return None;
        }
        self.signature(line).or_else(|| from_history(line, context))
    }
}

impl Assistant {
    /// How the function is called whose bracket is open at the end of the line.
    fn signature(&self, line: &str) -> Option<Hint> {
        let text = format!("{}{line}", self.before);
        let all = tokens(&text);
        // Only right behind the bracket: further on it would be in the way.
        let last = all.last().filter(|it| it.token == Token::LeftParen)?;
        let before = all.iter().rev().nth(1)?;
        if before.span.end != last.span.start || before.token != Token::Word {
            return None;
        }
        let name = before.text(&text);
        let (_, lines) = self
            .names
            .functions
            .iter()
            .find(|(it, _)| it.eq_ignore_ascii_case(name))?;
        let first = lines.first()?;
        let more = match lines.len() {
            1 => String::new(),
            several => format!("  (one of {several})"),
        };
        Some(Hint {
            shown: format!("  {first}{more}"),
            taken: None,
        })
    }
}

/// The rest of the last line that began so.
fn from_history(line: &str, context: &Context<'_>) -> Option<Hint> {
    let history = context.history();
    let last = history.len().checked_sub(1)?;
    let found = history
        .starts_with(line, last, SearchDirection::Reverse)
        .ok()??;
    let rest = found.entry.get(line.len()..)?;
    // Only the first line of it: more would not fit behind the cursor.
    let rest = rest.lines().next().filter(|it| !it.is_empty())?.to_owned();
    Some(Hint {
        shown: rest.clone(),
        taken: Some(rest),
    })
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        if !self.active || !self.paint.on || line.is_empty() {
            return Cow::Borrowed(line);
        }
        if self.is_command(line) {
            let end = line.find(' ').unwrap_or(line.len());
            let (command, rest) = line.split_at(end);
            return Cow::Owned(format!("{}{rest}", self.paint.ink(Ink::Command, command)));
        }
        Cow::Owned(highlighted(&self.before, line, self.paint))
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        Cow::Owned(self.paint.ink(Ink::Prompt, prompt))
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(self.paint.ink(Ink::Dim, hint))
    }

    fn highlight_candidate<'c>(&self, candidate: &'c str, _: CompletionType) -> Cow<'c, str> {
        match candidate.split_once("  ") {
            Some((name, ty)) if self.paint.on => {
                Cow::Owned(format!("{name}  {}", self.paint.ink(Ink::Dim, ty)))
            }
            _ => Cow::Borrowed(candidate),
        }
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        self.paint.on && self.active && kind != CmdKind::MoveCursor
    }
}

impl Validator for Assistant {}

impl Helper for Assistant {}

/// A line in colours; what stands before it says what is open.
pub fn highlighted(before: &str, line: &str, paint: Paint) -> String {
    let text = format!("{before}{line}");
    let mut out = String::with_capacity(line.len() + 64);
    let mut at = before.len();
    for (span, class) in classify(&text) {
        let (start, end) = ((span.start as usize).max(before.len()), span.end as usize);
        if end <= before.len() {
            continue;
        }
        out.push_str(text.get(at..start).unwrap_or_default());
        let word = text.get(start..end).unwrap_or_default();
        match ink(class) {
            // A line end within a text must not be painted: the editor counts the width of each line.
            Some(ink) => {
                let lines: Vec<String> = word.split('\n').map(|it| paint.ink(ink, it)).collect();
                out.push_str(&lines.join("\n"));
            }
            None => out.push_str(word),
        }
        at = end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

fn ink(class: TokenClass) -> Option<Ink> {
    match class {
        TokenClass::Keyword => Some(Ink::Keyword),
        TokenClass::Function => Some(Ink::Function),
        TokenClass::Text => Some(Ink::Text),
        TokenClass::Number => Some(Ink::Number),
        TokenClass::QuotedName => Some(Ink::Name),
        TokenClass::Comment => Some(Ink::Dim),
        TokenClass::Error => Some(Ink::Error),
        TokenClass::Name | TokenClass::Operator | TokenClass::Punctuation => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_change_nothing_but_the_colour() {
        let paint = Paint { on: true };
        let plain = Paint { on: false };
        for (before, line) in [
            ("", "SELECT lower('a') FROM s -- so"),
            ("SELECT '", "it''s' || 'open"),
            ("/* ", "no end"),
            ("", "x\n'a\nb' y"),
        ] {
            assert_eq!(highlighted(before, line, plain), line);
            let painted = highlighted(before, line, paint);
            let mut bare = painted.clone();
            while let Some(at) = bare.find('\u{1b}') {
                let end = bare[at..].find('m').map(|it| at + it).unwrap();
                bare.replace_range(at..=end, "");
            }
            assert_eq!(bare, line);
        }
        assert!(highlighted("", "'open", paint).starts_with("\u{1b}[31m"));
    }
}
