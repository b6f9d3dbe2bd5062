//! Carries a case out.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portent_grammar::value::cast;
use portent_grammar::{Diagnostic, Schema, Type, Value};

use super::crash::Crashes;
use super::diff::{Difference, Expected, compare};
use super::rows::{Cell, agrees, table};
use super::{Broken, Case, CaseError, Report, Section, SectionKind};
use crate::{Emitted, Errors, Row, Session, SourceText};

/// A case on its way.
pub(super) struct Run<'a> {
    case: &'a Case,
    pub(super) session: Session,
    pub(super) crashes: Crashes,
    /// Rows that no expectation has taken yet, by query.
    rows: HashMap<String, Vec<Emitted>>,
    /// Queries that some expectation names.
    named: Vec<String>,
    diagnostics: Vec<Diagnostic>,
    /// Whether the case says which diagnostics it expects.
    expects_diagnostics: bool,
    report: Report,
}

impl Case {
    /// Carries the case out: in a session of its own, with a virtual clock, without connectors.
    pub fn run(&self) -> Report {
        self.run_crashing(0)
    }

    /// The same, but after each so many events (0: never), and after each section, the session is gone, and another one goes on from its
    /// snapshot. The report must be the same.
    pub fn run_crashing(&self, each: usize) -> Report {
        let is_diagnostics = |it: &Section| matches!(it.kind, SectionKind::Diagnostics { .. });
        let mut run = Run {
            case: self,
            session: session(),
            crashes: Crashes::new(each),
            rows: HashMap::new(),
            named: Vec::new(),
            diagnostics: Vec::new(),
            expects_diagnostics: self.sections.iter().any(is_diagnostics),
            report: Report::default(),
        };
        for section in &self.sections {
            let done = run.section(section);
            if let Err(error) = done.and_then(|()| run.crash()) {
                let line = if error.line == 0 {
                    section.line
                } else {
                    error.line
                };
                run.report.broken = Some(Broken {
                    line,
                    message: error.message,
                });
                return run.report;
            }
        }
        run.leftovers();
        run.report
    }
}

impl Run<'_> {
    fn section(&mut self, section: &Section) -> Result<(), CaseError> {
        match &section.kind {
            SectionKind::Statements { text, first_line } => {
                // Padded, so that diagnostics name the lines of the case file.
                let padded = format!("{}{text}", "\n".repeat(first_line.saturating_sub(1)));
                let name = match &self.case.path {
                    Some(path) => path.display().to_string(),
                    None => "<case>".to_owned(),
                };
                self.statements(SourceText::new(name, padded))
            }
            SectionKind::Include { path } => {
                let path = self.beside(path);
                let text = std::fs::read_to_string(&path).map_err(|error| {
                    broken(format!("can't include {}: {error}", path.display()))
                })?;
                self.statements(SourceText::new(path.display().to_string(), text))
            }
            SectionKind::Events { stream, lines } => self.events(stream, lines),
            SectionKind::Clock { at } => {
                let time = match cast(Value::text(at.as_str()), &Type::Timestamp) {
                    Ok(Value::Timestamp(time)) => time,
                    Ok(_) => return Err(broken("the clock needs an instant".to_owned())),
                    Err(error) => return Err(broken(format!("the clock can't be set: {error}"))),
                };
                self.session
                    .advance_to(time)
                    .map_err(|error| broken(error.to_string()))?;
                self.collect();
                Ok(())
            }
            SectionKind::End => {
                self.session
                    .finish()
                    .map_err(|error| broken(error.to_string()))?;
                self.collect();
                Ok(())
            }
            SectionKind::Expect {
                query,
                unordered,
                lines,
            } => self.expect(section.line, query, *unordered, lines),
            SectionKind::Diagnostics { expected } => {
                self.report.expectations += 1;
                self.check_diagnostics(section.line, expected);
                Ok(())
            }
        }
    }

    fn beside(&self, path: &Path) -> PathBuf {
        match self.case.path.as_ref().and_then(|it| it.parent()) {
            Some(folder) => folder.join(path),
            None => path.to_path_buf(),
        }
    }

    fn statements(&mut self, source: Arc<SourceText>) -> Result<(), CaseError> {
        let found = self.session.diagnose(&source);
        let failed = found.iter().any(Diagnostic::is_error);
        if failed && !self.expects_diagnostics {
            let errors: Vec<Diagnostic> = found.into_iter().filter(Diagnostic::is_error).collect();
            return Err(broken(Errors::new(errors, Some(source)).render(false)));
        }
        self.diagnostics.extend(found);
        if failed {
            return Ok(());
        }
        self.crashes.ran(&source);
        let ran = self
            .session
            .run_source(&source, &mut |_| std::ops::ControlFlow::Continue(()));
        self.collect();
        ran.map_err(|errors| broken(errors.in_source(&source).render(false)))
    }

    fn events(&mut self, stream: &str, lines: &[(usize, String)]) -> Result<(), CaseError> {
        let table = table(lines)?;
        for (line, cells) in table.rows {
            let named: Vec<(String, Value)> = table
                .columns
                .iter()
                .zip(&cells)
                .filter_map(|(column, cell)| {
                    let value = match cell {
                        Cell::Missing => return None,
                        Cell::Null => Value::Null,
                        Cell::Text(text) => Value::text(text.as_str()),
                        Cell::Json(json) => portent_grammar::value::json_scalar(json),
                    };
                    Some((column.clone(), value))
                })
                .collect();
            self.session
                .push(stream, Row::Named(named))
                .map_err(|errors| CaseError {
                    line,
                    message: plain(&errors),
                })?;
            self.collect();
            if self.crashes.is_due() {
                self.crash()?;
            }
        }
        Ok(())
    }

    /// Puts what came out with the query that it is of.
    fn collect(&mut self) {
        for emitted in self.session.drain() {
            self.rows
                .entry(emitted.query.to_string())
                .or_default()
                .push(emitted);
        }
    }

    fn expect(
        &mut self,
        at: usize,
        query: &str,
        unordered: bool,
        lines: &[(usize, String)],
    ) -> Result<(), CaseError> {
        self.report.expectations += 1;
        let Some((name, schema)) = self.session.columns_of(query) else {
            let message = format!("there is no query \"{query}\"");
            let near = crate::suggest::nearest(query, self.session.query_names());
            return Err(broken(match near {
                Some(near) => format!("{message}; did you mean \"{near}\"?"),
                None => message,
            }));
        };
        let table = table(lines)?;
        if table.columns.is_empty() && !table.none {
            return Err(broken(
                "an expectation without rows is written `(none)`".to_owned(),
            ));
        }
        if !self.named.contains(&name) {
            self.named.push(name.clone());
        }
        let came = self.rows.remove(&name).unwrap_or_default();
        let slots = slots(&table.columns, &schema, &name, at)?;
        let columns: Vec<(usize, &portent_grammar::Column)> = slots
            .iter()
            .filter_map(|slot| schema.get(*slot).map(|column| (*slot, column)))
            .collect();
        let mut expected = Vec::new();
        let mut wanted: Vec<(&[Cell], Vec<Value>)> = Vec::new();
        for (line, cells) in &table.rows {
            let mut values = Vec::new();
            let mut texts = Vec::new();
            for (cell, (_, column)) in cells.iter().zip(&columns) {
                let value = cell.value(&column.ty).map_err(|error| CaseError {
                    line: *line,
                    message: format!("column \"{}\" is {}: {error}", column.name, column.ty),
                })?;
                texts.push(match &value {
                    Value::Null => cell.shown(),
                    value => value.to_string(),
                });
                values.push(value);
            }
            expected.push(Expected {
                line: *line,
                cells: texts,
            });
            wanted.push((cells, values));
        }
        // Without named columns (`(none)`), what came is shown whole.
        let shown: Vec<usize> = if table.columns.is_empty() {
            (0..schema.len()).collect()
        } else {
            slots
        };
        let actual: Vec<Vec<String>> = came.iter().map(|row| texts(row, &shown)).collect();
        let rows = compare(&expected, &actual, unordered, &|e, a, cell| {
            let (Some((cells, values)), Some(row)) = (wanted.get(e), came.get(a)) else {
                return false;
            };
            let actual = shown.get(cell).and_then(|slot| row.values.get(*slot));
            match (cells.get(cell), values.get(cell), actual) {
                (Some(cell), Some(wanted), Some(actual)) => agrees(cell, wanted, actual),
                _ => false,
            }
        });
        if rows
            .iter()
            .any(|row| !matches!(row, super::RowDiff::Same { .. }))
        {
            self.report.differences.push(Difference {
                line: at,
                what: format!("expect {name}"),
                note: None,
                columns: names(&schema, &shown),
                rows,
            });
        }
        Ok(())
    }

    /// Rows of queries that are spoken of, but that no expectation has taken.
    fn leftovers(&mut self) {
        for name in &self.named {
            let Some(rows) = self.rows.remove(name).filter(|it| !it.is_empty()) else {
                continue;
            };
            let schema = rows
                .first()
                .map(|it| Arc::clone(&it.schema))
                .unwrap_or_default();
            let all: Vec<usize> = (0..schema.len()).collect();
            self.report.differences.push(Difference {
                line: 0,
                what: format!("after the last expect {name}"),
                note: Some(
                    "rows came that no expectation speaks of: add an `== expect` at the end"
                        .to_owned(),
                ),
                columns: names(&schema, &all),
                rows: rows
                    .iter()
                    .map(|row| super::RowDiff::Unexpected {
                        cells: texts(row, &all),
                    })
                    .collect(),
            });
        }
    }

    fn check_diagnostics(&mut self, at: usize, expected: &[(usize, String)]) {
        let wanted: Vec<Expected> = expected
            .iter()
            .map(|(line, text)| {
                let mut words = text.split_whitespace();
                let code = words.next().unwrap_or_default().to_uppercase();
                let kind = words.next().unwrap_or("error").to_lowercase();
                Expected {
                    line: *line,
                    cells: vec![code, kind],
                }
            })
            .collect();
        let mut notes = Vec::new();
        let actual: Vec<Vec<String>> = self
            .diagnostics
            .drain(..)
            .map(|it| {
                notes.push(format!("{it}"));
                let kind = if it.is_error() { "error" } else { "warning" };
                vec![it.code.to_string(), kind.to_owned()]
            })
            .collect();
        let rows = compare(&wanted, &actual, true, &|e, a, cell| {
            let wanted = wanted.get(e).and_then(|it| it.cells.get(cell));
            wanted == actual.get(a).and_then(|it| it.get(cell))
        });
        if rows
            .iter()
            .any(|row| !matches!(row, super::RowDiff::Same { .. }))
        {
            self.report.differences.push(Difference {
                line: at,
                what: "diagnostics".to_owned(),
                note: (!notes.is_empty()).then(|| format!("found: {}", notes.join("; "))),
                columns: vec!["code".to_owned(), "kind".to_owned()],
                rows,
            });
        }
    }
}

/// A session for a case.
pub(super) fn session() -> Session {
    Session::builder()
        .ignore_connectors(true)
        .report_all(true)
        .keep_pushed(true)
        .build()
}

fn names(schema: &Schema, slots: &[usize]) -> Vec<String> {
    slots
        .iter()
        .filter_map(|slot| schema.get(*slot))
        .map(|it| it.name.clone())
        .collect()
}

fn texts(row: &Emitted, slots: &[usize]) -> Vec<String> {
    let text = |slot: &usize| match row.values.get(*slot) {
        None | Some(Value::Null) => String::new(),
        Some(value) => value.to_string(),
    };
    slots.iter().map(text).collect()
}

/// Where the named columns are in the query's output.
fn slots(
    columns: &[String],
    schema: &Schema,
    query: &str,
    at: usize,
) -> Result<Vec<usize>, CaseError> {
    let find = |name: &String| {
        let exact = schema.iter().position(|it| it.name == *name);
        let found = exact.or_else(|| {
            schema
                .iter()
                .position(|it| it.name.eq_ignore_ascii_case(name))
        });
        found.ok_or_else(|| {
            let names = schema.iter().map(|it| it.name.as_str());
            let message = format!("query \"{query}\" has no column \"{name}\"");
            let message = match crate::suggest::nearest(name, names.clone()) {
                Some(near) => format!("{message}; did you mean \"{near}\"?"),
                None => format!("{message}; it has {}", names.collect::<Vec<_>>().join(", ")),
            };
            CaseError { line: at, message }
        })
    };
    columns.iter().map(find).collect()
}

pub(super) fn broken(message: String) -> CaseError {
    CaseError { line: 0, message }
}

/// The sentence of an error, without its frame.
fn plain(errors: &Errors) -> String {
    match errors.first() {
        Some(first) => {
            let help = first
                .help
                .first()
                .map(|it| format!(" ({it})"))
                .unwrap_or_default();
            format!("[{}] {}{help}", first.code, first.message)
        }
        None => "the event can't be put in".to_owned(),
    }
}
