//! Sources: from a checked configuration to rows.

mod ahead;
pub(crate) mod bad;
mod files;
mod generator;
mod hiding;
mod merge;
pub(crate) mod place;
pub(crate) mod rows;
pub(crate) mod sniff;
pub(crate) mod stdin;
#[cfg(test)]
mod tests;

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use portent_grammar::codes::input as codes;

use crate::batch::Source;
use crate::error::ConnectError;
use crate::files::FoundFile;
use crate::options::{Connector, Merge, SourceConfig};
use crate::own::OwnSource;
use crate::schema::SourceSchema;
use crate::secret;

use bad::BadSink;
pub use bad::open_dlq;
use files::{FilesSource, Input};
use generator::GeneratorSource;
use hiding::Hiding;
use merge::MergeSource;
use rows::RowReader;

/// How many files may be open at once.
const MAX_OPEN: usize = 500;

/// Opens a source. What can be checked before the first row is checked: files, header, columns, the pattern's groups.
///
/// # Errors
/// P0506 to P0516, P0530 to P0534, P0545, P0546: what can't be opened, and why.
pub fn open(config: &SourceConfig, schema: &SourceSchema) -> Result<Box<dyn Source>, ConnectError> {
    let (config, secrets) = secret::resolved(config)?;
    if secrets.is_empty() {
        return open_resolved(&config, schema);
    }
    match open_resolved(&config, schema) {
        Ok(source) => Ok(Box::new(Hiding::new(source, secrets))),
        Err(error) => Err(secrets.hide_error(error)),
    }
}

/// As `open`, of a configuration whose secrets are put in.
pub(crate) fn open_resolved(
    config: &SourceConfig,
    schema: &SourceSchema,
) -> Result<Box<dyn Source>, ConnectError> {
    schema.check()?;
    if config.follow.is_some() {
        return Err(live_only("a file with follow = true", "follow"));
    }
    match &config.connector {
        Connector::Tcp(_) => Err(live_only("a stream of connector = 'tcp'", "connector")),
        Connector::Http => Err(live_only("a stream of connector = 'http'", "connector")),
        Connector::Directory(directory) => {
            open_files(config, schema, crate::files::in_folder(directory)?)
        }
        Connector::Generator(generator) => Ok(Box::new(GeneratorSource::new(generator, schema)?)),
        Connector::Own(own) => Ok(Box::new(OwnSource::open(own, &config.on_bad, schema)?)),
        Connector::Stdin => open_reader(config, schema, stdin::take()?, "<stdin>"),
        Connector::File { paths } => {
            let files = crate::files::find(paths)?;
            if config.merge == Merge::Sequence || files.len() == 1 {
                return Ok(Box::new(FilesSource::new(config, schema, files)?));
            }
            let time = event_time(schema)?;
            if files.len() > MAX_OPEN {
                let message = format!(
                    "merge = 'time' can hold {MAX_OPEN} files open, and there are {}",
                    files.len()
                );
                let help =
                    "read them by merge = 'sequence', with a lateness that covers their overlap";
                return Err(ConnectError::new(codes::MERGE_TIME, message)
                    .option("merge")
                    .help(help));
            }
            Ok(Box::new(MergeSource::new(config, schema, files, time)?))
        }
    }
}

/// These files one after the other.
///
/// # Errors
/// As `open`.
pub(crate) fn open_files(
    config: &SourceConfig,
    schema: &SourceSchema,
    files: Vec<FoundFile>,
) -> Result<Box<dyn Source>, ConnectError> {
    Ok(Box::new(FilesSource::new(config, schema, files)?))
}

fn live_only(what: &str, option: &str) -> ConnectError {
    let message = format!("{what} has no end: it needs portent serve, or the shell");
    ConnectError::new(codes::LIVE_ONLY, message).option(option)
}

/// A source over any reader, under a name: what `open` does for standard input. It is read as it flows: rows are
/// handed out before the reader is asked for more.
///
/// # Errors
/// As `open`.
pub fn open_reader(
    config: &SourceConfig,
    schema: &SourceSchema,
    reader: Box<dyn Read + Send>,
    name: &str,
) -> Result<Box<dyn Source>, ConnectError> {
    schema.check()?;
    let bad = BadSink::new(&config.on_bad)?;
    let counter = Arc::new(AtomicU64::new(0));
    let rows = RowReader::new(config, schema)?;
    let input = Input::Reader {
        reader: Some(reader),
        name: name.into(),
    };
    Ok(Box::new(FilesSource::over(
        rows,
        vec![input],
        bad,
        counter,
        None,
    )))
}

fn event_time(schema: &SourceSchema) -> Result<usize, ConnectError> {
    use portent_grammar::Type;

    use crate::schema::Origin;
    let usable = schema.event_time.filter(|slot| {
        schema.columns.get(*slot).is_some_and(|column| {
            column.needed
                && column.ty == Type::Timestamp
                && matches!(column.origin, Origin::Field(_))
        })
    });
    usable.ok_or_else(|| {
        let message = "merge = 'time' needs an event-time column that stands in the files";
        let help =
            "declare it TIMESTAMP, and WATERMARK FOR it; a computed column can't be merged by";
        ConnectError::new(codes::MERGE_TIME, message)
            .option("merge")
            .help(help)
    })
}
