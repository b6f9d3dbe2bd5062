//! `SELECT …`

use portent_grammar::Span;

use crate::ast::{
    AfterMatch, Definition, Emit, Expr, Ident, MatchClause, OrderItem, Query, SelectItem, SkipTo,
    Subset,
};

use super::lines::{list, prefix, suffix};
use super::types::{duration, within};
use super::{Printer, label, name, names};

pub(super) fn skip(after: &AfterMatch) -> String {
    let target = match &after.skip {
        SkipTo::PastLastRow => "PAST LAST ROW".to_owned(),
        SkipTo::NextRow => "TO NEXT ROW".to_owned(),
        SkipTo::First(variable) => format!("TO FIRST {}", name(variable)),
        SkipTo::Last {
            variable,
            explicit: true,
        } => format!("TO LAST {}", name(variable)),
        SkipTo::Last {
            variable,
            explicit: false,
        } => format!("TO {}", name(variable)),
    };
    format!("AFTER MATCH SKIP {target}")
}

pub(super) fn emit(emit: &Emit) -> String {
    let words = [
        (emit.matches, "MATCHES"),
        (emit.timeouts, "TIMEOUTS"),
        (emit.final_, "FINAL"),
        (emit.changes, "CHANGES"),
    ];
    let words: Vec<&str> = words
        .into_iter()
        .filter(|(said, _)| *said)
        .map(|(_, word)| word)
        .collect();
    format!("EMIT {}", words.join(", "))
}

pub(super) fn order_item(printer: &Printer<'_>, item: &OrderItem) -> String {
    let nulls = match item.nulls_first {
        Some(true) => " NULLS FIRST",
        Some(false) => " NULLS LAST",
        None => "",
    };
    format!(
        "{}{}{nulls}",
        printer.expr(&item.expr),
        if item.descending { " DESC" } else { "" }
    )
}

fn item_span(item: &SelectItem) -> Span {
    match item {
        SelectItem::Star(span) | SelectItem::QualifiedStar(_, span) => *span,
        SelectItem::Expr { expr, alias } => alias
            .as_ref()
            .map_or(expr.span, |alias| expr.span.to(alias.span)),
    }
}

impl Printer<'_> {
    pub(super) fn query(&self, query: &Query, width: usize) -> Vec<String> {
        let head = if query.distinct {
            "SELECT DISTINCT "
        } else {
            "SELECT "
        };
        let items = query
            .items
            .iter()
            .map(|item| self.select_item(item, width.saturating_sub(2)))
            .collect();
        let vertical = self.commented(
            query.items.first().map(item_span),
            query.items.last().map(item_span),
        );
        let mut lines = list(head, items, vertical, width);
        if !query.from.is_empty() {
            lines.extend(self.from(&query.from, width));
        }
        if let Some(clause) = &query.pattern {
            lines.extend(self.match_clause(clause, width));
        }
        if let Some(filter) = &query.filter {
            lines.extend(self.condition("WHERE  ", filter, width));
        }
        if !query.group_by.is_empty() {
            lines.extend(self.expr_list("GROUP BY ", &query.group_by, width));
        }
        if let Some(having) = &query.having {
            lines.extend(self.condition("HAVING ", having, width));
        }
        if !query.order_by.is_empty() {
            lines.extend(self.order_by(&query.order_by, width));
        }
        if let Some(limit) = &query.limit_per {
            let by = if limit.by.is_empty() {
                String::new()
            } else {
                format!(" BY {}", self.exprs(&limit.by))
            };
            lines.push(format!(
                "LIMIT {} PER {}{by}",
                self.expr(&limit.count),
                duration(&limit.per)
            ));
        }
        if let Some(limit) = &query.limit {
            lines.push(format!("LIMIT {}", self.expr(limit)));
        }
        if let Some(offset) = &query.offset {
            lines.push(format!("OFFSET {}", self.expr(offset)));
        }
        lines.extend(query.emit.as_ref().map(emit));
        lines
    }

    fn select_item(&self, item: &SelectItem, width: usize) -> Vec<String> {
        match item {
            SelectItem::Star(_) => vec!["*".to_owned()],
            SelectItem::QualifiedStar(of, _) => vec![format!("{}.*", name(of))],
            SelectItem::Expr { expr, alias } => self.named(expr, alias.as_ref(), width),
        }
    }

    /// `expr AS name`
    pub(super) fn named(&self, expr: &Expr, alias: Option<&Ident>, width: usize) -> Vec<String> {
        let tail = alias
            .map(|alias| format!(" AS {}", label(alias)))
            .unwrap_or_default();
        suffix(
            self.expr_lines(expr, width.saturating_sub(tail.len() + 1)),
            &tail,
        )
    }

    /// A condition after its keyword.
    fn condition(&self, head: &str, condition: &Expr, width: usize) -> Vec<String> {
        prefix(
            head,
            self.expr_lines(condition, width.saturating_sub(head.len())),
        )
    }

    pub(super) fn expr_list(&self, head: &str, exprs: &[Expr], width: usize) -> Vec<String> {
        let items = exprs
            .iter()
            .map(|expr| self.expr_lines(expr, width.saturating_sub(3)))
            .collect();
        let vertical = self.commented(
            exprs.first().map(|expr| expr.span),
            exprs.last().map(|expr| expr.span),
        );
        list(head, items, vertical, width)
    }

    pub(super) fn order_by(&self, items: &[OrderItem], width: usize) -> Vec<String> {
        let vertical = self.commented(
            items.first().map(|item| item.expr.span),
            items.last().map(|item| item.expr.span),
        );
        list(
            "ORDER BY ",
            items
                .iter()
                .map(|item| vec![order_item(self, item)])
                .collect(),
            vertical,
            width,
        )
    }

    fn match_clause(&self, clause: &MatchClause, width: usize) -> Vec<String> {
        let head = if clause.all {
            "MATCH ALL ("
        } else {
            "MATCH  ("
        };
        let mut lines = self.pattern_in(head, &clause.pattern, width);
        if !clause.partition_by.is_empty() {
            lines.extend(self.expr_list("PARTITION BY ", &clause.partition_by, width));
        }
        lines.extend(self.define(&clause.define, width));
        lines.extend(self.subset(&clause.subset, width));
        lines.extend(clause.within.as_ref().map(within));
        lines.extend(clause.after_match.as_ref().map(skip));
        lines
    }

    pub(super) fn define(&self, definitions: &[Definition], width: usize) -> Vec<String> {
        if definitions.is_empty() {
            return Vec::new();
        }
        let item = |definition: &Definition| {
            let head = format!("{} AS ", name(&definition.variable));
            prefix(
                &head,
                self.expr_lines(&definition.condition, width.saturating_sub(head.len() + 3)),
            )
        };
        let vertical = definitions.len() > 1
            || self.commented(
                definitions
                    .first()
                    .map(|definition| definition.variable.span),
                definitions
                    .last()
                    .map(|definition| definition.condition.span),
            );
        list(
            "DEFINE ",
            definitions.iter().map(item).collect(),
            vertical,
            width,
        )
    }

    pub(super) fn subset(&self, subsets: &[Subset], width: usize) -> Vec<String> {
        if subsets.is_empty() {
            return Vec::new();
        }
        let item = |subset: &Subset| {
            vec![format!(
                "{} = ({})",
                name(&subset.name),
                names(&subset.members)
            )]
        };
        let last = subsets
            .last()
            .and_then(|subset| subset.members.last())
            .map(|member| member.span);
        let vertical = self.commented(subsets.first().map(|subset| subset.name.span), last);
        list(
            "SUBSET ",
            subsets.iter().map(item).collect(),
            vertical,
            width,
        )
    }
}
