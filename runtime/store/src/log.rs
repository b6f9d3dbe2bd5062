//! The log.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portent_grammar::Schema;

use crate::batch::{Appended, Batch};
use crate::config::{Durability, LogConfig};
use crate::inspect::SegmentInfo;
use crate::progress::Progress;
use crate::reader::{Reader, Upto};
use crate::recover::{self, Recovery};
use crate::retain::{self, Retained, Retention};
use crate::segments::Segment;
use crate::storage::{Guard, Storage};
use crate::streams::{Stream, Streams};
use crate::tail::Tail;
use crate::{LogError, locked};

/// A durable, replayable log of a session's input.
///
/// All methods take `&self`: many threads may append, sync and read at once. Appends are put in order by a lock that is held for a copy and a write, never for a sync
/// (but for the one between two segments). A dropped log is closed without a last sync; [`Log::close`] does it in order.
#[derive(Debug)]
pub struct Log {
    shared: Arc<Shared>,
}

/// What the log, its syncers and its readers share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub storage: Arc<dyn Storage>,
    pub config: LogConfig,
    pub progress: Progress,
    pub streams: Mutex<Streams>,
    /// In the order of positions; the last is written.
    pub segments: Mutex<Vec<Arc<Segment>>>,
    pub tail: Mutex<Tail>,
    pub guard: Mutex<Option<Box<dyn Guard>>>,
}

impl Shared {
    /// After a sync that failed nothing is promised any more.
    pub fn sync_failed(&self, name: &str, error: &io::Error) -> LogError {
        let poison = LogError::Poisoned {
            path: self.storage.place(name),
            why: error.to_string(),
        };
        self.progress.poison(&poison);
        poison
    }

    /// Brings what was taken by now to the disk.
    fn round(&self) -> Result<(), LogError> {
        let (file, name, next) = {
            let mut tail = locked(&self.tail);
            tail.flush(self)?;
            (tail.file.clone(), tail.segment.name.clone(), tail.next)
        };
        file.sync()
            .map_err(|error| self.sync_failed(&name, &error))?;
        self.progress.synced_to(next);
        Ok(())
    }

    fn sync_to(&self, position: u64) -> Result<(), LogError> {
        self.progress.sync_to(position, || self.round())
    }
}

impl Log {
    /// Opens the log in a directory, or begins one there. Locks it, reads what is there, cuts off what a crash left half written, and deals with damage as configured.
    ///
    /// `now`: the wall time, µs. Takes time in proportion to the log ([`crate::Check::All`]) or to a segment ([`crate::Check::Last`]).
    ///
    /// # Errors
    /// [`LogError::Locked`], [`LogError::Damaged`], [`LogError::NewerVersion`], and what the system refuses. Nothing has been changed then, but for what
    /// [`crate::OnDamage::Truncate`] had put aside before.
    pub fn open(
        storage: Arc<dyn Storage>,
        config: LogConfig,
        now: i64,
    ) -> Result<(Self, Recovery), LogError> {
        let (shared, recovery) = recover::open(storage, config, now)?;
        Ok((
            Self {
                shared: Arc::new(shared),
            },
            recovery,
        ))
    }

    /// The stream of this name with these columns: as it is known, or with a new number or generation, which is written into the log.
    /// `now`: the wall time, µs.
    ///
    /// # Errors
    /// A type that the format does not know; what [`Log::append`] gives.
    pub fn define(&self, name: &str, schema: &Schema, now: i64) -> Result<Arc<Stream>, LogError> {
        let mut tail = locked(&self.shared.tail);
        self.shared.progress.check()?;
        let stream = {
            let streams = locked(&self.shared.streams);
            match streams.named(name) {
                Some(known) if known.schema == *schema => return Ok(known.clone()),
                _ => Arc::new(streams.next(name, schema)),
            }
        };
        tail.define(&self.shared, &stream, now)?;
        locked(&self.shared.streams).add(&stream);
        Ok(stream)
    }

    /// The newest columns of all streams, by name.
    pub fn streams(&self) -> Vec<Arc<Stream>> {
        locked(&self.shared.streams).newest().cloned().collect()
    }

    /// Appends all records of a batch, or nothing. `now`: the wall time, µs, as their time of arrival; one that is before the last counts as the last.
    ///
    /// Returns when they are taken, which is not yet durable: [`Log::wait_durable`].
    ///
    /// # Errors
    /// [`LogError::StorageFull`] and [`LogError::Io`]: nothing of the batch was taken, and it may be appended again. [`LogError::Poisoned`] and [`LogError::Closed`].
    pub fn append(&self, batch: &mut Batch, now: i64) -> Result<Appended, LogError> {
        let mut tail = locked(&self.shared.tail);
        self.shared.progress.check()?;
        tail.append(&self.shared, batch, now)
    }

    /// The next position that will be given.
    pub fn next(&self) -> u64 {
        self.shared.progress.appended()
    }

    /// The first position that is still there.
    pub fn first(&self) -> u64 {
        locked(&self.shared.segments)
            .first()
            .map_or(0, |segment| segment.base)
    }

    /// The first position of the segment that is written: all before it is sealed.
    pub fn base(&self) -> u64 {
        locked(&self.shared.tail).segment.base
    }

    /// All before this position is durable, in the sense of the configured level.
    pub fn durable(&self) -> u64 {
        match self.shared.config.durability {
            Durability::Memory => self.shared.progress.appended(),
            Durability::Written => self.shared.progress.written(),
            Durability::Fsynced => self.shared.progress.synced(),
        }
    }

    /// All before this position is on the disk, whatever the level.
    pub fn synced(&self) -> u64 {
        self.shared.progress.synced()
    }

    /// Waits until all before this position is durable. If nobody is syncing, this thread does, for all that was appended by then: so many threads that append and
    /// wait share the syncs, and no thread of its own is needed.
    ///
    /// # Errors
    /// [`LogError::Poisoned`] if the sync failed, now or before; [`LogError::Beyond`] if the position was never given; [`LogError::StorageFull`] at level `memory`.
    pub fn wait_durable(&self, position: u64) -> Result<(), LogError> {
        let next = self.next();
        if position > next {
            return Err(LogError::Beyond { position, next });
        }
        match self.shared.config.durability {
            Durability::Fsynced => self.shared.sync_to(position),
            _ => Ok(()),
        }
    }

    /// Brings all that was appended to the disk, whatever the level.
    ///
    /// # Errors
    /// As [`Log::wait_durable`].
    pub fn sync(&self) -> Result<(), LogError> {
        self.shared.sync_to(self.next())
    }

    /// What a thread of the host takes to sync while others append.
    pub fn syncer(&self) -> Syncer {
        Syncer {
            shared: self.shared.clone(),
        }
    }

    /// Reads from a position on.
    ///
    /// # Errors
    /// [`LogError::Gone`] and [`LogError::Beyond`].
    pub fn reader(&self, from: u64, upto: Upto) -> Result<Reader, LogError> {
        Reader::live(self.shared.clone(), from, upto)
    }

    /// Reads from the first record that arrived at this time or later, µs; from the end if there is none.
    ///
    /// # Errors
    /// What the system refuses; damage on the way.
    pub fn reader_at(&self, time: i64, upto: Upto) -> Result<Reader, LogError> {
        Reader::live_at(self.shared.clone(), time, upto)
    }

    /// Seals the segment that is written, if there is a record in it, and begins the next: so that retention may remove it.
    ///
    /// # Errors
    /// As [`Log::append`].
    pub fn roll(&self, now: i64) -> Result<(), LogError> {
        let mut tail = locked(&self.shared.tail);
        self.shared.progress.check()?;
        if tail.next == tail.segment.base {
            return Ok(());
        }
        let (next, now) = (tail.next, now.max(tail.time));
        tail.roll(&self.shared, next, now)
    }

    /// Removes old segments, whole ones only, never the one that is written. `needed`: who needs which position and all behind it. `now`: the wall time, µs.
    ///
    /// # Errors
    /// What the system refuses; what was removed by then is removed.
    pub fn retain(
        &self,
        retention: &Retention,
        needed: &[(&str, u64)],
        now: i64,
    ) -> Result<Retained, LogError> {
        retain::retain(&self.shared, retention, needed, now)
    }

    /// Its segments, in order.
    pub fn segments(&self) -> Vec<SegmentInfo> {
        locked(&self.shared.segments)
            .iter()
            .map(|segment| SegmentInfo::of(segment, &self.shared.storage.place(&segment.name)))
            .collect()
    }

    /// Brings all to the disk, says so in the log, and lets go of the directory.
    ///
    /// # Errors
    /// As [`Log::sync`]. The log is closed all the same.
    pub fn close(self) -> Result<(), LogError> {
        self.sync()?;
        let mut tail = locked(&self.shared.tail);
        self.shared.progress.check()?;
        tail.mark(&self.shared)?;
        tail.flush(&self.shared)?;
        tail.file
            .sync()
            .map_err(|error| self.shared.sync_failed(&tail.segment.name, &error))
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let mut tail = locked(&self.shared.tail);
        if self.shared.progress.check().is_ok() {
            // Nobody is there to hear of an error; nothing was promised of what is collected.
            let _ = tail.flush(&self.shared);
        }
        self.shared.progress.close();
        locked(&self.shared.guard).take();
    }
}

/// Syncs a log on a thread of the host's, while others append and wait.
#[derive(Clone, Debug)]
pub struct Syncer {
    shared: Arc<Shared>,
}

impl Syncer {
    /// Waits until something was appended that is not on the disk, and brings it there; the position up to which all is there. `None`: the time is over, or the log is closed.
    ///
    /// # Errors
    /// [`LogError::Poisoned`]; [`LogError::StorageFull`] at level `memory`.
    pub fn next(&self, timeout: Option<Duration>) -> Result<Option<u64>, LogError> {
        if !self.shared.progress.wait_work(timeout)? || self.shared.progress.is_closed() {
            return Ok(None);
        }
        self.shared.sync_to(self.shared.progress.appended())?;
        Ok(Some(self.shared.progress.synced()))
    }

    /// Syncs whenever there is something to sync, until the log is closed.
    ///
    /// # Errors
    /// As [`Syncer::next`].
    pub fn run(&self) -> Result<(), LogError> {
        while self.next(None)?.is_some() {}
        Ok(())
    }
}
