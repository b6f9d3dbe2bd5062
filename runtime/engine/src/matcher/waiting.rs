//! The threads that wait at one step, for MATCH ALL: in the order in which they came, by deadline, and by what they wait for.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

use portent_planner::expr::VarId;

use super::bindings::Node;
use super::scene::{Stage, Start};
use super::timers::Timer;
use super::watch::{Want, Watch};

/// A thread: what is bound, and until when it may go on.
pub(crate) struct Thread {
    pub node: Arc<Node>,
    pub start: Start,
    /// When its wait ends (or a tail is decided), µs; `i64::MAX`: no time.
    pub deadline: i64,
    /// A tail is not decided before the row at this position.
    pub until: u64,
    /// Which events may concern it, where the step is one whose threads are found by that.
    pub wants: Box<[(VarId, Want)]>,
    /// There too: the position of the row that ends its wait, whatever that is; `u64::MAX`: none.
    pub ends: u64,
}

/// The threads that wait at one step.
pub(crate) struct Waiting {
    /// By number, which is the order in which they came. Those that are gone leave a gap, but not at the front.
    threads: VecDeque<(u64, Option<Thread>)>,
    /// How many are no gaps.
    live: usize,
    /// The number of the next one.
    next: u64,
    /// No deadline so far was later than this one.
    latest: i64,
    /// Deadlines and the threads they are of, where they do not come in order; some are gone.
    deadlines: Option<BinaryHeap<Reverse<(i64, u64)>>>,
    /// The deadline for which a timer is set; `i64::MAX`: none.
    scheduled: i64,
    /// By what they wait for.
    pub watch: Watch,
}

/// So many gaps, and deadlines of threads that are gone, do not matter.
const SLACK: usize = 32;

impl Default for Waiting {
    fn default() -> Self {
        Self {
            threads: VecDeque::new(),
            live: 0,
            next: 0,
            latest: i64::MIN,
            deadlines: None,
            scheduled: i64::MAX,
            watch: Watch::default(),
        }
    }
}

impl Waiting {
    /// How many wait.
    pub fn len(&self) -> usize {
        self.live
    }

    /// All that wait.
    pub fn threads(&self) -> impl Iterator<Item = &Thread> {
        self.threads
            .iter()
            .filter_map(|(_, thread)| thread.as_ref())
    }

    /// The thread with a number, if it still waits.
    pub fn get(&self, number: u64) -> Option<&Thread> {
        let at = self
            .threads
            .binary_search_by_key(&number, |(it, _)| *it)
            .ok()?;
        self.threads.get(at)?.1.as_ref()
    }

    /// Adds a thread; its number.
    pub fn push(&mut self, thread: Thread) -> u64 {
        let (number, deadline) = (self.next, thread.deadline);
        self.next += 1;
        for (variable, want) in &thread.wants {
            self.watch.add(*variable, want, number);
        }
        if thread.ends != u64::MAX {
            self.watch.add_at(thread.ends, number);
        }
        if deadline < self.latest && self.deadlines.is_none() {
            self.deadlines = Some(self.all_deadlines());
        }
        self.latest = self.latest.max(deadline);
        self.threads.push_back((number, Some(thread)));
        self.live += 1;
        if let Some(deadlines) = &mut self.deadlines {
            deadlines.push(Reverse((deadline, number)));
            if deadlines.len() > 2 * self.live + SLACK {
                self.deadlines = Some(self.all_deadlines());
            }
        }
        number
    }

    fn all_deadlines(&self) -> BinaryHeap<Reverse<(i64, u64)>> {
        let all = self.threads.iter();
        all.filter_map(|(number, thread)| Some(Reverse((thread.as_ref()?.deadline, *number))))
            .collect()
    }

    /// Takes a thread out.
    pub fn remove(&mut self, number: u64) -> Option<Thread> {
        let at = self
            .threads
            .binary_search_by_key(&number, |(it, _)| *it)
            .ok()?;
        let thread = self.threads.get_mut(at)?.1.take()?;
        self.gone(number, &thread);
        while self
            .threads
            .front()
            .is_some_and(|(_, thread)| thread.is_none())
        {
            self.threads.pop_front();
        }
        if self.threads.len() > 2 * self.live + SLACK {
            self.threads.retain(|(_, thread)| thread.is_some());
        }
        Some(thread)
    }

    fn gone(&mut self, number: u64, thread: &Thread) {
        for (variable, want) in &thread.wants {
            self.watch.remove(*variable, want, number);
        }
        if thread.ends != u64::MAX {
            self.watch.remove_at(thread.ends, number);
        }
        self.live -= 1;
        if self.live == 0 {
            self.latest = i64::MIN;
            self.deadlines = None;
        }
    }

    /// Looks at every thread, and drops those that do not stay.
    pub fn retain(&mut self, mut stays: impl FnMut(&Thread) -> bool) {
        let mut threads = std::mem::take(&mut self.threads);
        threads.retain(|(number, thread)| {
            let Some(thread) = thread else { return false };
            let stays = stays(thread);
            if !stays {
                self.gone(*number, thread);
            }
            stays
        });
        self.threads = threads;
    }

    /// The first deadline.
    pub fn first_deadline(&mut self) -> Option<i64> {
        let Some(deadlines) = &mut self.deadlines else {
            let (_, thread) = self.threads.front()?;
            return thread.as_ref().map(|thread| thread.deadline);
        };
        while let Some(Reverse((deadline, number))) = deadlines.peek() {
            let at = self.threads.binary_search_by_key(number, |(it, _)| *it);
            let thread = at.ok().and_then(|at| self.threads.get(at)?.1.as_ref());
            if thread.is_some() {
                return Some(*deadline);
            }
            deadlines.pop();
        }
        None
    }

    /// Takes those out whose deadline is not after this one, in the order in which they came.
    pub fn take_until(&mut self, deadline: i64) -> Vec<Thread> {
        let mut over = Vec::new();
        while let Some(first) = self.first_deadline()
            && first <= deadline
        {
            let number = match &mut self.deadlines {
                Some(deadlines) => deadlines.pop().map(|Reverse((_, number))| number),
                None => self.threads.front().map(|(number, _)| *number),
            };
            let Some(number) = number else { break };
            if let Some(thread) = self.remove(number) {
                over.push((number, thread));
            }
        }
        over.sort_unstable_by_key(|(number, _)| *number);
        over.into_iter().map(|(_, thread)| thread).collect()
    }

    /// Takes those out that wait without a deadline.
    pub fn take_endless(&mut self) -> Vec<Thread> {
        let endless = self.threads.iter().filter(|(_, thread)| {
            let deadline = thread.as_ref().map(|thread| thread.deadline);
            deadline == Some(i64::MAX)
        });
        let numbers: Vec<u64> = endless.map(|(number, _)| *number).collect();
        let taken = numbers.into_iter().filter_map(|number| self.remove(number));
        taken.collect()
    }

    /// Drops what is over before a time.
    pub fn expire(&mut self, time: i64) {
        if let Some(before) = time.checked_sub(1)
            && self.first_deadline().is_some_and(|first| first <= before)
        {
            drop(self.take_until(before));
        }
    }

    /// Whether a timer still means something.
    pub fn expects(&self, timer: &Timer) -> bool {
        self.scheduled == timer.deadline
    }

    /// The deadline for which a timer is set; `i64::MAX`: none.
    pub fn scheduled(&self) -> i64 {
        self.scheduled
    }

    /// A timer was set for this deadline.
    pub fn set_scheduled(&mut self, deadline: i64) {
        self.scheduled = deadline;
    }

    /// The timer fired.
    pub fn fired(&mut self) {
        self.scheduled = i64::MAX;
    }

    /// Sets a timer for this deadline, if none is set that is earlier.
    pub fn schedule(&mut self, stage: &mut Stage<'_>, step: usize, deadline: i64) {
        if deadline >= self.scheduled {
            return;
        }
        self.scheduled = deadline;
        let partition = stage.partition;
        stage.timers.set(Timer {
            deadline,
            partition,
            start: step as u64,
        });
    }
}
