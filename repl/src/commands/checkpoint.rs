//! `portent checkpoint`: the states of all queries that are kept beside the log.

use std::io::{self, Write as _};

use portent::codes::store as codes;
use portent::store::{self, CheckpointLook, Meta, MetaError};
use portent::{Errors, Type, Value};

use super::log::failed;
use crate::cli::{
    CheckpointArgs, CheckpointCommand, CheckpointListArgs, CheckpointShowArgs, CheckpointVerifyArgs,
};
use crate::exit::{Failure, Outcome};
use crate::output::{Listing, number, printable};
use crate::summary::counted;
use crate::terminal::Terminal;

pub fn run(args: &CheckpointArgs, terminal: &Terminal) -> Result<Outcome, Failure> {
    match &args.command {
        CheckpointCommand::List(args) => list(args, terminal),
        CheckpointCommand::Show(args) => show(args, terminal),
        CheckpointCommand::Verify(args) => verify(args, terminal),
    }
}

/// The catalog and its checkpoints.
fn open(folder: &std::path::Path) -> Result<(Meta, Vec<CheckpointLook>), Failure> {
    let meta = store::open_meta(folder).map_err(failed)?;
    let looks = store::checkpoints(&meta).map_err(failed)?;
    Ok((meta, looks))
}

fn list(args: &CheckpointListArgs, terminal: &Terminal) -> Result<Outcome, Failure> {
    let (_meta, looks) = open(&args.folder)?;
    let columns = [
        ("checkpoint", Type::Int),
        ("position", Type::Int),
        ("queries", Type::Int),
        ("bytes", Type::Int),
        ("state", Type::Text),
    ];
    let mut listing = Listing::begin(args.output, terminal, &columns)?;
    let mut outcome = Outcome::Fine;
    for look in &looks {
        let row = match &look.info {
            Ok((info, bytes)) => [
                number(look.id),
                number(info.position),
                number(count(info.queries.iter().map(|(query, ..)| query))),
                number(bytes.iter().sum()),
                Value::text("readable"),
            ],
            Err(error) => {
                outcome = Outcome::Error;
                let (id, why) = (number(look.id), Value::text(error.problem()));
                [id, Value::Null, Value::Null, Value::Null, why]
            }
        };
        listing.row(&row)?;
    }
    listing.finish()?;
    Ok(outcome)
}

fn show(args: &CheckpointShowArgs, terminal: &Terminal) -> Result<Outcome, Failure> {
    let (_meta, looks) = open(&args.folder)?;
    let found = match args.id {
        None => looks.into_iter().next(),
        Some(id) => looks.into_iter().find(|look| look.id == id),
    };
    let Some(look) = found else {
        return Err(failed(match args.id {
            Some(id) => Errors::from(MetaError::NoCheckpoint { id })
                .help("`portent checkpoint list` shows which there are"),
            None => Errors::plain(
                codes::NO_CHECKPOINT,
                format!(
                    "no checkpoint has been made yet in {}",
                    args.folder.display()
                ),
            ),
        }));
    };
    let (info, bytes) = look.info.map_err(failed)?;
    let columns = [
        ("checkpoint", Type::Int),
        ("replay_from", Type::Int),
        ("query", Type::Text),
        ("fingerprint", Type::Text),
        ("position", Type::Int),
        ("chunks", Type::Int),
        ("bytes", Type::Int),
    ];
    let mut listing = Listing::begin(args.output, terminal, &columns)?;
    for ((query, fingerprint, position, chunks), bytes) in info.queries.iter().zip(bytes) {
        listing.row(&[
            number(info.id),
            number(info.position),
            Value::text(query),
            Value::text(fingerprint),
            number(*position),
            number((*chunks).into()),
            number(bytes),
        ])?;
    }
    listing.finish()?;
    Ok(Outcome::Fine)
}

fn verify(args: &CheckpointVerifyArgs, terminal: &Terminal) -> Result<Outcome, Failure> {
    let (meta, looks) = open(&args.folder)?;
    let mut out = io::stdout().lock();
    let mut wrong = Vec::new();
    for look in &looks {
        match store::verify_checkpoint(&meta, look.id, &args.folder) {
            Ok(checkpoint) => writeln!(
                out,
                "checkpoint {} at position {}, {}, {}: sound",
                look.id,
                checkpoint.position,
                queries(count(checkpoint.queries.iter().map(|it| &it.query))),
                counted(bytes(&checkpoint), "byte")
            )?,
            Err(errors) => {
                let (on, off) = if terminal.color_out {
                    ("\u{1b}[1;31m", "\u{1b}[0m")
                } else {
                    ("", "")
                };
                let why = errors
                    .first()
                    .map(|it| printable(&it.message))
                    .unwrap_or_default();
                writeln!(out, "checkpoint {}: {on}WRONG{off}: {why}", look.id)?;
                wrong.push(errors);
            }
        }
    }
    if looks.is_empty() {
        writeln!(out, "no checkpoint has been made yet")?;
    }
    out.flush()?;
    if wrong.is_empty() {
        Ok(Outcome::Fine)
    } else {
        Err(wrong.into())
    }
}

/// How many are queries: what a session or a daemon keeps beside them has a `$` before its name.
fn count<'a>(names: impl Iterator<Item = &'a String>) -> u64 {
    names.filter(|it| !it.starts_with('$')).count() as u64
}

fn queries(count: u64) -> String {
    match count {
        1 => "1 query".to_owned(),
        more => format!("{more} queries"),
    }
}

fn bytes(checkpoint: &store::meta::Checkpoint) -> u64 {
    let chunks = checkpoint.queries.iter().flat_map(|it| &it.chunks);
    chunks.map(|it| it.len() as u64).sum()
}
