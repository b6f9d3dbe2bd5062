//! Starts that go on together.

use std::collections::VecDeque;

use super::starts::Starts;
use super::trail::NodeId;

/// Starts with the same future.
#[derive(Debug)]
pub(super) struct Group {
    pub starts: Starts,
    /// No node before this one belongs to it.
    pub first_node: NodeId,
    /// How many threads it has.
    pub threads: usize,
    pub found: Found,
    /// The row after the last one of what was found, by it and those behind it; 0: nothing was.
    pub reach: u64,
    #[allow(
        clippy::box_collection,
        reason = "most have none: an empty queue takes more room than a pointer"
    )]
    behind: Option<Box<VecDeque<Done>>>,
}

/// Starts that are decided.
#[derive(Debug)]
pub(super) struct Done {
    pub starts: Starts,
    pub found: Found,
}

/// The best match so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    Empty,
    /// Its last node, and its last row.
    Match(NodeId, u64),
}

impl Found {
    /// The row after its last one; 0: nothing.
    pub fn reach(self) -> u64 {
        match self {
            Found::Match(_, end) => end + 1,
            Found::Nothing | Found::Empty => 0,
        }
    }

    /// Whether both end at the same row.
    pub fn is_like(self, other: Found) -> bool {
        match (self, other) {
            (Found::Match(_, one), Found::Match(_, other)) => one == other,
            (one, other) => one == other,
        }
    }
}

impl Group {
    pub fn new(starts: Starts, first_node: NodeId, threads: usize, found: Found) -> Self {
        Self {
            starts,
            first_node,
            threads,
            found,
            reach: found.reach(),
            behind: None,
        }
    }

    /// Whether decided starts stand between it and the next group.
    pub fn is_followed(&self) -> bool {
        self.behind.is_some()
    }

    /// The decided starts between it and the next group, the first one first, as they stand there.
    pub fn behind(&self) -> impl Iterator<Item = &Done> + Clone {
        self.behind.iter().flat_map(|behind| behind.iter())
    }

    /// The decided starts between it and the next group, the first one first.
    pub fn take_behind(&mut self) -> VecDeque<Done> {
        self.behind.take().map(|behind| *behind).unwrap_or_default()
    }

    /// How many starts it has, with those behind it.
    pub fn len(&self) -> usize {
        let behind = self.behind.iter().flat_map(|behind| behind.iter());
        self.starts.len() + behind.map(|done| done.starts.len()).sum::<usize>()
    }

    /// Decided starts come to stand behind it.
    pub fn push_behind(&mut self, done: Done) {
        self.reach = self.reach.max(done.found.reach());
        self.behind.get_or_insert_default().push_back(done);
    }

    /// Takes over what a later group that has ended has found, and what stands behind that.
    pub fn retire(&mut self, later: &mut Group, found: Found) {
        self.reach = self.reach.max(later.reach);
        if found != Found::Nothing {
            let starts = std::mem::replace(&mut later.starts, Starts::new(0));
            self.push_behind(Done { starts, found });
        }
        match (&mut self.behind, later.behind.take()) {
            (_, None) => {}
            (None, some) => self.behind = some,
            (Some(mine), Some(mut others)) => {
                // The shorter list moves.
                if others.len() > mine.len() {
                    while let Some(done) = mine.pop_back() {
                        others.push_front(done);
                    }
                    *mine = others;
                } else {
                    mine.append(&mut others);
                }
            }
        }
    }

    /// Takes over a later group with the same future, behind nothing. `found`: of both.
    pub fn absorb(&mut self, later: &mut Group, found: Found) {
        self.found = found;
        self.reach = self.reach.max(later.reach);
        self.behind = later.behind.take();
        self.starts.append(&mut later.starts);
    }
}
