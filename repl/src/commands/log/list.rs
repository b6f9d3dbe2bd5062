//! `portent log list` and `portent log streams`.

use std::path::Path;

use portent::store::{self, columns_sql, inspect};
use portent::{Type, Value};

use super::failed;
use crate::cli::LogListArgs;
use crate::exit::{Failure, Outcome};
use crate::output::{Listing, number};
use crate::terminal::Terminal;

pub fn segments(args: &LogListArgs, terminal: &Terminal) -> Result<Outcome, Failure> {
    let storage = store::look(&args.folder).map_err(failed)?;
    let segments = inspect::segments(storage.as_ref()).map_err(failed)?;
    let mut listing = Listing::begin(
        args.output,
        terminal,
        &[
            ("segment", Type::Text),
            ("first", Type::Int),
            ("last", Type::Int),
            ("events", Type::Int),
            ("bytes", Type::Int),
            ("first_arrival", Type::Timestamp),
            ("last_arrival", Type::Timestamp),
            ("sealed", Type::Bool),
            ("version", Type::Int),
        ],
    )?;
    for segment in &segments {
        let events = inspect::events(storage.as_ref(), segment).map_err(failed)?;
        let last = segment
            .next
            .checked_sub(1)
            .filter(|last| *last >= segment.first);
        let name = Path::new(&segment.path).file_name();
        listing.row(&[
            Value::text(name.unwrap_or_default().to_string_lossy()),
            number(segment.first),
            last.map_or(Value::Null, number),
            events.map_or(Value::Null, number),
            number(segment.bytes),
            segment
                .times
                .map_or(Value::Null, |it| Value::Timestamp(it.0)),
            segment
                .times
                .map_or(Value::Null, |it| Value::Timestamp(it.1)),
            Value::Bool(segment.sealed),
            number(segment.version.into()),
        ])?;
    }
    listing.finish()?;
    Ok(Outcome::Fine)
}

pub fn streams(args: &LogListArgs, terminal: &Terminal) -> Result<Outcome, Failure> {
    let storage = store::look(&args.folder).map_err(failed)?;
    let streams = inspect::streams(storage.as_ref()).map_err(failed)?;
    let columns = [
        ("stream", Type::Text),
        ("generation", Type::Int),
        ("columns", Type::Text),
    ];
    let mut listing = Listing::begin(args.output, terminal, &columns)?;
    for stream in &streams {
        listing.row(&[
            Value::text(&stream.name),
            number(stream.generation.into()),
            Value::text(columns_sql(&stream.schema)),
        ])?;
    }
    listing.finish()?;
    Ok(Outcome::Fine)
}
