//! What goes wrong between Portent and the outside: with a code, a sentence, the place, and the mend.

use std::fmt;

use portent_grammar::{Code, Diagnostic, Span};

/// An error of a source or sink.
///
/// It knows no query text. `option` and `column` name what it is about, so that the caller can point at the option or
/// column in the statement (`to_diagnostic`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectError {
    /// Its kind; see `portent_grammar::codes::input`.
    pub code: Code,
    /// One sentence, lower case, no full stop.
    pub message: String,
    /// Advice, a line each.
    pub help: Vec<String>,
    /// The option that it is about.
    pub option: Option<String>,
    /// The place in the input, where there is one.
    pub place: Option<Box<Place>>,
}

/// A place in an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// As the user named it, or as the glob found it; `<stdin>`.
    pub file: String,
    /// From 1: the line on which the row begins.
    pub line: u64,
    /// The column of the stream.
    pub column: Option<String>,
    /// The row as it stands in the input, shortened.
    pub raw: String,
}

impl ConnectError {
    /// An error without a place.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            help: Vec::new(),
            option: None,
            place: None,
        }
    }

    /// Adds a line of advice.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Says which option it is about.
    #[must_use]
    pub fn option(mut self, name: impl Into<String>) -> Self {
        self.option = Some(name.into());
        self
    }

    /// As a diagnostic about the text at `span`: the option if `self.option` was found there, else the statement.
    pub fn to_diagnostic(&self, span: Span) -> Diagnostic {
        let mut diagnostic = Diagnostic::error(self.code, span, self.summary());
        if let Some(place) = &self.place {
            diagnostic = diagnostic.help(format!("the row is: {}", place.raw));
        }
        for help in &self.help {
            diagnostic = diagnostic.help(help.clone());
        }
        diagnostic
    }

    /// The place and the sentence, on one line.
    pub fn summary(&self) -> String {
        match &self.place {
            None => self.message.clone(),
            Some(place) => match &place.column {
                Some(column) => {
                    let Place { file, line, .. } = place.as_ref();
                    format!("{file}, line {line}, column \"{column}\": {}", self.message)
                }
                None => format!("{}, line {}: {}", place.file, place.line, self.message),
            },
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {}", self.code, self.summary())?;
        if let Some(place) = &self.place {
            write!(f, "\n  row: {}", place.raw)?;
        }
        for help in &self.help {
            write!(f, "\n  help: {help}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConnectError {}

/// How much of a row an error shows, in characters.
const SHOWN: usize = 200;

/// The text of a row as an error shows it: one line, at most 200 characters, what is not UTF-8 or not printable replaced.
pub fn shorten(raw: &[u8]) -> String {
    // Four bytes a character at most: no need to look at more of a long row.
    let head = raw.get(..raw.len().min(SHOWN * 4 + 4)).unwrap_or(raw);
    let text = String::from_utf8_lossy(head);
    let mut shown: String = text
        .chars()
        .take(SHOWN)
        .map(|c| {
            if c.is_control() && c != '\t' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect();
    if text.chars().nth(SHOWN).is_some() || head.len() < raw.len() {
        shown.push('…');
    }
    shown
}

/// The one of `names` that `wrong` was likely meant to be; the same in another case is the nearest.
pub(crate) fn nearest<'a>(
    wrong: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let names: Vec<&str> = names.into_iter().collect();
    let lower = wrong.to_lowercase();
    let twin = names
        .iter()
        .copied()
        .find(|name| *name != wrong && name.to_lowercase() == lower);
    twin.or_else(|| portent_grammar::keywords::nearest(wrong, names))
}

/// Joins names for people: `'a', 'b' or 'c'`.
pub(crate) fn one_of(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_shown_short_and_printable() {
        assert_eq!(shorten(b"a,b"), "a,b");
        assert_eq!(shorten(b"a\x1b[31m"), "a\u{fffd}[31m");
        assert_eq!(shorten(&[b'x'; 1000]).chars().count(), 201);
        assert_eq!(shorten(&[0xff, b'a']), "\u{fffd}a");
    }

    #[test]
    fn near_misses() {
        assert_eq!(
            nearest("csv.delimeter", ["csv.delimiter", "path"]),
            Some("csv.delimiter")
        );
        assert_eq!(nearest("zebra", ["csv.delimiter", "path"]), None);
        assert_eq!(one_of(&["a", "b", "c"]), "'a', 'b' or 'c'");
    }
}
