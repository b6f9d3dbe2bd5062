//! ORDER BY: by position, by a name of the select list, by an expression (which then is a hidden column).

use portent_grammar::codes::statements as codes;
use portent_grammar::{Diagnostic, Span};
use portent_parser::ast;

use super::Planner;
use super::layout::unwrap;
use super::pattern_scope::single_name;
use super::select::Names;
use super::select_list::List;
use crate::catalog::name;
use crate::compiled::SortColumn;
use crate::expr::Aggregate;

/// An ORDER BY, over the columns of a select list.
#[derive(Clone, Debug, Default)]
pub(super) struct Sorting {
    pub columns: Vec<SortColumn>,
    /// How many columns come out; those behind are only sorted by.
    pub visible: usize,
}

/// `2` stands for the second column. `Err`: a number that can't be a position.
pub(super) fn position(expr: &ast::Expr) -> Option<Result<usize, ()>> {
    match &unwrap(expr).kind {
        ast::ExprKind::Number(text) => Some(
            text.parse::<usize>()
                .ok()
                .and_then(|at| at.checked_sub(1))
                .ok_or(()),
        ),
        _ => None,
    }
}

/// There is no such column.
pub(super) fn no_position(span: Span, columns: usize) -> Diagnostic {
    let message = if columns == 1 {
        "the select list has one column, whose position is 1".to_owned()
    } else {
        format!("the select list has {columns} columns: a position is one of 1 to {columns}")
    };
    Diagnostic::error(codes::POSITION, span, message)
}

/// The column of the select list that a name stands for.
pub(super) fn alias(expr: &ast::Expr, names: &[String]) -> Option<usize> {
    let ident = single_name(expr)?;
    name::find(ident, names.iter().map(String::as_str)).one()
}

/// Where NULLs go if nothing is said: last when ascending, first when descending.
pub(super) fn nulls_first(item: &ast::OrderItem) -> bool {
    item.nulls_first.unwrap_or(item.descending)
}

impl Planner<'_> {
    /// Reads ORDER BY; expressions that aren't in the select list become hidden columns of it.
    pub(super) fn sorting(
        &mut self,
        query: &ast::Query,
        names: &Names<'_>,
        list: &mut List,
        mut groups: Option<&mut Vec<Aggregate>>,
    ) -> Sorting {
        let visible = list.columns.len();
        let mut sorting = Sorting {
            columns: Vec::new(),
            visible,
        };
        for item in &query.order_by {
            let at = match position(&item.expr) {
                Some(Ok(at)) if at < visible => Some(at),
                Some(_) => {
                    self.error(no_position(item.expr.span, visible));
                    None
                }
                None => {
                    alias(&item.expr, list.names.get(..visible).unwrap_or_default()).or_else(|| {
                        self.sorted_by(query, item, names, list, visible, groups.as_deref_mut())
                    })
                }
            };
            if let Some(column) = at {
                sorting.columns.push(SortColumn {
                    column,
                    descending: item.descending,
                    nulls_first: nulls_first(item),
                });
            }
        }
        sorting
    }

    fn sorted_by(
        &mut self,
        query: &ast::Query,
        item: &ast::OrderItem,
        names: &Names<'_>,
        list: &mut List,
        visible: usize,
        groups: Option<&mut Vec<Aggregate>>,
    ) -> Option<usize> {
        let bound = names.bind(&item.expr, "ORDER BY", groups, &mut self.diagnostics)?;
        if let Some(at) = list.columns.iter().position(|column| *column == bound) {
            return Some(at);
        }
        if query.distinct {
            let message = "with SELECT DISTINCT, what is sorted by must be in the select list";
            self.error(Diagnostic::error(
                codes::DISTINCT_ORDER,
                item.expr.span,
                message,
            ));
            return None;
        }
        debug_assert!(list.columns.len() >= visible);
        list.names.push(format!("order{}", list.columns.len() + 1));
        list.spans.push(item.expr.span);
        list.columns.push(bound);
        Some(list.columns.len() - 1)
    }
}
