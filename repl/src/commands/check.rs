//! `portent check FILE…`: all errors of all files at once.

use std::io::Write as _;
use std::sync::Arc;

use portent::{Diagnostic, Session, SourceText};

use crate::cli::CheckArgs;
use crate::exit::{Failure, Outcome};
use crate::files;
use crate::summary::counted;
use crate::terminal::Terminal;

pub fn run(args: &CheckArgs, terminal: &Terminal) -> Result<Outcome, Failure> {
    let mut sources: Vec<Arc<SourceText>> = Vec::new();
    let mut unreadable = Vec::new();
    for path in &args.files {
        match files::read(path) {
            Ok(source) => sources.push(source),
            Err(failure) => unreadable.push(failure),
        }
    }
    for query in &args.query {
        sources.push(SourceText::new("<query>", query.clone()));
    }
    let (mut errors, mut warnings) = (0, 0);
    let mut out = std::io::stdout().lock();
    for source in &sources {
        // Each file stands for itself: names of one are not known in the others.
        let mut session = Session::builder()
            .standard_input(false)
            .check_only(true)
            .build();
        for diagnostic in session.diagnose(source) {
            if diagnostic.is_error() {
                errors += 1;
            } else {
                warnings += 1;
            }
            if args.json {
                writeln!(out, "{}", portent::diagnostic_json(&diagnostic, source))?;
            } else {
                eprint!("{}", render(&diagnostic, source, terminal));
            }
        }
    }
    out.flush()?;
    let missing = !unreadable.is_empty();
    for failure in unreadable {
        failure.report(terminal);
    }
    if !args.json {
        eprintln!(
            "{} checked: {}, {}",
            counted(sources.len() as u64, "file"),
            counted(errors, "error"),
            counted(warnings, "warning")
        );
    }
    Ok(match (errors, warnings) {
        (0, 0) if missing => Outcome::Usage,
        (0, 0) => Outcome::Fine,
        (0, _) if !args.deny_warnings => {
            if missing {
                Outcome::Usage
            } else {
                Outcome::Fine
            }
        }
        _ => Outcome::Error,
    })
}

fn render(diagnostic: &Diagnostic, source: &SourceText, terminal: &Terminal) -> String {
    let mut text = portent::render(
        std::slice::from_ref(diagnostic),
        Some(source),
        terminal.color_err,
    );
    text.push('\n');
    text
}
