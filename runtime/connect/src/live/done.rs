//! What of a folder has been read: kept in positions, so that another process reads each file once, too.
//!
//! A folder may hold very many files that are done. So there are two parts: part 1 has all of them, and is told seldom; part 0 has those that have been done since,
//! and where the reading of the current one is, and comes with each batch. A file that is in either is done.

use std::collections::HashSet;
use std::fs::Metadata;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Run;
use crate::error::ConnectError;
use crate::files::{self, FoundFile};
use crate::position::{self, Position, Sum, unusable};

/// Part 1 is told again when so many more files are done, or as many as the root of all.
const FEW: usize = 64;

/// What part 0 has.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Now {
    /// Files that are done, and not in part 1.
    recent: Vec<u64>,
    reading: Option<Reading>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Reading {
    file: u64,
    /// The file's own position.
    at: String,
}

/// Which files are done.
pub(super) struct Done {
    /// With `failed` files as the checksum of their checksum: they are not to be put away.
    all: HashSet<u64>,
    now: Now,
}

/// What a file is known by: its name, its number, and when it was made. (Numbers are given again; who moves a file into the folder doesn't make it.)
pub(super) fn sum(path: &Path, metadata: &Metadata) -> u64 {
    let mut sum = Sum::default();
    let name = path.file_name().unwrap_or_default();
    sum.add(name.as_encoded_bytes());
    sum.add(&files::number(metadata).to_le_bytes());
    sum.add(&files::born(metadata).to_le_bytes());
    sum.0
}

fn failed(sum: u64) -> u64 {
    Sum::of(&sum.to_le_bytes())
}

impl Done {
    /// As the positions say from which the source goes on.
    ///
    /// # Errors
    /// P0549.
    pub fn open(run: &Run<'_>) -> Result<Self, ConnectError> {
        let mut all = HashSet::new();
        if let Some(base) = run.from(1) {
            let (sums, rest) = base.rest.as_chunks::<8>();
            if !rest.is_empty() {
                return Err(unusable("the position is damaged"));
            }
            all.extend(sums.iter().map(|sum| u64::from_le_bytes(*sum)));
        }
        let mut now = Now::default();
        if let Some(opened) = run.from(0) {
            now = position::read(&opened.rest)?;
            all.extend(&now.recent);
        }
        Ok(Self { all, now })
    }

    /// Whether the file is done, and if so, whether it was read to its end.
    pub fn of_file(&self, sum: u64) -> Option<bool> {
        let whole = self.all.contains(&sum);
        (whole || self.all.contains(&failed(sum))).then_some(whole)
    }

    /// Whether it is the one that was being read.
    pub fn is_reading(&self, sum: u64) -> bool {
        let reading = self.now.reading.as_ref();
        reading.is_some_and(|it| it.file == sum)
    }

    /// Whether the one that was being read is not among these.
    pub fn lacks(&mut self, ready: &[(FoundFile, u64)]) -> bool {
        let reading = self.now.reading.take_if(|reading| {
            let mut ready = ready.iter();
            !ready.any(|(_, sum)| *sum == reading.file)
        });
        reading.is_some()
    }

    /// Forgets all but these.
    pub fn only(&mut self, there: &HashSet<u64>) {
        let failed: HashSet<u64> = there.iter().map(|sum| failed(*sum)).collect();
        let is_there = |sum: &u64| there.contains(sum) || failed.contains(sum);
        self.all.retain(is_there);
        self.now.recent.retain(is_there);
    }

    /// The file is read now; where to go on in it.
    pub fn begin(&mut self, sum: u64) -> Option<String> {
        let reading = self.now.reading.take();
        reading.filter(|it| it.file == sum).map(|it| it.at)
    }

    /// Where its reading is.
    pub fn reading(&self, run: &Run<'_>, sum: u64, at: Vec<u8>) -> Position {
        let now = Now {
            recent: self.now.recent.clone(),
            reading: Some(Reading {
                file: sum,
                at: String::from_utf8_lossy(&at).into_owned(),
            }),
        };
        run.position(0, &position::write(&now), false)
    }

    /// A file is done: read to its end, or not. Tells where the source is.
    pub fn add(&mut self, run: &Run<'_>, sum: u64, whole: bool, settle: bool) {
        let sum = if whole { sum } else { failed(sum) };
        self.all.insert(sum);
        self.now.recent.push(sum);
        if self.now.recent.len() > FEW.max(self.all.len().isqrt()) {
            let mut sums: Vec<u64> = self.all.iter().copied().collect();
            sums.sort_unstable();
            let bytes: Vec<u8> = sums.iter().flat_map(|sum| sum.to_le_bytes()).collect();
            run.mark(run.position(1, &bytes, false), false);
            self.now.recent.clear();
        }
        run.mark(run.position(0, &position::write(&self.now), false), settle);
    }
}
