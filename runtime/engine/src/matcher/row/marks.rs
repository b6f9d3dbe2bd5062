//! Which threads are of no use at a row, by the classes of their steps.

/// By class: the list, and the row, at which a thread of the class was last seen.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// The number of the list at hand, over all partitions: a group's threads, or those of the starts at a row.
    list: u64,
    /// The number of the first list of the row at hand.
    row: u64,
    own: Vec<u64>,
    dominant: Vec<u64>,
}

impl Marks {
    /// Another row.
    pub fn next_row(&mut self, classes: usize) {
        self.row = self.list + 1;
        if self.own.len() < classes {
            self.own.resize(classes, 0);
            self.dominant.resize(classes, 0);
        }
    }

    /// Another list of the row.
    pub fn next_list(&mut self) {
        self.list += 1;
    }

    /// Notes a thread; whether it is of use: whether neither the list at hand nor a dominant one has a thread of its class.
    pub fn is_new(&mut self, class: usize, dominant: bool) -> bool {
        if self.own[class] == self.list || self.dominant[class] >= self.row {
            return false;
        }
        self.own[class] = self.list;
        if dominant {
            self.dominant[class] = self.list;
        }
        true
    }
}
