//! From the names in a source to the slots of a stream.

use portent_grammar::codes::input as codes;

use crate::error::{ConnectError, nearest};
use crate::schema::{Origin, SourceSchema};

/// Names of columns as they stand in a header, made usable: blanks around them go, one without a name is called by its place
/// (`column3`), and a name that was there before gets a number (`a`, `a_2`).
pub(crate) fn names(cells: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (index, cell) in cells.into_iter().enumerate() {
        let trimmed = cell.trim();
        let base = if trimmed.is_empty() {
            format!("column{}", index + 1)
        } else {
            trimmed.to_owned()
        };
        let mut name = base.clone();
        let mut number = 2;
        while names.contains(&name) {
            name = format!("{base}_{number}");
            number += 1;
        }
        names.push(name);
    }
    names
}

/// The place of a name: exact, or in another case if only one is meant.
pub(crate) fn find(names: &[String], wanted: &str) -> Option<usize> {
    if let Some(exact) = names.iter().position(|name| name == wanted) {
        return Some(exact);
    }
    let mut alike = names
        .iter()
        .enumerate()
        .filter(|(_, name)| name.to_lowercase() == wanted.to_lowercase());
    match (alike.next(), alike.next()) {
        (Some((index, _)), None) => Some(index),
        _ => None,
    }
}

/// For each slot the index of its field; `None` for slots that have none.
///
/// # Errors
/// P0512: a column isn't there, and `lenient` is not set.
pub(crate) fn by_name(
    schema: &SourceSchema,
    names: &[String],
    place: &str,
    lenient: bool,
) -> Result<Vec<Option<usize>>, ConnectError> {
    let mut slots = Vec::with_capacity(schema.columns.len());
    for column in &schema.columns {
        let Some(wanted) = column.source_name() else {
            slots.push(None);
            continue;
        };
        let found = find(names, wanted);
        if found.is_none() && !lenient {
            let mut error = ConnectError::new(
                codes::COLUMN_NOT_IN_SOURCE,
                format!(
                    "{place} has no \"{wanted}\", which the column \"{}\" is to be read from",
                    column.name
                ),
            );
            if let Some(near) = nearest(wanted, names.iter().map(String::as_str)) {
                error = error.help(format!(
                    "did you mean \"{near}\"? {} … FROM '{near}'",
                    column.name
                ));
            }
            return Err(error.help(format!("{place} has: {}", listed(names))));
        }
        slots.push(found);
    }
    Ok(slots)
}

/// The same without names: the n-th field for the n-th column, or by number, `FROM '3'`.
///
/// # Errors
/// P0512: FROM is no number, or there are fewer fields than columns.
pub(crate) fn by_position(
    schema: &SourceSchema,
    width: usize,
    place: &str,
    lenient: bool,
) -> Result<Vec<Option<usize>>, ConnectError> {
    let mut next = 0;
    let mut slots = Vec::with_capacity(schema.columns.len());
    for column in &schema.columns {
        let index = match &column.origin {
            Origin::Field(None) => next,
            Origin::Field(Some(from)) => match from.parse::<usize>() {
                Ok(number) if number >= 1 => number - 1,
                _ => {
                    let message = format!(
                        "{place} has no header, so the column \"{}\" can't be found by FROM '{from}'",
                        column.name
                    );
                    let help = "give its place, from 1: FROM '3'; or say csv.header = true";
                    return Err(ConnectError::new(codes::COLUMN_NOT_IN_SOURCE, message).help(help));
                }
            },
            Origin::Metadata(_) | Origin::Computed => {
                slots.push(None);
                continue;
            }
        };
        next = index + 1;
        if index >= width && !lenient {
            let message = format!(
                "{place} has {width} cells in its first row, too few for the column \"{}\", number {}",
                column.name,
                index + 1
            );
            let help = "columns without a header are taken in their order; is the delimiter right (csv.delimiter)?";
            return Err(ConnectError::new(codes::COLUMN_NOT_IN_SOURCE, message).help(help));
        }
        slots.push((index < width).then_some(index));
    }
    Ok(slots)
}

fn listed(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(30).map(String::as_str).collect();
    let more = names.len().saturating_sub(shown.len());
    match more {
        0 => shown.join(", "),
        more => format!("{}, and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn names_are_kept_and_made_unique() {
        let found = names(strings(&[
            "@timestamp",
            "PM2.5",
            "Case ID",
            "",
            "a",
            "a",
            " b ",
            "a",
        ]));
        assert_eq!(
            found,
            [
                "@timestamp",
                "PM2.5",
                "Case ID",
                "column4",
                "a",
                "a_2",
                "b",
                "a_3"
            ]
        );
    }

    #[test]
    fn case_matters_only_between_twins() {
        let names = strings(&["User", "id", "ID"]);
        assert_eq!(find(&names, "user"), Some(0));
        assert_eq!(find(&names, "ID"), Some(2));
        assert_eq!(find(&names, "Id"), None);
    }
}
