//! From nodes to rows.

use std::ops::ControlFlow;

use portent_planner::compiled::Overflow;

use crate::id::IdBuilder;
use crate::matcher::output::{Home, One, Sink, overflow};
use crate::matcher::program::Program;
use crate::matcher::report::Bound;

use super::arena::{NodeId, Output};
use super::walk::walk;
use super::{Any, Shared};

/// The nodes at which the matches of an event end.
#[derive(Debug, Default)]
pub(crate) struct Found {
    nodes: Vec<NodeId>,
    cutoff: i64,
}

impl Found {
    /// Another event; its matches begin at this place or later.
    pub fn begin(&mut self, cutoff: i64) {
        self.nodes.clear();
        self.cutoff = cutoff;
    }

    pub fn add(&mut self, node: NodeId) {
        self.nodes.push(node);
    }

    /// The window begins later.
    pub fn expire(&mut self, cutoff: i64) {
        self.cutoff = cutoff;
    }

    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }
}

/// Whose matches they are.
pub(crate) struct FoundIn<'a> {
    pub home: Home<'a>,
    pub class: &'a Any,
    /// Matches so far.
    pub numbers: &'a mut u64,
}

/// Reports the matches that the event at hand completed, in the order of their events. Where the order can't reach the output
/// they are not put in order, nor kept.
pub(crate) fn report(
    program: &Program,
    found_in: FoundIn<'_>,
    shared: &Shared,
    (max_matches, policy): (usize, Overflow),
    ids: &mut IdBuilder,
    sink: &mut Sink<'_>,
) {
    let FoundIn {
        home,
        class,
        numbers,
    } = found_in;
    let arena = class.own.as_deref().unwrap_or(&shared.arena);
    let (mut stack, mut path) = (Vec::new(), Vec::new());
    let mut report = Report {
        program,
        home,
        ids,
        bound: Vec::new(),
        number: *numbers,
    };
    // What can be counted is the same in any order.
    let in_order = !program.countable;
    // All matches one after the other, and where each ends.
    let mut flat: Vec<&Output> = Vec::new();
    let mut ends = vec![0_usize];
    let mut count = 0_usize;
    for node in &shared.found.nodes {
        let cutoff = shared.found.cutoff;
        let full = walk(arena, *node, cutoff, &mut stack, &mut path, &mut |path| {
            if count >= max_matches {
                return ControlFlow::Break(());
            }
            count += 1;
            if in_order {
                flat.extend(path.iter().rev());
                ends.push(flat.len());
            } else {
                report.emit(path.iter().rev().copied(), sink);
            }
            ControlFlow::Continue(())
        });
        if full.is_break() {
            // How many more there are would be known only by going through them.
            overflow(1, max_matches, policy, sink.stats);
            if policy == Overflow::Fail {
                return;
            }
            break;
        }
    }
    let mut matches: Vec<&[&Output]> = ends
        .windows(2)
        .filter_map(|ends| flat.get(ends[0]..ends[1]))
        .collect();
    if matches.len() > 1 {
        let key = |output: &&Output| (output.position, output.variable.0);
        matches.sort_unstable_by(|one, other| one.iter().map(key).cmp(other.iter().map(key)));
    }
    for one in matches {
        report.emit(one.iter().copied(), sink);
    }
    *numbers = report.number;
}

struct Report<'a> {
    program: &'a Program,
    home: Home<'a>,
    ids: &'a mut IdBuilder,
    bound: Vec<Bound<'a>>,
    number: u64,
}

impl<'a> Report<'a> {
    fn emit(&mut self, outputs: impl Iterator<Item = &'a Output>, sink: &mut Sink<'_>) {
        self.number += 1;
        sink.stats.matches += 1;
        if !self.program.plan.emit_matches {
            return;
        }
        self.bound.clear();
        self.bound.extend(outputs.map(Output::bound));
        let one = One {
            bound: &self.bound,
            empty_at: None,
            number: self.number,
            timed_out: false,
        };
        one.emit(self.program, self.home, self.ids, sink);
    }
}

impl Output {
    fn bound(&self) -> Bound<'_> {
        Bound {
            row: &self.row,
            position: self.position,
            variable: self.variable,
            excluded: false,
        }
    }
}
