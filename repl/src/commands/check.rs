//! `portent check FILE…`: all errors of all files at once.

use std::io::Write as _;
use std::sync::Arc;

use portent::{Diagnostic, Session, SourceText, codes};

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
    sources.extend(files::queries(&args.query));
    let missing = !unreadable.is_empty();
    // First: what those files would have created is unknown in the others.
    for failure in unreadable {
        failure.report(terminal);
    }
    let (mut errors, mut warnings, mut twice) = (0, 0, false);
    let mut out = std::io::stdout().lock();
    for (at, found) in diagnose(&sources, args.each).into_iter().enumerate() {
        let Some(source) = sources.get(at) else { break };
        for diagnostic in found {
            if diagnostic.is_error() {
                errors += 1;
            } else {
                warnings += 1;
            }
            twice |= at > 0 && !args.each && diagnostic.code == codes::names::NAME_TAKEN;
            if args.json {
                writeln!(out, "{}", portent::diagnostic_json(&diagnostic, source))?;
            } else {
                eprint!("{}", render(&diagnostic, source, terminal));
            }
        }
    }
    out.flush()?;
    if !args.json {
        eprintln!(
            "{} checked: {}, {}",
            counted(sources.len() as u64, "file"),
            counted(errors, "error"),
            counted(warnings, "warning")
        );
        if twice {
            eprintln!(
                "files that are named together are one script, as in `portent run`; \
                 --each checks each file by itself"
            );
        }
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

/// What is to be said of each text: of all as one script, or of each alone.
fn diagnose(sources: &[Arc<SourceText>], each: bool) -> Vec<Vec<Diagnostic>> {
    let session = || {
        Session::builder()
            .standard_input(false)
            .check_only(true)
            .build()
    };
    if each {
        let alone = |source| session().diagnose(source);
        return sources.iter().map(alone).collect();
    }
    session().diagnose_sources(sources)
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
