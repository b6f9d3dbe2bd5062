//! Tables in case files: CSV with a header, or JSON lines.

use portent_grammar::Value;

/// A table as written: cells are `None` where they are NULL.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<Option<String>>>,
}

impl Table {
    /// Reads the lines of a section; `None` if they are of a shape that only the real runner knows.
    pub fn read<'a>(lines: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut lines = lines
            .filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with("--"))
            .peekable();
        let Some(first) = lines.peek() else {
            return Some(Self::default());
        };
        if first.trim() == "(none)" {
            return Some(Self::default());
        }
        if first.trim_start().starts_with('{') {
            return Self::read_json(lines);
        }
        let mut table = Self::default();
        for line in lines {
            let cells = split(line);
            if table.columns.is_empty() {
                table.columns = cells.into_iter().flatten().collect();
            } else {
                table.rows.push(cells);
            }
        }
        Some(table)
    }

    fn read_json<'a>(lines: impl Iterator<Item = &'a str>) -> Option<Self> {
        let mut table = Self::default();
        let mut objects = Vec::new();
        for line in lines {
            let object: serde_json::Map<String, serde_json::Value> =
                serde_json::from_str(line).ok()?;
            for name in object.keys() {
                if !table.columns.contains(name) {
                    table.columns.push(name.clone());
                }
            }
            objects.push(object);
        }
        let cell = |value: Option<&serde_json::Value>| match value {
            None | Some(serde_json::Value::Null) => None,
            Some(serde_json::Value::String(text)) => Some(text.clone()),
            Some(other) => Some(other.to_string()),
        };
        table.rows = objects
            .iter()
            .map(|object| {
                table
                    .columns
                    .iter()
                    .map(|name| cell(object.get(name)))
                    .collect()
            })
            .collect();
        Some(table)
    }

    /// The lines of a section.
    pub fn write(&self) -> Vec<String> {
        if self.rows.is_empty() {
            return vec!["(none)".to_owned()];
        }
        let quoted = |cell: &Option<String>| match cell {
            // A line of nothing would be passed over.
            None if self.columns.len() == 1 => "NULL".to_owned(),
            None => String::new(),
            Some(text)
                if text.is_empty()
                    || text.contains([',', '"'])
                    || text.trim() != text
                    || text == "NULL" =>
            {
                format!("\"{}\"", text.replace('"', "\"\""))
            }
            Some(text) => text.clone(),
        };
        let line = |cells: Vec<String>| cells.join(",");
        let header = line(
            self.columns
                .iter()
                .map(|name| quoted(&Some(name.clone())))
                .collect(),
        );
        std::iter::once(header)
            .chain(
                self.rows
                    .iter()
                    .map(|row| line(row.iter().map(quoted).collect())),
            )
            .collect()
    }
}

/// The cells of a line of CSV; NULL where one is empty or says so without quotes.
fn split(line: &str) -> Vec<Option<String>> {
    let mut cells = Vec::new();
    let mut rest = line;
    loop {
        let trimmed = rest.trim_start_matches(' ');
        if let Some(mut inside) = trimmed.strip_prefix('"') {
            let mut cell = String::new();
            while let Some((before, after)) = inside.split_once('"') {
                cell.push_str(before);
                match after.strip_prefix('"') {
                    Some(more) => {
                        cell.push('"');
                        inside = more;
                    }
                    None => {
                        inside = after;
                        break;
                    }
                }
            }
            cells.push(Some(cell));
            match inside.split_once(',') {
                Some((_, more)) => rest = more,
                None => return cells,
            }
        } else {
            let (cell, more) = match rest.split_once(',') {
                Some((cell, more)) => (cell, Some(more)),
                None => (rest, None),
            };
            let cell = cell.trim();
            cells.push((!matches!(cell, "" | "NULL" | "null")).then(|| cell.to_owned()));
            match more {
                Some(more) => rest = more,
                None => return cells,
            }
        }
    }
}

/// A value as case files write it.
pub fn shown(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::Bool(b) => b.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Float(x) => x.to_string(),
        Value::Decimal(d) => d.to_string(),
        Value::Text(text) => text.to_string(),
        Value::Timestamp(micros) => instant(*micros),
        other => other.to_string(),
    })
}

/// `2026-01-31 10:00:00.5Z`
pub fn instant(micros: i64) -> String {
    let (seconds, fraction) = (micros.div_euclid(1_000_000), micros.rem_euclid(1_000_000));
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let clock = format!(
        "{:02}:{:02}:{:02}",
        second / 3600,
        second / 60 % 60,
        second % 60
    );
    let fraction = match fraction {
        0 => String::new(),
        micros => format!(".{micros:06}").trim_end_matches('0').to_owned(),
    };
    format!("{year:04}-{month:02}-{day:02} {clock}{fraction}Z")
}

/// Year, month and day of a number of days since 1970-01-01 (years run from March).
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (
        year_of_era + era * 400 + i64::from(month <= 2),
        month,
        day_of_year - (153 * shifted + 2) / 5 + 1,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells() {
        assert_eq!(
            split("a, \"x, \"\"y\"\"\",,NULL"),
            [Some("a".into()), Some("x, \"y\"".into()), None, None]
        );
        let table = Table::read("a,b\n1,\n\"\",2".lines()).expect("a table");
        assert_eq!(
            table.rows,
            [
                [Some("1".to_owned()), None],
                [Some(String::new()), Some("2".into())]
            ]
        );
        assert_eq!(table.write(), ["a,b", "1,", "\"\",2"]);
    }

    #[test]
    fn instants() {
        assert_eq!(instant(0), "1970-01-01 00:00:00Z");
        assert_eq!(instant(-1), "1969-12-31 23:59:59.999999Z");
        assert_eq!(instant(951_868_800_500_000), "2000-03-01 00:00:00.5Z");
    }
}
