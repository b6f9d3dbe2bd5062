//! What stands in FROM.

use crate::ast::{Expr, Join, JoinKind, TableAlias, TableFunctionArg, TableKind, TableRef};

use super::lines::{bracketed, indent, join, list, prefix, suffix};
use super::types::duration;
use super::{Printer, label, name, names, text};

fn alias_of(alias: &TableAlias) -> String {
    if alias.columns.is_empty() {
        return format!(" AS {}", label(&alias.name));
    }
    format!(" AS {}({})", label(&alias.name), names(&alias.columns))
}

impl Printer<'_> {
    pub(super) fn from(&self, tables: &[TableRef], width: usize) -> Vec<String> {
        let head = "FROM   ";
        if let [only] = tables
            && !self.commented(Some(only.span), Some(only.span))
        {
            return prefix(head, self.table(only, width.saturating_sub(head.len())));
        }
        let vertical = self.commented(
            tables.first().map(|table| table.span),
            tables.last().map(|table| table.span),
        );
        list(
            head,
            tables
                .iter()
                .map(|table| self.table(table, width.saturating_sub(3)))
                .collect(),
            vertical,
            width,
        )
    }

    pub(super) fn table(&self, table: &TableRef, width: usize) -> Vec<String> {
        let lines = match &table.kind {
            TableKind::Named(named) => vec![name(named)],
            TableKind::File(path) => vec![text(path)],
            TableKind::Subquery(query) => {
                let mut lines = vec!["(".to_owned()];
                lines.extend(indent(self.query(query, width.saturating_sub(2))));
                lines.push(")".to_owned());
                lines
            }
            TableKind::Values(rows) => {
                suffix(prefix("(", self.values(rows, width.saturating_sub(2))), ")")
            }
            TableKind::MatchRecognize(of, recognize) => {
                let mut lines = suffix(self.table(of, width), " MATCH_RECOGNIZE (");
                lines.extend(indent(
                    self.match_recognize(recognize, width.saturating_sub(2)),
                ));
                lines.push(")".to_owned());
                lines
            }
            TableKind::Function {
                name: function,
                args,
                lateral,
            } => {
                let printed: Vec<Vec<String>> =
                    args.iter().map(|arg| vec![self.table_arg(arg)]).collect();
                let standard = args
                    .iter()
                    .any(|arg| !matches!(arg, TableFunctionArg::Expr(_)));
                let lateral = if *lateral { "LATERAL " } else { "" };
                let (open, close) = if standard {
                    ("TABLE(", "))")
                } else {
                    ("", ")")
                };
                bracketed(
                    &format!("{open}{lateral}{}(", name(function)),
                    printed,
                    close,
                    false,
                    width,
                )
            }
            TableKind::Join(join) => self.join_lines(join, width),
        };
        match &table.alias {
            Some(alias) => suffix(lines, &alias_of(alias)),
            None => lines,
        }
    }

    fn table_arg(&self, arg: &TableFunctionArg) -> String {
        match arg {
            TableFunctionArg::Expr(expr) => self.expr(expr),
            TableFunctionArg::Table(stream) => format!("TABLE {}", name(stream)),
            TableFunctionArg::Descriptor(columns) => format!("DESCRIPTOR({})", names(columns)),
        }
    }

    fn join_lines(&self, joined: &Join, width: usize) -> Vec<String> {
        let head = match joined.kind {
            JoinKind::Inner => "JOIN ",
            JoinKind::Left => "LEFT JOIN ",
            JoinKind::Right => "RIGHT JOIN ",
            JoinKind::Full => "FULL JOIN ",
            JoinKind::Cross => "CROSS JOIN ",
        };
        let mut right = prefix(head, self.table(&joined.right, width.saturating_sub(4)));
        if let Some(on) = &joined.on {
            right = join(
                suffix(right, " ON "),
                self.expr_lines(on, width.saturating_sub(8)),
            );
        }
        if let Some(within) = &joined.within {
            right = suffix(right, &format!(" WITHIN {}", duration(within)));
        }
        let mut lines = self.table(&joined.left, width);
        lines.extend(indent(right));
        lines
    }

    /// `VALUES (1, 2), (3, 4)`
    pub(super) fn values(&self, rows: &[Vec<Expr>], width: usize) -> Vec<String> {
        let printed: Vec<Vec<String>> = rows
            .iter()
            .map(|row| vec![format!("({})", self.exprs(row))])
            .collect();
        let first = rows
            .first()
            .and_then(|row| row.first())
            .map(|expr| expr.span);
        let last = rows.last().and_then(|row| row.last()).map(|expr| expr.span);
        list("VALUES ", printed, self.commented(first, last), width)
    }
}
