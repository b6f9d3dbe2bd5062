//! `SELECT …`

use portent_grammar::codes::syntax as codes;
use portent_grammar::syntax::Rule;
use portent_grammar::{Diagnostic, Span};

use super::clauses::Clauses;
use super::{Build, Builder, Node, has};
use crate::ast::{LimitPer, MatchClause, Pattern, Query, SelectItem};

impl Builder<'_> {
    pub(super) fn query(&self, node: Node<'_>) -> Build<Query> {
        let span = self.span(&node);
        let mut children = self.children(node);
        let mut query = Query {
            distinct: children.opt(Rule::distinct).is_some(),
            items: Vec::new(),
            from: Vec::new(),
            pattern: None,
            filter: None,
            group_by: Vec::new(),
            having: None,
            order_by: Vec::new(),
            limit: None,
            offset: None,
            limit_per: None,
            emit: None,
            span,
        };
        while let Some(item) = children.opt(Rule::select_item) {
            query.items.push(self.select_item(item)?);
        }
        if let Some(from) = children.opt(Rule::from_clause) {
            query.from = self
                .children(from)
                .map(|table| self.table_ref(table))
                .collect::<Build<_>>()?;
        }
        let mut clauses = Clauses::default();
        let mut pattern: Option<(bool, Pattern, Span)> = None;
        let mut order = Order::default();
        for clause in children {
            let place = self.span(&clause);
            order.see(&clause, place)?;
            match clause.as_rule() {
                Rule::match_clause => {
                    clauses.once("MATCH", self.head(place, 1))?;
                    let all = has(&clause, Rule::all_matches);
                    let mut inner = self.children(clause);
                    inner.opt(Rule::all_matches);
                    pattern = Some((all, self.pattern(inner.need(self, Rule::pattern)?)?, place));
                }
                Rule::where_clause => {
                    clauses.once("WHERE", self.head(place, 1))?;
                    query.filter = Some(self.expr(self.children(clause).need(self, Rule::expr)?)?);
                }
                Rule::group_by => {
                    clauses.once("GROUP BY", self.head(place, 2))?;
                    query.group_by = self.exprs(self.children(clause))?;
                }
                Rule::having => {
                    clauses.once("HAVING", self.head(place, 1))?;
                    query.having = Some(self.expr(self.children(clause).need(self, Rule::expr)?)?);
                }
                Rule::order_by => {
                    clauses.once("ORDER BY", self.head(place, 2))?;
                    query.order_by = self.order_items(clause)?;
                }
                Rule::limit => self.limit(clause, &mut query, &mut clauses)?,
                Rule::offset => {
                    clauses.once("OFFSET", self.head(place, 1))?;
                    query.offset = Some(self.expr(self.children(clause).need(self, Rule::expr)?)?);
                }
                Rule::emit => {
                    clauses.once("EMIT", self.head(place, 1))?;
                    query.emit = Some(self.emit(clause)?);
                }
                _ => self.pattern_clause(clause, &mut clauses)?,
            }
        }
        if let Some((_, _, place)) = &pattern
            && query.from.is_empty()
        {
            return Err(Box::new(
                Diagnostic::error(
                    codes::MATCH_WITHOUT_SOURCE,
                    self.head(*place, 1),
                    "MATCH has no stream to search",
                )
                .help("name one before it: FROM stream MATCH ( … )"),
            ));
        }
        query.pattern = self.match_clause(pattern, clauses)?;
        Ok(query)
    }

    fn match_clause(
        &self,
        pattern: Option<(bool, Pattern, Span)>,
        clauses: Clauses,
    ) -> Build<Option<MatchClause>> {
        let Some((all, pattern, span)) = pattern else {
            return match clauses.first_of_pattern() {
                Some((name, place)) => Err(Box::new(
                    Diagnostic::error(
                        codes::CLAUSE_WITHOUT_MATCH,
                        place,
                        format!("{name} belongs to a pattern, and there is no MATCH ( … ) here"),
                    )
                    .help(match name {
                        "PARTITION BY" => "put MATCH ( … ) after FROM; to group rows without a pattern write GROUP BY",
                        _ => "put MATCH ( … ) after FROM",
                    }),
                )),
                None => Ok(None),
            };
        };
        Ok(Some(MatchClause {
            all,
            pattern,
            partition_by: clauses.partition_by,
            define: clauses.define,
            subset: clauses.subset,
            within: clauses.within,
            after_match: clauses.after_match,
            span,
        }))
    }

    fn select_item(&self, node: Node<'_>) -> Build<SelectItem> {
        let span = self.span(&node);
        let mut children = self.children(node);
        if children.opt(Rule::star).is_some() {
            return Ok(SelectItem::Star(span));
        }
        if let Some(star) = children.opt(Rule::star_of) {
            return Ok(SelectItem::QualifiedStar(
                self.need_ident(&mut self.children(star))?,
                span,
            ));
        }
        let expr = self.expr(children.need(self, Rule::expr)?)?;
        let alias = match children.opt(Rule::item_alias) {
            Some(alias) => Some(self.ident(&self.children(alias).need_any(self)?)),
            None => None,
        };
        Ok(SelectItem::Expr { expr, alias })
    }

    fn limit(&self, node: Node<'_>, query: &mut Query, clauses: &mut Clauses) -> Build<()> {
        let span = self.span(&node);
        let mut children = self.children(node);
        let count = self.expr(children.need(self, Rule::expr)?)?;
        let Some(per) = children.opt(Rule::limit_per) else {
            clauses.once("LIMIT", self.head(span, 1))?;
            query.limit = Some(count);
            return Ok(());
        };
        clauses.once("LIMIT … PER", self.head(span, 1))?;
        let mut children = self.children(per);
        let per = self.duration(children.need(self, Rule::duration)?)?;
        query.limit_per = Some(LimitPer {
            count,
            per,
            by: self.exprs(children)?,
            span,
        });
        Ok(())
    }
}

/// SQL's own clauses stand in SQL's order.
#[derive(Default)]
struct Order {
    last: Option<(u8, &'static str, Span)>,
}

impl Order {
    fn see(&mut self, clause: &Node<'_>, place: Span) -> Build<()> {
        let (rank, name) = match clause.as_rule() {
            Rule::match_clause => (0, "MATCH"),
            Rule::where_clause => (1, "WHERE"),
            Rule::group_by => (2, "GROUP BY"),
            Rule::having => (3, "HAVING"),
            Rule::order_by => (4, "ORDER BY"),
            Rule::limit if !has(clause, Rule::limit_per) => (5, "LIMIT"),
            Rule::offset => (5, "OFFSET"),
            _ => return Ok(()),
        };
        if let Some((last, before, span)) = self.last
            && rank < last
        {
            return Err(Box::new(
                Diagnostic::error(
                    codes::CLAUSE_ORDER,
                    place,
                    format!("{name} stands before {before}, not after it"),
                )
                .also(span, format!("{before} is here"))
                .help("the order is FROM, MATCH, WHERE, GROUP BY, HAVING, ORDER BY, LIMIT"),
            ));
        }
        self.last = Some((rank, name, place));
        Ok(())
    }
}
