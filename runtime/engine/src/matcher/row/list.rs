//! The threads of one list, moved on by a row.

use std::ops::Range;

use crate::matcher::program::Interest;
use crate::matcher::scene::Scene;

use super::code::{Op, Test};
use super::{Code, Found, NodeId, Runs, Thread, Trail, What, Work};

/// Which variables the row at hand may be, as far as somebody asked.
#[derive(Debug, Default)]
pub(super) struct Truths {
    asked: Interest,
    held: Interest,
}

impl Truths {
    #[inline]
    fn holds(&mut self, scene: &mut Scene<'_, '_>, op: &Op) -> bool {
        if self.asked & op.bit == 0 {
            self.asked |= op.bit;
            if op.test.holds(scene) {
                self.held |= op.bit;
            }
        }
        self.held & op.bit != 0
    }
}

impl Test {
    #[inline]
    fn holds(&self, scene: &mut Scene<'_, '_>) -> bool {
        match self {
            Test::Always => true,
            Test::Compare(comparison) => {
                scene.stage.stats.evaluations += 1;
                comparison.holds(scene.row, scene.position, scene.history)
            }
            Test::Condition(variable) => scene.meets_here(*variable),
        }
    }
}

/// Where the threads of a list go.
pub(super) struct List<'a> {
    threads: &'a mut Vec<Thread>,
    trail: &'a mut Trail,
    work: &'a mut Work,
    code: &'a Code,
    position: u64,
    /// Later starts may be measured against it.
    dominant: bool,
    found: Found,
}

/// How a thread came to the row.
#[derive(Clone, Copy)]
enum From {
    Start,
    Node(NodeId),
}

/// Whether more may come after a completed match in the list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Go,
    Cut,
}

impl<'a> List<'a> {
    #[inline]
    pub fn new(
        runs: &'a mut Runs,
        (code, work): (&'a Code, &'a mut Work),
        position: u64,
        dominant: bool,
        found: Found,
    ) -> Self {
        work.marks.next_list();
        Self {
            threads: &mut runs.threads,
            trail: &mut runs.trail,
            work,
            code,
            position,
            dominant,
            found,
        }
    }

    /// Moves threads on; what is found then.
    pub fn step(mut self, scene: &mut Scene<'_, '_>, old: Range<usize>) -> Found {
        let code = self.code;
        for index in old {
            let Some(thread) = self.work.old.get(index).copied() else {
                break;
            };
            self.work.visits += 1;
            let Some(op) = code.op(thread.step) else {
                break;
            };
            // A thread that waits for the end of the partition dies: there is another row.
            if op.what == What::Bind
                && self.work.truths.holds(scene, op)
                && self.enter(thread.step, op, From::Node(thread.node)) == After::Cut
            {
                break;
            }
        }
        self.found
    }

    /// Begins at the row; what is found then.
    pub fn begin(mut self, scene: &mut Scene<'_, '_>) -> Found {
        let is_first = self.position == 0;
        let code = self.code;
        for (step, op) in code.ops(code.start()) {
            match op.what {
                What::Bind | What::BindFirst => {
                    if (op.what == What::Bind || is_first)
                        && self.work.truths.holds(scene, op)
                        && self.enter(step, op, From::Start) == After::Cut
                    {
                        break;
                    }
                }
                What::AcceptAtFirst if !is_first => {}
                // Before a row there is always that row.
                What::AcceptAtEnd => {}
                What::AcceptAtFirst | What::Accept => {
                    self.found = Found::Empty;
                    break;
                }
            }
        }
        self.found
    }

    /// Binds the row by a step, and goes on from there: by the steps behind it, in order.
    #[inline]
    fn enter(&mut self, step: usize, op: &Op, from: From) -> After {
        self.work.bindings += 1;
        // The node is made when something needs it.
        let mut made = None;
        for (next, op) in self.code.ops(op.next) {
            match op.what {
                What::AcceptAtFirst => continue,
                What::Accept => {
                    let node = self.node(&mut made, step, from);
                    self.found = Found::Match(node, self.position);
                    return After::Cut;
                }
                What::Bind | What::BindFirst | What::AcceptAtEnd => {}
            }
            if !self.work.marks.is_new(op.class, self.dominant) {
                continue;
            }
            if self.threads.len() >= self.work.room {
                self.work.shed += 1;
                continue;
            }
            let node = self.node(&mut made, step, from);
            self.threads.push(Thread { step: next, node });
        }
        After::Go
    }

    #[inline]
    fn node(&mut self, made: &mut Option<NodeId>, step: usize, from: From) -> NodeId {
        *made.get_or_insert_with(|| match from {
            From::Start => self.trail.first(step),
            From::Node(before) => self.trail.bind(step, before),
        })
    }
}
