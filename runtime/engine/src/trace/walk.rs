//! Every partial match of a partition, one by one, to see how far each comes.
//!
//! As the matcher of MATCH ALL does it, but without any of what makes that fast. Whether there is a candidate at all does not depend on
//! which candidates are preferred, so this answers for both modes.

use std::collections::HashSet;
use std::sync::Arc;

use portent_planner::automaton::Contiguity;
use portent_planner::compiled::{EndOfInput, Mode};

use super::board::{Board, Start};
use super::limits::{bind_deadline, is_full, tail_deadline};
use crate::matcher::bindings::Node;
use crate::matcher::program::{Bind, StepKind};

/// So many waits are followed at once, and so many conditions are evaluated. It bounds the time of an answer, to some seconds.
const MOST_WAITS: usize = 10_000;
const MOST_WORK: u64 = 5_000_000;

/// What the walk found.
pub(super) struct Walk {
    /// The first candidate that is complete; `Some(None)`: an empty match.
    pub complete: Option<Option<Arc<Node>>>,
    /// The furthest partial match: what it bound, and the state in which it then was.
    pub furthest: Option<(Arc<Node>, usize)>,
    /// Not everything was followed.
    pub cut_short: bool,
}

/// A partial match that waits at a step.
struct Wait {
    step: usize,
    node: Arc<Node>,
    start: Start,
    /// µs; `i64::MAX`: none.
    deadline: i64,
    /// Of a tail: the position that decides it too.
    until: u64,
}

/// A step; the start, if WITHIN counts from it; and the event before, if its time matters.
type Kind = (usize, Option<u64>, Option<u64>);

struct Walker<'a, 'b> {
    board: &'b Board<'a>,
    /// For each state the least number of events from it to a match.
    far: Vec<usize>,
    waits: Vec<Wait>,
    /// The kinds of those that wait.
    kinds: HashSet<Kind>,
    found: Walk,
    work: u64,
}

/// Follows all partial matches that begin not before the one time and end not after the other.
pub(super) fn walk(board: &Board<'_>, (from, to): (i64, i64)) -> Walk {
    let mut walker = Walker {
        far: distances(board),
        board,
        waits: Vec::new(),
        kinds: HashSet::default(),
        found: Walk {
            complete: None,
            furthest: None,
            cut_short: false,
        },
        work: 0,
    };
    for (position, row) in (0_u64..).zip(&board.rows) {
        if walker.found.complete.is_some() {
            break;
        }
        if walker.work > MOST_WORK {
            walker.found.cut_short = true;
            break;
        }
        walker.pass(row.time(), position.checked_sub(1));
        walker.row(
            position,
            row.time() <= to,
            row.time() >= from && row.time() <= to,
        );
    }
    if walker.found.complete.is_none() && !walker.found.cut_short {
        walker.end();
    }
    walker.found
}

impl Walker<'_, '_> {
    /// All deadlines before a time pass. `last`: the position of the row before.
    fn pass(&mut self, time: i64, last: Option<u64>) {
        let board = self.board;
        let mut complete = None;
        self.waits.retain_mut(|wait| {
            if wait.deadline >= time {
                return true;
            }
            match &board.program().steps[wait.step].kind {
                StepKind::Bind(_) => false,
                StepKind::Accept(accept) => {
                    let decided = last.is_some_and(|last| wait.until <= last);
                    if decided && !accept.at_end {
                        complete.get_or_insert_with(|| Arc::clone(&wait.node));
                        return false;
                    }
                    wait.deadline = i64::MAX;
                    true
                }
            }
        });
        self.complete(complete);
    }

    fn complete(&mut self, node: Option<Arc<Node>>) {
        if let Some(node) = node
            && self.found.complete.is_none()
        {
            self.found.complete = Some(Some(node));
        }
    }

    fn row(&mut self, position: u64, may_bind: bool, may_begin: bool) {
        let board = self.board;
        let mut moved: Vec<(Arc<Node>, Start, usize)> = Vec::new();
        let mut complete = None;
        let mut work = 0;
        self.waits.retain(|wait| {
            work += 1;
            match &board.program().steps[wait.step].kind {
                StepKind::Bind(bind) => {
                    let meets = board.meets(bind.variable, position, Some(&wait.node));
                    if meets
                        && may_bind
                        && in_bounds(board, bind, wait, position)
                        && let Some(node) = board.bind(bind, position, Some(&wait.node))
                    {
                        moved.push((node, wait.start, bind.next));
                    }
                    let goes_on = match bind.contiguity {
                        Contiguity::Contiguous => false,
                        Contiguity::Next => !meets,
                        Contiguity::Any => true,
                    };
                    goes_on
                        && board.broken(&bind.absent, &wait.node, position).is_none()
                        && !is_full(board, wait.start, position)
                }
                StepKind::Accept(accept) => {
                    let broken =
                        board.breaks_tail(&accept.absent, wait.start, &wait.node, position);
                    if accept.at_end || broken.is_some() {
                        return false;
                    }
                    let over = wait.deadline == i64::MAX && wait.until <= position;
                    if over {
                        complete.get_or_insert_with(|| Arc::clone(&wait.node));
                    }
                    !over
                }
            }
        });
        self.work += work;
        self.complete(complete);
        if may_begin {
            self.begin(position, &mut moved);
        }
        if !moved.is_empty() {
            let kinds = self.waits.iter();
            let kinds = kinds.filter_map(|it| self.kind(it.step, &it.node, it.start));
            self.kinds = kinds.collect();
        }
        for (node, start, state) in moved {
            self.enter(node, start, state, position);
        }
        if self.waits.len() > MOST_WAITS {
            // The latest are those that somebody asks about.
            self.found.cut_short = true;
            self.waits.drain(..self.waits.len() - MOST_WAITS);
        }
    }

    fn begin(&mut self, position: u64, moved: &mut Vec<(Arc<Node>, Start, usize)>) {
        let board = self.board;
        let program = board.program();
        for step in program.steps_of(0) {
            match &program.steps[step].kind {
                StepKind::Bind(bind) => {
                    let fits = (!bind.first_row || position == 0)
                        && board.may_begin(bind, position)
                        && board.meets(bind.variable, position, None);
                    self.work += 1;
                    let Some(node) = fits.then(|| board.bind(bind, position, None)).flatten()
                    else {
                        continue;
                    };
                    self.work += position * bind.absent.len() as u64;
                    let mut absent = bind.absent.iter();
                    if absent.any(|absent| board.came_before(absent, &node).is_some()) {
                        continue;
                    }
                    let start = Start {
                        position,
                        time: node.row.time(),
                    };
                    moved.push((node, start, bind.next));
                }
                StepKind::Accept(accept) => {
                    let fits = accept.is_immediate() && (!accept.first_row || position == 0);
                    if fits && board.traced.plan.mode != Mode::All {
                        self.found.complete.get_or_insert(None);
                    }
                }
            }
        }
    }

    fn enter(&mut self, node: Arc<Node>, start: Start, state: usize, position: u64) {
        self.note(&node, state);
        let board = self.board;
        let program = board.program();
        for step in program.steps_of(state) {
            let (deadline, until) = match &program.steps[step].kind {
                StepKind::Bind(_) if is_full(board, start, position) => continue,
                StepKind::Bind(bind) => (bind_deadline(board, bind, start, node.row.time()), 0),
                StepKind::Accept(accept) if accept.first_row => continue,
                StepKind::Accept(accept) => {
                    let (deadline, until) = tail_deadline(board, accept, start, node.row.time());
                    let over = deadline == i64::MAX && until <= position && !accept.at_end;
                    if accept.is_immediate() || over {
                        self.complete(Some(Arc::clone(&node)));
                        return;
                    }
                    (deadline, until)
                }
            };
            if let Some(kind) = self.kind(step, &node, start)
                && !self.kinds.insert(kind)
            {
                continue;
            }
            self.waits.push(Wait {
                step,
                node: Arc::clone(&node),
                start,
                deadline,
                until,
            });
        }
    }

    /// By what those that wait at a step are told apart; `None`: by all that they bound. Where nothing that is still to come looks at that,
    /// one will fare as another.
    fn kind(&self, step: usize, node: &Node, start: Start) -> Option<Kind> {
        let at = &self.board.program().steps[step];
        let start = self.board.traced.plan.within.map(|_| start.position);
        let base = (!at.base_free).then_some(node.position);
        at.forgets.then_some((step, start, base))
    }

    /// Remembers the one from which a match is nearest: then the one that bound most, then the latest.
    fn note(&mut self, node: &Arc<Node>, state: usize) {
        let far = |state: usize| self.far.get(state).copied().unwrap_or(usize::MAX);
        let better = match &self.found.furthest {
            None => true,
            Some((known, at)) => {
                let (a, b) = (far(state), far(*at));
                a < b || (a == b && node.len >= known.len)
            }
        };
        if better {
            self.found.furthest = Some((Arc::clone(node), state));
        }
    }

    /// No row comes any more, or none is known.
    fn end(&mut self) {
        let query = self.board.traced.query;
        let last = (self.board.rows.len() as u64).checked_sub(1);
        let complete = query.is_finished() && query.plan.end_of_input == EndOfInput::Complete;
        if !complete {
            self.pass(query.clock(), last);
            return;
        }
        let board = self.board;
        let tail = self
            .waits
            .iter()
            .find(|wait| matches!(board.program().steps[wait.step].kind, StepKind::Accept(_)));
        let tail = tail.map(|wait| Arc::clone(&wait.node));
        self.complete(tail);
    }
}

fn in_bounds(board: &Board<'_>, bind: &Bind, wait: &Wait, position: u64) -> bool {
    let Some(row) = board.row(position) else {
        return false;
    };
    let since = row.time().saturating_sub(wait.node.row.time());
    since >= bind.min
        && bind.max.is_none_or(|max| since <= max)
        && board.is_within(wait.start, row, position)
}

/// For each state the least number of events from it to a match.
fn distances(board: &Board<'_>) -> Vec<usize> {
    let program = board.program();
    let count = board.traced.plan.automaton.states.len();
    let mut far = vec![usize::MAX; count];
    loop {
        let mut changed = false;
        for state in 0..count {
            let steps = program
                .steps_of(state)
                .map(|step| &program.steps[step].kind);
            let least = steps.map(|kind| match kind {
                StepKind::Accept(_) => 0,
                StepKind::Bind(bind) => {
                    let next = far.get(bind.next).copied();
                    next.unwrap_or(usize::MAX).saturating_add(1)
                }
            });
            let least = least.min().unwrap_or(usize::MAX);
            if far.get(state).is_some_and(|known| least < *known) {
                far[state] = least;
                changed = true;
            }
        }
        if !changed {
            return far;
        }
    }
}
