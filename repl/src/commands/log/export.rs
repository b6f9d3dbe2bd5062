//! `portent log export`: events as JSON lines.

use std::fs::File;
use std::io::{self, Write};

use portent::store::{self, Records};

use super::{failed, part};
use crate::cli::LogExportArgs;
use crate::exit::{Failure, Outcome};
use crate::output::printable;
use crate::summary::counted;
use crate::terminal::Terminal;

pub fn run(args: &LogExportArgs, terminal: &Terminal) -> Result<Outcome, Failure> {
    let storage = store::look(&args.folder).map_err(failed)?;
    let mut records = Records::read(
        &storage,
        &part(&args.part),
        args.stream.as_deref(),
        args.skip_damaged,
    )
    .map_err(failed)?;
    store::check_export(&records, args.with_position).map_err(failed)?;
    // Only now: a wrong call empties no file.
    let mut out: Box<dyn Write> = match &args.output_file {
        None => Box::new(io::stdout()),
        Some(path) => Box::new(File::create(path).map_err(|error| {
            Failure::usage(format!("can't write {}: {error}", path.display()), None)
        })?),
    };
    let exported = store::export(&mut records, out.as_mut(), args.with_position).map_err(failed)?;
    if args.output_file.is_some() && terminal.stderr {
        eprintln!("{}", counted(exported.events, "event"));
    }
    let (on, off) = terminal.bold_red();
    for gap in &exported.gaps {
        eprintln!("{on}passed over{off}: {}", printable(&gap.to_string()));
    }
    Ok(if exported.gaps.is_empty() {
        Outcome::Fine
    } else {
        Outcome::Error
    })
}
