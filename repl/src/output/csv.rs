//! Comma-separated values, RFC 4180.

use std::io;
use std::sync::Arc;

use portent::{Schema, Value};

use super::{Out, Printer, Reporting};

/// With one query, its columns. With several, `query`, then the columns of all of them, each once; cells that a query doesn't
/// have are empty, so that the whole stays one table.
pub struct Csv {
    out: Out,
    several: bool,
    columns: Vec<String>,
    header_written: bool,
    result: bool,
    written: bool,
}

impl Csv {
    pub fn new(out: Out, reporting: &[Reporting]) -> Self {
        let mut columns: Vec<String> = Vec::new();
        for column in reporting.iter().flat_map(|it| it.schema.iter()) {
            if reporting.len() < 2 || !columns.contains(&column.name) {
                columns.push(column.name.clone());
            }
        }
        Self {
            out,
            several: reporting.len() > 1,
            columns,
            header_written: false,
            result: false,
            written: false,
        }
    }

    fn header(&mut self) -> io::Result<()> {
        if self.header_written {
            return Ok(());
        }
        self.header_written = true;
        let mut line = String::new();
        if self.several {
            field(&mut line, "query");
        }
        for column in &self.columns {
            field(&mut line, column);
        }
        self.line(line)
    }

    fn line(&mut self, mut line: String) -> io::Result<()> {
        self.written = true;
        // The separator after the last field.
        line.pop();
        line.push('\n');
        self.out.write_all(line.as_bytes())
    }
}

/// A field and the comma after it.
fn field(line: &mut String, text: &str) {
    if text.contains(['"', ',', '\n', '\r']) || text.is_empty() {
        line.push('"');
        line.push_str(&text.replace('"', "\"\""));
        line.push('"');
    } else {
        line.push_str(text);
    }
    line.push(',');
}

/// NULL is an empty field, an empty text `""`.
fn value_field(line: &mut String, value: &Value) {
    match value {
        Value::Null => line.push(','),
        Value::Text(text) => field(line, text),
        // As a file sink writes them: ISO 8601 with Z, which every reader takes.
        Value::Timestamp(_) | Value::Date(_) => match value.to_json() {
            serde_json::Value::String(written) => field(line, &written),
            other => field(line, &other.to_string()),
        },
        other => field(line, &other.to_string()),
    }
}

impl Printer for Csv {
    fn row(&mut self, query: &Arc<str>, schema: &Arc<Schema>, values: &[Value]) -> io::Result<()> {
        if self.columns.is_empty() {
            self.columns = schema.iter().map(|it| it.name.clone()).collect();
        }
        self.header()?;
        let mut line = String::new();
        if self.several {
            field(&mut line, query);
            for name in &self.columns {
                match schema
                    .iter()
                    .position(|it| it.name == *name)
                    .and_then(|at| values.get(at))
                {
                    Some(value) => value_field(&mut line, value),
                    None => line.push(','),
                }
            }
        } else {
            values
                .iter()
                .for_each(|value| value_field(&mut line, value));
        }
        self.line(line)
    }

    fn begin(&mut self, schema: &Arc<Schema>) -> io::Result<()> {
        if self.written {
            writeln!(self.out)?;
        }
        self.result = true;
        let mut line = String::new();
        for column in schema.iter() {
            field(&mut line, &column.name);
        }
        self.line(line)
    }

    fn result(&mut self, values: &[Value]) -> io::Result<()> {
        let mut line = String::new();
        values
            .iter()
            .for_each(|value| value_field(&mut line, value));
        self.line(line)
    }

    fn end(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", text.trim_end())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        // A standing query without matches still has a header.
        if !self.columns.is_empty() {
            self.header()?;
        }
        self.out.flush()
    }
}
