//! Why a match was reported.

use std::collections::HashSet;
use std::sync::Arc;

use portent_grammar::Value;
use portent_planner::automaton::Absent;
use portent_planner::compiled::Within;
use portent_planner::expr::conjuncts;
use portent_planner::resolve::duration;

use super::Traced;
use super::board::{Board, Start, key_of};
use super::report::{Checked, ExplainedMatch, Span};
use super::tap::Captured;
use crate::event::Row;
use crate::id::MatchId;
use crate::matcher::attempt::key_component;
use crate::matcher::bindings::Node;
use crate::matcher::complete::{Complete, MatchFacts};
use crate::matcher::program::{Bind, StepKind};
use crate::matcher::report::Bound;

pub(super) fn explain(traced: &Traced<'_>, wanted: MatchId) -> Option<ExplainedMatch> {
    let mut matches = traced.capture.matches.iter();
    let found = matches.find(|found| found.id == wanted)?;
    let first = found
        .bound
        .first()
        .map(|(_, row)| row)
        .or(found.empty_at.as_ref());
    let key = first
        .map(|row| key_of(&traced.plan.partition_by, row))
        .unwrap_or_default();
    let board = Board::new(traced, &key, found.run);
    let path = path(&board, found).or_else(|| straight(&board, found));
    let last = path.as_ref().and_then(|path| path.node.as_deref());
    let output = &traced.query.plan.output;
    let named = |row: &Vec<Value>| {
        let names = output.iter().map(|column| column.name.clone());
        names.zip(row.iter().cloned()).collect()
    };
    Some(ExplainedMatch {
        id: found.id,
        number: found.number,
        time: found.time,
        timed_out: found.timed_out,
        key: told_key(traced, found, &key),
        bound: last.map(|last| board.tell_all(last)).unwrap_or_default(),
        span: span(&board, last),
        absent: path.map(|path| path.absent).unwrap_or_default(),
        filter: filter(&board, found),
        rows: found.rows.iter().map(named).collect(),
    })
}

/// The key of a match; where it is computed per variable, that of its first event.
fn told_key(traced: &Traced<'_>, found: &Captured, key: &[Value]) -> Vec<(String, Value)> {
    let (Some(keys), Some((variable, row))) = (&traced.plan.key_of, found.bound.first()) else {
        return traced.named_key(key);
    };
    let own = keys.get(usize::from(variable.0)).map_or(0, Vec::len);
    let own = (0..own).filter_map(|n| {
        let n = u16::try_from(n).ok()?;
        key_component(&traced.program, *variable, row, n).ok()
    });
    traced.named_key(&own.collect::<Vec<_>>())
}

fn span(board: &Board<'_>, last: Option<&Node>) -> Span {
    let first = last.and_then(|last| last.back().last());
    let (Some(first), Some(last)) = (first, last) else {
        return Span::Time(0, None);
    };
    let time = last.row.time().saturating_sub(first.row.time());
    match board.traced.plan.within {
        Some(Within::Events(most)) => Span::Events(last.position - first.position + 1, most),
        Some(Within::Time(most)) => Span::Time(time, Some(most)),
        None => Span::Time(time, None),
    }
}

/// A way through the automaton that binds what a match bound.
struct Path {
    node: Option<Arc<Node>>,
    /// What is absent along it.
    absent: Vec<String>,
}

fn path(board: &Board<'_>, found: &Captured) -> Option<Path> {
    let bound: Vec<(u16, u64)> = found
        .bound
        .iter()
        .filter_map(|(variable, row)| Some((variable.0, board.position(row)?)))
        .collect();
    if bound.len() != found.bound.len() {
        return None;
    }
    let start = Path {
        node: None,
        absent: Vec::new(),
    };
    // A stack instead of recursion: a run may be long.
    let mut ways: Vec<(usize, usize, Path)> = vec![(0, 0, start)];
    // Two ways to one state bound the same events: one will do.
    let mut seen: HashSet<(usize, usize)> = HashSet::new();
    while let Some((state, at, path)) = ways.pop() {
        if !seen.insert((state, at)) {
            continue;
        }
        let program = board.program();
        let Some((variable, position)) = bound.get(at).copied() else {
            match ends(board, state, &path, found) {
                Some(absent) => {
                    let node = path.node;
                    let absent = [path.absent, absent].concat();
                    return Some(Path { node, absent });
                }
                None => continue,
            }
        };
        for step in program.steps_of(state).rev() {
            let StepKind::Bind(bind) = &program.steps[step].kind else {
                continue;
            };
            if bind.variable.0 != variable {
                continue;
            }
            if let Some(next) = follow(board, bind, &path, position) {
                ways.push((bind.next, at + 1, next));
            }
        }
    }
    None
}

/// What a match bound, whatever way through the automaton that was.
fn straight(board: &Board<'_>, found: &Captured) -> Option<Path> {
    let mut last: Option<Arc<Node>> = None;
    for (variable, row) in &found.bound {
        last = Some(board.bind_as(*variable, board.position(row)?, last.as_ref())?);
    }
    Some(Path {
        node: last,
        absent: Vec::new(),
    })
}

/// Takes a step, if nothing between the event before and this one forbids it.
fn follow(board: &Board<'_>, bind: &Bind, path: &Path, position: u64) -> Option<Path> {
    let node = board.bind(bind, position, path.node.as_ref())?;
    let mut absent = path.absent.clone();
    match &path.node {
        None => {
            for it in &bind.absent {
                if board.came_before(it, &node).is_some() {
                    return None;
                }
                absent.push(format!(
                    "no {} before the {}{}",
                    board.traced.variable(it.variable),
                    board.traced.variable(bind.variable),
                    for_long(it.max),
                ));
            }
        }
        Some(before) => {
            let mut between = before.position + 1..position;
            if between.any(|at| board.broken(&bind.absent, before, at).is_some()) {
                return None;
            }
            for it in &bind.absent {
                absent.push(format!(
                    "no {} between the {} and the {}{}",
                    board.traced.variable(it.variable),
                    board.traced.variable(before.variable),
                    board.traced.variable(bind.variable),
                    for_long(it.max),
                ));
            }
        }
    }
    Some(Path {
        node: Some(node),
        absent,
    })
}

/// Whether a match may end in a state, and what was absent after it.
fn ends(board: &Board<'_>, state: usize, path: &Path, found: &Captured) -> Option<Vec<String>> {
    if found.timed_out {
        return Some(Vec::new());
    }
    let program = board.program();
    for step in program.steps_of(state) {
        let StepKind::Accept(accept) = &program.steps[step].kind else {
            continue;
        };
        let Some(last) = &path.node else {
            return Some(Vec::new());
        };
        let first = last.back().last().unwrap_or(last);
        let start = Start {
            position: first.position,
            time: first.row.time(),
        };
        let until = board.rows.len() as u64;
        let breaks = |at| board.breaks_tail(&accept.absent, start, last, at).is_some();
        if (last.position + 1..until).any(breaks) {
            continue;
        }
        let told = |it: &Absent| {
            format!(
                "no {} after the {}{}",
                board.traced.variable(it.variable),
                board.traced.variable(last.variable),
                for_long(it.max),
            )
        };
        return Some(accept.absent.iter().map(told).collect());
    }
    None
}

fn for_long(max: Option<i64>) -> String {
    max.map_or(String::new(), |max| {
        format!(", for {}", duration::display(max))
    })
}

/// The conjuncts of WHERE over a match.
pub(super) fn filter(board: &Board<'_>, found: &Captured) -> Vec<Checked> {
    let traced = board.traced;
    let Some(filter) = &traced.query.plan.filter else {
        return Vec::new();
    };
    let bound: Vec<Bound<'_>> = found
        .bound
        .iter()
        .filter_map(|(variable, row)| {
            Some(Bound {
                row,
                position: board.position(row)?,
                variable: *variable,
                excluded: false,
            })
        })
        .collect();
    let facts = MatchFacts {
        id: found.id,
        number: found.number,
        time: found.time,
        timed_out: found.timed_out,
    };
    let here: Option<&Row> = bound
        .last()
        .map(|last| last.row)
        .or(found.empty_at.as_ref());
    let context = Complete {
        program: board.program(),
        history: &board.history,
        bound: &bound,
        upto: bound.len(),
        here,
        facts: &facts,
        running: &Default::default(),
    };
    let parts = conjuncts(filter.clone());
    parts
        .iter()
        .map(|part| traced.check(part, &context))
        .collect()
}
