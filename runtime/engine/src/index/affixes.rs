//! `LIKE 'x%'` and `LIKE '%x'` of one column, by what a text must begin or end with.

use hashbrown::HashMap;
use portent_grammar::Cell;
use portent_planner::expr::PatternShape;

use super::filed::{Bucket, Filed};
use super::test::{Test, TestKind};

/// Entries by the prefix, or the suffix, that a text must have.
#[derive(Debug, Default)]
pub(crate) struct Affixes {
    buckets: HashMap<Box<str>, Bucket, foldhash::fast::RandomState>,
    /// How many affixes there are of each length, by length.
    lengths: Vec<(usize, usize)>,
}

/// Which end of the text it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Prefix,
    Suffix,
}

/// The affix that a test asks for, and nothing else.
pub(crate) fn affix(test: &Test) -> Option<(End, &str)> {
    match &test.kind {
        TestKind::Matches(pattern, false) => match pattern.shape() {
            PatternShape::Prefix(prefix) => Some((End::Prefix, prefix)),
            PatternShape::Suffix(suffix) => Some((End::Suffix, suffix)),
            _ => None,
        },
        _ => None,
    }
}

impl Affixes {
    /// The bucket of an affix. If it is left empty it is forgotten.
    pub fn bucket(&mut self, affix: &str, change: &mut dyn FnMut(&mut Bucket)) {
        let bucket = self.buckets.entry(affix.into()).or_default();
        let was = usize::from(!bucket.is_empty());
        change(bucket);
        let is = usize::from(!bucket.is_empty());
        if is == 0 {
            self.buckets.remove(affix);
        }
        let place = self
            .lengths
            .binary_search_by_key(&affix.len(), |(length, _)| *length);
        match place {
            Ok(at) => {
                let count = self.lengths[at].1 + is - was;
                self.lengths[at].1 = count;
                if count == 0 {
                    self.lengths.remove(at);
                }
            }
            Err(at) if is > 0 => self.lengths.insert(at, (affix.len(), 1)),
            Err(_) => {}
        }
    }

    #[cfg(test)]
    pub fn kept(&self) -> usize {
        self.buckets.len() + self.lengths.len()
    }

    /// The entries whose affix a cell has.
    #[inline]
    pub fn probe(&self, end: End, cell: Cell<'_>, mut found: impl FnMut(&Filed)) {
        let Cell::Text(text) = cell else { return };
        for (length, _) in &self.lengths {
            let Some(rest) = text.len().checked_sub(*length) else {
                return;
            };
            let affix = match end {
                End::Prefix => text.get(..*length),
                End::Suffix => text.get(rest..),
            };
            if let Some(bucket) = affix.and_then(|affix| self.buckets.get(affix)) {
                bucket.as_slice().iter().for_each(&mut found);
            }
        }
    }
}
