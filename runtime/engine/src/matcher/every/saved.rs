//! The threads of a partition in a snapshot, step by step in the order in which they came. What they wait for, their ages and the queue of
//! their deadlines are made anew.

use portent_planner::compiled::Within;

use crate::matcher::bindings::Node;
use crate::matcher::ground::{Ground, load_deadline, load_start, save_deadline, save_start};
use crate::matcher::program::Program;
use crate::matcher::waiting::{Thread, Waiting};
use crate::matcher::watch::want;
use crate::snapshot::{Damage, Reader, Writer};

use super::Every;

impl Every {
    /// Writes the threads.
    pub fn save(&self, w: &mut Writer) {
        w.length(self.waiting.len());
        for waiting in &self.waiting {
            w.length(waiting.len());
            save_deadline(waiting.scheduled(), 0, w);
            for thread in waiting.threads() {
                let (position, time) = (thread.node.position, thread.node.row.time());
                Node::save(Some(&thread.node), w);
                save_start(thread.start, (position, time), w);
                save_deadline(thread.deadline, time, w);
                w.u64(thread.until);
            }
        }
    }

    pub fn load(ground: &mut Ground<'_>, r: &mut Reader<'_>) -> Result<Self, Damage> {
        let program = ground.program;
        let mut made = Self::default();
        let steps = r.length()?;
        if steps == 0 {
            return Ok(made);
        }
        if steps != program.steps.len() {
            return Err(Damage("the pattern has other steps"));
        }
        made.waiting.resize_with(steps, Waiting::default);
        for step in 0..steps {
            let count = r.length()?;
            let scheduled = load_deadline(0, r)?;
            for _ in 0..count {
                let node = ground.node(r)?.ok_or(Damage::REFERENCE)?;
                let time = node.row.time();
                let start = load_start((node.position, time), r)?;
                let mut thread = Thread {
                    start,
                    deadline: load_deadline(time, r)?,
                    until: r.u64()?,
                    wants: Box::default(),
                    ends: u64::MAX,
                    node,
                };
                thread.watch(program, step);
                let Some(waiting) = made.waiting.get_mut(step) else {
                    return Err(Damage::NUMBER);
                };
                let number = waiting.push(thread);
                made.live += 1;
                if ground.ages {
                    made.note(start.position, step, number);
                }
            }
            if let Some(waiting) = made.waiting.get_mut(step) {
                waiting.set_scheduled(scheduled);
            }
            ground.set(scheduled, step as u64);
        }
        ground.live += made.live as u64;
        Ok(made)
    }
}

impl Thread {
    /// Finds out what it waits for at a step.
    pub(super) fn watch(&mut self, program: &Program, step: usize) {
        let Some(at) = program.steps.get(step).filter(|step| step.watched) else {
            return;
        };
        let variables = at
            .variables()
            .filter(|variable| program.is_probed(*variable));
        let wants = variables.filter_map(|variable| {
            want(program, variable, Some(&self.node)).map(|want| (variable, want))
        });
        self.wants = wants.collect();
        if let Some(Within::Events(count)) = program.plan.within {
            let last = self.start.position.saturating_add(count);
            self.ends = last.saturating_sub(1);
        }
    }
}
