//! Calls, and the standard's own spellings of some of them, which become plain calls.

use portent_grammar::Span;
use portent_grammar::syntax::Rule;

use super::{Build, Builder, Node, has};
use crate::ast::{Call, Expr, ExprKind, Ident, Semantics};

impl Builder<'_> {
    pub(super) fn call(&self, node: Node<'_>) -> Build<Call> {
        let mut children = self.children(node);
        let semantics = children.opt(Rule::semantics).map(|node| {
            if has(&node, Rule::k_running) {
                Semantics::Running
            } else {
                Semantics::Final
            }
        });
        let name = self.ident(&children.need(self, Rule::call_name)?);
        let mut call = Call {
            semantics,
            ..plain(name, Vec::new())
        };
        for child in children {
            match child.as_rule() {
                Rule::call_args => self.call_args(child, &mut call)?,
                Rule::filter => {
                    let condition = self.children(child).need(self, Rule::expr)?;
                    call.filter = Some(Box::new(self.expr(condition)?));
                }
                _ => call.over = Some(self.window(&child)),
            }
        }
        Ok(call)
    }

    fn call_args(&self, node: Node<'_>, call: &mut Call) -> Build<()> {
        call.distinct = has(&node, Rule::distinct);
        for child in self.children(node) {
            match child.as_rule() {
                Rule::star => call.star = Some(None),
                Rule::star_of => {
                    call.star = Some(Some(self.need_ident(&mut self.children(child))?))
                }
                Rule::expr => call.args.push(self.expr(child)?),
                _ => {}
            }
        }
        Ok(())
    }

    /// What stands between the brackets of OVER, or the window's name.
    fn window(&self, node: &Node<'_>) -> Span {
        let Some(inner) = node
            .clone()
            .into_inner()
            .find(|inner| inner.as_rule() != Rule::k_over)
        else {
            return self.span(node);
        };
        let span = self.span(&inner);
        if inner.as_rule() == Rule::raw_parens {
            Span::new(span.start as usize + 1, span.end as usize - 1)
        } else {
            span
        }
    }

    /// `TRIM([LEADING | TRAILING | BOTH] [characters] FROM text)`: `ltrim`, `rtrim`, `trim`
    pub(super) fn trim(&self, node: Node<'_>) -> Build<Call> {
        let name = self.keyword_as_name(&node);
        let mut children = self.children(node);
        let side = children.opt(Rule::trim_side);
        let name = match &side {
            Some(side) if has(side, Rule::k_leading) => Ident {
                text: "ltrim".to_owned(),
                ..name
            },
            Some(side) if has(side, Rule::k_trailing) => Ident {
                text: "rtrim".to_owned(),
                ..name
            },
            _ => name,
        };
        let (mut args, mut from) = (Vec::new(), None);
        for child in children {
            match child.as_rule() {
                Rule::trim_from => {
                    from = Some(self.expr(self.children(child).need(self, Rule::expr)?)?)
                }
                _ => args.push(self.expr(child)?),
            }
        }
        // The text comes first in a plain call.
        let args = from.into_iter().chain(args).collect();
        Ok(plain(name, args))
    }

    /// `SUBSTRING(text FROM start FOR length)`
    pub(super) fn substring(&self, node: Node<'_>) -> Build<Call> {
        let name = self.keyword_as_name(&node);
        let mut args = Vec::new();
        for child in self.children(node) {
            match child.as_rule() {
                Rule::substring_from => args.append(&mut self.exprs(self.children(child))?),
                _ => args.push(self.expr(child)?),
            }
        }
        Ok(plain(name, args))
    }

    /// `POSITION(part IN text)`: `strpos(text, part)`
    pub(super) fn position(&self, node: Node<'_>) -> Build<Call> {
        let name = self.keyword_as_name(&node);
        let mut children = self.children(node);
        let first = self.expr(children.need(self, Rule::expr)?)?;
        if let Some(text) = children.opt(Rule::position_in) {
            let text = self.expr(self.children(text).need(self, Rule::expr)?)?;
            return Ok(plain(
                Ident {
                    text: "strpos".to_owned(),
                    ..name
                },
                vec![text, first],
            ));
        }
        let mut args = vec![first];
        args.append(&mut self.exprs(children)?);
        // `'x' IN (y)` was read as a list of one.
        if let [
            Expr {
                kind:
                    ExprKind::In {
                        list,
                        negated: false,
                        ..
                    },
                ..
            },
        ] = args.as_slice()
            && list.len() == 1
            && let Some(Expr {
                kind: ExprKind::In { expr, mut list, .. },
                ..
            }) = args.pop()
        {
            list.push(*expr);
            return Ok(plain(
                Ident {
                    text: "strpos".to_owned(),
                    ..name
                },
                list,
            ));
        }
        Ok(plain(name, args))
    }

    /// The word before the bracket.
    fn keyword_as_name(&self, node: &Node<'_>) -> Ident {
        let word = node.clone().into_inner().next();
        let text = word
            .as_ref()
            .map(|word| word.as_str().to_owned())
            .unwrap_or_default();
        Ident {
            text,
            quoted: false,
            span: word.map_or_else(|| self.span(node), |word| self.span(&word)),
        }
    }
}

fn plain(name: Ident, args: Vec<Expr>) -> Call {
    Call {
        name,
        semantics: None,
        distinct: false,
        star: None,
        args,
        filter: None,
        over: None,
    }
}
