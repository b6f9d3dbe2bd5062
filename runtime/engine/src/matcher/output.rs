//! From decisions to rows: ONE ROW PER MATCH, ALL ROWS PER MATCH and its variants.

use std::cell::RefCell;

use portent_grammar::Value;
use portent_planner::compiled::{Mode, Overflow, RowsPerMatch};

use crate::emit::{Emitter, Origin, Produced};
use crate::event::Row;
use crate::id::{IdBuilder, MatchId};
use crate::stats::{Limit, QueryStats};

use super::bindings::Node;
use super::complete::{Complete, MatchFacts, Unmatched};
use super::history::History;
use super::partition::Partition;
use super::program::Program;
use super::report::{Bound, Decided, Decision};

/// Where a query's rows go.
pub(crate) struct Sink<'a> {
    pub emitter: &'a mut Emitter,
    pub stats: &'a mut QueryStats,
    pub out: &'a mut Vec<Produced>,
    /// The time at which what is decided now is certain.
    pub clock: i64,
}

/// Reports what was decided in a partition.
pub(crate) fn flush(
    program: &Program,
    partition: &mut Partition,
    decided: &mut Vec<Decided>,
    (most, policy): (usize, Overflow),
    ids: &mut IdBuilder,
    sink: &mut Sink<'_>,
) {
    if program.plan.mode == Mode::All && decided.len() > 1 {
        sort(decided);
    }
    if decided.len() > most {
        let mut matches = 0;
        let is_match = |decided: &Decided| matches!(decided, Decided::Match(_));
        let all = decided.iter().filter(|it| is_match(it)).count();
        if all > most {
            overflow(all - most, most, policy, sink.stats);
        }
        decided.retain(|it| {
            matches += usize::from(is_match(it));
            !is_match(it) || matches <= most
        });
    }
    for decided in decided.drain(..) {
        match decided {
            Decided::Frontier(position) => unmatched(partition, position, sink),
            Decided::Match(decision) => {
                if program.plan.mode == Mode::All && !decision.timed_out {
                    partition.numbers += 1;
                }
                report(program, partition, &decision, ids, sink);
            }
        }
    }
}

/// Leaves no more matches of an event than there may be: the first of them, in order.
pub(crate) fn beyond<T>(
    matches: &mut Vec<T>,
    most: usize,
    policy: Overflow,
    stats: &mut QueryStats,
) {
    if matches.len() > most {
        overflow(matches.len() - most, most, policy, stats);
        matches.truncate(most);
    }
}

/// An event completed so many more matches than it may.
#[cold]
pub(crate) fn overflow(more: usize, most: usize, policy: Overflow, stats: &mut QueryStats) {
    match policy {
        Overflow::Fail => stats.fail(Limit::MatchesPerEvent, most as u64),
        Overflow::DropNewest | Overflow::DropOldest => stats.shed += more as u64,
    }
}

/// Candidates that are completed by the same event are reported in the order of their events.
fn sort(decided: &mut [Decided]) {
    decided.sort_by_cached_key(|decided| match decided {
        Decided::Frontier(position) => vec![(*position, 0)],
        Decided::Match(decision) => {
            let bound = decision
                .last
                .as_deref()
                .map(Node::forth)
                .unwrap_or_default();
            bound
                .iter()
                .map(|node| (node.position, node.variable.0))
                .collect()
        }
    });
}

/// Reports the rows before a position that are in no match.
fn unmatched(partition: &mut Partition, before: u64, sink: &mut Sink<'_>) {
    while partition
        .unmatched
        .front()
        .is_some_and(|(position, _, _)| *position < before)
    {
        let Some((_, row, covered)) = partition.unmatched.pop_front() else {
            return;
        };
        if !covered {
            let origin = Origin {
                time: sink.clock,
                match_id: None,
                event: &row.event.values,
            };
            sink.emitter
                .emit(&Unmatched(&row), &origin, sink.stats, sink.out);
        }
    }
}

fn report(
    program: &Program,
    partition: &mut Partition,
    decision: &Decision,
    ids: &mut IdBuilder,
    sink: &mut Sink<'_>,
) {
    let bound = Bound::all(decision.last.as_deref());
    if program.unmatched() && !decision.timed_out {
        cover(partition, decision, &bound);
    }
    let wanted = if decision.timed_out {
        program.plan.emit_timeouts
    } else {
        program.plan.emit_matches
    };
    if !wanted {
        return;
    }
    let number = match program.plan.mode {
        Mode::All if !decision.timed_out => partition.numbers,
        _ => decision.number,
    };
    let one = One {
        bound: &bound,
        empty_at: decision.start.as_ref(),
        number,
        timed_out: decision.timed_out,
    };
    one.emit(program, partition.home(), ids, sink);
}

/// Where a match was found.
#[derive(Clone, Copy)]
pub(crate) struct Home<'a> {
    /// What the identities of the partition's matches begin with.
    pub id: u128,
    pub history: &'a History,
}

impl Partition {
    /// The partition, to its matches.
    pub fn home(&self) -> Home<'_> {
        Home {
            id: self.id,
            history: &self.history,
        }
    }
}

/// A match on its way out.
pub(crate) struct One<'a> {
    /// Its events, in order.
    pub bound: &'a [Bound<'a>],
    /// The row at which an empty match stands.
    pub empty_at: Option<&'a Row>,
    /// `MATCH_NUMBER()`; 0 for what has none.
    pub number: u64,
    pub timed_out: bool,
}

impl One<'_> {
    fn id(&self, home: Home<'_>, ids: &mut IdBuilder) -> MatchId {
        ids.begin(home.id);
        for bound in self.bound {
            let event = &bound.row.event;
            ids.bound(bound.variable.0, bound.row.input, event.ordinal, event.part);
        }
        if let Some(start) = self.empty_at {
            ids.bound(u16::MAX, start.input, start.event.ordinal, start.event.part);
        }
        if self.timed_out {
            ids.mark(1);
        }
        ids.finish()
    }

    /// Gives its rows to the emitter.
    pub fn emit(
        &self,
        program: &Program,
        home: Home<'_>,
        ids: &mut IdBuilder,
        sink: &mut Sink<'_>,
    ) {
        let bound = self.bound;
        let facts = MatchFacts {
            id: match sink.emitter.wants_id {
                true => self.id(home, ids),
                false => MatchId(0),
            },
            number: self.number,
            time: sink.clock,
            timed_out: self.timed_out,
        };
        let from = sink.out.len();
        let running = RefCell::new(Vec::new());
        let complete = |upto, here| Complete {
            program,
            history: home.history,
            bound,
            upto,
            here,
            facts: &facts,
            running: &running,
        };
        let origin = |event| Origin {
            time: sink.clock,
            match_id: Some(facts.id),
            event,
        };
        let none: &[Value] = &[];
        let shown = self.empty_at.map_or(none, |row| &row.event.values);
        match (program.plan.rows, bound.last()) {
            (RowsPerMatch::One, Some(last)) => {
                let origin = origin(last.row.event.values.as_slice());
                let context = complete(bound.len(), Some(last.row));
                sink.emitter.emit(&context, &origin, sink.stats, sink.out);
            }
            (RowsPerMatch::One, None) => {
                let context = complete(0, self.empty_at);
                sink.emitter
                    .emit(&context, &origin(shown), sink.stats, sink.out);
            }
            (RowsPerMatch::All { .. }, Some(_)) => {
                for (one, upto) in bound.iter().zip(1..) {
                    if !one.excluded {
                        let context = complete(upto, Some(one.row));
                        let origin = origin(one.row.event.values.as_slice());
                        sink.emitter.emit(&context, &origin, sink.stats, sink.out);
                    }
                }
            }
            (
                RowsPerMatch::All {
                    show_empty,
                    unmatched,
                },
                None,
            ) => {
                if show_empty || unmatched {
                    let context = complete(0, self.empty_at);
                    sink.emitter
                        .emit(&context, &origin(shown), sink.stats, sink.out);
                }
            }
        }
        if let Some(capture) = &mut sink.emitter.capture {
            let rows = sink.out.get(from..).unwrap_or_default();
            capture.take(self.bound, self.empty_at, &facts, rows);
        }
    }
}

/// Notes which rows a match has.
fn cover(partition: &mut Partition, decision: &Decision, bound: &[Bound<'_>]) {
    let Some((first, _, _)) = partition.unmatched.front() else {
        return;
    };
    let first = *first;
    let mut mark = |position: u64| {
        let index = position
            .checked_sub(first)
            .and_then(|index| usize::try_from(index).ok());
        if let Some((_, _, covered)) = index.and_then(|index| partition.unmatched.get_mut(index)) {
            *covered = true;
        }
    };
    bound.iter().for_each(|one| mark(one.position));
    if bound.is_empty() {
        mark(decision.start_position);
    }
}
