//! The clauses that both forms of a pattern share, and those that queries share.

use portent_grammar::Span;
use portent_grammar::syntax::Rule;

use super::create::twice;
use super::{Build, Builder, Node, has};
use crate::ast::{AfterMatch, Definition, Emit, Expr, OrderItem, SkipTo, Subset, Within};

/// What was said about a pattern, each clause once.
#[derive(Default)]
pub(super) struct Clauses {
    seen: Vec<(&'static str, Span)>,
    pub partition_by: Vec<Expr>,
    pub define: Vec<Definition>,
    pub subset: Vec<Subset>,
    pub within: Option<Within>,
    pub after_match: Option<AfterMatch>,
}

impl Clauses {
    /// Notes that a clause is there, and that it was not there before.
    pub fn once(&mut self, name: &'static str, place: Span) -> Build<()> {
        if let Some((_, first)) = self.seen.iter().find(|(seen, _)| *seen == name) {
            return Err(twice(name, *first, place));
        }
        self.seen.push((name, place));
        Ok(())
    }

    /// The first clause that makes sense only with a pattern.
    pub fn first_of_pattern(&self) -> Option<(&'static str, Span)> {
        let of_pattern = ["PARTITION BY", "DEFINE", "SUBSET", "WITHIN", "AFTER MATCH"];
        self.seen
            .iter()
            .find(|(name, _)| of_pattern.contains(name))
            .copied()
    }
}

impl Builder<'_> {
    /// The first `words` words of a place: what names a clause.
    pub(super) fn head(&self, place: Span, words: usize) -> Span {
        let inside = self.tokens.iter().filter(|lexeme| {
            !lexeme.token.is_trivia()
                && lexeme.span.start >= place.start
                && lexeme.span.end <= place.end
        });
        inside
            .take(words)
            .map(|lexeme| lexeme.span)
            .reduce(Span::to)
            .unwrap_or(place)
    }

    /// PARTITION BY, DEFINE, SUBSET, WITHIN, AFTER MATCH
    pub(super) fn pattern_clause(&self, node: Node<'_>, clauses: &mut Clauses) -> Build<()> {
        let span = self.span(&node);
        match node.as_rule() {
            Rule::partition_by => {
                clauses.once("PARTITION BY", self.head(span, 2))?;
                clauses.partition_by = self.keys(self.children(node))?;
            }
            Rule::define => {
                clauses.once("DEFINE", self.head(span, 1))?;
                clauses.define = self
                    .children(node)
                    .map(|definition| self.definition(definition))
                    .collect::<Build<_>>()?;
            }
            Rule::subset => {
                clauses.once("SUBSET", self.head(span, 1))?;
                clauses.subset = self
                    .children(node)
                    .map(|item| self.subset_item(item))
                    .collect::<Build<_>>()?;
            }
            Rule::within => {
                clauses.once("WITHIN", self.head(span, 1))?;
                clauses.within = Some(self.within(node)?);
            }
            Rule::after_match => {
                clauses.once("AFTER MATCH", self.head(span, 2))?;
                clauses.after_match = Some(self.after_match(node)?);
            }
            rule => return self.internal(span, &format!("the meaning of `{rule:?}`")),
        }
        Ok(())
    }

    fn definition(&self, node: Node<'_>) -> Build<Definition> {
        let mut children = self.children(node);
        let variable = self.need_ident(&mut children)?;
        let condition = self.expr(children.need(self, Rule::expr)?)?;
        Ok(Definition {
            variable,
            condition,
        })
    }

    fn subset_item(&self, node: Node<'_>) -> Build<Subset> {
        let mut children = self.children(node);
        let name = self.need_ident(&mut children)?;
        Ok(Subset {
            name,
            members: self.idents(&mut children),
        })
    }

    pub(super) fn within(&self, node: Node<'_>) -> Build<Within> {
        let mut children = self.children(node);
        if let Some(events) = children.opt(Rule::within_events) {
            let span = self.span(&events);
            let count = self.children(events).need(self, Rule::integer)?;
            return Ok(Within::Events(self.integer(&count)?, span));
        }
        Ok(Within::Time(
            self.duration(children.need(self, Rule::duration)?)?,
        ))
    }

    fn after_match(&self, node: Node<'_>) -> Build<AfterMatch> {
        let span = self.span(&node);
        let target = self.children(node).need_any(self)?;
        let rule = target.as_rule();
        let mut children = self.children(target);
        let skip = match rule {
            Rule::skip_past => SkipTo::PastLastRow,
            Rule::skip_next => SkipTo::NextRow,
            Rule::skip_first => SkipTo::First(self.need_ident(&mut children)?),
            _ => SkipTo::Last {
                variable: self.need_ident(&mut children)?,
                explicit: rule == Rule::skip_last,
            },
        };
        Ok(AfterMatch { skip, span })
    }

    pub(super) fn order_items(&self, node: Node<'_>) -> Build<Vec<OrderItem>> {
        let item = |node: Node<'_>| {
            let descending = has(&node, Rule::k_desc);
            let mut children = self.children(node);
            let expr = self.expr(children.need(self, Rule::expr)?)?;
            let nulls_first = children
                .opt(Rule::nulls_order)
                .map(|nulls| has(&nulls, Rule::k_first));
            Ok(OrderItem {
                expr,
                descending,
                nulls_first,
            })
        };
        self.children(node).map(item).collect()
    }

    pub(super) fn emit(&self, node: Node<'_>) -> Build<Emit> {
        let span = self.span(&node);
        let mut emit = Emit {
            matches: false,
            timeouts: false,
            final_: false,
            changes: false,
            span,
        };
        for item in self.children(node) {
            emit.matches |= has(&item, Rule::k_matches);
            emit.timeouts |= has(&item, Rule::k_timeouts);
            emit.final_ |= has(&item, Rule::k_final);
            emit.changes |= has(&item, Rule::k_changes);
        }
        Ok(emit)
    }
}
