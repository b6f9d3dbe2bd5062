//! How live sources are told to end.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Tells live sources to end. Cheap to clone: all clones are one.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    set: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    /// One that is not set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whoever runs with it shall end. It stays set.
    pub fn set(&self) {
        *self.0.set.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.changed.notify_all();
    }

    /// Whether it was set.
    pub fn is_set(&self) -> bool {
        *self.0.set.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits so long, or until it is set; whether it is.
    pub fn wait_timeout(&self, time: Duration) -> bool {
        let until = Instant::now().checked_add(time);
        let mut set = self.0.set.lock().unwrap_or_else(PoisonError::into_inner);
        while !*set {
            // So far ahead that the clock can't tell: one hour after the other.
            let left = until.map_or(Duration::from_secs(3600), |until| {
                until.saturating_duration_since(Instant::now())
            });
            if left.is_zero() {
                break;
            }
            let waited = self.0.changed.wait_timeout(set, left);
            set = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        *set
    }
}
