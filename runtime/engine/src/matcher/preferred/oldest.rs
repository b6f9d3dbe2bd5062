//! The earliest start, and what it takes with it when it goes.

use crate::matcher::scene::{Stage, Start};

use super::Preferred;

impl Preferred {
    /// Takes the first group away.
    pub(super) fn drop_first(&mut self, stage: &mut Stage<'_>) {
        let Some(group) = self.groups.pop_front() else {
            return;
        };
        *stage.kept -= u64::from(group.kept);
        if group.is_dead() {
            self.dead = self.dead.saturating_sub(1);
        }
        for (variable, want) in &group.wants {
            self.watch.remove(*variable, want, group.start.position);
        }
    }

    /// The earliest start that is open.
    pub fn oldest(&self) -> Option<Start> {
        self.groups.front().map(|group| group.start)
    }

    /// Drops the earliest start with all its threads, and with what it has found: what is reported of a start is what is preferred.
    pub fn drop_oldest(&mut self, stage: &mut Stage<'_>) {
        let Some(group) = self.groups.front() else {
            return;
        };
        stage.stats.live -= group.live as u64;
        stage.stats.dropped += group.live as u64;
        self.drop_first(stage);
        self.resolve(stage);
        self.tidy(stage, stage.position.saturating_add(1));
    }
}
