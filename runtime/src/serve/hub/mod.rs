//! All queries' matches, on their way from the session to consumers.

mod durable;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use indexmap::IndexMap;
use tokio::sync::broadcast;

use super::kept::{self, Kept};
use super::log::{Before, Entry, MatchLog};
use crate::{Emitted, Session};

/// So many matches of all queries wait for whoever listens to all of them; who is slower loses some, and hears of it.
const FEED: usize = 8192;
/// So many rows of a watch are kept for its shell.
const WATCHED: usize = 10_000;

/// See the module.
#[derive(Debug)]
pub(crate) struct Hub {
    logs: RwLock<Logs>,
    /// How many matches of a query are kept in memory.
    keep: usize,
    /// If matches outlive the daemon.
    kept: Option<Kept>,
    /// The matches of all queries, for those who listen now, and how many there were.
    feed: broadcast::Sender<(u64, Arc<Entry>)>,
    told: Mutex<u64>,
    /// The rows of watches, which are for those alone who watch.
    watches: RwLock<IndexMap<Arc<str>, Arc<MatchLog>>>,
    /// Watches whose shell has gone.
    left: Mutex<Vec<Arc<str>>>,
}

/// The matches by query. Names differ in more than upper and lower case; how one is written may change when it is created again.
#[derive(Debug, Default)]
struct Logs {
    by_name: IndexMap<Arc<str>, Arc<MatchLog>>,
    by_key: IndexMap<Arc<str>, Arc<MatchLog>>,
    /// What is known of queries that have no log.
    before: HashMap<Arc<str>, Before>,
}

impl Logs {
    fn before(&mut self, key: &str) -> &mut Before {
        self.before.entry(key.into()).or_default()
    }

    /// The number that the next match of a query gets.
    fn next(&self, key: &str) -> u64 {
        match self.by_key.get(key) {
            Some(log) => log.next(),
            None => self.before.get(key).map_or(1, |it| it.next.max(1)),
        }
    }
}

impl Hub {
    /// Matches are kept in memory, so many of each query, and go with the daemon.
    pub fn new(keep: usize) -> Self {
        Self::make(keep, None)
    }

    fn make(keep: usize, kept: Option<Kept>) -> Self {
        Self {
            logs: RwLock::default(),
            keep,
            kept,
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
        let entry = self.take_in(emitted);
        let mut told = self.told();
        *told += 1;
        // Nobody may listen.
        let _ = self.feed.send((*told, entry));
    }

    fn take_in(&self, emitted: &Emitted) -> Arc<Entry> {
        let full = self.kept.as_ref().is_some_and(Kept::is_full);
        let mut row = emitted.clone();
        loop {
            let log = self.log(&emitted.query);
            match log.add(row, full) {
                Ok(added) => {
                    if added.unwritten
                        && let Some(kept) = &self.kept
                    {
                        kept.gather(&log, emitted, added.first);
                    }
                    return added.entry;
                }
                // It went just now, and another of its name is there: it is not found again.
                Err(back) => row = back,
            }
        }
    }

    fn logs(&self) -> RwLockReadGuard<'_, Logs> {
        self.logs.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn logs_mut(&self) -> RwLockWriteGuard<'_, Logs> {
        self.logs.write().unwrap_or_else(PoisonError::into_inner)
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
        if let Some(log) = self.logs().by_name.get(query) {
            return Arc::clone(log);
        }
        let mut logs = self.logs_mut();
        let logs = &mut *logs;
        let key = kept::key(query);
        let log = match logs.by_key.get(&key) {
            Some(log) => Arc::clone(log),
            None => {
                let before = logs.before.remove(&key).unwrap_or_default();
                let store = self.kept.as_ref().map(|it| Arc::clone(&it.store));
                let log = MatchLog::make(self.keep, Arc::clone(query), store, before);
                let log = Arc::new(log);
                logs.by_key.insert(key, Arc::clone(&log));
                log
            }
        };
        logs.by_name.insert(Arc::clone(query), Arc::clone(&log));
        log
    }

    /// Forgets all queries but these; on the session's thread, so that they are those that there are. One that is created again goes on with the numbers, and does not show what was before.
    pub fn retain(&self, queries: &HashSet<String>) {
        let there: HashSet<Arc<str>> = queries.iter().map(|it| kept::key(it)).collect();
        self.forget(|key| !there.contains(key));
    }

    /// A query was dropped, whatever is created behind it; on the session's thread.
    pub fn drop_query(&self, query: &str) {
        let dropped = kept::key(query);
        self.forget(|key| *key == *dropped);
    }

    fn forget(&self, is_gone: impl Fn(&str) -> bool) {
        let mut logs = self.logs_mut();
        let logs = &mut *logs;
        logs.by_name.retain(|_, log| !is_gone(log.key()));
        let mut gone: Vec<(Arc<str>, u64)> = Vec::new();
        logs.by_key.retain(|key, log| {
            let keep = !is_gone(key);
            if !keep {
                let next = log.drop_query();
                // Of one that never had anything nothing need be remembered.
                if next > 1 || !log.groups().is_empty() {
                    gone.push((Arc::clone(key), next));
                }
            }
            keep
        });
        // Those that went when nobody could write it down.
        for (key, before) in &logs.before {
            let known = before.next > before.floor.max(1) || !before.groups.is_empty();
            if known && is_gone(key) {
                gone.push((Arc::clone(key), logs.next(key)));
            }
        }
        for (key, next) in gone {
            if let Some(kept) = &self.kept {
                kept.store.forget(&key);
                kept.saver.gone(&key, next);
            }
            let before = logs.before(&key);
            (before.next, before.floor) = (next, next);
            before.groups.clear();
        }
    }

    /// Wakes those who look at watches that are gone.
    pub fn retain_watches(&self, exists: impl Fn(&str) -> bool) {
        let watches = self.watches.read().unwrap_or_else(PoisonError::into_inner);
        let gone = watches.iter().filter(|(name, _)| !exists(name));
        gone.for_each(|(_, log)| {
            log.drop_query();
        });
    }
}
