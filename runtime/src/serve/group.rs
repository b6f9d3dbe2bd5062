//! Consumers that share the matches of a query between them: each match goes to one of them, and again if it is not acknowledged in time.

use std::collections::BTreeMap;
use std::time::Instant;

use portent_store::meta::GroupState;

/// See the module.
#[derive(Debug)]
pub(crate) struct Group {
    /// The first that was never given out.
    next: u64,
    /// Given out and not acknowledged.
    pending: BTreeMap<u64, Lease>,
    /// Acknowledged before the daemon came back, at `next` or behind it: from, and up to.
    done: BTreeMap<u64, u64>,
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

/// A match that a consumer is to get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    pub number: u64,
    /// 1 for the first time.
    pub deliveries: u32,
}

impl Group {
    /// One that begins with this number.
    pub fn new(next: u64) -> Self {
        Self::from_state(&GroupState {
            below: next,
            ..GroupState::default()
        })
    }

    /// As it was written down: what was given out and not acknowledged is given out again.
    pub fn from_state(state: &GroupState) -> Self {
        let mut group = Self {
            next: state.below.max(1),
            pending: BTreeMap::new(),
            done: state.done.iter().copied().collect(),
            lost: state.lost,
            acknowledged: state.acknowledged,
            redelivered: state.redelivered,
        };
        group.pass_done();
        group
    }

    /// What must outlive the process.
    pub fn state(&self) -> GroupState {
        let below = self.pending.keys().next().copied().unwrap_or(self.next);
        let mut done: Vec<(u64, u64)> = Vec::new();
        let mut add = |from: u64, to: u64| {
            if to <= from {
                return;
            }
            match done.last_mut() {
                Some(last) if last.1 == from => last.1 = to,
                _ => done.push((from, to)),
            }
        };
        let mut at = below;
        for number in self.pending.keys() {
            add(at, *number);
            at = number + 1;
        }
        add(at, self.next);
        self.done.iter().for_each(|(from, to)| add(*from, *to));
        GroupState {
            below,
            acknowledged: self.acknowledged,
            redelivered: self.redelivered,
            lost: self.lost,
            done,
        }
    }

    /// The number behind all that it knows of.
    pub fn behind(&self) -> u64 {
        self.done.values().copied().fold(self.next, u64::max)
    }

    /// Steps over what was acknowledged before.
    fn pass_done(&mut self) {
        while let Some(first) = self.done.first_entry()
            && *first.key() <= self.next
        {
            self.next = self.next.max(first.remove());
        }
    }

    /// Those before this number are not kept any more.
    fn forget_before(&mut self, first: u64) {
        if first <= self.next {
            return;
        }
        let done = self.done.range(..first);
        let done: u64 = done.map(|(from, to)| (*to).min(first) - from).sum();
        self.lost += (first - self.next).saturating_sub(done);
        self.next = first;
        self.pass_done();
    }

    /// Gives at most so many numbers to a consumer: those first whose time ran out, then new ones before `end`. Those before `first` are not kept any more.
    pub fn claim(
        &mut self,
        (first, end): (u64, u64),
        consumer: &str,
        most: usize,
        until: Instant,
        now: Instant,
    ) -> Vec<Claim> {
        let mut claims = Vec::new();
        let mut gone = Vec::new();
        for (number, lease) in self.pending.iter_mut().filter(|(_, it)| it.until <= now) {
            if claims.len() >= most {
                break;
            }
            if *number < first {
                gone.push(*number);
                continue;
            }
            lease.until = until;
            lease.deliveries = lease.deliveries.saturating_add(1);
            consumer.clone_into(&mut lease.consumer);
            self.redelivered += 1;
            claims.push(Claim {
                number: *number,
                deliveries: lease.deliveries,
            });
        }
        gone.iter().for_each(|number| self.lose(*number));
        self.forget_before(first);
        while claims.len() < most && self.next < end {
            let lease = Lease {
                consumer: consumer.to_owned(),
                until,
                deliveries: 1,
            };
            self.pending.insert(self.next, lease);
            claims.push(Claim {
                number: self.next,
                deliveries: 1,
            });
            self.next += 1;
            self.pass_done();
        }
        claims
    }

    /// A match that was to be given out is not kept any more.
    pub fn lose(&mut self, number: u64) {
        if self.pending.remove(&number).is_some() {
            self.lost += 1;
        }
    }

    /// A match could not be given out after all: it is due at once.
    pub fn give_back(&mut self, number: u64, now: Instant) {
        if let Some(lease) = self.pending.get_mut(&number) {
            lease.until = now;
        }
    }

    /// These need not be given out again. How many of them were pending.
    pub fn acknowledge(&mut self, numbers: &[u64]) -> u64 {
        let known = numbers
            .iter()
            .filter(|number| self.pending.remove(number).is_some());
        let count = known.count() as u64;
        self.acknowledged += count;
        count
    }

    /// A consumer has gone: what it has not acknowledged is due at once.
    pub fn leave(&mut self, consumer: &str, now: Instant) {
        for lease in self.pending.values_mut() {
            if lease.consumer == consumer {
                lease.until = now;
            }
        }
    }

    /// When the next lease ends: those that have ended already wait for somebody with room, and not for time.
    pub fn next_lease(&self, now: Instant) -> Option<Instant> {
        let leases = self.pending.values();
        leases.map(|it| it.until).filter(|it| *it > now).min()
    }

    /// How many matches a consumer has, and still in time.
    pub fn held(&self, consumer: &str, now: Instant) -> usize {
        let leases = self.pending.values();
        leases
            .filter(|it| it.until > now && it.consumer == consumer)
            .count()
    }

    /// What it has done.
    pub fn status(&self, name: &str) -> GroupStatus {
        GroupStatus {
            name: name.to_owned(),
            next: self.next,
            pending: self.pending.len() as u64,
            lost: self.lost,
            acknowledged: self.acknowledged,
            redelivered: self.redelivered,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn numbers(claims: &[Claim]) -> Vec<u64> {
        claims.iter().map(|it| it.number).collect()
    }

    #[test]
    fn what_was_given_out_and_not_acknowledged_comes_again_after_a_restart() {
        let now = Instant::now();
        let later = now + Duration::from_secs(60);
        let mut group = Group::new(3);
        assert_eq!(group.claim((1, 13), "one", 100, later, now).len(), 10);
        assert_eq!(group.acknowledge(&[3, 4, 6, 7, 12, 99]), 5);
        let state = group.state();
        assert_eq!((state.below, &state.done), (5, &vec![(6, 8), (12, 13)]));
        let mut again = Group::from_state(&state);
        assert_eq!(again.state(), state);
        assert_eq!(again.behind(), 13);
        let given = again.claim((1, 15), "two", 4, later, now);
        assert_eq!(numbers(&given), [5, 8, 9, 10]);
        assert_eq!(again.acknowledge(&[9]), 1);
        let state = again.state();
        assert_eq!(
            (state.below, &state.done),
            (5, &vec![(6, 8), (9, 10), (12, 13)])
        );
        let given = again.claim((1, 15), "two", 100, later, now);
        assert_eq!(numbers(&given), [11, 13, 14]);
        assert_eq!(again.acknowledge(&[5, 8, 10, 11, 13, 14]), 6);
        let state = again.state();
        assert_eq!((state.below, state.done.len()), (15, 0));
        assert_eq!((state.acknowledged, state.lost), (12, 0));
    }

    #[test]
    fn what_was_acknowledged_is_not_lost() {
        let now = Instant::now();
        let mut group = Group::from_state(&GroupState {
            below: 5,
            done: vec![(6, 8), (12, 20)],
            ..GroupState::default()
        });
        // 5, 8, 9, 10 and 11 are lost.
        assert_eq!(group.claim((14, 22), "one", 1, now, now).len(), 1);
        assert_eq!((group.state().lost, group.next), (5, 21));
        let mut group = Group::from_state(&GroupState {
            below: 5,
            done: vec![(6, 8)],
            ..GroupState::default()
        });
        assert_eq!(numbers(&group.claim((7, 9), "one", 9, now, now)), [8]);
        assert_eq!(group.state().lost, 1);
    }
}
