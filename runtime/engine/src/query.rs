//! A standing query at work: merges its inputs, and takes each row through pattern and select list.

mod saved;

use std::sync::Arc;

use portent_grammar::Value;
use portent_planner::CompiledQuery;
use portent_planner::compiled::{Body, MatchPlan, Overflow};
use portent_planner::expr::{Expr, conjuncts};

use crate::config::EngineConfig;
use crate::context::OneRow;
use crate::emit::{Emitter, Origin, Produced};
use crate::event::{Event, Hint, Row};
use crate::index::Test;
use crate::matcher::{Families, Matcher, Place, Sink, row_bytes};
use crate::merge::Merge;
use crate::stats::{Failure, Limit, QueryStats};
use crate::stream::NEVER;
use crate::trace::{Capture, Tap};
use crate::unnest::unnest;

/// What a query wants of the events of its input.
#[derive(Debug)]
pub(crate) enum Wanted {
    Everything,
    /// Events that pass all tests of one of these. The bit of a variable, its tests, and whether they are all that it asks of an
    /// event alone.
    Some(Vec<(u64, Vec<Test>, bool)>),
}

impl Wanted {
    fn of_variables(plan: &MatchPlan, variables: u64) -> Self {
        let mut wanted = Vec::new();
        for (condition, number) in plan.conditions.iter().zip(0_u32..64) {
            let bit = 1 << number;
            if variables & bit == 0 {
                continue;
            }
            let predicates = condition
                .unary
                .iter()
                .filter_map(|number| plan.predicates.get(*number as usize));
            let tests: Vec<Test> = predicates.filter_map(Test::of).collect();
            let all = tests.len() == condition.unary.len();
            wanted.push((bit, tests, all));
        }
        Wanted::Some(wanted)
    }

    fn of_filter(filter: Option<&Expr>) -> Self {
        let tests: Vec<Test> = filter
            .map(|filter| conjuncts(filter.clone()))
            .unwrap_or_default()
            .iter()
            .filter_map(Test::of)
            .collect();
        if tests.is_empty() {
            return Wanted::Everything;
        }
        Wanted::Some(vec![(1, tests, false)])
    }
}

/// What a query works with.
pub(crate) struct Bench<'a> {
    pub families: &'a mut Families,
    /// Where its output goes.
    pub out: &'a mut Vec<Produced>,
}

/// A registered query.
pub(crate) struct Query {
    pub plan: Arc<CompiledQuery>,
    /// Its output goes to `drain`, besides to its readers.
    pub deliver: bool,
    /// `None`: one input, which needs no merging.
    merge: Option<Merge>,
    matcher: Option<Box<Matcher>>,
    emitter: Emitter,
    stats: QueryStats,
    /// The time up to which everything is known.
    clock: i64,
    finished: bool,
    /// It sees nothing until it is resumed.
    paused: bool,
    /// Its rows are kept, to be explained.
    tap: Option<Box<Tap>>,
    /// It takes the events of its one input as they are.
    plain: bool,
    /// Its events go to its family.
    light: bool,
    /// The most bytes that it may hold, where more than partial matches can be too many: it is to stop then.
    most_bytes: Option<u64>,
    /// What a row of its output, and one of its input, takes, about.
    row_bytes: (u64, u64),
    /// If it sees only the events that concern it: how many its stream had let go when it was registered.
    pub before: Option<u64>,
}

impl Query {
    /// # Errors
    /// One sentence, if the plan contradicts itself.
    pub fn new(
        plan: Arc<CompiledQuery>,
        deliver: bool,
        streams: &[String],
        config: EngineConfig,
        families: &mut Families,
    ) -> Result<Self, String> {
        if plan.inputs.is_empty() || plan.inputs.len() > usize::from(u16::MAX) {
            return Err(format!("it has {} inputs", plan.inputs.len()));
        }
        let config = config.of(&plan.limits);
        let matcher = match &plan.body {
            Body::Rows => None,
            Body::Match(body) => Some(Box::new(Matcher::new(
                &plan, body, streams, config, families,
            )?)),
        };
        Ok(Self {
            deliver,
            merge: (plan.inputs.len() > 1).then(|| Merge::new(plan.inputs.len())),
            matcher,
            emitter: Emitter::new(Arc::clone(&plan)),
            stats: QueryStats::default(),
            clock: NEVER,
            finished: false,
            paused: false,
            tap: None,
            plain: plan.unnest.is_empty()
                && matches!(plan.inputs.as_slice(), [input] if input.columns.is_none()),
            light: false,
            most_bytes: (config.overflow == Overflow::Fail
                && config.max_bytes_per_query != usize::MAX)
                .then_some(config.max_bytes_per_query as u64),
            row_bytes: (row_bytes(&plan.output), row_bytes(&plan.layout)),
            before: None,
            plan,
        })
    }

    /// What it wants of the events of its input.
    pub fn wanted(&self) -> Wanted {
        let [input] = self.plan.inputs.as_slice() else {
            return Wanted::Everything;
        };
        if self.tap.is_some() {
            return Wanted::Everything;
        }
        if input.columns.is_some() || !self.plan.unnest.is_empty() {
            return Wanted::Everything;
        }
        match (&self.matcher, &self.plan.body) {
            (Some(matcher), Body::Match(plan)) => match matcher.variables() {
                Some(variables) => Wanted::of_variables(plan, variables),
                None => Wanted::Everything,
            },
            _ => Wanted::of_filter(self.plan.filter.as_ref()),
        }
    }

    /// The bits of its interest that matter now.
    pub fn waiting(&self, families: &mut Families) -> u64 {
        match &self.matcher {
            _ if self.is_done() => 0,
            Some(matcher) if self.light => families.waiting(matcher.place()),
            Some(matcher) => match families.work(matcher.place()) {
                Some(work) => matcher.waiting(work),
                None => u64::MAX,
            },
            None => u64::MAX,
        }
    }

    /// When something happens though no event comes: beyond this time. `i64::MAX`: never.
    pub fn next_due(&self) -> i64 {
        match &self.matcher {
            Some(matcher) if !self.is_done() => matcher.next_due(),
            _ => i64::MAX,
        }
    }

    /// Whether it must hear of every watermark: what it reads is merged by them.
    pub fn merges(&self) -> bool {
        self.merge.is_some()
    }

    /// Nothing more will come out.
    pub fn is_done(&self) -> bool {
        self.finished || self.emitter.done
    }

    /// The time before which nothing more will come out.
    pub fn output_watermark(&self) -> i64 {
        // What is sorted at the end keeps the times of its events.
        if self.plan.order_by.is_empty() {
            self.clock
        } else {
            NEVER
        }
    }

    /// The time up to which everything is known; 0 before anything is.
    pub fn clock(&self) -> i64 {
        if self.clock == NEVER { 0 } else { self.clock }
    }

    pub fn stats(&self, families: &Families) -> QueryStats {
        let matcher = self.matcher.as_deref();
        let buffered = self.merge.as_ref().map_or(0, Merge::len)
            + matcher.map_or(0, Matcher::buffered)
            + self.emitter.buffered();
        let mut stats = QueryStats {
            partitions: matcher.map_or(0, Matcher::partitions) as u64,
            buffered: buffered as u64,
            done: self.is_done(),
            ..self.stats.clone()
        };
        if let Some(place) = self.light() {
            families.add_to(place, &mut stats);
        } else if let Some(matcher) = matcher.filter(|it| it.shares_graph()) {
            // What others made may have let go of what this one made.
            stats.live = families.nodes_of(matcher.place());
        }
        stats.bytes = self.bytes(stats.live);
        stats
    }

    /// How many bytes it holds with so many partial matches, about.
    fn bytes(&self, live: u64) -> u64 {
        let (output, input) = self.row_bytes;
        let matcher = self.matcher.as_ref().map_or(0, |it| it.bytes(live));
        matcher
            + self.merge.as_ref().map_or(0, Merge::len) as u64 * input
            + self.emitter.buffered() as u64 * output
    }

    /// Stops it if it came to a limit at which it is to stop. What came out since `from` did so beyond the limit.
    fn check(&mut self, from: usize, bench: &mut Bench<'_>) {
        if let Some(most) = self.most_bytes
            && self.bytes(self.stats.live) > most
        {
            self.stats.fail(Limit::Memory, most);
        }
        if self.stats.failed.is_some() && !self.finished {
            let beyond = bench.out.len().saturating_sub(from) as u64;
            bench.out.truncate(from);
            self.stats.rows = self.stats.rows.saturating_sub(beyond);
            self.stop(bench.families);
        }
    }

    /// Gives nothing more, and frees what it holds.
    fn stop(&mut self, families: &mut Families) {
        self.finished = true;
        self.emitter.stop();
        self.leave(families);
        self.merge = None;
        self.stats.live = 0;
    }

    /// Drops what is open in it: it sees nothing until another one takes its place ([`Self::resumed`]). `events`: how many it has seen. How
    /// many partial matches were open.
    pub fn pause(&mut self, events: u64, families: &mut Families) -> u64 {
        let open = self.stats(families).live;
        self.leave(families);
        self.emitter.stop();
        (self.merge, self.before) = (None, None);
        (self.stats.events, self.stats.live) = (events, 0);
        self.paused = true;
        open
    }

    /// Takes over what one that was paused had counted, and how far it had come: what it told its readers must stay true.
    pub fn resumed(mut self, paused: &mut Self) -> Self {
        self.stats = paused.stats.clone();
        self.clock = paused.clock;
        if let Some(mut tap) = paused.tap.take() {
            // What it sees from now on does not follow what it saw before.
            tap.cut();
            self.trace(Vec::new());
            self.tap = Some(tap);
            self.emitter.capture = paused.emitter.capture.take();
            if let Some(capture) = &mut self.emitter.capture {
                capture.cut();
            }
        }
        self
    }

    /// It sees nothing.
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// Events that it was shown, one by one.
    pub fn events(&self) -> u64 {
        self.stats.events
    }

    /// Why it was stopped, if it was.
    pub fn failed(&self) -> Option<&Failure> {
        self.stats.failed.as_ref()
    }

    /// A query that it reads was stopped: what follows from its silence would be wrong.
    pub fn fail_by(&mut self, failure: &Failure, bench: &mut Bench<'_>) {
        if !self.is_done() {
            self.stats.failed = Some(failure.clone());
            self.stop(bench.families);
        }
    }

    /// An event of an input. Each input gives its events in order.
    pub fn event(&mut self, input: u16, event: &Arc<Event>, hint: Hint, bench: &mut Bench<'_>) {
        if self.is_done() {
            return;
        }
        self.stats.events += 1;
        match &mut self.merge {
            None => self.take(input, event, hint, bench),
            Some(merge) => {
                merge.push(input, Arc::clone(event));
                self.release(bench);
            }
        }
    }

    /// The predicate index answers all of its conditions: from now on its events go to its family, if that will do. Where it then stands.
    pub fn lighten(&mut self) -> Option<Place> {
        self.light = self.plain && self.matcher.as_ref().is_some_and(|it| it.is_light());
        self.light()
    }

    /// How many partial matches it may have.
    pub fn most(&self) -> u64 {
        self.matcher.as_ref().map_or(0, |it| it.room().most)
    }

    fn light(&self) -> Option<Place> {
        let matcher = self.matcher.as_ref()?;
        self.light.then(|| matcher.place())
    }

    /// Its family found matches for it by an event.
    pub fn found(&mut self, time: i64, bench: &mut Bench<'_>) {
        if self.is_done() {
            return;
        }
        self.advance(time, bench);
        if let Some(matcher) = &self.matcher {
            let mut sink = Sink {
                emitter: &mut self.emitter,
                stats: &mut self.stats,
                out: bench.out,
                clock: self.clock,
            };
            matcher.report(bench.families, &mut sink);
        }
    }

    /// Its one input has come to the time of an event.
    pub fn reach(&mut self, time: i64, bench: &mut Bench<'_>) {
        if !self.is_done() {
            self.advance(time, bench);
        }
    }

    /// Whether its one input has come to this time: to hear so again changes nothing.
    pub fn is_at(&self, time: i64) -> bool {
        self.merge.is_none() && time <= self.clock
    }

    /// An input has come to a time: nothing before it will come any more.
    pub fn watermark(&mut self, input: u16, time: i64, bench: &mut Bench<'_>) {
        if self.is_done() {
            return;
        }
        match &mut self.merge {
            None => self.advance(time, bench),
            Some(merge) => {
                merge.reach(input, time);
                self.release(bench);
            }
        }
    }

    /// An input has ended. When all have, the query ends.
    pub fn end(&mut self, input: u16, bench: &mut Bench<'_>) {
        if self.finished {
            return;
        }
        let all = match &mut self.merge {
            None => true,
            Some(merge) => {
                merge.end(input);
                let all = merge.watermark().is_none();
                if !self.emitter.done {
                    self.release(bench);
                }
                all
            }
        };
        if all && !self.finished {
            self.finish(bench);
        }
    }

    /// Takes what need not wait for other inputs any more.
    fn release(&mut self, bench: &mut Bench<'_>) {
        while let Some((input, event)) = self.merge.as_mut().and_then(Merge::release) {
            self.take(input, &event, Hint::default(), bench);
        }
        if let Some(watermark) = self.merge.as_ref().and_then(Merge::watermark) {
            self.advance(watermark, bench);
        }
    }

    fn advance(&mut self, time: i64, bench: &mut Bench<'_>) {
        if time <= self.clock {
            return;
        }
        if let Some(matcher) = &mut self.matcher
            && !matcher.is_quiet(time)
            && let Some(work) = bench.families.work(matcher.place())
        {
            let clock = if self.clock == NEVER {
                time
            } else {
                self.clock
            };
            let mut sink = Sink {
                emitter: &mut self.emitter,
                stats: &mut self.stats,
                out: bench.out,
                clock,
            };
            let from = sink.out.len();
            matcher.advance(work, time, &mut sink);
            self.clock = time;
            return self.check(from, bench);
        }
        self.clock = time;
    }

    /// The next event in order.
    fn take(&mut self, input: u16, event: &Arc<Event>, hint: Hint, bench: &mut Bench<'_>) {
        self.advance(event.time, bench);
        if self.plain {
            let event = Arc::clone(event);
            return self.row(Row { event, input }, hint, bench);
        }
        let row = self.arrange(input, event);
        let plan = Arc::clone(&self.plan);
        if plan.unnest.is_empty() {
            self.keep(&row);
            return self.row(row, hint, bench);
        }
        for row in unnest(row, &plan.unnest, &mut self.stats) {
            self.keep(&row);
            self.row(row, Hint::default(), bench);
        }
    }

    fn keep(&mut self, row: &Row) {
        if let Some(tap) = &mut self.tap {
            tap.take(row);
        }
    }

    /// Its rows and matches are kept from now on. So it sees every event, and takes none as it comes.
    pub fn trace(&mut self, streams: Vec<String>) {
        self.plain = false;
        self.tap = Some(Box::new(Tap::new(streams)));
        self.emitter.wants_id = true;
        self.emitter.capture = Some(Box::default());
    }

    /// What was kept of its rows and matches.
    pub fn traced(&self) -> Option<(&Tap, &Capture)> {
        Some((self.tap.as_deref()?, self.emitter.capture.as_deref()?))
    }

    /// Rows that came, and that its pattern has not seen yet: they wait for other inputs, or for their order.
    pub fn rows_waiting(&self) -> u64 {
        let merging = self.merge.as_ref().map_or(0, Merge::len);
        (merging + self.matcher.as_deref().map_or(0, Matcher::buffered)) as u64
    }

    /// Whether all of its input has ended.
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// An event in the layout of the query.
    fn arrange(&self, input: u16, event: &Arc<Event>) -> Row {
        let columns = self
            .plan
            .inputs
            .get(usize::from(input))
            .and_then(|input| input.columns.as_ref());
        let event = match columns {
            None => Arc::clone(event),
            Some(columns) => {
                let value = |column: &Option<usize>| {
                    column.and_then(|column| event.values.get(column)).cloned()
                };
                let values: Vec<Value> = columns
                    .iter()
                    .map(|column| value(column).unwrap_or_default())
                    .collect();
                let Event {
                    time,
                    seq,
                    ordinal,
                    part,
                    ..
                } = **event;
                Arc::new(Event {
                    time,
                    seq,
                    ordinal,
                    part,
                    values,
                })
            }
        };
        Row { event, input }
    }

    fn row(&mut self, row: Row, hint: Hint, bench: &mut Bench<'_>) {
        if self.finished {
            // Stopped by a deadline before it, or by a row before it of the same event.
            return;
        }
        let from = bench.out.len();
        match &mut self.matcher {
            None => {
                self.stats.matches += 1;
                let origin = Origin {
                    time: row.time(),
                    match_id: None,
                    event: &row.event.values,
                };
                self.emitter
                    .emit(&OneRow::new(&row), &origin, &mut self.stats, bench.out);
            }
            Some(matcher) => {
                let Some(work) = bench.families.work(matcher.place()) else {
                    return;
                };
                let mut sink = Sink {
                    emitter: &mut self.emitter,
                    stats: &mut self.stats,
                    out: bench.out,
                    clock: self.clock,
                };
                matcher.row(work, row, hint, &mut sink);
            }
        }
        if self.most_bytes.is_some() || self.stats.failed.is_some() {
            self.check(from, bench);
        }
    }

    fn finish(&mut self, bench: &mut Bench<'_>) {
        self.finished = true;
        let clock = self.clock();
        let light = self.light();
        if let Some(matcher) = &self.matcher
            && light.is_some()
        {
            let mut sink = Sink {
                emitter: &mut self.emitter,
                stats: &mut self.stats,
                out: bench.out,
                clock,
            };
            matcher.abandon(bench.families, &mut sink);
        }
        if let Some(matcher) = &mut self.matcher
            && !self.emitter.done
            && let Some(work) = bench.families.work(matcher.place())
        {
            let mut sink = Sink {
                emitter: &mut self.emitter,
                stats: &mut self.stats,
                out: bench.out,
                clock,
            };
            let from = sink.out.len();
            matcher.finish(work, &mut sink);
            if self.stats.failed.is_some() {
                self.finished = false;
                return self.check(from, bench);
            }
        }
        self.emitter.finish(clock, &mut self.stats, bench.out);
        self.leave(bench.families);
    }

    /// Forgets what is open in it: nothing more will come of it.
    pub fn leave(&mut self, families: &mut Families) {
        let light = self.light();
        if let Some(matcher) = self.matcher.take() {
            if let Some(place) = light {
                families.add_to(place, &mut self.stats);
                (self.stats.live, self.stats.partitions) = (0, 0);
            }
            matcher.leave(families);
        }
    }
}
