//! `SELECT …` over rows and over matches: what a block's expressions see, and the order in which its clauses are read.

use portent_grammar::Diagnostic;
use portent_grammar::codes::statements as codes;
use portent_parser::ast;

use super::assemble::{Base, Over, Parts};
use super::from::From;
use super::layout::Layout;
use super::pattern_scope::{PatternScope, Place};
use super::row_scope::RowScope;
use super::{Planner, Relation, bound, unsupported};
use crate::expr::{Aggregate, Expr};
use crate::logical::LogicalPlan;
use crate::pattern::Variables;

/// The names that a select list sees.
pub(super) struct Names<'a> {
    pub layout: &'a Layout,
    /// Of the short form.
    pub pattern: Option<PatternNames<'a>>,
    /// The names that the select list itself gives.
    pub aliases: Vec<String>,
}

/// The names that a pattern lends to a select list.
pub(super) struct PatternNames<'a> {
    pub variables: &'a Variables,
    /// Expressions that are the same in every row of a partition.
    pub constant: &'a [Expr],
    /// The columns of `*`: the partition's key.
    pub key: Vec<(String, Expr)>,
}

/// What is under a select list.
pub(super) struct Source<'a> {
    pub from: &'a From,
    /// Rows, or matches.
    pub plan: LogicalPlan,
}

impl Names<'_> {
    /// Binds an expression of this block. `groups`: aggregates are over groups, and collected.
    pub fn bind(
        &self,
        expr: &ast::Expr,
        place: &'static str,
        groups: Option<&mut Vec<Aggregate>>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Expr> {
        let Some(pattern) = &self.pattern else {
            let mut scope = match groups {
                Some(groups) => RowScope::grouped(self.layout, groups),
                None => RowScope::at(self.layout, place),
            };
            scope.aliases.clone_from(&self.aliases);
            return bound::row(expr, &mut scope, diagnostics);
        };
        let mut scope = PatternScope::new(self.layout, pattern.variables, Place::OneRow);
        scope.constant = pattern.constant;
        scope.aliases.clone_from(&self.aliases);
        let bound = match groups {
            Some(groups) => {
                let mut scope = super::match_groups::GroupedMatches::new(&mut scope, groups);
                bound::any(expr, &mut scope, diagnostics)
            }
            None => bound::any(expr, &mut scope, diagnostics),
        };
        diagnostics.append(&mut scope.diagnostics);
        bound
    }
}

impl Planner<'_> {
    /// `SELECT …` over rows.
    pub(super) fn select(
        &mut self,
        query: &ast::Query,
        statement: Option<bool>,
    ) -> Option<Relation> {
        if let Some(emit) = &query.emit {
            self.error(if emit.final_ || emit.changes {
                unsupported::emit_windows(emit.span)
            } else {
                let message =
                    "EMIT says which matches of a pattern are reported, and there is no pattern";
                Diagnostic::error(codes::EMIT_MISPLACED, emit.span, message)
                    .help("leave EMIT out: every row that meets WHERE is reported")
            });
        }
        let from = self.from(query, false)?;
        let names = Names {
            layout: &from.layout,
            pattern: None,
            aliases: aliases(query),
        };
        let source = Source {
            from: &from,
            plan: from.plan(),
        };
        self.block(query, &names, source, statement)
    }

    /// Everything from WHERE to LIMIT, over rows or matches.
    pub(super) fn block(
        &mut self,
        query: &ast::Query,
        names: &Names<'_>,
        source: Source<'_>,
        statement: Option<bool>,
    ) -> Option<Relation> {
        let Source { from, mut plan } = source;
        let before = self.errors();
        if let Some(filter) = &query.filter {
            let condition = names.bind(filter, "WHERE", None, &mut self.diagnostics);
            if let Some(condition) = condition.and_then(|bound| self.boolean(bound)) {
                plan = LogicalPlan::Filter {
                    input: Box::new(plan),
                    condition,
                };
            }
        }
        let mut groups = Vec::new();
        let grouped = self.is_grouped(query, names);
        let mut list = self.list(query, names, grouped.then_some(&mut groups));
        let sorting = self.sorting(query, names, &mut list, grouped.then_some(&mut groups));
        let limit_per = self.limit_per(query, names, grouped.then_some(&mut groups));
        let mut having = None;
        if let Some(condition) = &query.having {
            having = names.bind(
                condition,
                "HAVING",
                Some(&mut groups),
                &mut self.diagnostics,
            );
            having = having.and_then(|bound| self.boolean(bound));
        }
        let keys = if grouped {
            self.keys(query, names, &list)
        } else {
            Some(Vec::new())
        };
        if grouped && !from.bounded {
            let span = query
                .group_by
                .first()
                .map_or(query.span, |first| first.span);
            self.error(unsupported::group_live(span));
        }
        self.check_live(query, from, &sorting, &list);
        let (limit, offset) = self.limit(query);
        let keys = keys?;
        let parts = Parts {
            list,
            sorting,
            limit_per,
            limit,
            offset,
            distinct: query.distinct,
        };
        if grouped {
            let over = Over {
                groups,
                keys,
                having,
            };
            let (over, parts) = self.over_groups(over, parts);
            if self.errors() > before {
                return None;
            }
            let base = Base {
                from,
                plan,
                matches: names.pattern.is_some(),
                span: query.span,
            };
            return Some(self.grouped(base, over, parts, statement));
        }
        if self.errors() > before {
            return None;
        }
        let own_time = self.own_time(&parts, from, names.pattern.is_some(), statement);
        Some(self.assemble(plan, from, parts, own_time, statement, query.span))
    }

    pub(super) fn errors(&self) -> usize {
        self.diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.is_error())
            .count()
    }

    /// A condition must be true or false.
    pub(super) fn boolean(&mut self, bound: Expr) -> Option<Expr> {
        match crate::expr::bind::boolean(bound) {
            Ok(condition) => Some(condition),
            Err(error) => {
                self.error(error);
                None
            }
        }
    }

    /// Whether the block gives a row a group: by GROUP BY or HAVING, or, over rows, by an aggregate in the select list.
    fn is_grouped(&self, query: &ast::Query, names: &Names<'_>) -> bool {
        if !query.group_by.is_empty() || query.having.is_some() {
            return true;
        }
        if names.pattern.is_some() {
            return false;
        }
        let exprs = query.items.iter().filter_map(|item| match item {
            ast::SelectItem::Expr { expr, .. } => Some(expr),
            ast::SelectItem::Star(_) | ast::SelectItem::QualifiedStar(..) => None,
        });
        let exprs = exprs.chain(query.order_by.iter().map(|item| &item.expr));
        let mut groups = Vec::new();
        let mut scope = RowScope::grouped(names.layout, &mut groups);
        for expr in exprs {
            // Errors are reported when the list is read.
            bound::row(expr, &mut scope, &mut Vec::new());
        }
        scope.aggregated
    }
}

/// The names that the select list gives with AS.
pub(super) fn aliases(query: &ast::Query) -> Vec<String> {
    let alias = |item: &ast::SelectItem| match item {
        ast::SelectItem::Expr { alias, .. } => alias.as_ref().map(|alias| alias.text.clone()),
        ast::SelectItem::Star(_) | ast::SelectItem::QualifiedStar(..) => None,
    };
    query.items.iter().filter_map(alias).collect()
}
