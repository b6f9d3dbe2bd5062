//! The partition of a query that counts its matches.

mod saved;

use std::cell::RefCell;
use std::sync::Arc;

use portent_grammar::Value;
use portent_planner::CompiledQuery;
use portent_planner::compiled::{MatchPlan, Overflow, Within};
use portent_planner::expr::{Aggregate, VarId, eval, is_true};

use crate::emit::Origin;
use crate::event::Row;
use crate::group_by::Many;
use crate::id::MatchId;
use crate::matcher::complete::{Complete, MatchFacts};
use crate::matcher::history::History;
use crate::matcher::output::Sink;
use crate::matcher::partition::Partition;
use crate::matcher::program::{Interest, Program, StepKind};
use crate::matcher::report::Bound;
use crate::matcher::scene::{Scene, Stage};

use super::count::{Counter, Moved};
use super::determined::{Determined, START};
use super::weight::{Carry, Loaded, Total, Weight};
use super::{Shared, cutoff, meets, place};

/// What a query of class `count` asks of its matches. Queries of a family may differ in it.
#[derive(Debug)]
pub(crate) struct Asked {
    query: Arc<CompiledQuery>,
    carries: Vec<Carry>,
}

impl Asked {
    pub fn new(query: &Arc<CompiledQuery>, plan: &MatchPlan) -> Self {
        Self {
            query: Arc::clone(query),
            carries: Carry::all(query, plan),
        }
    }

    fn aggregate(&self, carry: &Carry) -> Option<&Aggregate> {
        self.query.group.as_ref()?.aggregates.get(carry.aggregate)
    }
}

/// What open partial matches come to, and what they wait for.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    /// How many they are, where that is all that is asked.
    number: Counter<u128>,
    /// Where they carry values.
    loaded: Option<Box<Counter<Loaded>>>,
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
        self.number.is_idle() && self.loaded.as_ref().is_none_or(|loaded| loaded.is_idle())
    }

    /// The variables that what is open waits for.
    pub fn concern(&self) -> Interest {
        if self.always {
            return Interest::MAX;
        }
        self.mask
    }

    /// A row.
    pub fn row(&mut self, scene: &mut Scene<'_, '_>, asked: &Asked, shared: &mut Shared) {
        let determined = &mut shared.determined;
        shared.completed = Total::default();
        let start = determined.start_mask();
        let bits = meets(scene, self.mask | start);
        if bits == 0 && !self.always {
            return;
        }
        let known = self.counted;
        if asked.carries.is_empty() {
            let completed = step(
                &mut self.number,
                scene,
                asked,
                determined,
                known,
                (bits, ()),
            );
            shared.completed = completed.into_total();
            (self.mask, self.always) = waits_for(&self.number, determined);
        } else {
            let values = values(scene, asked, bits);
            let counter = self.loaded.get_or_insert_default();
            let completed = step(counter, scene, asked, determined, known, (bits, values));
            shared.completed = completed.into_total();
            (self.mask, self.always) = waits_for(counter, determined);
        }
        self.tell(scene.stage);
    }

    /// Brings the query's statistics up to date.
    fn tell(&mut self, stage: &mut Stage<'_>) {
        let loaded = self.loaded.as_ref().map_or(0, |loaded| loaded.len());
        let held = (self.number.len() + loaded) as u64;
        stage.stats.live = stage.stats.live + held - self.counted;
        self.counted = held;
    }

    /// Drops what is too old at a time.
    pub fn sweep(&mut self, stage: &mut Stage<'_>, asked: &Asked, shared: &Shared, time: i64) {
        if let Some(Within::Time(within)) = stage.program.plan.within {
            let cutoff = time.saturating_sub(within);
            let determined = &shared.determined;
            self.number.expire(determined, &asked.carries, cutoff);
            if let Some(loaded) = &mut self.loaded {
                loaded.expire(determined, &asked.carries, cutoff);
            }
            self.tell(stage);
        }
    }

    /// Drops what is open; how many ways that were in which partial matches could have gone on.
    pub fn abandon(
        &mut self,
        stage: &mut Stage<'_>,
        asked: &Asked,
        shared: &mut Shared,
        time: i64,
    ) -> u64 {
        let cutoff = cutoff(stage.program, time, stage.position);
        let (determined, carries) = (&shared.determined, &asked.carries);
        let mut gone = std::mem::take(self);
        stage.stats.live -= gone.counted;
        gone.number.expire(determined, carries, cutoff);
        let mut open = gone.number.ways(determined, carries);
        if let Some(mut loaded) = gone.loaded {
            loaded.expire(determined, carries, cutoff);
            open = open.saturating_add(loaded.ways(determined, carries));
        }
        open
    }
}

/// Moves partial matches on by the row, which meets these variables with these values. `known`: how many of the counter's events the
/// query's statistics know of.
fn step<W: Weight>(
    counter: &mut Counter<W>,
    scene: &mut Scene<'_, '_>,
    asked: &Asked,
    determined: &mut Determined,
    known: u64,
    (bits, values): (Interest, W::Values),
) -> W {
    let program = scene.stage.program;
    let time = scene.row.time();
    let cutoff = cutoff(program, time, scene.position);
    counter.expire(determined, &asked.carries, cutoff);
    let stage = &mut *scene.stage;
    let room = stage.room;
    let is_full = counter.len() as u64 + stage.stats.live - known >= room.most;
    let begins = !(is_full && begins(program, determined, bits) && room.sheds(stage.stats));
    let moved = Moved {
        at: place(program, time, scene.position),
        bits,
        begins,
        values,
    };
    let completed = counter.push(program, determined, &asked.carries, moved);
    while room.policy == Overflow::DropOldest && counter.len() as u64 > room.most {
        counter.drop_first(determined, &asked.carries);
        stage.stats.dropped += 1;
    }
    stage.stats.visits += counter.take_work();
    completed
}

fn waits_for<W: Weight>(counter: &Counter<W>, determined: &Determined) -> (Interest, bool) {
    counter.states().fold((0, false), |(mask, always), state| {
        let (more, every) = determined.concern(state);
        (mask | more, always | every)
    })
}

/// The values that the row gives to those that bind it, by what they carry; NULL also where the aggregate's filter does not hold.
fn values(scene: &Scene<'_, '_>, asked: &Asked, bits: Interest) -> Box<[Value]> {
    let look = Look {
        program: scene.stage.program,
        history: scene.history,
        time: scene.row.time(),
        row: scene.row,
    };
    let values = asked.carries.iter().map(|carry| {
        // Whichever variable of them it is bound to, it gives the same.
        let meets = carry.variables & bits;
        if meets == 0 {
            return Value::Null;
        }
        let bound = [Bound {
            row: scene.row,
            position: scene.position,
            variable: VarId(meets.trailing_zeros() as u16),
            excluded: false,
        }];
        asked
            .aggregate(carry)
            .map_or(Value::Null, |aggregate| look.value(aggregate, &bound))
    });
    values.collect()
}

/// Where an aggregate's argument finds its values.
struct Look<'a> {
    program: &'a Program,
    history: &'a History,
    time: i64,
    row: &'a Row,
}

impl Look<'_> {
    /// What an aggregate takes from a match with this one event, or with none.
    fn value(&self, aggregate: &Aggregate, bound: &[Bound<'_>]) -> Value {
        let context = Complete {
            program: self.program,
            history: self.history,
            bound,
            upto: bound.len(),
            here: Some(self.row),
            facts: &MatchFacts {
                id: MatchId(0),
                number: 0,
                time: self.time,
                timed_out: false,
            },
            running: &RefCell::new(Vec::new()),
        };
        // `is_count` lets nothing through that can fail.
        let takes = |filter| is_true(filter, &context).unwrap_or(false);
        if !aggregate.filter.as_ref().is_none_or(takes) {
            return Value::Null;
        }
        match aggregate.args.first() {
            None => Value::Bool(true),
            Some(arg) => eval(arg, &context).unwrap_or(Value::Null),
        }
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
    asked: &Asked,
    partition: &mut Partition,
    scene: (&Row, u64),
    shared: &mut Shared,
    sink: &mut Sink<'_>,
) {
    let mut completed = std::mem::take(&mut shared.completed);
    if completed.number == 0 {
        return;
    }
    let times = u64::try_from(completed.number).unwrap_or(u64::MAX);
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
    let look = Look {
        program,
        history: &partition.history,
        time: sink.clock,
        row,
    };
    let mut many = Many {
        matches: completed.number,
        carried: Vec::new(),
    };
    for (carried, carry) in completed.carried.iter_mut().zip(&asked.carries) {
        if carried.without > 0
            && let Some(aggregate) = asked.aggregate(carry)
        {
            let without = look.value(aggregate, &[]);
            carried.take(&without, carried.without, carry);
        }
        many.carried.push((carry.aggregate, carried.summary()));
    }
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
        running: &RefCell::new(Vec::new()),
    };
    let origin = Origin {
        time: sink.clock,
        match_id: None,
        event: &row.event.values,
    };
    sink.emitter.emit_many(&context, &origin, &many, sink.stats);
}
