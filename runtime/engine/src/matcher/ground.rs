//! Where what is read from a snapshot is put: what a partition's class needs to go on from there.

use std::sync::Arc;

use crate::snapshot::{Damage, Reader, Writer};

use super::any::Local;
use super::bindings::Node;
use super::history::History;
use super::program::Program;
use super::scene::Start;
use super::timers::{PartitionRef, Timer, Timers};

/// A partition that is being read.
pub(crate) struct Ground<'a> {
    pub program: &'a Program,
    pub history: &'a History,
    pub timers: &'a mut Timers,
    pub partition: PartitionRef,
    /// Timers that wait for rows: they are set when these come.
    pub deferred: &'a [Timer],
    /// The oldest are dropped to make room: ages must be known.
    pub ages: bool,
    /// The numbers that the automaton's states have now, by those that they had.
    pub states: &'a [u32],
    /// What is open in the class.
    pub live: u64,
    /// Rows that are kept by the longest ways of starts.
    pub kept: u64,
}

impl Ground<'_> {
    /// Sets the timer for a deadline, unless it waits for rows already.
    pub fn set(&mut self, deadline: i64, start: u64) {
        let mut deferred = self.deferred.iter();
        let waits = deferred.any(|it| it.deadline == deadline && it.start == start);
        if deadline != i64::MAX && !waits {
            let partition = self.partition;
            self.timers.set(Timer {
                deadline,
                partition,
                start,
            });
        }
    }

    /// What is bound.
    pub fn node(&self, r: &mut Reader<'_>) -> Result<Option<Arc<Node>>, Damage> {
        Node::load(r, self.program, self.history)
    }

    /// A step of the automaton.
    pub fn step(&self, step: u64) -> Result<usize, Damage> {
        let step = usize::try_from(step).map_err(|_| Damage::NUMBER)?;
        match step < self.program.steps.len() {
            true => Ok(step),
            false => Err(Damage("a step is none of the pattern")),
        }
    }
}

/// Where what a class writes is: by which numbers the nodes of the graph at hand are known in the snapshot, unless the partition has
/// its own.
pub(crate) struct Origin<'a> {
    pub graph: &'a Local,
}

/// A place in the partition and a time, near others.
pub(crate) fn save_start(start: Start, near: (u64, i64), w: &mut Writer) {
    w.near(start.position, near.0);
    w.near_time(start.time, near.1);
}

pub(crate) fn load_start(near: (u64, i64), r: &mut Reader<'_>) -> Result<Start, Damage> {
    Ok(Start {
        position: r.near(near.0)?,
        time: r.near_time(near.1)?,
    })
}

/// A deadline near a time; `i64::MAX` is none.
pub(crate) fn save_deadline(deadline: i64, near: i64, w: &mut Writer) {
    w.byte(u8::from(deadline != i64::MAX));
    if deadline != i64::MAX {
        w.near_time(deadline, near);
    }
}

pub(crate) fn load_deadline(near: i64, r: &mut Reader<'_>) -> Result<i64, Damage> {
    match r.bool()? {
        true => r.near_time(near),
        false => Ok(i64::MAX),
    }
}
