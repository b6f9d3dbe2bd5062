//! From matches and rows to output: WHERE, GROUP BY, LIMIT PER, the select list, DISTINCT, ORDER BY, LIMIT.

use std::sync::Arc;

use hashbrown::HashSet;
use portent_grammar::Value;
use portent_planner::CompiledQuery;
use portent_planner::expr::{EvalContext, EvalError, ExprKind, MatchInfo, eval, is_true, walk};

use crate::context::{OneRow, WithSuppressed};
use crate::group_by::Groups;
use crate::id::MatchId;
use crate::limit_per::LimitPeriods;
use crate::sort::compare_columns;
use crate::stats::QueryStats;

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
    /// LIMIT is reached, and nothing more can come.
    pub done: bool,
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
            done,
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
        self.emit_times(context, origin, 1, stats, out);
    }

    /// So many matches that are alike. More than one only where they are grouped.
    pub fn emit_times<C: EvalContext + ?Sized>(
        &mut self,
        context: &C,
        origin: &Origin<'_>,
        times: u64,
        stats: &mut QueryStats,
        out: &mut Vec<Produced>,
    ) {
        if self.done {
            return;
        }
        let plan = Arc::clone(&self.plan);
        if let Some(filter) = &plan.filter {
            match is_true(filter, context) {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => return failed(&error, origin, stats),
            }
        }
        if let (Some(groups), Some(group)) = (&mut self.groups, &plan.group) {
            if let Err(error) = groups.add(group, context, times) {
                failed(&error, origin, stats);
            }
            return;
        }
        self.project(context, origin, stats, out);
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
