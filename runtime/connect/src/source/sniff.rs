//! What the beginning of a file tells about its format.

use portent_grammar::codes::input as codes;

use crate::blocks::Split;
use crate::decode::csv_split::{Cells, CsvSplitter, Dialect};
use crate::error::ConnectError;
use crate::options::{Delimiter, Format, SourceConfig};

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sniffed {
    pub format: Format,
    pub delimiter: u8,
}

/// The delimiters that are looked for; of equal candidates the first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How many rows are looked at.
const ROWS: usize = 100;

/// Settles what `auto` left open.
///
/// # Errors
/// P0510: neither name nor content tells the format. P0522: the file is one JSON array.
pub(crate) fn sniff(
    data: &[u8],
    name: &str,
    config: &SourceConfig,
    at_end: bool,
) -> Result<Sniffed, ConnectError> {
    let extension = extension(name);
    let delimiter = match config.csv.delimiter {
        Delimiter::Byte(byte) => byte,
        Delimiter::Auto => {
            let (found, _) = delimiter(data, config, at_end);
            // A name that says so wins over a doubt.
            match (found, extension.as_str()) {
                (None, "tsv" | "tab") => b'\t',
                (found, _) => found.unwrap_or(b','),
            }
        }
    };
    let format = match config.format {
        Format::Auto => by_name_or_content(data, name, &extension, config, at_end)?,
        format => format,
    };
    if format == Format::Jsonl && data.trim_ascii_start().first() == Some(&b'[') {
        let message = format!("{name} begins with a JSON array; one JSON object a line is read");
        let help = format!("make lines of it: jq -c '.[]' '{name}'");
        return Err(ConnectError::new(codes::BAD_ROW_JSON, message).help(help));
    }
    Ok(Sniffed { format, delimiter })
}

/// In lower case, without `.gz`.
pub(crate) fn extension(name: &str) -> String {
    let lower = name.to_lowercase();
    let plain = lower.strip_suffix(".gz").unwrap_or(&lower);
    let file = plain.rsplit(['/', '\\']).next().unwrap_or_default();
    match file.rsplit_once('.') {
        Some((_, extension)) => extension.to_owned(),
        None => String::new(),
    }
}

fn by_name_or_content(
    data: &[u8],
    name: &str,
    extension: &str,
    config: &SourceConfig,
    at_end: bool,
) -> Result<Format, ConnectError> {
    match extension {
        "csv" | "tsv" | "tab" | "psv" => return Ok(Format::Csv),
        "json" | "jsonl" | "ndjson" => return Ok(Format::Jsonl),
        _ => {}
    }
    let text = data.trim_ascii_start();
    if matches!(text.first(), Some(b'{' | b'[')) {
        return Ok(Format::Jsonl);
    }
    if let (Some(_), true) = delimiter(data, config, at_end) {
        return Ok(Format::Csv);
    }
    if text.is_empty() {
        // Nothing to read, whatever the format.
        return Ok(Format::Csv);
    }
    let error = ConnectError::new(
        codes::FORMAT_UNKNOWN,
        format!("the format of {name} can't be told"),
    );
    Err(error.option("format").help(
        "say format = 'csv' or 'jsonl', or give a log.pattern, a regular expression with a named group for each column",
    ))
}

/// The delimiter that splits the first rows into the same number of cells, the more the better; and whether all rows agree.
fn delimiter(data: &[u8], config: &SourceConfig, at_end: bool) -> (Option<u8>, bool) {
    let mut best: Option<(bool, usize, u8)> = None;
    for candidate in DELIMITERS {
        let dialect = Dialect::new(config, candidate);
        let widths = widths(data, &dialect, at_end, config.max_line_bytes);
        let Some(first) = widths.first().copied().filter(|width| *width > 1) else {
            continue;
        };
        let agree = widths.iter().all(|width| *width == first);
        if best.is_none_or(|(agreed, width, _)| (agree, first) > (agreed, width)) {
            best = Some((agree, first, candidate));
        }
    }
    match best {
        Some((agree, _, delimiter)) => (Some(delimiter), agree),
        None => (None, false),
    }
}

fn widths(data: &[u8], dialect: &Dialect, at_end: bool, limit: usize) -> Vec<usize> {
    let mut splitter = CsvSplitter::default();
    let mut widths = Vec::new();
    let mut rest = data;
    while widths.len() < ROWS {
        let Split::Record(record) = splitter.next(rest, at_end, dialect, limit) else {
            break;
        };
        let row = rest.get(record.text.clone()).unwrap_or_default();
        let is_row =
            !row.is_empty() && row.first().copied() != dialect.comment && record.fault.is_none();
        if is_row {
            widths.push(Cells::new(&String::from_utf8_lossy(row), *dialect).count());
        }
        rest = rest.get(record.length..).unwrap_or_default();
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, data: &str) -> Result<(Format, u8), ConnectError> {
        sniff(data.as_bytes(), name, &SourceConfig::default(), true)
            .map(|found| (found.format, found.delimiter))
    }

    #[test]
    fn delimiters() {
        assert_eq!(found("x.csv", "a;b\n1,5;2\n"), Ok((Format::Csv, b';')));
        assert_eq!(found("x.csv", "a\tb\n1\t2\n"), Ok((Format::Csv, b'\t')));
        assert_eq!(found("x.tsv.gz", "a\n1\n"), Ok((Format::Csv, b'\t')));
        assert_eq!(
            found("x.csv", "a,b\n\"x;y;z\",2\n"),
            Ok((Format::Csv, b','))
        );
        assert_eq!(found("x.csv", "a\n1\n"), Ok((Format::Csv, b',')));
        assert_eq!(found("x.dat", "a|b|c\n1|2|3\n"), Ok((Format::Csv, b'|')));
    }

    #[test]
    fn content_tells_what_the_name_does_not() {
        assert_eq!(
            found("events", "\n {\"a\":1}\n").map(|found| found.0),
            Ok(Format::Jsonl)
        );
        assert_eq!(
            found("events.log", "Mar 27 13:06:56 host sshd[1]: x, y\nno\n")
                .unwrap_err()
                .code,
            codes::FORMAT_UNKNOWN
        );
        assert_eq!(
            found("x.json", "[{\"a\":1}]").unwrap_err().code,
            codes::BAD_ROW_JSON
        );
        assert_eq!(found("empty", "").map(|found| found.0), Ok(Format::Csv));
    }
}
