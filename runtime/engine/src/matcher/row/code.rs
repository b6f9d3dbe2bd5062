//! The steps of the automaton, as a row needs them.

use portent_planner::expr::VarId;

use crate::matcher::comparison::Comparison;
use crate::matcher::program::{Interest, Program, Step, StepKind, bit};

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Binds a row.
    Bind,
    /// Binds the first row of the partition.
    BindFirst,
    /// Completes the match.
    Accept,
    /// Completes it if no row comes any more.
    AcceptAtEnd,
    /// Completes an empty match at the first row of the partition.
    AcceptAtFirst,
}

/// When a row may be bound.
#[derive(Debug)]
pub(super) enum Test {
    Always,
    Compare(Comparison),
    /// Whatever its condition says.
    Condition(VarId),
}

/// A step.
#[derive(Debug)]
pub(super) struct Op {
    pub what: What,
    /// The variable's bit.
    pub bit: Interest,
    pub class: usize,
    /// Where it leads: the steps of the next state.
    pub next: (usize, usize),
    pub test: Test,
}

/// All steps, by number.
#[derive(Debug)]
pub(super) struct Code {
    ops: Vec<Op>,
    /// The steps of state 0.
    start: (usize, usize),
}

impl Code {
    pub fn new(program: &Program) -> Self {
        let op = |step: &Step| match &step.kind {
            StepKind::Bind(bind) => Op {
                what: if bind.first_row {
                    What::BindFirst
                } else {
                    What::Bind
                },
                bit: bit(bind.variable),
                class: step.class,
                next: bounds(program, bind.next),
                test: test(program, bind.variable),
            },
            StepKind::Accept(accept) => Op {
                what: match (accept.first_row, accept.at_end) {
                    (true, _) => What::AcceptAtFirst,
                    (false, true) => What::AcceptAtEnd,
                    (false, false) => What::Accept,
                },
                bit: 0,
                class: step.class,
                next: (0, 0),
                test: Test::Always,
            },
        };
        Self {
            ops: program.steps.iter().map(op).collect(),
            start: bounds(program, 0),
        }
    }

    /// The first steps of a match.
    pub fn start(&self) -> (usize, usize) {
        self.start
    }

    /// A step, by its number.
    #[inline]
    pub fn op(&self, number: usize) -> Option<&Op> {
        self.ops.get(number)
    }

    /// The steps from one number up to another, and their numbers.
    #[inline]
    pub fn ops(&self, (from, to): (usize, usize)) -> impl Iterator<Item = (usize, &Op)> {
        (from..).zip(self.ops.get(from..to).unwrap_or_default())
    }
}

fn bounds(program: &Program, state: usize) -> (usize, usize) {
    let steps = program.steps_of(state);
    (steps.start, steps.end)
}

fn test(program: &Program, variable: VarId) -> Test {
    let index = usize::from(variable.0);
    let condition = &program.plan.conditions[index];
    let comparisons = program.comparisons[index].as_deref();
    match (condition.unary.as_slice(), comparisons) {
        ([], Some([])) => Test::Always,
        ([], Some([only])) => Test::Compare(only.clone()),
        _ => Test::Condition(variable),
    }
}
