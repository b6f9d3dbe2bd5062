//! Matches that outlive the daemon: a log of them on disk, their numbers, and where consumer groups are.
//!
//! A match comes with the input behind it, and whoever reads the log of inputs from the last checkpoint on gets it again, with the same number. So this log is written
//! without waiting for the disk, in blocks, and brought to the disk only before a checkpoint is taken; after a crash it may end anywhere behind that, and goes on where it
//! ends: matches that are in it already are not written again.
//!
//! | file | what |
//! |---|---|
//! | `store` | the log: writing and retention |
//! | `open` | reading all of it when it is opened |
//! | `index` | where the matches of each query are |
//! | `read` | matches of a query, from any number |
//! | `rows` | matches as rows, and back |
//! | `mark` | the numbers at a checkpoint, as bytes |
//! | `saver` | where groups are, brought to the disk |

mod index;
mod mark;
mod open;
mod read;
mod retain;
mod rows;
mod saver;
mod shelves;
mod store;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use portent_grammar::codes::store as codes;
use portent_store::Meta;

use super::log::{Entry, MatchLog};
use crate::{Emitted, Errors};
use index::Index;
pub(crate) use mark::{Mark, read as read_mark, write as write_mark};
#[cfg(test)]
pub(crate) use retain::Keep;
pub(crate) use saver::Saver;
pub(crate) use store::Store;

/// When so many bytes of matches have gathered, they are written. Of a thousand queries that match in turn each has several in a block then, and not one.
const GATHER: u64 = 4 << 20;
/// Those that are fewer wait at most so long for others, while matches come.
const WAIT: Duration = Duration::from_secs(1);
/// When so many have gathered, they are written at once, whoever has pushed them.
const SPILL: u64 = 8 << 20;
/// If the disk takes none, so many bytes may gather.
const MOST: u64 = 256 << 20;

/// What a hub has if matches outlive the daemon.
#[derive(Debug)]
pub(crate) struct Kept {
    pub store: Arc<Store>,
    pub saver: Arc<Saver>,
    /// Queries with matches that are not in the log yet.
    dirty: Mutex<Vec<Arc<MatchLog>>>,
    /// Who writes them.
    writing: Mutex<()>,
    /// About how many bytes they have, and from how many on they are written.
    gathered: AtomicU64,
    spill: AtomicU64,
    /// When the last were written, in milliseconds since the beginning.
    wrote: AtomicU64,
    begun: Instant,
    synced: AtomicU64,
    /// So many waited that no more are kept for the log. From then on no checkpoint is taken, so that all of them come again.
    full: AtomicBool,
    /// The disk took none when it was last asked.
    refused: AtomicBool,
    /// What was found when inputs were about to be read again.
    warnings: Mutex<Vec<String>>,
}

/// Its name in lower case: by this it is known, as in the catalog.
pub(crate) fn key(query: &str) -> Arc<str> {
    let lower: String = query.chars().flat_map(char::to_lowercase).collect();
    lower.into()
}

impl Kept {
    pub fn new(store: Store, meta: Arc<Meta>) -> Self {
        Self {
            store: Arc::new(store),
            saver: Arc::new(Saver::new(meta)),
            dirty: Mutex::default(),
            writing: Mutex::default(),
            gathered: AtomicU64::new(0),
            spill: AtomicU64::new(SPILL),
            wrote: AtomicU64::new(0),
            begun: Instant::now(),
            synced: AtomicU64::new(0),
            full: AtomicBool::new(false),
            refused: AtomicBool::new(false),
            warnings: Mutex::default(),
        }
    }

    fn dirty(&self) -> MutexGuard<'_, Vec<Arc<MatchLog>>> {
        self.dirty.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether matches are not kept for the log any more.
    pub fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// Up to this position the log of matches was on the disk.
    pub fn was_durable(&self, position: u64) {
        let next = self.store.position();
        if next < position {
            self.warnings().push(format!(
                "the log of matches ends at position {next}, and was on the disk up to {position} when the checkpoint was taken: matches are lost"
            ));
        }
    }

    /// What is worth a warning, a sentence each.
    pub fn warnings(&self) -> MutexGuard<'_, Vec<String>> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// About how many bytes of matches wait to be written.
    pub fn gathered(&self) -> u64 {
        self.gathered.load(Ordering::Relaxed)
    }

    /// A match came that is not in the log. `first`: of this query there was none before it.
    pub fn gather(&self, log: &Arc<MatchLog>, emitted: &Emitted, first: bool) {
        if first {
            self.dirty().push(Arc::clone(log));
        }
        let weight = rows::weight(emitted);
        let gathered = self.gathered.fetch_add(weight, Ordering::Relaxed) + weight;
        if gathered < self.spill.load(Ordering::Relaxed) {
            return;
        }
        match self.write() {
            Ok(()) => self.spill.store(SPILL, Ordering::Relaxed),
            Err(_) if gathered >= MOST => {
                // Nobody can be told here; who writes next is.
                tracing::error!("no more matches are kept for the disk, which takes none");
                self.full.store(true, Ordering::Relaxed);
            }
            Err(_) => self.spill.store(gathered + SPILL, Ordering::Relaxed),
        }
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Writes what has gathered if it is much, has waited for a while, or was refused before. Until then it is in memory, and comes again after a crash.
    ///
    /// # Errors
    /// As [`Self::write`], until it is written.
    pub fn write_due(&self) -> Result<(), Errors> {
        let gathered = self.gathered();
        let waited = || {
            let since = self.wrote.load(Ordering::Relaxed);
            u128::from(self.millis().saturating_sub(since)) >= WAIT.as_millis()
        };
        let due = gathered >= GATHER
            || self.is_full()
            || self.refused.load(Ordering::Relaxed)
            || (gathered > 0 && waited());
        if due { self.write() } else { Ok(()) }
    }

    /// Writes what has gathered.
    ///
    /// # Errors
    /// The disk refuses: it stays, and is written when there is room. P0740: too much has gathered.
    pub fn write(&self) -> Result<(), Errors> {
        if self.is_full() {
            let message = "the disk took no matches for so long that too many wait for it";
            return Err(Errors::plain(codes::MATCHES_UNWRITTEN, message)
                .help("see to the disk, and start the daemon again: no match is lost by that"));
        }
        if self.gathered() == 0 {
            return Ok(());
        }
        let _one = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let logs = std::mem::take(&mut *self.dirty());
        let weigh = |entry: &Arc<Entry>| rows::weight(&entry.emitted);
        let mut lighter = 0;
        let part = |log: &Arc<MatchLog>| {
            let mut entries = log.unwritten();
            if log.is_dropped() {
                // Nobody asks for them any more.
                lighter += entries.drain(..).map(|it| weigh(&it)).sum::<u64>();
                log.written(u64::MAX);
            }
            (Arc::clone(log.key()), entries)
        };
        let parts: Vec<(Arc<str>, Vec<Arc<Entry>>)> = logs.iter().map(part).collect();
        let mut done = vec![0; parts.len()];
        let outcome = self.store.write(&parts, |part, last| {
            if let Some(done) = done.get_mut(part) {
                *done = last;
            }
        });
        for ((log, (_, entries)), last) in logs.iter().zip(&parts).zip(done) {
            let written = entries.iter().take_while(|entry| entry.number <= last);
            lighter += written.map(weigh).sum::<u64>();
            if log.written(last) {
                self.dirty().push(Arc::clone(log));
            }
        }
        let less = |gathered: u64| Some(gathered.saturating_sub(lighter));
        let _ = self
            .gathered
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        self.wrote.store(self.millis(), Ordering::Relaxed);
        self.refused.store(outcome.is_err(), Ordering::Relaxed);
        outcome.map_err(Errors::from)
    }

    /// Brings all that came so far to the disk.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn sync(&self) -> Result<(), Errors> {
        self.write()?;
        let position = self.store.position();
        self.store.sync()?;
        self.synced.fetch_max(position, Ordering::AcqRel);
        self.saver.flush()
    }

    /// Up to this position the log of matches is on the disk for certain.
    pub fn synced(&self) -> u64 {
        self.synced.load(Ordering::Acquire)
    }
}
