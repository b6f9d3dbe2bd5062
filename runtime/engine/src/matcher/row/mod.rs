//! Class `row`: the preferred matches of contiguous rows, where what a row does to a partial match follows from the row, its
//! neighbours and the automaton's state alone.
//!
//! As in [`super::preferred`] each start has a list of threads, the most preferred first, and a thread that completes a match cuts
//! off those below it. But here a thread is no more than the step it waits at, and the node at which its way ends ([`trail`]): a row
//! moves it on, or ends it. Hence
//!
//! * two threads of a list at steps of one class have the same future: the lower one is dropped;
//! * **starts with equal lists have the same future**: they become one group, with one list. Their ways here differ, which the trail
//!   remembers; what they have found so far must end at the same row;
//! * under SKIP PAST LAST ROW a thread of a later start is of no use where an earlier one has a thread of its class (*domination*, see
//!   [`super::preferred`]). The earlier one need not be the head: it is enough that no match that was found so far, by a start before
//!   both, skips over the earlier of the two alone. Whatever will be found from now on ends after both of them.
//!
//! So a row costs what the automaton's states cost, not what the open starts cost. Starts that have found their match, and only wait for
//! those before them, are passed over: they stand behind the last group before them.

mod code;
mod conclude;
mod group;
mod list;
mod marks;
mod report;
mod run;
mod saved;
mod starts;
mod trail;

use portent_planner::compiled::Overflow;

use super::history::History;
use super::program::Program;
use super::scene::{Scene, Stage};

use code::{Code, What};
use group::{Done, Found, Group};
use list::{List, Truths};
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

/// What a thread takes, with its group and the node that it came by.
pub(super) const THREAD_BYTES: u64 = 160;

/// A match that is certain.
#[derive(Debug)]
struct Match {
    start: u64,
    found: Found,
    number: u64,
}

/// What all partitions of a query share.
#[derive(Debug)]
pub(crate) struct Shared {
    code: Code,
    work: Work,
    /// The matches that the row at hand made certain.
    certain: Vec<Match>,
}

/// What is used again and again.
#[derive(Debug, Default)]
struct Work {
    old: Vec<Thread>,
    marks: Marks,
    truths: Truths,
    /// The most threads that there may be in the partition.
    room: usize,
    /// As in the query's statistics, since the row came.
    visits: u64,
    bindings: u64,
    shed: u64,
}

impl Shared {
    pub fn new(program: &Program) -> Self {
        Self {
            code: Code::new(program),
            work: Work {
                marks: Marks::new(program.classes),
                ..Work::default()
            },
            certain: Vec::new(),
        }
    }

    /// There are matches to report.
    pub fn has_found(&self) -> bool {
        !self.certain.is_empty()
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
        self.last = scene.position;
        let work = &mut shared.work;
        work.truths = Truths::default();
        work.marks.next_row();
        match self.groups.first() {
            Some(group) => self.trail.forget(group.first_node),
            None => self.trail.forget_all(),
        }
        let before = self.threads.len();
        let others = scene.stage.stats.live - before as u64;
        let room = scene.stage.room;
        work.room = match room.policy {
            // Room is made afterwards.
            Overflow::DropOldest => usize::MAX,
            _ => usize::try_from(room.most.saturating_sub(others)).unwrap_or(usize::MAX),
        };
        if before > 0 {
            self.advance(scene, shared);
        }
        if scene.position >= self.next_start {
            self.begin(scene, shared);
        }
        let (stats, work) = (&mut scene.stage.stats, &mut shared.work);
        stats.live = others + self.threads.len() as u64;
        stats.visits += std::mem::take(&mut work.visits);
        stats.bindings += std::mem::take(&mut work.bindings);
        let shed = std::mem::take(&mut work.shed);
        if shed > 0 && room.sheds(stats) {
            stats.shed += shed - 1;
        }
    }

    /// Drops the earliest starts, which go on together; those that were decided behind them are concluded.
    pub fn drop_oldest(&mut self, stage: &mut Stage<'_>, history: &History, shared: &mut Shared) {
        if self.groups.is_empty() {
            return;
        }
        let mut group = self.groups.remove(0);
        self.threads.drain(..group.threads.min(self.threads.len()));
        stage.stats.live -= group.threads as u64;
        stage.stats.dropped += group.threads as u64;
        for mut done in group.take_behind() {
            self.conclude(
                stage,
                history,
                &mut shared.certain,
                &mut done.starts,
                done.found,
            );
        }
    }

    /// Moves all groups on by a row.
    fn advance(&mut self, scene: &mut Scene<'_, '_>, shared: &mut Shared) {
        let program = scene.stage.program;
        let Shared {
            code,
            work,
            certain,
        } = shared;
        std::mem::swap(&mut self.threads, &mut work.old);
        self.threads.clear();
        // The list is put back below: what is in between needs the rest of `self`.
        let mut groups = std::mem::take(&mut self.groups);
        let (mut kept, mut at, mut reach) = (0, 0, 0);
        for index in 0..groups.len() {
            let (above, below) = groups.split_at_mut(index);
            let Some(group) = below.first_mut() else {
                break;
            };
            let old = at..at + group.threads;
            at = old.end;
            let from = self.threads.len();
            let open = group.starts.drop_before(self.next_start);
            let mut found = Found::Nothing;
            if open {
                let dominant = program.head_dominates && reach <= group.starts.first();
                let list = List::new(self, (code, work), scene.position, dominant, group.found);
                found = list.step(scene, old);
                group.found = found;
                group.reach = group.reach.max(found.reach());
            }
            group.threads = self.threads.len() - from;
            let last = above.get_mut(..kept).and_then(<[Group]>::last_mut);
            if group.threads > 0 {
                reach = reach.max(group.reach);
                let threads = (&mut self.threads, from);
                let merged = last.is_some_and(|last| merge(threads, &mut self.trail, last, group));
                if !merged {
                    if kept < index {
                        groups.swap(kept, index);
                    }
                    kept += 1;
                }
                continue;
            }
            match last {
                Some(last) if !program.independent() => {
                    last.retire(group, found);
                    reach = reach.max(last.reach);
                }
                _ => {
                    let (stage, history) = (&mut *scene.stage, scene.history);
                    self.conclude(stage, history, certain, &mut group.starts, found);
                    if group.is_followed() {
                        for mut done in group.take_behind() {
                            self.conclude(stage, history, certain, &mut done.starts, done.found);
                        }
                    }
                }
            }
        }
        groups.truncate(kept);
        self.groups = groups;
    }

    /// Begins at the row.
    fn begin(&mut self, scene: &mut Scene<'_, '_>, shared: &mut Shared) {
        let program = scene.stage.program;
        let first_node = self.trail.next();
        let from = self.threads.len();
        let reach = self.groups.iter().map(|group| group.reach).max();
        let dominant = program.head_dominates && reach.unwrap_or(0) <= scene.position;
        let shared_work = (&shared.code, &mut shared.work);
        let list = List::new(self, shared_work, scene.position, dominant, Found::Nothing);
        let found = list.begin(scene);
        let threads = self.threads.len() - from;
        if threads > 0 {
            let starts = Starts::new(scene.position);
            let mut group = Group::new(starts, first_node, threads, found);
            let new = (&mut self.threads, from);
            let merged = match self.groups.last_mut() {
                Some(last) => merge(new, &mut self.trail, last, &mut group),
                None => false,
            };
            if !merged {
                self.groups.push(group);
            }
            return;
        }
        let mut starts = Starts::new(scene.position);
        match self.groups.last_mut() {
            _ if found == Found::Nothing => {}
            Some(last) if !program.independent() => last.push_behind(Done { starts, found }),
            _ => {
                let certain = &mut shared.certain;
                self.conclude(scene.stage, scene.history, certain, &mut starts, found);
            }
        }
    }

    /// Drops what is open; how many starts were.
    pub fn abandon(&mut self, stage: &mut Stage<'_>) -> u64 {
        stage.stats.live -= self.threads.len() as u64;
        self.threads.clear();
        let open = self.groups.drain(..).map(|group| group.len() as u64);
        open.sum()
    }
}

/// Makes two neighbours one group, if they have the same future: the later one's threads, which stand from a place on, are those of
/// the earlier one. Whether it did.
fn merge(
    (threads, from): (&mut Vec<Thread>, usize),
    trail: &mut Trail,
    earlier: &mut Group,
    later: &mut Group,
) -> bool {
    if earlier.threads != later.threads
        || earlier.is_followed()
        || !earlier.found.is_like(later.found)
    {
        return false;
    }
    let (above, below) = threads.split_at_mut(from);
    let above = &mut above[from - earlier.threads..];
    if above.iter().zip(&*below).any(|(a, b)| a.step != b.step) {
        return false;
    }
    let since = later.starts.first();
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
    let found = match (earlier.found, later.found) {
        (Found::Match(one, end), Found::Match(other, _)) => Found::Match(either(one, other), end),
        (found, _) => found,
    };
    earlier.absorb(later, found);
    threads.truncate(from);
    true
}
