//! What lies between two neighbours of a match: links of skipped elements, absences, anchors.

use crate::automaton::{Absent, Contiguity, Gap, Tail};
use crate::expr::VarId;
use crate::pattern::contiguity::CONTIGUOUS;

/// Collected on the way from one event (or from the beginning) to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Between {
    /// Before the first event, absences look back from it, and a link after them bounds the stretch; elsewhere they look ahead from
    /// the event before, and a link before them does.
    from_start: bool,
    /// The loosest of the links passed since the event before, or since the last absence.
    gap: Option<Gap>,
    absent: Vec<(VarId, Option<Gap>)>,
    first_row: bool,
    at_end: bool,
}

impl Between {
    pub(super) fn new(from_start: bool) -> Self {
        Self {
            from_start,
            ..Self::default()
        }
    }

    /// How much it has collected.
    pub(super) fn weight(&self) -> usize {
        1 + self.absent.len()
    }

    /// Passes a link. Of several the loosest counts, among equals the one nearest to the next event.
    pub(super) fn link(&mut self, gap: Gap) {
        if self.gap.is_none_or(|known| gap.kind >= known.kind) {
            self.gap = Some(gap);
        }
    }

    /// Passes an absence.
    pub(super) fn absent(&mut self, variable: VarId) {
        let gap = self.gap.take();
        if self.from_start {
            self.close(gap);
            self.absent.push((variable, None));
        } else {
            self.push(variable, gap);
        }
    }

    fn push(&mut self, variable: VarId, gap: Option<Gap>) {
        let entry = (
            variable,
            gap.filter(|gap| gap.min.is_some() || gap.max.is_some()),
        );
        if !self.absent.contains(&entry) {
            self.absent.push(entry);
        }
    }

    /// Before the first event: the link after the last absence is known now.
    fn close(&mut self, gap: Option<Gap>) {
        if let Some((variable, None)) = self.absent.last().cloned() {
            self.absent.pop();
            self.push(variable, gap);
        }
    }

    /// Passes `^`; false if it can't hold here.
    pub(super) fn start(&mut self) -> bool {
        self.first_row = self.from_start;
        self.from_start
    }

    /// Passes `$`.
    pub(super) fn end(&mut self) {
        self.at_end = true;
    }

    /// The next event is here: its gap, the absences before it, and whether it must be the first row. `None` if no event
    /// can come here any more.
    pub(super) fn bind(mut self) -> Option<(Gap, Vec<Absent>, bool)> {
        if self.at_end {
            return None;
        }
        let gap = if self.from_start {
            let gap = self.gap.take();
            self.close(gap);
            // Nothing lies before the first event that it could be far from.
            CONTIGUOUS
        } else {
            self.gap.unwrap_or(CONTIGUOUS)
        };
        Some((gap, absences(&self.absent), self.first_row))
    }

    /// The pattern ends here. `None` if it can't: without an event `$` never holds, since a match begins at a row.
    pub(super) fn accept(self) -> Option<Tail> {
        if self.from_start && self.at_end {
            return None;
        }
        let absent = absences(&self.absent);
        Some(Tail {
            absent,
            at_end: self.at_end,
            first_row: self.first_row,
        })
    }
}

fn absences(entries: &[(VarId, Option<Gap>)]) -> Vec<Absent> {
    entries
        .iter()
        .map(|(variable, gap)| Absent {
            variable: *variable,
            min: gap.and_then(|gap| gap.min).unwrap_or(0),
            max: gap.and_then(|gap| gap.max),
        })
        .collect()
}

/// Contiguity is ordered by how loose it is.
const _: () = assert!(
    (Contiguity::Contiguous as u8) < (Contiguity::Next as u8)
        && (Contiguity::Next as u8) < (Contiguity::Any as u8)
);
