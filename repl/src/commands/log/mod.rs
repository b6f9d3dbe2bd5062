//! `portent log`: the event log on disk.

mod export;
mod import;
mod list;
mod print;
mod verify;

use portent::Errors;
use portent::codes::store as codes;
use portent::store::Part;

use crate::cli::{LogArgs, LogCommand, PartArgs};
use crate::exit::{Failure, Outcome};
use crate::terminal::Terminal;

pub fn run(args: &LogArgs, terminal: &Terminal) -> Result<Outcome, Failure> {
    match &args.command {
        LogCommand::List(args) => list::segments(args, terminal),
        LogCommand::Streams(args) => list::streams(args, terminal),
        LogCommand::Print(args) => print::run(args, terminal),
        LogCommand::Verify(args) => verify::run(args, terminal),
        LogCommand::Export(args) => export::run(args, terminal),
        LogCommand::Import(args) => import::run(args, terminal),
    }
}

fn part(args: &PartArgs) -> Part {
    Part {
        from: args.from,
        to: args.to,
        since: args.since,
        until: args.until,
    }
}

/// What is not there is wrong usage; what is there and can't be used is an error.
pub fn failed(errors: impl Into<Errors>) -> Failure {
    let errors: Errors = errors.into();
    let absent = [
        codes::LOG_FOLDER,
        codes::LOG_NONE,
        codes::LOG_GONE,
        codes::LOG_BEYOND,
        codes::LOG_UNKNOWN,
        codes::META_NONE,
        codes::NO_CHECKPOINT,
        codes::EXPORT_STREAMS,
        codes::POSITION_COLUMNS,
        codes::IMPORT_COLUMNS,
        portent::codes::input::FILE_NOT_FOUND,
        portent::codes::input::FILE_UNREADABLE,
    ];
    match errors.code() {
        Some(code) if absent.contains(&code) => Failure::Errors(vec![errors], Outcome::Usage),
        _ => errors.into(),
    }
}
