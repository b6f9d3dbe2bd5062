//! Writing the oracle's answer into case files.

use std::path::Path;

use portent::case::{Case, SectionKind};

use super::model::expectations;
use super::table::Table;

/// What came of blessing a file.
#[derive(Debug, PartialEq, Eq)]
pub enum Blessed {
    /// Its expectations are what the oracle says.
    Same,
    /// They were not; now they are.
    Written,
    /// The oracle does not model it: a person wrote the expectations.
    ByHand(String),
}

/// Holds the expectations of a case file against the oracle, and with `write` puts the oracle's answer in their place.
///
/// # Errors
/// If the file can't be read or written, or differs while `write` is not set.
pub fn bless(path: &Path, write: bool) -> Result<Blessed, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let case = Case::parse(&text).map_err(|error| error.to_string())?;
    let tables = match expectations(&case) {
        Ok(tables) => tables,
        Err(why) => return Ok(Blessed::ByHand(why)),
    };
    let lines: Vec<&str> = text.lines().collect();
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    let mut changed = Vec::new();
    let sections = case
        .sections
        .iter()
        .filter_map(|section| match &section.kind {
            SectionKind::Expect { unordered, .. } => Some((section.line, *unordered)),
            _ => None,
        });
    for ((line, unordered), table) in sections.zip(&tables) {
        out.extend(lines[at..line].iter().map(|line| (*line).to_owned()));
        let body: Vec<&str> = lines[line..]
            .iter()
            .copied()
            .take_while(|line| !line.starts_with("=="))
            .collect();
        let written = Table::read(body.iter().copied()).unwrap_or_default();
        if agrees(&written, table, unordered) {
            out.extend(body.iter().map(|line| (*line).to_owned()));
        } else {
            changed.push(format!(
                "line {line}: expected\n{}\nthe oracle says\n{}",
                body.join("\n"),
                table.write().join("\n")
            ));
            out.extend(table.write());
        }
        at = line + body.len();
    }
    out.extend(lines[at..].iter().map(|line| (*line).to_owned()));
    if changed.is_empty() {
        return Ok(Blessed::Same);
    }
    if !write {
        return Err(changed.join("\n"));
    }
    std::fs::write(path, out.join("\n") + "\n").map_err(|error| error.to_string())?;
    Ok(Blessed::Written)
}

/// Whether a table says the same as the oracle's; doubles agree within a billionth.
fn agrees(written: &Table, oracle: &Table, unordered: bool) -> bool {
    if written.rows.is_empty() && oracle.rows.is_empty() {
        return true;
    }
    if written.rows.len() != oracle.rows.len() {
        return false;
    }
    // Columns by name; a case may leave columns out.
    let places: Option<Vec<usize>> = written
        .columns
        .iter()
        .map(|name| oracle.columns.iter().position(|other| other == name))
        .collect();
    let Some(places) = places else { return false };
    let same_row = |left: &Vec<Option<String>>, right: &Vec<Option<String>>| {
        left.iter()
            .zip(&places)
            .all(|(cell, place)| same(cell.as_deref(), right[*place].as_deref()))
    };
    if !unordered {
        return written
            .rows
            .iter()
            .zip(&oracle.rows)
            .all(|(left, right)| same_row(left, right));
    }
    let mut left: Vec<&Vec<Option<String>>> = oracle.rows.iter().collect();
    written.rows.iter().all(
        |row| match left.iter().position(|other| same_row(row, other)) {
            Some(at) => {
                left.remove(at);
                true
            }
            None => false,
        },
    )
}

fn same(left: Option<&str>, right: Option<&str>) -> bool {
    let instant = |text: &str| text.replace('T', " ");
    match (left, right) {
        (Some(left), Some(right)) => {
            let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(b.abs());
            left == right
                || instant(left) == instant(right)
                || matches!((left.parse(), right.parse()), (Ok(a), Ok(b)) if close(a, b))
        }
        (None, None) => true,
        // An empty cell says NULL or an empty text.
        (None, Some(text)) | (Some(text), None) => text.is_empty(),
    }
}
