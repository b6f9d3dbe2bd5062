//! Which threads are of no use at a row, by the classes of their steps.

/// Classes that have a bit; the others are looked up.
const BITS: usize = 64;

/// By class: whether the list at hand, or a dominant one of this row, has a thread of it.
#[derive(Debug, Default)]
pub(super) struct Marks {
    own: u64,
    dominant: u64,
    /// The number of the list at hand, over all partitions, and of the first list of the row at hand. Classes beyond the bits note the
    /// number of the list, so that nothing need be wiped out.
    list: u64,
    row: u64,
    own_beyond: Vec<u64>,
    dominant_beyond: Vec<u64>,
}

impl Marks {
    pub fn new(classes: usize) -> Self {
        let beyond = vec![0; classes.saturating_sub(BITS)];
        Self {
            own_beyond: beyond.clone(),
            dominant_beyond: beyond,
            ..Self::default()
        }
    }

    /// Another row.
    #[inline]
    pub fn next_row(&mut self) {
        self.dominant = 0;
        self.row = self.list + 1;
    }

    /// Another list of the row: a group's threads, or those of the starts at the row.
    #[inline]
    pub fn next_list(&mut self) {
        self.own = 0;
        self.list += 1;
    }

    /// Notes a thread; whether it is of use: whether neither the list at hand nor a dominant one has a thread of its class.
    #[inline]
    pub fn is_new(&mut self, class: usize, dominant: bool) -> bool {
        if class >= BITS {
            return self.is_new_beyond(class - BITS, dominant);
        }
        let bit = 1 << class;
        if (self.own | self.dominant) & bit != 0 {
            return false;
        }
        self.own |= bit;
        self.dominant |= if dominant { bit } else { 0 };
        true
    }

    fn is_new_beyond(&mut self, index: usize, dominant: bool) -> bool {
        if self.own_beyond[index] == self.list || self.dominant_beyond[index] >= self.row {
            return false;
        }
        self.own_beyond[index] = self.list;
        if dominant {
            self.dominant_beyond[index] = self.list;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::Marks;

    #[test]
    fn a_class_counts_once_in_a_list_and_below_a_dominant_one() {
        // With a bit, and beyond the bits.
        for class in [3, 70] {
            let mut marks = Marks::new(71);
            for _ in 0..2 {
                marks.next_row();
                marks.next_list();
                assert!(marks.is_new(class, false));
                assert!(!marks.is_new(class, false));
                marks.next_list();
                assert!(marks.is_new(class, true));
                marks.next_list();
                assert!(!marks.is_new(class, false));
                assert!(marks.is_new(class - 1, false));
            }
        }
    }
}
