//! Patterns.

use portent_grammar::codes::syntax as codes;
use portent_grammar::syntax::Rule;
use portent_grammar::{Diagnostic, Span};

use super::{Build, Builder, Node};
use crate::ast::{
    Arrow, ArrowKind, Bound, Ident, Pattern, PatternKind, PatternVariable, Quantifier,
};

impl Builder<'_> {
    pub(super) fn pattern(&self, node: Node<'_>) -> Build<Pattern> {
        let span = self.span(&node);
        let branches: Vec<Pattern> = self
            .children(node)
            .map(|branch| self.sequence(branch))
            .collect::<Build<_>>()?;
        Ok(only_or(branches, span, PatternKind::Alternation))
    }

    fn sequence(&self, node: Node<'_>) -> Build<Pattern> {
        let span = self.span(&node);
        let (mut elements, mut operators): (Vec<Pattern>, Vec<Arrow>) = (Vec::new(), Vec::new());
        let mut arrow = None;
        for child in self.children(node) {
            if child.as_rule() == Rule::arrow {
                arrow = Some(self.arrow(child)?);
                continue;
            }
            let element = self.part(child)?;
            if let Some(before) = elements.last() {
                let between = Span {
                    start: before.span.end,
                    end: element.span.start,
                };
                let contiguous = Arrow {
                    kind: ArrowKind::Contiguous,
                    bound: None,
                    span: between,
                };
                operators.push(arrow.take().unwrap_or(contiguous));
            }
            elements.push(element);
        }
        if operators.is_empty() {
            return match elements.pop() {
                Some(only) => Ok(only),
                None => self.internal(span, "a step"),
            };
        }
        Ok(Pattern {
            kind: PatternKind::Sequence {
                elements,
                operators,
            },
            span,
        })
    }

    fn part(&self, node: Node<'_>) -> Build<Pattern> {
        let span = self.span(&node);
        let factors: Vec<Pattern> = self
            .children(node)
            .map(|factor| self.factor(factor))
            .collect::<Build<_>>()?;
        Ok(only_or(factors, span, PatternKind::Conjunction))
    }

    fn factor(&self, node: Node<'_>) -> Build<Pattern> {
        let span = self.span(&node);
        let mut children = self.children(node);
        let element = self.element(children.need_any(self)?)?;
        let Some(quantifier) = children.opt(Rule::quantifier) else {
            return Ok(element);
        };
        let quantifier = self.quantifier(quantifier)?;
        Ok(Pattern {
            kind: PatternKind::Repeat {
                element: Box::new(element),
                quantifier,
            },
            span,
        })
    }

    fn element(&self, node: Node<'_>) -> Build<Pattern> {
        let span = self.span(&node);
        let rule = node.as_rule();
        let mut children = self.children(node.clone());
        let kind = match rule {
            Rule::variable => PatternKind::Variable(self.variable(node)?),
            Rule::absent => PatternKind::Not(self.variable(children.need(self, Rule::variable)?)?),
            Rule::permute => PatternKind::Permute(
                children
                    .map(|inner| self.pattern(inner))
                    .collect::<Build<_>>()?,
            ),
            Rule::exclude => {
                PatternKind::Exclude(Box::new(self.pattern(children.need(self, Rule::pattern)?)?))
            }
            Rule::group => {
                let lead = children
                    .opt(Rule::arrow)
                    .map(|arrow| self.arrow(arrow))
                    .transpose()?;
                let inner = self.pattern(children.need(self, Rule::pattern)?)?;
                PatternKind::Group {
                    lead,
                    inner: Box::new(inner),
                }
            }
            Rule::anchor_start => PatternKind::Start,
            Rule::anchor_end => PatternKind::End,
            Rule::empty => PatternKind::Empty,
            rule => return self.internal(span, &format!("the meaning of `{rule:?}`")),
        };
        Ok(Pattern { kind, span })
    }

    fn variable(&self, node: Node<'_>) -> Build<PatternVariable> {
        let span = self.span(&node);
        let mut children = self.children(node);
        let name = self.need_ident(&mut children)?;
        self.no_trailing_dollar(&name)?;
        let stream = match children.opt(Rule::of_stream) {
            Some(of) => Some(self.need_ident(&mut self.children(of))?),
            None => None,
        };
        let condition = match children.opt(Rule::condition) {
            Some(condition) => {
                let expr = self.children(condition).need(self, Rule::expr)?;
                Some(Box::new(self.expr(expr)?))
            }
            None => None,
        };
        Ok(PatternVariable {
            name,
            stream,
            condition,
            span,
        })
    }

    /// `(a b$)`: the `$` belongs to the name, though the anchor was meant. Read as a name it would be a variable that every
    /// event meets, a silent mistake.
    fn no_trailing_dollar(&self, name: &Ident) -> Build<()> {
        let bare = name.text.trim_end_matches('$');
        if name.quoted || bare.len() == name.text.len() {
            return Ok(());
        }
        let mend = format!("{bare} $");
        Err(Box::new(
            Diagnostic::error(
                codes::DOLLAR_AFTER_VARIABLE,
                name.span,
                format!("`{}` is one name, its `$` included", name.text),
            )
            .help(format!("put a blank before the anchor: {mend}"))
            .fix(name.span, mend),
        ))
    }

    fn arrow(&self, node: Node<'_>) -> Build<Arrow> {
        let span = self.span(&node);
        let mut children = self.children(node);
        if let Some(sign) = children.opt(Rule::arrow_sign) {
            return Ok(Arrow {
                kind: arrow_kind(&sign),
                bound: None,
                span,
            });
        }
        let mut children = self.children(children.need(self, Rule::arrow_bound)?);
        let first = self.duration(children.need(self, Rule::duration)?)?;
        let second = children
            .opt(Rule::duration)
            .map(|duration| self.duration(duration))
            .transpose()?;
        let kind = arrow_kind(&children.need(self, Rule::arrow_sign)?);
        let bound = match second {
            Some(max) => Bound {
                min: Some(first),
                max,
            },
            None => Bound {
                min: None,
                max: first,
            },
        };
        Ok(Arrow {
            kind,
            bound: Some(bound),
            span,
        })
    }

    fn quantifier(&self, node: Node<'_>) -> Build<Quantifier> {
        let span = self.span(&node);
        let mut children = self.children(node);
        let kind = children.need_any(self)?;
        let reluctant = children.opt(Rule::reluctant).is_some();
        let (min, max) = match kind.as_str() {
            "*" => (0, None),
            "+" => (1, None),
            "?" => (0, Some(1)),
            _ => self.braces(kind)?,
        };
        if let Some(max) = max.filter(|max| *max < min) {
            let mend = format!("{{{max},{min}}}");
            return Err(Box::new(
                Diagnostic::error(
                    codes::NUMBER_TOO_LARGE,
                    span,
                    format!("at least {min}, but at most {max}, can't be met"),
                )
                .help(format!("the lower limit comes first: {mend}")),
            ));
        }
        Ok(Quantifier {
            min,
            max,
            reluctant,
            span,
        })
    }

    fn braces(&self, node: Node<'_>) -> Build<(u32, Option<u32>)> {
        let span = self.span(&node);
        let mut children = self.children(node);
        if let Some(exact) = children.opt(Rule::integer) {
            let times = self.integer(&exact)?;
            return Ok((times, Some(times)));
        }
        let mut range = self.children(children.need(self, Rule::quantifier_range)?);
        let mut limit = |rule| {
            range
                .opt(rule)
                .map(|node| self.integer::<u32>(&node))
                .transpose()
        };
        let (min, max) = (limit(Rule::quantifier_min)?, limit(Rule::quantifier_max)?);
        if min.is_none() && max.is_none() {
            return Err(Box::new(
                Diagnostic::error(
                    codes::BAD_QUANTIFIER,
                    span,
                    "a number is missing in this quantifier",
                )
                .help("write {2}, {2,}, {2,5} or {,5}; any number of times is *"),
            ));
        }
        Ok((min.unwrap_or(0), max))
    }
}

fn arrow_kind(sign: &Node<'_>) -> ArrowKind {
    if sign.as_str() == "->>" {
        ArrowKind::Any
    } else {
        ArrowKind::Next
    }
}

fn only_or(
    mut patterns: Vec<Pattern>,
    span: Span,
    many: impl Fn(Vec<Pattern>) -> PatternKind,
) -> Pattern {
    if patterns.len() == 1
        && let Some(only) = patterns.pop()
    {
        return only;
    }
    Pattern {
        kind: many(patterns),
        span,
    }
}
