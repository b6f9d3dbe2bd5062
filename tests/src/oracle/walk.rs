//! The walk: from one start, every candidate in the order of preference (semantics 2).
//!
//! A recursive generator in continuation style: `step(node, path, then)` tries every way through `node`, the preferred first,
//! and calls `then` with each path that comes out. `Flow::Stop` from a continuation ends the walk. Along the way the walk
//! notes how far into the input it had to look: that is when its answer is certain (3.3).

use std::cell::{Cell, RefCell};

use portent_parser::ast::ArrowKind;

use super::Row;
use super::expr::{At, Scope, eval, of_row};
use super::model::{Bound, Moment, Refusal, same_bindings};
use super::pattern::{Node, Operator};
use super::query::{Query, Within};
use super::value::{Failure, same, truth};

/// Whether to go on with the next preferred way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    On,
    Stop,
}

/// A candidate of a start (2).
#[derive(Clone, Debug)]
pub struct Candidate {
    pub bound: Vec<Bound>,
    /// When its last event was there, or its tail absence was decided.
    pub complete: Moment,
}

/// What a walk from one start found out, apart from the candidates it handed on.
pub struct Outcome {
    /// How far into the input it had to look.
    pub looked: Moment,
    /// Partial matches that ran out of time (3.6), the preferred first, and when their wait ended.
    pub timed_out: Vec<(Vec<Bound>, Moment)>,
}

/// One way through the pattern so far.
#[derive(Clone, Default)]
struct Path {
    start: usize,
    bound: Vec<Bound>,
    /// The operators passed since the last event or absence (2.2).
    operators: Vec<Operator>,
    /// `!n` passed since the last event, each with the operators before it.
    absences: Vec<(usize, Vec<Operator>)>,
    /// Inside `{- … -}`.
    excluded: bool,
    /// `$` was passed.
    at_end: bool,
    /// The next event to be bound must be this one: an `&` tries its operands by event (2.6).
    only: Option<usize>,
}

/// Walks over one partition.
pub struct Walker<'a> {
    pub query: &'a Query<'a>,
    pub rows: &'a [Row],
    /// The end of the input.
    pub end: Moment,
    budget: Cell<u64>,
    refusal: RefCell<Option<Refusal>>,
    looked: Cell<Moment>,
    timed_out: RefCell<Vec<(Vec<Bound>, Moment)>>,
}

/// What to do with a path that came out of a node.
type Then<'t> = &'t mut dyn FnMut(Path) -> Flow;

impl<'a> Walker<'a> {
    pub fn new(query: &'a Query<'a>, rows: &'a [Row], end: Moment, budget: u64) -> Self {
        Self {
            query,
            rows,
            end,
            budget: Cell::new(budget),
            refusal: RefCell::new(None),
            looked: Cell::new(Moment::DAWN),
            timed_out: RefCell::new(Vec::new()),
        }
    }

    /// Hands the candidates that start at this row to `take`, the preferred first, until it says stop.
    ///
    /// # Errors
    /// What the oracle does not model, or cannot afford.
    pub fn walk(
        &self,
        start: usize,
        take: &mut dyn FnMut(Candidate) -> Flow,
    ) -> Result<Outcome, Refusal> {
        self.looked.set(Moment::DAWN);
        self.look_at(start);
        self.timed_out.borrow_mut().clear();
        let path = Path {
            start,
            ..Path::default()
        };
        self.step(
            &self.query.root,
            path,
            &mut |path| match self.complete(&path) {
                Some(complete) => take(Candidate {
                    bound: path.bound,
                    complete,
                }),
                None => Flow::On,
            },
        );
        match self.refusal.borrow_mut().take() {
            Some(refusal) => Err(refusal),
            None => Ok(Outcome {
                looked: self.looked.get(),
                timed_out: self.timed_out.take(),
            }),
        }
    }

    fn step(&self, node: &Node, path: Path, then: Then<'_>) -> Flow {
        let left = self.budget.get();
        if left == 0 {
            self.refuse(Refusal::TooLarge);
        }
        self.budget.set(left.saturating_sub(1));
        if self.refusal.borrow().is_some() {
            return Flow::Stop;
        }
        match node {
            Node::Variable(variable) => self.variable(*variable, path, then),
            Node::Not(variable) => {
                let mut path = path;
                let before = std::mem::take(&mut path.operators);
                path.absences.push((*variable, before));
                then(path)
            }
            Node::Sequence {
                elements,
                operators,
            } => self.sequence(elements, operators, path, then),
            Node::Alternation(branches) => {
                for branch in branches {
                    if self.step(branch, path.clone(), then) == Flow::Stop {
                        return Flow::Stop;
                    }
                }
                Flow::On
            }
            Node::Conjunction(operands) => {
                let operands: Vec<&Node> = operands.iter().collect();
                self.conjunction(&operands, path, then)
            }
            Node::Repeat { .. } => self.repeat(node, 0, path, then),
            Node::Exclude(inner) => {
                let outside = path.excluded;
                let path = Path {
                    excluded: true,
                    ..path
                };
                self.step(inner, path, &mut |path| {
                    then(Path {
                        excluded: outside,
                        ..path
                    })
                })
            }
            // `^`: only before the first row of the partition
            Node::Start if path.bound.is_empty() && path.start == 0 => then(path),
            Node::Start => Flow::On,
            Node::End => then(Path {
                at_end: true,
                ..path
            }),
            Node::Empty => then(path),
        }
    }

    fn sequence(
        &self,
        elements: &[Node],
        operators: &[Operator],
        path: Path,
        then: Then<'_>,
    ) -> Flow {
        let Some((first, rest)) = elements.split_first() else {
            return then(path);
        };
        self.step(first, path, &mut |mut path| match operators.split_first() {
            Some((operator, operators)) => {
                path.operators.push(*operator);
                self.sequence(rest, operators, path, then)
            }
            None => then(path),
        })
    }

    /// 2.4: greedy tries more first, reluctant fewer first; a repetition that binds nothing ends the loop once the minimum is
    /// met (and leaves no operators behind, as if it were not there).
    fn repeat(&self, node: &Node, count: u32, path: Path, then: Then<'_>) -> Flow {
        let Node::Repeat {
            body,
            link,
            min,
            max,
            reluctant,
        } = node
        else {
            return Flow::On;
        };
        let may_stop = count >= *min;
        if may_stop && *reluctant && then(path.clone()) == Flow::Stop {
            return Flow::Stop;
        }
        if max.is_none_or(|max| count < max) {
            let before = path.clone();
            let mut path = path.clone();
            if count > 0 {
                path.operators.push(*link);
            }
            let flow = self.step(body, path, &mut |path| {
                let binds = path.bound.len() > before.bound.len();
                match binds {
                    false if may_stop => then(before.clone()),
                    false if count + 1 >= *min => then(path),
                    _ => self.repeat(node, count + 1, path, then),
                }
            });
            if flow == Flow::Stop {
                return Flow::Stop;
            }
        }
        if may_stop && !*reluctant {
            then(path)
        } else {
            Flow::On
        }
    }

    /// 2.6: all orders with `->` between; what begins with the earlier event first, at the same event the operand that stands
    /// first.
    fn conjunction(&self, operands: &[&Node], path: Path, then: Then<'_>) -> Flow {
        let events = match (path.only, path.bound.last()) {
            (Some(only), _) => only..=only,
            (None, None) => path.start..=path.start,
            // One past the last row: the walks then see that there is no further event.
            (None, Some(last)) => last.row + 1..=self.rows.len(),
        };
        for event in events {
            for (index, operand) in operands.iter().enumerate() {
                let mut others = operands.to_vec();
                others.remove(index);
                let path = Path {
                    only: Some(event),
                    ..path.clone()
                };
                let flow = self.step(operand, path, &mut |mut path| {
                    if others.is_empty() {
                        return then(path);
                    }
                    path.operators.push(Operator::NEXT);
                    self.conjunction(&others, path, then)
                });
                if flow == Flow::Stop {
                    return Flow::Stop;
                }
            }
        }
        Flow::On
    }

    /// Binds an event to the variable, in every way that the operator before it allows (2.1).
    fn variable(&self, variable: usize, path: Path, then: Then<'_>) -> Flow {
        if path.at_end {
            return Flow::On;
        }
        let Some(last) = path.bound.last() else {
            return self.first(variable, path, then);
        };
        let operator = loosest(&path.operators).unwrap_or(Operator::CONTIGUOUS);
        let deadline = self.deadline(&path, operator);
        for position in last.row + 1.. {
            if path.only.is_some_and(|only| position > only) {
                return Flow::On;
            }
            if self.is_past(&path, position, deadline) {
                self.note_timeout(&path, position, deadline);
                return Flow::On;
            }
            self.look_at(position);
            let bound = self.with(&path, variable, position);
            if self.meets(variable, &bound) {
                let early = operator
                    .min
                    .is_some_and(|min| self.gap(last.row, position) < min);
                if !early && path.only.is_none_or(|only| position == only) {
                    let flow = then(Path {
                        bound,
                        operators: Vec::new(),
                        absences: Vec::new(),
                        only: None,
                        ..path.clone()
                    });
                    if flow == Flow::Stop {
                        return Flow::Stop;
                    }
                }
                if operator.kind == ArrowKind::Next {
                    return Flow::On;
                }
            }
            // 2.7: an event that meets both is the variable's, for this candidate; later ones have it between.
            if operator.kind == ArrowKind::Contiguous || self.is_broken(&path, position) {
                return Flow::On;
            }
        }
        Flow::On
    }

    /// The first event of a candidate is its start.
    fn first(&self, variable: usize, path: Path, then: Then<'_>) -> Flow {
        if path.only.is_some_and(|only| only != path.start) {
            return Flow::On;
        }
        let bound = self.with(&path, variable, path.start);
        if !self.meets(variable, &bound) || !self.head_holds(&path, &bound) {
            return Flow::On;
        }
        then(Path {
            bound,
            operators: Vec::new(),
            absences: Vec::new(),
            only: None,
            ..path
        })
    }

    /// 2.8: no earlier event, within the bound of the arrow after `!n` or else within WITHIN, meets n's condition.
    fn head_holds(&self, path: &Path, bound: &[Bound]) -> bool {
        for (index, (absent, _)) in path.absences.iter().enumerate() {
            let after = match path.absences.get(index + 1) {
                Some((_, before)) => before,
                None => &path.operators,
            };
            let operator = loosest(after).unwrap_or(Operator::CONTIGUOUS);
            for position in 0..path.start {
                let gap = self.gap(position, path.start);
                let inside = match (operator.max, self.query.within) {
                    (Some(max), _) => gap <= max && operator.min.is_none_or(|min| gap >= min),
                    (None, Some(Within::Time(within))) => gap <= within,
                    (None, Some(Within::Events(count))) => path.start - position < count,
                    (None, None) => {
                        self.refuse(Refusal::Unsupported("a head absence without limit".into()));
                        false
                    }
                };
                let mut bound = bound.to_vec();
                bound.push(Bound {
                    row: position,
                    variable: *absent,
                    excluded: false,
                });
                if inside && self.meets(*absent, &bound) {
                    return false;
                }
            }
        }
        true
    }

    /// Whether the event at `position` breaks an absence that stands after the last bound event (2.7, 2.9).
    fn is_broken(&self, path: &Path, position: usize) -> bool {
        let Some(last) = path.bound.last() else {
            return false;
        };
        path.absences.iter().any(|(absent, before)| {
            let operator = loosest(before).unwrap_or(Operator::CONTIGUOUS);
            let gap = self.gap(last.row, position);
            operator.min.is_none_or(|min| gap >= min)
                && operator.max.is_none_or(|max| gap <= max)
                && self.meets(*absent, &self.with(path, *absent, position))
        })
    }

    /// When a path that came out of the pattern is a candidate; `None`: it is none.
    fn complete(&self, path: &Path) -> Option<Moment> {
        let (Some(first), Some(last)) = (path.bound.first(), path.bound.last()) else {
            // An empty match. There is no row before which `$` holds.
            let empty = !path.at_end && path.absences.is_empty();
            return empty.then(|| Moment::event(path.start, self.rows[path.start].time));
        };
        let mut complete = Moment::event(last.row, self.rows[last.row].time);
        if path.at_end {
            if last.row + 1 < self.rows.len() {
                self.look_at(last.row + 1);
                return None;
            }
            complete = self.end;
        }
        // 2.9: no later event up to the deadline meets n's condition; of several the latest decides
        for (absent, before) in &path.absences {
            let operator = loosest(before).unwrap_or(Operator::CONTIGUOUS);
            let from = operator
                .min
                .map_or(i64::MIN, |min| self.rows[last.row].time.saturating_add(min));
            let (until, position_until) = match (operator.max, self.query.within) {
                (Some(max), _) => (self.rows[last.row].time.saturating_add(max), usize::MAX),
                (None, Some(Within::Time(within))) => {
                    (self.rows[first.row].time.saturating_add(within), usize::MAX)
                }
                (None, Some(Within::Events(count))) => (i64::MAX, first.row + count - 1),
                (None, None) => {
                    self.refuse(Refusal::Unsupported("a tail absence without limit".into()));
                    return None;
                }
            };
            let mut decided = if until == i64::MAX {
                self.end
            } else {
                Moment::deadline(until)
            };
            for position in last.row..self.rows.len() {
                let time = self.rows[position].time;
                if time > until {
                    break;
                }
                if position > last.row && position <= position_until && time >= from {
                    let bound = self.with(path, *absent, position);
                    if self.meets(*absent, &bound) {
                        self.look_at(position);
                        return None;
                    }
                }
                if position == position_until {
                    decided = Moment::event(position, time);
                    break;
                }
            }
            complete = complete.max(decided);
        }
        self.look(complete);
        Some(complete)
    }

    /// The path's events and one more, tentatively bound.
    fn with(&self, path: &Path, variable: usize, position: usize) -> Vec<Bound> {
        let mut bound = path.bound.clone();
        bound.push(Bound {
            row: position,
            variable,
            excluded: path.excluded,
        });
        bound
    }

    /// 2.11, 2.12, 2.13: whether the last event of `bound` meets the condition of its variable.
    fn meets(&self, variable: usize, bound: &[Bound]) -> bool {
        let definition = &self.query.variables[variable];
        let (Some(first), Some(last)) = (bound.first(), bound.last()) else {
            return false;
        };
        let row = &self.rows[last.row];
        if definition.stream.is_some_and(|stream| stream != row.stream) {
            return false;
        }
        for component in &self.query.key_of {
            let (Some(own), Some(theirs)) = (component[variable], component[first.variable]) else {
                self.refuse(Refusal::Unsupported("a variable without a key".into()));
                return false;
            };
            let own = self.value(of_row(self.query, own, row));
            let theirs = self.value(of_row(self.query, theirs, &self.rows[first.row]));
            match (own, theirs) {
                (Some(own), Some(theirs)) if !own.is_null() && same(&own, &theirs) => {}
                // NULL equals nothing: an event without a key is in no match.
                _ => return false,
            }
        }
        let scope = Scope {
            query: self.query,
            rows: self.rows,
            bound,
            upto: bound.len(),
            at: At::Match,
            facts: None,
        };
        definition.conditions.iter().all(|condition| {
            let value = eval(condition, &scope).and_then(|value| truth(&value));
            self.value(value).flatten() == Some(true)
        })
    }

    /// An error of the event is no value (2.11); what the oracle doesn't model ends the walk.
    fn value<T>(&self, value: Result<T, Failure>) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(Failure::Error(_)) => None,
            Err(Failure::Unsupported(what)) => {
                self.refuse(Refusal::Unsupported(what));
                None
            }
        }
    }

    /// The last time at which the next event may be: the arrow's bound, and WITHIN (2.1, 2.10).
    fn deadline(&self, path: &Path, operator: Operator) -> i64 {
        let (Some(first), Some(last)) = (path.bound.first(), path.bound.last()) else {
            return i64::MAX;
        };
        let arrow = operator
            .max
            .map_or(i64::MAX, |max| self.rows[last.row].time.saturating_add(max));
        let within = match self.query.within {
            Some(Within::Time(within)) => self.rows[first.row].time.saturating_add(within),
            _ => i64::MAX,
        };
        arrow.min(within)
    }

    /// Whether an event at this position comes too late, or there is none.
    fn is_past(&self, path: &Path, position: usize, deadline: i64) -> bool {
        let beyond = match (self.query.within, path.bound.first()) {
            (Some(Within::Events(count)), Some(first)) => position - first.row >= count,
            _ => false,
        };
        beyond
            || self
                .rows
                .get(position)
                .is_none_or(|row| row.time > deadline)
    }

    /// The wait for a next event ended: by time, by the number of events, or with the input.
    fn note_timeout(&self, path: &Path, position: usize, deadline: i64) {
        let by_count = match (self.query.within, path.bound.first()) {
            (Some(Within::Events(count)), Some(first)) => position - first.row >= count,
            _ => false,
        };
        // Nothing more than the events up to here had to be seen to know that there is no room for another.
        let ended = match deadline {
            _ if by_count => Moment::event(position - 1, self.rows[position - 1].time),
            i64::MAX => self.end,
            deadline => Moment::deadline(deadline),
        };
        self.look(ended);
        if !ended.is_end() && self.query.emit_timeouts {
            let mut timed_out = self.timed_out.borrow_mut();
            match timed_out
                .iter_mut()
                .find(|(bound, _)| same_bindings(bound, &path.bound))
            {
                Some((_, when)) => *when = (*when).min(ended),
                None => timed_out.push((path.bound.clone(), ended)),
            }
        }
    }

    fn gap(&self, from: usize, to: usize) -> i64 {
        self.rows[to].time - self.rows[from].time
    }

    fn look_at(&self, position: usize) {
        self.look(Moment::event(position, self.rows[position].time));
    }

    fn look(&self, moment: Moment) {
        self.looked.set(self.looked.get().max(moment));
    }

    fn refuse(&self, refusal: Refusal) {
        self.refusal.borrow_mut().get_or_insert(refusal);
    }
}

/// 2.2: of several operators the loosest counts, among equals the one nearest to the later event.
fn loosest(operators: &[Operator]) -> Option<Operator> {
    operators
        .iter()
        .copied()
        .max_by_key(|operator| operator.kind)
}
