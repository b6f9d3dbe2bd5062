//! Puts a block together: rows, matches or groups under a select list, and what stands on top of it.

use portent_grammar::{Diagnostic, Span};

use super::from::From;
use super::layout::{Layout, Member};
use super::order::Sorting;
use super::select_list::List;
use super::{Planner, Relation, group, match_groups, output};
use crate::compiled::{LimitPer, SortColumn};
use crate::expr::{Aggregate, Expr, ExprKind, MatchInfo};
use crate::logical::{LogicalPlan, LogicalQuery};

/// What is under the groups of a block.
pub(super) struct Base<'a> {
    pub from: &'a From,
    pub plan: LogicalPlan,
    /// Matches, not rows.
    pub matches: bool,
    pub span: Span,
}

/// GROUP BY and HAVING.
pub(super) struct Over {
    pub groups: Vec<Aggregate>,
    pub keys: Vec<Expr>,
    pub having: Option<Expr>,
}

/// What stands on top of rows, matches or groups.
pub(super) struct Parts {
    pub list: List,
    pub sorting: Sorting,
    pub limit_per: Option<LimitPer>,
    pub limit: Option<u64>,
    pub offset: u64,
    pub distinct: bool,
}

/// The event time of what comes out.
#[derive(Clone, Copy, Default)]
pub(super) struct OutputTime {
    /// The column that holds it.
    column: Option<usize>,
    /// It is computed, and the rows must be sorted by it.
    computed: bool,
}

impl Planner<'_> {
    /// The event time of a block's output: a column that passes it on, or, in a bounded subquery, one that is named and
    /// typed like one.
    pub(super) fn own_time(
        &self,
        parts: &Parts,
        from: &From,
        matches: bool,
        statement: Option<bool>,
    ) -> OutputTime {
        let passed = parts
            .list
            .columns
            .iter()
            .take(parts.sorting.visible)
            .position(|column| match &column.kind {
                ExprKind::MatchInfo(MatchInfo::Time) => matches && from.has_event_time(),
                ExprKind::Column(slot) => !matches && from.event_time() == Some(*slot),
                _ => false,
            });
        if passed.is_some() || matches {
            return OutputTime {
                column: passed,
                computed: false,
            };
        }
        computed_time(parts, from, statement)
    }

    /// Turns what stands on top of groups into expressions over a group's row.
    pub(super) fn over_groups(&mut self, over: Over, mut parts: Parts) -> (Over, Parts) {
        let Over {
            groups,
            keys,
            having,
        } = over;
        let diagnostics = &mut self.diagnostics;
        let mut rewrite = |expr: Expr| match group::over_group(expr, &keys) {
            Ok(expr) => Some(expr),
            Err(error) => {
                let error: Diagnostic = error;
                diagnostics.push(error);
                None
            }
        };
        for column in &mut parts.list.columns {
            if let Some(rewritten) = rewrite(column.clone()) {
                *column = rewritten;
            }
        }
        let having = having.and_then(&mut rewrite);
        if let Some(limit) = &mut parts.limit_per {
            let by = std::mem::take(&mut limit.by);
            limit.by = by.into_iter().filter_map(&mut rewrite).collect();
        }
        (
            Over {
                groups,
                keys,
                having,
            },
            parts,
        )
    }

    /// Groups of rows in one block; groups of matches in two: one gives what the groups need of each match, the next one
    /// groups that.
    pub(super) fn grouped(
        &mut self,
        base: Base<'_>,
        over: Over,
        parts: Parts,
        statement: Option<bool>,
    ) -> Relation {
        let Base {
            from,
            plan,
            matches,
            span,
        } = base;
        let Over {
            groups,
            keys,
            having,
        } = over;
        let time = computed_time(&parts, from, statement);
        if !matches {
            let input = Box::new(plan);
            let plan = LogicalPlan::Group {
                input,
                keys,
                aggregates: groups,
                having,
            };
            return self.assemble(plan, from, parts, time, statement, span);
        }
        let inner = match_groups::split(keys, groups);
        let inner_parts = Parts::plain(inner.list);
        let matches = self.assemble(plan, from, inner_parts, OutputTime::default(), None, span);
        let layout = Member {
            names: Vec::new(),
            stream: matches.stream,
            schema: matches.schema.clone(),
        };
        let outer = From {
            layout: Layout::new(&[layout], self.catalog.library()),
            unnest: Vec::new(),
            bounded: matches.bounded,
            relations: vec![matches],
        };
        let plan = LogicalPlan::Group {
            input: Box::new(outer.plan()),
            keys: inner.keys,
            aggregates: inner.aggregates,
            having,
        };
        self.assemble(plan, &outer, parts, time, statement, span)
    }

    /// Puts a block together, compiles it, and gives its output as a relation.
    pub(super) fn assemble(
        &mut self,
        plan: LogicalPlan,
        from: &From,
        parts: Parts,
        time: OutputTime,
        statement: Option<bool>,
        span: Span,
    ) -> Relation {
        let Parts {
            list,
            mut sorting,
            limit_per,
            limit,
            offset,
            distinct,
        } = parts;
        let visible = sorting.visible;
        let mut output = list.schema();
        output.truncate(visible);
        if statement == Some(true) {
            let mut spans = list.spans.clone();
            spans.truncate(visible);
            output::check_distinct(&output, &spans, &mut self.diagnostics);
        }
        if let (Some(column), true) = (time.column, time.computed) {
            sorting.columns = vec![SortColumn {
                column,
                descending: false,
                nulls_first: true,
            }];
        }
        let mut plan = LogicalPlan::Project {
            input: Box::new(plan),
            columns: list.columns,
            output: output.clone(),
        };
        if distinct {
            plan = LogicalPlan::Distinct {
                input: Box::new(plan),
            };
        }
        if let Some(limit) = limit_per {
            plan = LogicalPlan::LimitPer {
                input: Box::new(plan),
                limit,
            };
        }
        // In the order of event time live rows come anyway.
        if from.bounded && !sorting.columns.is_empty() {
            plan = LogicalPlan::Sort {
                input: Box::new(plan),
                by: sorting.columns,
            };
        }
        if limit.is_some() || offset > 0 {
            plan = LogicalPlan::Limit {
                input: Box::new(plan),
                limit,
                offset,
            };
        }
        let name = self.block_name(statement.is_some());
        let replaced = if statement.is_some() {
            self.output.take()
        } else {
            None
        };
        let stream = replaced.unwrap_or_else(|| self.catalog.next_stream_id());
        let query = LogicalQuery {
            name: name.clone(),
            plan,
            layout: from.layout.slots.clone(),
            inputs: from.layout.inputs(),
            output_stream: stream,
            end_of_input: self.end_of_input,
            limits: self.limits,
            event_time: time.column.filter(|_| time.computed),
        };
        let shared = std::sync::Arc::new(query.plan.clone());
        self.finish_block(query, &output);
        Relation {
            names: vec![name.clone()],
            stream,
            event_time: time.column,
            has_event_time: from.has_event_time() || time.computed,
            bounded: from.bounded,
            plan: LogicalPlan::Scan {
                stream,
                name,
                schema: output.clone(),
                of: Some(shared),
            },
            schema: output,
            span,
        }
    }
}

/// In a bounded subquery, an output column that is named and typed like an event time is one.
fn computed_time(parts: &Parts, from: &From, statement: Option<bool>) -> OutputTime {
    let free = statement.is_none() && from.bounded && parts.limit.is_none() && parts.offset == 0;
    let mut schema = parts.list.schema();
    schema.truncate(parts.sorting.visible);
    let column = free
        .then(|| crate::catalog::time_by_name(&schema))
        .flatten();
    OutputTime {
        column,
        computed: column.is_some(),
    }
}

impl Parts {
    /// A select list and nothing on top of it.
    pub(super) fn plain(list: List) -> Self {
        let sorting = Sorting {
            visible: list.columns.len(),
            columns: Vec::new(),
        };
        Parts {
            list,
            sorting,
            limit_per: None,
            limit: None,
            offset: 0,
            distinct: false,
        }
    }
}
