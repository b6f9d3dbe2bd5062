//! JSON lines, decoded straight into columns.
//!
//! Plain lines are read by `json_plain`. For all others serde_json walks the text and checks it; fields that nobody needs are passed over without being built. A needed field is handed
//! out as the text it is (`RawValue`, borrowed), so that the column's type decides how to read it: a DECIMAL
//! keeps its digits, a number in a TEXT column stays as written, and JSON reads a DOUBLE exactly as CSV does.

use std::cell::Cell;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use portent_grammar::codes::input as codes;
use portent_grammar::{ColumnValues, Columns};

use super::cell::CellReader;
use super::json_plain::{self, Known};
use crate::batch::RowError;
use crate::error::{ConnectError, shorten};
use crate::options::SourceConfig;
use crate::schema::{Origin, SourceSchema};

/// How deep a path in FROM may go.
const MAX_DEPTH: usize = 64;

/// Reads JSON lines.
pub(crate) struct JsonDecoder {
    root: Node,
    pub(super) readers: Vec<CellReader>,
    names: Vec<String>,
    year: Option<i32>,
    unknown_error: bool,
    missing_error: bool,
    /// By slot, under `missing_fields = 'error'`: whether the field was there.
    seen: Vec<bool>,
    /// Counts rows, for `Field::met`.
    row: u64,
    known: Known,
}

/// The fields of one object that somebody needs.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) fields: Vec<Field>,
    by_name: HashMap<Box<str>, usize, FixedState>,
}

/// A field: its value goes to slots, or it is an object whose fields do, or both.
#[derive(Debug)]
pub(super) struct Field {
    name: Box<str>,
    pub(super) slots: Vec<usize>,
    pub(super) inner: Option<Node>,
    /// The number of the row in which it was last met: a second time is a duplicate.
    met: Cell<u64>,
}

impl JsonDecoder {
    /// # Errors
    /// P0503: a path in FROM is too deep.
    pub fn new(config: &SourceConfig, schema: &SourceSchema) -> Result<Self, ConnectError> {
        let unknown_error = config.unknown_fields_error == Some(true);
        let mut root = Node::default();
        let mut readers = Vec::with_capacity(schema.columns.len());
        for (slot, column) in schema.columns.iter().enumerate() {
            readers.push(CellReader::new(&column.name, &column.ty, config));
            // To tell what is unknown, all that is known must be there.
            let slot = (column.needed).then_some(slot);
            if slot.is_none() && !unknown_error {
                continue;
            }
            match &column.origin {
                Origin::Field(None) => root.add(&[&column.name], slot),
                Origin::Field(Some(from)) => {
                    let steps: Vec<&str> = from.split('.').collect();
                    if steps.len() > MAX_DEPTH {
                        let message = format!(
                            "FROM '{}' goes deeper than {MAX_DEPTH} fields",
                            shorten(from.as_bytes())
                        );
                        return Err(ConnectError::new(codes::OPTION_VALUE, message));
                    }
                    root.add(&steps, slot);
                    // A name with dots in it may also be one field, as flattened documents have it.
                    if steps.len() > 1 {
                        root.add(&[from], slot);
                    }
                }
                Origin::Metadata(_) | Origin::Computed => {}
            }
        }
        let missing_error = config.missing_fields_error == Some(true);
        Ok(Self {
            root,
            readers,
            names: schema
                .columns
                .iter()
                .map(|column| column.source_name().unwrap_or_default().to_owned())
                .collect(),
            year: config.time.year,
            unknown_error,
            missing_error,
            seen: vec![false; schema.columns.len()],
            row: 0,
            known: Known::default(),
        })
    }

    /// A new file begins.
    pub fn begin(&mut self) {
        for reader in &mut self.readers {
            reader.reset(self.year);
        }
    }

    /// Reads a line into its columns.
    pub fn decode(&mut self, line: &str, columns: &mut Columns) -> Result<(), RowError> {
        // Which fields were there is not asked: the plain lines are read without much ado.
        if !self.missing_error && !self.unknown_error {
            let row = columns.rows();
            let read = json_plain::read(
                line,
                &self.root,
                &mut self.known,
                &mut self.readers,
                columns.columns_mut(),
                row,
            );
            if read.is_some() {
                return Ok(());
            }
            columns.truncate(row);
        }
        self.general(line, columns)
    }

    /// Reads any line.
    pub(super) fn general(&mut self, line: &str, columns: &mut Columns) -> Result<(), RowError> {
        if self.missing_error {
            self.seen.fill(false);
        }
        self.row += 1;
        let mut row = Row {
            number: self.row,
            readers: &mut self.readers,
            at: columns.rows(),
            columns: columns.columns_mut(),
            seen: self.missing_error.then_some(&mut self.seen),
            unknown_error: self.unknown_error,
            error: None,
        };
        let mut deserializer = serde_json::Deserializer::from_str(line);
        let walk = Walk {
            node: &self.root,
            row: &mut row,
        };
        let result = walk
            .deserialize(&mut deserializer)
            .and_then(|()| deserializer.end());
        if let Some(error) = row.error.take() {
            return Err(error);
        }
        result.map_err(|error| broken(line, &error))?;
        if self.missing_error {
            self.check_missing()?;
        }
        Ok(())
    }

    fn check_missing(&self) -> Result<(), RowError> {
        let mut needed = Vec::new();
        self.root.slots(&mut needed);
        match needed
            .into_iter()
            .find(|slot| self.seen.get(*slot) == Some(&false))
        {
            None => Ok(()),
            Some(slot) => {
                let name = self.names.get(slot).map_or("", String::as_str);
                Err(RowError::new(
                    codes::BAD_ROW_MISSING_FIELD,
                    format!("the field \"{name}\" is missing"),
                )
                .at(slot))
            }
        }
    }
}

fn broken(line: &str, error: &serde_json::Error) -> RowError {
    let first = line.trim_start().bytes().next().unwrap_or_default();
    if first == b'[' {
        return RowError::new(
            codes::BAD_ROW_JSON,
            "the line is a JSON array, not an object",
        )
        .help("a file that is one array becomes lines by: jq -c '.[]' file.json");
    }
    if first != b'{' {
        return RowError::new(codes::BAD_ROW_JSON, "the line is not a JSON object");
    }
    // serde_json counts lines within the text, which is one line: only its column tells something.
    let text = error.to_string();
    let reason = text
        .split(" at line ")
        .next()
        .unwrap_or_default()
        .to_lowercase();
    if error.is_eof() {
        return RowError::new(
            codes::BAD_ROW_JSON,
            format!("the JSON object ends too early ({reason})"),
        );
    }
    RowError::new(
        codes::BAD_ROW_JSON,
        format!(
            "this is not JSON: {reason}, at character {}",
            error.column()
        ),
    )
}

impl Node {
    fn add(&mut self, path: &[&str], slot: Option<usize>) {
        let Some((name, rest)) = path.split_first() else {
            return;
        };
        let index = match self.by_name.get(*name) {
            Some(index) => *index,
            None => {
                self.fields.push(Field {
                    name: (*name).into(),
                    slots: Vec::new(),
                    inner: None,
                    met: Cell::new(0),
                });
                self.by_name.insert((*name).into(), self.fields.len() - 1);
                self.fields.len() - 1
            }
        };
        let Some(field) = self.fields.get_mut(index) else {
            return;
        };
        if rest.is_empty() {
            field.slots.extend(slot);
        } else {
            field.inner.get_or_insert_default().add(rest, slot);
        }
    }

    /// The field of this name. Objects of a file mostly have the same order, so `guess` is tried first.
    pub(super) fn find(&self, name: &str, guess: usize) -> Option<usize> {
        match self.fields.get(guess) {
            Some(field) if *field.name == *name => Some(guess),
            _ => self.by_name.get(name).copied(),
        }
    }

    fn slots(&self, into: &mut Vec<usize>) {
        for field in &self.fields {
            into.extend(&field.slots);
            if let Some(inner) = &field.inner {
                inner.slots(into);
            }
        }
    }
}

/// The row that is being filled.
struct Row<'a> {
    number: u64,
    readers: &'a mut [CellReader],
    /// The row's number in the block.
    at: usize,
    columns: &'a mut [ColumnValues],
    seen: Option<&'a mut Vec<bool>>,
    unknown_error: bool,
    /// The first error, for which serde's own type has no room.
    error: Option<RowError>,
}

impl Row<'_> {
    fn set(&mut self, slot: usize, token: &str) -> Result<(), ()> {
        let (Some(reader), Some(column)) = (self.readers.get_mut(slot), self.columns.get_mut(slot))
        else {
            return Ok(());
        };
        if let Some(seen) = self.seen.as_mut().and_then(|seen| seen.get_mut(slot)) {
            *seen = true;
        }
        // The last of several values counts.
        column.truncate(self.at);
        reader.read_json(token, column).map_err(|error| {
            self.error = Some(error.at(slot));
        })
    }

    /// A field that comes twice counts as it comes last: what its first value has left goes.
    fn unset(&mut self, node: &Node) {
        for field in &node.fields {
            for slot in &field.slots {
                if let Some(column) = self.columns.get_mut(*slot) {
                    column.truncate(self.at);
                }
            }
            if let Some(inner) = &field.inner {
                self.unset(inner);
            }
        }
    }
}

/// Walks an object.
struct Walk<'a, 'row> {
    node: &'a Node,
    row: &'a mut Row<'row>,
}

impl<'de> DeserializeSeed<'de> for Walk<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut guess = 0;
        while let Some(found) = map.next_key_seed(Key {
            node: self.node,
            guess,
            keep: self.row.unknown_error,
        })? {
            let name = match found {
                Found::Field(index) => {
                    guess = index + 1;
                    index
                }
                Found::Unknown(None) => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
                Found::Unknown(Some(name)) => {
                    let message = format!(
                        "no column is for the field \"{}\"",
                        shorten(name.as_bytes())
                    );
                    self.row.error = Some(RowError::new(codes::BAD_ROW_UNKNOWN_FIELD, message));
                    return Err(A::Error::custom("unknown field"));
                }
            };
            let Some(field) = self.node.fields.get(name) else {
                continue;
            };
            let token: &RawValue = map.next_value()?;
            for slot in &field.slots {
                self.row
                    .set(*slot, token.get())
                    .map_err(|()| A::Error::custom("bad value"))?;
            }
            if let Some(inner) = &field.inner {
                if field.met.replace(self.row.number) == self.row.number {
                    self.row.unset(inner);
                }
                if token.get().starts_with('{') {
                    let mut deserializer = serde_json::Deserializer::from_str(token.get());
                    let walk = Walk {
                        node: inner,
                        row: &mut *self.row,
                    };
                    walk.deserialize(&mut deserializer)
                        .map_err(A::Error::custom)?;
                }
            }
        }
        Ok(())
    }
}

/// Finds a key without copying it.
struct Key<'a> {
    node: &'a Node,
    guess: usize,
    /// Keep the name of an unknown one.
    keep: bool,
}

enum Found {
    Field(usize),
    /// Its name, kept only for an error.
    Unknown(Option<String>),
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Found;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Found;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Found, E> {
        Ok(match self.node.find(name, self.guess) {
            Some(index) => Found::Field(index),
            None => Found::Unknown(self.keep.then(|| name.to_owned())),
        })
    }
}
