//! Comma-separated values, RFC 4180.

use std::io;
use std::sync::Arc;

use portent::value::{write_date, write_instant, write_int};
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
    /// The line that is being written.
    buffer: Vec<u8>,
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
            buffer: Vec::new(),
        }
    }

    fn header(&mut self) -> io::Result<()> {
        if self.header_written {
            return Ok(());
        }
        self.header_written = true;
        if self.several {
            field(&mut self.buffer, "query");
        }
        for column in &self.columns {
            field(&mut self.buffer, column);
        }
        self.line()
    }

    /// Hands the line on.
    fn line(&mut self) -> io::Result<()> {
        self.written = true;
        // The separator after the last field.
        self.buffer.pop();
        self.buffer.push(b'\n');
        let written = self.out.write_all(&self.buffer);
        self.buffer.clear();
        written
    }
}

/// A field and the comma after it.
fn field(line: &mut Vec<u8>, text: &str) {
    let special = |byte: &u8| matches!(byte, b'"' | b',' | b'\n' | b'\r');
    if text.is_empty() || text.as_bytes().iter().any(special) {
        line.push(b'"');
        line.extend_from_slice(text.replace('"', "\"\"").as_bytes());
        line.push(b'"');
    } else {
        line.extend_from_slice(text.as_bytes());
    }
    line.push(b',');
}

/// NULL is an empty field, an empty text `""`.
fn value_field(line: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => {}
        Value::Int(number) => write_int(*number, line),
        // As a file sink writes them: ISO 8601 with Z, which every reader takes.
        Value::Timestamp(micros) => write_instant(*micros, line),
        Value::Date(days) => write_date(i64::from(*days), line),
        Value::Text(text) => return field(line, text),
        other => return field(line, &other.to_string()),
    }
    line.push(b',');
}

impl Printer for Csv {
    fn row(&mut self, query: &Arc<str>, schema: &Arc<Schema>, values: &[Value]) -> io::Result<()> {
        if self.columns.is_empty() {
            self.columns = schema.iter().map(|it| it.name.clone()).collect();
        }
        self.header()?;
        if self.several {
            field(&mut self.buffer, query);
            for name in &self.columns {
                match schema
                    .iter()
                    .position(|it| it.name == *name)
                    .and_then(|at| values.get(at))
                {
                    Some(value) => value_field(&mut self.buffer, value),
                    None => self.buffer.push(b','),
                }
            }
        } else {
            values
                .iter()
                .for_each(|value| value_field(&mut self.buffer, value));
        }
        self.line()
    }

    fn begin(&mut self, schema: &Arc<Schema>) -> io::Result<()> {
        if self.written {
            writeln!(self.out)?;
        }
        self.result = true;
        for column in schema.iter() {
            field(&mut self.buffer, &column.name);
        }
        self.line()
    }

    fn result(&mut self, values: &[Value]) -> io::Result<()> {
        values
            .iter()
            .for_each(|value| value_field(&mut self.buffer, value));
        self.line()
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
