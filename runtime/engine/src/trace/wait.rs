//! What a partial match waited for, and how that ended.

use portent_planner::automaton::Contiguity;
use portent_planner::compiled::Within;

use super::board::{Board, Start};
use super::limits::{bind_deadline, is_full, tail_deadline};
use super::report::{Checked, End, Near, Outcome, Reach, WaitedFor, Wrong};
use crate::event::Row;
use crate::matcher::bindings::Node;
use crate::matcher::program::{Accept, Bind, StepKind};

/// So many events that came near are told.
const MOST_NEAR: usize = 3;

/// What a partial match waits for in a state, over the rows after its last. `to`: events after it don't count, µs.
pub(super) fn waits(board: &Board<'_>, node: &Node, state: usize, to: i64) -> Vec<WaitedFor> {
    let program = board.program();
    let first = node.back().last().unwrap_or(node);
    let start = Start {
        position: first.position,
        time: first.row.time(),
    };
    let steps = program
        .steps_of(state)
        .map(|step| &program.steps[step].kind);
    let told = steps.map(|kind| match kind {
        StepKind::Bind(bind) => wait(board, bind, node, start, to),
        StepKind::Accept(accept) => tail(board, accept, node, start),
    });
    told.collect()
}

fn wait(board: &Board<'_>, bind: &Bind, node: &Node, start: Start, to: i64) -> WaitedFor {
    let mut near = Nearest::default();
    let mut told = WaitedFor {
        variable: Some(board.traced.variable(bind.variable)),
        reach: match bind.contiguity {
            Contiguity::Contiguous => Reach::VeryNext,
            Contiguity::Next => Reach::Next,
            Contiguity::Any => Reach::Any,
        },
        end: End::InputEnded,
        looked_at: 0,
        near: Vec::new(),
    };
    let deadline = bind_deadline(board, bind, start, node.row.time());
    let mut end = None;
    for position in node.position + 1..board.rows.len() as u64 {
        let Some(row) = board.row(position).filter(|row| row.time() <= to) else {
            break;
        };
        if is_full(board, start, position - 1) {
            break;
        }
        if row.time() > deadline {
            if board.meets(bind.variable, position, Some(node)) {
                near.add(board, row, Wrong::Over, 0);
            }
            end = Some(over(board, bind, node, start, row.time()));
            break;
        }
        told.looked_at += 1;
        let since = row.time().saturating_sub(node.row.time());
        let checks = checks(board, bind, position, Some(node));
        if checks.iter().all(|check| check.outcome == Outcome::True) {
            let wrong = match bind.max {
                _ if since < bind.min => Wrong::TooEarly(since, bind.min),
                Some(max) if since > max => Wrong::TooLate(since, max),
                _ => {
                    end = Some(End::Met(Box::new(board.traced.seen(row))));
                    break;
                }
            };
            near.add(board, row, wrong, 0);
            if bind.contiguity == Contiguity::Next {
                end = Some(End::Missed);
                break;
            }
        } else {
            near.failed(board, bind, row, checks);
        }
        if bind.contiguity == Contiguity::Contiguous {
            end = Some(End::NotNext);
            break;
        }
        if let Some(variable) = board.broken(&bind.absent, node, position) {
            let broken = board.tell(variable, position, Some(node));
            end = broken.map(|broken| End::Broken(Box::new(broken)));
            break;
        }
    }
    told.end = end.unwrap_or_else(|| unended(board, bind, node, start, deadline));
    told.near = near.told();
    told
}

/// How a wait stands that no event ended.
fn unended(board: &Board<'_>, bind: &Bind, node: &Node, start: Start, deadline: i64) -> End {
    let rows = board.rows.len() as u64;
    let full = (node.position..rows).any(|position| is_full(board, start, position));
    let query = board.traced.query;
    match board.traced.plan.within {
        Some(Within::Events(most)) if full => End::WithinEvents(most),
        _ if query.clock() > deadline => over(board, bind, node, start, query.clock()),
        _ if query.is_finished() => End::InputEnded,
        _ => End::Open((deadline != i64::MAX).then_some(deadline)),
    }
}

/// Which limit was over at a time.
fn over(board: &Board<'_>, bind: &Bind, node: &Node, start: Start, time: i64) -> End {
    let since = time.saturating_sub(node.row.time());
    match (bind.max, board.traced.plan.within) {
        (Some(max), _) if since > max => End::Arrow(max, since),
        (_, Some(Within::Time(most))) => End::Within(most, time.saturating_sub(start.time)),
        (max, _) => End::Arrow(max.unwrap_or_default(), since),
    }
}

/// What must not come after the last event.
fn tail(board: &Board<'_>, accept: &Accept, node: &Node, start: Start) -> WaitedFor {
    let mut told = WaitedFor {
        variable: None,
        reach: Reach::None,
        end: End::InputEnded,
        looked_at: 0,
        near: Vec::new(),
    };
    let (deadline, _) = tail_deadline(board, accept, start, node.row.time());
    for position in node.position + 1..board.rows.len() as u64 {
        told.looked_at += 1;
        if accept.at_end {
            told.end = End::NotLast;
            return told;
        }
        if let Some(variable) = board.breaks_tail(&accept.absent, start, node, position)
            && let Some(broken) = board.tell(variable, position, Some(node))
        {
            told.end = End::Broken(Box::new(broken));
            return told;
        }
    }
    if !board.traced.query.is_finished() {
        told.end = End::Open((deadline != i64::MAX).then_some(deadline));
    }
    told
}

/// Why no event began a match.
pub(super) fn first(board: &Board<'_>, (from, to): (i64, i64)) -> Vec<WaitedFor> {
    let program = board.program();
    let steps = program.steps_of(0).map(|step| &program.steps[step].kind);
    let binds = steps.filter_map(|kind| match kind {
        StepKind::Bind(bind) => Some(bind),
        StepKind::Accept(_) => None,
    });
    let told = binds.map(|bind| {
        let mut near = Nearest::default();
        let mut looked_at = 0;
        for (position, row) in (0_u64..).zip(&board.rows) {
            if row.time() < from || row.time() > to || !board.may_begin(bind, position) {
                continue;
            }
            looked_at += 1;
            let checks = checks(board, bind, position, None);
            if checks.iter().any(|check| check.outcome != Outcome::True) {
                near.failed(board, bind, row, checks);
            } else if bind.first_row && position > 0 {
                near.add(board, row, Wrong::NotFirst, 0);
            } else if let Some(node) = board.bind(bind, position, None)
                && let Some((absent, at)) = bind
                    .absent
                    .iter()
                    .find_map(|it| Some((it, board.came_before(it, &node)?)))
                && let Some(before) = board.tell(absent.variable, at, Some(&node))
            {
                near.add(board, row, Wrong::Preceded(Box::new(before)), 0);
            }
        }
        let end = match board.traced.query.is_finished() {
            _ if bind.first_row => End::NotFirst,
            true => End::InputEnded,
            false => End::Open(None),
        };
        WaitedFor {
            variable: Some(board.traced.variable(bind.variable)),
            reach: Reach::First,
            end,
            looked_at,
            near: near.told(),
        }
    });
    told.collect()
}

/// All conditions of a variable, that of the stream among them.
fn checks(board: &Board<'_>, bind: &Bind, position: u64, bound: Option<&Node>) -> Vec<Checked> {
    let attempt = board.attempt(bind.variable, position, bound);
    attempt
        .map(|attempt| board.checks(&attempt))
        .unwrap_or_default()
}

/// The events that came nearest: those that failed fewest conditions, of these the last.
#[derive(Default)]
struct Nearest {
    /// How many conditions each failed.
    events: Vec<(usize, Near)>,
}

impl Nearest {
    fn failed(&mut self, board: &Board<'_>, bind: &Bind, row: &Row, checks: Vec<Checked>) {
        let stream = board.conjuncts(bind.variable).any(|expr| {
            let input = &expr.kind;
            matches!(input, portent_planner::expr::ExprKind::FromInput(input) if *input != row.input)
        });
        // An event of another stream is not near at all.
        if stream {
            return;
        }
        let failed = checks.iter().filter(|check| check.outcome != Outcome::True);
        let failed = failed.count();
        self.add(board, row, Wrong::Conditions(checks), failed);
    }

    fn add(&mut self, board: &Board<'_>, row: &Row, wrong: Wrong, failed: usize) {
        let event = board.traced.seen(row);
        self.events.push((failed, Near { event, wrong }));
        if self.events.len() > MOST_NEAR {
            // The first of those that failed most.
            let most = self.events.iter().map(|(failed, _)| *failed).max();
            let worst = self
                .events
                .iter()
                .position(|(failed, _)| Some(*failed) == most);
            worst.map(|worst| self.events.remove(worst));
        }
    }

    fn told(self) -> Vec<Near> {
        self.events.into_iter().map(|(_, near)| near).collect()
    }
}
