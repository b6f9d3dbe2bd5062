//! `portent test FILE|DIR…`: rule tests.

use std::path::{Path, PathBuf};
use std::time::Instant;

use std::io::Write as _;

use portent::case::{Case, Verdict};

use crate::cli::TestArgs;
use crate::exit::{Failure, Outcome};
use crate::files;
use crate::summary::counted;
use crate::terminal::Terminal;

pub fn run(args: &TestArgs, terminal: &Terminal) -> Result<Outcome, Failure> {
    let began = Instant::now();
    let mut paths = Vec::new();
    for path in &args.paths {
        collect(path, &mut paths)?;
    }
    if paths.is_empty() {
        return Err(Failure::usage(
            "no rule tests there: they are files that end in .case",
            None,
        ));
    }
    let mut out = std::io::stdout().lock();
    let (mut passed, mut failed) = (0, 0);
    for path in &paths {
        let (verdict, title, text) = one(path, terminal);
        match verdict {
            Verdict::Passed => passed += 1,
            Verdict::Failed | Verdict::Broken => failed += 1,
        }
        if verdict == Verdict::Passed && args.quiet {
            continue;
        }
        let (word, paint) = match verdict {
            Verdict::Passed => ("ok    ", "\u{1b}[32m"),
            Verdict::Failed => ("FAILED", "\u{1b}[1;31m"),
            Verdict::Broken => ("BROKEN", "\u{1b}[1;31m"),
        };
        let (on, off) = if terminal.color_out {
            (paint, "\u{1b}[0m")
        } else {
            ("", "")
        };
        let title = if title.is_empty() {
            String::new()
        } else {
            format!(": {title}")
        };
        writeln!(out, "{on}{word}{off} {}{title}", path.display())?;
        for line in text.lines() {
            writeln!(out, "  {line}")?;
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    writeln!(
        out,
        "{}: {passed} passed, {failed} failed, in {seconds:.2} s",
        counted(paths.len() as u64, "case")
    )?;
    out.flush()?;
    Ok(if failed == 0 {
        Outcome::Fine
    } else {
        Outcome::Error
    })
}

fn one(path: &Path, terminal: &Terminal) -> (Verdict, String, String) {
    match Case::load(path) {
        Ok(case) => {
            let report = case.run();
            (
                report.verdict(),
                case.title.clone(),
                report.render(terminal.color_out),
            )
        }
        Err(error) => (Verdict::Broken, String::new(), error.to_string()),
    }
}

/// A file as it is; of a folder all `.case` files below it, in the order of their names.
fn collect(path: &Path, into: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let read = |error: std::io::Error| files::cannot_read(path, &error);
    let meta = std::fs::metadata(path).map_err(read)?;
    if !meta.is_dir() {
        into.push(path.to_path_buf());
        return Ok(());
    }
    let mut folders = vec![path.to_path_buf()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(read)? {
            let entry = entry.map_err(read)?;
            let kind = entry.file_type().map_err(read)?;
            let path = entry.path();
            if kind.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "case") {
                found.push(path);
            }
        }
    }
    found.sort();
    into.extend(found);
    Ok(())
}
