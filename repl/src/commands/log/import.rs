//! `portent log import`: events of a file into a log.

use std::time::{SystemTime, UNIX_EPOCH};

use portent::store::{self, Check, Import, LogConfig, columns_sql};

use super::failed;
use crate::cli::LogImportArgs;
use crate::exit::{Failure, Outcome};
use crate::output::printable;
use crate::summary::counted;
use crate::terminal::Terminal;

pub fn run(args: &LogImportArgs, _terminal: &Terminal) -> Result<Outcome, Failure> {
    if args.file.as_os_str() == "-" {
        return Err(Failure::usage(
            "standard input can't be imported: a file is checked first, and then read once more",
            Some("write it to a file".into()),
        ));
    }
    let columns = args
        .columns
        .as_deref()
        .map(store::parse_columns)
        .transpose()
        .map_err(|errors| Failure::Errors(vec![errors], Outcome::Usage))?;
    let import = Import {
        file: &args.file,
        stream: &args.stream,
        columns: columns.as_ref(),
        now: now(),
    };
    let config = LogConfig {
        // `verify` is there for the rest.
        check: Check::Last,
        ..LogConfig::default()
    };
    let (imported, recovery) = store::import(&args.folder, config, &import).map_err(failed)?;
    if let Some(cut) = &recovery.cut {
        eprintln!(
            "{}: {} at the end, which a crash left half written, were cut off",
            printable(&cut.path),
            counted(cut.bytes, "byte")
        );
    }
    if imported.inferred {
        eprintln!(
            "columns: {}",
            printable(&columns_sql(&imported.stream.schema))
        );
    }
    let stream = printable(&imported.stream.name);
    let events = counted(imported.events, "event");
    match imported.next.checked_sub(1) {
        Some(last) if imported.events > 0 => println_or_stop(&format!(
            "{events} of {stream}, positions {} to {last}",
            imported.first
        )),
        _ => println_or_stop(&format!("{events} of {stream}")),
    }
}

/// A closed pipe is no error: the events are in the log.
fn println_or_stop(text: &str) -> Result<Outcome, Failure> {
    use std::io::Write as _;
    writeln!(std::io::stdout(), "{text}")?;
    Ok(Outcome::Fine)
}

/// The wall time, µs.
fn now() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
