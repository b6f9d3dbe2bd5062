//! What a hub does if matches outlive the daemon: coming back, and bringing them to the disk.

use std::sync::Arc;

use portent_store::Meta;
use portent_store::meta::GroupState;

use super::Hub;
use crate::Errors;
use crate::serve::kept::{self, Kept};
use crate::serve::log::MatchLog;

/// The number behind all that a group knows of.
fn behind(state: &GroupState) -> u64 {
    state.done.last().map_or(state.below, |(_, to)| *to)
}

impl Hub {
    /// Matches outlive the daemon: so many of each query are kept in memory, and all in the store. Numbers go on behind all that is known of, unless [`Self::restore`]
    /// says otherwise. To be called in the runtime that serves: it lends a thread for what is to be written.
    ///
    /// # Errors
    /// What the database says of numbers and groups that were written down before.
    pub fn durable(keep: usize, store: kept::Store, meta: Arc<Meta>) -> Result<Self, Errors> {
        let (floors, groups) = (meta.numbers()?, meta.groups()?);
        let hub = Self::make(keep, Some(Kept::new(store, meta)));
        {
            let mut logs = hub.logs_mut();
            for (query, floor) in floors {
                let before = logs.before(&kept::key(&query));
                before.floor = before.floor.max(floor);
                before.next = before.next.max(floor);
            }
            for (query, group, state) in groups {
                let before = logs.before(&kept::key(&query));
                before.next = before.next.max(behind(&state));
                before.groups.push((group, state));
            }
            if let Some(kept) = &hub.kept {
                for key in kept.store.keys() {
                    let last = kept.store.last(&key);
                    let before = logs.before(&key);
                    before.next = before.next.max(last + 1);
                    if last < before.floor {
                        kept.store.forget(&key);
                    }
                }
            }
        }
        Ok(hub)
    }

    /// Before inputs are read again: the next match of each query has the number that it had at the checkpoint whose mark this is; without a checkpoint, the first.
    ///
    /// # Errors
    /// P0741: it is no mark.
    pub fn restore(&self, mark: Option<&[u8]>) -> Result<(), Errors> {
        let kept::Mark { position, numbers } =
            mark.map(kept::read_mark).transpose()?.unwrap_or_default();
        if let Some(kept) = &self.kept {
            kept.was_durable(position);
        }
        let mut logs = self.logs_mut();
        logs.before.values_mut().for_each(|it| it.next = 1);
        logs.by_key.values().for_each(|log| log.restore(1));
        for (key, next) in numbers {
            match logs.by_key.get(key.as_str()) {
                Some(log) => log.restore(next),
                None => logs.before(&key).next = next,
            }
        }
        Ok(())
    }

    /// After inputs were read again, and before [`Self::retain`] is told which queries there are: no number that is known from before is given to another match. What is worth a warning, a sentence each.
    pub fn restored(&self) -> Vec<String> {
        let Some(kept) = &self.kept else {
            return Vec::new();
        };
        let mut warnings = std::mem::take(&mut *kept.warnings());
        if let Err(error) = kept.write() {
            warnings.push(format!("matches can't be written: {error}"));
        }
        let mut warn = |key: &str, next: u64, behind: u64| {
            warnings.push(format!(
                "matches of \"{key}\" up to number {} are known, and the inputs on disk give only those before {next}: the others were taken by a power failure. \
                 The next has number {behind}",
                behind - 1
            ));
        };
        let mut logs = self.logs_mut();
        for log in logs.by_key.values() {
            let (next, behind) = (log.next(), log.behind());
            if behind > next {
                warn(log.key(), next, behind);
                log.advance(behind);
            }
        }
        for (key, before) in &mut logs.before {
            let groups = before.groups.iter().map(|(_, state)| behind(state));
            let known = before.floor.max(kept.store.last(key) + 1);
            let behind = groups.fold(known, u64::max);
            if behind > before.next.max(1) {
                warn(key, before.next.max(1), behind);
                before.next = behind;
            }
        }
        warnings
    }

    /// The numbers that the next matches of all queries get, as of now: for a checkpoint. Takes time in proportion to the queries, about a tenth of a microsecond each.
    pub fn mark(&self) -> Vec<u8> {
        let logs = self.logs();
        let there = logs.by_key.values().map(|log| (&**log.key(), log.next()));
        let gone = logs.before.iter().map(|(key, it)| (&**key, it.next));
        let numbers: Vec<(&str, u64)> = there.chain(gone).filter(|(_, next)| *next > 1).collect();
        let kept = self.kept.as_ref();
        kept::write_mark(
            kept.map_or(0, |it| it.store.position()),
            numbers.into_iter(),
        )
    }

    /// Into a mark comes the position up to which the log of matches is on the disk: behind [`Self::sync`], and behind all matches that the mark counts.
    ///
    /// # Errors
    /// P0741: it is no mark.
    pub fn place(&self, mark: &mut Vec<u8>) -> Result<(), Errors> {
        let Some(kept) = &self.kept else {
            return Ok(());
        };
        let kept::Mark { position, numbers } = kept::read_mark(mark)?;
        let numbers = numbers.iter().map(|(name, next)| (name.as_str(), *next));
        *mark = kept::write_mark(position.max(kept.synced()), numbers);
        Ok(())
    }

    /// Writes what has gathered into the log of matches, if it is enough for that or has waited for a second: to be called after each batch of work, and now and then.
    /// Without a log, or if there is nothing, it costs nothing.
    ///
    /// # Errors
    /// The disk refuses: nothing is lost, and it may be tried again when there is room; P0740 if too much has gathered.
    pub fn write(&self) -> Result<(), Errors> {
        self.kept.as_ref().map_or(Ok(()), Kept::write_due)
    }

    /// Brings all matches that came so far to the disk: before a checkpoint is written that says that they came. Removes what retention gives up.
    ///
    /// # Errors
    /// As [`Self::write`]; the disk can't be brought up to date.
    pub fn sync(&self) -> Result<(), Errors> {
        self.kept.as_ref().map_or(Ok(()), Kept::sync)
    }

    /// What keeps matches on disk.
    pub fn kept(&self) -> Option<&Kept> {
        self.kept.as_ref()
    }

    /// A group has changed; returns when that is on the disk.
    ///
    /// # Errors
    /// The disk refuses.
    pub async fn save_group(&self, log: &Arc<MatchLog>, group: &str) -> Result<(), Errors> {
        match &self.kept {
            Some(kept) => kept.saver.save(log, group).await,
            None => Ok(()),
        }
    }

    /// Returns when it is on the disk which queries are gone: whoever hears of that may create one of the same name, which must not show their matches.
    ///
    /// # Errors
    /// The disk refuses; it is tried again with the next change.
    pub async fn settle(&self) -> Result<(), Errors> {
        match &self.kept {
            Some(kept) => kept.saver.settle().await,
            None => Ok(()),
        }
    }

    /// As [`Self::settle`], on a thread that may wait.
    ///
    /// # Errors
    /// As there.
    pub fn settle_now(&self) -> Result<(), Errors> {
        match &self.kept {
            Some(kept) => kept.saver.settle_now(),
            None => Ok(()),
        }
    }

    /// A group has changed, and nobody waits for it.
    pub fn note_group(&self, log: &Arc<MatchLog>, group: &str) {
        if let Some(kept) = &self.kept {
            kept.saver.note(log, group);
        }
    }
}
