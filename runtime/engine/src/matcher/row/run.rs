//! A row on its way through class `row`, where it waits for none after it: the same as for all classes, in one go.

use std::sync::Arc;

use crate::event::{Hint, Row};
use crate::matcher::output::Sink;
use crate::matcher::partition::Class;
use crate::matcher::scene::{Scene, Stage};
use crate::matcher::timers::PartitionRef;
use crate::matcher::{Matcher, Work};

use super::report;

impl Matcher {
    /// Gives a row to its partition.
    pub(in crate::matcher) fn run(
        &mut self,
        work: &mut Work,
        row: Row,
        hint: Hint,
        sink: &mut Sink<'_>,
    ) {
        self.rows += 1;
        work.facts.reset();
        work.facts.assume(hint);
        let by = &self.program.plan.partition_by;
        let place = match self.partitions.of(by, &row) {
            Some(place) => place,
            None => {
                let program = Arc::clone(&self.program);
                let Some(place) = self.find(work, &program, &row, sink.stats) else {
                    return;
                };
                place
            }
        };
        let room = self.room();
        let program = &*self.program;
        let Some(partition) = self.partitions.at(place) else {
            return;
        };
        let position = partition.seen;
        partition.seen += 1;
        partition.next = partition.seen;
        partition.last = position;
        let before = partition.history.len();
        partition.history.push(row);
        let (Some(row), Class::Row(runs)) = (partition.history.get(position), &mut partition.class)
        else {
            return;
        };
        let mut stage = Stage {
            program,
            plan: &self.plan,
            stats: &mut *sink.stats,
            decided: &mut work.decided,
            timers: &mut self.timers,
            partition: PartitionRef {
                place,
                ordinal: partition.ordinal,
            },
            numbers: &mut partition.numbers,
            position,
            ended: partition.ended,
            room,
            kept: &mut self.kept,
            number: self.rows,
        };
        let mut scene = Scene {
            stage: &mut stage,
            history: &partition.history,
            past: &partition.past,
            row,
            position,
            facts: &mut work.facts,
        };
        runs.row(&mut scene, &mut work.row);
        if work.row.has_found() {
            let ids = &mut work.ids;
            let most = self.config.max_matches_per_event;
            report(
                program,
                partition,
                &mut work.row,
                (most, room.policy),
                ids,
                sink,
            );
        }
        partition.trim(program.plan.look_back, false);
        self.kept = (self.kept + partition.history.len() as u64).saturating_sub(before as u64);
        self.make_room(work, place, sink);
    }
}
