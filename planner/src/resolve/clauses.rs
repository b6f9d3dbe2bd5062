//! GROUP BY, LIMIT … PER, LIMIT and OFFSET, and what makes no sense over input that never ends.

use portent_grammar::Diagnostic;
use portent_grammar::codes::statements as codes;
use portent_parser::ast;

use super::from::From;
use super::order::{self, Sorting};
use super::select::Names;
use super::select_list::List;
use super::{Planner, bound, duration, group};
use crate::catalog::name;
use crate::compiled::LimitPer;
use crate::expr::{Aggregate, Expr, ExprKind};

impl Planner<'_> {
    /// GROUP BY: a position, a column, a name of the select list, an expression.
    pub(super) fn keys(
        &mut self,
        query: &ast::Query,
        names: &Names<'_>,
        list: &List,
    ) -> Option<Vec<Expr>> {
        let mut keys: Vec<Expr> = Vec::new();
        for item in &query.group_by {
            let key = match order::position(item) {
                Some(Ok(at)) => match list.columns.get(at) {
                    Some(column) => Some(column.clone()),
                    None => {
                        self.error(order::no_position(item.span, list.columns.len()));
                        None
                    }
                },
                Some(Err(())) => {
                    self.error(order::no_position(item.span, list.columns.len()));
                    None
                }
                None => self.key(item, names, list),
            }?;
            if group::has_aggregate(&key) {
                let message = "an aggregate can't be a key of its own group";
                self.error(Diagnostic::error(
                    codes::AGGREGATE_MISPLACED,
                    item.span,
                    message,
                ));
                return None;
            }
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        Some(keys)
    }

    fn key(&mut self, item: &ast::Expr, names: &Names<'_>, list: &List) -> Option<Expr> {
        let mut errors = Vec::new();
        if let Some(bound) = names.bind(item, "GROUP BY", None, &mut errors) {
            self.diagnostics.append(&mut errors);
            return Some(bound);
        }
        if let Some(at) = order::alias(item, &list.names) {
            return list.columns.get(at).cloned();
        }
        self.diagnostics.append(&mut errors);
        None
    }

    pub(super) fn limit_per(
        &mut self,
        query: &ast::Query,
        names: &Names<'_>,
        mut groups: Option<&mut Vec<Aggregate>>,
    ) -> Option<LimitPer> {
        let written = query.limit_per.as_ref()?;
        let count = bound::count(&written.count, "LIMIT", &mut self.diagnostics)?;
        let per = match duration::fixed(&written.per) {
            Ok(per) if per > 0 => per,
            Ok(_) => {
                let message = "LIMIT … PER needs a duration longer than nothing";
                self.error(Diagnostic::error(
                    codes::LIMIT_VALUE,
                    written.per.span,
                    message,
                ));
                return None;
            }
            Err(error) => {
                self.error(error);
                return None;
            }
        };
        let mut by = Vec::new();
        for expr in &written.by {
            let mut errors = Vec::new();
            let bound = names.bind(expr, "LIMIT … BY", groups.as_deref_mut(), &mut errors);
            let aliased = || self.aliased(query, expr);
            let bound = match bound {
                Some(bound) => Some(bound),
                None => match aliased() {
                    Some(item) => {
                        errors.clear();
                        names.bind(&item, "LIMIT … BY", groups.as_deref_mut(), &mut errors)
                    }
                    None => None,
                },
            };
            self.diagnostics.append(&mut errors);
            by.extend(bound);
        }
        Some(LimitPer { count, per, by })
    }

    /// The select item that a name stands for.
    fn aliased(&self, query: &ast::Query, expr: &ast::Expr) -> Option<ast::Expr> {
        let ident = super::pattern_scope::single_name(expr)?;
        query.items.iter().find_map(|item| match item {
            ast::SelectItem::Expr {
                expr,
                alias: Some(alias),
            } if name::same_but_case(&alias.text, &ident.text) => Some(expr.clone()),
            _ => None,
        })
    }

    pub(super) fn limit(&mut self, query: &ast::Query) -> (Option<u64>, u64) {
        let mut count = |expr: &Option<ast::Expr>, what: &str| {
            expr.as_ref()
                .and_then(|expr| bound::count(expr, what, &mut self.diagnostics))
        };
        let limit = count(&query.limit, "LIMIT");
        (limit, count(&query.offset, "OFFSET").unwrap_or(0))
    }

    /// What makes no sense over input that never ends.
    pub(super) fn check_live(
        &mut self,
        query: &ast::Query,
        from: &From,
        sorting: &Sorting,
        list: &List,
    ) {
        if from.bounded || query.order_by.is_empty() {
            return;
        }
        let by_time = |expr: &Expr| matches!(expr.kind, ExprKind::Column(slot) if from.event_time() == Some(slot));
        let in_order = sorting.columns.first().is_some_and(|first| {
            !first.descending && list.columns.get(first.column).is_some_and(by_time)
        });
        if in_order && sorting.columns.len() == 1 {
            return;
        }
        let span = query
            .order_by
            .first()
            .map_or(query.span, |item| item.expr.span);
        let message = "a stream that never ends can't be sorted: its last row never comes";
        self.error(
            Diagnostic::error(codes::ORDER_BY_LIVE, span, message)
                .help(
                    "leave ORDER BY out: rows and matches come in the order of event time already",
                )
                .help("or read a file, which ends"),
        );
    }
}
