//! Box tables.

use std::io;
use std::sync::Arc;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, CellAlignment, ContentArrangement, ContentLineStyle, Table};
use portent::{Schema, Value};

use super::{Collected, Out, Pending, Printer, Reporting, TABLE_ROWS, is_number, printable};

/// Rows are collected, and printed as a table a query at the end, or whenever a query has a thousand.
pub struct Tables {
    out: Out,
    several: bool,
    width: Option<u16>,
    collected: Collected,
    result: Option<Pending>,
    written: bool,
}

impl Tables {
    pub fn new(out: Out, reporting: &[Reporting], width: Option<u16>) -> Self {
        let mut collected = Collected::new();
        for it in reporting {
            // Also those that will have no rows are shown.
            collected.of(Some(&it.query), &it.schema);
        }
        let several = reporting.len() > 1;
        Self {
            out,
            several,
            width,
            collected,
            result: None,
            written: false,
        }
    }

    fn print(&mut self, pending: &mut Pending, last: bool) -> io::Result<()> {
        if pending.rows.is_empty() && (pending.printed > 0 || !last) {
            return Ok(());
        }
        if self.written {
            writeln!(self.out)?;
        }
        self.written = true;
        if let Some(query) = pending.query.as_ref().filter(|_| self.several) {
            let more = if pending.printed > 0 {
                " (continued)"
            } else {
                ""
            };
            writeln!(self.out, "{}{more}", printable(query))?;
        }
        let rows = std::mem::take(&mut pending.rows);
        writeln!(self.out, "{}", table(&pending.schema, &rows, self.width))?;
        pending.printed += rows.len();
        if last {
            let plural = if pending.printed == 1 { "row" } else { "rows" };
            writeln!(self.out, "({} {plural})", pending.printed)?;
        }
        Ok(())
    }

    fn print_collected(&mut self, last: bool) -> io::Result<()> {
        let mut all = std::mem::take(&mut self.collected.pending);
        for pending in &mut all {
            self.print(pending, last)?;
        }
        if !last {
            self.collected.pending = all;
        }
        Ok(())
    }
}

/// NULL is shown as `NULL`, which a text can't be taken for: an empty text is empty, and numbers stand at the right.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => "NULL".to_owned(),
        Value::Text(text) if text == "NULL" => "'NULL'".to_owned(),
        other => printable(&other.to_string()),
    }
}

fn cells(values: &[Value]) -> Vec<String> {
    values.iter().map(cell).collect()
}

fn table(schema: &Schema, rows: &[Vec<String>], width: Option<u16>) -> Table {
    let mut table = Table::new();
    let solid = ContentLineStyle::new('│', '│', '│');
    let style = UTF8_FULL_CONDENSED.with_rounded_corners();
    table.load_style(style.header_lines(solid).content_lines(solid));
    match width {
        Some(width) => {
            table
                .set_content_arrangement(ContentArrangement::Dynamic)
                .set_width(width);
        }
        None => {
            table.set_content_arrangement(ContentArrangement::Disabled);
        }
    }
    table.set_header(
        schema
            .iter()
            .map(|column| Cell::new(printable(&column.name))),
    );
    for (at, column) in schema.iter().enumerate() {
        if let Some(it) = table.column_mut(at).filter(|_| is_number(column)) {
            it.set_cell_alignment(CellAlignment::Right);
        }
    }
    for row in rows {
        table.add_row(row.iter().map(Cell::new));
    }
    table
}

impl Printer for Tables {
    fn row(&mut self, query: &Arc<str>, schema: &Arc<Schema>, values: &[Value]) -> io::Result<()> {
        let Some(full) = self.collected.add(Some(query), schema, cells(values)) else {
            return Ok(());
        };
        let mut all = std::mem::take(&mut self.collected.pending);
        if let Some(pending) = all.get_mut(full) {
            self.print(pending, false)?;
        }
        self.collected.pending = all;
        Ok(())
    }

    fn begin(&mut self, schema: &Arc<Schema>) -> io::Result<()> {
        self.print_collected(false)?;
        self.result = Some(Pending {
            query: None,
            schema: Arc::clone(schema),
            rows: Vec::new(),
            printed: 0,
        });
        Ok(())
    }

    fn result(&mut self, values: &[Value]) -> io::Result<()> {
        let Some(mut pending) = self.result.take() else {
            return Ok(());
        };
        pending.rows.push(cells(values));
        if pending.rows.len() >= TABLE_ROWS {
            self.print(&mut pending, false)?;
        }
        self.result = Some(pending);
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        match self.result.take() {
            Some(mut pending) => self.print(&mut pending, true),
            None => Ok(()),
        }
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        self.print_collected(false)?;
        self.written = true;
        writeln!(self.out, "{}", text.trim_end())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.print_collected(false)?;
        self.out.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.print_collected(true)?;
        self.out.flush()
    }
}
