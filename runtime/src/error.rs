//! What went wrong, with the text it went wrong in.

use std::fmt;
use std::sync::Arc;

use portent_grammar::{Code, Diagnostic, Span};

/// A text that statements come from, and what to call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceText {
    /// A file name, or `<query>`.
    pub name: String,
    /// The text itself.
    pub text: String,
}

impl SourceText {
    /// A named text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { name: name.into(), text: text.into() })
    }
}

/// Everything that is wrong with one text: at least one error, and the warnings that came with it.
///
/// `Display` gives the rendered form that the command line prints, without colour.
#[derive(Clone, Debug)]
pub struct Errors {
    /// Errors and warnings, in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
    /// The text that the spans point into; `None` when there is none (a call of the API).
    pub source: Option<Arc<SourceText>>,
}

impl Errors {
    /// Diagnostics of a text.
    pub fn new(diagnostics: Vec<Diagnostic>, source: Option<Arc<SourceText>>) -> Self {
        Self { diagnostics, source }
    }

    /// One error that has no place in a query text.
    pub fn plain(code: Code, message: impl Into<String>) -> Self {
        Self::new(vec![Diagnostic::error(code, Span::default(), message)], None)
    }

    /// Adds a line of advice to the last diagnostic.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        if let Some(last) = self.diagnostics.pop() {
            self.diagnostics.push(last.help(text));
        }
        self
    }

    /// Says which text the spans point into, unless that is known already.
    #[must_use]
    pub fn in_source(mut self, source: &Arc<SourceText>) -> Self {
        self.source.get_or_insert_with(|| Arc::clone(source));
        self
    }

    /// The first error.
    pub fn first(&self) -> Option<&Diagnostic> {
        self.diagnostics.iter().find(|it| it.is_error()).or(self.diagnostics.first())
    }

    /// The code of the first error.
    pub fn code(&self) -> Option<Code> {
        self.first().map(|it| it.code)
    }

    /// For people: each diagnostic with its source lines, the place underlined and the mend.
    pub fn render(&self, color: bool) -> String {
        render_all(&self.diagnostics, self.source.as_deref(), color)
    }
}

/// Renders diagnostics against their text (or without one, as plain sentences).
pub fn render_all(diagnostics: &[Diagnostic], source: Option<&SourceText>, color: bool) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        if !out.is_empty() {
            out.push('\n');
        }
        match source {
            Some(source) => {
                out.push_str(&portent_grammar::render::render(
                    diagnostic,
                    &source.name,
                    &source.text,
                    color,
                ));
            }
            None => {
                out.push_str(&diagnostic.to_string());
                for help in &diagnostic.help {
                    out.push_str("\n  = help: ");
                    out.push_str(help);
                }
            }
        }
        if !out.ends_with('\n') {
            out.push('\n');
        }
    }
    out
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.render(false).trim_end())
    }
}

impl std::error::Error for Errors {}

impl From<Diagnostic> for Errors {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::new(vec![diagnostic], None)
    }
}
