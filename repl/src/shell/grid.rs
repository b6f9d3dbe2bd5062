//! Box tables for a screen: cut to its width, and drawn on while rows are still coming.

use std::io::{self, Write};
use std::sync::Arc;

use portent::{Schema, Type, Value};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::paint::{Ink, Paint};
use crate::output::printable;

/// After so many rows the widths are settled: later cells that are wider are cut.
const SAMPLE: usize = 1000;
/// A column is not narrowed below this so that another one finds room.
const ENOUGH: usize = 20;
/// The narrowest column that is worth showing.
const NARROW: usize = 4;

/// Writes one table.
pub struct Grid<W: Write> {
    out: W,
    schema: Arc<Schema>,
    paint: Paint,
    /// The width of the screen; `None`: as wide as needed.
    screen: Option<usize>,
    rows: Vec<Vec<Cell>>,
    layout: Option<Layout>,
    count: u64,
}

struct Cell {
    text: String,
    null: bool,
}

/// Which columns are shown, and how wide; `None` stands for those that are left out.
struct Layout {
    columns: Vec<Option<(usize, usize)>>,
    hidden: usize,
}

/// What was shown of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    pub rows: u64,
    pub columns: usize,
    /// Columns for which there was no room.
    pub hidden: usize,
}

impl<W: Write> Grid<W> {
    pub fn new(out: W, schema: &Arc<Schema>, paint: Paint, screen: Option<usize>) -> Self {
        Self {
            out,
            schema: Arc::clone(schema),
            paint,
            screen,
            rows: Vec::new(),
            layout: None,
            count: 0,
        }
    }

    pub fn row(&mut self, values: &[Value]) -> io::Result<()> {
        self.count += 1;
        let row: Vec<Cell> = values.iter().map(cell).collect();
        match &self.layout {
            Some(layout) => {
                let line = self.line(layout, &row);
                writeln!(self.out, "{line}")
            }
            None => {
                self.rows.push(row);
                if self.rows.len() >= SAMPLE {
                    self.settle()
                } else {
                    Ok(())
                }
            }
        }
    }

    /// Draws what is there: the next rows take their time.
    pub fn settle(&mut self) -> io::Result<()> {
        self.draw(true)
    }

    /// `more`: rows are to come that nobody has seen yet.
    fn draw(&mut self, more: bool) -> io::Result<()> {
        if self.layout.is_some() {
            return Ok(());
        }
        let layout = self.lay_out(more);
        let top = self.rule(&layout, ['╭', '┬', '╮'], '─');
        writeln!(self.out, "{top}")?;
        let header: Vec<Cell> = self
            .schema
            .iter()
            .map(|it| Cell {
                text: printable(&it.name),
                null: false,
            })
            .collect();
        let line = self.header(&layout, &header);
        writeln!(self.out, "{line}")?;
        let under = self.rule(&layout, ['╞', '╪', '╡'], '═');
        writeln!(self.out, "{under}")?;
        for row in std::mem::take(&mut self.rows) {
            let line = self.line(&layout, &row);
            writeln!(self.out, "{line}")?;
        }
        self.layout = Some(layout);
        Ok(())
    }

    /// The table is complete.
    pub fn end(&mut self) -> io::Result<Shown> {
        self.draw(false)?;
        let mut shown = Shown {
            rows: self.count,
            columns: self.schema.len(),
            hidden: 0,
        };
        if let Some(layout) = self.layout.take() {
            let bottom = self.rule(&layout, ['╰', '┴', '╯'], '─');
            writeln!(self.out, "{bottom}")?;
            shown.hidden = layout.hidden;
        }
        Ok(shown)
    }

    fn lay_out(&self, more: bool) -> Layout {
        let natural: Vec<usize> = self
            .schema
            .iter()
            .enumerate()
            .map(|(at, column)| {
                let cells = self.rows.iter().filter_map(|row| row.get(at));
                let widest = cells.map(|it| it.text.width()).max().unwrap_or(0);
                let usual = if more { usual(&column.ty) } else { 1 };
                widest.max(printable(&column.name).width()).max(usual)
            })
            .collect();
        let Some(screen) = self.screen else {
            let columns = natural.into_iter().enumerate().map(Some).collect();
            return Layout { columns, hidden: 0 };
        };
        let texts: Vec<bool> = self
            .schema
            .iter()
            .map(|it| {
                matches!(
                    it.ty,
                    Type::Text | Type::Json | Type::Array(_) | Type::Bytes
                )
            })
            .collect();
        fit(&natural, &texts, screen)
    }

    fn rule(&self, layout: &Layout, [left, middle, right]: [char; 3], dash: char) -> String {
        let mut out = String::from(left);
        for (at, column) in layout.columns.iter().enumerate() {
            if at > 0 {
                out.push(middle);
            }
            let width = column.map_or(1, |(_, width)| width) + 2;
            out.extend(std::iter::repeat_n(dash, width));
        }
        out.push(right);
        self.paint.ink(Ink::Dim, &out)
    }

    fn header(&self, layout: &Layout, row: &[Cell]) -> String {
        self.cells(layout, row, |text, _| self.paint.ink(Ink::Header, text))
    }

    fn line(&self, layout: &Layout, row: &[Cell]) -> String {
        self.cells(layout, row, |text, cell| match cell.null {
            true => self.paint.ink(Ink::Dim, text),
            false => text.to_owned(),
        })
    }

    fn cells(
        &self,
        layout: &Layout,
        row: &[Cell],
        paint: impl Fn(&str, &Cell) -> String,
    ) -> String {
        let bar = self.paint.ink(Ink::Dim, "│");
        let mut out = bar.clone();
        for column in &layout.columns {
            let Some((at, width)) = column else {
                out.push_str(&format!(" {} {bar}", self.paint.ink(Ink::Dim, "…")));
                continue;
            };
            let Some(cell) = row.get(*at) else { continue };
            let right = self.schema.get(*at).is_some_and(|it| it.ty.is_numeric());
            // A part of a number would be another number.
            let text = match right {
                true => cell.text.clone(),
                false => cut(&cell.text, *width),
            };
            let space = " ".repeat(width.saturating_sub(text.width()));
            let painted = paint(&text, cell);
            match right {
                true => out.push_str(&format!(" {space}{painted} {bar}")),
                false => out.push_str(&format!(" {painted}{space} {bar}")),
            }
        }
        out
    }
}

/// The width of most values of a type.
fn usual(ty: &Type) -> usize {
    match ty {
        Type::Bool => 5,
        Type::Int => 6,
        Type::Float | Type::Decimal(_) | Type::Date => 10,
        Type::Timestamp => 29,
        Type::Text => 12,
        _ => 16,
    }
}

/// NULL is shown as `NULL`, which a text can't be taken for.
fn cell(value: &Value) -> Cell {
    match value {
        Value::Null => Cell {
            text: "NULL".to_owned(),
            null: true,
        },
        Value::Text(text) if text == "NULL" => Cell {
            text: "'NULL'".to_owned(),
            null: false,
        },
        other => Cell {
            text: printable(&other.to_string()),
            null: false,
        },
    }
}

/// The text, or its beginning and `…`.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut room = width.saturating_sub(1);
    for c in text.chars() {
        let needs = c.width().unwrap_or(0);
        if needs > room {
            break;
        }
        room -= needs;
        out.push(c);
    }
    out.push('…');
    out
}

/// Makes columns of these widths fit: the widest texts are narrowed first, then columns in the middle are left out.
fn fit(natural: &[usize], texts: &[bool], screen: usize) -> Layout {
    let needs = |widths: &[usize]| widths.iter().sum::<usize>() + 3 * widths.len() + 1;
    let mut widths = natural.to_vec();
    // Cells may be cut down to a size at which one still sees what they are.
    while needs(&widths) > screen {
        let wide = widths.iter_mut().zip(texts);
        let wide = wide.filter(|(width, text)| **text && **width > ENOUGH);
        let Some((widest, _)) = wide.max_by_key(|(width, _)| **width) else {
            break;
        };
        *widest -= 1;
    }
    let all = widths.len();
    let mut columns: Vec<Option<(usize, usize)>> =
        widths.iter().copied().enumerate().map(Some).collect();
    if needs(&widths) <= screen {
        return Layout { columns, hidden: 0 };
    }
    // As many at both ends as there is room for, beside the column that stands for those left out.
    let mut room = screen.saturating_sub(1 + 4);
    let (mut left, mut right) = (0, 0);
    while left + right < all {
        let next = if left <= right { left } else { all - 1 - right };
        let width = widths.get(next).copied().unwrap_or(0) + 3;
        if width > room {
            break;
        }
        room -= width;
        if left <= right {
            left += 1;
        } else {
            right += 1;
        }
    }
    if left + right >= all {
        return Layout { columns, hidden: 0 };
    }
    if left == 0 {
        // Not even one: the first is cut, so that something is seen.
        let width = screen.saturating_sub(1 + 4 + 3).max(NARROW);
        let hidden = all.saturating_sub(1);
        let mut columns = vec![Some((0, width))];
        if hidden > 0 {
            columns.push(None);
        }
        return Layout { columns, hidden };
    }
    columns.splice(left..all - right, [None]);
    Layout {
        columns,
        hidden: all - left - right,
    }
}

#[cfg(test)]
mod tests {
    use portent::Column;

    use super::*;

    fn table(names: &[&str], rows: &[&[Value]], screen: Option<usize>) -> (String, Shown) {
        let schema: Schema = names
            .iter()
            .map(|it| Column::new(*it, Type::Text))
            .collect();
        let mut out = Vec::new();
        let mut grid = Grid::new(&mut out, &Arc::new(schema), Paint { on: false }, screen);
        for row in rows {
            grid.row(row).unwrap();
        }
        let shown = grid.end().unwrap();
        (String::from_utf8(out).unwrap(), shown)
    }

    #[test]
    fn what_fits_is_shown_whole() {
        let rows: &[&[Value]] = &[&[Value::text("ann"), Value::Null]];
        let (text, shown) = table(&["user", "ip"], rows, Some(80));
        assert_eq!(
            text,
            "╭──────┬──────╮\n│ user │ ip   │\n╞══════╪══════╡\n│ ann  │ NULL │\n╰──────┴──────╯\n"
        );
        assert_eq!(shown.hidden, 0);
    }

    #[test]
    fn no_line_is_wider_than_the_screen_and_the_hidden_are_counted() {
        let names: Vec<String> = (0..12).map(|it| format!("column_{it}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let row: Vec<Value> = (0..12).map(|it| Value::text("x".repeat(it * 9))).collect();
        for screen in 20..200 {
            let (text, shown) = table(&names, &[&row], Some(screen));
            assert!(
                text.lines().all(|line| line.width() <= screen),
                "{screen}\n{text}"
            );
            assert_eq!(
                shown.hidden > 0,
                text.contains('…') && text.contains("│ … │")
            );
            assert!(shown.hidden < 12);
        }
    }

    #[test]
    fn cells_are_cut_by_what_they_take_on_the_screen() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        assert_eq!(cut("日本語", 5), "日本…");
    }
}
