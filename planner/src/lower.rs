//! From a logical plan to what the engine runs.

use std::sync::Arc;

use crate::automaton::Automaton;
use crate::compiled::{Body, CompiledQuery, Group, MatchPlan, Unnest};
use crate::expr::{self, Expr, ExprKind};
use crate::fingerprint;
use crate::logical::{LogicalMatch, LogicalPlan, LogicalQuery};
use crate::pool::Pool;
use crate::rules;
use crate::rules::predicates::Predicates;

/// Compiles a plan, after the rules have rewritten it.
pub fn lower(
    query: LogicalQuery,
    pool: &Pool,
    stream_name: &dyn Fn(crate::compiled::StreamId) -> String,
) -> CompiledQuery {
    let LogicalQuery {
        name,
        plan,
        layout,
        inputs,
        output_stream,
        end_of_input,
        limits,
        event_time,
    } = query;
    let mut compiled = CompiledQuery {
        name,
        fingerprint: 0,
        inputs,
        layout: pool.schema(layout),
        unnest: Vec::new(),
        body: Body::Rows,
        filter: None,
        group: None,
        projection: Arc::default(),
        output: Arc::default(),
        distinct: false,
        limit_per: None,
        order_by: Vec::new(),
        limit: None,
        offset: 0,
        end_of_input,
        limits,
        output_stream,
        event_time,
    };
    let mut pattern = None;
    descend(rules::apply(plan), pool, &mut compiled, &mut pattern);
    compiled.unnest.reverse();
    if let Some(pattern) = pattern {
        let (back, ahead) = reach(&pattern, &compiled);
        compiled.body = Body::Match(Arc::new(match_plan(pattern, pool, back, ahead)));
    }
    compiled.fingerprint = fingerprint::of(&compiled, stream_name);
    compiled
}

/// Takes a plan apart from the top down. The parts come in a fixed order, so each has one place in the compiled query.
fn descend(
    plan: LogicalPlan,
    pool: &Pool,
    compiled: &mut CompiledQuery,
    pattern: &mut Option<LogicalMatch>,
) {
    let mut next = Some(plan);
    while let Some(plan) = next.take() {
        next = match plan {
            LogicalPlan::Limit {
                input,
                limit,
                offset,
            } => {
                compiled.limit = limit;
                compiled.offset = offset;
                Some(*input)
            }
            LogicalPlan::Sort { input, by } => {
                compiled.order_by = by;
                Some(*input)
            }
            LogicalPlan::LimitPer { input, limit } => {
                compiled.limit_per = Some(Box::new(limit));
                Some(*input)
            }
            LogicalPlan::Distinct { input } => {
                compiled.distinct = true;
                Some(*input)
            }
            LogicalPlan::Project {
                input,
                columns,
                output,
            } => {
                compiled.projection = pool.exprs(columns);
                compiled.output = pool.schema(output);
                Some(*input)
            }
            LogicalPlan::Group {
                input,
                keys,
                aggregates,
                having,
            } => {
                compiled.group = Some(Box::new(Group {
                    keys,
                    aggregates,
                    having,
                }));
                Some(*input)
            }
            LogicalPlan::Filter { input, condition } => {
                compiled.filter = Some(match compiled.filter.take() {
                    None => condition,
                    Some(outer) => expr::conjoin(vec![condition, outer]),
                });
                Some(*input)
            }
            LogicalPlan::Match {
                input,
                pattern: found,
            } => {
                *pattern = Some(*found);
                Some(*input)
            }
            LogicalPlan::Unnest { input, array } => {
                compiled.unnest.push(Unnest { array });
                Some(*input)
            }
            LogicalPlan::Scan { .. } | LogicalPlan::Values { .. } | LogicalPlan::Merge { .. } => {
                None
            }
        };
    }
}

/// How far PREV and NEXT look, over every expression of a query.
fn reach(pattern: &LogicalMatch, compiled: &CompiledQuery) -> (u32, u32) {
    let mut far = (0, 0);
    let mut look = |expr: &Expr| {
        expr::walk(expr, &mut |part| {
            let row = match &part.kind {
                ExprKind::Navigate(navigate) => &navigate.row,
                ExprKind::Classifier(row) => row,
                _ => return,
            };
            let distance = row.physical.unsigned_abs();
            if row.physical < 0 {
                far.0 = far.0.max(distance);
            } else {
                far.1 = far.1.max(distance);
            }
        });
    };
    pattern.conditions.iter().flatten().for_each(&mut look);
    compiled.projection.iter().for_each(&mut look);
    compiled.filter.iter().for_each(&mut look);
    compiled
        .limit_per
        .iter()
        .flat_map(|limit| &limit.by)
        .for_each(&mut look);
    far
}

fn match_plan(pattern: LogicalMatch, pool: &Pool, look_back: u32, look_ahead: u32) -> MatchPlan {
    let mut predicates = Predicates::default();
    let conditions = pattern
        .conditions
        .into_iter()
        .map(|condition| predicates.split(condition))
        .collect();
    let conditions = pool.conditions(conditions);
    MatchPlan {
        automaton: pool.automaton(Automaton::clone(&pattern.automaton)),
        predicates: predicates.into_list(),
        conditions,
        partition_by: pattern.partition_by,
        key_of: pattern.key_of,
        order: pattern.order,
        within: pattern.within,
        mode: pattern.mode,
        rows: pattern.rows,
        emit_matches: pattern.emit_matches,
        emit_timeouts: pattern.emit_timeouts,
        in_order: pattern.in_order,
        look_back,
        look_ahead,
    }
}
