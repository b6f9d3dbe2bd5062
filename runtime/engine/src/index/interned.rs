//! Tests that entries share: each is evaluated at most once per event.

use std::hash::{BuildHasher, Hash, Hasher};

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;

use super::filed::NO_REST;
use super::test::{Fields, Test, TestKind};

/// A distinct test.
#[derive(Debug)]
struct Interned {
    test: Test,
    hash: u64,
    users: u32,
    /// The queries and bits of the entries that have it on the spot: [`FEW`] at the most.
    spots: SmallVec<[(u32, u8); 2]>,
}

/// So many entries may have a test on the spot, if no event finds two of them: so it is evaluated at most once per event all the same,
/// and that costs less than to look up what came of it.
pub(crate) const FEW: usize = 4;

/// All tests of an index.
#[derive(Debug, Default)]
pub(crate) struct Tests {
    tests: Vec<Option<Interned>>,
    free: Vec<u32>,
    known: HashTable<u32>,
    /// By test: the event for which it was last evaluated, and in the lowest bit what came of it.
    memo: Vec<u64>,
    /// Lists of tests.
    lists: Vec<Box<[u32]>>,
    free_lists: Vec<u32>,
}

impl Tests {
    /// The number of a test, with one more user.
    pub fn acquire(&mut self, test: &Test) -> u32 {
        let hash = hash(test);
        let same = |number: &u32| {
            self.tests
                .get(*number as usize)
                .and_then(Option::as_ref)
                .is_some_and(|known| known.test == *test)
        };
        if let Some(number) = self.known.find(hash, same).copied() {
            if let Some(Some(known)) = self.tests.get_mut(number as usize) {
                known.users += 1;
            }
            return number;
        }
        let number = self.free.pop().unwrap_or_else(|| {
            self.tests.push(None);
            self.memo.push(0);
            (self.tests.len() - 1) as u32
        });
        if let Some(place) = self.tests.get_mut(number as usize) {
            *place = Some(Interned {
                test: test.clone(),
                hash,
                users: 1,
                spots: SmallVec::new(),
            });
        }
        if let Some(memo) = self.memo.get_mut(number as usize) {
            *memo = 0;
        }
        let tests = &self.tests;
        self.known.insert_unique(hash, number, |number| {
            tests
                .get(*number as usize)
                .and_then(Option::as_ref)
                .map_or(0, |known| known.hash)
        });
        number
    }

    /// Gives a test back.
    pub fn release(&mut self, number: u32) {
        let Some(place) = self.tests.get_mut(number as usize) else {
            return;
        };
        let Some(known) = place else { return };
        known.users -= 1;
        if known.users > 0 {
            return;
        }
        if let Ok(found) = self.known.find_entry(known.hash, |other| *other == number) {
            found.remove();
        }
        *place = None;
        self.free.push(number);
    }

    pub fn get(&self, number: u32) -> Option<&Test> {
        let known = self.tests.get(number as usize)?.as_ref()?;
        Some(&known.test)
    }

    /// The entries that have the test on the spot.
    pub fn spots(&self, number: u32) -> impl Iterator<Item = (u32, u64)> + '_ {
        let known = self.tests.get(number as usize).and_then(Option::as_ref);
        let spots = known
            .map(|known| known.spots.as_slice())
            .unwrap_or_default();
        spots.iter().map(|(query, bit)| (*query, 1 << bit))
    }

    /// Whether another entry may have the test on the spot, if no event finds it together with those that have.
    pub fn is_free(&self, number: u32) -> bool {
        let known = self.tests.get(number as usize).and_then(Option::as_ref);
        // Those that do not have it on the spot share what came of it.
        known.is_some_and(|known| {
            known.spots.len() + 1 == known.users as usize && known.spots.len() < FEW
        })
    }

    /// Says that an entry has the test on the spot.
    pub fn keep_spot(&mut self, number: u32, query: u32, bit: u64) {
        if let Some(Some(known)) = self.tests.get_mut(number as usize) {
            known.spots.push((query, bit.trailing_zeros() as u8));
        }
    }

    /// An entry that had the test is gone.
    pub fn leave_spot(&mut self, number: u32, query: u32) {
        if let Some(Some(known)) = self.tests.get_mut(number as usize) {
            known.spots.retain(|(it, _)| *it != query);
        }
    }

    /// The entries that have the test on the spot, and from now on no more.
    pub fn take_spots(&mut self, number: u32) -> impl Iterator<Item = (u32, u64)> + use<> {
        let known = self.tests.get_mut(number as usize).and_then(Option::as_mut);
        let spots = known.map(|known| std::mem::take(&mut known.spots));
        spots
            .unwrap_or_default()
            .into_iter()
            .map(|(query, bit)| (query, 1 << bit))
    }

    /// Keeps a list of tests; its number.
    pub fn keep_list(&mut self, list: &[u32]) -> u32 {
        if list.is_empty() {
            return NO_REST;
        }
        let number = self.free_lists.pop().unwrap_or_else(|| {
            self.lists.push(Box::default());
            (self.lists.len() - 1) as u32
        });
        if let Some(place) = self.lists.get_mut(number as usize) {
            *place = list.into();
        }
        number
    }

    pub fn drop_list(&mut self, number: u32) {
        if let Some(list) = self.lists.get_mut(number as usize) {
            *list = Box::default();
            self.free_lists.push(number);
        }
    }

    #[cfg(test)]
    pub fn kept(&self) -> usize {
        let tests = self.tests.len() - self.free.len();
        tests + self.known.len() + self.lists.len() - self.free_lists.len()
    }

    /// Whether a test holds of the event of this stamp.
    #[inline]
    pub fn holds<F: Fields + ?Sized>(
        &mut self,
        number: u32,
        fields: &F,
        stamp: u64,
        evaluations: &mut u64,
    ) -> bool {
        let Some(memo) = self.memo.get_mut(number as usize) else {
            return false;
        };
        if *memo >> 1 != stamp {
            let known = self.tests.get(number as usize).and_then(Option::as_ref);
            let held = known.is_some_and(|known| known.test.holds(fields));
            *memo = stamp << 1 | u64::from(held);
            *evaluations += 1;
        }
        *memo & 1 == 1
    }

    /// Whether all tests of a list hold.
    pub fn all_hold<F: Fields + ?Sized>(
        &mut self,
        list: u32,
        fields: &F,
        stamp: u64,
        evaluations: &mut u64,
    ) -> bool {
        let mut at = 0;
        while let Some(number) = self
            .lists
            .get(list as usize)
            .and_then(|list| list.get(at))
            .copied()
        {
            if !self.holds(number, fields, stamp, evaluations) {
                return false;
            }
            at += 1;
        }
        true
    }
}

/// Equal tests hash alike.
fn hash(test: &Test) -> u64 {
    let mut state = FxBuildHasher.build_hasher();
    test.slot.hash(&mut state);
    std::mem::discriminant(&test.kind).hash(&mut state);
    match &test.kind {
        TestKind::Compare(op, with) => (op, with).hash(&mut state),
        TestKind::In(set, negated) => {
            (set.values().len(), set.values().next(), negated).hash(&mut state);
        }
        TestKind::IsNull(flag) | TestKind::Is(flag) => flag.hash(&mut state),
        TestKind::Matches(pattern, negated) => (&pattern.source, negated).hash(&mut state),
    }
    state.finish()
}
