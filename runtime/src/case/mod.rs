//! Rule tests: queries, events and expected matches in one readable file.
//!
//! ```
//! use portent::case::{Case, Verdict};
//!
//! let case = Case::parse("\
//! -- three failures in a row
//! == statements
//! CREATE STREAM s (ts TIMESTAMP, user TEXT, ok BOOLEAN);
//! CREATE QUERY q AS SELECT user, COUNT(f) AS n FROM s MATCH (f[NOT ok]{3}) PARTITION BY user WITHIN 1 MINUTE;
//! == events s
//! ts,user,ok
//! 2026-01-01 00:00:00Z,ann,false
//! 2026-01-01 00:00:01Z,ann,false
//! 2026-01-01 00:00:02Z,ann,false
//! == expect q
//! user,n
//! ann,3
//! ")?;
//! let report = case.run();
//! assert_eq!(report.verdict(), Verdict::Passed, "{report}");
//! # Ok::<(), portent::case::CaseError>(())
//! ```
//!
//! The sections are described in `docs/testing-rules.md`.

mod crash;
mod diff;
mod parse;
mod rows;
mod run;

use std::fmt;
use std::path::PathBuf;

pub use diff::{CellDiff, Difference, RowDiff};

/// A rule test.
#[derive(Clone, Debug)]
pub struct Case {
    /// The first comment line.
    pub title: String,
    /// Where it was read from; included files are looked up beside it.
    pub path: Option<PathBuf>,
    /// In the order in which they are carried out, the implied `== end` among them.
    pub sections: Vec<Section>,
}

/// A section of a case file.
#[derive(Clone, Debug)]
pub struct Section {
    /// The line of its header, from 1.
    pub line: usize,
    /// What it says.
    pub kind: SectionKind,
}

/// What a section says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SectionKind {
    /// `== statements`
    Statements {
        /// The statements.
        text: String,
        /// The line of the file on which they begin.
        first_line: usize,
    },
    /// `== include path`: the statements of a query file; the connectors of its streams and sinks are ignored.
    Include {
        /// As written, relative to the case file.
        path: PathBuf,
    },
    /// `== events s`
    Events {
        /// The stream.
        stream: String,
        /// CSV with a header, or JSON lines; with their line numbers.
        lines: Vec<(usize, String)>,
    },
    /// `== clock t`: time passes for all streams.
    Clock {
        /// An instant.
        at: String,
    },
    /// `== expect q [unordered]`
    Expect {
        /// The query.
        query: String,
        /// Whether the order of rows is left open.
        unordered: bool,
        /// CSV with a header, JSON lines, or `(none)`; with their line numbers.
        lines: Vec<(usize, String)>,
    },
    /// `== end`: the end of the input.
    End,
    /// `== diagnostics`
    Diagnostics {
        /// `P0302 warning`, `P0110`, one a line; with their line numbers.
        expected: Vec<(usize, String)>,
    },
}

/// Why a file is no case file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CaseError {
    /// The line, from 1; 0 where there is none.
    pub line: usize,
    /// One sentence.
    pub message: String,
}

impl fmt::Display for CaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => f.write_str(&self.message),
            line => write!(f, "line {line}: {}", self.message),
        }
    }
}

impl std::error::Error for CaseError {}

/// How a case went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All expectations were met.
    Passed,
    /// Something differs.
    Failed,
    /// The case itself is broken: a section that can't be carried out, a statement with errors.
    Broken,
}

/// What came of a case. `Display` gives the readable form, without colour.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// Differences between what was expected and what came.
    pub differences: Vec<Difference>,
    /// Why the case couldn't be carried out.
    pub broken: Option<Broken>,
    /// How many expectations were looked at.
    pub expectations: usize,
}

/// Why a case couldn't be carried out.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Broken {
    /// The line of the case file; 0 where there is none.
    pub line: usize,
    /// One sentence, or rendered diagnostics.
    pub message: String,
}

impl Report {
    /// Passed, failed or broken.
    pub fn verdict(&self) -> Verdict {
        if self.broken.is_some() {
            Verdict::Broken
        } else if self.differences.is_empty() {
            Verdict::Passed
        } else {
            Verdict::Failed
        }
    }

    /// For people: each difference with its place; `-` missing, `+` unexpected, `~` changed.
    pub fn render(&self, color: bool) -> String {
        let mut out = String::new();
        if let Some(broken) = &self.broken {
            if broken.line > 0 {
                out.push_str(&format!("line {}: ", broken.line));
            }
            out.push_str(broken.message.trim_end());
            out.push('\n');
        }
        for difference in &self.differences {
            out.push_str(&difference.render(color));
        }
        out
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}
