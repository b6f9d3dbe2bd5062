//! All queries' matches, on their way from the session to consumers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use indexmap::IndexMap;
use tokio::sync::broadcast;

use super::log::{Entry, MatchLog};
use crate::{Emitted, Session};

/// So many matches of all queries wait for whoever listens to all of them; who is slower loses some, and hears of it.
const FEED: usize = 8192;
/// So many rows of a watch are kept for its shell.
const WATCHED: usize = 10_000;

/// See the module.
#[derive(Debug)]
pub(crate) struct Hub {
    logs: RwLock<IndexMap<Arc<str>, Arc<MatchLog>>>,
    /// How many matches of a query are kept.
    keep: usize,
    /// The matches of all queries, for those who listen now, and how many there were.
    feed: broadcast::Sender<(u64, Arc<Entry>)>,
    told: Mutex<u64>,
    /// The rows of watches, which are for those alone who watch.
    watches: RwLock<IndexMap<Arc<str>, Arc<MatchLog>>>,
    /// Watches whose shell has gone.
    left: Mutex<Vec<Arc<str>>>,
}

impl Hub {
    pub fn new(keep: usize) -> Self {
        Self {
            logs: RwLock::default(),
            keep,
            feed: broadcast::Sender::new(FEED),
            told: Mutex::default(),
            watches: RwLock::default(),
            left: Mutex::default(),
        }
    }

    /// Takes a row, on the session's thread. Never waits for a consumer.
    pub fn push(&self, emitted: &Emitted) {
        let watches = self.watches.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(watch) = watches.get(&emitted.query) {
            watch.push(emitted.clone());
            return;
        }
        drop(watches);
        let entry = self.log(&emitted.query).push(emitted.clone());
        let mut told = self.told();
        *told += 1;
        // Nobody may listen.
        let _ = self.feed.send((*told, entry));
    }

    /// The numbers of matches are as at a checkpoint.
    pub fn restore(&self, _mark: Option<&[u8]>) {}

    /// The numbers of matches as they are.
    pub fn mark(&self) -> Vec<u8> {
        Vec::new()
    }

    /// All matches are on the disk.
    ///
    /// # Errors
    /// It refuses.
    pub fn sync(&self) -> Result<(), crate::error::Errors> {
        Ok(())
    }

    fn told(&self) -> MutexGuard<'_, u64> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many matches there were, of all queries.
    pub fn seen(&self) -> u64 {
        *self.told()
    }

    /// Listens to the matches of all queries from now on; with it the number of the last one before.
    pub fn listen(&self) -> (u64, broadcast::Receiver<(u64, Arc<Entry>)>) {
        let told = self.told();
        (*told, self.feed.subscribe())
    }

    /// A watch stands: its rows go here.
    pub fn watch(&self, name: &str) -> Arc<MatchLog> {
        let log = Arc::new(MatchLog::new(WATCHED));
        let mut watches = self.watches.write().unwrap_or_else(PoisonError::into_inner);
        watches.insert(name.into(), Arc::clone(&log));
        log
    }

    /// Nobody looks at a watch any more.
    pub fn leave(&self, watch: Arc<str>) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.push(watch);
    }

    /// Ends the watches that nobody looks at, on the session's thread.
    pub fn end_watches(&self, session: &mut Session) {
        let left = std::mem::take(&mut *self.left.lock().unwrap_or_else(PoisonError::into_inner));
        for watch in left {
            if let Err(error) = session.unwatch(&watch) {
                tracing::warn!(%error, "a watch could not be ended");
            }
            let mut watches = self.watches.write().unwrap_or_else(PoisonError::into_inner);
            watches.shift_remove(&watch);
        }
    }

    /// The log of a query, made if need be.
    pub fn log(&self, query: &Arc<str>) -> Arc<MatchLog> {
        let known = self.logs.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(log) = known.get(query) {
            return Arc::clone(log);
        }
        drop(known);
        let mut logs = self.logs.write().unwrap_or_else(PoisonError::into_inner);
        let log = logs
            .entry(Arc::clone(query))
            .or_insert_with(|| Arc::new(MatchLog::new(self.keep)));
        Arc::clone(log)
    }

    /// Forgets the queries that are gone.
    pub fn retain(&self, exists: impl Fn(&str) -> bool) {
        let mut logs = self.logs.write().unwrap_or_else(PoisonError::into_inner);
        logs.retain(|query, log| {
            let keep = exists(query);
            if !keep {
                log.drop_query();
            }
            keep
        });
    }

    /// Wakes those who look at watches that are gone.
    pub fn retain_watches(&self, exists: impl Fn(&str) -> bool) {
        let watches = self.watches.read().unwrap_or_else(PoisonError::into_inner);
        let gone = watches.iter().filter(|(name, _)| !exists(name));
        gone.for_each(|(_, log)| log.drop_query());
    }

    /// All logs, for metrics.
    pub fn all(&self) -> Vec<(Arc<str>, Arc<MatchLog>)> {
        let logs = self.logs.read().unwrap_or_else(PoisonError::into_inner);
        let pairs = logs.iter();
        pairs
            .map(|(query, log)| (Arc::clone(query), Arc::clone(log)))
            .collect()
    }
}
