//! From what starts have found to matches, and on from there.

use crate::matcher::history::History;
use crate::matcher::scene::Stage;
use crate::matcher::skip::next_start;

use super::{Found, Match, Runs, Shared, Starts, What};

impl Runs {
    /// Reports what starts have found, one start after the other, and lets the search go on behind each match.
    pub(super) fn conclude(
        &mut self,
        stage: &mut Stage<'_>,
        history: &History,
        certain: &mut Vec<Match>,
        starts: &mut Starts,
        found: Found,
    ) {
        if found == Found::Nothing {
            return;
        }
        let independent = stage.program.independent();
        while independent || starts.drop_before(self.next_start) {
            let start = starts.first();
            *stage.numbers += 1;
            stage.stats.matches += 1;
            certain.push(Match {
                start,
                found,
                number: *stage.numbers,
            });
            if !independent {
                let next = self.skip(stage, history, start, found);
                self.next_start = self.next_start.max(next);
            }
            if !starts.drop_first() {
                return;
            }
        }
    }

    /// Where the search goes on after a match.
    fn skip(&self, stage: &mut Stage<'_>, history: &History, start: u64, found: Found) -> u64 {
        let Found::Match(last, end) = found else {
            return start + 1;
        };
        let program = stage.program;
        let bound = self.trail.back(last, start).zip(0..);
        let bound =
            bound.filter_map(|(step, back)| Some((end.checked_sub(back)?, program.binds(step)?)));
        next_start(stage, start, end, bound, history.get(start))
    }

    /// No row will come any more.
    pub fn end(&mut self, stage: &mut Stage<'_>, history: &History, shared: &mut Shared) {
        let threads = std::mem::take(&mut self.threads);
        let Shared { code, certain, .. } = shared;
        let at_end = |step| code.op(step).is_some_and(|op| op.what == What::AcceptAtEnd);
        let mut at = 0;
        for mut group in std::mem::take(&mut self.groups) {
            let mine = threads.get(at..at + group.threads).unwrap_or_default();
            at += group.threads;
            // What waits for a row dies; what waits for the end of the partition has come to it.
            if let Some(thread) = mine.iter().find(|thread| at_end(thread.step)) {
                group.found = Found::Match(thread.node, self.last);
            }
            self.conclude(stage, history, certain, &mut group.starts, group.found);
            for mut done in group.take_behind() {
                self.conclude(stage, history, certain, &mut done.starts, done.found);
            }
        }
        stage.stats.live -= threads.len() as u64;
    }
}
