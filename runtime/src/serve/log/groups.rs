//! Consumer groups of a query.

use std::sync::Arc;
use std::time::{Duration, Instant};

use portent_store::meta::GroupState;

use super::{Entry, From, MatchLog, on_disk};
use crate::Errors;
use crate::serve::group::{Claim, Group, GroupStatus};

/// An entry that was given to a consumer of a group.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub entry: Arc<Entry>,
    /// 1 for the first time.
    pub deliveries: u32,
}

/// A match that a consumer gets, if it is in memory.
pub(in crate::serve) type Claimed = (Claim, Option<Arc<Entry>>);

impl MatchLog {
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
    pub(in crate::serve) fn claim(
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
    pub(super) fn given(&self, group: &str, claimed: Vec<Claimed>) -> Vec<Delivery> {
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
