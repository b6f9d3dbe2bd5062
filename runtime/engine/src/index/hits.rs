//! What events concern: for each the queries, with the variables that it may be.

/// A query that an event concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    pub query: u32,
    /// The bits of the variables that the event may be.
    pub bits: u64,
}

/// The hits of one event after the other. Used again and again.
#[derive(Debug, Default)]
pub(crate) struct Hits {
    /// Of each event by query, once it is settled.
    list: Vec<Hit>,
    /// For each event, where its hits end.
    ends: Vec<usize>,
}

impl Hits {
    pub fn clear(&mut self) {
        self.list.clear();
        self.ends.clear();
    }

    /// How many there are, of all events.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    #[inline]
    pub fn add(&mut self, query: u32, bits: u64) {
        self.list.push(Hit { query, bits });
    }

    /// All hits of the event at hand are there.
    pub fn settle(&mut self) {
        let start = self.ends.last().copied().unwrap_or(0);
        if let Some(hits) = self.list.get_mut(start..)
            && !hits.is_sorted_by(|one, next| one.query < next.query)
        {
            hits.sort_unstable_by_key(|hit| hit.query);
            let mut last = 0;
            for at in 1..hits.len() {
                if hits[at].query == hits[last].query {
                    hits[last].bits |= hits[at].bits;
                } else {
                    last += 1;
                    hits[last] = hits[at];
                }
            }
            self.list.truncate(start + last + 1);
        }
        self.ends.push(self.list.len());
    }

    /// The hits of an event, by query.
    #[inline]
    pub fn of(&self, event: usize) -> &[Hit] {
        let start = match event.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or(0),
            None => 0,
        };
        let end = self.ends.get(event).copied().unwrap_or(start);
        self.list.get(start..end).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bits_of_a_query_come_together() {
        let mut hits = Hits::default();
        for (query, bits) in [(7, 1), (3, 2), (7, 4), (3, 2), (5, 1)] {
            hits.add(query, bits);
        }
        hits.settle();
        hits.settle();
        hits.add(1, 1);
        hits.settle();
        let of = |event| -> Vec<(u32, u64)> {
            let hits: &[Hit] = hits.of(event);
            hits.iter().map(|hit| (hit.query, hit.bits)).collect()
        };
        assert_eq!(of(0), [(3, 2), (5, 1), (7, 5)]);
        assert_eq!(of(1), []);
        assert_eq!(of(2), [(1, 1)]);
        assert_eq!(of(3), []);
        assert_eq!(hits.len(), 4);
    }
}
