//! Files that grow, as `tail -F` reads them.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use portent_grammar::codes::input as codes;

use super::relatives::Relatives;
use super::resume::{self, FollowAt, Found};
use super::tail::{Tail, Told};
use super::{BATCH_ROWS, Event, Run};
use crate::batch::{Batch, Progress};
use crate::error::ConnectError;
use crate::options::Follow;
use crate::position::{self, Position};
use crate::source::bad::BadSink;
use crate::source::rows::RowReader;

/// Each file has a thread of its own. The first error ends all of them.
pub(super) fn run(run: &Run<'_>, paths: &[String], follow: &Follow) -> Result<(), ConnectError> {
    if let [path] = paths {
        return Follower::new(run, path, 0, follow)?.go_on();
    }
    std::thread::scope(|scope| {
        let work = |part: u32, path: &String| {
            let result = Follower::new(run, path, part, follow).and_then(Follower::go_on);
            if result.is_err() {
                run.broken_off.store(true, Ordering::Relaxed);
            }
            result
        };
        let threads: Vec<_> = (0_u32..)
            .zip(paths)
            .map(|(part, path)| scope.spawn(move || work(part, path)))
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

/// Follows one file.
struct Follower<'a> {
    run: &'a Run<'a>,
    path: &'a str,
    name: Arc<str>,
    part: u32,
    follow: &'a Follow,
    rows: RowReader,
    bad: BadSink,
    /// Where another process was.
    from: Option<FollowAt>,
    /// The old files that were there when the current one was opened; `None`: those that are new were not followed by it.
    before: Option<Relatives>,
    /// A file has been opened before.
    again: bool,
    from_end: bool,
}

impl<'a> Follower<'a> {
    fn new(
        run: &'a Run<'a>,
        path: &'a str,
        part: u32,
        follow: &'a Follow,
    ) -> Result<Self, ConnectError> {
        let from: Option<FollowAt> = match run.from(part) {
            Some(opened) => Some(position::read(&opened.rest)?),
            None => None,
        };
        Ok(Self {
            run,
            path,
            name: path.into(),
            part,
            follow,
            rows: RowReader::new(run.config, run.schema)?,
            bad: BadSink::new(&run.config.on_bad)?,
            // Whatever came after the place is new.
            from_end: follow.from_end && from.is_none(),
            from: from.filter(|it| it.file.is_some()),
            before: None,
            again: false,
        })
    }

    fn go_on(mut self) -> Result<(), ConnectError> {
        while !self.run.is_over() {
            if let Some(from) = self.from.take() {
                self.resume(from)?;
                continue;
            }
            let tail = match Tail::open(self.path.into()) {
                Ok(tail) => tail,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    // What comes later is new from its beginning.
                    if std::mem::take(&mut self.from_end) {
                        self.tell(&FollowAt::default());
                    }
                    self.run.wait(self.follow.poll);
                    continue;
                }
                Err(error) => return Err(failed(self.path, &error)),
            };
            let now = Relatives::of(Path::new(self.path));
            if let Some(before) = self.before.take() {
                // While the old one was being read, others have come and gone.
                for missed in now.since(&before) {
                    self.read_old(&missed)?;
                }
            }
            self.read(tail, now)?;
        }
        Ok(())
    }

    /// Reads the file at the path, until another is there, or it is emptied.
    fn read(&mut self, mut tail: Tail, now: Relatives) -> Result<(), ConnectError> {
        let run = self.run;
        let from_end = std::mem::take(&mut self.from_end);
        let start = match from_end {
            true => {
                let over = || run.is_over();
                tail.skip_to_end(&over)
                    .map_err(|error| failed(self.path, &error))?
            }
            false => None,
        };
        // Now: what is written from here on is read.
        let file = self.path.to_owned();
        run.tell(match self.again {
            true => Event::Rotated { file },
            false => Event::Opened { file },
        });
        self.again = true;
        let (told, file) = (tail.told(), tail.file());
        self.rows
            .begin(Box::new(tail), Arc::clone(&self.name), 0, true);
        if let Some((place, lines, before)) = start
            && self.read_first(&told)?
        {
            self.rows.jump(place, lines, before);
        }
        if from_end && let Some(at) = self.rows.at() {
            self.tell(&resume::place(&file, at, self.path, self.path));
        }
        let name = Arc::clone(&self.name);
        self.read_on(&name, &file)?;
        self.rows.end();
        if told.replaced.load(Ordering::Relaxed) {
            self.before = Some(now);
        }
        Ok(())
    }

    /// Goes on where another process was.
    fn resume(&mut self, from: FollowAt) -> Result<(), ConnectError> {
        let path = Path::new(self.path);
        let found = resume::look(path, &from).map_err(|error| failed(self.path, &error))?;
        let here = match found {
            Found::Nothing => {
                self.from = Some(from);
                self.run.wait(self.follow.poll);
                return Ok(());
            }
            Found::Gone(before) => {
                let why = "the file that was being read was emptied, replaced or removed meanwhile: what had been written to it since can't be read";
                self.run.tell(Event::Missed {
                    file: self.path.to_owned(),
                    why: why.to_owned(),
                });
                self.before = Some(before);
                return Ok(());
            }
            Found::Here(here) => *here,
        };
        // It may have another name by now; its rows go by the one that it had.
        self.run.tell(Event::Opened {
            file: here.path.to_string_lossy().into_owned(),
        });
        let name: Arc<str> = from.name(self.path).into();
        self.again = true;
        let file = Arc::clone(&here.file);
        let behind = here.before.behind.clone();
        let tail = Tail::open_at(self.path.into(), here.file, from.at.offset, behind);
        let told = tail.told();
        let input = Box::new(tail);
        let called = Arc::clone(&name);
        self.rows
            .begin_at(input, called, 0, true, &from.at, here.before)?;
        self.read_on(&name, &file)?;
        self.rows.end();
        if told.replaced.load(Ordering::Relaxed) {
            self.before = Some(here.others);
        }
        Ok(())
    }

    /// Reads the first line, for the names that may stand in it. False if the file was emptied meanwhile.
    fn read_first(&mut self, told: &Told) -> Result<bool, ConnectError> {
        while !self.run.is_over() && !told.first_given.load(Ordering::Relaxed) {
            let mut unwanted = Batch::new();
            if self.rows.read(&mut unwanted, 1, &mut BadSink::Skip)? == Progress::End {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Reads a file to which nobody writes any more.
    fn read_old(&mut self, path: &Path) -> Result<(), ConnectError> {
        let name: Arc<str> = path.to_string_lossy().as_ref().into();
        let file = match File::open(path) {
            Ok(file) => Arc::new(file),
            // It has been put away already.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed(&name, &error)),
        };
        self.run.tell(Event::Opened {
            file: name.to_string(),
        });
        let input = Box::new(Arc::clone(&file));
        self.rows.begin(input, Arc::clone(&name), 0, true);
        self.read_on(&name, &file)?;
        self.rows.end();
        Ok(())
    }

    /// Reads until another file is to be read.
    fn read_on(&mut self, name: &Arc<str>, file: &File) -> Result<(), ConnectError> {
        let names = std::slice::from_ref(name);
        while !self.run.is_over() {
            let mut batch = Batch::new();
            let result = self.rows.read(&mut batch, BATCH_ROWS, &mut self.bad);
            let nothing = batch.rows() == 0 && batch.bad.is_empty();
            if !nothing && let Some(at) = self.rows.at() {
                batch.position = Some(self.position(&resume::place(file, at, name, self.path)));
            }
            self.run.give(batch, names);
            if result? == Progress::End {
                break;
            }
            if nothing {
                self.run.wait(self.follow.poll);
            }
        }
        Ok(())
    }

    fn position(&self, at: &FollowAt) -> Position {
        self.run.position(self.part, &position::write(at), false)
    }

    /// Tells where it is, without rows.
    fn tell(&self, at: &FollowAt) {
        self.run.mark(self.position(at), false);
    }
}

fn failed(path: &str, error: &io::Error) -> ConnectError {
    let message = format!("'{path}' can't be read: {error}");
    ConnectError::new(codes::FILE_UNREADABLE, message).option("path")
}
