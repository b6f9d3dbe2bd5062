//! How rows are printed.

mod csv;
mod json;
mod line;
mod lines;
mod listing;
mod markdown;
mod table;

use std::io::{self, Write};
use std::sync::Arc;

use portent::{Schema, Value};

pub use lines::WholeLines;
pub use listing::{Listing, number};

/// The modes of `--output`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Mode {
    /// A box table
    Table,
    /// One JSON object a line
    #[value(alias = "ndjson")]
    Jsonl,
    /// Comma-separated values with a header
    Csv,
    /// One JSON array
    Json,
    /// A Markdown table
    #[value(alias = "md")]
    Markdown,
    /// One `column | value` a line
    Line,
}

/// A query whose rows are printed, and its columns.
#[derive(Clone, Debug)]
pub struct Reporting {
    pub query: Arc<str>,
    pub schema: Arc<Schema>,
}

/// Prints rows of standing queries as they come, and finished results.
///
/// Every method gives back the errors of the writer; a closed pipe is among them.
pub trait Printer: Send {
    /// One row of a standing query.
    fn row(&mut self, query: &Arc<str>, schema: &Arc<Schema>, values: &[Value]) -> io::Result<()>;
    /// A result of its own begins: a SELECT, SHOW, DESCRIBE.
    fn begin(&mut self, schema: &Arc<Schema>) -> io::Result<()>;
    /// One of its rows.
    fn result(&mut self, values: &[Value]) -> io::Result<()>;
    /// The result is complete.
    fn end(&mut self) -> io::Result<()>;
    /// A text of its own, such as a plan.
    fn text(&mut self, text: &str) -> io::Result<()>;
    /// What was held back comes out: the input pauses.
    fn flush(&mut self) -> io::Result<()>;
    /// Nothing more comes.
    fn finish(&mut self) -> io::Result<()>;
}

/// Where output goes.
pub type Out = Box<dyn Write + Send>;

/// The printer of a mode. `reporting` are the standing queries whose rows may come; `width` is that of the terminal, if it is one.
pub fn printer(
    mode: Mode,
    out: Out,
    reporting: &[Reporting],
    width: Option<u16>,
) -> Box<dyn Printer> {
    let several = reporting.len() > 1;
    match mode {
        Mode::Table => Box::new(table::Tables::new(out, reporting, width)),
        Mode::Markdown => Box::new(markdown::Markdown::new(out, several)),
        Mode::Jsonl => Box::new(json::JsonLines::new(out, several)),
        Mode::Json => Box::new(json::JsonArray::new(out, several)),
        Mode::Csv => Box::new(csv::Csv::new(out, reporting)),
        Mode::Line => Box::new(line::Lines::new(out, several)),
    }
}

/// A value as text for people: NULL is empty, and nothing in it can steer a terminal.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        other => printable(&other.to_string()),
    }
}

/// Control characters as escapes (`\n`, `\u{1b}`).
pub fn printable(text: &str) -> String {
    if !text.chars().any(char::is_control) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if c.is_control() {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether values of the column are set to the right.
fn is_number(column: &portent::Column) -> bool {
    column.ty.is_numeric()
}

/// Rows of one query that wait to be printed as a table.
struct Pending {
    /// Its name; `None`: a result of its own.
    query: Option<Arc<str>>,
    schema: Arc<Schema>,
    rows: Vec<Vec<String>>,
    /// Tables of this query printed before.
    printed: usize,
}

/// A table is printed when so many rows of a query have come: memory stays bounded, and long outputs repeat their header.
const TABLE_ROWS: usize = 1000;

/// What tables and Markdown have in common: rows are collected by query.
struct Collected {
    pending: Vec<Pending>,
}

impl Collected {
    fn new() -> Self {
        Self {
            pending: Vec::new(),
        }
    }

    /// Adds a row; gives back the index of its query once there are enough for a table.
    fn add(
        &mut self,
        query: Option<&Arc<str>>,
        schema: &Arc<Schema>,
        row: Vec<String>,
    ) -> Option<usize> {
        let at = self.of(query, schema);
        let pending = self.pending.get_mut(at)?;
        pending.rows.push(row);
        (pending.rows.len() >= TABLE_ROWS).then_some(at)
    }

    fn of(&mut self, query: Option<&Arc<str>>, schema: &Arc<Schema>) -> usize {
        let same = |it: &Pending| it.query.as_ref() == query && it.schema == *schema;
        self.pending.iter().position(same).unwrap_or_else(|| {
            self.pending.push(Pending {
                query: query.cloned(),
                schema: Arc::clone(schema),
                rows: Vec::new(),
                printed: 0,
            });
            self.pending.len() - 1
        })
    }
}

#[cfg(test)]
mod tests;
