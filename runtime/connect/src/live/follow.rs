//! Files that grow, as `tail -F` reads them.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use portent_grammar::codes::input as codes;

use super::relatives::Relatives;
use super::tail::{Tail, Told};
use super::{BATCH_ROWS, Event, Run};
use crate::batch::{Batch, Progress};
use crate::error::ConnectError;
use crate::options::Follow;
use crate::source::bad::BadSink;
use crate::source::rows::RowReader;

/// Each file has a thread of its own. The first error ends all of them.
pub(super) fn run(run: &Run<'_>, paths: &[String], follow: &Follow) -> Result<(), ConnectError> {
    if let [path] = paths {
        return one(run, path, follow);
    }
    std::thread::scope(|scope| {
        let work = |path: &String| {
            let result = one(run, path, follow);
            if result.is_err() {
                run.broken_off.store(true, Ordering::Relaxed);
            }
            result
        };
        let threads: Vec<_> = paths
            .iter()
            .map(|path| scope.spawn(move || work(path)))
            .collect();
        let mut result = Ok(());
        for thread in threads {
            let ended = thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            result = result.and(ended);
        }
        result
    })
}

fn one(run: &Run<'_>, path: &str, follow: &Follow) -> Result<(), ConnectError> {
    let name: Arc<str> = path.into();
    let mut rows = RowReader::new(run.config, run.schema)?;
    let mut bad = BadSink::new(&run.config.on_bad)?;
    let mut from_end = follow.from_end;
    let mut again = false;
    // The old files that were there when the current one was opened; `None`: those that are new were not followed by it.
    let mut before: Option<Relatives> = None;
    while !run.is_over() {
        let mut tail = match Tail::open(path.into()) {
            Ok(tail) => tail,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // What comes later is new from its beginning.
                from_end = false;
                run.wait(follow.poll);
                continue;
            }
            Err(error) => return Err(failed(path, &error)),
        };
        let now = Relatives::of(Path::new(path));
        if let Some(before) = before.take() {
            // While the old one was being read, others have come and gone.
            for missed in now.since(&before) {
                read_old(run, &mut rows, &mut bad, &missed, follow)?;
            }
        }
        let start = match std::mem::take(&mut from_end) {
            true => {
                let over = || run.is_over();
                tail.skip_to_end(&over)
                    .map_err(|error| failed(path, &error))?
            }
            false => None,
        };
        // Now: what is written from here on is read.
        let file = path.to_owned();
        run.tell(match again {
            true => Event::Rotated { file },
            false => Event::Opened { file },
        });
        again = true;
        let told = tail.told();
        rows.begin(Box::new(tail), Arc::clone(&name), 0, true);
        if let Some((place, lines)) = start
            && read_first(run, &mut rows, &told)?
        {
            rows.jump(place, lines);
        }
        to_the_end(run, &mut rows, &mut bad, &name, follow)?;
        rows.end();
        if told.replaced.load(Ordering::Relaxed) {
            before = Some(now);
        }
    }
    Ok(())
}

/// Reads the first line, for the names that may stand in it. False if the file was emptied meanwhile.
fn read_first(run: &Run<'_>, rows: &mut RowReader, told: &Told) -> Result<bool, ConnectError> {
    while !run.is_over() && !told.first_given.load(Ordering::Relaxed) {
        let mut unwanted = Batch::new();
        if rows.read(&mut unwanted, 1, &mut BadSink::Skip)? == Progress::End {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Reads a file to which nobody writes any more.
fn read_old(
    run: &Run<'_>,
    rows: &mut RowReader,
    bad: &mut BadSink,
    path: &Path,
    follow: &Follow,
) -> Result<(), ConnectError> {
    let name: Arc<str> = path.to_string_lossy().as_ref().into();
    let file = match File::open(path) {
        Ok(file) => file,
        // It has been put away already.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(&name, &error)),
    };
    run.tell(Event::Opened {
        file: name.to_string(),
    });
    rows.begin(Box::new(file), Arc::clone(&name), 0, true);
    to_the_end(run, rows, bad, &name, follow)?;
    rows.end();
    Ok(())
}

/// Reads until another file is to be read.
fn to_the_end(
    run: &Run<'_>,
    rows: &mut RowReader,
    bad: &mut BadSink,
    name: &Arc<str>,
    follow: &Follow,
) -> Result<(), ConnectError> {
    let names = std::slice::from_ref(name);
    while !run.is_over() {
        let mut batch = Batch::new();
        let result = rows.read(&mut batch, BATCH_ROWS, bad);
        let nothing = batch.rows() == 0 && batch.bad.is_empty();
        run.give(batch, names);
        if result? == Progress::End {
            break;
        }
        if nothing {
            run.wait(follow.poll);
        }
    }
    Ok(())
}

fn failed(path: &str, error: &io::Error) -> ConnectError {
    let message = format!("'{path}' can't be read: {error}");
    ConnectError::new(codes::FILE_UNREADABLE, message).option("path")
}
