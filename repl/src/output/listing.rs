//! What a command lists, in any mode.

use std::io;
use std::sync::Arc;

use portent::{Column, Type, Value};

use super::{Mode, Printer, WholeLines, printer};
use crate::terminal::Terminal;

/// Rows of one listing, on standard output.
pub struct Listing {
    printer: Box<dyn Printer>,
}

impl Listing {
    /// Without a mode: a table on a terminal, JSON lines elsewhere.
    pub fn begin(
        mode: Option<Mode>,
        terminal: &Terminal,
        columns: &[(&str, Type)],
    ) -> io::Result<Self> {
        let mode = mode.unwrap_or(if terminal.stdout {
            Mode::Table
        } else {
            Mode::Jsonl
        });
        let out = Box::new(WholeLines::new(io::stdout()));
        let mut printer = printer(mode, out, &[], terminal.width());
        let columns = columns
            .iter()
            .map(|(name, ty)| Column::new(*name, ty.clone()));
        printer.begin(&Arc::new(columns.collect()))?;
        Ok(Self { printer })
    }

    pub fn row(&mut self, values: &[Value]) -> io::Result<()> {
        self.printer.result(values)
    }

    pub fn finish(mut self) -> io::Result<()> {
        self.printer.end()?;
        self.printer.finish()
    }
}

/// A count or a position: a BIGINT, or a DECIMAL where it is too great for one.
pub fn number(number: u64) -> Value {
    match i64::try_from(number) {
        Ok(int) => Value::Int(int),
        Err(_) => Value::Decimal(number.into()),
    }
}
