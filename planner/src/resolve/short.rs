//! The short form: `SELECT … FROM s MATCH (…) …`

use portent_parser::ast;

use super::pattern::Written;
use super::select::{Names, PatternNames, Source, aliases};
use super::{Planner, Relation};
use crate::compiled::{RowOrder, RowsPerMatch};
use crate::expr::Expr;
use crate::logical::LogicalPlan;
use crate::pattern::nullable::nullable;
use crate::pattern::read::Clauses;

impl Planner<'_> {
    /// Plans a block with MATCH.
    pub(super) fn short(
        &mut self,
        query: &ast::Query,
        clause: &ast::MatchClause,
        statement: Option<bool>,
    ) -> Option<Relation> {
        let from = self.from(query, true)?;
        let written = Written {
            clauses: Clauses {
                pattern: &clause.pattern,
                define: &clause.define,
                subset: &clause.subset,
            },
            partition_by: &clause.partition_by,
            within: clause.within.as_ref(),
            after_match: clause.after_match.as_ref(),
            emit: query.emit.as_ref(),
            all: clause.all,
            rows: RowsPerMatch::One,
            order: RowOrder::EventTime { ties: Vec::new() },
            in_order: false,
            span: clause.pattern.span,
        };
        let read = self.pattern(written, &from)?;
        // An empty match has no rows of its own to read the key from.
        let constant: Vec<Expr> = if nullable(&read.pattern.node) {
            read.pattern.partition_by.clone()
        } else {
            Vec::new()
        };
        let variables = read.pattern.variables.clone();
        let key = read
            .partition
            .columns()
            .into_iter()
            .map(|(name, key)| (name, in_match(key, &constant)));
        let names = Names {
            layout: &from.layout,
            pattern: Some(PatternNames {
                variables: &variables,
                constant: &constant,
                key: key.collect(),
            }),
            aliases: aliases(query),
        };
        let plan = LogicalPlan::Match {
            input: Box::new(from.plan()),
            pattern: Box::new(read.pattern),
        };
        self.block(query, &names, Source { from: &from, plan }, statement)
    }
}

/// A key of the row as a value of a match: that of its last row, unless the match may be empty.
pub(super) fn in_match(key: Expr, constant: &[Expr]) -> Expr {
    if constant.contains(&key) || !crate::expr::is_row_only(&key) {
        return key;
    }
    let row = crate::expr::RowRef {
        variables: None,
        end: crate::expr::LogicalEnd::Last,
        offset: 0,
        running: false,
        physical: 0,
    };
    super::pattern_scope::at_row(row, key)
}
