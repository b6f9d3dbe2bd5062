//! Rows of a case file: CSV with a header, or JSON lines.

use portent_grammar::value::{cast, json_scalar};
use portent_grammar::{Type, Value};

use super::CaseError;

/// A cell as written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    /// The row doesn't name the column (JSON).
    Missing,
    /// An empty cell, `NULL`, or JSON's `null`.
    Null,
    Text(String),
    Json(serde_json::Value),
}

/// A table as written.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub columns: Vec<String>,
    /// With their line numbers.
    pub rows: Vec<(usize, Vec<Cell>)>,
    /// `(none)`
    pub none: bool,
}

impl Cell {
    /// As a value of a type. An empty cell is NULL.
    ///
    /// # Errors
    /// One sentence, if it is no such value.
    pub fn value(&self, ty: &Type) -> Result<Value, String> {
        match self {
            Cell::Missing | Cell::Null => Ok(Value::Null),
            Cell::Text(text) => cast(Value::text(text.as_str()), ty),
            Cell::Json(json) if *ty == Type::Json => Ok(Value::json(json.clone())),
            Cell::Json(json) => cast(json_scalar(json), ty),
        }
    }

    /// As written, for showing.
    pub fn shown(&self) -> String {
        match self {
            Cell::Missing | Cell::Null => String::new(),
            Cell::Text(text) => text.clone(),
            Cell::Json(serde_json::Value::String(text)) => text.clone(),
            Cell::Json(json) => json.to_string(),
        }
    }
}

/// Reads the lines of a section. Empty lines and lines that begin with `--` are passed over.
pub(super) fn table(lines: &[(usize, String)]) -> Result<Table, CaseError> {
    let mut lines = lines
        .iter()
        .map(|(line, text)| (*line, text.as_str()))
        .filter(|(_, text)| !text.trim().is_empty() && !text.trim_start().starts_with("--"))
        .peekable();
    let Some((first, text)) = lines.peek().copied() else {
        return Ok(Table::default());
    };
    if text.trim() == "(none)" {
        lines.next();
        return match lines.next() {
            Some((line, _)) => Err(CaseError {
                line,
                message: "nothing may follow `(none)`".to_owned(),
            }),
            None => Ok(Table {
                none: true,
                ..Table::default()
            }),
        };
    }
    if text.trim_start().starts_with('{') {
        json(lines)
    } else {
        csv(first, lines)
    }
}

fn csv<'a>(
    first: usize,
    mut lines: impl Iterator<Item = (usize, &'a str)>,
) -> Result<Table, CaseError> {
    let header = lines
        .next()
        .map(|(_, text)| split(text, first))
        .transpose()?
        .unwrap_or_default();
    let columns: Vec<String> = header
        .into_iter()
        .map(|(text, _)| text.trim().to_owned())
        .collect();
    let mut rows = Vec::new();
    for (line, text) in lines {
        let cells = split(text, line)?;
        if cells.len() != columns.len() {
            let message = format!(
                "the row has {} cells, the header {} (quote a cell that holds a comma)",
                cells.len(),
                columns.len()
            );
            return Err(CaseError { line, message });
        }
        let cell = |(text, quoted): (String, bool)| match text.trim() {
            "" | "NULL" | "null" if !quoted => Cell::Null,
            trimmed if !quoted => Cell::Text(trimmed.to_owned()),
            _ => Cell::Text(text),
        };
        rows.push((line, cells.into_iter().map(cell).collect()));
    }
    Ok(Table {
        columns,
        rows,
        none: false,
    })
}

/// The cells of a CSV line, and whether each was quoted.
fn split(text: &str, line: usize) -> Result<Vec<(String, bool)>, CaseError> {
    let mut cells = Vec::new();
    let mut chars = text.chars().peekable();
    loop {
        let mut cell = String::new();
        let mut quoted = false;
        while chars.peek() == Some(&' ') {
            chars.next();
        }
        if chars.peek() == Some(&'"') {
            quoted = true;
            chars.next();
            loop {
                match chars.next() {
                    Some('"') if chars.peek() == Some(&'"') => {
                        chars.next();
                        cell.push('"');
                    }
                    Some('"') => break,
                    Some(c) => cell.push(c),
                    None => {
                        return Err(CaseError {
                            line,
                            message: "a quoted cell is not closed on its line".to_owned(),
                        });
                    }
                }
            }
        }
        let mut end = true;
        for c in chars.by_ref() {
            if c == ',' {
                end = false;
                break;
            }
            if !quoted {
                cell.push(c);
            }
        }
        cells.push((cell, quoted));
        if end {
            return Ok(cells);
        }
    }
}

fn json<'a>(lines: impl Iterator<Item = (usize, &'a str)>) -> Result<Table, CaseError> {
    let mut table = Table::default();
    let mut objects = Vec::new();
    for (line, text) in lines {
        match serde_json::from_str(text) {
            Ok(serde_json::Value::Object(object)) => objects.push((line, object)),
            Ok(_) => {
                return Err(CaseError {
                    line,
                    message: "the line is no JSON object".to_owned(),
                });
            }
            Err(error) => {
                return Err(CaseError {
                    line,
                    message: format!("the line is no JSON: {error}"),
                });
            }
        }
    }
    for name in objects.iter().flat_map(|(_, object)| object.keys()) {
        if !table.columns.contains(name) {
            table.columns.push(name.clone());
        }
    }
    for (line, object) in objects {
        let cell = |name: &String| match object.get(name) {
            None => Cell::Missing,
            Some(serde_json::Value::Null) => Cell::Null,
            Some(json) => Cell::Json(json.clone()),
        };
        table
            .rows
            .push((line, table.columns.iter().map(cell).collect()));
    }
    Ok(table)
}

/// Whether a cell says this value. An empty cell says NULL or an empty text; doubles agree within a billionth.
pub(super) fn agrees(expected: &Cell, wanted: &Value, actual: &Value) -> bool {
    match (expected, wanted, actual) {
        (Cell::Missing, ..) => true,
        (Cell::Null, _, Value::Text(text)) => text.is_empty(),
        (_, Value::Null, actual) => actual.is_null(),
        (_, _, Value::Null) => false,
        (_, Value::Float(wanted), Value::Float(actual)) => {
            wanted == actual
                || wanted.is_nan() && actual.is_nan()
                || (wanted - actual).abs() <= 1e-9 * wanted.abs().max(actual.abs())
        }
        (_, wanted, actual) => wanted == actual,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<(usize, String)> {
        text.lines()
            .enumerate()
            .map(|(at, line)| (at + 1, line.to_owned()))
            .collect()
    }

    #[test]
    fn csv_knows_quotes_and_null() {
        let table = table(&lines(
            "a, b\n-- a comment\n1, \"x, \"\"y\"\"\"\n\n,NULL\n\"\",\"NULL\"\n",
        ))
        .expect("a table");
        assert_eq!(table.columns, ["a", "b"]);
        assert_eq!(table.rows.len(), 3);
        assert_eq!(
            table.rows[0],
            (
                3,
                vec![Cell::Text("1".into()), Cell::Text("x, \"y\"".into())]
            )
        );
        assert_eq!(table.rows[1].1, [Cell::Null, Cell::Null]);
        assert_eq!(
            table.rows[2].1,
            [Cell::Text(String::new()), Cell::Text("NULL".into())]
        );
    }

    #[test]
    fn wrong_rows_are_named_by_line() {
        assert_eq!(table(&lines("a,b\n1\n")).expect_err("too short").line, 2);
        assert_eq!(table(&lines("a\n\"x\n")).expect_err("open").line, 2);
        assert_eq!(
            table(&lines("{\"a\":1}\n[1]\n"))
                .expect_err("no object")
                .line,
            2
        );
        assert!(table(&lines("(none)\n1\n")).is_err());
    }

    #[test]
    fn json_lines_may_leave_columns_out() {
        let table = table(&lines("{\"a\":1}\n{\"b\":null,\"a\":2}\n")).expect("a table");
        assert_eq!(table.columns, ["a", "b"]);
        assert_eq!(table.rows[0].1[1], Cell::Missing);
        assert_eq!(table.rows[1].1[1], Cell::Null);
    }

    #[test]
    fn doubles_agree_within_a_hair() {
        let cell = Cell::Text("0.3".into());
        let wanted = cell.value(&Type::Float).expect("a number");
        assert!(agrees(&cell, &wanted, &Value::Float(0.1 + 0.2)));
        assert!(!agrees(&cell, &wanted, &Value::Float(0.31)));
        assert!(agrees(&Cell::Null, &Value::Null, &Value::text("")));
        assert!(!agrees(&Cell::Null, &Value::Null, &Value::Int(0)));
    }
}
