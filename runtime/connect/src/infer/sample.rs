//! Looks at the first rows of an input, format by format.

use std::io::{Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use indexmap::IndexMap;
use serde_json::value::RawValue;

use portent_grammar::codes::input as codes;

use super::tally::Tally;
use super::{InferredColumn, InferredSchema, empty};
use crate::blocks::{Blocks, LineSplitter, Split};
use crate::decode::csv_split::{Cells, CsvSplitter, Dialect};
use crate::decode::header;
use crate::error::ConnectError;
use crate::files;
use crate::options::{Connector, Format, Header, OptionMap, SourceConfig};
use crate::source::{sniff, stdin};

/// How many different fields of JSON objects become columns at most.
const MAX_COLUMNS: usize = 2_000;

/// # Errors
/// As `infer`.
pub(super) fn look(config: &SourceConfig, rows: usize) -> Result<InferredSchema, ConnectError> {
    let (reader, name) = open(config, rows)?;
    let mut blocks = Blocks::new(reader);
    // A sample of a pipe may end in the midst of packed data: what could be read counts.
    let mut failed = None;
    while blocks.data().len() < 64 << 10 {
        match blocks.fill() {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    if let (Some(error), true) = (failed, blocks.data().is_empty()) {
        return Err(ConnectError::new(
            codes::READ_FAILED,
            format!("{name} can't be read: {error}"),
        ));
    }
    if blocks.data().starts_with(&[0xef, 0xbb, 0xbf]) {
        blocks.consume(3);
    }
    if blocks.data().trim_ascii().is_empty() && blocks.at_end() {
        return Err(empty(&name));
    }
    let sniffed = sniff::sniff(blocks.data(), &name, config, blocks.at_end())?;
    let mut inferred = InferredSchema {
        columns: Vec::new(),
        format: sniffed.format,
        delimiter: sniffed.delimiter,
        header: false,
        notes: Vec::new(),
        rows: 0,
        options: OptionMap::new(),
    };
    match sniffed.format {
        Format::Jsonl => json(&mut blocks, config, rows, &mut inferred),
        Format::Log => log(&mut blocks, config, rows, &mut inferred)?,
        Format::Csv | Format::Auto => csv(&mut blocks, config, rows, &mut inferred),
    }
    Ok(inferred)
}

fn open(
    config: &SourceConfig,
    rows: usize,
) -> Result<(Box<dyn Read + Send>, String), ConnectError> {
    let counter = Arc::new(AtomicU64::new(0));
    match &config.connector {
        Connector::File { .. } | Connector::Directory(_) => {
            let (config, _) = crate::secret::resolved(config)?;
            let found = match &config.connector {
                Connector::File { paths } => files::find(paths)?,
                Connector::Directory(directory) => files::in_folder(directory)?,
                _ => Vec::new(),
            };
            // An empty file among others tells nothing.
            let Some(file) = found.iter().find(|file| file.bytes > 0).or(found.first()) else {
                return Err(empty("the input"));
            };
            Ok((
                files::open(file, config.compression, counter)?.input,
                file.name.to_string(),
            ))
        }
        _ => {
            let bytes = stdin::sample(rows)?;
            let reader = files::unpack(Box::new(Cursor::new(bytes)), config.compression, counter)
                .map_err(|error| {
                ConnectError::new(
                    codes::READ_FAILED,
                    format!("<stdin> can't be read: {error}"),
                )
            })?;
            Ok((reader.input, "<stdin>".to_owned()))
        }
    }
}

/// Calls `with` for each row, until it has had enough. Rows that can't be read are passed over: reading will name them.
fn each_row(
    blocks: &mut Blocks,
    mut split: impl FnMut(&[u8], bool) -> Split,
    mut with: impl FnMut(&str) -> bool,
) {
    loop {
        match split(blocks.data(), blocks.at_end()) {
            Split::End => return,
            Split::More => {
                if blocks.fill().is_err() {
                    return;
                }
            }
            Split::Record(record) => {
                let raw = blocks.data().get(record.text.clone()).unwrap_or_default();
                if let (Ok(row), None) = (std::str::from_utf8(raw), record.fault)
                    && !row.is_empty()
                    && !with(row)
                {
                    return;
                }
                blocks.consume(record.length);
            }
        }
    }
}

fn csv(blocks: &mut Blocks, config: &SourceConfig, rows: usize, inferred: &mut InferredSchema) {
    let dialect = Dialect::new(config, inferred.delimiter);
    let mut splitter = CsvSplitter::default();
    let mut first: Option<Vec<String>> = None;
    let mut tallies: Vec<Tally> = Vec::new();
    let mut seen = 0;
    let limit = config.max_line_bytes;
    each_row(
        blocks,
        |data, at_end| splitter.next(data, at_end, &dialect, limit),
        |row| {
            if row.as_bytes().first().copied() == dialect.comment {
                return true;
            }
            let cells = Cells::new(row, dialect);
            if first.is_none() {
                let cells: Vec<String> = cells.map(|cell| cell.text.into_owned()).collect();
                tallies = cells.iter().map(|_| Tally::new(config)).collect();
                first = Some(cells);
                return true;
            }
            let cells: Vec<_> = cells.collect();
            // A row of another width is a bad row.
            if cells.len() == tallies.len() {
                for (tally, cell) in tallies.iter_mut().zip(&cells) {
                    let text = if config.trim && !cell.quoted {
                        cell.text.trim()
                    } else {
                        &cell.text
                    };
                    tally.text(text, cell.quoted);
                }
                seen += 1;
            }
            seen < rows
        },
    );
    let Some(first) = first else { return };
    inferred.header = match config.csv.header {
        Header::Yes => true,
        Header::No => false,
        Header::Auto => is_header(&first, &tallies, config, seen),
    };
    if !inferred.header {
        for (tally, cell) in tallies.iter_mut().zip(&first) {
            tally.text(cell, false);
        }
        seen += 1;
    }
    inferred.rows = seen;
    let names = match inferred.header {
        true => header::names(first),
        false => (1..=first.len())
            .map(|number| format!("column{number}"))
            .collect(),
    };
    for (index, (name, tally)) in names.into_iter().zip(tallies).enumerate() {
        let source_name = if inferred.header {
            name.clone()
        } else {
            (index + 1).to_string()
        };
        inferred
            .columns
            .push(tally.into_column(name, source_name, config, &mut inferred.notes));
    }
    if inferred.header && config.csv.header == Header::Auto && seen == 0 {
        inferred.notes.push(
            "there is only one row, and it was taken for a header; csv.header = false if it isn't"
                .into(),
        );
    }
}

/// A first row is a header if none of its cells is empty, a number, a truth value or an instant, no two are alike, and no cell below
/// one has the same text. A file of texts only thus has a header, as most do.
fn is_header(first: &[String], tallies: &[Tally], config: &SourceConfig, seen: usize) -> bool {
    let texts = first.iter().enumerate().all(|(index, cell)| {
        let mut alone = Tally::new(config);
        alone.text(cell.trim(), false);
        alone.is_plain_text() && !first.iter().take(index).any(|before| before == cell)
    });
    let some_empty = first.iter().all(|cell| {
        let mut alone = Tally::new(config);
        alone.text(cell.trim(), false);
        cell.trim().is_empty() || alone.is_plain_text()
    }) && first.iter().any(|cell| !cell.trim().is_empty());
    // A name may be missing (row numbers written by R or pandas), if what stands below is typed.
    let typed = seen > 0 && tallies.iter().any(Tally::is_typed);
    texts || (some_empty && typed)
}

fn json(blocks: &mut Blocks, config: &SourceConfig, rows: usize, inferred: &mut InferredSchema) {
    let mut splitter = LineSplitter::default();
    let mut tallies: IndexMap<String, Tally> = IndexMap::new();
    let mut seen: u64 = 0;
    let mut too_many = false;
    each_row(
        blocks,
        |data, at_end| splitter.next(data, at_end, config.max_line_bytes),
        |row| {
            let Ok(object) = serde_json::from_str::<IndexMap<String, &RawValue>>(row) else {
                return true;
            };
            for (name, token) in object {
                if tallies.len() >= MAX_COLUMNS && !tallies.contains_key(&name) {
                    too_many = true;
                    continue;
                }
                tallies
                    .entry(name)
                    .or_insert_with(|| Tally::new(config))
                    .json(token.get());
            }
            seen += 1;
            (seen as usize) < rows
        },
    );
    if too_many {
        inferred.notes.push(format!(
            "there are more than {MAX_COLUMNS} different fields; the others are left out"
        ));
    }
    inferred.rows = seen as usize;
    for (name, tally) in tallies {
        let absent = tally.count() < seen;
        let mut column = tally.into_column(name.clone(), name, config, &mut inferred.notes);
        column.nullable |= absent;
        inferred.columns.push(column);
    }
}

fn log(
    blocks: &mut Blocks,
    config: &SourceConfig,
    rows: usize,
    inferred: &mut InferredSchema,
) -> Result<(), ConnectError> {
    let Some(pattern) = config.log.pattern.clone() else {
        return Err(ConnectError::new(
            codes::OPTION_MISSING,
            "format = 'log' needs the option 'log.pattern'",
        ));
    };
    let mut splitter = LineSplitter::default();
    let names: Vec<&str> = pattern.capture_names().flatten().collect();
    let mut tallies: Vec<Tally> = names.iter().map(|_| Tally::new(config)).collect();
    let (mut seen, mut unmatched) = (0, 0u64);
    each_row(
        blocks,
        |data, at_end| splitter.next(data, at_end, config.max_line_bytes),
        |row| {
            let Some(groups) = pattern.captures(row) else {
                unmatched += 1;
                return true;
            };
            for (tally, name) in tallies.iter_mut().zip(&names) {
                match groups.name(name) {
                    Some(found) => tally.text(
                        if config.trim {
                            found.as_str().trim()
                        } else {
                            found.as_str()
                        },
                        true,
                    ),
                    None => tally.null(),
                }
            }
            seen += 1;
            seen < rows
        },
    );
    if seen == 0 {
        let message = format!("none of the first {unmatched} lines matches log.pattern");
        return Err(ConnectError::new(codes::BAD_ROW_UNMATCHED, message).option("log.pattern"));
    }
    inferred.rows = seen;
    let columns: Vec<InferredColumn> = names
        .into_iter()
        .zip(tallies)
        .map(|(name, tally)| {
            tally.into_column(
                name.to_owned(),
                name.to_owned(),
                config,
                &mut inferred.notes,
            )
        })
        .collect();
    inferred.columns = columns;
    Ok(())
}
