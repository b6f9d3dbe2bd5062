//! Class `row`: the preferred matches of contiguous rows, where what a row does to a partial match follows from the row, its
//! neighbours and the automaton's state alone.
//!
//! As in [`super::preferred`] each start has a list of threads, the most preferred first, and a thread that completes a match cuts
//! off those below it. But here a thread is no more than the step it waits at, and the node at which its way ends ([`trail`]): a row
//! moves it on, or ends it. Hence
//!
//! * two threads of a list at steps of one class have the same future: the lower one is dropped;
//! * **starts with equal lists have the same future**: they become one group, with one list. Their ways here differ, which the trail
//!   remembers; what they have found so far must be the same;
//! * under SKIP PAST LAST ROW a thread of a later start is of no use where an earlier one has a thread of its class (*domination*, see
//!   [`super::preferred`]). The earlier one need not be the head: it is enough that no match that was found so far, by a start before
//!   both, skips over the earlier of the two alone. Whatever will be found from now on ends after both of them.
//!
//! So a row costs what the automaton's states cost, not what the open starts cost. Starts that have found their match, and only wait for
//! those before them, are passed over: they stand behind the last group before them ([`Group::behind`]).

mod marks;
mod report;
mod run;
mod starts;
mod trail;

use std::collections::VecDeque;

use portent_planner::expr::VarId;

use super::history::History;
use super::program::{Interest, Program, StepKind, bit};
use super::scene::{Scene, Stage};
use super::skip::next_start;

use marks::Marks;
pub(crate) use report::report;
use starts::Starts;
use trail::{NodeId, Trail};

/// The starts of a partition that are open.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    /// In the order of their starts. Each has threads, once a row has been dealt with.
    groups: Vec<Group>,
    /// The threads of all groups, one group after the other.
    threads: Vec<Thread>,
    trail: Trail,
    /// The first row at which a match may begin.
    next_start: u64,
    /// The position of the last row.
    last: u64,
}

/// One way in which a partial match may go on.
#[derive(Clone, Copy, Debug)]
struct Thread {
    /// The step it waits at.
    step: usize,
    /// What it bound last.
    node: NodeId,
}

/// Starts with the same future.
#[derive(Debug)]
struct Group {
    starts: Starts,
    /// No node before this one belongs to it.
    first_node: NodeId,
    /// How many threads it has.
    threads: usize,
    found: Found,
    /// Later starts that are decided.
    behind: VecDeque<Done>,
    /// The row after the last one of what was found, by it and those behind it; 0: nothing was.
    reach: u64,
}

/// Starts that are decided.
#[derive(Debug)]
struct Done {
    starts: Starts,
    found: Found,
}

/// The best match so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    Empty,
    /// Its last node, and its last row.
    Match(NodeId, u64),
}

/// A match that is certain.
#[derive(Debug)]
struct Match {
    start: u64,
    found: Found,
    number: u64,
}

/// What all partitions of a query share.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    old: Vec<Thread>,
    marks: Marks,
    truths: Truths,
    /// The matches that the row at hand made certain.
    certain: Vec<Match>,
}

impl Shared {
    /// There are matches to report.
    pub fn has_found(&self) -> bool {
        !self.certain.is_empty()
    }
}

/// Which variables the row at hand may be, as far as somebody asked.
#[derive(Debug, Default)]
struct Truths {
    asked: Interest,
    held: Interest,
}

impl Truths {
    #[inline]
    fn holds(&mut self, scene: &mut Scene<'_, '_>, variable: VarId) -> bool {
        let bit = bit(variable);
        if self.asked & bit == 0 {
            self.asked |= bit;
            if scene.meets(variable, None) {
                self.held |= bit;
            }
        }
        self.held & bit != 0
    }
}

impl Found {
    /// The row after its last one; 0: nothing.
    fn reach(self) -> u64 {
        match self {
            Found::Match(_, end) => end + 1,
            Found::Nothing | Found::Empty => 0,
        }
    }
}

/// Where the threads of one list go.
struct List<'a> {
    program: &'a Program,
    threads: &'a mut Vec<Thread>,
    marks: &'a mut Marks,
    trail: &'a mut Trail,
    /// Later starts may be measured against it.
    dominant: bool,
    position: u64,
    /// The most threads that there may be.
    room: usize,
    shed: u64,
}

/// Whether more may come after a completed match in the list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Go,
    Cut,
}

impl List<'_> {
    /// Enters a state by a node: its steps, in order.
    fn enter(&mut self, state: usize, node: NodeId, found: &mut Found) -> After {
        let before = self.threads.len();
        for index in self.program.steps_of(state) {
            let step = &self.program.steps[index];
            match &step.kind {
                StepKind::Accept(accept) if accept.first_row => continue,
                StepKind::Accept(accept) if !accept.at_end => {
                    *found = Found::Match(node, self.position);
                    return After::Cut;
                }
                StepKind::Bind(_) | StepKind::Accept(_) => {}
            }
            if !self.marks.is_new(step.class, self.dominant) {
                continue;
            }
            if self.threads.len() >= self.room {
                self.shed += 1;
                continue;
            }
            self.threads.push(Thread { step: index, node });
        }
        if self.threads.len() == before {
            self.trail.take_back(node);
        }
        After::Go
    }
}

impl Runs {
    /// Nothing is open.
    pub fn is_idle(&self) -> bool {
        self.groups.is_empty()
    }

    /// The position of the earliest start that is open.
    pub fn first_start(&self) -> Option<u64> {
        self.groups.first().map(|group| group.starts.first())
    }

    /// A row.
    pub fn row(&mut self, scene: &mut Scene<'_, '_>, shared: &mut Shared) {
        let program = scene.stage.program;
        self.last = scene.position;
        shared.truths = Truths::default();
        shared.marks.next_row(program.classes);
        self.trail.forget(match self.groups.first() {
            Some(group) => group.first_node,
            None => self.trail.next(),
        });
        let before = self.threads.len();
        let others = scene.stage.stats.live - before as u64;
        let room = scene.stage.max_threads.saturating_sub(others);
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        if before > 0 {
            self.advance(scene, shared, room);
        }
        if scene.position >= self.next_start {
            self.begin(scene, shared, room);
        }
        scene.stage.stats.live = others + self.threads.len() as u64;
    }

    /// Moves all groups on by a row.
    fn advance(&mut self, scene: &mut Scene<'_, '_>, shared: &mut Shared, room: usize) {
        let program = scene.stage.program;
        let independent = program.independent();
        std::mem::swap(&mut self.threads, &mut shared.old);
        self.threads.clear();
        let old = std::mem::take(&mut shared.old);
        let mut groups = std::mem::take(&mut self.groups);
        let (mut kept, mut at, mut reach) = (0, 0, 0);
        for index in 0..groups.len() {
            let (above, below) = groups.split_at_mut(index);
            let Some(group) = below.first_mut() else {
                break;
            };
            let mine = old.get(at..at + group.threads).unwrap_or_default();
            at += group.threads;
            let from = self.threads.len();
            let lives = group.starts.drop_before(self.next_start);
            if lives {
                let dominant = program.head_dominates && reach <= group.starts.first();
                self.step(scene, shared, group, mine, dominant, room);
            }
            if group.threads > 0 && lives {
                reach = reach.max(group.reach);
                if let Some(last) = above.get_mut(..kept).and_then(<[Group]>::last_mut)
                    && self.merge(last, group, from)
                {
                    continue;
                }
                groups.swap(kept, index);
                kept += 1;
                continue;
            }
            group.threads = 0;
            let found = if lives { group.found } else { Found::Nothing };
            match above.get_mut(..kept).and_then(<[Group]>::last_mut) {
                Some(last) if !independent => {
                    last.retire(group, found);
                    reach = reach.max(last.reach);
                }
                _ => {
                    let (stage, certain) = (&mut *scene.stage, &mut shared.certain);
                    self.conclude(stage, scene.history, certain, &mut group.starts, found);
                    for mut done in group.behind.drain(..) {
                        let starts = &mut done.starts;
                        self.conclude(stage, scene.history, certain, starts, done.found);
                    }
                }
            }
        }
        groups.truncate(kept);
        self.groups = groups;
        shared.old = old;
    }
    /// Moves the threads of a group on by a row.
    fn step(
        &mut self,
        scene: &mut Scene<'_, '_>,
        shared: &mut Shared,
        group: &mut Group,
        old: &[Thread],
        dominant: bool,
        room: usize,
    ) {
        let program = scene.stage.program;
        let from = self.threads.len();
        let mut list = self.list(program, scene.position, &mut shared.marks, dominant, room);
        let mut found = group.found;
        for thread in old {
            scene.stage.stats.visits += 1;
            // A thread that waits for the end of the partition dies: there is another row.
            let StepKind::Bind(bind) = &program.steps[thread.step].kind else {
                continue;
            };
            if !shared.truths.holds(scene, bind.variable) {
                continue;
            }
            scene.stage.stats.bindings += 1;
            let node = list.trail.bind(thread.step, thread.node);
            if list.enter(bind.next, node, &mut found) == After::Cut {
                break;
            }
        }
        scene.stage.stats.shed += list.shed;
        group.threads = self.threads.len() - from;
        group.found = found;
        group.reach = group.reach.max(found.reach());
    }

    fn list<'a>(
        &'a mut self,
        program: &'a Program,
        position: u64,
        marks: &'a mut Marks,
        dominant: bool,
        room: usize,
    ) -> List<'a> {
        marks.next_list();
        List {
            program,
            threads: &mut self.threads,
            marks,
            trail: &mut self.trail,
            dominant,
            position,
            room,
            shed: 0,
        }
    }

    /// Begins at the row.
    fn begin(&mut self, scene: &mut Scene<'_, '_>, shared: &mut Shared, room: usize) {
        let program = scene.stage.program;
        let first_node = self.trail.next();
        let from = self.threads.len();
        let reach = self.groups.iter().map(|group| group.reach).max();
        let dominant = program.head_dominates && reach.unwrap_or(0) <= scene.position;
        let mut list = self.list(program, scene.position, &mut shared.marks, dominant, room);
        let mut found = Found::Nothing;
        for index in program.steps_of(0) {
            match &program.steps[index].kind {
                StepKind::Bind(bind) => {
                    if bind.first_row && scene.position != 0
                        || !shared.truths.holds(scene, bind.variable)
                    {
                        continue;
                    }
                    scene.stage.stats.bindings += 1;
                    let node = list.trail.first(index);
                    if list.enter(bind.next, node, &mut found) == After::Cut {
                        break;
                    }
                }
                // Before a row there is always that row: `$` does not hold there.
                StepKind::Accept(accept) => {
                    if accept.at_end || (accept.first_row && scene.position != 0) {
                        continue;
                    }
                    found = Found::Empty;
                    break;
                }
            }
        }
        scene.stage.stats.shed += list.shed;
        let threads = self.threads.len() - from;
        let mut starts = Starts::new(scene.position);
        if threads > 0 {
            let mut group = Group {
                starts,
                first_node,
                threads,
                found,
                behind: VecDeque::new(),
                reach: found.reach(),
            };
            let mut groups = std::mem::take(&mut self.groups);
            let merged = match groups.last_mut() {
                Some(last) => self.merge(last, &mut group, from),
                None => false,
            };
            if !merged {
                groups.push(group);
            }
            self.groups = groups;
        } else if found == Found::Nothing {
            self.trail.take_back(first_node);
        } else if let Some(last) = self.groups.last_mut()
            && !program.independent()
        {
            last.reach = last.reach.max(found.reach());
            last.behind.push_back(Done { starts, found });
        } else {
            let certain = &mut shared.certain;
            self.conclude(scene.stage, scene.history, certain, &mut starts, found);
        }
    }

    /// Makes two neighbours one group, if they have the same future: the later one's threads, which stand from a place on, are those of
    /// the earlier one. Whether it did.
    fn merge(&mut self, earlier: &mut Group, later: &mut Group, from: usize) -> bool {
        let same_found = match (earlier.found, later.found) {
            (Found::Match(_, one), Found::Match(_, other)) => one == other,
            (one, other) => one == other,
        };
        if !same_found || !earlier.behind.is_empty() || earlier.threads != later.threads {
            return false;
        }
        let (above, below) = self.threads.split_at_mut(from);
        let above = &mut above[from - earlier.threads..];
        if above.iter().zip(&*below).any(|(a, b)| a.step != b.step) {
            return false;
        }
        let since = later.starts.first();
        let trail = &mut self.trail;
        // Threads that came by the same nodes go on by the same node.
        let mut known: Option<(NodeId, NodeId, NodeId)> = None;
        let mut either = |older: NodeId, newer: NodeId| match known {
            Some((one, other, both)) if one == older && other == newer => both,
            _ => {
                let both = trail.either(older, newer, since);
                known = Some((older, newer, both));
                both
            }
        };
        for (thread, other) in above.iter_mut().zip(&*below) {
            thread.node = either(thread.node, other.node);
        }
        if let (Found::Match(one, end), Found::Match(other, _)) = (earlier.found, later.found) {
            earlier.found = Found::Match(either(one, other), end);
        }
        earlier.reach = earlier.reach.max(later.reach);
        std::mem::swap(&mut earlier.behind, &mut later.behind);
        earlier.starts.append(&mut later.starts);
        self.threads.truncate(from);
        true
    }

    /// Reports what starts have found, one start after the other, and lets the search go on behind each match.
    fn conclude(
        &mut self,
        stage: &mut Stage<'_>,
        history: &History,
        certain: &mut Vec<Match>,
        starts: &mut Starts,
        found: Found,
    ) {
        let independent = stage.program.independent();
        if found == Found::Nothing {
            return;
        }
        while independent || starts.drop_before(self.next_start) {
            let start = starts.first();
            *stage.numbers += 1;
            stage.stats.matches += 1;
            certain.push(Match {
                start,
                found,
                number: *stage.numbers,
            });
            if !independent {
                let next = self.skip(stage, history, start, found);
                self.next_start = self.next_start.max(next);
            }
            if !starts.drop_first() {
                return;
            }
        }
    }

    /// Where the search goes on after a match.
    fn skip(&self, stage: &mut Stage<'_>, history: &History, start: u64, found: Found) -> u64 {
        let Found::Match(last, end) = found else {
            return start + 1;
        };
        let program = stage.program;
        let bound = self.trail.back(last, start).zip(0..);
        let bound = bound.filter_map(|(step, back)| match &program.steps[step].kind {
            StepKind::Bind(bind) => Some((end - back, bind.variable)),
            StepKind::Accept(_) => None,
        });
        next_start(stage, start, end, bound, history.get(start))
    }

    /// No row will come any more.
    pub fn end(&mut self, stage: &mut Stage<'_>, history: &History, shared: &mut Shared) {
        let program = stage.program;
        let threads = std::mem::take(&mut self.threads);
        let certain = &mut shared.certain;
        let mut at = 0;
        for mut group in std::mem::take(&mut self.groups) {
            let mine = threads.get(at..at + group.threads).unwrap_or_default();
            at += group.threads;
            // What waits for a row dies; what waits for the end of the partition has come to it.
            let ended = mine
                .iter()
                .find(|thread| matches!(program.steps[thread.step].kind, StepKind::Accept(_)));
            if let Some(thread) = ended {
                group.found = Found::Match(thread.node, self.last);
            }
            self.conclude(stage, history, certain, &mut group.starts, group.found);
            for mut done in group.behind {
                self.conclude(stage, history, certain, &mut done.starts, done.found);
            }
        }
        stage.stats.live -= threads.len() as u64;
    }

    /// Drops what is open; how many starts were.
    pub fn abandon(&mut self, stage: &mut Stage<'_>) -> u64 {
        stage.stats.live -= self.threads.len() as u64;
        self.threads.clear();
        let open = |group: Group| {
            let behind = group.behind.iter().map(|done| done.starts.len());
            (group.starts.len() + behind.sum::<usize>()) as u64
        };
        self.groups.drain(..).map(open).sum()
    }
}

impl Group {
    /// Takes what stands behind a later group that ends, and what it has found.
    fn retire(&mut self, group: &mut Group, found: Found) {
        self.reach = self.reach.max(group.reach);
        if found != Found::Nothing {
            let starts = std::mem::replace(&mut group.starts, Starts::new(0));
            self.behind.push_back(Done { starts, found });
        }
        // The shorter list moves.
        if group.behind.len() > self.behind.len() {
            while let Some(done) = self.behind.pop_back() {
                group.behind.push_front(done);
            }
            std::mem::swap(&mut self.behind, &mut group.behind);
        } else {
            self.behind.append(&mut group.behind);
        }
    }
}
