//! The logical plan as a tree of words. The plans of subqueries are shown where they are read.

use portent_grammar::{Column, Schema, Type};

use super::describe::Namer;
use crate::expr::{Expr, ExprKind};
use crate::logical::LogicalPlan;
use crate::pattern::print;
use crate::resolve::{Planned, duration};

/// A node of the tree.
pub(super) struct Node {
    /// One word: `scan`, `match`.
    pub name: &'static str,
    /// What it does, in its own words.
    pub detail: String,
    pub inputs: Vec<Node>,
}

/// Describes the plan of query number `at` − 1 (the number of queries that may be looked up for subplans).
pub(super) fn describe(plan: &LogicalPlan, planned: &Planned, at: usize) -> Node {
    let query = at.checked_sub(1).and_then(|at| planned.queries.get(at));
    let layout = query.map(|query| query.layout.clone()).unwrap_or_default();
    node(plan, planned, &layout, at)
}

fn node(plan: &LogicalPlan, planned: &Planned, layout: &Schema, at: usize) -> Node {
    let variables = variables(plan);
    let (columns, computed) = columns_under(plan, layout, &variables);
    let namer = Namer {
        layout: &columns,
        computed,
        variables: &variables,
    };
    let (name, detail) = match plan {
        LogicalPlan::Scan { name, .. } => ("scan", crate::catalog::name::quote(name)),
        LogicalPlan::Values { rows, .. } => ("values", format!("{rows} rows")),
        LogicalPlan::Merge { .. } => ("merge", "by event time".into()),
        LogicalPlan::Unnest { array, .. } => ("unnest", namer.expr(array)),
        LogicalPlan::Match { pattern, .. } => {
            ("match", print::print(&pattern.node, &pattern.variables))
        }
        LogicalPlan::Filter { condition, .. } => ("filter", namer.expr(condition)),
        LogicalPlan::Group {
            keys,
            aggregates,
            having,
            ..
        } => {
            let aggregates: Vec<String> = aggregates
                .iter()
                .map(|aggregate| namer.expr(&wrapped(aggregate.clone())))
                .collect();
            let mut detail = format!(
                "by {}",
                if keys.is_empty() {
                    "nothing".into()
                } else {
                    namer.exprs(keys)
                }
            );
            if !aggregates.is_empty() {
                detail.push_str(&format!(": {}", aggregates.join(", ")));
            }
            if let Some(having) = having {
                let columns = group_columns(plan, &namer);
                let namer = Namer {
                    layout: &columns,
                    computed: true,
                    variables: &variables,
                };
                detail.push_str(&format!(" having {}", namer.expr(having)));
            }
            ("group", detail)
        }
        LogicalPlan::Project {
            columns, output, ..
        } => ("project", project(columns, output, &namer)),
        LogicalPlan::Distinct { .. } => ("distinct", String::new()),
        LogicalPlan::LimitPer { limit, .. } => {
            let by = if limit.by.is_empty() {
                String::new()
            } else {
                format!(" by {}", namer.exprs(&limit.by))
            };
            (
                "limit",
                format!("{} per {}{by}", limit.count, duration::display(limit.per)),
            )
        }
        LogicalPlan::Sort { by, .. } => {
            let by: Vec<String> = by
                .iter()
                .map(|column| {
                    format!(
                        "#{}{}",
                        column.column + 1,
                        if column.descending { " desc" } else { "" }
                    )
                })
                .collect();
            ("sort", format!("by {}", by.join(", ")))
        }
        LogicalPlan::Limit { limit, offset, .. } => {
            let limit = limit.map_or_else(|| "all".to_owned(), |limit| limit.to_string());
            let offset = if *offset > 0 {
                format!(" from {}", offset + 1)
            } else {
                String::new()
            };
            ("limit", format!("{limit}{offset}"))
        }
    };
    let inputs = match plan {
        LogicalPlan::Scan {
            stream,
            of: Some(of),
            ..
        } => {
            // Only blocks made before this one can be read, so this ends.
            let made = planned
                .queries
                .iter()
                .take(at)
                .position(|query| query.output_stream == *stream);
            vec![match made {
                Some(made) => describe(of, planned, made + 1),
                // It was made one with this query: what it reads is what this query reads.
                None => node(of, planned, layout, at),
            }]
        }
        other => other
            .inputs()
            .into_iter()
            .map(|input| node(input, planned, layout, at))
            .collect(),
    };
    Node {
        name,
        detail,
        inputs,
    }
}

fn project(columns: &[Expr], output: &Schema, namer: &Namer<'_>) -> String {
    let shown = columns.iter().zip(output).map(|(expr, column)| {
        let text = namer.expr(expr);
        let name = crate::catalog::name::quote(&column.name);
        if text == name {
            text
        } else {
            format!("{name} = {text}")
        }
    });
    let hidden = columns
        .iter()
        .skip(output.len())
        .map(|expr| format!("(to sort by: {})", namer.expr(expr)));
    shown.chain(hidden).collect::<Vec<_>>().join(", ")
}

/// The names of the pattern's variables under this node.
fn variables(plan: &LogicalPlan) -> Vec<String> {
    match plan {
        LogicalPlan::Match { pattern, .. } => pattern.automaton.variables.clone(),
        LogicalPlan::Scan { .. } => Vec::new(),
        other => other
            .inputs()
            .first()
            .map(|input| variables(input))
            .unwrap_or_default(),
    }
}

/// The columns that the expressions of this node speak of: those of the row, or (true) of the group under it.
fn columns_under(plan: &LogicalPlan, layout: &Schema, variables: &[String]) -> (Schema, bool) {
    let mut under = plan;
    loop {
        under = match under {
            // A query that counts the matches of the one it reads has that one's layout.
            LogicalPlan::Scan { schema, .. } if !layout.starts_with(schema) => {
                return (schema.clone(), false);
            }
            LogicalPlan::Scan { .. } | LogicalPlan::Values { .. } | LogicalPlan::Merge { .. } => {
                return (layout.clone(), false);
            }
            other => match other.inputs().first() {
                Some(input) => input,
                None => return (layout.clone(), false),
            },
        };
        if matches!(under, LogicalPlan::Group { .. }) {
            let (layout, computed) = columns_under(under, layout, variables);
            let namer = Namer {
                layout: &layout,
                computed,
                variables,
            };
            return (group_columns(under, &namer), true);
        }
    }
}

/// The columns of a group's row: keys, then aggregates, named by what they are.
fn group_columns(plan: &LogicalPlan, namer: &Namer<'_>) -> Schema {
    let LogicalPlan::Group {
        keys, aggregates, ..
    } = plan
    else {
        return Schema::new();
    };
    let keys = keys.iter().map(|key| namer.expr(key));
    let aggregates = aggregates
        .iter()
        .map(|aggregate| namer.expr(&wrapped(aggregate.clone())));
    keys.chain(aggregates)
        .map(|name| Column::new(name, Type::Null))
        .collect()
}

fn wrapped(aggregate: crate::expr::Aggregate) -> Expr {
    Expr {
        kind: ExprKind::Aggregate(Box::new(aggregate)),
        ty: Type::Null,
        span: Default::default(),
    }
}
