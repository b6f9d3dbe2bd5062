//! The matches of a query, numbered, as far back as they are kept: consumers read them at their own pace.
//!
//! The last of them are in memory. If matches outlive the daemon, those before are on disk, and none leaves the memory before it is there.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use indexmap::IndexMap;
use portent_store::meta::GroupState;
use serde_json::json;
use tokio::sync::watch;

use super::group::{Claim, Group, GroupStatus};
use super::kept::Store;
use crate::{Emitted, Errors};

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

/// Some entries, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub entries: Vec<Arc<Entry>>,
    /// The number to go on with.
    pub next: u64,
    /// So many that were asked for are not kept any more.
    pub lost: u64,
}

/// Where a consumer begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    Number(u64),
    /// The first that is kept.
    Earliest,
    /// The next that comes.
    Now,
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

/// An entry that was given to a consumer of a group.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub entry: Arc<Entry>,
    /// 1 for the first time.
    pub deliveries: u32,
}

/// A match that a consumer gets, if it is in memory.
pub(super) type Claimed = (Claim, Option<Arc<Entry>>);

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

    /// The number that a consumer begins with.
    pub fn begin(&self, from: From) -> u64 {
        let inner = self.inner();
        match from {
            From::Number(number) => number.max(inner.floor),
            From::Earliest => self.first_kept(&inner),
            From::Now => inner.next,
        }
    }

    /// At most so many entries of those in memory, from a number on.
    pub fn read(&self, from: u64, most: usize) -> Page {
        let inner = self.inner();
        let from = from.max(inner.floor);
        page(inner.from(from, most), from, inner.next)
    }

    /// At most so many entries from a number on, wherever they are.
    ///
    /// # Errors
    /// The disk refuses.
    pub async fn page(self: &Arc<Self>, from: u64, most: usize) -> Result<Page, Errors> {
        if self.store.is_none() || from >= self.inner().first() {
            return Ok(self.read(from, most));
        }
        let log = Arc::clone(self);
        on_disk(move || log.page_with_disk(from, most)).await
    }

    /// As [`Self::page`], on this thread.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn page_with_disk(&self, from: u64, most: usize) -> Result<Page, Errors> {
        // What is in memory first: what goes from there meanwhile is on disk.
        let (from, next, first, newer) = {
            let inner = self.inner();
            let from = from.max(inner.floor);
            (from, inner.next, inner.first(), inner.from(from, most))
        };
        let mut entries = match &self.store {
            Some(store) if from < first => store
                .read((&self.key, &self.name), from, first, most)
                .map_err(Errors::from)?,
            _ => Vec::new(),
        };
        let room = most.saturating_sub(entries.len());
        entries.extend(newer.into_iter().take(room));
        Ok(page(entries, from, next))
    }

    /// Makes a group that begins there, unless it is there; whether it was made.
    pub fn join(&self, group: &str, from: From) -> bool {
        let begin = self.begin(from);
        let mut inner = self.inner();
        if inner.groups.contains_key(group) {
            return false;
        }
        inner.groups.insert(group.to_owned(), Group::new(begin));
        true
    }

    /// Gives at most so many entries to a consumer of a group: those first whose time ran out, then new ones.
    ///
    /// # Errors
    /// The disk refuses: they are due again at once.
    pub async fn take(
        self: &Arc<Self>,
        group: &str,
        consumer: &str,
        most: usize,
        timeout: Duration,
        now: Instant,
    ) -> Result<Vec<Delivery>, Errors> {
        let claimed = self.claim(group, consumer, most, timeout, now);
        if self.store.is_none() || claimed.iter().all(|(_, entry)| entry.is_some()) {
            return Ok(self.given(group, claimed));
        }
        let (log, group) = (Arc::clone(self), group.to_owned());
        on_disk(move || log.fetch(&group, claimed, now)).await
    }

    /// Chooses them, in memory alone.
    pub(super) fn claim(
        &self,
        group: &str,
        consumer: &str,
        most: usize,
        timeout: Duration,
        now: Instant,
    ) -> Vec<Claimed> {
        let mut inner = self.inner();
        let kept = (self.first_kept(&inner), inner.next);
        let inner = &mut *inner;
        let Some(group) = inner.groups.get_mut(group) else {
            return Vec::new();
        };
        let claims = group.claim(kept, consumer, most, now + timeout, now);
        let claims = claims.into_iter();
        claims
            .map(|claim| (claim, inner.get(claim.number).cloned()))
            .collect()
    }

    /// Looks for those on disk that are not in memory.
    fn fetch(
        &self,
        group: &str,
        mut claimed: Vec<Claimed>,
        now: Instant,
    ) -> Result<Vec<Delivery>, Errors> {
        if let Some(store) = &self.store
            && let Err(error) = store.fetch((&self.key, &self.name), &mut claimed)
        {
            let mut inner = self.inner();
            if let Some(group) = inner.groups.get_mut(group) {
                let numbers = claimed.iter().map(|(claim, _)| claim.number);
                numbers.for_each(|number| group.give_back(number, now));
            }
            return Err(error.into());
        }
        Ok(self.given(group, claimed))
    }

    /// What was found of it. What was not is lost.
    fn given(&self, group: &str, claimed: Vec<Claimed>) -> Vec<Delivery> {
        let mut given = Vec::with_capacity(claimed.len());
        for (claim, entry) in claimed {
            match entry {
                Some(entry) => given.push(Delivery {
                    entry,
                    deliveries: claim.deliveries,
                }),
                None => {
                    if let Some(group) = self.inner().groups.get_mut(group) {
                        group.lose(claim.number);
                    }
                }
            }
        }
        given
    }

    /// These need not be given out again. How many of them were pending; `None`: there is no such group.
    pub fn acknowledge(&self, group: &str, numbers: &[u64]) -> Option<u64> {
        let mut inner = self.inner();
        Some(inner.groups.get_mut(group)?.acknowledge(numbers))
    }

    /// A consumer has gone: what it has not acknowledged goes to others at once.
    pub fn leave(&self, group: &str, consumer: &str, now: Instant) {
        let next = {
            let mut inner = self.inner();
            let Some(group) = inner.groups.get_mut(group) else {
                return;
            };
            group.leave(consumer, now);
            inner.next
        };
        self.changed.send_replace(next);
    }

    /// When the next lease of a group ends: those that have ended already wait for somebody with room, and not for time.
    pub fn next_lease(&self, group: &str, now: Instant) -> Option<Instant> {
        self.inner().groups.get(group)?.next_lease(now)
    }

    /// How many matches a consumer of a group has, and still in time.
    pub fn held(&self, group: &str, consumer: &str, now: Instant) -> usize {
        let inner = self.inner();
        inner
            .groups
            .get(group)
            .map_or(0, |it| it.held(consumer, now))
    }

    /// Removes a group; whether it was there.
    pub fn remove_group(&self, group: &str) -> bool {
        self.inner().groups.shift_remove(group).is_some()
    }

    /// What of a group must outlive the daemon; `None`: there is no such group.
    pub fn group_state(&self, group: &str) -> Option<GroupState> {
        self.inner().groups.get(group).map(Group::state)
    }

    /// All groups.
    pub fn groups(&self) -> Vec<GroupStatus> {
        let inner = self.inner();
        let groups = inner.groups.iter();
        groups.map(|(name, group)| group.status(name)).collect()
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

/// A page of what was found of those from `from` on, when `end` was the next number.
fn page(entries: Vec<Arc<Entry>>, from: u64, end: u64) -> Page {
    let next = entries.last().map_or(end.max(from), |it| it.number + 1);
    Page {
        next,
        lost: (next - from.min(next)).saturating_sub(entries.len() as u64),
        entries,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn log(keep: usize, count: u64) -> MatchLog {
        let log = MatchLog::new(keep);
        for number in 0..count {
            log.push(Emitted {
                query: "q".into(),
                time: i64::try_from(number).unwrap(),
                match_id: None,
                schema: Arc::default(),
                values: Vec::new(),
            });
        }
        log
    }

    fn numbers(page: &Page) -> Vec<u64> {
        page.entries.iter().map(|it| it.number).collect()
    }

    #[test]
    fn what_is_not_kept_any_more_is_told() {
        let log = log(3, 5);
        let page = log.read(1, 2);
        assert_eq!((numbers(&page), page.next, page.lost), (vec![3, 4], 5, 2));
        let page = log.read(page.next, 2);
        assert_eq!((numbers(&page), page.next, page.lost), (vec![5], 6, 0));
        let page = log.read(9, 2);
        assert_eq!((numbers(&page), page.next, page.lost), (vec![], 9, 0));
        assert_eq!(log.begin(From::Earliest), 3);
        assert_eq!(log.begin(From::Now), 6);
        assert_eq!(log.begin(From::Number(0)), 1);
    }

    #[test]
    fn a_group_gives_each_match_to_one_consumer_until_it_is_acknowledged() {
        let (log, now, minute) = (log(10, 3), Instant::now(), Duration::from_secs(60));
        log.join("g", From::Earliest);
        let take = |consumer: &str, now| -> Vec<(u64, u32)> {
            let given = log.given("g", log.claim("g", consumer, 2, minute, now));
            given
                .iter()
                .map(|it| (it.entry.number, it.deliveries))
                .collect()
        };
        assert_eq!(take("one", now), [(1, 1), (2, 1)]);
        assert_eq!(take("two", now), [(3, 1)]);
        assert_eq!(log.acknowledge("g", &[1, 7]), Some(1));
        assert_eq!(log.acknowledge("h", &[1]), None);
        assert_eq!(take("two", now), []);
        assert_eq!(log.next_lease("g", now), Some(now + minute));
        assert_eq!(log.next_lease("g", now + minute), None);
        assert_eq!(
            (log.held("g", "one", now), log.held("g", "two", now)),
            (1, 1)
        );
        assert_eq!(log.held("g", "one", now + minute), 0);
        assert_eq!(take("two", now + minute), [(2, 2), (3, 2)]);
        log.leave("g", "two", now);
        assert_eq!(take("one", now), [(2, 3), (3, 3)]);
        assert_eq!(log.acknowledge("g", &[2, 3]), Some(2));
        let status = log.groups().remove(0);
        assert_eq!((status.pending, status.acknowledged), (0, 3));
        assert_eq!((status.redelivered, status.lost), (4, 0));
    }

    #[test]
    fn a_group_that_is_too_slow_hears_what_it_lost() {
        let (log, now) = (log(2, 1), Instant::now());
        log.join("g", From::Earliest);
        let take = |most| log.given("g", log.claim("g", "one", most, Duration::ZERO, now));
        let given = take(1);
        assert_eq!(given.len(), 1);
        for _ in 0..4 {
            log.push(given[0].entry.emitted.clone());
        }
        let given = take(9);
        assert_eq!(
            given.iter().map(|it| it.entry.number).collect::<Vec<_>>(),
            [4, 5]
        );
        // The first, which was given out and is not kept, and two that were never given out.
        assert_eq!(log.groups()[0].lost, 3);
    }
}
