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
        Arc::new(Self {
            name: name.into(),
            text: text.into(),
        })
    }
}

/// Everything that is wrong with one text: at least one error, and the warnings that came with it.
///
/// `Display` gives the rendered form that the command line prints, without colour.
///
/// ```
/// use portent::Session;
///
/// let errors = Session::new().run("SELECT 1 FROM nowhere").unwrap_err();
/// assert_eq!(errors.code().unwrap().to_string(), "P0102");
/// assert!(errors.to_string().contains("<query>:1:15"), "{errors}");
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Errors {
    /// Errors and warnings, in the order of their places.
    pub diagnostics: Vec<Diagnostic>,
    /// The text that the spans point into; `None` when there is none (a call of the API).
    pub source: Option<Arc<SourceText>>,
}

impl Errors {
    /// Diagnostics of a text.
    pub fn new(diagnostics: Vec<Diagnostic>, source: Option<Arc<SourceText>>) -> Self {
        Self {
            diagnostics,
            source,
        }
    }

    /// One error that has no place in a query text.
    pub fn plain(code: Code, message: impl Into<String>) -> Self {
        Self::new(
            vec![Diagnostic::error(code, Span::default(), message)],
            None,
        )
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
        self.diagnostics
            .iter()
            .find(|it| it.is_error())
            .or(self.diagnostics.first())
    }

    /// The code of the first error.
    pub fn code(&self) -> Option<Code> {
        self.first().map(|it| it.code)
    }

    /// For people: each diagnostic with its source lines, the place underlined and the mend.
    pub fn render(&self, color: bool) -> String {
        render(&self.diagnostics, self.source.as_deref(), color)
    }
}

/// Renders diagnostics against their text (or without one, as plain sentences).
pub fn render(diagnostics: &[Diagnostic], source: Option<&SourceText>, color: bool) -> String {
    if let Some(source) = source {
        return portent_grammar::render::render(&source.name, &source.text, diagnostics, color);
    }
    let mut out = String::new();
    for diagnostic in diagnostics {
        let (paint, off) = match (color, diagnostic.is_error()) {
            (false, _) => ("", ""),
            (true, true) => ("\u{1b}[1;31m", "\u{1b}[0m"),
            (true, false) => ("\u{1b}[1;33m", "\u{1b}[0m"),
        };
        let kind = if diagnostic.is_error() {
            "error"
        } else {
            "warning"
        };
        out.push_str(&format!(
            "{paint}{kind}[{}]{off}: {}\n",
            diagnostic.code, diagnostic.message
        ));
        for help in &diagnostic.help {
            out.push_str(&format!("  help: {help}\n"));
        }
    }
    out
}

/// A diagnostic as JSON: code, severity, message, file, line, column, labels, help, fix.
pub fn diagnostic_json(diagnostic: &Diagnostic, source: &SourceText) -> serde_json::Value {
    let one = std::slice::from_ref(diagnostic);
    match portent_grammar::render::to_json(one, &source.name, &source.text) {
        serde_json::Value::Array(mut all) if all.len() == 1 => all.remove(0),
        other => other,
    }
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
