//! How far a log is, and who waits for it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::{LogError, locked};

/// Positions up to which all is taken, written, synced.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    appended: AtomicU64,
    written: AtomicU64,
    synced: AtomicU64,
    state: Mutex<State>,
    /// Something was taken or written, or the log was closed.
    work: Condvar,
    /// Something was synced, or will never be.
    done: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Somebody is at it.
    syncing: bool,
    poisoned: Option<LogError>,
    closed: bool,
}

impl Progress {
    pub fn at(position: u64) -> Self {
        Self {
            appended: position.into(),
            written: position.into(),
            synced: position.into(),
            ..Self::default()
        }
    }

    pub fn appended(&self) -> u64 {
        self.appended.load(Ordering::Acquire)
    }

    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Acquire)
    }

    pub fn synced(&self) -> u64 {
        self.synced.load(Ordering::Acquire)
    }

    /// New positions were taken, and written as far as this.
    pub fn advance(&self, appended: u64, written: u64) {
        self.appended.fetch_max(appended, Ordering::AcqRel);
        self.written.fetch_max(written, Ordering::AcqRel);
        // Who has just looked, and is about to wait, holds the lock.
        drop(locked(&self.state));
        self.work.notify_all();
    }

    /// All before this position is on the disk.
    pub fn synced_to(&self, position: u64) {
        self.synced.fetch_max(position, Ordering::AcqRel);
        drop(locked(&self.state));
        self.done.notify_all();
    }

    /// A sync failed: nothing more is taken.
    pub fn poison(&self, error: &LogError) {
        locked(&self.state)
            .poisoned
            .get_or_insert_with(|| error.clone());
        self.done.notify_all();
        self.work.notify_all();
    }

    pub fn close(&self) {
        locked(&self.state).closed = true;
        self.done.notify_all();
        self.work.notify_all();
    }

    /// Whether appends are still taken.
    pub fn check(&self) -> Result<(), LogError> {
        let state = locked(&self.state);
        match &state.poisoned {
            Some(error) => Err(error.clone()),
            None if state.closed => Err(LogError::Closed),
            None => Ok(()),
        }
    }

    /// Brings the log to the disk up to this position. One of those who wait at a time does it, for all that was taken by then: so many share one sync.
    pub fn sync_to(
        &self,
        position: u64,
        round: impl Fn() -> Result<(), LogError>,
    ) -> Result<(), LogError> {
        loop {
            let mut state = locked(&self.state);
            loop {
                if self.synced() >= position {
                    return Ok(());
                }
                if let Some(error) = &state.poisoned {
                    return Err(error.clone());
                }
                if !state.syncing {
                    break;
                }
                state = self
                    .done
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
            }
            state.syncing = true;
            drop(state);
            let outcome = round();
            locked(&self.state).syncing = false;
            self.done.notify_all();
            outcome?;
        }
    }

    /// Waits until something was taken that is not synced (`true`), or the time is over, or the log is closed (`false`).
    pub fn wait_work(&self, timeout: Option<Duration>) -> Result<bool, LogError> {
        let idle = |state: &mut State| {
            state.poisoned.is_none() && !state.closed && self.appended() <= self.synced()
        };
        self.wait(&self.work, timeout, idle, || {
            self.appended() > self.synced()
        })
    }

    /// Waits until the log is written (or synced) beyond this position (`true`), or the time is over, or the log is closed (`false`).
    pub fn wait_beyond(
        &self,
        position: u64,
        synced: bool,
        timeout: Option<Duration>,
    ) -> Result<bool, LogError> {
        let reached = || {
            if synced {
                self.synced()
            } else {
                self.written()
            }
        };
        let condition = if synced { &self.done } else { &self.work };
        let idle =
            |state: &mut State| state.poisoned.is_none() && !state.closed && reached() <= position;
        self.wait(condition, timeout, idle, || reached() > position)
    }

    fn wait(
        &self,
        condition: &Condvar,
        timeout: Option<Duration>,
        idle: impl FnMut(&mut State) -> bool,
        outcome: impl Fn() -> bool,
    ) -> Result<bool, LogError> {
        let state = locked(&self.state);
        let state = match timeout {
            Some(timeout) => {
                condition
                    .wait_timeout_while(state, timeout, idle)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0
            }
            None => condition
                .wait_while(state, idle)
                .unwrap_or_else(PoisonError::into_inner),
        };
        match &state.poisoned {
            Some(error) => Err(error.clone()),
            None => Ok(outcome()),
        }
    }

    pub fn is_closed(&self) -> bool {
        locked(&self.state).closed
    }
}
