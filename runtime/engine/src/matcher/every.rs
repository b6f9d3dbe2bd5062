//! MATCH ALL: every distinct candidate, each as soon as its last event is there.
//!
//! Threads have no preference here, so they are kept by the step they wait at: a row that no waiting step wants touches
//! no thread, and where conditions can be looked up (see [`super::watch`]) it touches only those that wait for its values. A thread
//! whose time is over is dropped when its step is next looked at, unless somebody must be told (timeouts, tails): then by a timer.
//!
//! Where the automaton can reach one candidate in several ways, equal bindings share one node (*canonical*: made once
//! per row, parent and variable), and a state is entered once per node: the number of threads is that of distinct
//! partial candidates, not of ways to them.

mod saved;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use hashbrown::HashSet;
use portent_planner::automaton::Contiguity;
use portent_planner::compiled::Overflow;

use super::bindings::{MATCHED, Node, TIMED_OUT};
use super::program::{Accept, Bind, Step, StepKind};
use super::report::{Decided, Decision};
use super::scene::{Scene, Stage, Start};
use super::timers::Timer;
use super::waiting::{Thread, Waiting};

/// The open partial matches of a partition.
#[derive(Default)]
pub(crate) struct Every {
    /// By step.
    waiting: Vec<Waiting>,
    live: usize,
    /// Where the oldest are dropped to make room.
    ages: Option<Box<Ages>>,
}

/// Threads by their starts, then by their steps and numbers; some are gone.
type Ages = BinaryHeap<Reverse<(u64, usize, u64)>>;

/// So many threads that are gone do not matter.
const SLACK: usize = 64;

/// What a thread takes, with its node and what it is filed under.
pub(super) const THREAD_BYTES: u64 = (size_of::<Thread>() + size_of::<Node>()) as u64 + 64;

/// Lists that are used again and again.
#[derive(Default)]
pub(crate) struct Scratch {
    moved: Vec<Moved>,
    /// The nodes made at this row, by parent and variable.
    canonical: Vec<(usize, u16, Arc<Node>)>,
    /// The states entered at this row.
    entered: HashSet<(usize, usize), foldhash::fast::RandomState>,
    /// The threads that a row may concern.
    found: Vec<u64>,
}

/// A thread that bound the row.
struct Moved {
    node: Arc<Node>,
    start: Start,
    state: usize,
}

impl Every {
    /// Nothing is open.
    pub fn is_idle(&self) -> bool {
        self.live == 0
    }

    /// The position of the earliest start that is open. Looks at every thread.
    pub fn first_start(&self) -> Option<u64> {
        let threads = self.waiting.iter().flat_map(Waiting::threads);
        threads.map(|thread| thread.start.position).min()
    }

    /// Whether a timer still means something.
    pub fn expects(&self, timer: &Timer) -> bool {
        let waiting = usize::try_from(timer.start)
            .ok()
            .and_then(|step| self.waiting.get(step));
        waiting.is_some_and(|waiting| waiting.expects(timer))
    }

    /// A row.
    pub fn row(&mut self, scene: &mut Scene<'_, '_>, scratch: &mut Scratch) {
        let program = scene.stage.program;
        scratch.canonical.clear();
        scratch.entered.clear();
        // What is counted until the end are the others.
        scene.stage.stats.live -= self.live as u64;
        if self.live > 0 {
            for (index, step) in program.steps.iter().enumerate() {
                let Some(waiting) = self.waiting.get_mut(index) else {
                    break;
                };
                if waiting.len() == 0 || !scene.concerns(step.interest) {
                    continue;
                }
                let count = waiting.len();
                if !program.timely {
                    waiting.expire(scene.row.time());
                }
                let mut found = std::mem::take(&mut scratch.found);
                let by_value = step.watched && !concerns_all(scene, step);
                if by_value {
                    waiting.watch.find(scene, &mut found);
                    found.sort_unstable();
                    found.dedup();
                }
                let mut stays = |thread: &Thread| match &step.kind {
                    StepKind::Bind(bind) => advance(scene, scratch, thread, bind),
                    StepKind::Accept(accept) => holds(scene, thread, accept),
                };
                if !by_value {
                    waiting.retain(stays);
                } else {
                    for number in &found {
                        if waiting.get(*number).is_some_and(|thread| !stays(thread)) {
                            waiting.remove(*number);
                        }
                    }
                }
                found.clear();
                scratch.found = found;
                self.live -= count - waiting.len();
            }
        }
        self.begin(scene, scratch);
        let mut moved = std::mem::take(&mut scratch.moved);
        for moved in moved.drain(..) {
            if program.ambiguous
                && !scratch
                    .entered
                    .insert((moved.state, Arc::as_ptr(&moved.node).addr()))
            {
                continue;
            }
            self.enter(scene.stage, moved);
        }
        scratch.moved = moved;
        scene.stage.stats.live += self.live as u64;
    }

    fn begin(&mut self, scene: &mut Scene<'_, '_>, scratch: &mut Scratch) {
        let program = scene.stage.program;
        if !scene.concerns(program.start_interest) {
            return;
        }
        let start = Start {
            position: scene.position,
            time: scene.row.time(),
        };
        for index in program.steps_of(0) {
            if let StepKind::Bind(bind) = &program.steps[index].kind
                && let Some(node) = scene.begin(bind)
            {
                let node = if program.ambiguous {
                    canonical(scratch, 0, node)
                } else {
                    node
                };
                scratch.moved.push(Moved {
                    node,
                    start,
                    state: bind.next,
                });
            }
        }
    }

    /// Enters a state: waits at its steps.
    fn enter(&mut self, stage: &mut Stage<'_>, moved: Moved) {
        let program = stage.program;
        let Moved { node, start, state } = moved;
        let (position, time) = (node.position, node.row.time());
        for index in program.steps_of(state) {
            let thread = match &program.steps[index].kind {
                StepKind::Bind(bind) => {
                    let deadline = stage.bind_deadline(bind, start, time);
                    let thread = Thread {
                        node: Arc::clone(&node),
                        start,
                        deadline,
                        until: 0,
                        wants: Box::default(),
                        ends: u64::MAX,
                    };
                    if stage.is_full(start, position) {
                        timed_out(stage, &thread);
                        continue;
                    }
                    thread
                }
                StepKind::Accept(accept) if accept.first_row => continue,
                StepKind::Accept(accept) => {
                    let (deadline, until) = stage.tail_deadline(accept, start, time);
                    let thread = Thread {
                        node: Arc::clone(&node),
                        start,
                        deadline,
                        until,
                        wants: Box::default(),
                        ends: u64::MAX,
                    };
                    let over = deadline == i64::MAX && until <= position && !accept.at_end;
                    if accept.is_immediate() || over {
                        report(stage, &thread, false);
                        continue;
                    }
                    thread
                }
            };
            if stage.is_shed(stage.stats.live.saturating_add(self.live as u64)) {
                continue;
            }
            self.wait(stage, index, thread);
        }
    }

    fn wait(&mut self, stage: &mut Stage<'_>, step: usize, mut thread: Thread) {
        let program = stage.program;
        if self.waiting.is_empty() {
            self.waiting
                .resize_with(program.steps.len(), Waiting::default);
        }
        let Some(waiting) = self.waiting.get_mut(step) else {
            return;
        };
        thread.watch(program, step);
        if program.timely {
            waiting.schedule(stage, step, thread.deadline);
        } else {
            let before = waiting.len();
            waiting.expire(thread.node.row.time());
            self.live -= before - waiting.len();
        }
        self.live += 1;
        let start = thread.start.position;
        let number = waiting.push(thread);
        if stage.room.policy == Overflow::DropOldest {
            self.note(start, step, number);
        }
    }

    /// Notes the age of a thread.
    fn note(&mut self, start: u64, step: usize, number: u64) {
        let ages = self.ages.get_or_insert_default();
        ages.push(Reverse((start, step, number)));
        if ages.len() > 2 * self.live + SLACK {
            let waiting = &self.waiting;
            ages.retain(|Reverse((_, step, number))| {
                let waiting = waiting.get(*step);
                waiting.is_some_and(|waiting| waiting.get(*number).is_some())
            });
        }
    }

    /// The start of the oldest thread, if ages are noted.
    pub fn oldest(&mut self) -> Option<Start> {
        let ages = self.ages.as_mut()?;
        while let Some(Reverse((_, step, number))) = ages.peek() {
            let waiting = self.waiting.get(*step);
            if let Some(thread) = waiting.and_then(|waiting| waiting.get(*number)) {
                return Some(thread.start);
            }
            ages.pop();
        }
        None
    }

    /// Drops the oldest thread.
    pub fn drop_oldest(&mut self, stage: &mut Stage<'_>) {
        let Some(ages) = self.ages.as_mut().filter(|_| self.live > 0) else {
            return;
        };
        while let Some(Reverse((_, step, number))) = ages.pop() {
            let waiting = self.waiting.get_mut(step);
            if waiting.and_then(|waiting| waiting.remove(number)).is_some() {
                self.live -= 1;
                stage.stats.live -= 1;
                stage.stats.dropped += 1;
                return;
            }
        }
    }

    /// A timer fired: its deadline has passed.
    pub fn fire(&mut self, stage: &mut Stage<'_>, timer: &Timer) {
        if !self.expects(timer) {
            return;
        }
        let Ok(step) = usize::try_from(timer.start) else {
            return;
        };
        self.pass(stage, step, Some(timer.deadline));
    }

    /// No row will come any more: what waits without a deadline ends. The others' deadlines pass later.
    pub fn end(&mut self, stage: &mut Stage<'_>) {
        for step in 0..self.waiting.len() {
            self.pass(stage, step, None);
        }
    }

    /// Lets a deadline pass at one step, or (`None`) the end of the input.
    fn pass(&mut self, stage: &mut Stage<'_>, step: usize, deadline: Option<i64>) {
        let program = stage.program;
        let Some(waiting) = self.waiting.get_mut(step) else {
            return;
        };
        let over = match deadline {
            Some(deadline) => {
                waiting.fired();
                waiting.take_until(deadline)
            }
            None => waiting.take_endless(),
        };
        let removed = over.len();
        for mut thread in over {
            match &program.steps[step].kind {
                StepKind::Bind(bind) => {
                    let limited = bind.max.is_some() || program.plan.within.is_some();
                    if deadline.is_some() || (limited && !program.by_time) {
                        timed_out(stage, &thread);
                    }
                }
                StepKind::Accept(accept) => {
                    thread.deadline = i64::MAX;
                    if thread.until <= stage.position && (stage.ended || !accept.at_end) {
                        report(stage, &thread, false);
                    } else {
                        self.live += 1;
                        stage.stats.live += 1;
                        let start = thread.start.position;
                        let number = waiting.push(thread);
                        if let Some(ages) = &mut self.ages {
                            ages.push(Reverse((start, step, number)));
                        }
                    }
                }
            }
        }
        self.live -= removed;
        stage.stats.live -= removed as u64;
        if let Some(next) = waiting.first_deadline()
            && program.timely
        {
            waiting.schedule(stage, step, next);
        }
    }

    /// Drops what is over at a time.
    pub fn sweep(&mut self, stage: &mut Stage<'_>, time: i64) {
        if stage.program.timely || !stage.program.by_time {
            return;
        }
        for waiting in &mut self.waiting {
            let before = waiting.len();
            waiting.expire(time);
            let gone = before - waiting.len();
            self.live -= gone;
            stage.stats.live -= gone as u64;
        }
    }

    /// Drops what is open; how much that was.
    pub fn abandon(&mut self, stage: &mut Stage<'_>) -> u64 {
        stage.stats.live -= self.live as u64;
        self.waiting = Vec::new();
        self.ages = None;
        std::mem::take(&mut self.live) as u64
    }
}

/// Whether a row may concern all threads at a step: a variable that it may be is one for which nobody is looked up.
fn concerns_all(scene: &mut Scene<'_, '_>, step: &Step) -> bool {
    let program = scene.stage.program;
    let mut open = step.variables().filter(|it| !program.is_probed(*it));
    open.any(|variable| scene.may_meet(variable))
}

/// Moves a thread on by a row; whether it (also) stays where it is.
fn advance(scene: &mut Scene<'_, '_>, scratch: &mut Scratch, thread: &Thread, bind: &Bind) -> bool {
    let ambiguous = scene.stage.program.ambiguous;
    scene.stage.stats.visits += 1;
    let meets = scene.meets(bind.variable, Some(&thread.node));
    if meets && scene.in_bounds(bind, thread.start, &thread.node) {
        let parent = Arc::as_ptr(&thread.node).addr();
        let known = ambiguous.then(|| find(scratch, parent, bind)).flatten();
        let node = known.unwrap_or_else(|| {
            let node = scene.bind(bind, Some(&thread.node));
            if ambiguous {
                canonical(scratch, parent, node)
            } else {
                node
            }
        });
        scratch.moved.push(Moved {
            node,
            start: thread.start,
            state: bind.next,
        });
    }
    let stays = match bind.contiguity {
        Contiguity::Contiguous => false,
        Contiguity::Next => {
            !meets && !scene.is_absent(&bind.absent, thread.start, Some(&thread.node))
        }
        Contiguity::Any => !scene.is_absent(&bind.absent, thread.start, Some(&thread.node)),
    };
    if stays && scene.stage.is_full(thread.start, scene.position) {
        timed_out(scene.stage, thread);
        return false;
    }
    stays
}

/// Whether a tail holds after a row, and is not decided yet.
fn holds(scene: &mut Scene<'_, '_>, thread: &Thread, accept: &Accept) -> bool {
    scene.stage.stats.visits += 1;
    if accept.at_end || scene.breaks_tail(accept, thread.start, Some(&thread.node)) {
        return false;
    }
    let over = thread.deadline == i64::MAX && thread.until <= scene.position;
    if over {
        report(scene.stage, thread, false);
    }
    !over
}

fn find(scratch: &Scratch, parent: usize, bind: &Bind) -> Option<Arc<Node>> {
    let mut known = scratch.canonical.iter();
    known
        .find(|(above, variable, _)| *above == parent && *variable == bind.variable.0)
        .map(|(_, _, node)| Arc::clone(node))
}

/// The one node of this row with this parent and variable.
fn canonical(scratch: &mut Scratch, parent: usize, node: Arc<Node>) -> Arc<Node> {
    let variable = node.variable.0;
    let mut known = scratch.canonical.iter();
    if let Some((_, _, known)) = known.find(|(above, v, _)| *above == parent && *v == variable) {
        return Arc::clone(known);
    }
    scratch
        .canonical
        .push((parent, variable, Arc::clone(&node)));
    node
}

/// Reports a candidate, once.
fn report(stage: &mut Stage<'_>, thread: &Thread, timed_out: bool) {
    if stage.program.ambiguous && !thread.node.report(MATCHED) {
        return;
    }
    stage.stats.matches += 1;
    decide(stage, thread, timed_out);
}

/// Reports a partial match that ran out of time, once.
fn timed_out(stage: &mut Stage<'_>, thread: &Thread) {
    if stage.program.plan.emit_timeouts && thread.node.report(TIMED_OUT) {
        stage.stats.timeouts += 1;
        decide(stage, thread, true);
    }
}

fn decide(stage: &mut Stage<'_>, thread: &Thread, timed_out: bool) {
    stage.decided.push(Decided::Match(Decision {
        last: Some(Arc::clone(&thread.node)),
        start: None,
        start_position: thread.start.position,
        number: 0,
        timed_out,
    }));
}
