//! Diagnostics as text for people (in the style of rustc) and as JSON for programs.

use annotate_snippets::{AnnotationKind, Group, Level, Patch, Renderer, Snippet};
use serde_json::{Value as Json, json};

use crate::{Diagnostic, Severity, Span};

/// Lines longer than this are not shown a second time with the mend in place.
const LONGEST_MENDED_LINE: usize = 160;

/// The width that snippets of long lines are cut to.
const WIDTH: usize = 120;

/// Writes diagnostics out for people: code, sentence, the source line with the place underlined, advice, mend.
///
/// `source_name` is what the text is called (a file's path, `<stdin>`), `text` the whole text the spans speak of. Spans that lie
/// outside it, or inside a character, are moved to the nearest place. With `color`, ANSI escapes are used. Each
/// diagnostic ends with a line end, and an empty line stands between two.
///
/// ```
/// use portent_grammar::{Diagnostic, Span, codes, render};
///
/// let text = "SELECT usr FROM logins";
/// let error = Diagnostic::error(codes::names::UNKNOWN_COLUMN, Span::new(7, 10), "unknown column \"usr\"")
///     .help("did you mean \"user\"?");
/// let shown = render("q.sql", text, &[error], false);
/// assert!(shown.contains("q.sql:1:8"));
/// assert!(shown.contains("did you mean"));
/// ```
pub fn render(source_name: &str, text: &str, diagnostics: &[Diagnostic], color: bool) -> String {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    }
    .term_width(WIDTH);
    let lines = Lines::new(text);
    let mut out = String::new();
    for diagnostic in diagnostics {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&renderer.render(&report(source_name, &lines, diagnostic)));
        out.push('\n');
    }
    out
}

fn report<'a>(
    source_name: &'a str,
    lines: &Lines<'a>,
    diagnostic: &'a Diagnostic,
) -> Vec<Group<'a>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code.to_string());
    let spans: Vec<Span> = diagnostic
        .labels
        .iter()
        .map(|label| lines.clamp(label.span))
        .collect();
    // Only the lines that are spoken of are handed over: the whole text may be large.
    let first = spans
        .iter()
        .map(|span| span.start)
        .min()
        .unwrap_or_default();
    let last = spans.iter().map(|span| span.end).max().unwrap_or_default();
    let excerpt = lines.excerpt(Span {
        start: first,
        end: last,
    });
    let mut snippet = Snippet::source(excerpt.text)
        .line_start(excerpt.line)
        .path(source_name)
        .fold(true);
    for (label, span) in diagnostic.labels.iter().zip(&spans) {
        let kind = if label.primary {
            AnnotationKind::Primary
        } else {
            AnnotationKind::Context
        };
        let mut annotation = kind.span(excerpt.range(*span));
        if !label.text.is_empty() {
            annotation = annotation.label(label.text.as_str());
        }
        snippet = snippet.annotation(annotation);
    }
    let mut group = title.element(snippet);
    for help in &diagnostic.help {
        group =
            group.element(Level::HELP.message(annotate_snippets::normalize_untrusted_str(help)));
    }
    let mut groups = vec![group];
    if let Some(fix) = &diagnostic.fix {
        let span = lines.clamp(fix.span);
        let excerpt = lines.excerpt(span);
        let short = excerpt.text.len() <= LONGEST_MENDED_LINE && !excerpt.text.contains('\n');
        if short && !fix.replacement.contains(['\n', '\r']) {
            let patch = Patch::new(excerpt.range(span), fix.replacement.as_str());
            let snippet = Snippet::source(excerpt.text)
                .line_start(excerpt.line)
                .path(source_name)
                .patch(patch);
            groups.push(Level::HELP.secondary_title("mended").element(snippet));
        }
    }
    groups
}

/// Diagnostics as a JSON array of objects: `code`, `severity`, `message`, `file`, `line`, `column`, `end_line`,
/// `end_column`, `labels`, `help`, `fix`.
///
/// Lines and columns count from 1, columns in characters; the end is just past the last character. `start` and `end` in
/// labels and fixes are byte offsets into the text.
pub fn to_json(diagnostics: &[Diagnostic], source_name: &str, text: &str) -> Json {
    let lines = Lines::new(text);
    let place = |span: Span| {
        let span = lines.clamp(span);
        let (line, column) = lines.position(span.start);
        let (end_line, end_column) = lines.position(span.end);
        json!({
            "line": line, "column": column, "end_line": end_line, "end_column": end_column,
            "start": span.start, "end": span.end,
        })
    };
    let with = |mut object: Json, key: &str, value: Json| {
        if let Some(map) = object.as_object_mut() {
            map.insert(key.to_owned(), value);
        }
        object
    };
    let one = |diagnostic: &Diagnostic| {
        let span = lines.clamp(diagnostic.span());
        let (line, column) = lines.position(span.start);
        let (end_line, end_column) = lines.position(span.end);
        let labels: Vec<Json> = diagnostic
            .labels
            .iter()
            .map(|label| {
                with(
                    with(place(label.span), "text", json!(label.text)),
                    "primary",
                    json!(label.primary),
                )
            })
            .collect();
        let fix = diagnostic
            .fix
            .as_ref()
            .map(|fix| with(place(fix.span), "replacement", json!(fix.replacement)));
        json!({
            "code": diagnostic.code.to_string(),
            "severity": match diagnostic.severity { Severity::Error => "error", Severity::Warning => "warning" },
            "message": diagnostic.message,
            "file": source_name,
            "line": line,
            "column": column,
            "end_line": end_line,
            "end_column": end_column,
            "labels": labels,
            "help": diagnostic.help,
            "fix": fix,
        })
    };
    Json::Array(diagnostics.iter().map(one).collect())
}

/// A text with the beginnings of its lines.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

/// Whole lines of a text.
struct Excerpt<'a> {
    text: &'a str,
    /// The number of the first line, from 1.
    line: usize,
    /// Where it begins in the whole text.
    offset: usize,
}

impl Excerpt<'_> {
    fn range(&self, span: Span) -> std::ops::Range<usize> {
        let at = |offset: u32| {
            (offset as usize)
                .saturating_sub(self.offset)
                .min(self.text.len())
        };
        at(span.start)..at(span.end)
    }
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let ends = text
            .bytes()
            .enumerate()
            .filter(|(_, byte)| *byte == b'\n')
            .map(|(at, _)| at + 1);
        Self {
            text,
            starts: std::iter::once(0).chain(ends).collect(),
        }
    }

    /// The nearest span inside the text, on the bounds of characters.
    fn clamp(&self, span: Span) -> Span {
        let floor = |offset: u32| {
            let mut at = (offset as usize).min(self.text.len());
            while !self.text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let ceil = |offset: u32| {
            let mut at = (offset as usize).min(self.text.len());
            while !self.text.is_char_boundary(at) {
                at += 1;
            }
            at
        };
        let start = floor(span.start);
        Span::new(start, ceil(span.end).max(start))
    }

    /// The line of an offset, from 0.
    fn line(&self, offset: u32) -> usize {
        self.starts
            .partition_point(|start| *start <= offset as usize)
            .saturating_sub(1)
    }

    fn start_of(&self, line: usize) -> usize {
        self.starts.get(line).copied().unwrap_or(self.text.len())
    }

    /// Line and column of an offset, from 1, the column in characters.
    fn position(&self, offset: u32) -> (usize, usize) {
        let line = self.line(offset);
        let before = self
            .text
            .get(self.start_of(line)..offset as usize)
            .unwrap_or_default();
        (line + 1, before.chars().count() + 1)
    }

    /// The lines that a span touches, without the last line end.
    fn excerpt(&self, span: Span) -> Excerpt<'a> {
        let (first, last) = (self.line(span.start), self.line(span.end));
        let offset = self.start_of(first);
        let text = self
            .text
            .get(offset..self.start_of(last + 1))
            .unwrap_or_default();
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        Excerpt {
            text,
            line: first + 1,
            offset,
        }
    }
}

#[cfg(test)]
mod tests;
