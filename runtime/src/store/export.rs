//! Events of a log as JSON lines, each in the form in which a source of the same columns reads it back, value for value.

use std::collections::HashMap;
use std::io::{self, Write};

use portent_grammar::codes::{input, store as codes};
use portent_grammar::value::{write_instant, write_int};
use portent_grammar::{Schema, Value};
use portent_store::{Damage, Events, Record, Stream};

use super::Records;
use super::records::shown_names;
use crate::Errors;

/// The columns that `with_position` adds: position, time of arrival, stream.
pub const POSITION_COLUMNS: [&str; 3] = ["_position", "_arrival", "_stream"];

/// Bytes that are gathered before they are written.
const BLOCK: usize = 64 << 10;

/// What was written.
#[derive(Clone, Debug, Default)]
pub struct Exported {
    /// Events, a line each.
    pub events: u64,
    /// What could not be read, and was passed over.
    pub gaps: Vec<Damage>,
}

/// Whether a part can be exported in this way, as far as the newest columns of its streams tell: before a file is made for it.
///
/// # Errors
/// P0730, P0731: as [`export`].
pub fn check_export(records: &Records, with_position: bool) -> Result<(), Errors> {
    if with_position {
        let streams = records.streams().iter();
        return streams
            .filter(|stream| records.stream().is_none_or(|name| stream.name == name))
            .try_for_each(|stream| {
                refuse_position_columns(&stream.schema, || format!("stream {}", stream.name))
            });
    }
    if records.stream().is_none() && records.streams().len() > 1 {
        let shown = shown_names(records.streams());
        return Err(Errors::plain(
            codes::EXPORT_STREAMS,
            format!("the log holds several streams: {shown}"),
        )
        .help("name one by --stream, or tell their events apart by --with-position"));
    }
    Ok(())
}

/// Writes the events of a part of a log, a JSON object a line, in the order of their positions. An object has the columns that its event had when it was taken: if a
/// stream's columns have changed meanwhile, its lines differ. Clocks and markers are left out.
///
/// Every value is written so that a source reads the same again: a DECIMAL with all its digits, NaN and infinities as texts. (JSON `null` inside a JSON column is read as NULL.)
///
/// `with_position`: [`POSITION_COLUMNS`] stand first; then events of several streams may follow each other.
///
/// # Errors
/// P0730: several streams, and neither one was chosen nor `with_position`. P0731: a stream has such a column itself. P0706: damage. P0541: writing failed; P0542: nobody reads.
pub fn export(
    records: &mut Records,
    out: &mut dyn Write,
    with_position: bool,
) -> Result<Exported, Errors> {
    check_export(records, with_position)?;
    let mut exported = Exported::default();
    let mut layouts: HashMap<(u32, u32), Layout> = HashMap::new();
    let mut buffer = Vec::with_capacity(2 * BLOCK);
    loop {
        let record = match records.next() {
            Ok(Some(record)) => record,
            Ok(None) => break,
            Err(error) => {
                // What was read before is not lost.
                flush(&mut buffer, out)?;
                return Err(error.into());
            }
        };
        match record {
            Record::Events(events) => {
                let key = (events.stream.number, events.stream.generation);
                let layout = match layouts.entry(key) {
                    std::collections::hash_map::Entry::Occupied(known) => known.into_mut(),
                    std::collections::hash_map::Entry::Vacant(new) => {
                        new.insert(Layout::new(&events.stream, with_position)?)
                    }
                };
                for row in 0..events.rows.rows() {
                    layout.write(&events, row, with_position, &mut buffer);
                    if buffer.len() >= BLOCK {
                        flush(&mut buffer, out)?;
                    }
                }
                exported.events += events.rows.rows() as u64;
            }
            Record::Gap { damage, .. } => exported.gaps.push(damage),
            Record::Clock { .. } | Record::Marker { .. } => {}
        }
    }
    flush(&mut buffer, out)?;
    out.flush().map_err(|error| failed(&error))?;
    Ok(exported)
}

fn flush(buffer: &mut Vec<u8>, out: &mut dyn Write) -> Result<(), Errors> {
    out.write_all(buffer).map_err(|error| failed(&error))?;
    buffer.clear();
    Ok(())
}

fn failed(error: &io::Error) -> Errors {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Errors::plain(input::PIPE_CLOSED, "nobody reads the output any more");
    }
    Errors::plain(
        input::WRITE_FAILED,
        format!("the export can't be written: {error}"),
    )
}

/// What stands before each value of a stream's rows.
struct Layout {
    keys: Vec<String>,
    name: String,
}

impl Layout {
    fn new(stream: &Stream, with_position: bool) -> Result<Self, Errors> {
        if with_position {
            refuse_position_columns(&stream.schema, || format!("stream {}", stream.name))?;
        }
        let text = |it: &str| serde_json::Value::from(it).to_string();
        let keys = stream.schema.iter().enumerate().map(|(at, column)| {
            let comma = if at > 0 || with_position { "," } else { "" };
            format!("{comma}{}:", text(&column.name))
        });
        Ok(Self {
            keys: keys.collect(),
            name: text(&stream.name),
        })
    }

    fn write(&self, events: &Events, row: usize, with_position: bool, out: &mut Vec<u8>) {
        out.push(b'{');
        if with_position {
            out.extend_from_slice(b"\"_position\":");
            let position = events.position.saturating_add(row as u64);
            match i64::try_from(position) {
                Ok(position) => write_int(position, out),
                Err(_) => out.extend_from_slice(position.to_string().as_bytes()),
            }
            out.extend_from_slice(b",\"_arrival\":\"");
            write_instant(events.time, out);
            out.extend_from_slice(b"\",\"_stream\":");
            out.extend_from_slice(self.name.as_bytes());
        }
        for (slot, key) in self.keys.iter().enumerate() {
            out.extend_from_slice(key.as_bytes());
            let value = events.rows.column(slot).map(|column| column.value(row));
            write_exactly(&value.unwrap_or(Value::Null), out);
        }
        out.extend_from_slice(b"}\n");
    }
}

/// That no column has the name of one that is added.
pub(super) fn refuse_position_columns(
    schema: &Schema,
    whose: impl Fn() -> String,
) -> Result<(), Errors> {
    let taken = schema
        .iter()
        .find(|column| POSITION_COLUMNS.contains(&column.name.as_str()));
    match taken {
        None => Ok(()),
        Some(column) => Err(Errors::plain(
            codes::POSITION_COLUMNS,
            format!("{} has a column {}", whose(), column.name),
        )
        .help("export one stream, by --stream and without --with-position")),
    }
}

/// As JSON that is read back as the very same value.
fn write_exactly(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Float(float) if float.is_nan() => out.extend_from_slice(b"\"NaN\""),
        Value::Float(float) if float.is_infinite() => {
            let text: &[u8] = if *float > 0.0 {
                b"\"Infinity\""
            } else {
                b"\"-Infinity\""
            };
            out.extend_from_slice(text);
        }
        // A number in JSON may have any digits.
        Value::Decimal(decimal) => out.extend_from_slice(decimal.to_string().as_bytes()),
        Value::Array(elements) => {
            out.push(b'[');
            for (at, element) in elements.iter().enumerate() {
                if at > 0 {
                    out.push(b',');
                }
                write_exactly(element, out);
            }
            out.push(b']');
        }
        other => other.write_json(out),
    }
}
