//! Operators: precedence climbing over the grammar's flat list of operands and operators, with PostgreSQL's precedence.

use std::iter::Peekable;
use std::vec::IntoIter;

use portent_grammar::codes::syntax as codes;
use portent_grammar::syntax::Rule;
use portent_grammar::{Diagnostic, Span};

use super::{Build, Builder, Node, has};
use crate::ast::{BinaryOp, CastStyle, Expr, ExprKind, LikeKind, UnaryOp};
use crate::depth::LONGEST_CHAIN;
use crate::print::expr::binding;

/// How tightly each level binds, loosest first (PostgreSQL, "Operator Precedence").
pub(crate) mod power {
    pub const OR: u8 = 1;
    pub const AND: u8 = 2;
    pub const NOT: u8 = 3;
    pub const IS: u8 = 4;
    pub const COMPARISON: u8 = 5;
    pub const RANGE: u8 = 6;
    pub const OTHER: u8 = 7;
    pub const SUM: u8 = 8;
    pub const PRODUCT: u8 = 9;
    pub const POWER: u8 = 10;
    pub const ZONE: u8 = 11;
    pub const SIGN: u8 = 12;
    pub const POSTFIX: u8 = 13;
    pub const PRIMARY: u8 = 14;
}

/// How tightly an infix operator binds.
pub(crate) fn binary_power(op: BinaryOp) -> u8 {
    use BinaryOp::*;
    match op {
        Or => power::OR,
        And => power::AND,
        Eq | NotEq | Lt | LtEq | Gt | GtEq => power::COMPARISON,
        Concat | ContainedBy | ContainedByOrEq | Contains | ContainsOrEq => power::OTHER,
        Add | Subtract => power::SUM,
        Multiply | Divide | Modulo => power::PRODUCT,
        Power => power::POWER,
    }
}

enum Operator {
    Binary(BinaryOp),
    Like { kind: LikeKind, negated: bool },
    Between { negated: bool, symmetric: bool },
    Distinct { negated: bool },
    Escape,
    Zone,
}

impl Operator {
    fn power(&self) -> u8 {
        match self {
            Operator::Binary(op) => binary_power(*op),
            Operator::Like {
                kind: LikeKind::Regex | LikeKind::IRegex,
                ..
            } => power::OTHER,
            Operator::Like { .. } | Operator::Between { .. } => power::RANGE,
            Operator::Distinct { .. } => power::IS,
            // Taken by LIKE before it could be met alone.
            Operator::Escape => power::RANGE,
            Operator::Zone => power::ZONE,
        }
    }

    fn of(node: &Node<'_>) -> Option<Operator> {
        let inner = node.clone().into_inner().next()?;
        let negated = has(&inner, Rule::k_not);
        Some(match inner.as_rule() {
            Rule::k_and => Operator::Binary(BinaryOp::And),
            Rule::k_or => Operator::Binary(BinaryOp::Or),
            Rule::is_distinct => Operator::Distinct { negated },
            Rule::between => Operator::Between {
                negated,
                symmetric: has(&inner, Rule::k_symmetric),
            },
            Rule::escape => Operator::Escape,
            Rule::at_time_zone => Operator::Zone,
            Rule::like => {
                let kind = if has(&inner, Rule::k_ilike) {
                    LikeKind::ILike
                } else if has(&inner, Rule::k_similar) {
                    LikeKind::Similar
                } else {
                    LikeKind::Like
                };
                Operator::Like { kind, negated }
            }
            _ => match inner.as_str() {
                "~" => Operator::Like {
                    kind: LikeKind::Regex,
                    negated: false,
                },
                "~*" => Operator::Like {
                    kind: LikeKind::IRegex,
                    negated: false,
                },
                "!~" => Operator::Like {
                    kind: LikeKind::Regex,
                    negated: true,
                },
                "!~*" => Operator::Like {
                    kind: LikeKind::IRegex,
                    negated: true,
                },
                sign => Operator::Binary(sign_of(sign)?),
            },
        })
    }
}

fn sign_of(sign: &str) -> Option<BinaryOp> {
    Some(match sign {
        "=" => BinaryOp::Eq,
        "<>" | "!=" => BinaryOp::NotEq,
        "<" => BinaryOp::Lt,
        "<=" => BinaryOp::LtEq,
        ">" => BinaryOp::Gt,
        ">=" => BinaryOp::GtEq,
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Subtract,
        "*" => BinaryOp::Multiply,
        "/" => BinaryOp::Divide,
        "%" => BinaryOp::Modulo,
        "^" => BinaryOp::Power,
        "||" => BinaryOp::Concat,
        "<<" => BinaryOp::ContainedBy,
        "<<=" => BinaryOp::ContainedByOrEq,
        ">>" => BinaryOp::Contains,
        ">>=" => BinaryOp::ContainsOrEq,
        _ => return None,
    })
}

struct Operands<'i> {
    nodes: Peekable<IntoIter<Node<'i>>>,
    whole: Span,
    /// Whether this is a key: `a.id = b.parent = c.origin` says that all three are the same.
    key: bool,
}

fn boxed(expr: Expr) -> Box<Expr> {
    Box::new(expr)
}

fn expr(kind: ExprKind, span: Span) -> Expr {
    Expr { kind, span }
}

impl Builder<'_> {
    /// `expr` or `plain_expr`
    pub(super) fn expr(&self, node: Node<'_>) -> Build<Expr> {
        self.operators(node, false)
    }

    /// The keys of PARTITION BY, where equations may stand in a row.
    pub(super) fn keys<'i>(&self, nodes: impl Iterator<Item = Node<'i>>) -> Build<Vec<Expr>> {
        nodes
            .filter(|node| node.as_rule() == Rule::expr)
            .map(|node| self.operators(node, true))
            .collect()
    }

    fn operators(&self, node: Node<'_>, key: bool) -> Build<Expr> {
        let whole = self.span(&node);
        let plain = node.as_rule() == Rule::plain_expr;
        let nodes: Vec<Node<'_>> = node.into_inner().collect();
        let mut operands = Operands {
            nodes: nodes.into_iter().peekable(),
            whole,
            key,
        };
        let built = self.climb(&mut operands, if plain { power::OTHER } else { 0 })?;
        match operands.nodes.next() {
            Some(rest) if plain => Err(Box::new(
                Diagnostic::error(
                    codes::UNEXPECTED_TOKEN,
                    self.span(&rest),
                    "a comparison can't be a bound of BETWEEN",
                )
                .help("put it in brackets"),
            )),
            // Only an ESCAPE without LIKE can be left over.
            Some(rest) => Err(Box::new(
                Diagnostic::error(
                    codes::UNEXPECTED_TOKEN,
                    self.span(&rest),
                    "ESCAPE stands only after LIKE, ILIKE or SIMILAR TO",
                )
                .help("write `a LIKE 'x!%' ESCAPE '!'`"),
            )),
            None => Ok(built),
        }
    }

    /// The longest expression whose operators bind at least as tightly as `least`.
    fn climb(&self, operands: &mut Operands<'_>, least: u8) -> Build<Expr> {
        let Some(first) = operands.nodes.next() else {
            return self.internal(operands.whole, "an operand");
        };
        let mut left = if first.as_rule() == Rule::prefix {
            let start = self.span(&first);
            let (op, power) = match first.as_str() {
                "-" => (UnaryOp::Minus, power::SIGN),
                "+" => (UnaryOp::Plus, power::SIGN),
                _ => (UnaryOp::Not, power::NOT),
            };
            // Equations stand in a row as a key, not as a part of one.
            let key = std::mem::take(&mut operands.key);
            let operand = self.climb(operands, power)?;
            operands.key = key;
            let span = start.to(operand.span);
            let unary = expr(
                ExprKind::Unary {
                    op,
                    expr: boxed(operand),
                },
                span,
            );
            // `a = NOT b`: kept with brackets, so that what may follow is not drawn into it when it is printed.
            if power < least {
                expr(ExprKind::Paren(boxed(unary)), span)
            } else {
                unary
            }
        } else {
            self.primary(first)?
        };
        while let Some(next) = operands.nodes.peek() {
            if next.as_rule() != Rule::infix && next.as_rule() != Rule::plain_infix {
                let power = self.postfix_power(next);
                if power < least {
                    break;
                }
                let place = self.span(next);
                let range = next.as_rule() == Rule::in_list;
                if range && matches!(left.kind, ExprKind::In { .. } | ExprKind::Between { .. }) {
                    return Err(chained(place, left.span));
                }
                if range
                    && matches!(
                        left.kind,
                        ExprKind::Like {
                            kind: LikeKind::Like | LikeKind::ILike | LikeKind::Similar,
                            ..
                        }
                    )
                {
                    return Err(chained(place, left.span));
                }
                if let Some(node) = operands.nodes.next() {
                    left = self.postfix(closed(left, power), node)?;
                }
                self.forbid_chain(&left, operands)?;
                continue;
            }
            let place = self.span(next);
            let Some(operator) = Operator::of(next) else {
                return self.internal(place, "an operator");
            };
            if operator.power() < least || matches!(operator, Operator::Escape) {
                break;
            }
            operands.nodes.next();
            left = self.infix(closed(left, operator.power()), operator, operands)?;
            self.forbid_chain(&left, operands)?;
        }
        Ok(left)
    }

    fn infix(&self, left: Expr, operator: Operator, operands: &mut Operands<'_>) -> Build<Expr> {
        let tighter = operator.power() + 1;
        let start = left.span;
        Ok(match operator {
            Operator::Binary(op @ (BinaryOp::And | BinaryOp::Or)) => {
                let mut parts = vec![left, self.climb(operands, tighter)?];
                while operands
                    .nodes
                    .peek()
                    .and_then(Operator::of)
                    .is_some_and(|next| matches!(next, Operator::Binary(o) if o == op))
                {
                    operands.nodes.next();
                    parts.push(self.climb(operands, tighter)?);
                }
                return Ok(chain(op, parts, operands.whole));
            }
            Operator::Binary(op) => {
                let right = self.climb(operands, tighter)?;
                let span = start.to(right.span);
                expr(
                    ExprKind::Binary {
                        op,
                        left: boxed(left),
                        right: boxed(right),
                    },
                    span,
                )
            }
            Operator::Like { kind, negated } => {
                let pattern = self.climb(operands, tighter)?;
                let mut span = start.to(pattern.span);
                let mut escape = None;
                let takes_escape = !matches!(kind, LikeKind::Regex | LikeKind::IRegex);
                if takes_escape
                    && operands
                        .nodes
                        .peek()
                        .and_then(Operator::of)
                        .is_some_and(|next| matches!(next, Operator::Escape))
                {
                    operands.nodes.next();
                    let character = self.climb(operands, tighter)?;
                    span = span.to(character.span);
                    escape = Some(boxed(character));
                }
                expr(
                    ExprKind::Like {
                        expr: boxed(left),
                        pattern: boxed(pattern),
                        escape,
                        kind,
                        negated,
                    },
                    span,
                )
            }
            Operator::Between { negated, symmetric } => {
                let low = self.climb(operands, tighter)?;
                let and = operands.nodes.peek().and_then(Operator::of);
                if !matches!(and, Some(Operator::Binary(BinaryOp::And))) {
                    return Err(Box::new(
                        Diagnostic::error(
                            codes::INCOMPLETE_BETWEEN,
                            start.to(low.span),
                            "BETWEEN needs an AND and an upper bound",
                        )
                        .help("write `x BETWEEN low AND high`"),
                    ));
                }
                operands.nodes.next();
                let high = self.climb(operands, tighter)?;
                let span = start.to(high.span);
                if symmetric {
                    return Err(Box::new(
                        Diagnostic::error(
                            codes::UNSUPPORTED_CLAUSE,
                            span,
                            "BETWEEN SYMMETRIC is not supported",
                        )
                        .help("write `x BETWEEN LEAST(a, b) AND GREATEST(a, b)`"),
                    ));
                }
                expr(
                    ExprKind::Between {
                        expr: boxed(left),
                        low: boxed(low),
                        high: boxed(high),
                        negated,
                    },
                    span,
                )
            }
            Operator::Distinct { negated } => {
                let right = self.climb(operands, tighter)?;
                let span = start.to(right.span);
                expr(
                    ExprKind::IsDistinct {
                        left: boxed(left),
                        right: boxed(right),
                        negated,
                    },
                    span,
                )
            }
            Operator::Zone => {
                let zone = self.climb(operands, tighter)?;
                let span = start.to(zone.span);
                expr(
                    ExprKind::AtTimeZone {
                        expr: boxed(left),
                        zone: boxed(zone),
                    },
                    span,
                )
            }
            Operator::Escape => return self.internal(start, "LIKE"),
        })
    }

    /// Comparisons, and LIKE and BETWEEN, do not stand in a row.
    fn forbid_chain(&self, left: &Expr, operands: &mut Operands<'_>) -> Build<()> {
        let level = match &left.kind {
            ExprKind::Binary { op, .. } if binary_power(*op) == power::COMPARISON => {
                power::COMPARISON
            }
            ExprKind::Between { .. } | ExprKind::In { .. } => power::RANGE,
            ExprKind::Like {
                kind: LikeKind::Like | LikeKind::ILike | LikeKind::Similar,
                ..
            } => power::RANGE,
            ExprKind::IsDistinct { .. } => power::IS,
            _ => return Ok(()),
        };
        let Some(next) = operands.nodes.peek() else {
            return Ok(());
        };
        let Some(operator) = Operator::of(next)
            .filter(|_| matches!(next.as_rule(), Rule::infix | Rule::plain_infix))
        else {
            return Ok(());
        };
        if operator.power() != level || matches!(operator, Operator::Escape) {
            return Ok(());
        }
        let equation = |op| op == BinaryOp::Eq;
        if operands.key
            && matches!(left.kind, ExprKind::Binary { op, .. } if equation(op))
            && matches!(operator, Operator::Binary(op) if equation(op))
        {
            return Ok(());
        }
        Err(chained(self.span(next), left.span))
    }

    fn postfix_power(&self, node: &Node<'_>) -> u8 {
        match node.as_rule() {
            Rule::is_value => power::IS,
            Rule::in_list => power::RANGE,
            _ => power::POSTFIX,
        }
    }

    fn postfix(&self, left: Expr, node: Node<'_>) -> Build<Expr> {
        let span = left.span.to(self.span(&node));
        let rule = node.as_rule();
        let negated = has(&node, Rule::k_not);
        let value = [(Rule::k_true, true), (Rule::k_false, false)]
            .into_iter()
            .find(|(rule, _)| has(&node, *rule));
        let null = has(&node, Rule::k_null);
        let mut children = self.children(node);
        // `5 .x`: printed without brackets it would be another number.
        let number = rule == Rule::field && matches!(left.kind, ExprKind::Number(_));
        let left = if number {
            boxed(Expr {
                span: left.span,
                kind: ExprKind::Paren(boxed(left)),
            })
        } else {
            boxed(left)
        };
        let kind = match rule {
            Rule::is_value if null => ExprKind::IsNull {
                expr: left,
                negated,
            },
            Rule::is_value => ExprKind::IsBool {
                expr: left,
                value: value.map(|(_, value)| value),
                negated,
            },
            Rule::in_list => ExprKind::In {
                expr: left,
                list: self.exprs(children)?,
                negated,
            },
            Rule::cast_to => {
                let ty = children.need(self, Rule::type_name)?;
                ExprKind::Cast {
                    expr: left,
                    ty: self.type_name(ty)?,
                    style: CastStyle::Colons,
                }
            }
            Rule::index => {
                let index = children.need(self, Rule::expr)?;
                ExprKind::Index {
                    of: left,
                    index: boxed(self.expr(index)?),
                }
            }
            _ => {
                let field = children.need(self, Rule::label)?;
                ExprKind::Field {
                    of: left,
                    field: self.ident(&field),
                }
            }
        };
        Ok(expr(kind, span))
    }

    /// All expressions among the nodes.
    pub(super) fn exprs<'i>(&self, nodes: impl Iterator<Item = Node<'i>>) -> Build<Vec<Expr>> {
        nodes
            .filter(|node| node.as_rule() == Rule::expr)
            .map(|node| self.expr(node))
            .collect()
    }
}

/// `v IS NULL = w`: what binds less tightly than the operator behind it is kept with brackets, as it is printed.
fn closed(left: Expr, power: u8) -> Expr {
    if binding(&left) >= power {
        return left;
    }
    let span = left.span;
    expr(ExprKind::Paren(boxed(left)), span)
}

fn chained(second: Span, first: Span) -> Box<Diagnostic> {
    Box::new(
        Diagnostic::error(
            codes::CHAINED_COMPARISON,
            second,
            "comparisons can't stand in a row",
        )
        .also(first, "this already gives TRUE or FALSE")
        .help("join two comparisons by AND, or put one in brackets"),
    )
}

/// A few operands lean to the left; many make a balanced tree, which means the same and is shallow.
fn chain(op: BinaryOp, parts: Vec<Expr>, whole: Span) -> Expr {
    fn balanced(op: BinaryOp, parts: &mut IntoIter<Expr>, count: usize, whole: Span) -> Expr {
        if count <= 1 {
            return parts.next().unwrap_or(Expr {
                kind: ExprKind::Null,
                span: whole,
            });
        }
        let left = balanced(op, parts, count / 2, whole);
        let right = balanced(op, parts, count - count / 2, whole);
        join(op, left, right)
    }
    fn join(op: BinaryOp, left: Expr, right: Expr) -> Expr {
        let span = left.span.to(right.span);
        expr(
            ExprKind::Binary {
                op,
                left: boxed(left),
                right: boxed(right),
            },
            span,
        )
    }
    let count = parts.len();
    let mut parts = parts.into_iter();
    if count > LONGEST_CHAIN {
        return balanced(op, &mut parts, count, whole);
    }
    let first = parts.next().unwrap_or(Expr {
        kind: ExprKind::Null,
        span: whole,
    });
    parts.fold(first, |left, right| join(op, left, right))
}
