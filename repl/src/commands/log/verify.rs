//! `portent log verify`: reads everything.

use std::io::{self, Write as _};
use std::sync::Arc;

use portent::store::inspect::{self, Verified};
use portent::store::{self, Cut, Damage, Metered, Storage};
use portent::{Type, Value};

use super::failed;
use crate::cli::LogVerifyArgs;
use crate::exit::{Failure, Outcome};
use crate::output::{Listing, Mode, number, printable};
use crate::progress::ByteBar;
use crate::summary::{counted, grouped};
use crate::terminal::Terminal;

pub fn run(args: &LogVerifyArgs, terminal: &Terminal) -> Result<Outcome, Failure> {
    let storage = store::look(&args.folder).map_err(failed)?;
    let verified = scan(&storage, terminal.stderr && !args.no_progress)?;
    let summary = summary(&verified);
    match args.output {
        Some(mode) => {
            rows(mode, &verified, terminal)?;
            eprintln!("{summary}");
        }
        None => {
            let mut out = io::stdout().lock();
            let (on, off) = if terminal.color_out {
                ("\u{1b}[1;31m", "\u{1b}[0m")
            } else {
                ("", "")
            };
            for damage in &verified.damages {
                writeln!(out, "{on}damaged{off}: {}", printable(&damage.to_string()))?;
                writeln!(out, "  help: {}", mend(damage))?;
            }
            if let Some(cut) = &verified.torn {
                writeln!(out, "torn: {}", printable(&torn(cut)))?;
                writeln!(out, "  help: {TORN}")?;
            }
            writeln!(out, "{summary}")?;
            out.flush()?;
        }
    }
    Ok(if verified.damages.is_empty() {
        Outcome::Fine
    } else {
        Outcome::Error
    })
}

fn scan(storage: &Arc<dyn Storage>, wants_bar: bool) -> Result<Verified, Failure> {
    if !wants_bar {
        return inspect::verify(storage.as_ref()).map_err(failed);
    }
    let mut total = 0;
    for name in storage.list().unwrap_or_default() {
        // What can't be opened is told by the scan.
        if name.ends_with(".plog")
            && let Ok(len) = storage.open(&name).and_then(|file| file.len())
        {
            total += len;
        }
    }
    let bar = ByteBar::new(total);
    let shown = bar.clone();
    let verified = inspect::verify(&Metered::new(storage.clone(), move |bytes| {
        shown.add(bytes)
    }));
    bar.finish();
    verified.map_err(failed)
}

const TORN: &str = "nothing of that was ever promised: the next opening cuts it off. If a process is writing this log, it may be what it is just writing";

fn torn(cut: &Cut) -> String {
    format!(
        "{}, offset {}: {} at the end of the log are no whole frame ({}); the next position is {}",
        cut.path,
        cut.offset,
        counted(cut.bytes, "byte"),
        cut.why.describe(),
        cut.next
    )
}

fn mend(damage: &Damage) -> &'static str {
    if damage.to == Some(damage.from) {
        return "no record is lost, but it shouldn't be so: restore the file from a copy, or open with on_damage = 'skip'";
    }
    damage.mend()
}

fn summary(verified: &Verified) -> String {
    let mut text = format!(
        "{}, {}, {}, {}; the next position is {}",
        counted(verified.segments.len() as u64, "segment"),
        counted(verified.frames, "frame"),
        counted(verified.events, "event"),
        counted(verified.bytes, "byte"),
        grouped(verified.next)
    );
    text += &match (verified.damages.len(), &verified.torn) {
        (0, None) => ": sound".to_owned(),
        (0, Some(_)) => ": sound, but for its torn end".to_owned(),
        (1, _) => ": DAMAGED in 1 place".to_owned(),
        (places, _) => format!(": DAMAGED in {} places", grouped(places as u64)),
    };
    text
}

fn rows(mode: Mode, verified: &Verified, terminal: &Terminal) -> Result<(), Failure> {
    let columns = [
        ("kind", Type::Text),
        ("file", Type::Text),
        ("offset", Type::Int),
        ("first", Type::Int),
        ("last", Type::Int),
        ("problem", Type::Text),
        ("help", Type::Text),
    ];
    let mut listing = Listing::begin(Some(mode), terminal, &columns)?;
    for damage in &verified.damages {
        let affected = damage.to != Some(damage.from);
        let last = damage.to.and_then(|to| to.checked_sub(1));
        listing.row(&[
            Value::text("damaged"),
            Value::text(&damage.path),
            number(damage.offset),
            if affected {
                number(damage.from)
            } else {
                Value::Null
            },
            last.filter(|_| affected).map_or(Value::Null, number),
            Value::text(damage.kind.describe()),
            Value::text(mend(damage)),
        ])?;
    }
    if let Some(cut) = &verified.torn {
        listing.row(&[
            Value::text("torn"),
            Value::text(&cut.path),
            number(cut.offset),
            Value::Null,
            Value::Null,
            Value::text(cut.why.describe()),
            Value::text(TORN),
        ])?;
    }
    listing.finish()?;
    Ok(())
}
