//! Aggregates over the *set* of matches: `SELECT symbol, COUNT(*), SUM(LAST(v.price)) … MATCH … GROUP BY symbol`.
//!
//! With GROUP BY, an aggregate ranges over matches, and its argument is a value of one match, which may itself be an aggregate
//! over the match's rows: `SUM(COUNT(v))`. COUNT(v) of a variable stays one over rows.

use portent_grammar::{Diagnostic, Span};
use portent_parser::ast;

use super::pattern_scope::{PatternScope, single_name};
use super::select_list::List;
use super::{aggregates, bound, group};
use crate::expr::{Aggregate, Expr, ExprKind, Scope};
use crate::functions::Library;

/// The names of a pattern, with aggregates over matches.
pub(super) struct GroupedMatches<'a, 'b> {
    inner: &'a mut PatternScope<'b>,
    groups: &'a mut Vec<Aggregate>,
}

impl<'a, 'b> GroupedMatches<'a, 'b> {
    pub fn new(inner: &'a mut PatternScope<'b>, groups: &'a mut Vec<Aggregate>) -> Self {
        GroupedMatches { inner, groups }
    }

    fn of_variable(&self, call: &ast::Call) -> bool {
        let star = call.star.as_ref().is_some_and(Option::is_some);
        let name = call
            .args
            .first()
            .and_then(single_name)
            .filter(|_| call.args.len() == 1);
        star || name.is_some_and(|name| self.inner.variables.lookup(name).is_some())
    }
}

impl Scope for GroupedMatches<'_, '_> {
    fn name(&mut self, parts: &[ast::Ident], span: Span) -> Result<Expr, Diagnostic> {
        self.inner.name(parts, span)
    }

    fn call(&mut self, call: &ast::Call, span: Span) -> Option<Result<Expr, Diagnostic>> {
        let name = call.name.text.to_uppercase();
        let navigation = ["FIRST", "LAST"].contains(&name.as_str());
        match self.library().aggregate(&name) {
            Some(function) if !navigation && call.over.is_none() && !self.of_variable(call) => {
                Some(self.aggregate(call, function, span))
            }
            _ => self.inner.call(call, span),
        }
    }

    fn library(&self) -> &Library {
        self.inner.library()
    }
}

impl GroupedMatches<'_, '_> {
    fn aggregate(
        &mut self,
        call: &ast::Call,
        function: crate::expr::AggregateFunction,
        span: Span,
    ) -> Result<Expr, Diagnostic> {
        let mut rest = Vec::new();
        let mut args = Vec::new();
        for arg in &call.args {
            args.push(bound::part(arg, self.inner, &mut rest)?);
        }
        let filter = match &call.filter {
            Some(filter) => Some(bound::part(filter, self.inner, &mut rest)?),
            None => None,
        };
        self.inner.diagnostics.append(&mut rest);
        let unbound = aggregates::Unbound {
            function,
            call,
            args,
            filter,
            variables: None,
            running: false,
        };
        let (aggregate, ty) = unbound.bind(span)?;
        Ok(group::collected(self.groups, aggregate, ty, span))
    }
}

/// The two halves of a group over matches.
pub(super) struct Split {
    /// What each match gives: the keys, then the arguments of the aggregates.
    pub list: List,
    /// Over what the matches gave.
    pub keys: Vec<Expr>,
    pub aggregates: Vec<Aggregate>,
}

/// Splits keys and aggregates over matches into what a match gives, and what is grouped.
pub(super) fn split(keys: Vec<Expr>, groups: Vec<Aggregate>) -> Split {
    let mut list = List::default();
    let mut column = |expr: Expr| {
        let at = list
            .columns
            .iter()
            .position(|known| *known == expr)
            .unwrap_or_else(|| {
                list.names.push(format!("column{}", list.columns.len() + 1));
                list.spans.push(expr.span);
                list.columns.push(expr.clone());
                list.columns.len() - 1
            });
        Expr {
            kind: ExprKind::Column(at),
            ..expr
        }
    };
    let keys = keys.into_iter().map(&mut column).collect();
    let aggregates = groups
        .into_iter()
        .map(|mut aggregate| {
            aggregate.args = aggregate.args.into_iter().map(&mut column).collect();
            aggregate.filter = aggregate.filter.map(&mut column);
            aggregate
        })
        .collect();
    Split {
        list,
        keys,
        aggregates,
    }
}
