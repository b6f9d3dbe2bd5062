//! Where an entry is filed: by the most telling kind of its tests.

use std::ops::Range;

use portent_grammar::Columns;

use super::affixes::{Affixes, End, affix};
use super::equalities::{self, Equalities};
use super::expressions::{Expression, Expressions, expression};
use super::filed::{Bucket, Filed};
use super::intervals::{GridCell, Intervals, cells, interval};
use super::networks::{Network, Networks, network};
use super::ranges::{Bound, Ranges, Scale, Side, bound};
use super::sets::Sets;
use super::substrings::{Substrings, needle};
use super::test::{Fields, Test};

/// All shapes of condition; those that look at one column only, by column.
#[derive(Debug, Default)]
pub(crate) struct Places {
    equalities: Equalities,
    affixes: Vec<((usize, End), Affixes)>,
    networks: Vec<(usize, Networks)>,
    intervals: Vec<((usize, Scale), Intervals)>,
    substrings: Vec<(usize, Sets<Substrings>)>,
    expressions: Vec<(usize, Sets<Expressions>)>,
    ranges: Vec<((usize, Scale), Ranges)>,
    list: Bucket,
}

/// The place of an entry.
#[derive(Debug)]
pub(crate) enum Place {
    Equal(equalities::Place),
    Affix(usize, Box<str>),
    Network(usize, Network),
    Interval(usize, Box<[GridCell]>),
    Substring(usize, Box<[u8]>),
    Expression(usize, Expression),
    Range(usize, Side, Bound),
    List,
}

impl Place {
    /// Whether it is known that no event finds entries in both.
    pub fn excludes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Equal(one), Self::Equal(other)) => one.excludes(other),
            _ => false,
        }
    }
}

impl Places {
    /// A place for an entry with these tests, and the numbers of those that the place answers.
    pub fn choose(&mut self, tests: &[Test]) -> (Place, Vec<usize>) {
        if let Some((place, answered)) = self.equalities.place(tests) {
            return (Place::Equal(place), answered);
        }
        // In the order in which they tell most.
        first(tests, |test| {
            let (end, affix) = affix(test)?;
            let at = of_column(&mut self.affixes, (test.slot, end));
            Some((Place::Affix(at, affix.into()), true))
        })
        .or_else(|| {
            first(tests, |test| {
                let network = network(test)?;
                let at = of_column(&mut self.networks, test.slot);
                Some((Place::Network(at, network), true))
            })
        })
        .or_else(|| {
            let (slot, scale, from, to) = interval(tests)?;
            let at = of_column(&mut self.intervals, (slot, scale));
            Some((Place::Interval(at, cells(from, to)), Vec::new()))
        })
        .or_else(|| {
            first(tests, |test| {
                let needle = needle(test)?;
                let at = of_column(&mut self.substrings, test.slot);
                Some((Place::Substring(at, needle.text), needle.exact))
            })
        })
        .or_else(|| {
            first(tests, |test| {
                let expression = expression(test)?;
                let at = of_column(&mut self.expressions, test.slot);
                Some((Place::Expression(at, expression), true))
            })
        })
        .or_else(|| {
            first(tests, |test| {
                let (scale, side, bound) = bound(test)?;
                let at = of_column(&mut self.ranges, (test.slot, scale));
                Some((Place::Range(at, side, bound), false))
            })
        })
        .unwrap_or((Place::List, Vec::new()))
    }

    /// The buckets of a place.
    pub fn buckets(&mut self, place: &Place, change: &mut dyn FnMut(&mut Bucket)) {
        match place {
            Place::Equal(place) => self.equalities.buckets(place, change),
            Place::Affix(at, affix) => self.affixes[*at].1.bucket(affix, change),
            Place::Network(at, network) => self.networks[*at].1.bucket(*network, change),
            Place::Interval(at, cells) => self.intervals[*at].1.buckets(cells, change),
            Place::Substring(at, text) => self.substrings[*at].1.bucket(text, change),
            Place::Expression(at, expression) => self.expressions[*at].1.bucket(expression, change),
            Place::Range(at, side, bound) => self.ranges[*at].1.bucket(*side, *bound, change),
            Place::List => change(&mut self.list),
        }
    }

    /// Gives a place back that has no entry any more.
    pub fn release(&mut self, place: &Place) {
        if let Place::Equal(place) = place {
            self.equalities.release(place);
        }
    }

    /// How much is kept: nothing, once all entries are gone.
    #[cfg(test)]
    pub fn kept(&self) -> usize {
        fn sum<K, T>(list: &[(K, T)], kept: impl Fn(&T) -> usize) -> usize {
            list.iter().map(|(_, it)| kept(it)).sum()
        }
        self.equalities.kept()
            + sum(&self.affixes, Affixes::kept)
            + sum(&self.networks, Networks::kept)
            + sum(&self.intervals, Intervals::kept)
            + sum(&self.substrings, Sets::kept)
            + sum(&self.expressions, Sets::kept)
            + sum(&self.ranges, Ranges::kept)
            + self.list.as_slice().len()
    }

    /// Looks up what can be looked up column by column, of rows that are asked for next.
    pub fn load(&mut self, columns: &Columns, rows: Range<usize>) {
        self.equalities.load(columns, rows);
    }

    /// The entries whose place says that an event may be for them. `loaded`: its place among the rows that were loaded.
    #[inline]
    pub fn probe<F: Fields + ?Sized>(
        &mut self,
        fields: &F,
        stamp: u64,
        loaded: Option<usize>,
        found: &mut impl FnMut(&Filed),
    ) -> u64 {
        let mut evaluations = 0;
        match loaded {
            Some(row) => self.equalities.probe_loaded(row, &mut *found),
            None => self.equalities.probe(fields, stamp, &mut *found),
        }
        for ((slot, end), affixes) in &self.affixes {
            affixes.probe(*end, fields.cell(*slot), &mut *found);
        }
        for (slot, networks) in &self.networks {
            networks.probe(fields.cell(*slot), &mut *found);
        }
        for ((slot, scale), intervals) in &self.intervals {
            intervals.probe(*scale, fields.cell(*slot), &mut *found);
        }
        for (slot, sets) in &mut self.substrings {
            if let Some(text) = fields.text(*slot) {
                sets.probe(text, &mut evaluations, &mut *found);
            }
        }
        for (slot, sets) in &mut self.expressions {
            if let Some(text) = fields.text(*slot) {
                sets.probe(text, &mut evaluations, &mut *found);
            }
        }
        for ((slot, scale), ranges) in &self.ranges {
            ranges.probe(*scale, fields.cell(*slot), &mut *found);
        }
        self.list.as_slice().iter().for_each(found);
        evaluations
    }
}

/// The first place that a test gives, and the test if the place answers it.
fn first(
    tests: &[Test],
    mut place: impl FnMut(&Test) -> Option<(Place, bool)>,
) -> Option<(Place, Vec<usize>)> {
    tests.iter().enumerate().find_map(|(number, test)| {
        let (place, answered) = place(test)?;
        Some((place, if answered { vec![number] } else { Vec::new() }))
    })
}

/// The place of a column in a list by columns.
fn of_column<K: PartialEq, T: Default>(list: &mut Vec<(K, T)>, column: K) -> usize {
    list.iter()
        .position(|(known, _)| *known == column)
        .unwrap_or_else(|| {
            list.push((column, T::default()));
            list.len() - 1
        })
}
