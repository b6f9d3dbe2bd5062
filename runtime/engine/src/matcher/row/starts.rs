//! Starts that have the same future, by their positions, in order.

use std::collections::VecDeque;

/// One start or more. Most groups have one, which takes no memory of its own.
#[derive(Debug)]
pub(super) struct Starts {
    first: u64,
    #[allow(
        clippy::box_collection,
        reason = "most have none: an empty queue takes more room than a pointer"
    )]
    others: Option<Box<VecDeque<u64>>>,
}

impl Starts {
    pub fn new(first: u64) -> Self {
        Self {
            first,
            others: None,
        }
    }

    /// The earliest one.
    pub fn first(&self) -> u64 {
        self.first
    }

    /// The latest one.
    pub fn last(&self) -> u64 {
        let others = self.others.as_ref();
        let last = others.and_then(|others| others.back());
        last.copied().unwrap_or(self.first)
    }

    /// All of them, in order.
    pub fn all(&self) -> impl Iterator<Item = u64> {
        let others = self.others.iter().flat_map(|others| others.iter());
        std::iter::once(self.first).chain(others.copied())
    }

    pub fn len(&self) -> usize {
        1 + self.others.as_ref().map_or(0, |others| others.len())
    }

    /// Takes the earliest one away; whether others are left.
    pub fn drop_first(&mut self) -> bool {
        match self.others.as_mut().and_then(|others| others.pop_front()) {
            Some(next) => {
                self.first = next;
                true
            }
            None => false,
        }
    }

    /// Takes those before a position away; whether others are left.
    pub fn drop_before(&mut self, position: u64) -> bool {
        while self.first < position {
            if !self.drop_first() {
                return false;
            }
        }
        true
    }

    /// Adds starts that are all later. The shorter list moves, so that over a run no start moves often.
    pub fn append(&mut self, later: &mut Starts) {
        let mine = self.others.get_or_insert_default();
        match later.others.take() {
            Some(mut others) if others.len() > mine.len() => {
                others.push_front(later.first);
                while let Some(last) = mine.pop_back() {
                    others.push_front(last);
                }
                *mine = others;
            }
            others => {
                mine.push_back(later.first);
                if let Some(mut others) = others {
                    mine.append(&mut others);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Starts;

    fn all(mut starts: Starts) -> Vec<u64> {
        let mut all = vec![starts.first()];
        while starts.drop_first() {
            all.push(starts.first());
        }
        all
    }

    fn some(range: std::ops::Range<u64>) -> Starts {
        let mut starts = Starts::new(range.start);
        for position in range.skip(1) {
            starts.append(&mut Starts::new(position));
        }
        starts
    }

    #[test]
    fn stay_in_order_whichever_list_is_longer() {
        for (short, long) in [(0..1, 1..9), (0..3, 3..4), (0..8, 8..11), (0..2, 2..9)] {
            let end = long.end;
            let mut starts = some(short);
            starts.append(&mut some(long));
            assert_eq!(starts.len() as u64, end);
            assert_eq!(all(starts), (0..end).collect::<Vec<_>>());
        }
    }

    #[test]
    fn those_before_a_position_go() {
        let mut starts = some(2..6);
        assert!(starts.drop_before(4));
        assert_eq!(starts.first(), 4);
        assert!(starts.drop_before(4));
        assert!(!starts.drop_before(6));
    }
}
