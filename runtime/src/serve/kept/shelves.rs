//! Where the matches of all queries are.

use std::collections::HashMap;
use std::sync::Arc;

use super::index::{self, Index, Placed};

/// Where the matches of each query are, by its name in lower case.
#[derive(Debug)]
pub(super) struct Shelves {
    pub by_key: HashMap<Arc<str>, Index>,
    pub slots: usize,
    pub spacing: u64,
    pub most: usize,
}

impl Shelves {
    pub(super) fn new(most: usize) -> Self {
        Self {
            by_key: HashMap::new(),
            slots: 0,
            spacing: index::SPACING,
            most,
        }
    }

    /// A block was written; whether there are too many slots now.
    pub(super) fn add(&mut self, key: &Arc<str>, block: Placed) -> bool {
        let index = match self.by_key.get_mut(key) {
            Some(index) => index,
            None => self.by_key.entry(Arc::clone(key)).or_default(),
        };
        self.slots += usize::from(index.add(block, self.spacing));
        self.slots > self.most
    }

    /// Makes room for slots, as far as that is possible.
    pub(super) fn thin(&mut self, segments: &[u64]) {
        self.spacing = self.spacing.saturating_mul(2);
        let spacing = self.spacing;
        let all = self.by_key.values_mut();
        let gone: usize = all.map(|index| index.thin(spacing, segments)).sum();
        self.slots -= gone.min(self.slots);
        // If each has the least that it needs already, the next attempt waits until there are as many again.
        self.most = self.most.max(self.slots.saturating_mul(2));
    }

    /// The log begins with this position now.
    pub(super) fn prune(&mut self, first: u64) {
        let all = self.by_key.values_mut();
        let gone: usize = all.map(|index| index.prune(first)).sum();
        self.slots -= gone.min(self.slots);
    }
}
