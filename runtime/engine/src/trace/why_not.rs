//! Why there was no match.

use portent_grammar::Value;
use portent_planner::compiled::Within;

use super::board::{Board, key_of};
use super::explain::filter;
use super::report::{Found, Outcome, Partial, WhyNot};
use super::tap::Captured;
use super::wait::{first, waits};
use super::walk::walk;
use super::{Question, Traced};
use crate::matcher::attempt::key_component;

/// So many other keys are told where there is no event of the one that was asked for.
const MOST_KEYS: usize = 5;
/// So many matches are told one by one.
const MOST_MATCHES: usize = 10;

pub(super) fn why_not(traced: &Traced<'_>, question: &Question) -> WhyNot {
    // What was seen before a pause does not go on after it.
    let board = Board::new(traced, &question.key, traced.tap.run);
    let between = question.between.unwrap_or((i64::MIN, i64::MAX));
    let found = traced.capture.matches.iter();
    let found = found.filter(|found| is_asked(traced, found, question, between));
    let found: Vec<&Captured> = found.collect();
    let last = found.len().saturating_sub(MOST_MATCHES);
    let last = found.iter().skip(last);
    let mut told = WhyNot {
        key: traced.named_key(&question.key),
        events: asked(&board, between).count() as u64,
        times: times(&board, between),
        waiting: traced.query.rows_waiting(),
        other_keys: Vec::new(),
        matched: found.len() as u64,
        matches: last.map(|found| short(traced, question, found)).collect(),
        undecided: None,
        until: None,
        furthest: None,
        cut_short: false,
    };
    if board.rows.is_empty() {
        told.other_keys = other_keys(traced);
        return told;
    }
    if !told.matches.is_empty() {
        return told;
    }
    let walked = walk(&board, between);
    told.cut_short = walked.cut_short;
    match (walked.complete, walked.furthest) {
        (Some(last), _) => {
            let first = last.as_ref().and_then(|last| last.back().last());
            told.until = match (first, traced.plan.within) {
                (Some(first), Some(Within::Time(most))) => first.row.time().checked_add(most),
                _ => None,
            };
            let bound = last.map(|last| board.tell_all(&last));
            told.undecided = Some(bound.unwrap_or_default());
        }
        (None, Some((node, state))) => {
            told.furthest = Some(Partial {
                bound: board.tell_all(&node),
                waits: waits(&board, &node, state, between.1),
            });
        }
        (None, None) => {
            told.furthest = Some(Partial {
                bound: Vec::new(),
                waits: first(&board, between),
            });
        }
    }
    told
}

/// The times of the events that were asked for.
fn asked<'b>(
    board: &'b Board<'_>,
    (from, to): (i64, i64),
) -> impl Iterator<Item = i64> + Clone + use<'b> {
    let times = board.rows.iter().map(|row| row.time());
    times.filter(move |time| (from..=to).contains(time))
}

/// The times of the first of them and the last.
fn times(board: &Board<'_>, between: (i64, i64)) -> Option<(i64, i64)> {
    let times = asked(board, between);
    Some((times.clone().min()?, times.max()?))
}

/// Whether the walk alone finds any candidate; `None`: it was cut short.
pub(super) fn has_candidate(traced: &Traced<'_>, question: &Question) -> Option<bool> {
    let board = Board::new(traced, &question.key, traced.tap.run);
    let walked = walk(&board, question.between.unwrap_or((i64::MIN, i64::MAX)));
    match walked.complete {
        Some(_) => Some(true),
        None => (!walked.cut_short).then_some(false),
    }
}

/// Whether a match is of the partition and the time that was asked for. Those that ran out of time are none.
fn is_asked(
    traced: &Traced<'_>,
    found: &Captured,
    question: &Question,
    (from, to): (i64, i64),
) -> bool {
    let (first, last) = (found.bound.first(), found.bound.last());
    let at = found.empty_at.as_ref();
    let (Some(begin), Some(end)) = (
        first.map(|(_, row)| row).or(at),
        last.map(|(_, row)| row).or(at),
    ) else {
        return false;
    };
    let of_key = match (&traced.plan.key_of, first) {
        (Some(_), Some((variable, row))) => question.key.iter().zip(0_u16..).all(|(wanted, n)| {
            key_component(&traced.program, *variable, row, n).is_ok_and(|own| own == *wanted)
        }),
        _ => key_of(&traced.plan.partition_by, begin) == question.key,
    };
    of_key
        && !found.timed_out
        && found.run == traced.tap.run
        && begin.time() >= from
        && end.time() <= to
}

fn short(traced: &Traced<'_>, question: &Question, found: &Captured) -> Found {
    let held_back = found.rows.is_empty().then(|| {
        let board = Board::new(traced, &question.key, found.run);
        let mut checks = filter(&board, found);
        checks.retain(|check| check.outcome != Outcome::True);
        checks
    });
    Found {
        id: found.id,
        time: found.time,
        held_back,
    }
}

/// Keys of which there are events, the latest first.
fn other_keys(traced: &Traced<'_>) -> Vec<Vec<Value>> {
    keys(traced, MOST_KEYS)
}

/// The keys of the last events.
pub(super) fn keys(traced: &Traced<'_>, most: usize) -> Vec<Vec<Value>> {
    let mut keys: Vec<Vec<Value>> = Vec::new();
    for (run, row) in traced.tap.rows.iter().rev() {
        let key = key_of(&traced.plan.partition_by, row);
        if *run == traced.tap.run && !key.is_empty() && !keys.contains(&key) {
            keys.push(key);
        }
        if keys.len() >= most {
            break;
        }
    }
    keys
}
