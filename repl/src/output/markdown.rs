//! Markdown tables.

use std::io;
use std::sync::Arc;

use portent::{Schema, Value};

use super::{Collected, Out, Pending, Printer, is_number, shown};

/// A table a query.
pub struct Markdown {
    out: Out,
    several: bool,
    collected: Collected,
    result: Option<Arc<Schema>>,
    written: bool,
}

impl Markdown {
    pub fn new(out: Out, several: bool) -> Self {
        Self {
            out,
            several,
            collected: Collected::new(),
            result: None,
            written: false,
        }
    }

    fn header(&mut self, schema: &Schema) -> io::Result<()> {
        self.written = true;
        let names: Vec<String> = schema.iter().map(|it| escape(&it.name)).collect();
        writeln!(self.out, "| {} |", names.join(" | "))?;
        let rules: Vec<&str> = schema
            .iter()
            .map(|it| if is_number(it) { "---:" } else { "---" })
            .collect();
        writeln!(self.out, "| {} |", rules.join(" | "))
    }

    fn line(&mut self, cells: &[String]) -> io::Result<()> {
        writeln!(self.out, "| {} |", cells.join(" | "))
    }

    fn blank(&mut self) -> io::Result<()> {
        if self.written {
            writeln!(self.out)
        } else {
            Ok(())
        }
    }

    fn print(&mut self, pending: &mut Pending) -> io::Result<()> {
        let rows = std::mem::take(&mut pending.rows);
        if rows.is_empty() {
            return Ok(());
        }
        self.blank()?;
        if let Some(query) = pending.query.as_ref().filter(|_| self.several) {
            let more = if pending.printed > 0 {
                " (continued)"
            } else {
                ""
            };
            writeln!(self.out, "**{}**{more}\n", escape(query))?;
        }
        self.header(&pending.schema)?;
        for row in &rows {
            self.line(row)?;
        }
        pending.printed += rows.len();
        Ok(())
    }

    fn print_collected(&mut self) -> io::Result<()> {
        let mut all = std::mem::take(&mut self.collected.pending);
        for pending in &mut all {
            self.print(pending)?;
        }
        self.collected.pending = all;
        Ok(())
    }
}

fn escape(text: &str) -> String {
    super::printable(text).replace('|', "\\|")
}

fn cells(values: &[Value]) -> Vec<String> {
    values
        .iter()
        .map(|value| shown(value).replace('|', "\\|"))
        .collect()
}

impl Printer for Markdown {
    fn row(&mut self, query: &Arc<str>, schema: &Arc<Schema>, values: &[Value]) -> io::Result<()> {
        let Some(full) = self.collected.add(Some(query), schema, cells(values)) else {
            return Ok(());
        };
        let mut all = std::mem::take(&mut self.collected.pending);
        if let Some(pending) = all.get_mut(full) {
            self.print(pending)?;
        }
        self.collected.pending = all;
        Ok(())
    }

    fn begin(&mut self, schema: &Arc<Schema>) -> io::Result<()> {
        self.print_collected()?;
        self.blank()?;
        self.header(schema)?;
        self.result = Some(Arc::clone(schema));
        Ok(())
    }

    fn result(&mut self, values: &[Value]) -> io::Result<()> {
        self.line(&cells(values))
    }

    fn end(&mut self) -> io::Result<()> {
        self.result = None;
        Ok(())
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        self.print_collected()?;
        self.written = true;
        writeln!(self.out, "{}", text.trim_end())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.print_collected()?;
        self.out.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.print_collected()?;
        self.out.flush()
    }
}
