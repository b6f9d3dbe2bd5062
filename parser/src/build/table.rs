//! What stands in FROM.

use portent_grammar::codes::syntax as codes;
use portent_grammar::syntax::Rule;
use portent_grammar::{Diagnostic, Span};

use super::create::twice;
use super::{Build, Builder, Node, has};
use crate::ast::{Expr, Join, JoinKind, TableAlias, TableFunctionArg, TableKind, TableRef, Within};

impl Builder<'_> {
    /// A table, and what is joined to it.
    pub(super) fn table_ref(&self, node: Node<'_>) -> Build<TableRef> {
        let mut children = self.children(node);
        let mut table = self.table_primary(children.need(self, Rule::table_primary)?)?;
        while let Some(join) = children.opt(Rule::join) {
            let span = table.span.to(self.span(&join));
            let join = self.join(table, join)?;
            table = TableRef {
                kind: TableKind::Join(Box::new(join)),
                alias: None,
                span,
            };
        }
        Ok(table)
    }

    fn table_primary(&self, node: Node<'_>) -> Build<TableRef> {
        let mut children = self.children(node);
        let source = children.need_any(self)?;
        let mut span = self.span(&source);
        let mut table = TableRef {
            kind: self.table_source(source)?,
            alias: None,
            span,
        };
        for child in children {
            let place = self.span(&child);
            span = span.to(place);
            if child.as_rule() == Rule::table_alias {
                table.alias = Some(self.table_alias(child)?);
            } else {
                let recognize = self.match_recognize(child)?;
                let kind = TableKind::MatchRecognize(Box::new(table), Box::new(recognize));
                table = TableRef {
                    kind,
                    alias: None,
                    span,
                };
            }
            table.span = span;
        }
        Ok(table)
    }

    fn table_source(&self, node: Node<'_>) -> Build<TableKind> {
        let rule = node.as_rule();
        let mut children = self.children(node.clone());
        Ok(match rule {
            Rule::table_name => TableKind::Named(self.need_ident(&mut children)?),
            Rule::file => TableKind::File(self.text(&children.need(self, Rule::text)?)?),
            Rule::subquery => {
                TableKind::Subquery(Box::new(self.query(children.need(self, Rule::query)?)?))
            }
            Rule::values_table => {
                TableKind::Values(self.values(children.need(self, Rule::values)?)?)
            }
            Rule::wrapped_function => {
                self.table_function(children.need(self, Rule::table_function)?)?
            }
            _ => self.table_function(node)?,
        })
    }

    fn table_function(&self, node: Node<'_>) -> Build<TableKind> {
        let mut children = self.children(node);
        let lateral = children.opt(Rule::lateral).is_some();
        let name = self.need_ident(&mut children)?;
        let args = children
            .map(|arg| self.table_arg(arg))
            .collect::<Build<_>>()?;
        Ok(TableKind::Function {
            name,
            args,
            lateral,
        })
    }

    fn table_arg(&self, node: Node<'_>) -> Build<TableFunctionArg> {
        let inner = self.children(node).need_any(self)?;
        Ok(match inner.as_rule() {
            Rule::stream_arg => {
                TableFunctionArg::Table(self.need_ident(&mut self.children(inner))?)
            }
            Rule::descriptor => {
                TableFunctionArg::Descriptor(self.idents(&mut self.children(inner)))
            }
            _ => TableFunctionArg::Expr(self.expr(inner)?),
        })
    }

    fn table_alias(&self, node: Node<'_>) -> Build<TableAlias> {
        let mut children = self.children(node);
        let name = self.ident(&children.need_any(self)?);
        let columns = match children.opt(Rule::alias_columns) {
            Some(columns) => self.idents(&mut self.children(columns)),
            None => Vec::new(),
        };
        Ok(TableAlias { name, columns })
    }

    fn join(&self, left: TableRef, node: Node<'_>) -> Build<Join> {
        let mut children = self.children(node);
        let kind = children
            .opt(Rule::join_kind)
            .map_or(JoinKind::Inner, |kind| join_kind(&kind));
        let right = self.table_primary(children.need(self, Rule::table_primary)?)?;
        let mut on: Option<(Expr, Span)> = None;
        let mut within = None;
        for child in children {
            let place = self.span(&child);
            if child.as_rule() == Rule::join_on {
                let condition = self.expr(self.children(child).need(self, Rule::expr)?)?;
                if let Some((_, first)) = on.replace((condition, place)) {
                    return Err(twice("ON", first, place));
                }
                continue;
            }
            match self.within(child)? {
                Within::Time(duration) => {
                    if let Some((_, first)) = within.replace((duration, place)) {
                        return Err(twice("WITHIN", first, place));
                    }
                }
                Within::Events(..) => {
                    return Err(Box::new(
                        Diagnostic::error(
                            codes::MISSING_UNIT,
                            place,
                            "the WITHIN of a join is a duration, not a number of events",
                        )
                        .help("write WITHIN 10 MINUTES"),
                    ));
                }
            }
        }
        Ok(Join {
            kind,
            left,
            right,
            on: on.map(|(on, _)| on),
            within: within.map(|(within, _)| within),
        })
    }
}

fn join_kind(node: &Node<'_>) -> JoinKind {
    let kinds = [
        (Rule::k_left, JoinKind::Left),
        (Rule::k_right, JoinKind::Right),
        (Rule::k_full, JoinKind::Full),
        (Rule::k_cross, JoinKind::Cross),
    ];
    kinds
        .into_iter()
        .find(|(rule, _)| has(node, *rule))
        .map_or(JoinKind::Inner, |(_, kind)| kind)
}
