//! The text of a case file → its sections.

use std::path::{Path, PathBuf};

use super::{Case, CaseError, Section, SectionKind};

impl Case {
    /// Reads a case file.
    ///
    /// # Errors
    /// If it can't be read, or isn't a case file.
    pub fn load(path: &Path) -> Result<Self, CaseError> {
        let text = std::fs::read_to_string(path).map_err(|error| CaseError {
            line: 0,
            message: format!("can't read {}: {error}", path.display()),
        })?;
        let mut case = Self::parse(&text)?;
        case.path = Some(path.to_path_buf());
        Ok(case)
    }

    /// Reads a case from its text.
    ///
    /// # Errors
    /// A section that is not known, text before the first section that is no comment, and the like.
    pub fn parse(text: &str) -> Result<Self, CaseError> {
        let mut title = String::new();
        let mut sections: Vec<Section> = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            if let Some(header) = line.strip_prefix("==") {
                let kind = header_of(header.trim(), number)?;
                sections.push(Section { line: number, kind });
                continue;
            }
            match sections.last_mut() {
                Some(section) => add_line(section, line, number)?,
                None => preamble(&mut title, line, number)?,
            }
        }
        if sections.is_empty() {
            return Err(CaseError {
                line: 0,
                message: "no section: a case file has lines such as `== statements`, `== events s`, `== expect q`".into(),
            });
        }
        imply_end(&mut sections);
        Ok(Self {
            title,
            path: None,
            sections,
        })
    }
}

/// Without an `== end`, the input ends before the expectations at the end of the file.
fn imply_end(sections: &mut Vec<Section>) {
    let has_events = sections.iter().any(|it| {
        matches!(
            it.kind,
            SectionKind::Events { .. } | SectionKind::Expect { .. }
        )
    });
    if !has_events
        || sections
            .iter()
            .any(|it| matches!(it.kind, SectionKind::End))
    {
        return;
    }
    let trailing = |it: &Section| {
        matches!(
            it.kind,
            SectionKind::Expect { .. } | SectionKind::Diagnostics { .. }
        )
    };
    let at = sections
        .iter()
        .rposition(|it| !trailing(it))
        .map_or(0, |at| at + 1);
    let line = sections.get(at).map_or(0, |it| it.line);
    sections.insert(
        at,
        Section {
            line,
            kind: SectionKind::End,
        },
    );
}

fn preamble(title: &mut String, line: &str, number: usize) -> Result<(), CaseError> {
    let line = line.trim();
    if let Some(comment) = line.strip_prefix("--").or(line.strip_prefix('#')) {
        if title.is_empty() {
            *title = comment.trim().to_owned();
        }
        return Ok(());
    }
    if line.is_empty() {
        return Ok(());
    }
    Err(CaseError {
        line: number,
        message: "text before the first section: begin with `-- a title`, then `== statements`"
            .into(),
    })
}

const SECTIONS: [&str; 7] = [
    "statements",
    "include",
    "events",
    "clock",
    "expect",
    "end",
    "diagnostics",
];

fn header_of(header: &str, line: usize) -> Result<SectionKind, CaseError> {
    let error = |message: String| Err(CaseError { line, message });
    let (word, rest) = header
        .split_once(char::is_whitespace)
        .unwrap_or((header, ""));
    let rest = rest.trim();
    match word.to_ascii_lowercase().as_str() {
        "statements" if rest.is_empty() => Ok(SectionKind::Statements {
            text: String::new(),
            first_line: line + 1,
        }),
        "include" if !rest.is_empty() => Ok(SectionKind::Include {
            path: PathBuf::from(unquote(rest)),
        }),
        "include" => error("`== include` needs the path of a query file".into()),
        "events" if !rest.is_empty() => Ok(SectionKind::Events {
            stream: unquote(rest).to_owned(),
            lines: Vec::new(),
        }),
        "events" => error("`== events` needs the name of a stream".into()),
        "clock" if !rest.is_empty() => Ok(SectionKind::Clock {
            at: unquote(rest).to_owned(),
        }),
        "clock" => error("`== clock` needs an instant, such as 2026-01-31 10:00:00Z".into()),
        "expect" => {
            let (name, unordered) = match rest.strip_suffix("unordered") {
                Some(name) if name.ends_with(char::is_whitespace) => (name.trim(), true),
                _ => (rest, false),
            };
            if name.is_empty() {
                return error("`== expect` needs the name of a query".into());
            }
            Ok(SectionKind::Expect {
                query: unquote(name).to_owned(),
                unordered,
                lines: Vec::new(),
            })
        }
        "end" if rest.is_empty() => Ok(SectionKind::End),
        "diagnostics" if rest.is_empty() => Ok(SectionKind::Diagnostics {
            expected: Vec::new(),
        }),
        "statements" | "end" | "diagnostics" => {
            error(format!("nothing may follow `== {word}`, found `{rest}`"))
        }
        _ => {
            let near = crate::suggest::nearest(word, SECTIONS);
            let hint = near.map_or_else(
                || format!("the sections are {}", SECTIONS.join(", ")),
                |near| format!("did you mean `== {near}`?"),
            );
            error(format!("unknown section `== {word}`; {hint}"))
        }
    }
}

fn unquote(text: &str) -> &str {
    let inner = |quote| {
        text.strip_prefix(quote)
            .and_then(|it| it.strip_suffix(quote))
    };
    inner('"').or(inner('\'')).unwrap_or(text)
}

fn add_line(section: &mut Section, line: &str, number: usize) -> Result<(), CaseError> {
    match &mut section.kind {
        SectionKind::Statements { text, .. } => {
            text.push_str(line);
            text.push('\n');
        }
        SectionKind::Events { lines, .. } | SectionKind::Expect { lines, .. } => {
            lines.push((number, line.to_owned()));
        }
        SectionKind::Diagnostics { expected } => {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with("--") {
                expected.push((number, line.to_owned()));
            }
        }
        SectionKind::Include { .. } | SectionKind::Clock { .. } | SectionKind::End => {
            let line = line.trim();
            if !line.is_empty() && !line.starts_with("--") && !line.starts_with('#') {
                return Err(CaseError {
                    line: number,
                    message: format!("`{line}` belongs to no section: nothing follows this one"),
                });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<&'static str> {
        let case = Case::parse(text).expect("a case");
        case.sections
            .iter()
            .map(|it| match it.kind {
                SectionKind::Statements { .. } => "statements",
                SectionKind::Include { .. } => "include",
                SectionKind::Events { .. } => "events",
                SectionKind::Clock { .. } => "clock",
                SectionKind::Expect { .. } => "expect",
                SectionKind::End => "end",
                SectionKind::Diagnostics { .. } => "diagnostics",
            })
            .collect()
    }

    #[test]
    fn the_end_is_implied_before_the_last_expectations() {
        let text = "-- t\n== statements\nx;\n== events s\na\n1\n== expect q\n(none)\n== events s\na\n2\n== expect q\na\n1\n";
        assert_eq!(
            kinds(text),
            ["statements", "events", "expect", "events", "end", "expect"]
        );
        let text = "== statements\nx;\n== events s\na\n1\n== end\n== expect q\n(none)\n";
        assert_eq!(kinds(text), ["statements", "events", "end", "expect"]);
    }

    #[test]
    fn headers_tell_what_is_wrong() {
        let error = Case::parse("== expekt q\n").expect_err("a typo");
        assert!(
            error.message.contains("did you mean `== expect`?"),
            "{error}"
        );
        assert_eq!(error.line, 1);
        assert!(Case::parse("hello\n").is_err());
        assert!(Case::parse("").is_err());
        assert!(Case::parse("== events\n").is_err());
    }

    #[test]
    fn unordered_is_a_word_of_its_own() {
        let case = Case::parse("== expect q unordered\n").expect("a case");
        let Some(SectionKind::Expect {
            query, unordered, ..
        }) = case
            .sections
            .iter()
            .map(|it| &it.kind)
            .find(|it| matches!(it, SectionKind::Expect { .. }))
        else {
            panic!("an expectation")
        };
        assert_eq!((query.as_str(), *unordered), ("q", true));
    }
}
