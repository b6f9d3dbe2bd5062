//! One result on its way to the screen.

use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use portent::Value;

use super::grid::{Grid, Shown};
use super::paper::Paper;
use crate::output::Printer;

/// A result whose rows take longer to come is not waited for.
const SLOW: Duration = Duration::from_millis(400);

/// One result on its way to the screen.
pub struct View {
    body: Body,
    paper: Paper,
    pub rows: u64,
    /// When the first row came.
    first: Option<Instant>,
}

enum Body {
    Grid(Grid<Paper>),
    Printer(Box<dyn Printer>),
}

impl View {
    /// A table.
    pub fn of_grid(paper: Paper, grid: Grid<Paper>) -> Self {
        Self::new(paper, Body::Grid(grid))
    }

    /// What a printer prints.
    pub fn of_printer(paper: Paper, printer: Box<dyn Printer>) -> Self {
        Self::new(paper, Body::Printer(printer))
    }

    fn new(paper: Paper, body: Body) -> Self {
        Self {
            body,
            paper,
            rows: 0,
            first: None,
        }
    }

    /// The result is complete; `footer` is the last line of a table. Gives the number of rows.
    pub fn close(mut self, footer: impl FnOnce(Shown) -> String) -> io::Result<u64> {
        match &mut self.body {
            Body::Grid(grid) => {
                let shown = grid.end()?;
                writeln!(self.paper, "{}", footer(shown))?;
            }
            Body::Printer(printer) => {
                printer.end()?;
                printer.finish()?;
            }
        }
        self.paper.finish()?;
        Ok(self.rows)
    }

    pub fn row(&mut self, values: &[Value]) -> io::Result<()> {
        self.rows += 1;
        match &mut self.body {
            Body::Grid(grid) => grid.row(values)?,
            Body::Printer(printer) => printer.result(values)?,
        }
        // Rows that drop in slowly are shown as they come.
        if self.first.get_or_insert_with(Instant::now).elapsed() > SLOW {
            self.waiting()?;
        }
        Ok(())
    }

    /// Shows the head of a table before its first row comes.
    pub fn open(&mut self) -> io::Result<()> {
        if let Body::Grid(grid) = &mut self.body {
            grid.settle()?;
        }
        self.paper.release()
    }

    /// The next rows take their time: what is there is shown.
    pub fn waiting(&mut self) -> io::Result<()> {
        if self.rows == 0 {
            return Ok(());
        }
        match &mut self.body {
            Body::Grid(grid) => grid.settle()?,
            Body::Printer(printer) => printer.flush()?,
        }
        self.paper.release()
    }
}
