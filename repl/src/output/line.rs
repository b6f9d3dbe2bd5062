//! One column a line, as psql's expanded mode.

use std::io;
use std::sync::Arc;

use portent::{Schema, Value};
use unicode_width::UnicodeWidthStr as _;

use super::{Out, Printer, printable, shown};

/// `-[ brute_force 1 ]-`, then `user | ann`.
pub struct Lines {
    out: Out,
    several: bool,
    counts: std::collections::HashMap<Arc<str>, u64>,
    result: Option<(Arc<Schema>, u64)>,
}

impl Lines {
    pub fn new(out: Out, several: bool) -> Self {
        Self {
            out,
            several,
            counts: std::collections::HashMap::new(),
            result: None,
        }
    }

    fn record(&mut self, title: &str, schema: &Schema, values: &[Value]) -> io::Result<()> {
        writeln!(
            self.out,
            "-[ {title} ]{}",
            "-".repeat(24_usize.saturating_sub(title.width()))
        )?;
        let width = schema.iter().map(|it| it.name.width()).max().unwrap_or(0);
        for (column, value) in schema.iter().zip(values) {
            let name = printable(&column.name);
            let pad = " ".repeat(width.saturating_sub(name.width()));
            writeln!(
                self.out,
                "{}",
                format!("{name}{pad} | {}", shown(value)).trim_end()
            )?;
        }
        Ok(())
    }
}

impl Printer for Lines {
    fn row(&mut self, query: &Arc<str>, schema: &Arc<Schema>, values: &[Value]) -> io::Result<()> {
        let count = self.counts.entry(Arc::clone(query)).or_insert(0);
        *count += 1;
        let title = if self.several {
            format!("{} {count}", printable(query))
        } else {
            format!("row {count}")
        };
        self.record(&title, schema, values)
    }

    fn begin(&mut self, schema: &Arc<Schema>) -> io::Result<()> {
        self.result = Some((Arc::clone(schema), 0));
        Ok(())
    }

    fn result(&mut self, values: &[Value]) -> io::Result<()> {
        let Some((schema, count)) = self.result.take() else {
            return Ok(());
        };
        self.record(&format!("row {}", count + 1), &schema, values)?;
        self.result = Some((schema, count + 1));
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        self.result = None;
        Ok(())
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", text.trim_end())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
