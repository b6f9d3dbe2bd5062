//! Files: how they are opened, and put aside.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use portent_grammar::codes::input as codes;

use crate::error::ConnectError;
use crate::options::{Rotate, SinkMode};

pub(super) fn open(path: &str, mode: SinkMode) -> Result<File, ConnectError> {
    let mut options = OpenOptions::new();
    match mode {
        SinkMode::Truncate => options.write(true).create(true).truncate(true),
        SinkMode::Append => options.append(true).create(true),
    };
    options.open(path).map_err(|error| refused(path, &error))
}

pub(super) fn refused(path: &str, error: &io::Error) -> ConnectError {
    let folder = Path::new(path)
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let message = match (error.kind(), folder) {
        (io::ErrorKind::NotFound, Some(folder)) => {
            format!(
                "'{path}' can't be written: there is no folder '{}'",
                folder.display()
            )
        }
        (io::ErrorKind::PermissionDenied, _) => {
            format!("there is no permission to write '{path}'")
        }
        (io::ErrorKind::IsADirectory, _) => format!("'{path}' is a folder, not a file"),
        _ => format!("'{path}' can't be written: {error}"),
    };
    ConnectError::new(codes::SINK_OPEN, message).option("path")
}

/// When and how a file is put aside.
pub(super) struct Rotation {
    path: String,
    rotate: Rotate,
    /// Bytes in the file, before packing.
    pub bytes: u64,
    began: Instant,
    /// The same for people and other processes, ms since 1970.
    pub since: u64,
}

impl Rotation {
    pub fn new(path: &str, rotate: &Rotate, bytes: u64) -> Self {
        Self {
            path: path.to_owned(),
            rotate: rotate.clone(),
            bytes,
            began: Instant::now(),
            since: now(),
        }
    }

    /// The file is one that another process has begun.
    pub fn go_on(&mut self, bytes: u64, since: u64) {
        self.bytes = bytes;
        let age = Duration::from_millis(now().saturating_sub(since));
        if let Some(began) = Instant::now().checked_sub(age) {
            (self.began, self.since) = (began, since);
        }
    }

    /// Whether the file, with `more` bytes that are about to be written, is old or large enough. An empty one never is.
    pub fn is_due(&self, more: usize) -> bool {
        let bytes = self.bytes + more as u64;
        let by_size = self.rotate.bytes.is_some_and(|most| bytes >= most);
        let by_age = || {
            self.rotate
                .every
                .is_some_and(|every| self.began.elapsed() >= every)
        };
        bytes > 0 && (by_size || by_age())
    }

    /// Puts the file, which must have been closed, aside, and opens a new one.
    pub fn change(&mut self) -> io::Result<File> {
        let path = &self.path;
        match self.rotate.keep {
            Some(keep) => {
                for number in (1..keep).rev() {
                    move_if_there(
                        &format!("{path}.{number}"),
                        &format!("{path}.{}", number + 1),
                    )?;
                }
                move_if_there(path, &format!("{path}.1"))?;
            }
            None => {
                let now = chrono::DateTime::from(std::time::SystemTime::now());
                let now: chrono::DateTime<chrono::Utc> = now;
                let base = format!("{path}.{}", now.format("%Y%m%dT%H%M%S%.3fZ"));
                let mut target = base.clone();
                let mut number = 0_u64;
                while Path::new(&target).exists() {
                    number += 1;
                    target = format!("{base}-{number}");
                }
                move_if_there(path, &target)?;
            }
        }
        // Nothing of what stands there is ever emptied: if it can't be put aside, that has failed above.
        let file = OpenOptions::new().append(true).create(true).open(path)?;
        self.bytes = 0;
        (self.began, self.since) = (Instant::now(), now());
        Ok(file)
    }
}

/// ms since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |it| u64::try_from(it.as_millis()).unwrap_or(u64::MAX))
}

fn move_if_there(from: &str, to: &str) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}
