//! Columns and types from the beginning of an input.
//!
//! The sample decides once, all of its values having to agree; what comes later and contradicts is a bad row, named and counted,
//! never a guess. The outcome prints as a CREATE STREAM statement, so that it can be seen, kept and corrected.

mod sample;
mod sql;
mod tally;
#[cfg(test)]
mod tests;

use portent_grammar::codes::input as codes;
use portent_grammar::{Schema, Type};

use crate::error::ConnectError;
use crate::options::{Connector, Delimiter, Format, Header, OptionMap, SourceConfig};
use crate::own::Connectors;
use crate::schema::{SourceColumn, SourceSchema};
use crate::time::TimeFormat;

/// How many rows are looked at unless said otherwise.
pub const SAMPLE_ROWS: usize = 10_000;

/// What the beginning of an input tells about it.
#[derive(Clone, Debug)]
pub struct InferredSchema {
    /// In the order of the input.
    pub columns: Vec<InferredColumn>,
    /// Settled.
    pub format: Format,
    /// CSV: between cells.
    pub delimiter: u8,
    /// CSV: whether the first row holds names.
    pub header: bool,
    /// What one should know: a spelling of NULL that kept a column from being a number, a time without a known unit, …
    pub notes: Vec<String>,
    /// How many rows were looked at.
    pub rows: usize,
    /// The options that it was inferred with.
    options: OptionMap,
}

/// A column as inferred.
#[derive(Clone, Debug, PartialEq)]
pub struct InferredColumn {
    /// As in the source, exactly; numbered where the source has it twice.
    pub name: String,
    /// What all values of the sample are.
    pub ty: Type,
    /// The name in the source (for CSV without a header the place, from 1).
    pub source_name: String,
    /// Whether a value was missing.
    pub nullable: bool,
    /// TIMESTAMP: how it is written.
    pub time_format: Option<TimeFormat>,
}

impl InferredSchema {
    /// As columns, all needed; the event time is the first TIMESTAMP of `ts`, `timestamp`, `time`, `@timestamp`, `event_time`.
    pub fn to_source_schema(&self) -> SourceSchema {
        let columns = self
            .columns
            .iter()
            .map(|column| self.source_column(column))
            .collect();
        SourceSchema {
            columns,
            event_time: self.event_time(),
        }
    }

    fn source_column(&self, column: &InferredColumn) -> SourceColumn {
        let field = SourceColumn::field(&column.name, column.ty.clone());
        if column.source_name == column.name {
            field
        } else {
            field.from(&column.source_name)
        }
    }

    /// Names and types.
    pub fn schema(&self) -> Schema {
        self.columns
            .iter()
            .map(|column| portent_grammar::Column::new(&column.name, column.ty.clone()))
            .collect()
    }

    /// The column that is the event time if nothing else is said.
    pub fn event_time(&self) -> Option<usize> {
        ["ts", "timestamp", "time", "@timestamp", "event_time"]
            .into_iter()
            .find_map(|name| {
                self.columns
                    .iter()
                    .position(|column| column.name == name && column.ty == Type::Timestamp)
            })
    }

    /// Writes what was decided into a configuration, so that reading agrees with the sample.
    pub fn apply(&self, config: &mut SourceConfig) {
        if matches!(config.connector, Connector::Generator(_)) {
            return;
        }
        config.format = self.format;
        if self.format == Format::Csv {
            config.csv.delimiter = Delimiter::Byte(self.delimiter);
            config.csv.header = if self.header { Header::Yes } else { Header::No };
        }
        for column in &self.columns {
            if let Some(format) = &column.time_format
                && !config
                    .time
                    .columns
                    .iter()
                    .any(|(name, _)| *name == column.name)
            {
                config
                    .time
                    .columns
                    .push((column.name.clone(), format.clone()));
            }
        }
    }

    /// As a statement.
    pub fn to_sql(&self, name: &str) -> String {
        sql::create_stream(self, name)
    }
}

/// Looks at the beginning of the source that the options of a stream describe.
///
/// Standard input is looked at without being used up: `open` reads it from its beginning.
///
/// # Errors
/// All that is wrong with the options; what can't be opened; P0509: there is nothing to look at; P0510: the format can't be told.
pub fn infer(options: &OptionMap, sample_rows: usize) -> Result<InferredSchema, Vec<ConnectError>> {
    infer_with(options, sample_rows, &Connectors::default())
}

/// As [`infer`], with a program's own connectors besides: their columns can't be inferred, and the error says so.
///
/// # Errors
/// As there.
pub fn infer_with(
    options: &OptionMap,
    sample_rows: usize,
    connectors: &Connectors,
) -> Result<InferredSchema, Vec<ConnectError>> {
    let config = connectors.source(options)?;
    let mut inferred = infer_config(&config, sample_rows).map_err(|error| vec![error])?;
    inferred.options = options.clone();
    Ok(inferred)
}

/// The same from a checked configuration (`FROM 'x.csv'`).
///
/// # Errors
/// As `infer`.
pub fn infer_config(
    config: &SourceConfig,
    sample_rows: usize,
) -> Result<InferredSchema, ConnectError> {
    match &config.connector {
        Connector::Generator(generator) => Ok(InferredSchema {
            columns: generator
                .kind
                .schema()
                .into_iter()
                .map(|column| InferredColumn {
                    source_name: column.name.clone(),
                    name: column.name,
                    ty: column.ty,
                    nullable: false,
                    time_format: None,
                })
                .collect(),
            format: Format::Auto,
            delimiter: b',',
            header: false,
            notes: Vec::new(),
            rows: 0,
            options: sql::path_options(config),
        }),
        Connector::Tcp(_) | Connector::Http | Connector::Own(_) => {
            let message =
                "the columns can't be inferred before events come, and of this source none have";
            Err(ConnectError::new(codes::INPUT_EMPTY, message)
                .option("connector")
                .help("declare the columns: CREATE STREAM s (ts TIMESTAMP, …) WITH (…)"))
        }
        Connector::Stdin | Connector::File { .. } | Connector::Directory(_) => {
            let mut inferred = sample::look(config, sample_rows.max(1))?;
            inferred.options = sql::path_options(config);
            if inferred.columns.is_empty() {
                return Err(empty("the input"));
            }
            Ok(inferred)
        }
    }
}

fn empty(name: &str) -> ConnectError {
    ConnectError::new(
        codes::INPUT_EMPTY,
        format!("{name} is empty: there is nothing to infer columns from"),
    )
    .help("declare the columns: CREATE STREAM s (ts TIMESTAMP, …) WITH (…)")
}
