//! `LIKE 'x%'` of one column, by prefix.

use hashbrown::HashMap;
use portent_grammar::Cell;
use portent_planner::expr::PatternShape;

use super::EntryId;
use super::test::{Test, TestKind};

/// Entries by the prefix that a text must have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prefixes {
    entries: HashMap<Box<str>, Vec<EntryId>, foldhash::fast::RandomState>,
    /// How many prefixes there are of each length, by length.
    lengths: Vec<(usize, usize)>,
}

/// The prefix that a test asks for.
pub(crate) fn prefix(test: &Test) -> Option<&str> {
    match &test.kind {
        TestKind::Matches(pattern, false) => match pattern.shape() {
            PatternShape::Prefix(prefix) => Some(prefix),
            _ => None,
        },
        _ => None,
    }
}

impl Prefixes {
    pub fn insert(&mut self, prefix: &str, entry: EntryId) {
        let bucket = self.entries.entry(prefix.into()).or_default();
        if bucket.is_empty() {
            match self
                .lengths
                .binary_search_by_key(&prefix.len(), |(length, _)| *length)
            {
                Ok(at) => self.lengths[at].1 += 1,
                Err(at) => self.lengths.insert(at, (prefix.len(), 1)),
            }
        }
        bucket.push(entry);
    }

    pub fn remove(&mut self, entry: EntryId) {
        let lengths = &mut self.lengths;
        self.entries.retain(|prefix, bucket| {
            bucket.retain(|known| *known != entry);
            if bucket.is_empty()
                && let Ok(at) = lengths.binary_search_by_key(&prefix.len(), |(length, _)| *length)
            {
                lengths[at].1 -= 1;
                if lengths[at].1 == 0 {
                    lengths.remove(at);
                }
            }
            !bucket.is_empty()
        });
    }

    /// The entries whose prefix a cell begins with.
    pub fn candidates(&self, cell: Cell<'_>, found: &mut dyn FnMut(EntryId)) {
        let Cell::Text(text) = cell else { return };
        for (length, _) in &self.lengths {
            let Some(bucket) = text
                .get(..*length)
                .and_then(|prefix| self.entries.get(prefix))
            else {
                continue;
            };
            bucket.iter().for_each(|id| found(*id));
        }
    }
}
