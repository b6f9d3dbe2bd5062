//! A standing query at work: merges its inputs, and takes each row through pattern and select list.

use std::sync::Arc;

use portent_grammar::Value;
use portent_planner::CompiledQuery;
use portent_planner::compiled::Body;

use crate::config::EngineConfig;
use crate::context::OneRow;
use crate::emit::{Emitter, Origin, Produced};
use crate::event::{Event, Row};
use crate::matcher::{Matcher, Sink};
use crate::merge::Merge;
use crate::stats::QueryStats;
use crate::stream::NEVER;
use crate::unnest::unnest;

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
}

impl Query {
    /// # Errors
    /// One sentence, if the plan contradicts itself.
    pub fn new(
        plan: Arc<CompiledQuery>,
        deliver: bool,
        streams: &[String],
        config: EngineConfig,
    ) -> Result<Self, String> {
        if plan.inputs.is_empty() || plan.inputs.len() > usize::from(u16::MAX) {
            return Err(format!("it has {} inputs", plan.inputs.len()));
        }
        let matcher = match &plan.body {
            Body::Rows => None,
            Body::Match(body) => Some(Box::new(Matcher::new(&plan, body, streams, config)?)),
        };
        Ok(Self {
            deliver,
            merge: (plan.inputs.len() > 1).then(|| Merge::new(plan.inputs.len())),
            matcher,
            emitter: Emitter::new(Arc::clone(&plan)),
            stats: QueryStats::default(),
            clock: NEVER,
            finished: false,
            plan,
        })
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

    pub fn stats(&self) -> QueryStats {
        let matcher = self.matcher.as_deref();
        let buffered = self.merge.as_ref().map_or(0, Merge::len)
            + matcher.map_or(0, Matcher::buffered)
            + self.emitter.buffered();
        QueryStats {
            partitions: matcher.map_or(0, Matcher::partitions) as u64,
            buffered: buffered as u64,
            done: self.is_done(),
            ..self.stats.clone()
        }
    }

    /// An event of an input. Each input gives its events in order.
    pub fn event(&mut self, input: u16, event: &Arc<Event>, out: &mut Vec<Produced>) {
        if self.is_done() {
            return;
        }
        self.stats.events += 1;
        match &mut self.merge {
            None => self.take(input, event, out),
            Some(merge) => {
                merge.push(input, Arc::clone(event));
                self.release(out);
            }
        }
    }

    /// An input has come to a time: nothing before it will come any more.
    pub fn watermark(&mut self, input: u16, time: i64, out: &mut Vec<Produced>) {
        if self.is_done() {
            return;
        }
        match &mut self.merge {
            None => self.advance(time, out),
            Some(merge) => {
                merge.reach(input, time);
                self.release(out);
            }
        }
    }

    /// An input has ended. When all have, the query ends.
    pub fn end(&mut self, input: u16, out: &mut Vec<Produced>) {
        if self.finished {
            return;
        }
        let all = match &mut self.merge {
            None => true,
            Some(merge) => {
                merge.end(input);
                let all = merge.watermark().is_none();
                if !self.emitter.done {
                    self.release(out);
                }
                all
            }
        };
        if all {
            self.finish(out);
        }
    }

    /// Takes what need not wait for other inputs any more.
    fn release(&mut self, out: &mut Vec<Produced>) {
        while let Some((input, event)) = self.merge.as_mut().and_then(Merge::release) {
            self.take(input, &event, out);
        }
        if let Some(watermark) = self.merge.as_ref().and_then(Merge::watermark) {
            self.advance(watermark, out);
        }
    }

    fn advance(&mut self, time: i64, out: &mut Vec<Produced>) {
        if time <= self.clock {
            return;
        }
        if let Some(matcher) = &mut self.matcher {
            let clock = if self.clock == NEVER {
                time
            } else {
                self.clock
            };
            let mut sink = Sink {
                emitter: &mut self.emitter,
                stats: &mut self.stats,
                out,
                clock,
            };
            matcher.advance(time, &mut sink);
        }
        self.clock = time;
    }

    /// The next event in order.
    fn take(&mut self, input: u16, event: &Arc<Event>, out: &mut Vec<Produced>) {
        self.advance(event.time, out);
        let row = self.arrange(input, event);
        if self.plan.unnest.is_empty() {
            self.row(row, out);
            return;
        }
        let plan = Arc::clone(&self.plan);
        for row in unnest(row, &plan.unnest, &mut self.stats) {
            self.row(row, out);
        }
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

    fn row(&mut self, row: Row, out: &mut Vec<Produced>) {
        match &mut self.matcher {
            None => {
                self.stats.matches += 1;
                let origin = Origin {
                    time: row.time(),
                    match_id: None,
                    event: &row.event.values,
                };
                self.emitter
                    .emit(&OneRow::new(&row), &origin, &mut self.stats, out);
            }
            Some(matcher) => {
                let mut sink = Sink {
                    emitter: &mut self.emitter,
                    stats: &mut self.stats,
                    out,
                    clock: self.clock,
                };
                matcher.row(row, &mut sink);
            }
        }
    }

    fn finish(&mut self, out: &mut Vec<Produced>) {
        self.finished = true;
        let clock = self.clock();
        if let Some(matcher) = &mut self.matcher
            && !self.emitter.done
        {
            let mut sink = Sink {
                emitter: &mut self.emitter,
                stats: &mut self.stats,
                out,
                clock,
            };
            matcher.finish(&mut sink);
        }
        self.emitter.finish(clock, &mut self.stats, out);
        self.matcher = None;
    }
}
