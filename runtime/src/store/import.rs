//! Events of a file into a log.

use std::path::Path;
use std::sync::Arc;

use portent_connect::{
    BadRow, Batch as Rows, ConnectError, OnBad, Progress, SAMPLE_ROWS, Source, SourceConfig,
    SourceSchema,
};
use portent_grammar::codes::input;
use portent_grammar::{Code, Diagnostic, Schema, Span};
use portent_store::{Batch, Log, LogConfig, Recovery, Stream};

use super::export::refuse_position_columns;
use super::folder::begin;
use crate::Errors;

/// Rows that are decoded and appended at once.
const ROWS: usize = 4096;
/// Lines that don't fit which are shown; all are counted.
const SHOWN: usize = 10;

/// What is to be imported.
#[derive(Clone, Copy, Debug)]
pub struct Import<'a> {
    /// JSON lines or CSV, perhaps gzipped.
    pub file: &'a Path,
    /// The stream that its rows are events of.
    pub stream: &'a str,
    /// Its columns. `None`: those that the log has for the stream, or what the beginning of the file looks like.
    pub columns: Option<&'a Schema>,
    /// The wall time, µs: when the events arrive.
    pub now: i64,
}

/// What was imported.
#[derive(Clone, Debug)]
pub struct Imported {
    /// How many events.
    pub events: u64,
    /// The position of the first.
    pub first: u64,
    /// The position behind the last.
    pub next: u64,
    /// The stream, with the columns that they have.
    pub stream: Arc<Stream>,
    /// Whether the columns were inferred from the file.
    pub inferred: bool,
}

/// A file all of whose rows fit: what is left to do is to append them.
#[derive(Debug)]
struct Checked {
    config: SourceConfig,
    schema: SourceSchema,
    columns: Schema,
    inferred: bool,
}

/// Appends the rows of a file to the log in a directory, or to a new one that is begun there, brings them to the disk and closes the log. The file is read twice: first all of it
/// is checked, so that a line that doesn't fit leaves everything as it was.
///
/// # Errors
/// P05xx: the file can't be read, or lines don't fit, each with its place; a field for which there is no column doesn't fit. P0731: the file was exported with positions.
/// P0701, P0704: the directory can't be used. What the log refuses: then the message says how many events it has taken.
pub fn import(
    folder: impl AsRef<Path>,
    config: LogConfig,
    import: &Import<'_>,
) -> Result<(Imported, Recovery), Errors> {
    let folder = folder.as_ref();
    let (checked, log, recovery) = if may_hold_a_log(folder) {
        // Locked first: nobody else changes the columns meanwhile.
        let (log, recovery) = begin(folder, config, import.now)?;
        (check(import, &log.streams())?, log, recovery)
    } else {
        let checked = check(import, &[])?;
        let (log, recovery) = begin(folder, config, import.now)?;
        (checked, log, recovery)
    };
    let imported = append(&log, import, checked)?;
    log.close()?;
    Ok((imported, recovery))
}

/// Whether there is something in the directory; what it is, opening finds out.
fn may_hold_a_log(folder: &Path) -> bool {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_some(),
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    }
}

/// Reads all of the file, and writes none of it.
fn check(import: &Import<'_>, streams: &[Arc<Stream>]) -> Result<Checked, Errors> {
    let mut config = SourceConfig::from_path(import.file.to_string_lossy());
    config.on_bad = OnBad::Skip;
    let known = streams.iter().find(|it| it.name == import.stream);
    let given = import.columns.or(known.map(|it| &it.schema));
    let (schema, columns) = match given {
        Some(columns) => (source_of(columns), columns.clone()),
        None => {
            let inferred =
                portent_connect::infer_config(&config, SAMPLE_ROWS).map_err(not_inferred)?;
            inferred.apply(&mut config);
            (inferred.to_source_schema(), inferred.schema())
        }
    };
    refuse_position_columns(&columns, || import.file.display().to_string())?;
    config.unknown_fields_error = Some(true);
    // Only to see whether the values can be written: nothing of it goes into a log.
    let trial = Arc::new(Stream {
        number: 0,
        generation: 0,
        name: import.stream.to_owned(),
        schema: columns.clone(),
    });
    let mut bad = Bad::default();
    let mut batch = Batch::new();
    each(&config, &schema, |rows, count| {
        bad.add(rows, count);
        put(&mut batch, &trial, rows)
    })?;
    bad.refuse("nothing was imported")?;
    Ok(Checked {
        config,
        schema,
        columns,
        inferred: given.is_none(),
    })
}

fn append(log: &Log, import: &Import<'_>, checked: Checked) -> Result<Imported, Errors> {
    let stream = log.define(import.stream, &checked.columns, import.now)?;
    let first = log.next();
    let mut batch = Batch::new();
    each(&checked.config, &checked.schema, |rows, count| {
        let mut bad = Bad::default();
        bad.add(rows, count);
        bad.refuse("the file has changed since it was checked")?;
        put(&mut batch, &stream, rows)?;
        log.append(&mut batch, import.now)?;
        Ok(())
    })
    .and_then(|()| Ok(log.sync()?))
    .map_err(|errors| {
        let taken = log.next().saturating_sub(first);
        errors.help(format!(
            "{taken} events of {} were taken before",
            import.file.display()
        ))
    })?;
    Ok(Imported {
        events: log.next().saturating_sub(first),
        first,
        next: log.next(),
        stream,
        inferred: checked.inferred,
    })
}

/// The rows alone, as bytes. The columns of an empty file were never laid out.
fn put(batch: &mut Batch, stream: &Arc<Stream>, rows: &Rows) -> Result<(), Errors> {
    batch.clear();
    if rows.rows() == 0 {
        return Ok(());
    }
    Ok(batch.events(stream, &rows.columns)?)
}

fn source_of(columns: &Schema) -> SourceSchema {
    SourceSchema::of(columns.iter().map(|it| (it.name.as_str(), it.ty.clone())))
}

/// Reads a file to its end, some rows at a time; with the number of lines by then that don't fit.
fn each(
    config: &SourceConfig,
    schema: &SourceSchema,
    mut take: impl FnMut(&Rows, u64) -> Result<(), Errors>,
) -> Result<(), Errors> {
    let mut source: Box<dyn Source> = portent_connect::open(config, schema).map_err(told)?;
    let mut rows = Rows::new();
    loop {
        rows.clear();
        let progress = source.next_batch(&mut rows, ROWS).map_err(told)?;
        take(&rows, source.stats().bad)?;
        if progress == Progress::End {
            return Ok(());
        }
    }
}

/// The advice for a stream is CREATE STREAM; here it is another.
fn not_inferred(error: ConnectError) -> Errors {
    if error.code == input::INPUT_EMPTY {
        return Errors::plain(error.code, error.message)
            .help("say the columns: --columns 'ts TIMESTAMP, user TEXT'");
    }
    told(error)
}

fn told(error: ConnectError) -> Errors {
    error.to_diagnostic(Span::default()).into()
}

/// Lines that don't fit.
#[derive(Default)]
struct Bad {
    shown: Vec<Diagnostic>,
    count: u64,
    code: Option<Code>,
}

impl Bad {
    /// `count`: of the whole file by then. A batch keeps some of them only.
    fn add(&mut self, rows: &Rows, count: u64) {
        self.count = count;
        for row in &rows.bad {
            self.code.get_or_insert(row.code);
            if self.shown.len() < SHOWN {
                self.shown.push(diagnostic(row));
            }
        }
    }

    fn refuse(self, why: &str) -> Result<(), Errors> {
        let Some(code) = self.code else { return Ok(()) };
        let mut all = self.shown;
        let hidden = self.count.saturating_sub(all.len() as u64);
        if hidden > 0 {
            let text = format!("{hidden} more lines don't fit");
            all.push(Diagnostic::error(code, Span::default(), text));
        }
        if let Some(last) = all.pop() {
            all.push(last.help(why));
        }
        Err(Errors::new(all, None))
    }
}

fn diagnostic(row: &BadRow) -> Diagnostic {
    let column = row
        .column
        .as_ref()
        .map(|it| format!(", column \"{it}\""))
        .unwrap_or_default();
    let place = format!("{}, line {}{column}", row.file, row.line);
    let mut told = Diagnostic::error(row.code, Span::default(), format!("{place}: {}", row.error));
    told = told.help(format!(
        "the row is: {}",
        portent_connect::shorten(row.raw.as_bytes())
    ));
    match &row.help {
        Some(help) => told.help(help.clone()),
        None => told,
    }
}
