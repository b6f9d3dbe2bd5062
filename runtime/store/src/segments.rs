//! The segments of a log, as they are known in memory.

use std::io;
use std::sync::{Arc, Mutex};

use crate::format::segment::name_of;
use crate::index::Index;
use crate::scan::{seal_of, walk};
use crate::storage::{File, Storage};
use crate::{LogError, locked};

/// A segment. Its file is opened by who reads it, so that a log of many segments holds few files open.
#[derive(Debug)]
pub(crate) struct Segment {
    pub base: u64,
    pub name: String,
    /// When it was begun, µs; `None` if its header is damaged.
    pub created: Option<i64>,
    state: Mutex<State>,
}

/// What changes while it is written.
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// The position behind it.
    pub next: u64,
    /// Bytes.
    pub len: u64,
    pub sealed: bool,
    /// Of the first and the last frame that takes positions.
    pub times: Option<(i64, i64)>,
    /// Of the segment that is written; of others it is read when it is needed.
    pub index: Option<Index>,
}

impl Segment {
    pub fn new(base: u64, created: Option<i64>, state: State) -> Self {
        Self {
            base,
            name: name_of(base),
            created,
            state: Mutex::new(state),
        }
    }

    /// What is known of it now, without the index.
    pub fn state(&self) -> State {
        let state = locked(&self.state);
        State {
            index: None,
            times: state.times,
            ..*state
        }
    }

    pub fn update(&self, change: impl FnOnce(&mut State)) {
        change(&mut locked(&self.state));
    }

    /// Its index: from memory, from its seal, or from its frames.
    pub fn index(&self, file: &Arc<dyn File>) -> io::Result<Index> {
        if let Some(index) = &locked(&self.state).index {
            return Ok(index.clone());
        }
        let len = file.len()?;
        if let Some((seal, _)) = seal_of(file, self.base, len)? {
            return Ok(Index::of(seal));
        }
        Ok(walk(file, &self.name, self.base, len, false)?.index)
    }

    /// Opens its file. `None`: it was removed meanwhile.
    pub fn open(&self, storage: &dyn Storage) -> Result<Option<Arc<dyn File>>, LogError> {
        match storage.open(&self.name) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(LogError::io("open", storage.place(&self.name), &error)),
        }
    }
}
