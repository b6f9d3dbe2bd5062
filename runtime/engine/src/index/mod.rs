//! The predicate index of a stream: which queries want this event, found without asking each of them.
//!
//! Every variable of every query (and every WHERE without a pattern) is an *entry*: the tests that an event must pass to be of interest to
//! it. Tests are interned over all entries and evaluated at most once per event. An entry is filed by its most selective kind of
//! test, and its other tests are tried only where that one holds:
//!
//! | tests of the entry | where it is filed | found by |
//! |---|---|---|
//! | equalities with constants | a hash table for this set of columns | one look-up per set of columns |
//! | `IN (…)` | the same, under each member | |
//! | ranges | sorted by bound | binary search |
//! | `LIKE 'x%'` | a hash table by prefix | one look-up per length of prefix |
//! | anything else | a list | each is tried |
//!
//! Cost per event: the number of sets of columns, ranges and lengths of prefixes, and the entries whose filing test holds; not the number
//! of queries. (The shape is that of Esper's filter service, and of the predicate indexes of Siena and Le Subscribe.)

mod key;
mod prefixes;
mod ranges;
mod test;
#[cfg(test)]
mod tests;

use hashbrown::HashMap;
use portent_grammar::Value;
use portent_planner::expr::CompareOp;
use rustc_hash::FxBuildHasher;

use key::Keys;
use prefixes::Prefixes;
use ranges::Ranges;
use test::TestKind;
pub(crate) use test::{BlockRow, Fields, Test};

/// The number of an entry; used again after it was removed.
pub(crate) type EntryId = u32;

/// More sets of columns than these are not kept apart: further entries are filed under one of their columns.
const MOST_SHAPES: usize = 16;

/// What a query wants of an event for one of its variables.
#[derive(Debug)]
struct Entry {
    query: u32,
    /// The bit of the variable.
    bit: u64,
    tests: Box<[u32]>,
    home: Home,
}

/// Where an entry is filed.
#[derive(Debug)]
enum Home {
    /// In this shape, under these hashes.
    Hash(usize, Box<[u64]>),
    Range(usize),
    Prefix(usize),
    List,
}

/// A test that entries share.
#[derive(Debug)]
struct Interned {
    test: Test,
    users: u32,
    /// The event at which it was last evaluated, and what came of it.
    stamp: u64,
    held: bool,
}

/// Entries by the hash of their constants for a set of columns.
#[derive(Debug)]
struct Shape {
    slots: Box<[usize]>,
    entries: HashMap<u64, Vec<EntryId>, FxBuildHasher>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct PredicateIndex {
    keys: Keys,
    entries: Vec<Option<Entry>>,
    free: Vec<EntryId>,
    by_query: HashMap<u32, Vec<EntryId>, FxBuildHasher>,
    tests: Vec<Interned>,
    free_tests: Vec<u32>,
    /// Tests by the hash of their constant.
    known: HashMap<u64, Vec<u32>, FxBuildHasher>,
    shapes: Vec<Shape>,
    ranges: Vec<(usize, Ranges)>,
    prefixes: Vec<(usize, Prefixes)>,
    list: Vec<EntryId>,
    stamp: u64,
    /// Work: tests evaluated.
    pub evaluations: u64,
}

/// The queries that an event concerns, with the variables that it may be. Used again and again.
#[derive(Debug, Default)]
pub(crate) struct Hits {
    /// By query.
    bits: Vec<u64>,
    /// The queries with bits.
    pub queries: Vec<u32>,
}

impl Hits {
    fn add(&mut self, query: u32, bit: u64) {
        let index = query as usize;
        if self.bits.len() <= index {
            self.bits.resize(index + 1, 0);
        }
        if let Some(bits) = self.bits.get_mut(index) {
            if *bits == 0 {
                self.queries.push(query);
            }
            *bits |= bit;
        }
    }

    pub fn bits(&self, query: u32) -> u64 {
        self.bits.get(query as usize).copied().unwrap_or(0)
    }

    pub fn clear(&mut self) {
        for query in self.queries.drain(..) {
            if let Some(bits) = self.bits.get_mut(query as usize) {
                *bits = 0;
            }
        }
    }
}

impl PredicateIndex {
    /// Registers what a query wants for one variable. Without tests every event is wanted.
    pub fn insert(&mut self, query: u32, bit: u64, tests: Vec<Test>) {
        let id = self.free.pop().unwrap_or_else(|| {
            self.entries.push(None);
            (self.entries.len() - 1) as EntryId
        });
        self.by_query.entry(query).or_default().push(id);
        let home = self.file(id, &tests);
        let tests = tests.into_iter().map(|test| self.intern(test)).collect();
        if let Some(place) = self.entries.get_mut(id as usize) {
            *place = Some(Entry {
                query,
                bit,
                tests,
                home,
            });
        }
    }

    /// Removes all entries of a query.
    pub fn remove(&mut self, query: u32) {
        for id in self.by_query.remove(&query).unwrap_or_default() {
            let Some(entry) = self.entries.get_mut(id as usize).and_then(Option::take) else {
                continue;
            };
            self.free.push(id);
            match entry.home {
                Home::Hash(shape, hashes) => {
                    let Some(shape) = self.shapes.get_mut(shape) else {
                        continue;
                    };
                    for hash in hashes {
                        if let Some(bucket) = shape.entries.get_mut(&hash) {
                            bucket.retain(|known| *known != id);
                            if bucket.is_empty() {
                                shape.entries.remove(&hash);
                            }
                        }
                    }
                }
                Home::Range(at) => self.ranges[at].1.remove(id),
                Home::Prefix(at) => self.prefixes[at].1.remove(id),
                Home::List => self.list.retain(|known| *known != id),
            }
            for number in entry.tests {
                self.release(number);
            }
        }
    }

    fn file(&mut self, id: EntryId, tests: &[Test]) -> Home {
        if let Some(home) = self.file_by_hash(id, tests) {
            return home;
        }
        let range = tests
            .iter()
            .find_map(|test| ranges::bound(test).map(|bound| (test.slot, bound)));
        if let Some((slot, bound)) = range {
            let at = place(&mut self.ranges, slot);
            self.ranges[at].1.insert(bound, id);
            return Home::Range(at);
        }
        let prefix = tests
            .iter()
            .find_map(|test| prefixes::prefix(test).map(|prefix| (test.slot, prefix)));
        if let Some((slot, prefix)) = prefix {
            let at = place(&mut self.prefixes, slot);
            self.prefixes[at].1.insert(prefix, id);
            return Home::Prefix(at);
        }
        self.list.push(id);
        Home::List
    }

    fn file_by_hash(&mut self, id: EntryId, tests: &[Test]) -> Option<Home> {
        let mut equal: Vec<(usize, u64)> = Vec::new();
        for test in tests {
            if let TestKind::Compare(CompareOp::Eq, with) = &test.kind
                && let Some(hash) = self.keys.constant(with)
                && !equal.iter().any(|(slot, _)| *slot == test.slot)
            {
                equal.push((test.slot, hash));
            }
        }
        equal.sort_unstable_by_key(|(slot, _)| *slot);
        let (slots, hashes): (Vec<usize>, Vec<u64>) = if equal.is_empty() {
            let (slot, hashes) = tests.iter().find_map(|test| match &test.kind {
                TestKind::In(set, false) => {
                    let hashes: Option<Vec<u64>> = set
                        .values()
                        .map(|value: &Value| self.keys.constant(value))
                        .collect();
                    hashes.map(|hashes| (test.slot, hashes))
                }
                _ => None,
            })?;
            let mut hashes: Vec<u64> = hashes.iter().map(|hash| Keys::combine(0, *hash)).collect();
            hashes.sort_unstable();
            hashes.dedup();
            (vec![slot], hashes)
        } else {
            let known = |slots: &[(usize, u64)]| {
                self.shapes
                    .iter()
                    .any(|shape| shape.slots.iter().eq(slots.iter().map(|(slot, _)| slot)))
            };
            if !known(&equal) && self.shapes.len() >= MOST_SHAPES {
                equal.truncate(1);
            }
            let hash = equal
                .iter()
                .fold(0, |all, (_, hash)| Keys::combine(all, *hash));
            (equal.iter().map(|(slot, _)| *slot).collect(), vec![hash])
        };
        let at = self
            .shapes
            .iter()
            .position(|shape| *shape.slots == slots[..])
            .unwrap_or_else(|| {
                self.shapes.push(Shape {
                    slots: slots.into(),
                    entries: HashMap::default(),
                });
                self.shapes.len() - 1
            });
        for hash in &hashes {
            self.shapes[at].entries.entry(*hash).or_default().push(id);
        }
        Some(Home::Hash(at, hashes.into()))
    }

    /// The number of a test, shared with all entries that have the same.
    fn intern(&mut self, test: Test) -> u32 {
        let hash = self.rough_hash(&test);
        let bucket = self.known.entry(hash).or_default();
        let known = bucket.iter().copied().find(|number| {
            self.tests
                .get(*number as usize)
                .is_some_and(|known| known.users > 0 && known.test == test)
        });
        if let Some(number) = known {
            self.tests[number as usize].users += 1;
            return number;
        }
        let interned = Interned {
            test,
            users: 1,
            stamp: 0,
            held: false,
        };
        let number = match self.free_tests.pop() {
            Some(number) => {
                self.tests[number as usize] = interned;
                number
            }
            None => {
                self.tests.push(interned);
                (self.tests.len() - 1) as u32
            }
        };
        self.known.entry(hash).or_default().push(number);
        number
    }

    fn rough_hash(&self, test: &Test) -> u64 {
        let constant = match &test.kind {
            TestKind::Compare(op, with) => match with {
                Value::Float(value) => value.to_bits() ^ *op as u64,
                with => self.keys.constant(with).unwrap_or(1) ^ *op as u64,
            },
            TestKind::In(set, _) => set.values().len() as u64,
            TestKind::IsNull(negated) => 2 + u64::from(*negated),
            TestKind::Is(truth) => 4 + u64::from(*truth),
            TestKind::Matches(pattern, _) => self
                .keys
                .constant(&Value::text(pattern.source.as_str()))
                .unwrap_or(6),
        };
        Keys::combine(test.slot as u64, constant)
    }

    fn release(&mut self, number: u32) {
        let Some(interned) = self.tests.get_mut(number as usize) else {
            return;
        };
        interned.users -= 1;
        if interned.users == 0 {
            let test = interned.test.clone();
            let hash = self.rough_hash(&test);
            if let Some(bucket) = self.known.get_mut(&hash) {
                bucket.retain(|known| *known != number);
                if bucket.is_empty() {
                    self.known.remove(&hash);
                }
            }
            self.free_tests.push(number);
        }
    }

    /// Finds the queries that an event concerns.
    pub fn probe<F: Fields + ?Sized>(&mut self, fields: &F, hits: &mut Hits) {
        self.stamp += 1;
        let mut look = Look {
            entries: &self.entries,
            tests: &mut self.tests,
            stamp: self.stamp,
            evaluations: 0,
            hits,
        };
        for shape in &self.shapes {
            let mut hash = Some(0);
            for slot in &shape.slots {
                hash = match (hash, self.keys.cell(fields.cell(*slot))) {
                    (Some(all), Some(one)) => Some(Keys::combine(all, one)),
                    _ => None,
                };
            }
            if let Some(bucket) = hash.and_then(|hash| shape.entries.get(&hash)) {
                bucket.iter().for_each(|id| look.at(*id, fields));
            }
        }
        for (slot, ranges) in &self.ranges {
            if !ranges.is_empty() {
                let found = ranges.candidates(fields.cell(*slot));
                found.for_each(|id| look.at(id, fields));
            }
        }
        for (slot, prefixes) in &self.prefixes {
            prefixes.candidates(fields.cell(*slot), &mut |id| look.at(id, fields));
        }
        for id in &self.list {
            look.at(*id, fields);
        }
        self.evaluations += look.evaluations;
    }
}

/// Tries entries on an event.
struct Look<'a> {
    entries: &'a [Option<Entry>],
    tests: &'a mut [Interned],
    stamp: u64,
    evaluations: u64,
    hits: &'a mut Hits,
}

impl Look<'_> {
    #[inline]
    fn at<F: Fields + ?Sized>(&mut self, id: EntryId, fields: &F) {
        let Some(Some(entry)) = self.entries.get(id as usize) else {
            return;
        };
        for number in &entry.tests {
            let Some(test) = self.tests.get_mut(*number as usize) else {
                return;
            };
            if test.stamp != self.stamp {
                test.stamp = self.stamp;
                test.held = test.test.holds(fields);
                self.evaluations += 1;
            }
            if !test.held {
                return;
            }
        }
        self.hits.add(entry.query, entry.bit);
    }
}

/// The place of a column in a list by columns.
fn place<T: Default>(list: &mut Vec<(usize, T)>, slot: usize) -> usize {
    list.iter()
        .position(|(known, _)| *known == slot)
        .unwrap_or_else(|| {
            list.push((slot, T::default()));
            list.len() - 1
        })
}
