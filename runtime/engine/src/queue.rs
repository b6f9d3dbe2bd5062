//! A priority queue for what comes nearly in order.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};

/// What comes in order goes to a plain queue (O(1)), the rest to a heap (O(log n)). Keys must be distinct where the order
/// of equals matters.
#[derive(Debug)]
pub(crate) struct SortedQueue<K, T> {
    run: VecDeque<(K, T)>,
    rest: BinaryHeap<Reverse<Entry<K, T>>>,
}

#[derive(Debug)]
struct Entry<K, T>(K, T);

impl<K: Ord, T> PartialEq for Entry<K, T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<K: Ord, T> Eq for Entry<K, T> {}

impl<K: Ord, T> PartialOrd for Entry<K, T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K: Ord, T> Ord for Entry<K, T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

impl<K, T> Default for SortedQueue<K, T>
where
    K: Ord,
{
    fn default() -> Self {
        Self {
            run: VecDeque::new(),
            rest: BinaryHeap::new(),
        }
    }
}

impl<K: Ord + Copy, T> SortedQueue<K, T> {
    /// Adds an item.
    pub fn push(&mut self, key: K, item: T) {
        if self.run.back().is_none_or(|(last, _)| *last <= key) {
            self.run.push_back((key, item));
        } else {
            self.rest.push(Reverse(Entry(key, item)));
        }
    }

    /// The least key.
    pub fn first(&self) -> Option<K> {
        match (self.run.front(), self.rest.peek()) {
            (Some((run, _)), Some(Reverse(rest))) => Some((*run).min(rest.0)),
            (Some((run, _)), None) => Some(*run),
            (None, Some(Reverse(rest))) => Some(rest.0),
            (None, None) => None,
        }
    }

    /// Takes the item with the least key.
    pub fn pop(&mut self) -> Option<(K, T)> {
        let from_rest = match (self.run.front(), self.rest.peek()) {
            (Some((run, _)), Some(Reverse(rest))) => rest.0 < *run,
            (None, Some(_)) => true,
            _ => false,
        };
        if from_rest {
            self.rest.pop().map(|Reverse(Entry(key, item))| (key, item))
        } else {
            self.run.pop_front()
        }
    }

    /// All items, the one with the least key first. O(n log n), where not all came in order.
    pub fn in_order(&self) -> Vec<&T> {
        let rest = self
            .rest
            .iter()
            .map(|Reverse(Entry(key, item))| (key, item));
        let run = self.run.iter().map(|(key, item)| (key, item));
        let mut all: Vec<(&K, &T)> = run.chain(rest).collect();
        all.sort_by_key(|(key, _)| **key);
        all.into_iter().map(|(_, item)| item).collect()
    }

    /// How many items wait.
    pub fn len(&self) -> usize {
        self.run.len() + self.rest.len()
    }

    /// Keeps only some items.
    pub fn retain(&mut self, mut keep: impl FnMut(K, &T) -> bool) {
        self.run.retain(|(key, item)| keep(*key, item));
        self.rest
            .retain(|Reverse(Entry(key, item))| keep(*key, item));
    }
}

#[cfg(test)]
mod tests {
    use super::SortedQueue;

    #[test]
    fn comes_out_in_order() {
        let mut queue = SortedQueue::default();
        for (at, key) in [5, 1, 9, 3, 9, 12, 2, 0].into_iter().enumerate() {
            queue.push((key, at), key);
        }
        assert_eq!(queue.first(), Some((0, 7)));
        assert_eq!(queue.len(), 8);
        let mut out = Vec::new();
        while let Some(((key, at), item)) = queue.pop() {
            assert_eq!(key, item);
            out.push((key, at));
        }
        let mut sorted = out.clone();
        sorted.sort_unstable();
        assert_eq!(out, sorted);
    }
}
