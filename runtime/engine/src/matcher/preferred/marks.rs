//! Which futures a list of threads has already: what merging and domination go by (see [`super`]).

/// By class: which thread of this class came first.
#[derive(Default)]
pub(super) struct Marks {
    pub stamp: u64,
    /// The stamp of the head's list, 0 if it has none.
    pub head: u64,
    pub own: Vec<Mark>,
    pub of_head: Vec<Mark>,
}

#[derive(Clone, Copy, Default)]
pub(super) struct Mark {
    pub stamp: u64,
    pub last: u64,
}

impl Marks {
    /// Another list is made.
    pub fn next(&mut self, classes: usize) {
        self.stamp += 1;
        if self.own.len() < classes {
            self.own.resize(classes, Mark::default());
            self.of_head.resize(classes, Mark::default());
        }
    }
}
