//! The predicate index of a stream: which queries want this event, found without asking each of them.
//!
//! Every variable of every query (and every WHERE without a pattern) is an *entry*: the tests that an event must pass to be of interest to
//! it. An entry is filed by its most telling kind of test, and its other tests are tried only where that one holds:
//!
//! | tests of the entry | file | found by |
//! |---|---|---|
//! | equalities with constants | `equalities` | one look-up per set of columns |
//! | `IN (…)` | `equalities` | the same: filed under each member |
//! | `LIKE 'x%'`, `LIKE '%x'` | `affixes` | one look-up per length of prefix or suffix |
//! | `inet <<= cidr` | `networks` | one look-up per length of network prefix |
//! | ranges with two bounds | `intervals` | one look-up per size of interval, in powers of two |
//! | `LIKE '%x%'`, patterns that ask for a text | `substrings` | one pass of an Aho-Corasick automaton |
//! | other patterns | `expressions` | one pass of a set of regular expressions |
//! | ranges with one bound | `ranges` | search by bound |
//! | anything else | a list | each is tried |
//!
//! Cost per event: the number of sets of columns, lengths and sizes, the length of the texts, and the entries whose filing test holds; not
//! the number of queries. (The shape is that of Esper's filter service, and of the predicate indexes of Siena and Le Subscribe.)
//!
//! What the place of an entry answers exactly is not tested again. Of its other tests, one that is a comparison with a number is made on
//! the spot (`filed`), if no event can find another entry that has it; all others are interned (`interned`). So a test is evaluated at most
//! once per event.

mod affixes;
mod equalities;
mod expressions;
mod filed;
mod hits;
mod interned;
mod intervals;
mod networks;
mod place;
mod ranges;
mod sets;
mod substrings;
mod symbols;
mod test;
#[cfg(test)]
mod tests;

use std::ops::Range;

use hashbrown::HashMap;
use portent_grammar::Columns;
use rustc_hash::FxBuildHasher;

use filed::{Check, Filed, NO_REST};
pub(crate) use hits::{Hit, Hits};
use interned::Tests;
use place::{Place, Places};
pub(crate) use test::{BlockRow, Fields, Test};

/// What is needed to take an entry out again.
#[derive(Debug)]
struct Record {
    bit: u64,
    place: Place,
    /// The tests that its place does not answer.
    tests: Box<[u32]>,
    rest: u32,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct PredicateIndex {
    places: Places,
    tests: Tests,
    by_query: HashMap<u32, Vec<Record>, FxBuildHasher>,
    /// The number of the event at hand.
    stamp: u64,
    /// Work: tests evaluated.
    pub evaluations: u64,
}

impl PredicateIndex {
    /// Registers what a query wants for one variable. Without tests every event is wanted.
    pub fn insert(&mut self, query: u32, bit: u64, tests: Vec<Test>) {
        let (place, answered) = self.places.choose(&tests);
        let mut open: Vec<u32> = Vec::new();
        for (number, test) in tests.iter().enumerate() {
            if answered.contains(&number) {
                continue;
            }
            let number = self.tests.acquire(test);
            if open.contains(&number) {
                self.tests.release(number);
            } else {
                open.push(number);
                if !self.fits_on_the_spot(number, &place) {
                    self.share(number);
                }
            }
        }
        let spot = open.iter().enumerate().find_map(|(at, number)| {
            let check = Check::on_the_spot(self.tests.get(*number)?)?;
            self.fits_on_the_spot(*number, &place)
                .then_some((at, check))
        });
        let (at, first) = match (spot, open.first()) {
            (Some((at, check)), _) => {
                self.tests.keep_spot(open[at], query, bit);
                (at, check)
            }
            (None, Some(first)) => (0, Check::Shared(*first)),
            (None, None) => (0, Check::Always),
        };
        let others = open.iter().enumerate().filter(|(other, _)| *other != at);
        let others: Vec<u32> = others.map(|(_, number)| *number).collect();
        let filed = Filed::new(query, bit, first, self.tests.keep_list(&others));
        self.places
            .buckets(&place, &mut |bucket| bucket.push(filed));
        self.by_query.entry(query).or_default().push(Record {
            bit,
            place,
            tests: open.into(),
            rest: filed.rest,
        });
    }

    /// Whether an entry in this place may have a test on the spot, beside those that have: no event may find two of them, so that none
    /// evaluates the test twice.
    fn fits_on_the_spot(&self, number: u32, place: &Place) -> bool {
        let apart = |(query, bit): (u32, u64)| {
            let records = self.by_query.get(&query).into_iter().flatten();
            records
                .filter(|record| record.bit == bit)
                .all(|record| record.place.excludes(place))
        };
        self.tests.is_free(number) && self.tests.spots(number).all(apart)
    }

    /// A test has got a user that can't have it on the spot, or too many: those that have it so shall share it.
    fn share(&mut self, number: u32) {
        let check = self.tests.get(number).and_then(Check::on_the_spot);
        for (query, bit) in self.tests.take_spots(number) {
            for record in self.by_query.get(&query).into_iter().flatten() {
                if record.bit != bit || !record.tests.contains(&number) {
                    continue;
                }
                self.places.buckets(&record.place, &mut |bucket| {
                    for filed in bucket.as_mut_slice() {
                        if (filed.query, filed.bit()) == (query, bit) && Some(filed.first) == check
                        {
                            filed.first = Check::Shared(number);
                        }
                    }
                });
            }
        }
    }

    /// Removes all entries of a query.
    pub fn remove(&mut self, query: u32) {
        for record in self.by_query.remove(&query).unwrap_or_default() {
            self.places
                .buckets(&record.place, &mut |bucket| bucket.remove(query));
            self.places.release(&record.place);
            for number in record.tests {
                self.tests.leave_spot(number, query);
                self.tests.release(number);
            }
            if record.rest != NO_REST {
                self.tests.drop_list(record.rest);
            }
        }
    }

    /// Finds the queries that an event concerns.
    pub fn probe<F: Fields + ?Sized>(&mut self, fields: &F, hits: &mut Hits) {
        self.probe_one(fields, None, hits);
    }

    /// Finds the queries that rows of a block concern, as if each were asked for by itself; but no more rows once so many hits are
    /// there. How many rows these were: one at least, if there is one.
    ///
    /// What is known of a query may change with each row, what it wants to see does not. So the index can be asked for many rows at a
    /// time, while it is in the cache, and its columns one by one.
    pub fn probe_rows(
        &mut self,
        columns: &Columns,
        rows: Range<usize>,
        most: usize,
        hits: &mut Hits,
    ) -> usize {
        self.places.load(columns, rows.clone());
        let mut done = 0;
        for row in rows {
            self.probe_one(&BlockRow { columns, row }, Some(done), hits);
            done += 1;
            if hits.len() >= most {
                break;
            }
        }
        done
    }

    /// `loaded`: the place of the row among those that were loaded.
    #[inline]
    fn probe_one<F: Fields + ?Sized>(
        &mut self,
        fields: &F,
        loaded: Option<usize>,
        hits: &mut Hits,
    ) {
        self.stamp += 1;
        let (tests, stamp) = (&mut self.tests, self.stamp);
        let mut evaluated = 0;
        let passes = self
            .places
            .probe(fields, stamp, loaded, &mut |filed: &Filed| {
                let first = match filed.first {
                    Check::Always => true,
                    Check::Shared(number) => tests.holds(number, fields, stamp, &mut evaluated),
                    check => {
                        evaluated += 1;
                        check.holds(fields).unwrap_or(true)
                    }
                };
                if first
                    && (filed.rest == NO_REST
                        || tests.all_hold(filed.rest, fields, stamp, &mut evaluated))
                {
                    hits.add(filed.query, filed.bit());
                }
            });
        self.evaluations += evaluated + passes;
        hits.settle();
    }
}
