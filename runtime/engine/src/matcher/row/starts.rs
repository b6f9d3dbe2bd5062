//! Starts that have the same future, by their positions, in order.

use std::collections::VecDeque;

/// One start or more. Most groups have one, which takes no memory of its own.
#[derive(Debug)]
pub(crate) struct Starts {
    first: u64,
    others: VecDeque<u64>,
}

impl Starts {
    pub fn new(first: u64) -> Self {
        Self {
            first,
            others: VecDeque::new(),
        }
    }

    /// The earliest one.
    pub fn first(&self) -> u64 {
        self.first
    }

    pub fn len(&self) -> usize {
        1 + self.others.len()
    }

    /// Takes the earliest one away; whether others are left.
    pub fn drop_first(&mut self) -> bool {
        match self.others.pop_front() {
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
        if later.others.len() <= self.others.len() {
            self.others.push_back(later.first);
            self.others.append(&mut later.others);
            return;
        }
        later.others.push_front(later.first);
        while let Some(last) = self.others.pop_back() {
            later.others.push_front(last);
        }
        std::mem::swap(&mut self.others, &mut later.others);
    }
}
