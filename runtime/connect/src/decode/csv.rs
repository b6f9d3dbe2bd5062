//! CSV: RFC 4180 and its relatives.
//!
//! Own code rather than a crate's, because rows must keep what a general reader drops: whether a cell was quoted (an unquoted
//! empty cell is NULL, `""` is a text), the raw text of a bad row, exact line numbers, a limit on a row's length, and going
//! on after a quote that is never closed. Rows are split in place; only cells with doubled quotes are copied.

use portent_grammar::codes::input as codes;
use portent_grammar::{ColumnValues, Columns};

use super::cell::CellReader;
use super::csv_split::{Cells, Dialect};
use super::header;
use crate::batch::RowError;
use crate::error::ConnectError;
use crate::options::{Header, SourceConfig};
use crate::schema::SourceSchema;

/// Reads the rows of CSV files.
pub(crate) struct CsvDecoder {
    pub dialect: Dialect,
    header: Header,
    trim: bool,
    /// `unknown_fields`: fields without a column are errors, or explicitly fine.
    unknown_error: Option<bool>,
    /// Short rows, and columns that the header lacks, are NULL.
    lenient: bool,
    schema: SourceSchema,
    pub(super) readers: Vec<CellReader>,
    year: Option<i32>,
    /// By field; what nobody needs isn't here.
    wanted: Vec<Wanted>,
    /// How many cells the first row has; 0: it hasn't come yet.
    width: usize,
    /// Whether the first row was a header, for errors.
    has_header: bool,
}

#[derive(Clone, Copy, Debug)]
struct Wanted {
    field: usize,
    slot: usize,
}

impl CsvDecoder {
    pub fn new(config: &SourceConfig, schema: &SourceSchema, dialect: Dialect) -> Self {
        let readers = schema
            .columns
            .iter()
            .map(|column| CellReader::new(&column.name, &column.ty, config))
            .collect();
        Self {
            dialect,
            header: config.csv.header,
            trim: config.trim,
            unknown_error: config.unknown_fields_error,
            lenient: config.missing_fields_error == Some(false),
            schema: schema.clone(),
            readers,
            year: config.time.year,
            wanted: Vec::new(),
            width: 0,
            has_header: false,
        }
    }

    /// A new file begins, with a first row of its own.
    pub fn begin(&mut self, dialect: Dialect) {
        self.dialect = dialect;
        self.width = 0;
        self.reset_readers();
    }

    fn reset_readers(&mut self) {
        for reader in &mut self.readers {
            reader.reset(self.year);
        }
    }

    /// Whether the first row is still to come.
    pub fn is_new(&self) -> bool {
        self.width == 0
    }

    /// Takes the first row, and learns from it where the columns are; true if it was a header, false if it is a row.
    ///
    /// # Errors
    /// P0512: a column isn't there.
    pub fn first_row(&mut self, row: &str, file: &str) -> Result<bool, ConnectError> {
        let cells: Vec<String> = Cells::new(row, self.dialect)
            .map(|cell| cell.text.into_owned())
            .collect();
        self.width = cells.len();
        let names = header::names(cells);
        self.has_header = match self.header {
            Header::Yes => true,
            Header::No => false,
            Header::Auto => self.looks_like_header(row, &names, file),
        };
        let slots = if self.has_header {
            let place = format!("the header of {file}");
            let slots = header::by_name(&self.schema, &names, &place, self.lenient)?;
            if self.unknown_error == Some(true)
                && let Some(name) = names
                    .iter()
                    .enumerate()
                    .find(|(index, _)| !slots.contains(&Some(*index)))
            {
                let message = format!("{place} has \"{}\", which no column is read from", name.1);
                let error = ConnectError::new(codes::BAD_ROW_UNKNOWN_FIELD, message)
                    .option("unknown_fields");
                return Err(error.help("declare a column for it, or say unknown_fields = 'ignore'"));
            }
            slots
        } else {
            header::by_position(&self.schema, self.width, file, self.lenient)?
        };
        self.want(&slots);
        Ok(self.has_header)
    }

    /// A first row is a header if it names one of the columns; if it names none, it is a row if it reads as one.
    fn looks_like_header(&mut self, row: &str, names: &[String], file: &str) -> bool {
        let wanted = self
            .schema
            .columns
            .iter()
            .filter_map(|column| column.source_name());
        if wanted
            .into_iter()
            .any(|wanted| header::find(names, wanted).is_some())
        {
            return true;
        }
        let Ok(slots) = header::by_position(&self.schema, self.width, file, self.lenient) else {
            return true;
        };
        self.want(&slots);
        let reads = self.decode(row, false, &mut self.schema.columns()).is_ok();
        self.reset_readers();
        !reads
    }

    fn want(&mut self, slots: &[Option<usize>]) {
        let needed = slots.iter().zip(&self.schema.columns).enumerate();
        self.wanted = needed
            .filter(|(_, (_, column))| column.needed)
            .filter_map(|(slot, (field, _))| field.map(|field| Wanted { field, slot }))
            .collect();
        self.wanted.sort_by_key(|wanted| wanted.field);
    }

    /// Reads a row into its columns. `plain`: it has no quotes.
    pub fn decode(
        &mut self,
        row: &str,
        plain: bool,
        columns: &mut Columns,
    ) -> Result<(), RowError> {
        let fields = match plain {
            true => self.plain_row(row, columns.columns_mut())?,
            false => self.quoted_row(row, columns.columns_mut())?,
        };
        if fields == self.width {
            return Ok(());
        }
        self.check_width(fields)
    }

    /// Reads the cells of a row that has quotes; how many there are.
    fn quoted_row(&mut self, row: &str, columns: &mut [ColumnValues]) -> Result<usize, RowError> {
        let mut wanted = self.wanted.iter();
        let mut next = wanted.next();
        let mut fields = 0;
        for cell in Cells::new(row, self.dialect) {
            while let Some(&Wanted { field, slot }) = next
                && field == fields
            {
                read(
                    &mut self.readers,
                    slot,
                    &cell.text,
                    cell.quoted,
                    self.trim,
                    columns,
                )?;
                next = wanted.next();
            }
            fields += 1;
        }
        Ok(fields)
    }

    /// The same for a row without quotes: cells behind the last that is wanted are only counted.
    fn plain_row(&mut self, row: &str, columns: &mut [ColumnValues]) -> Result<usize, RowError> {
        let delimiter = self.dialect.delimiter;
        let bytes = row.as_bytes();
        let mut wanted = self.wanted.iter();
        let mut next = wanted.next();
        let mut fields = 0;
        let mut start = 0;
        while let Some(&Wanted { field, .. }) = next {
            let end = cell_end(bytes, start, delimiter);
            if field == fields {
                let text = row.get(start..end).unwrap_or_default();
                while let Some(&Wanted { field, slot }) = next
                    && field == fields
                {
                    read(&mut self.readers, slot, text, false, self.trim, columns)?;
                    next = wanted.next();
                }
            }
            fields += 1;
            if end == bytes.len() {
                return Ok(fields);
            }
            start = end + 1;
        }
        let rest = bytes.get(start..).unwrap_or_default();
        Ok(fields + 1 + rest.iter().filter(|it| **it == delimiter).count())
    }

    fn check_width(&self, fields: usize) -> Result<(), RowError> {
        let short = fields < self.width;
        if (short && self.lenient) || (!short && self.unknown_error == Some(false)) {
            return Ok(());
        }
        let first = if self.has_header {
            "the header"
        } else {
            "the first row"
        };
        let cells = |count: usize| {
            if count == 1 {
                "1 cell".to_owned()
            } else {
                format!("{count} cells")
            }
        };
        let message = format!("the row has {}, {first} has {}", cells(fields), self.width);
        let error = RowError::new(codes::BAD_ROW_SHAPE, message);
        Err(if short {
            error.help("missing_fields = 'null' reads short rows as if their last cells were NULL")
        } else {
            error.help("a cell that holds the delimiter must be quoted; unknown_fields = 'ignore' drops further cells")
        })
    }
}

/// Where the cell that begins at `start` ends. Most cells are so short that looking at byte after byte is the fastest way.
#[inline]
fn cell_end(bytes: &[u8], start: usize, delimiter: u8) -> usize {
    const SHORT: usize = 16;
    let rest = bytes.get(start..).unwrap_or_default();
    let near = rest.iter().take(SHORT).position(|it| *it == delimiter);
    let at = near.or_else(|| {
        let far = rest.get(SHORT..)?;
        memchr::memchr(delimiter, far).map(|at| at + SHORT)
    });
    start + at.unwrap_or(rest.len())
}

#[inline]
fn read(
    readers: &mut [CellReader],
    slot: usize,
    text: &str,
    quoted: bool,
    trim: bool,
    columns: &mut [ColumnValues],
) -> Result<(), RowError> {
    let (Some(reader), Some(column)) = (readers.get_mut(slot), columns.get_mut(slot)) else {
        return Ok(());
    };
    let text = if trim && !quoted { text.trim() } else { text };
    if reader.is_null(text, !quoted) {
        return Ok(());
    }
    reader.read(text, column).map_err(|error| error.at(slot))
}
