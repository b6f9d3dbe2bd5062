//! Log lines: one match of a regular expression with named groups a line.

use std::sync::Arc;

use regex::{CaptureLocations, Regex};

use portent_grammar::Columns;
use portent_grammar::codes::input as codes;

use super::cell::CellReader;
use super::header;
use crate::batch::RowError;
use crate::error::ConnectError;
use crate::options::{SourceConfig, Unmatched};
use crate::schema::SourceSchema;

/// Reads log lines.
pub(crate) struct LogDecoder {
    pattern: Arc<Regex>,
    groups: CaptureLocations,
    skip_unmatched: bool,
    trim: bool,
    year: Option<i32>,
    /// Group, slot, reader.
    pub(super) wanted: Vec<(usize, usize, CellReader)>,
}

impl LogDecoder {
    /// # Errors
    /// P0504: there is no pattern. P0512: a column is none of its groups.
    pub fn new(config: &SourceConfig, schema: &SourceSchema) -> Result<Self, ConnectError> {
        let Some(pattern) = config.log.pattern.clone() else {
            let error = ConnectError::new(
                codes::OPTION_MISSING,
                "format = 'log' needs the option 'log.pattern'",
            );
            return Err(error.option("format"));
        };
        let groups = pattern.capture_locations();
        // Group 0 is the whole match, so that FROM '0' is the line.
        let names: Vec<String> = pattern
            .capture_names()
            .enumerate()
            .map(|(index, name)| name.map_or_else(|| index.to_string(), str::to_owned))
            .collect();
        let lenient = config.missing_fields_error == Some(false);
        let slots = header::by_name(schema, &names, "log.pattern", lenient)?;
        let wanted = slots
            .into_iter()
            .zip(&schema.columns)
            .enumerate()
            .filter(|(_, (_, column))| column.needed)
            .filter_map(|(slot, (group, column))| {
                group.map(|group| {
                    (
                        group,
                        slot,
                        CellReader::new(&column.name, &column.ty, config),
                    )
                })
            })
            .collect();
        let skip_unmatched = config.log.unmatched == Unmatched::Skip;
        Ok(Self {
            pattern,
            groups,
            skip_unmatched,
            trim: config.trim,
            year: config.time.year,
            wanted,
        })
    }

    /// A new file begins.
    pub fn begin(&mut self) {
        for (_, _, reader) in &mut self.wanted {
            reader.reset(self.year);
        }
    }

    /// Reads a line into its columns; false: it doesn't match, and that is fine.
    pub fn decode(&mut self, line: &str, columns: &mut Columns) -> Result<bool, RowError> {
        if self.pattern.captures_read(&mut self.groups, line).is_none() {
            if self.skip_unmatched {
                return Ok(false);
            }
            let error = RowError::new(
                codes::BAD_ROW_UNMATCHED,
                "the line doesn't match log.pattern",
            );
            return Err(error.help("to pass over lines that are no events: log.unmatched = 'skip'"));
        }
        for (group, slot, reader) in &mut self.wanted {
            // A group that took no part in the match is NULL.
            let Some((start, end)) = self.groups.get(*group) else {
                continue;
            };
            let text = line.get(start..end).unwrap_or_default();
            let text = if self.trim { text.trim() } else { text };
            if reader.is_null(text, false) {
                continue;
            }
            if let Some(column) = columns.columns_mut().get_mut(*slot) {
                reader.read(text, column).map_err(|error| error.at(*slot))?;
            }
        }
        Ok(true)
    }
}
