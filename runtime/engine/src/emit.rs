//! From matches and rows to output: WHERE, GROUP BY, LIMIT PER, the select list, DISTINCT, ORDER BY, LIMIT.

mod saved;

use std::sync::Arc;

use hashbrown::HashSet;
use portent_grammar::Value;
use portent_planner::CompiledQuery;
use portent_planner::compiled::Group;
use portent_planner::expr::{
    EvalContext, EvalError, Expr, ExprKind, MatchInfo, eval, is_true, walk,
};

use crate::context::{OneRow, WithSuppressed};
use crate::group_by::{Groups, Many};
use crate::id::MatchId;
use crate::limit_per::LimitPeriods;
use crate::sort::compare_columns;
use crate::stats::QueryStats;
use crate::trace::Capture;

/// A row of a query's output.
#[derive(Clone, Debug)]
pub(crate) struct Produced {
    /// Its event time in the query's output stream.
    pub time: i64,
    pub values: Vec<Value>,
    pub match_id: Option<MatchId>,
}

/// What stands behind a query's rows or matches.
pub(crate) struct Emitter {
    plan: Arc<CompiledQuery>,
    groups: Option<Box<Groups>>,
    periods: Option<Box<LimitPeriods>>,
    /// With DISTINCT, once there is a row.
    seen: Option<Box<Seen>>,
    /// With ORDER BY: everything, with its hidden columns.
    collected: Vec<Produced>,
    skipped: u64,
    passed: u64,
    /// Somebody asks for the identity of a match: its rows have it, and expressions may.
    pub wants_id: bool,
    /// LIMIT is reached, and nothing more can come.
    pub done: bool,
    /// Its matches are kept, to be explained.
    pub capture: Option<Box<Capture>>,
}

type Seen = HashSet<Vec<Value>, foldhash::fast::RandomState>;

/// Where an emitted row's errors are told.
pub(crate) struct Origin<'a> {
    pub time: i64,
    pub match_id: Option<MatchId>,
    /// The event to show with an error.
    pub event: &'a [Value],
}

impl Emitter {
    pub fn new(plan: Arc<CompiledQuery>) -> Self {
        let periods = plan.limit_per.as_ref().map(|limit| {
            let mut tells = false;
            for expr in plan.projection.iter() {
                walk(expr, &mut |expr| {
                    tells |= matches!(expr.kind, ExprKind::MatchInfo(MatchInfo::Suppressed));
                });
            }
            Box::new(LimitPeriods::new(limit.count, limit.per, tells))
        });
        let done = plan.limit == Some(0) && plan.group.is_none();
        Self {
            groups: plan
                .group
                .as_ref()
                .map(|group| Box::new(Groups::new(group))),
            periods,
            seen: None,
            collected: Vec::new(),
            skipped: 0,
            passed: 0,
            wants_id: plan.group.is_none() || asks_for_id(&plan),
            done,
            capture: None,
            plan,
        }
    }

    /// Rows or groups that are kept for later.
    pub fn buffered(&self) -> usize {
        self.collected.len() + self.groups.as_ref().map_or(0, |groups| groups.len())
    }

    /// Forgets everything: nothing more comes out.
    pub fn stop(&mut self) {
        self.done = true;
        (self.groups, self.periods, self.seen) = (None, None, None);
        self.collected = Vec::new();
    }

    /// One row or match.
    pub fn emit<C: EvalContext + ?Sized>(
        &mut self,
        context: &C,
        origin: &Origin<'_>,
        stats: &mut QueryStats,
        out: &mut Vec<Produced>,
    ) {
        let add = |groups: &mut Groups, group: &Group| groups.add(group, context);
        if self.passes(context, origin, stats) && !self.group(add, origin, stats) {
            self.project(context, origin, stats, out);
        }
    }

    /// Many matches at once that are alike in WHERE and GROUP BY: only where they are grouped.
    pub fn emit_many<C: EvalContext + ?Sized>(
        &mut self,
        context: &C,
        origin: &Origin<'_>,
        many: &Many,
        stats: &mut QueryStats,
    ) {
        let add = |groups: &mut Groups, group: &Group| groups.add_many(group, context, many);
        if self.passes(context, origin, stats) {
            self.group(add, origin, stats);
        }
    }

    /// Whether more is wanted, and WHERE holds.
    fn passes<C: EvalContext + ?Sized>(
        &self,
        context: &C,
        origin: &Origin<'_>,
        stats: &mut QueryStats,
    ) -> bool {
        let filter = self.plan.filter.as_ref().filter(|_| !self.done);
        match filter.map(|filter| is_true(filter, context)) {
            None => !self.done,
            Some(Ok(holds)) => holds,
            Some(Err(error)) => {
                failed(&error, origin, stats);
                false
            }
        }
    }

    /// Adds to the groups, if there are any.
    fn group(
        &mut self,
        add: impl FnOnce(&mut Groups, &Group) -> Result<(), EvalError>,
        origin: &Origin<'_>,
        stats: &mut QueryStats,
    ) -> bool {
        let (Some(groups), Some(group)) = (&mut self.groups, &self.plan.group) else {
            return false;
        };
        if let Err(error) = add(groups, group) {
            failed(&error, origin, stats);
        }
        true
    }

    fn project<C: EvalContext + ?Sized>(
        &mut self,
        context: &C,
        origin: &Origin<'_>,
        stats: &mut QueryStats,
        out: &mut Vec<Produced>,
    ) {
        let plan = Arc::clone(&self.plan);
        let values = if let (Some(periods), Some(limit)) = (&mut self.periods, &plan.limit_per) {
            let by = evaluate(&limit.by, context, origin, stats);
            let Some(suppressed) = periods.pass(by, origin.time) else {
                stats.suppressed += 1;
                return;
            };
            let context = WithSuppressed {
                outer: context,
                suppressed,
            };
            evaluate(&plan.projection, &context, origin, stats)
        } else {
            evaluate(&plan.projection, context, origin, stats)
        };
        self.pass(values, origin, stats, out);
    }

    /// DISTINCT, ORDER BY, OFFSET, LIMIT.
    fn pass(
        &mut self,
        mut values: Vec<Value>,
        origin: &Origin<'_>,
        stats: &mut QueryStats,
        out: &mut Vec<Produced>,
    ) {
        let width = self.plan.output.len();
        if self.plan.distinct {
            let visible = values.get(..width).unwrap_or(&values);
            let seen = self.seen.get_or_insert_default();
            if seen.contains(visible) {
                return;
            }
            seen.insert(visible.to_vec());
        }
        if self.plan.order_by.is_empty() {
            values.truncate(width);
        }
        let row = Produced {
            time: origin.time,
            values,
            match_id: origin.match_id,
        };
        if self.plan.order_by.is_empty() {
            self.deliver(row, stats, out);
        } else {
            self.collected.push(row);
        }
    }

    fn deliver(&mut self, row: Produced, stats: &mut QueryStats, out: &mut Vec<Produced>) {
        if self.done {
            return;
        }
        if self.skipped < self.plan.offset {
            self.skipped += 1;
            return;
        }
        self.passed += 1;
        stats.rows += 1;
        out.push(row);
        self.done = self.plan.limit.is_some_and(|limit| self.passed >= limit);
    }

    /// The end of the input, at this time: groups, and the sorted output.
    pub fn finish(&mut self, time: i64, stats: &mut QueryStats, out: &mut Vec<Produced>) {
        let plan = Arc::clone(&self.plan);
        if let (Some(mut groups), Some(group)) = (self.groups.take(), &plan.group) {
            for (row, error) in groups.finish() {
                let origin = Origin {
                    time,
                    match_id: None,
                    event: &row,
                };
                if let Some(error) = error {
                    failed(&error, &origin, stats);
                }
                let context = OneRow {
                    values: &row,
                    input: 0,
                    time,
                };
                match group
                    .having
                    .as_ref()
                    .map_or(Ok(true), |having| is_true(having, &context))
                {
                    Ok(true) => self.project(&context, &origin, stats, out),
                    Ok(false) => {}
                    Err(error) => failed(&error, &origin, stats),
                }
            }
        }
        let mut collected = std::mem::take(&mut self.collected);
        collected.sort_by(|a, b| compare_columns(&a.values, &b.values, &plan.order_by));
        let width = plan.output.len();
        for mut row in collected {
            row.values.truncate(width);
            self.deliver(row, stats, out);
        }
        self.seen = None;
    }
}

/// Whether WHERE or GROUP BY looks at the identity of a match.
fn asks_for_id(plan: &CompiledQuery) -> bool {
    let mut asks = false;
    let mut look = |expr: &Expr| {
        walk(expr, &mut |expr| {
            asks |= matches!(expr.kind, ExprKind::MatchInfo(MatchInfo::Id));
        });
    };
    plan.filter.iter().for_each(&mut look);
    if let Some(group) = &plan.group {
        group.keys.iter().for_each(&mut look);
        let aggregates = group.aggregates.iter();
        aggregates
            .flat_map(|it| it.args.iter().chain(&it.filter))
            .for_each(&mut look);
    }
    asks
}

fn failed(error: &EvalError, origin: &Origin<'_>, stats: &mut QueryStats) {
    stats.error_at(&error.message, origin.time, origin.event);
}

/// The values of expressions; one that fails is counted and is NULL, so that the match itself is not lost.
fn evaluate<C: EvalContext + ?Sized>(
    exprs: &[portent_planner::Expr],
    context: &C,
    origin: &Origin<'_>,
    stats: &mut QueryStats,
) -> Vec<Value> {
    let mut values = Vec::with_capacity(exprs.len());
    for expr in exprs {
        values.push(eval(expr, context).unwrap_or_else(|error| {
            failed(&error, origin, stats);
            Value::Null
        }));
    }
    values
}
