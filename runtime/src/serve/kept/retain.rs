//! Removing old matches: by size and by age, whole segments at a time.

use std::time::Duration;

use portent_store::{LogError, Retention};

use super::store::{Store, Writer};
use crate::serve::config::MatchConfig;

/// Retention looks at least so often, µs, while matches come.
const LOOK: i64 = 60_000_000;
/// The log has about so many segments when it is full: retention removes one at a time.
pub(super) const SEGMENTS: u64 = 16;
/// A segment has at most so many bytes: it is brought to the disk as a whole when it is full.
const MOST_SEGMENT: u64 = 64 << 20;

/// How long matches are kept on disk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keep {
    /// At most so many bytes.
    pub bytes: u64,
    /// At most so long; 0: for as long as there is room.
    pub age: Duration,
}

impl From<&MatchConfig> for Keep {
    fn from(config: &MatchConfig) -> Self {
        Self {
            bytes: config.keep_bytes,
            age: config.keep_age.0,
        }
    }
}

impl Keep {
    /// If there is a bound.
    pub(super) fn most_age(self) -> Option<Duration> {
        (!self.age.is_zero()).then_some(self.age)
    }

    /// How many bytes a segment has.
    pub(super) fn segment(self) -> u64 {
        (self.bytes / SEGMENTS).clamp(1, MOST_SEGMENT)
    }
}

impl Store {
    /// Retention, if a segment was filled, or it has not looked for a while.
    pub(super) fn look_if_due(&self, writer: &mut Writer, now: i64) {
        if writer.base != self.log.base() || now.saturating_sub(writer.looked) >= LOOK {
            self.look(writer, now);
        }
    }

    /// Retention. What it can't remove stays until it looks again.
    pub(super) fn look(&self, writer: &mut Writer, now: i64) {
        writer.looked = now;
        if let Err(error) = self.retain(now) {
            tracing::warn!(%error, "old matches can't be removed");
        }
        writer.base = self.log.base();
    }

    fn retain(&self, now: i64) -> Result<(), LogError> {
        if let Some(age) = self.keep.most_age() {
            let age = i64::try_from(age.as_micros()).unwrap_or(i64::MAX);
            let last = self.log.segments().pop().and_then(|it| it.times);
            if last.is_some_and(|(_, last)| last < now.saturating_sub(age)) {
                // Else what is written last would stay for as long as nothing comes.
                self.log.roll(now)?;
            }
        }
        let retention = Retention {
            max_age: self.keep.most_age(),
            // The segment that is written grows until retention looks again.
            max_bytes: Some(self.keep.bytes.saturating_sub(self.keep.segment())),
            ..Retention::default()
        };
        let retained = self.log.retain(&retention, &[], now)?;
        if !retained.removed.is_empty() {
            self.shelves().prune(retained.first);
        }
        Ok(())
    }
}
