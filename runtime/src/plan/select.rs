//! SELECT: a passing query.

use portent_grammar::Diagnostic;
use portent_grammar::codes::{runtime as codes, statements};
use portent_parser::ast::{Ident, Query, SelectItem};
use portent_planner::catalog::StreamDef;
use portent_planner::resolve::Planned;

use super::{Effect, Planning};
use crate::intake;

impl Planning<'_> {
    pub(super) fn select(&mut self, query: &Query) -> Option<Effect> {
        self.plan_passing(query)
            .map(|planned| Effect::Select(Box::new(planned)))
    }

    /// Plans a query that runs over what there is, to its end.
    pub(super) fn plan_passing(&mut self, query: &Query) -> Option<Planned> {
        let planned = self.catalog.at_rest().plan_query(None, query, self.files);
        if !self.take(&planned) {
            return None;
        }
        for source in &planned.new_sources {
            self.check_source(source, query.span);
        }
        let limited = planned
            .queries
            .last()
            .is_some_and(|it| it.limit.is_some() && it.order_by.is_empty());
        if !limited
            && !self.options.endless
            && let Some(endless) = self.endless(&planned)
        {
            let message = format!("stream \"{endless}\" has no end, and neither would this SELECT");
            self.error(
                Diagnostic::error(codes::SELECT_UNBOUNDED, query.span, message).help(
                    "give it a LIMIT, or make it a standing query: CREATE QUERY q AS SELECT …",
                ),
            );
        }
        (!self.failed()).then_some(planned)
    }

    fn endless(&self, planned: &Planned) -> Option<String> {
        let of = |id| self.catalog.stream(id).filter(|def| self.is_endless(def));
        planned
            .sources
            .iter()
            .find_map(|id| of(*id))
            .map(|def| def.name.clone())
    }

    fn is_endless(&self, def: &StreamDef) -> bool {
        if self.options.no_connectors || !intake::has_connector(def) {
            return false;
        }
        let inferred = self.files.inferred(&def.options);
        intake::config(def, inferred.as_deref(), &self.reading).is_ok_and(|it| !it.has_end())
    }
}

/// `INSERT INTO s (a, b) SELECT x, y …`: the columns of the query go by the names that were given.
pub(super) fn name_columns(
    query: &mut Query,
    columns: &[Ident],
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<()> {
    let starred = query
        .items
        .iter()
        .any(|item| !matches!(item, SelectItem::Expr { .. }));
    if starred || query.items.len() != columns.len() {
        let span = columns
            .iter()
            .map(|it| it.span)
            .reduce(|a, b| a.to(b))
            .unwrap_or_default();
        let message = if starred {
            "the columns can't be counted: the query selects *".to_owned()
        } else {
            format!(
                "{} columns, and the query gives {}",
                columns.len(),
                query.items.len()
            )
        };
        diagnostics.push(Diagnostic::error(statements::INSERT_COUNT, span, message));
        return None;
    }
    for (item, column) in query.items.iter_mut().zip(columns) {
        if let SelectItem::Expr { alias, .. } = item {
            *alias = Some(column.clone());
        }
    }
    Some(())
}
