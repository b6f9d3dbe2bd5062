//! The partition of a query that counts its matches.

use portent_planner::compiled::{Overflow, Within};

use crate::emit::Origin;
use crate::id::MatchId;
use crate::matcher::complete::{Complete, MatchFacts};
use crate::matcher::output::Sink;
use crate::matcher::partition::Partition;
use crate::matcher::program::{Interest, Program, StepKind};
use crate::matcher::report::Bound;
use crate::matcher::scene::{Scene, Stage};

use super::count::Counter;
use super::determined::{Determined, START};
use super::{Shared, cutoff, meets, place};

/// The numbers of open partial matches, and what they wait for.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    counter: Counter,
    /// The variables that matter to what is open.
    mask: Interest,
    /// Every event matters to it.
    always: bool,
    /// How many events the query's statistics know of.
    counted: u64,
}

impl Counted {
    /// Nothing is open.
    pub fn is_idle(&self) -> bool {
        self.counter.is_idle()
    }

    /// The variables that what is open waits for.
    pub fn concern(&self) -> Interest {
        if self.always {
            return Interest::MAX;
        }
        self.mask
    }

    /// A row.
    pub fn row(&mut self, scene: &mut Scene<'_, '_>, shared: &mut Shared) {
        let program = scene.stage.program;
        let determined = &mut shared.determined;
        shared.completed = 0;
        let start = determined.start_mask();
        let bits = meets(scene, self.mask | start);
        if bits == 0 && !self.always {
            return;
        }
        scene.stage.stats.visits += 1;
        let time = scene.row.time();
        let cutoff = cutoff(program, time, scene.position);
        self.counter.expire(determined, cutoff);
        let at = place(program, time, scene.position);
        let stage = &mut *scene.stage;
        let before = self.counted;
        let room = stage.room;
        let is_full = self.counter.len() as u64 + stage.stats.live - before >= room.most;
        let begins = !(is_full && begins(program, determined, bits) && room.sheds(stage.stats));
        shared.completed = self.counter.push(program, determined, (at, begins), bits);
        while room.policy == Overflow::DropOldest && self.counter.len() as u64 > room.most {
            self.counter.drop_first(determined);
            stage.stats.dropped += 1;
        }
        self.tell(stage);
        (self.mask, self.always) = self.waits_for(determined);
    }

    /// Brings the query's statistics up to date.
    fn tell(&mut self, stage: &mut Stage<'_>) {
        let held = self.counter.len() as u64;
        stage.stats.live = stage.stats.live + held - self.counted;
        self.counted = held;
    }

    fn waits_for(&self, determined: &Determined) -> (Interest, bool) {
        let states = self.counter.states();
        states.fold((0, false), |(mask, always), state| {
            let (more, every) = determined.concern(state);
            (mask | more, always | every)
        })
    }

    /// Drops what is too old at a time.
    pub fn sweep(&mut self, stage: &mut Stage<'_>, shared: &Shared, time: i64) {
        if let Some(Within::Time(within)) = stage.program.plan.within {
            let cutoff = time.saturating_sub(within);
            self.counter.expire(&shared.determined, cutoff);
            self.tell(stage);
        }
    }

    /// Drops what is open; how many ways that were in which partial matches could have gone on.
    pub fn abandon(&mut self, stage: &mut Stage<'_>, shared: &mut Shared, time: i64) -> u64 {
        let cutoff = cutoff(stage.program, time, stage.position);
        let determined = &mut shared.determined;
        self.counter.expire(determined, cutoff);
        let open = self.counter.ways(determined);
        stage.stats.live -= self.counted;
        *self = Self::default();
        open
    }
}

/// Whether an event begins a match that goes on.
fn begins(program: &Program, determined: &mut Determined, bits: Interest) -> bool {
    let moves = determined.moves(program, START, bits);
    moves.binds.iter().any(|bind| bind.next.is_some())
}

/// Gives the matches that the event at hand completed to the aggregates, all at once.
pub(crate) fn report(
    program: &Program,
    partition: &mut Partition,
    scene: (&crate::event::Row, u64),
    shared: &mut Shared,
    sink: &mut Sink<'_>,
) {
    let completed = std::mem::take(&mut shared.completed);
    if completed == 0 {
        return;
    }
    let times = u64::try_from(completed).unwrap_or(u64::MAX);
    partition.numbers = partition.numbers.saturating_add(times);
    sink.stats.matches = sink.stats.matches.saturating_add(times);
    let (row, position) = scene;
    // `is_count` has seen to it that any variable which can be the last gives the same.
    let last = program.steps.iter().find_map(|step| match &step.kind {
        StepKind::Bind(bind) => program
            .steps_of(bind.next)
            .any(|step| matches!(program.steps[step].kind, StepKind::Accept(_)))
            .then_some(bind.variable),
        StepKind::Accept(_) => None,
    });
    let Some(variable) = last else { return };
    let bound = [Bound {
        row,
        position,
        variable,
        excluded: false,
    }];
    let facts = MatchFacts {
        id: MatchId(0),
        number: 0,
        time: sink.clock,
        timed_out: false,
    };
    let context = Complete {
        program,
        history: &partition.history,
        bound: &bound,
        upto: 1,
        here: Some(row),
        facts: &facts,
        running: &std::cell::RefCell::new(Vec::new()),
    };
    let origin = Origin {
        time: sink.clock,
        match_id: None,
        event: &row.event.values,
    };
    sink.emitter
        .emit_times(&context, &origin, times, sink.stats, sink.out);
}
