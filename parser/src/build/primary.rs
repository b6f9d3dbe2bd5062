//! Operands: literals, names, CASE, CAST, brackets.

use portent_grammar::syntax::Rule;

use super::{Build, Builder, Node, has};
use crate::ast::{CastStyle, Expr, ExprKind};

impl Builder<'_> {
    pub(super) fn primary(&self, node: Node<'_>) -> Build<Expr> {
        let span = self.span(&node);
        let kind = match node.as_rule() {
            Rule::null => ExprKind::Null,
            Rule::boolean => ExprKind::Bool(has(&node, Rule::k_true)),
            Rule::number => ExprKind::Number(node.as_str().to_owned()),
            Rule::text => ExprKind::Text(self.text(&node)?),
            Rule::duration_literal => ExprKind::Duration(self.duration(node)?),
            Rule::typed_text => {
                let mut children = self.children(node);
                let ty = self.typed_word(children.need(self, Rule::typed_word)?);
                let text = self.text(&children.need(self, Rule::text)?)?;
                ExprKind::TypedText { ty, text }
            }
            Rule::name => {
                let names = self.children(node).map(|name| self.ident(&name));
                ExprKind::Name(names.collect())
            }
            Rule::parens => self.parens(node)?,
            Rule::array => ExprKind::Array(self.exprs(self.children(node))?),
            Rule::case => self.case(node)?,
            Rule::cast => {
                let style = if has(&node, Rule::k_try_cast) {
                    CastStyle::Try
                } else {
                    CastStyle::Function
                };
                let mut children = self.children(node);
                let expr = self.expr(children.need(self, Rule::expr)?)?;
                let ty = self.type_name(children.need(self, Rule::type_name)?)?;
                ExprKind::Cast {
                    expr: Box::new(expr),
                    ty,
                    style,
                }
            }
            Rule::extract => self.extract(node)?,
            Rule::call => ExprKind::Call(self.call(node)?),
            Rule::trim => ExprKind::Call(self.trim(node)?),
            Rule::substring => ExprKind::Call(self.substring(node)?),
            Rule::position => ExprKind::Call(self.position(node)?),
            rule => return self.internal(span, &format!("the meaning of `{rule:?}`")),
        };
        Ok(Expr { kind, span })
    }

    fn parens(&self, node: Node<'_>) -> Build<ExprKind> {
        let mut exprs = self.exprs(self.children(node))?;
        match (exprs.len(), exprs.pop()) {
            (1, Some(only)) => Ok(ExprKind::Paren(Box::new(only))),
            (_, last) => {
                exprs.extend(last);
                Ok(ExprKind::Row(exprs))
            }
        }
    }

    fn case(&self, node: Node<'_>) -> Build<ExprKind> {
        let mut children = self.children(node);
        let operand = children
            .opt(Rule::expr)
            .map(|operand| self.expr(operand))
            .transpose()?
            .map(Box::new);
        let mut branches = Vec::new();
        while let Some(branch) = children.opt(Rule::when_branch) {
            let mut parts = self.children(branch);
            let when = self.expr(parts.need(self, Rule::expr)?)?;
            let then = self.expr(parts.need(self, Rule::expr)?)?;
            branches.push((when, then));
        }
        let otherwise = match children.opt(Rule::else_branch) {
            Some(branch) => Some(Box::new(
                self.expr(self.children(branch).need(self, Rule::expr)?)?,
            )),
            None => None,
        };
        Ok(ExprKind::Case {
            operand,
            branches,
            otherwise,
        })
    }

    fn extract(&self, node: Node<'_>) -> Build<ExprKind> {
        let mut children = self.children(node);
        let field = children.need_any(self)?;
        let mut ident = self.ident(&field);
        if field.as_rule() == Rule::text {
            ident.text = self.text(&field)?;
        }
        let from = self.expr(children.need(self, Rule::expr)?)?;
        Ok(ExprKind::Extract {
            field: ident,
            from: Box::new(from),
        })
    }
}
