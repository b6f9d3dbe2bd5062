//! A folder: its files, and those that come into it, each once.

use std::collections::{HashMap, HashSet};
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use portent_grammar::codes::input as codes;

use super::done::{self, Done};
use super::{Event, Run};
use crate::error::ConnectError;
use crate::files::{self, FoundFile};
use crate::options::{After, Directory, OnBad};
use crate::source::open_files;

/// What is known of a file.
enum State {
    /// It had so many bytes, and has had them since then.
    Growing(u64, Instant),
    /// It was read, or can't be.
    Done,
}

/// A file is another one if it has another number, even under the same name.
type Id = (PathBuf, u64);

pub(super) fn run(run: &Run<'_>, directory: &Directory) -> Result<(), ConnectError> {
    let mut known: HashMap<Id, State> = HashMap::new();
    let mut done = Done::open(run)?;
    let mut first = true;
    while !run.is_over() {
        let found = match files::in_folder(directory) {
            Ok(found) => found,
            // At the beginning it is a mistake; later, perhaps, only a moment.
            Err(error) if first => return Err(error),
            Err(error) => {
                run.tell(Event::Failed { error });
                run.wait(directory.settle.max(directory.poll));
                continue;
            }
        };
        let mut seen = HashMap::with_capacity(known.len());
        let mut ready = Vec::new();
        let mut there = HashSet::with_capacity(known.len());
        for file in found {
            let Ok(metadata) = fs::metadata(&file.path) else {
                continue;
            };
            let id = (file.path.clone(), files::number(&metadata));
            let sum = done::sum(&file.path, &metadata);
            there.insert(sum);
            let state = known.remove(&id);
            let state = match done.of_file(sum) {
                // Another process has read it, perhaps without putting it away.
                Some(whole) if state.is_none() => {
                    if whole {
                        put_away_or_tell(run, directory, &file.path);
                    }
                    State::Done
                }
                _ if done.is_reading(sum) => {
                    // It was whole when its reading began, and comes before all others.
                    ready.insert(0, (file, sum));
                    State::Done
                }
                _ => match look(state, &metadata, directory.settle) {
                    Some(state) => state,
                    None => {
                        ready.push((file, sum));
                        State::Done
                    }
                },
            };
            seen.insert(id, state);
        }
        // Those that have gone are forgotten.
        known = seen;
        done.only(&there);
        if std::mem::take(&mut first) && done.lacks(&ready) {
            let why = "the file that was being read is not there any more, or is another one: what was not read of it can't be";
            run.tell(Event::Missed {
                file: directory.path.clone(),
                why: why.to_owned(),
            });
        }
        let nothing = ready.is_empty();
        for (file, sum) in ready {
            if run.is_over() {
                return Ok(());
            }
            read(run, directory, file, sum, &mut done)?;
        }
        if nothing {
            run.wait(directory.poll);
        }
    }
    Ok(())
}

/// `None`: the file is whole, and has not been read.
fn look(state: Option<State>, metadata: &Metadata, settle: Duration) -> Option<State> {
    let bytes = metadata.len();
    match state {
        Some(State::Done) => Some(State::Done),
        Some(State::Growing(before, since)) if before == bytes => {
            (since.elapsed() < settle).then_some(State::Growing(before, since))
        }
        Some(State::Growing(..)) => Some(State::Growing(bytes, Instant::now())),
        None => {
            // One that was moved here is as old as its content.
            let changed = metadata.modified().ok();
            let age = changed.and_then(|it| SystemTime::now().duration_since(it).ok());
            let settled = age.is_some_and(|age| age >= settle);
            (!settled).then(|| State::Growing(bytes, Instant::now()))
        }
    }
}

fn read(
    run: &Run<'_>,
    directory: &Directory,
    file: FoundFile,
    sum: u64,
    done: &mut Done,
) -> Result<(), ConnectError> {
    let path = file.path.clone();
    let name = file.name.to_string();
    run.tell(Event::Opened { file: name.clone() });
    let from = done.begin(sum);
    let result = open_files(run.config, run.schema, vec![file]).and_then(|mut source| {
        if let Some(from) = from
            && let Some(why) = source.resume(from.as_bytes())?
        {
            run.tell(Event::Missed { file: name, why });
        }
        run.drain(&mut *source, &|rest| done.reading(run, sum, rest))
    });
    let whole = match result {
        // Somebody took it away.
        Err(_) if !path.exists() => return Ok(()),
        Err(error) if run.config.on_bad == OnBad::Fail => return Err(error),
        Err(error) => {
            // It stays where it is, to be looked at.
            run.tell(Event::Failed { error });
            false
        }
        // It wasn't read to its end.
        Ok(false) => return Ok(()),
        Ok(true) => true,
    };
    let settle = whole && directory.after != After::Keep;
    done.add(run, sum, whole, settle);
    // If whoever takes the rows has not got all of them safe, it must stay.
    if whole && !run.is_over() {
        put_away_or_tell(run, directory, &path);
    }
    Ok(())
}

fn put_away_or_tell(run: &Run<'_>, directory: &Directory, path: &Path) {
    if let Err(error) = put_away(directory, path) {
        let message = format!(
            "'{}' was read, and can't be put away: {error}",
            path.display()
        );
        let error = ConnectError::new(codes::FILE_UNREADABLE, message).option("after");
        run.tell(Event::Failed { error });
    }
}

fn put_away(directory: &Directory, path: &Path) -> io::Result<()> {
    let folder = match &directory.after {
        After::Keep => return Ok(()),
        After::Delete => return fs::remove_file(path),
        After::Move(folder) => Path::new(&directory.path).join(folder),
    };
    fs::create_dir_all(&folder)?;
    let name = path.file_name().unwrap_or_default();
    let mut target = folder.join(name);
    let mut number = 0_u64;
    while target.exists() {
        number += 1;
        let mut name = name.to_owned();
        name.push(format!(".{number}"));
        target = folder.join(name);
    }
    match fs::rename(path, &target) {
        // On another file system.
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            fs::copy(path, &target)?;
            fs::remove_file(path)
        }
        result => result,
    }
}
