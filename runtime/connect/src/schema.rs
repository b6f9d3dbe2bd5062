//! The wanted columns of a stream, and where each comes from.

use portent_grammar::codes::input as codes;
use portent_grammar::{Columns, Type};

use crate::error::{ConnectError, nearest};

/// The columns of a stream, in the order of its slots.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SourceSchema {
    /// One for each slot of a row.
    pub columns: Vec<SourceColumn>,
    /// The event-time column, if it is one of these: `merge = 'time'` needs it.
    pub event_time: Option<usize>,
}

/// A column of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceColumn {
    /// As declared.
    pub name: String,
    /// Its type.
    pub ty: Type,
    /// Where its values come from.
    pub origin: Origin,
    /// Whether anybody reads it: a column that nobody needs isn't decoded, and is NULL in every row.
    pub needed: bool,
    /// A row in which it is NULL is a bad row (checked only where it is needed).
    pub not_null: bool,
}

/// Where a column's values come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A field of the input: by `FROM 'name'`, or by the column's own name.
    Field(Option<String>),
    /// Told by the source.
    Metadata(Metadata),
    /// Computed by the caller: always NULL here.
    Computed,
}

/// What a source knows about a row besides its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metadata {
    /// The line on which the row begins, from 1. BIGINT.
    Line,
    /// The file's name, as the path or glob gave it; `<stdin>`. TEXT.
    File,
    /// The byte at which the row begins in the uncompressed file, from 0. BIGINT.
    Offset,
}

impl Metadata {
    /// By name: `line`, `file`, `offset`, in any case.
    ///
    /// # Errors
    /// P0513: there is no such metadata.
    pub fn parse(name: &str) -> Result<Self, ConnectError> {
        const NAMES: [&str; 3] = ["line", "file", "offset"];
        match name.to_lowercase().as_str() {
            "line" => Ok(Self::Line),
            "file" => Ok(Self::File),
            "offset" => Ok(Self::Offset),
            _ => {
                let message =
                    format!("unknown metadata '{name}': a source knows line, file and offset");
                let error = ConnectError::new(codes::METADATA_UNKNOWN, message);
                Err(match nearest(name, NAMES) {
                    Some(near) => error.help(format!("did you mean '{near}'?")),
                    None => error.help("for example: n BIGINT METADATA FROM 'line'"),
                })
            }
        }
    }

    /// The type it has.
    pub fn ty(self) -> Type {
        match self {
            Self::Line | Self::Offset => Type::Int,
            Self::File => Type::Text,
        }
    }
}

impl SourceSchema {
    /// Physical columns of these names and types, all needed.
    pub fn of<'a>(columns: impl IntoIterator<Item = (&'a str, Type)>) -> Self {
        let columns = columns
            .into_iter()
            .map(|(name, ty)| SourceColumn::field(name, ty))
            .collect();
        Self {
            columns,
            event_time: None,
        }
    }

    /// An empty block of these columns; those that nobody needs, and those that the caller computes, are absent.
    pub fn columns(&self) -> Columns {
        let read = |column: &SourceColumn| column.needed && column.origin != Origin::Computed;
        Columns::of_types(self.columns.iter().map(|it| (&it.ty, read(it))))
    }

    /// Checks that metadata columns have the type of what they hold.
    ///
    /// # Errors
    /// P0514.
    pub fn check(&self) -> Result<(), ConnectError> {
        for column in &self.columns {
            if let Origin::Metadata(metadata) = column.origin
                && column.ty != metadata.ty()
            {
                let message = format!(
                    "the metadata column \"{}\" must be {}, not {}",
                    column.name,
                    metadata.ty(),
                    column.ty
                );
                return Err(ConnectError::new(codes::COLUMN_TYPE, message));
            }
        }
        Ok(())
    }
}

impl SourceColumn {
    /// A physical column, needed.
    pub fn field(name: impl Into<String>, ty: Type) -> Self {
        Self {
            name: name.into(),
            ty,
            origin: Origin::Field(None),
            needed: true,
            not_null: false,
        }
    }

    /// The same, from another name in the source.
    #[must_use]
    pub fn from(mut self, source_name: impl Into<String>) -> Self {
        self.origin = Origin::Field(Some(source_name.into()));
        self
    }

    /// The name in the source, for physical columns.
    pub fn source_name(&self) -> Option<&str> {
        match &self.origin {
            Origin::Field(Some(name)) => Some(name),
            Origin::Field(None) => Some(&self.name),
            _ => None,
        }
    }
}
