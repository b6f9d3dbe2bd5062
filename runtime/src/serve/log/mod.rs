//! The matches of a query, numbered, as far back as they are kept: consumers read them at their own pace.
//!
//! The last of them are in memory. If matches outlive the daemon, those before are on disk, and none leaves the memory before it is there.

mod groups;
mod pages;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use indexmap::IndexMap;
use portent_store::meta::GroupState;
use serde_json::json;
use tokio::sync::watch;

use super::group::Group;
use super::kept::Store;
use crate::{Emitted, Errors};
pub(crate) use pages::{From, Page};

/// A row that a query reported.
#[derive(Debug)]
pub(crate) struct Entry {
    /// From 1, without gaps.
    pub number: u64,
    pub emitted: Emitted,
    json: OnceLock<Arc<str>>,
}

impl Entry {
    pub fn new(number: u64, emitted: Emitted) -> Self {
        Self {
            number,
            emitted,
            json: OnceLock::new(),
        }
    }

    /// As consumers get it: made for the first that asks, and shared.
    pub fn json(&self) -> Arc<str> {
        let make = || {
            let emitted = &self.emitted;
            let time = portent_grammar::Value::Timestamp(emitted.time).to_json();
            let id = emitted.match_id.map(|id| format!("{id:032x}"));
            json!({
                "number": self.number,
                "query": &*emitted.query,
                "time": time,
                "match_id": id,
                "row": emitted.to_json(),
            })
            .to_string()
            .into()
        };
        Arc::clone(self.json.get_or_init(make))
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct MatchLog {
    /// The query, and its name in lower case.
    name: Arc<str>,
    key: Arc<str>,
    inner: Mutex<Inner>,
    /// The number of the next entry: consumers wait for it to move. It is closed when the query is dropped.
    changed: watch::Sender<u64>,
    keep: usize,
    /// Where those are that are not in memory any more.
    store: Option<Arc<Store>>,
}

#[derive(Debug)]
struct Inner {
    /// In the order of numbers.
    entries: VecDeque<Arc<Entry>>,
    next: u64,
    /// Those before it are of an earlier query of this name, and not shown.
    floor: u64,
    /// Up to this number they are on disk, or need not be.
    stored: u64,
    /// There are some behind `stored`, and whoever writes knows.
    dirty: bool,
    groups: IndexMap<String, Group>,
    dropped: bool,
}

/// What became of a row that was added.
#[derive(Debug)]
pub(crate) struct Added {
    pub entry: Arc<Entry>,
    /// It is to be written.
    pub unwritten: bool,
    /// It is the first since whoever writes was told.
    pub first: bool,
}

/// What is known of a query's matches from before the daemon was started.
#[derive(Debug, Default)]
pub(crate) struct Before {
    /// The number of the next match.
    pub next: u64,
    /// The first that is shown.
    pub floor: u64,
    pub groups: Vec<(String, GroupState)>,
}

impl MatchLog {
    /// Keeps so many entries, in memory alone.
    pub fn new(keep: usize) -> Self {
        let nobody: Arc<str> = "".into();
        Self::make(keep, nobody, None, Before::default())
    }

    /// Keeps so many entries in memory; if there is a store, the others are there. `name`: the query.
    pub fn make(keep: usize, name: Arc<str>, store: Option<Arc<Store>>, before: Before) -> Self {
        let key = super::kept::key(&name);
        let (next, floor) = (before.next.max(1), before.floor.max(1));
        let stored = match &store {
            Some(store) => store.last(&key).max(floor - 1),
            None => u64::MAX,
        };
        let groups = before.groups.iter();
        let groups = groups.map(|(name, state)| (name.clone(), Group::from_state(state)));
        Self {
            name,
            key,
            inner: Mutex::new(Inner {
                entries: VecDeque::new(),
                next,
                floor,
                stored,
                dirty: false,
                groups: groups.collect(),
                dropped: false,
            }),
            changed: watch::Sender::new(next),
            keep: keep.max(1),
            store,
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The query's name in lower case.
    pub fn key(&self) -> &Arc<str> {
        &self.key
    }

    /// Adds a row.
    pub fn push(&self, emitted: Emitted) {
        let _ = self.add(emitted, false);
    }

    /// Adds a row. `full`: those that are not on disk are not kept for it any more. The row comes back if the query is gone.
    ///
    /// # Errors
    /// The query is gone: this is no place for the matches of another one.
    pub fn add(&self, emitted: Emitted, full: bool) -> Result<Added, Emitted> {
        let (added, next) = {
            let mut inner = self.inner();
            if inner.dropped {
                return Err(emitted);
            }
            let entry = Arc::new(Entry::new(inner.next, emitted));
            let unwritten = !full && entry.number > inner.stored;
            inner.next += 1;
            inner.entries.push_back(Arc::clone(&entry));
            inner.trim(self.keep, full);
            let first = unwritten && !std::mem::replace(&mut inner.dirty, true);
            let added = Added {
                entry,
                unwritten,
                first,
            };
            (added, inner.next)
        };
        self.changed.send_replace(next);
        Ok(added)
    }

    /// Those that are to be written. From now on whoever writes is told again.
    pub fn unwritten(&self) -> Vec<Arc<Entry>> {
        let mut inner = self.inner();
        inner.dirty = false;
        let from = inner.at(inner.stored.saturating_add(1));
        inner.entries.range(from..).cloned().collect()
    }

    /// All up to this number are on disk. Whether there are others, and whoever writes does not know.
    pub fn written(&self, last: u64) -> bool {
        let mut inner = self.inner();
        inner.stored = inner.stored.max(last);
        inner.trim(self.keep, false);
        let more = inner
            .entries
            .back()
            .is_some_and(|it| it.number > inner.stored);
        more && !std::mem::replace(&mut inner.dirty, true)
    }

    /// The number of the next entry is this one: before anything comes.
    pub fn restore(&self, next: u64) {
        let mut inner = self.inner();
        inner.entries.clear();
        inner.next = next.max(1);
        let next = inner.next;
        drop(inner);
        self.changed.send_replace(next);
    }

    /// The number that is behind all that is known of: on disk, and of groups.
    pub fn behind(&self) -> u64 {
        let inner = self.inner();
        let groups = inner.groups.values().map(Group::behind);
        let disk = self.store.as_ref().map_or(0, |it| it.last(&self.key));
        groups.fold(inner.next.max(inner.floor).max(disk + 1), u64::max)
    }

    /// The number of the next entry is at least this one: what lies between is on disk, or nowhere.
    pub fn advance(&self, next: u64) {
        let mut inner = self.inner();
        let stored = inner.stored;
        inner.entries.retain(|it| it.number > stored);
        inner.next = inner.next.max(next);
        let next = inner.next;
        drop(inner);
        self.changed.send_replace(next);
    }

    /// The query is gone: who waits hears of it. The number that its next match would have had.
    pub fn drop_query(&self) -> u64 {
        let mut inner = self.inner();
        inner.dropped = true;
        let next = inner.next;
        drop(inner);
        self.changed.send_replace(next);
        next
    }

    /// Whether the query is gone.
    pub fn is_dropped(&self) -> bool {
        self.inner().dropped
    }

    /// To wait for more.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// The number of the next entry.
    pub fn next(&self) -> u64 {
        self.inner().next
    }

    /// The number of the first entry that is kept, in memory or on disk; of the next if there is none.
    pub fn first(&self) -> u64 {
        self.first_kept(&self.inner())
    }

    fn first_kept(&self, inner: &Inner) -> u64 {
        let disk = self.store.as_ref().and_then(|it| it.first(&self.key));
        disk.map_or(inner.first(), |disk| disk.min(inner.first()))
            .max(inner.floor)
    }

    /// How many entries are kept, in memory or on disk.
    pub fn kept(&self) -> u64 {
        let inner = self.inner();
        inner.next.saturating_sub(self.first_kept(&inner))
    }

    /// How many of them are on disk.
    pub fn on_disk(&self) -> u64 {
        let Some(store) = &self.store else {
            return 0;
        };
        let floor = self.inner().floor;
        match store.first(&self.key) {
            Some(first) => (store.last(&self.key) + 1).saturating_sub(first.max(floor)),
            None => 0,
        }
    }
}

/// Work with the disk, beside those who serve.
async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Errors> + Send + 'static,
) -> Result<T, Errors> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| {
        let code = portent_grammar::codes::store::LOG_IO;
        Err(Errors::plain(
            code,
            format!("the matches were not read: {error}"),
        ))
    })
}

impl Inner {
    /// The number of the first entry in memory.
    fn first(&self) -> u64 {
        self.entries.front().map_or(self.next, |it| it.number)
    }

    /// The place of the first entry with this number or a later one.
    fn at(&self, number: u64) -> usize {
        // Without gaps it is as far from the first as its number.
        let far = usize::try_from(number.saturating_sub(self.first())).unwrap_or(usize::MAX);
        match self.entries.get(far) {
            Some(entry) if entry.number == number => far,
            _ => self.entries.partition_point(|it| it.number < number),
        }
    }

    fn get(&self, number: u64) -> Option<&Arc<Entry>> {
        let entry = self.entries.get(self.at(number))?;
        (entry.number == number).then_some(entry)
    }

    fn from(&self, number: u64, most: usize) -> Vec<Arc<Entry>> {
        let entries = self.entries.range(self.at(number)..);
        entries.take(most).cloned().collect()
    }

    /// No more than so many, but for those that are not on disk.
    fn trim(&mut self, keep: usize, full: bool) {
        while self.entries.len() > keep
            && let Some(first) = self.entries.front()
            && (full || first.number <= self.stored)
        {
            self.entries.pop_front();
        }
    }
}
