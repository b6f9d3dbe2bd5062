//! Files that grow, as `tail -F` reads them.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use portent_grammar::codes::input as codes;

use super::tail::Tail;
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
    let names: [Arc<str>; 1] = [path.into()];
    let mut rows = RowReader::new(run.config, run.schema)?;
    let mut bad = BadSink::new(&run.config.on_bad)?;
    let mut from_end = follow.from_end;
    let mut again = false;
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
        let file = path.to_owned();
        run.tell(match again {
            true => Event::Rotated { file },
            false => Event::Opened { file },
        });
        again = true;
        let start = match std::mem::take(&mut from_end) {
            true => {
                let over = || run.is_over();
                tail.skip_to_end(&over)
                    .map_err(|error| failed(path, &error))?
            }
            false => None,
        };
        let first_given = tail.first_given();
        rows.begin(Box::new(tail), Arc::clone(&names[0]), 0, true);
        if let Some((place, lines)) = start {
            // For the names that may stand in the first line.
            while !run.is_over() && !first_given.load(Ordering::Relaxed) {
                rows.read(&mut Batch::new(), 1, &mut BadSink::Skip)?;
            }
            rows.jump(place, lines);
        }
        to_the_end(run, &mut rows, &mut bad, &names, follow)?;
        rows.end();
    }
    Ok(())
}

/// Reads until another file is to be read.
fn to_the_end(
    run: &Run<'_>,
    rows: &mut RowReader,
    bad: &mut BadSink,
    names: &[Arc<str>],
    follow: &Follow,
) -> Result<(), ConnectError> {
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
