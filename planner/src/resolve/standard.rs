//! The standard form: `FROM s MATCH_RECOGNIZE (…)`, a query of its own whose output the surrounding SELECT reads.

use portent_grammar::codes::{names as name_codes, patterns as codes};
use portent_grammar::{Diagnostic, Span};
use portent_parser::ast;

use super::assemble::{OutputTime, Parts};
use super::from::From;
use super::layout::{Layout, Member};
use super::order::nulls_first;
use super::pattern::{Read, Written};
use super::pattern_scope::{PatternScope, Place};
use super::row_scope::RowScope;
use super::select_list::List;
use super::short::in_match;
use super::{Planner, Relation, bound, output};
use crate::catalog::name;
use crate::compiled::{RowOrder, RowsPerMatch, SortKey};
use crate::expr::{Expr, ExprKind};
use crate::logical::LogicalPlan;
use crate::pattern::nullable::nullable;
use crate::pattern::read::Clauses;

impl Planner<'_> {
    /// Plans `input MATCH_RECOGNIZE (clause)`.
    pub(super) fn standard(
        &mut self,
        input: &ast::TableRef,
        clause: &ast::MatchRecognize,
        span: Span,
    ) -> Option<Relation> {
        let relation = self.table(input)?;
        let member = Member {
            names: relation.names.clone(),
            stream: relation.stream,
            schema: relation.schema.clone(),
        };
        let layout = Layout::new(&[member], self.catalog.library());
        let name = relation.names.first().cloned();
        let from = From {
            bounded: relation.bounded,
            layout,
            unnest: Vec::new(),
            relations: vec![relation],
        };
        let before = self.errors();
        let order = self.row_order(&clause.order_by, &from);
        let rows = match clause.rows {
            None | Some(ast::RowsPerMatch::One) => RowsPerMatch::One,
            Some(ast::RowsPerMatch::AllShowEmpty { .. }) => RowsPerMatch::All {
                show_empty: true,
                unmatched: false,
            },
            Some(ast::RowsPerMatch::AllOmitEmpty) => RowsPerMatch::All {
                show_empty: false,
                unmatched: false,
            },
            Some(ast::RowsPerMatch::AllWithUnmatched) => RowsPerMatch::All {
                show_empty: true,
                unmatched: true,
            },
        };
        let written = Written {
            clauses: Clauses {
                pattern: &clause.pattern,
                define: &clause.define,
                subset: &clause.subset,
            },
            partition_by: &clause.partition_by,
            within: clause.within.as_ref(),
            after_match: clause.after_match.as_ref(),
            emit: clause.emit.as_ref(),
            all: false,
            rows,
            order,
            in_order: true,
            span: clause.pattern.span,
        };
        let read = self.pattern(written, &from)?;
        let list = self.measures(clause, &from, &read, rows);
        if self.errors() > before {
            return None;
        }
        let plan = LogicalPlan::Match {
            input: Box::new(from.plan()),
            pattern: Box::new(read.pattern),
        };
        let parts = Parts::plain(list);
        let mut relation = self.assemble(plan, &from, parts, OutputTime::default(), None, span);
        relation.names = name.into_iter().collect();
        Some(relation)
    }

    /// Event time with ties, or anything at all where the input ends.
    fn row_order(&mut self, order_by: &[ast::OrderItem], from: &From) -> RowOrder {
        let mut keys = Vec::new();
        for item in order_by {
            let mut scope = RowScope::at(&from.layout, "ORDER BY");
            if let Some(expr) = bound::row(&item.expr, &mut scope, &mut self.diagnostics) {
                keys.push(SortKey {
                    expr,
                    descending: item.descending,
                    nulls_first: nulls_first(item),
                });
            }
        }
        let time = from.event_time();
        let by_time = keys.first().is_some_and(|first| {
            !first.descending
                && matches!(first.expr.kind, ExprKind::Column(slot) if time == Some(slot))
        });
        if keys.is_empty() {
            return RowOrder::EventTime { ties: Vec::new() };
        }
        if by_time {
            keys.remove(0);
            return RowOrder::EventTime { ties: keys };
        }
        if !from.bounded {
            let span = order_by
                .first()
                .map(|item| item.expr.span)
                .unwrap_or_default();
            let column = time.and_then(|slot| from.layout.slots.get(slot));
            let error = Diagnostic::error(
                codes::ORDER_NOT_TIME,
                span,
                "on a live stream ORDER BY must begin with the event time, ascending: events are matched as they come",
            );
            self.error(match column {
                Some(column) => error.help(format!("ORDER BY {}, …", name::quote(&column.name))),
                None if from.has_event_time() => {
                    error.help("its rows come in the order of their event time: leave ORDER BY out")
                }
                None => error.help("this stream has no event time: leave ORDER BY out, and the order is that of arrival"),
            });
        }
        RowOrder::Sorted { keys }
    }

    /// ONE ROW: the partition's columns and the measures. ALL ROWS: the partition's and the order's columns, the measures, and
    /// all other columns.
    fn measures(
        &mut self,
        clause: &ast::MatchRecognize,
        from: &From,
        read: &Read,
        rows: RowsPerMatch,
    ) -> List {
        let all_rows = matches!(rows, RowsPerMatch::All { .. });
        let mut list = List::default();
        let constant: Vec<Expr> = if nullable(&read.pattern.node) {
            read.pattern.partition_by.clone()
        } else {
            Vec::new()
        };
        let mut slots = Vec::new();
        let mut add = |list: &mut List, name: String, expr: Expr, span: Span| {
            if let ExprKind::Column(slot) = expr.kind {
                slots.push(slot);
            }
            list.names.push(name);
            list.columns.push(expr);
            list.spans.push(span);
        };
        for ((name, key), written) in read
            .partition
            .columns()
            .into_iter()
            .zip(&clause.partition_by)
        {
            let key = if all_rows {
                key
            } else {
                in_match(key, &constant)
            };
            add(&mut list, name, key, written.span);
        }
        if all_rows {
            for item in &clause.order_by {
                let mut scope = RowScope::at(&from.layout, "ORDER BY");
                // Errors were reported when the order was read.
                let bound = bound::row(&item.expr, &mut scope, &mut Vec::new());
                let known = |expr: &Expr| list.columns.contains(expr);
                if let Some(expr) = bound.filter(|expr| !known(expr)) {
                    let name = output::column_name(&item.expr, list.columns.len());
                    add(&mut list, name, expr, item.expr.span);
                }
            }
        }
        let place = if all_rows {
            Place::AllRows
        } else {
            Place::OneRow
        };
        for measure in &clause.measures {
            let mut scope = PatternScope::new(&from.layout, &read.pattern.variables, place);
            if !all_rows {
                scope.constant = &constant;
            }
            let bound = bound::any(&measure.expr, &mut scope, &mut self.diagnostics);
            self.diagnostics.append(&mut scope.diagnostics);
            let Some(bound) = bound else { continue };
            if list.names.contains(&measure.name.text) {
                let message = format!("two columns are named \"{}\"", measure.name.text);
                let error =
                    Diagnostic::error(name_codes::DUPLICATE_OUTPUT, measure.name.span, message);
                self.error(error.help("give the measure another name"));
            }
            // A measure is not a column of the row, even where it reads just one.
            list.names.push(measure.name.text.clone());
            list.columns.push(bound);
            list.spans.push(measure.expr.span);
        }
        if all_rows {
            for (slot, column) in from.layout.slots.iter().enumerate() {
                if !slots.contains(&slot) && !list.names.contains(&column.name) {
                    list.names.push(column.name.clone());
                    list.columns.push(Expr {
                        kind: ExprKind::Column(slot),
                        ty: column.ty.clone(),
                        span: clause.span,
                    });
                    list.spans.push(clause.span);
                }
            }
        }
        if !all_rows && list.columns.is_empty() && clause.measures.is_empty() {
            let span = clause.span;
            let message =
                "ONE ROW PER MATCH without MEASURES and PARTITION BY gives rows without columns";
            let error = Diagnostic::error(codes::NO_MEASURES, span, message);
            self.error(
                error.help("add MEASURES, for example MATCH_NUMBER() AS n, or ALL ROWS PER MATCH"),
            );
        }
        list
    }
}
