//! The default mode: at each start the preferred candidate, by prioritised threads (as in a Pike VM).
//!
//! Each row that may begin a match has a *group*; a group has a list of *threads*, the most preferred first. A thread
//! waits at one step of the automaton. Where a row moves it on, the steps of the state that it reaches take its place in
//! the list. A thread that completes a match cuts off all that stand below it: only what stands above can still be
//! preferred. A match is certain once nothing stands above it, and nothing that began earlier is open.
//!
//! **Merging.** Two threads of a group that wait at steps of one class have the same future if nothing from there on
//! looks at what is bound, and no bound counts from the event before (or that is the same one): whatever the lower one
//! will find the higher one finds at the same row, and is preferred. The lower one is dropped.
//!
//! **Domination.** Under SKIP PAST LAST ROW, without WITHIN, tails and timeouts, the same holds between the group at the
//! head and any later one. Say T1 of the head and T2 of a later group have the same future. If that leads to a match, the
//! head's match is T1's or one that stands above it; each of them ends at a row that is still to come, hence after
//! the later group's start, which is skipped over. If it leads nowhere, T2 leads nowhere. In both cases T2 is of no use.
//! So `A+ B` over a long run of A's keeps one group, and is linear. (Only the head: another group may itself be skipped
//! over by a match that ends before the later one begins.)
//!
//! **Finding.** Unless each row ends waits by itself, a group is filed by what its threads wait for (see [`super::watch`]), and
//! a row looks only at the groups that it may concern, in their order. All others it would leave as they are.

mod file;
mod marks;
mod oldest;
mod saved;

use std::collections::VecDeque;
use std::sync::Arc;

use portent_planner::automaton::Contiguity;
use portent_planner::compiled::Within;
use portent_planner::expr::VarId;

use crate::event::Row;

use super::bindings::Node;
use super::program::{Interest, StepKind};
use super::report::{Decided, Decision};
use super::scene::{Scene, Stage, Start};
use super::skip::next_start;
use super::timers::Timer;
use super::watch::{Want, Watch};
use file::file;
use marks::{Mark, Marks};

/// One way in which a partial match may go on.
struct Thread {
    /// The step it waits at; [`EXPIRED`]: it ran out of time, and only marks its place.
    step: usize,
    /// Threads of one `&` that compete have the same number; 0: none.
    race: u32,
    /// When its wait ends (or a tail is decided), µs; `i64::MAX`: no time.
    deadline: i64,
    /// A tail is not decided before the row at this position.
    until: u64,
    /// What is bound.
    node: Option<Arc<Node>>,
}

const EXPIRED: usize = usize::MAX;

/// What was found at a start.
enum Found {
    Nothing,
    Empty,
    Match(Arc<Node>),
}

/// A start and its threads.
struct Group {
    start: Start,
    row: Row,
    threads: Vec<Thread>,
    /// Threads that are not [`EXPIRED`].
    live: usize,
    found: Found,
    interest: Interest,
    /// What it is filed under.
    wants: Vec<(VarId, Want)>,
    /// The deadline for which a timer is set; `i64::MAX`: none.
    scheduled: i64,
    /// Reported (only where starts do not wait for each other).
    done: bool,
    /// How many events the longest of its ways has had, and how many of them are counted as kept.
    longest: u32,
    kept: u32,
}

/// What a row does to a thread.
enum Fate {
    Dies,
    RunsOut,
    Stays,
    /// `over`: it would wait on, but no further event fits.
    Binds {
        stays: bool,
        over: bool,
    },
    Completes,
}

/// The groups of a partition.
#[derive(Default)]
pub(crate) struct Preferred {
    groups: VecDeque<Group>,
    /// The first row at which a match may begin.
    next_start: u64,
    /// Groups that are of no use any more, but stand between others.
    dead: usize,
    races: u32,
    /// Groups by what they wait for, by the positions of their starts.
    watch: Watch,
}

/// Lists that are used again and again, and the marks of merging.
#[derive(Default)]
pub(crate) struct Scratch {
    list: Vec<Thread>,
    waiters: Vec<Thread>,
    marks: Marks,
    /// The groups that a row may concern.
    found: Vec<u64>,
    wants: Vec<(VarId, Want)>,
}

/// Whether more may come after a completed match in the list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Go,
    Cut,
}

impl Group {
    fn is_decided(&self) -> bool {
        self.live == 0
    }

    /// Of no use: it found nothing, and has nothing to tell.
    fn is_dead(&self) -> bool {
        self.done || (self.threads.is_empty() && matches!(self.found, Found::Nothing))
    }

    fn last(&self, node: Option<&Arc<Node>>) -> (u64, i64) {
        node.map_or((self.start.position, self.start.time), |node| {
            (node.position, node.row.time())
        })
    }

    /// Enters a state: its steps, in order.
    fn enter(
        &mut self,
        stage: &mut Stage<'_>,
        marks: &mut Marks,
        races: &mut u32,
        list: &mut Vec<Thread>,
        state: usize,
        node: &Arc<Node>,
    ) -> After {
        let program = stage.program;
        let (position, time) = (node.position, node.row.time());
        self.longest = self.longest.max(node.len);
        let full = stage.is_full(self.start, position);
        let mut race = None;
        for index in program.steps_of(state) {
            match &program.steps[index].kind {
                StepKind::Bind(bind) => {
                    if full {
                        expire(stage, list, node);
                        continue;
                    }
                    let number = match (bind.race, race) {
                        (None, _) => 0,
                        (Some(this), Some((known, number))) if this == known => number,
                        (Some(this), _) => {
                            *races = races.checked_add(1).unwrap_or(1);
                            race = Some((this, *races));
                            *races
                        }
                    };
                    let thread = Thread {
                        step: index,
                        race: number,
                        deadline: stage.bind_deadline(bind, self.start, time),
                        until: 0,
                        node: Some(Arc::clone(node)),
                    };
                    self.push(stage, marks, list, thread);
                }
                StepKind::Accept(accept) => {
                    if accept.first_row {
                        continue;
                    }
                    let (deadline, until) = stage.tail_deadline(accept, self.start, time);
                    let over = deadline == i64::MAX && until <= position && !accept.at_end;
                    if accept.is_immediate() || over {
                        self.found = Found::Match(Arc::clone(node));
                        return After::Cut;
                    }
                    let node = Some(Arc::clone(node));
                    self.push(
                        stage,
                        marks,
                        list,
                        Thread {
                            step: index,
                            race: 0,
                            deadline,
                            until,
                            node,
                        },
                    );
                }
            }
        }
        After::Go
    }

    /// Adds a thread, unless one that is preferred has the same future.
    fn push(
        &self,
        stage: &mut Stage<'_>,
        marks: &mut Marks,
        list: &mut Vec<Thread>,
        thread: Thread,
    ) {
        let step = &stage.program.steps[thread.step];
        if step.forgets {
            let (last, _) = self.last(thread.node.as_ref());
            let own = &mut marks.own[step.class];
            if own.stamp == marks.stamp {
                if step.base_free || own.last == last {
                    return;
                }
            } else {
                *own = Mark {
                    stamp: marks.stamp,
                    last,
                };
            }
            if marks.head == marks.stamp {
                marks.of_head[step.class] = *own;
            } else if marks.head != 0 {
                let head = marks.of_head[step.class];
                if head.stamp == marks.head && (step.base_free || head.last == last) {
                    return;
                }
            }
        }
        if stage.is_shed(stage.stats.live.saturating_add(list.len() as u64)) {
            return;
        }
        list.push(thread);
    }

    /// What the row does to a thread.
    fn fate(&self, scene: &mut Scene<'_, '_>, thread: &Thread) -> Fate {
        if thread.step == EXPIRED {
            return Fate::Stays;
        }
        scene.stage.stats.visits += 1;
        let program = scene.stage.program;
        let node = thread.node.as_deref();
        match &program.steps[thread.step].kind {
            StepKind::Bind(bind) => {
                let Some(node) = node else { return Fate::Dies };
                let meets = scene.meets(bind.variable, Some(node));
                let fits = meets && scene.in_bounds(bind, self.start, node);
                let stays = match bind.contiguity {
                    Contiguity::Contiguous => false,
                    Contiguity::Next => {
                        !meets && !scene.is_absent(&bind.absent, self.start, Some(node))
                    }
                    Contiguity::Any => !scene.is_absent(&bind.absent, self.start, Some(node)),
                };
                let full = stays && scene.stage.is_full(self.start, scene.position);
                match (fits, stays && !full) {
                    (true, stays) => Fate::Binds { stays, over: full },
                    (false, true) => Fate::Stays,
                    (false, false) if full => Fate::RunsOut,
                    (false, false) => Fate::Dies,
                }
            }
            StepKind::Accept(accept) => {
                if accept.at_end || scene.breaks_tail(accept, self.start, node) {
                    Fate::Dies
                } else if thread.deadline == i64::MAX && thread.until <= scene.position {
                    Fate::Completes
                } else {
                    Fate::Stays
                }
            }
        }
    }

    /// Moves all threads on by a row.
    fn step(&mut self, scene: &mut Scene<'_, '_>, scratch: &mut Scratch, races: &mut u32) {
        let Scratch {
            list,
            waiters,
            marks,
            ..
        } = scratch;
        marks.next(scene.stage.program.classes);
        let mut old = std::mem::take(&mut self.threads);
        let mut new = std::mem::take(list);
        // What is counted until the end are the others.
        scene.stage.stats.live -= self.live as u64;
        let mut threads = old.drain(..).peekable();
        let mut after = After::Go;
        while after == After::Go
            && let Some(thread) = threads.next()
        {
            let race = thread.race;
            after = self.advance(scene, marks, races, &mut new, waiters, thread);
            // Those of a race that moved stand ahead of those that wait.
            while race != 0
                && after == After::Go
                && let Some(thread) = threads.next_if(|thread| thread.race == race)
            {
                after = self.advance(scene, marks, races, &mut new, waiters, thread);
            }
            if after == After::Go {
                for thread in waiters.drain(..) {
                    if thread.step == EXPIRED {
                        mark(&mut new, thread);
                    } else {
                        self.push(scene.stage, marks, &mut new, thread);
                    }
                }
            }
        }
        drop(threads);
        waiters.clear();
        *list = old;
        self.threads = new;
        self.settle(scene.stage, 0);
    }

    fn advance(
        &mut self,
        scene: &mut Scene<'_, '_>,
        marks: &mut Marks,
        races: &mut u32,
        list: &mut Vec<Thread>,
        waiters: &mut Vec<Thread>,
        thread: Thread,
    ) -> After {
        match self.fate(scene, &thread) {
            Fate::Dies => After::Go,
            Fate::RunsOut => {
                // Those of its race that this row moves on are preferred.
                if let Some(node) = &thread.node {
                    expire(scene.stage, waiters, node);
                }
                After::Go
            }
            Fate::Stays => {
                waiters.push(thread);
                After::Go
            }
            Fate::Binds { stays, over } => {
                let StepKind::Bind(bind) = &scene.stage.program.steps[thread.step].kind else {
                    return After::Go;
                };
                let node = scene.bind(bind, thread.node.as_ref());
                let after = self.enter(scene.stage, marks, races, list, bind.next, &node);
                if after == After::Go && stays {
                    waiters.push(thread);
                } else if after == After::Go
                    && over
                    && let Some(node) = &thread.node
                {
                    expire(scene.stage, waiters, node);
                }
                after
            }
            Fate::Completes => {
                self.found = thread.node.map_or(Found::Empty, Found::Match);
                After::Cut
            }
        }
    }

    /// Brings the group's summary up to date.
    fn settle(&mut self, stage: &mut Stage<'_>, before: u64) {
        self.live = 0;
        self.interest = 0;
        let mut deadline = i64::MAX;
        for thread in &self.threads {
            if thread.step != EXPIRED {
                self.live += 1;
                self.interest |= stage.program.steps[thread.step].interest;
                deadline = deadline.min(thread.deadline);
            }
        }
        if self.live == 0 && !matches!(self.found, Found::Nothing) {
            self.threads.clear();
        }
        stage.stats.live = stage.stats.live + self.live as u64 - before;
        let kept = if self.live > 0 { self.longest } else { 0 };
        *stage.kept = *stage.kept + u64::from(kept) - u64::from(self.kept);
        self.kept = kept;
        if deadline < self.scheduled {
            self.scheduled = deadline;
            let (partition, start) = (stage.partition, self.start.position);
            stage.timers.set(Timer {
                deadline,
                partition,
                start,
            });
        }
    }

    /// Lets a deadline pass, or (`None`) the end of the input, which ends what waits without a deadline.
    fn pass(&mut self, stage: &mut Stage<'_>, deadline: Option<i64>) {
        let before = self.live as u64;
        let old = std::mem::take(&mut self.threads);
        for mut thread in old {
            if thread.step == EXPIRED {
                mark(&mut self.threads, thread);
                continue;
            }
            let over = match deadline {
                Some(deadline) => thread.deadline <= deadline,
                None => thread.deadline == i64::MAX,
            };
            match &stage.program.steps[thread.step].kind {
                _ if !over => self.threads.push(thread),
                StepKind::Bind(bind) => {
                    // Without an order of time the end of the input is the deadline of all.
                    let limited = bind.max.is_some() || stage.program.plan.within.is_some();
                    if (deadline.is_some() || (limited && !stage.program.by_time))
                        && let Some(node) = &thread.node
                    {
                        expire(stage, &mut self.threads, node);
                    }
                }
                StepKind::Accept(accept) => {
                    thread.deadline = i64::MAX;
                    if thread.until <= stage.position && (stage.ended || !accept.at_end) {
                        self.found = thread.node.map_or(Found::Empty, Found::Match);
                        break;
                    }
                    self.threads.push(thread);
                }
            }
        }
        self.settle(stage, before);
    }
}

/// Marks the place of a partial match that ran out of time. Only the most preferred one of a group is of interest.
fn expire(stage: &Stage<'_>, list: &mut Vec<Thread>, node: &Arc<Node>) {
    if stage.program.plan.emit_timeouts {
        let node = Some(Arc::clone(node));
        let thread = Thread {
            step: EXPIRED,
            race: 0,
            deadline: i64::MAX,
            until: 0,
            node,
        };
        mark(list, thread);
    }
}

/// Adds a thread that ran out of time, unless one that is preferred did.
fn mark(list: &mut Vec<Thread>, thread: Thread) {
    if list.iter().all(|above| above.step != EXPIRED) {
        list.push(thread);
    }
}

impl Preferred {
    /// Nothing is open.
    pub fn is_idle(&self) -> bool {
        self.groups.is_empty()
    }

    /// The position of the earliest start that is open.
    pub fn first_start(&self) -> Option<u64> {
        self.groups.front().map(|group| group.start.position)
    }

    /// Whether a timer still means something.
    pub fn expects(&self, timer: &Timer) -> bool {
        self.find(timer)
            .and_then(|index| self.groups.get(index))
            .is_some()
    }

    /// Which group begins at a position.
    fn at(&self, start: u64) -> Option<usize> {
        self.groups
            .binary_search_by_key(&start, |group| group.start.position)
            .ok()
    }

    fn find(&self, timer: &Timer) -> Option<usize> {
        let index = self.at(timer.start)?;
        let group = self.groups.get(index)?;
        (group.scheduled == timer.deadline && !group.done).then_some(index)
    }

    /// A row.
    pub fn row(&mut self, scene: &mut Scene<'_, '_>, scratch: &mut Scratch) {
        let program = scene.stage.program;
        scratch.marks.head = 0;
        if program.finds_starts {
            let mut found = std::mem::take(&mut scratch.found);
            // What the head waits for decides which later starts are of use.
            let head = self.groups.front().filter(|_| program.head_dominates);
            found.extend(head.map(|head| head.start.position));
            if let Some(Within::Events(count)) = program.plan.within {
                // The start for which this row is the last one.
                found.extend((scene.position + 1).checked_sub(count));
            }
            self.watch.find(scene, &mut found);
            found.sort_unstable();
            found.dedup();
            let mut next = 0;
            for start in found.drain(..) {
                // Often it is the one right behind the last one.
                let group = self.groups.get(next);
                let is_next = group.is_some_and(|group| group.start.position == start);
                let index = is_next.then_some(next).or_else(|| self.at(start));
                if let Some(index) = index {
                    let gone = self.step(scene, scratch, index);
                    next = if gone { 0 } else { index + 1 };
                }
            }
            scratch.found = found;
        } else {
            let mut index = 0;
            while let Some(group) = self.groups.get(index) {
                let is_head = index == 0 && program.head_dominates;
                let concerns = group.live > 0 && (is_head || scene.concerns(group.interest));
                if !(concerns && self.step(scene, scratch, index)) {
                    index += 1;
                }
            }
        }
        if scene.position >= self.next_start {
            self.begin(scene, scratch);
        }
        self.tidy(scene.stage, scene.position.saturating_add(1));
    }

    /// Moves a group on by a row; whether it was the head, and is gone.
    fn step(&mut self, scene: &mut Scene<'_, '_>, scratch: &mut Scratch, index: usize) -> bool {
        let program = scene.stage.program;
        let Some(group) = self.groups.get_mut(index) else {
            return false;
        };
        if index == 0 && program.head_dominates {
            scratch.marks.head = scratch.marks.stamp + 1;
        }
        group.step(scene, scratch, &mut self.races);
        if program.independent() && group.is_decided() {
            conclude(scene.stage, group);
            group.done = true;
        }
        self.dead += usize::from(group.is_dead());
        if program.finds_starts {
            file(program, group, &mut self.watch, &mut scratch.wants);
        }
        let decided = index == 0 && group.is_decided();
        if decided {
            // The next one is the head, and the next to look at (what the match skips over is gone).
            scratch.marks.head = 0;
            self.resolve(scene.stage);
        }
        decided
    }

    /// Begins a group at the row.
    fn begin(&mut self, scene: &mut Scene<'_, '_>, scratch: &mut Scratch) {
        let program = scene.stage.program;
        if !scene.concerns(program.start_interest) {
            return;
        }
        let marks = &mut scratch.marks;
        marks.next(program.classes);
        let start = Start {
            position: scene.position,
            time: scene.row.time(),
        };
        let mut group = Group {
            start,
            row: scene.row.clone(),
            threads: Vec::new(),
            live: 0,
            found: Found::Nothing,
            interest: 0,
            wants: Vec::new(),
            scheduled: i64::MAX,
            done: false,
            longest: 0,
            kept: 0,
        };
        let mut list = std::mem::take(&mut scratch.list);
        for index in program.steps_of(0) {
            match &program.steps[index].kind {
                StepKind::Bind(bind) => {
                    let Some(node) = scene.begin(bind) else {
                        continue;
                    };
                    let stage = &mut *scene.stage;
                    if group.enter(stage, marks, &mut self.races, &mut list, bind.next, &node)
                        == After::Cut
                    {
                        break;
                    }
                }
                StepKind::Accept(accept) => {
                    // Before a row there is always that row: `$` does not hold there.
                    if accept.at_end || (accept.first_row && scene.position != 0) {
                        continue;
                    }
                    if accept.is_immediate() {
                        group.found = Found::Empty;
                        break;
                    }
                    let (deadline, until) = scene.stage.tail_deadline(accept, start, start.time);
                    list.push(Thread {
                        step: index,
                        race: 0,
                        deadline,
                        until,
                        node: None,
                    });
                }
            }
        }
        let useless = list.is_empty() && matches!(group.found, Found::Nothing);
        if useless {
            scratch.list = list;
            return;
        }
        group.threads.reserve_exact(list.len());
        group.threads.append(&mut list);
        scratch.list = list;
        group.settle(scene.stage, 0);
        if program.independent() && group.is_decided() {
            conclude(scene.stage, &mut group);
            return;
        }
        if program.finds_starts {
            file(program, &mut group, &mut self.watch, &mut scratch.wants);
        }
        let decided = group.is_decided();
        self.groups.push_back(group);
        if decided && self.groups.len() == 1 {
            self.resolve(scene.stage);
        }
    }

    /// A timer fired: its deadline has passed.
    pub fn fire(&mut self, stage: &mut Stage<'_>, timer: &Timer) {
        let Some(index) = self.find(timer) else {
            return;
        };
        let Some(group) = self.groups.get_mut(index) else {
            return;
        };
        group.scheduled = i64::MAX;
        group.pass(stage, Some(timer.deadline));
        if group.is_decided() && stage.program.independent() {
            conclude(stage, group);
            group.done = true;
        }
        self.dead += usize::from(group.is_dead());
        if stage.program.finds_starts {
            file(stage.program, group, &mut self.watch, &mut Vec::new());
        }
        if index == 0 {
            self.resolve(stage);
        }
        self.tidy(stage, stage.position.saturating_add(1));
    }

    /// No row will come any more: what waits without a deadline ends. The others' deadlines pass later.
    pub fn end(&mut self, stage: &mut Stage<'_>) {
        let independent = stage.program.independent();
        for group in &mut self.groups {
            if group.live > 0 {
                group.pass(stage, None);
                if independent && group.is_decided() {
                    conclude(stage, group);
                    group.done = true;
                }
            }
        }
        self.resolve(stage);
        self.tidy(stage, u64::MAX);
    }

    /// Drops what is open; how many starts were.
    pub fn abandon(&mut self, stage: &mut Stage<'_>) -> u64 {
        let mut open = 0;
        for group in self.groups.drain(..).filter(|group| !group.is_dead()) {
            stage.stats.live -= group.live as u64;
            *stage.kept -= u64::from(group.kept);
            open += 1;
        }
        self.dead = 0;
        self.watch = Watch::default();
        open
    }

    /// Concludes what is decided at the head.
    fn resolve(&mut self, stage: &mut Stage<'_>) {
        while let Some(head) = self.groups.front_mut() {
            if !head.is_decided() {
                return;
            }
            let Some(mut group) = self.groups.pop_front() else {
                return;
            };
            if group.is_dead() {
                self.dead = self.dead.saturating_sub(1);
            }
            if group.done {
                continue;
            }
            if stage.program.unmatched() {
                stage.decided.push(Decided::Frontier(group.start.position));
            }
            if let Some(next) = conclude(stage, &mut group) {
                self.skip_to(stage, next);
            }
        }
    }

    /// Drops the groups that a match has skipped over.
    fn skip_to(&mut self, stage: &mut Stage<'_>, next: u64) {
        self.next_start = self.next_start.max(next);
        while let Some(group) = self.groups.front()
            && group.start.position < self.next_start
        {
            stage.stats.live -= group.live as u64;
            self.drop_first(stage);
        }
    }

    /// Drops groups of no use, and tells how far everything is decided.
    fn tidy(&mut self, stage: &mut Stage<'_>, next: u64) {
        if self.dead > 16 && self.dead > self.groups.len() / 2 {
            self.groups.retain(|group| !group.is_dead());
            self.dead = 0;
        }
        if stage.program.unmatched() {
            let frontier = self.first_start().unwrap_or(next);
            stage.decided.push(Decided::Frontier(frontier));
        }
    }
}

/// Reports what a decided group has found; where the search goes on if it is a match.
fn conclude(stage: &mut Stage<'_>, group: &mut Group) -> Option<u64> {
    let start = group.start.position;
    let last = match std::mem::replace(&mut group.found, Found::Nothing) {
        Found::Match(node) => Some(node),
        Found::Empty => None,
        Found::Nothing => {
            let partial = group.threads.drain(..).find_map(|thread| thread.node)?;
            stage.stats.timeouts += 1;
            stage.decided.push(Decided::Match(Decision {
                last: Some(partial),
                start: None,
                start_position: start,
                number: 0,
                timed_out: true,
            }));
            return None;
        }
    };
    *stage.numbers += 1;
    stage.stats.matches += 1;
    let next = match &last {
        Some(last) => {
            let bound = last.back().map(|node| (node.position, node.variable));
            next_start(stage, start, last.position, bound, Some(&group.row))
        }
        None => start + 1,
    };
    stage.decided.push(Decided::Match(Decision {
        start: last.is_none().then(|| group.row.clone()),
        last,
        start_position: start,
        number: *stage.numbers,
        timed_out: false,
    }));
    Some(next)
}
