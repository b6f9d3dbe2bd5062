//! The matches of a query, numbered, as far back as they are kept: consumers read them at their own pace.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use indexmap::IndexMap;
use serde_json::json;
use tokio::sync::watch;

use crate::Emitted;

/// A row that a query reported.
#[derive(Debug)]
pub(crate) struct Entry {
    /// From 1, without gaps.
    pub number: u64,
    pub emitted: Emitted,
    json: OnceLock<Arc<str>>,
}

impl Entry {
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
    inner: Mutex<Inner>,
    /// The number of the next entry: consumers wait for it to move. It is closed when the query is dropped.
    changed: watch::Sender<u64>,
    keep: usize,
}

#[derive(Debug)]
struct Inner {
    entries: VecDeque<Arc<Entry>>,
    next: u64,
    groups: IndexMap<String, Group>,
    dropped: bool,
}

/// Consumers that share the matches between them: each match goes to one of them, and again if it is not acknowledged in time.
#[derive(Debug)]
struct Group {
    /// The first that was never given out.
    next: u64,
    /// Given out and not acknowledged.
    pending: BTreeMap<u64, Lease>,
    lost: u64,
    acknowledged: u64,
    redelivered: u64,
}

#[derive(Debug)]
struct Lease {
    consumer: String,
    until: Instant,
    deliveries: u32,
}

/// An entry that was given to a consumer of a group.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub entry: Arc<Entry>,
    /// 1 for the first time.
    pub deliveries: u32,
}

/// What a group has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupStatus {
    pub name: String,
    pub next: u64,
    pub pending: u64,
    pub lost: u64,
    pub acknowledged: u64,
    pub redelivered: u64,
}

impl MatchLog {
    /// Keeps so many entries.
    pub fn new(keep: usize) -> Self {
        Self {
            inner: Mutex::new(Inner {
                entries: VecDeque::new(),
                next: 1,
                groups: IndexMap::new(),
                dropped: false,
            }),
            changed: watch::Sender::new(1),
            keep: keep.max(1),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a row.
    pub fn push(&self, emitted: Emitted) -> Arc<Entry> {
        let (entry, next) = {
            let mut inner = self.inner();
            let entry = Arc::new(Entry {
                number: inner.next,
                emitted,
                json: OnceLock::new(),
            });
            inner.next += 1;
            if inner.entries.len() >= self.keep {
                inner.entries.pop_front();
            }
            inner.entries.push_back(Arc::clone(&entry));
            (entry, inner.next)
        };
        self.changed.send_replace(next);
        entry
    }

    /// The query is gone: who waits hears of it.
    pub fn drop_query(&self) {
        self.inner().dropped = true;
        let next = self.inner().next;
        self.changed.send_replace(next);
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

    /// How many entries are kept.
    pub fn kept(&self) -> usize {
        self.inner().entries.len()
    }

    /// The number that a consumer begins with.
    pub fn begin(&self, from: From) -> u64 {
        let inner = self.inner();
        match from {
            From::Number(number) => number.max(1),
            From::Earliest => inner.first(),
            From::Now => inner.next,
        }
    }

    /// At most so many entries from a number on.
    pub fn read(&self, from: u64, most: usize) -> Page {
        let inner = self.inner();
        let start = from.clamp(inner.first(), inner.next.max(from));
        let skip = usize::try_from(start - inner.first()).unwrap_or(usize::MAX);
        let entries: Vec<_> = inner
            .entries
            .iter()
            .skip(skip)
            .take(most)
            .cloned()
            .collect();
        Page {
            next: start + entries.len() as u64,
            lost: start - from.min(start),
            entries,
        }
    }

    /// Makes a group that begins there, unless it is there.
    pub fn join(&self, group: &str, from: From) {
        let begin = self.begin(from);
        let mut inner = self.inner();
        inner.groups.entry(group.to_owned()).or_insert(Group {
            next: begin,
            pending: BTreeMap::new(),
            lost: 0,
            acknowledged: 0,
            redelivered: 0,
        });
    }

    /// Gives at most so many entries to a consumer of a group: those first whose time ran out, then new ones.
    pub fn take(
        &self,
        group: &str,
        consumer: &str,
        most: usize,
        timeout: Duration,
        now: Instant,
    ) -> Vec<Delivery> {
        let mut inner = self.inner();
        let (first, next) = (inner.first(), inner.next);
        let Inner {
            entries, groups, ..
        } = &mut *inner;
        let Some(group) = groups.get_mut(group) else {
            return Vec::new();
        };
        let at = |number: u64| {
            let index = usize::try_from(number.checked_sub(first)?).ok()?;
            entries.get(index).cloned()
        };
        let until = now + timeout;
        let mut given = Vec::new();
        let mut gone = Vec::new();
        let over = group.pending.iter_mut().filter(|(_, it)| it.until <= now);
        for (number, lease) in over {
            if given.len() >= most {
                break;
            }
            let Some(entry) = at(*number) else {
                gone.push(*number);
                continue;
            };
            lease.until = until;
            lease.deliveries += 1;
            lease.consumer = consumer.to_owned();
            group.redelivered += 1;
            given.push(Delivery {
                entry,
                deliveries: lease.deliveries,
            });
        }
        for number in gone {
            group.pending.remove(&number);
            group.lost += 1;
        }
        group.lost += first.saturating_sub(group.next);
        group.next = group.next.max(first);
        while given.len() < most && group.next < next {
            let Some(entry) = at(group.next) else { break };
            group.pending.insert(
                group.next,
                Lease {
                    consumer: consumer.to_owned(),
                    until,
                    deliveries: 1,
                },
            );
            group.next += 1;
            given.push(Delivery {
                entry,
                deliveries: 1,
            });
        }
        given
    }

    /// These need not be given out again. How many of them were pending.
    pub fn acknowledge(&self, group: &str, numbers: &[u64]) -> u64 {
        let mut inner = self.inner();
        let Some(group) = inner.groups.get_mut(group) else {
            return 0;
        };
        let known = numbers
            .iter()
            .filter(|number| group.pending.remove(number).is_some());
        let count = known.count() as u64;
        group.acknowledged += count;
        count
    }

    /// A consumer has gone: what it has not acknowledged goes to others at once.
    pub fn leave(&self, group: &str, consumer: &str, now: Instant) {
        let next = {
            let mut inner = self.inner();
            let Some(group) = inner.groups.get_mut(group) else {
                return;
            };
            for lease in group.pending.values_mut() {
                if lease.consumer == consumer {
                    lease.until = now;
                }
            }
            inner.next
        };
        self.changed.send_replace(next);
    }

    /// When the next lease of a group ends: those that have ended already wait for somebody with room, and not for time.
    pub fn next_lease(&self, group: &str, now: Instant) -> Option<Instant> {
        let inner = self.inner();
        let leases = inner.groups.get(group)?.pending.values();
        leases.map(|it| it.until).filter(|it| *it > now).min()
    }

    /// How many matches a consumer of a group has, and still in time.
    pub fn held(&self, group: &str, consumer: &str, now: Instant) -> usize {
        let inner = self.inner();
        let leases = inner.groups.get(group).into_iter();
        let leases = leases.flat_map(|it| it.pending.values());
        leases
            .filter(|it| it.until > now && it.consumer == consumer)
            .count()
    }

    /// Removes a group; whether it was there.
    pub fn remove_group(&self, group: &str) -> bool {
        self.inner().groups.shift_remove(group).is_some()
    }

    /// All groups.
    pub fn groups(&self) -> Vec<GroupStatus> {
        let inner = self.inner();
        let status = |(name, group): (&String, &Group)| GroupStatus {
            name: name.clone(),
            next: group.next,
            pending: group.pending.len() as u64,
            lost: group.lost,
            acknowledged: group.acknowledged,
            redelivered: group.redelivered,
        };
        inner.groups.iter().map(status).collect()
    }
}

impl Inner {
    /// The number of the first entry that is kept.
    fn first(&self) -> u64 {
        self.next - self.entries.len() as u64
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
            let given = log.take("g", consumer, 2, minute, now);
            given
                .iter()
                .map(|it| (it.entry.number, it.deliveries))
                .collect()
        };
        assert_eq!(take("one", now), [(1, 1), (2, 1)]);
        assert_eq!(take("two", now), [(3, 1)]);
        assert_eq!(log.acknowledge("g", &[1, 7]), 1);
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
        assert_eq!(log.acknowledge("g", &[2, 3]), 2);
        let status = log.groups().remove(0);
        assert_eq!((status.pending, status.acknowledged), (0, 3));
        assert_eq!((status.redelivered, status.lost), (4, 0));
    }

    #[test]
    fn a_group_that_is_too_slow_hears_what_it_lost() {
        let (log, now) = (log(2, 1), Instant::now());
        log.join("g", From::Earliest);
        let given = log.take("g", "one", 1, Duration::ZERO, now);
        assert_eq!(given.len(), 1);
        for _ in 0..4 {
            log.push(given[0].entry.emitted.clone());
        }
        let given = log.take("g", "one", 9, Duration::ZERO, now);
        assert_eq!(
            given.iter().map(|it| it.entry.number).collect::<Vec<_>>(),
            [4, 5]
        );
        // The first, which was given out and is not kept, and two that were never given out.
        assert_eq!(log.groups()[0].lost, 3);
    }
}
