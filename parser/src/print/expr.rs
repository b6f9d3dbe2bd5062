//! Expressions.

use crate::ast::{BinaryOp, Call, CastStyle, Expr, ExprKind, LikeKind, Semantics, UnaryOp};
use crate::build::expr::{binary_power, power};

use super::lines::{bracketed, fits, indent, join, prefix, suffix};
use super::types::{duration, type_name};
use super::{Printer, is_word, label, name, text};

/// How tightly an expression's outermost operator binds.
pub(crate) fn binding(expr: &Expr) -> u8 {
    match &expr.kind {
        ExprKind::Binary { op, .. } => binary_power(*op),
        ExprKind::Unary {
            op: UnaryOp::Not, ..
        } => power::NOT,
        ExprKind::Unary { .. } => power::SIGN,
        ExprKind::IsNull { .. } | ExprKind::IsBool { .. } | ExprKind::IsDistinct { .. } => {
            power::IS
        }
        ExprKind::Between { .. } | ExprKind::In { .. } => power::RANGE,
        ExprKind::Like {
            kind: LikeKind::Regex | LikeKind::IRegex,
            ..
        } => power::OTHER,
        ExprKind::Like { .. } => power::RANGE,
        ExprKind::AtTimeZone { .. } => power::ZONE,
        ExprKind::Cast {
            style: CastStyle::Colons,
            ..
        }
        | ExprKind::Index { .. }
        | ExprKind::Field { .. } => power::POSTFIX,
        _ => power::PRIMARY,
    }
}

pub(super) fn sign(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Or => "OR",
        BinaryOp::And => "AND",
        BinaryOp::Eq => "=",
        BinaryOp::NotEq => "<>",
        BinaryOp::Lt => "<",
        BinaryOp::LtEq => "<=",
        BinaryOp::Gt => ">",
        BinaryOp::GtEq => ">=",
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
        BinaryOp::Modulo => "%",
        BinaryOp::Power => "^",
        BinaryOp::Concat => "||",
        BinaryOp::ContainedBy => "<<",
        BinaryOp::ContainedByOrEq => "<<=",
        BinaryOp::Contains => ">>",
        BinaryOp::ContainsOrEq => ">>=",
    }
}

/// How tightly the operands of an infix operator have to bind.
fn operand_powers(op: BinaryOp, left: &Expr) -> (u8, u8) {
    let power = binary_power(op);
    let equation = |op| op == BinaryOp::Eq;
    match op {
        // A chain of one connective means the same however it is grouped.
        BinaryOp::And | BinaryOp::Or => (power, power),
        // `a.id = b.parent = c.origin`: the parser makes such a tree for the keys of PARTITION BY alone.
        BinaryOp::Eq if matches!(left.kind, ExprKind::Binary { op, .. } if equation(op)) => {
            (power, power + 1)
        }
        _ if power == power::COMPARISON => (power + 1, power + 1),
        _ => (power, power + 1),
    }
}

fn like_words(kind: LikeKind, negated: bool) -> &'static str {
    match (kind, negated) {
        (LikeKind::Like, false) => "LIKE",
        (LikeKind::Like, true) => "NOT LIKE",
        (LikeKind::ILike, false) => "ILIKE",
        (LikeKind::ILike, true) => "NOT ILIKE",
        (LikeKind::Similar, false) => "SIMILAR TO",
        (LikeKind::Similar, true) => "NOT SIMILAR TO",
        (LikeKind::Regex, false) => "~",
        (LikeKind::Regex, true) => "!~",
        (LikeKind::IRegex, false) => "~*",
        (LikeKind::IRegex, true) => "!~*",
    }
}

fn not(negated: bool) -> &'static str {
    if negated { "NOT " } else { "" }
}

impl Printer<'_> {
    /// On one line.
    pub(super) fn expr(&self, expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Null => "NULL".to_owned(),
            ExprKind::Bool(true) => "TRUE".to_owned(),
            ExprKind::Bool(false) => "FALSE".to_owned(),
            ExprKind::Number(number) => number.clone(),
            ExprKind::Text(value) => text(value),
            ExprKind::Duration(time) => duration(time),
            ExprKind::TypedText { ty, text: value } => format!("{} {}", type_name(ty), text(value)),
            ExprKind::Name(names) => {
                let parts = names
                    .iter()
                    .enumerate()
                    .map(|(at, part)| if at == 0 { name(part) } else { label(part) });
                parts.collect::<Vec<_>>().join(".")
            }
            ExprKind::Field { of, field } => match of.kind {
                // A dot after a name or a number would be read as a part of it.
                ExprKind::Name(_) | ExprKind::Number(_) => {
                    format!("({}).{}", self.expr(of), label(field))
                }
                _ => format!("{}.{}", self.operand(of, power::POSTFIX), label(field)),
            },
            ExprKind::Index { of, index } => {
                format!("{}[{}]", self.operand(of, power::POSTFIX), self.expr(index))
            }
            ExprKind::Unary { op, expr } => {
                let (sign, least) = match op {
                    UnaryOp::Not => ("NOT ", power::NOT),
                    UnaryOp::Minus => ("-", power::SIGN),
                    UnaryOp::Plus => ("+", power::SIGN),
                };
                let operand = self.operand(expr, least);
                // Two minus signs would begin a comment.
                let gap = if sign == "-" && operand.starts_with('-') {
                    " "
                } else {
                    ""
                };
                format!("{sign}{gap}{operand}")
            }
            ExprKind::Binary { op, left, right } => {
                let (of_left, of_right) = operand_powers(*op, left);
                format!(
                    "{} {} {}",
                    self.operand(left, of_left),
                    sign(*op),
                    self.operand(right, of_right)
                )
            }
            ExprKind::IsNull { expr, negated } => {
                format!("{} IS {}NULL", self.operand(expr, power::IS), not(*negated))
            }
            ExprKind::IsBool {
                expr,
                value,
                negated,
            } => {
                let value = match value {
                    Some(true) => "TRUE",
                    Some(false) => "FALSE",
                    None => "UNKNOWN",
                };
                format!(
                    "{} IS {}{value}",
                    self.operand(expr, power::IS),
                    not(*negated)
                )
            }
            ExprKind::IsDistinct {
                left,
                right,
                negated,
            } => {
                let of_left = if matches!(left.kind, ExprKind::IsDistinct { .. }) {
                    power::IS + 1
                } else {
                    power::IS
                };
                let (left, right) = (
                    self.operand(left, of_left),
                    self.operand(right, power::IS + 1),
                );
                format!("{left} IS {}DISTINCT FROM {right}", not(*negated))
            }
            ExprKind::Between {
                expr,
                low,
                high,
                negated,
            } => {
                let least = power::RANGE + 1;
                let (expr, low, high) = (
                    self.operand(expr, least),
                    self.operand(low, least),
                    self.operand(high, least),
                );
                format!("{expr} {}BETWEEN {low} AND {high}", not(*negated))
            }
            ExprKind::In {
                expr,
                list,
                negated,
            } => {
                format!(
                    "{} {}IN ({})",
                    self.operand(expr, power::RANGE + 1),
                    not(*negated),
                    self.exprs(list)
                )
            }
            ExprKind::Like {
                expr,
                pattern,
                escape,
                kind,
                negated,
            } => {
                let regex = matches!(kind, LikeKind::Regex | LikeKind::IRegex);
                let of_left = if regex {
                    power::OTHER
                } else {
                    power::RANGE + 1
                };
                let of_right = if regex {
                    power::OTHER + 1
                } else {
                    power::RANGE + 1
                };
                let mut out = format!(
                    "{} {} {}",
                    self.operand(expr, of_left),
                    like_words(*kind, *negated),
                    self.operand(pattern, of_right)
                );
                if let Some(escape) = escape {
                    out.push_str(&format!(" ESCAPE {}", self.operand(escape, of_right)));
                }
                out
            }
            ExprKind::Case {
                operand,
                branches,
                otherwise,
            } => {
                let mut out = String::from("CASE");
                if let Some(operand) = operand {
                    out.push_str(&format!(" {}", self.expr(operand)));
                }
                for (when, then) in branches {
                    out.push_str(&format!(
                        " WHEN {} THEN {}",
                        self.expr(when),
                        self.expr(then)
                    ));
                }
                if let Some(otherwise) = otherwise {
                    out.push_str(&format!(" ELSE {}", self.expr(otherwise)));
                }
                out + " END"
            }
            ExprKind::Cast { expr, ty, style } => match style {
                CastStyle::Function => format!("CAST({} AS {})", self.expr(expr), type_name(ty)),
                CastStyle::Try => format!("TRY_CAST({} AS {})", self.expr(expr), type_name(ty)),
                CastStyle::Colons => {
                    format!("{}::{}", self.operand(expr, power::POSTFIX), type_name(ty))
                }
            },
            ExprKind::Extract { field, from } => {
                let field = if field.quoted || is_word(&field.text) {
                    label(field)
                } else {
                    text(&field.text)
                };
                format!("EXTRACT({field} FROM {})", self.expr(from))
            }
            ExprKind::AtTimeZone { expr, zone } => {
                format!(
                    "{} AT TIME ZONE {}",
                    self.operand(expr, power::ZONE),
                    self.operand(zone, power::ZONE + 1)
                )
            }
            ExprKind::Call(call) => format!(
                "{}{}){}",
                self.call_head(call),
                self.exprs(&call.args),
                self.call_tail(call)
            ),
            ExprKind::Array(exprs) => format!("ARRAY[{}]", self.exprs(exprs)),
            ExprKind::Row(exprs) => format!("({})", self.exprs(exprs)),
            ExprKind::Paren(inner) => format!("({})", self.expr(inner)),
        }
    }

    /// In brackets if it binds less tightly than it must.
    pub(super) fn operand(&self, expr: &Expr, least: u8) -> String {
        if binding(expr) < least {
            format!("({})", self.expr(expr))
        } else {
            self.expr(expr)
        }
    }

    pub(super) fn exprs(&self, exprs: &[Expr]) -> String {
        exprs
            .iter()
            .map(|expr| self.expr(expr))
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// `RUNNING name(DISTINCT `, `name(*`
    fn call_head(&self, call: &Call) -> String {
        let semantics = match call.semantics {
            Some(Semantics::Running) => "RUNNING ",
            Some(Semantics::Final) => "FINAL ",
            None => "",
        };
        let star = match &call.star {
            Some(None) => "*".to_owned(),
            Some(Some(variable)) => format!("{}.*", name(variable)),
            None => String::new(),
        };
        format!(
            "{semantics}{}({}{star}",
            name(&call.name),
            if call.distinct { "DISTINCT " } else { "" }
        )
    }

    fn call_tail(&self, call: &Call) -> String {
        let mut out = String::new();
        if let Some(filter) = &call.filter {
            out.push_str(&format!(" FILTER (WHERE {})", self.expr(filter)));
        }
        if let Some(over) = call.over {
            out.push_str(&format!(" OVER {}", self.window(over)));
        }
        out
    }

    /// What stood in OVER, its blanks and comments each made one blank.
    fn window(&self, over: portent_grammar::Span) -> String {
        let inside: Vec<_> = self
            .tokens
            .iter()
            .filter(|lexeme| lexeme.span.start >= over.start && lexeme.span.end <= over.end)
            .collect();
        let mut out = String::new();
        for lexeme in inside {
            if !lexeme.token.is_trivia() {
                out.push_str(lexeme.text(self.text));
            } else if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
        }
        let start = over.start as usize;
        let bare = start > 0
            && !self
                .text
                .get(..start)
                .is_some_and(|before| before.ends_with('('));
        if bare && !out.is_empty() {
            out
        } else {
            format!("({})", out.trim_end())
        }
    }

    /// On as many lines as the width demands; further lines of a condition are indented.
    pub(super) fn expr_lines(&self, expr: &Expr, width: usize) -> Vec<String> {
        let flat = self.expr(expr);
        if fits(&flat, width) {
            return vec![flat];
        }
        let inner = width.saturating_sub(2);
        match &expr.kind {
            ExprKind::Binary {
                op: op @ (BinaryOp::And | BinaryOp::Or),
                ..
            } => {
                let mut parts = Vec::new();
                operands_of(*op, expr, &mut parts);
                let connective = format!("{} ", sign(*op));
                let least = binary_power(*op);
                let mut lines = Vec::new();
                for (at, part) in parts.into_iter().enumerate() {
                    let block =
                        self.operand_lines(part, least, inner.saturating_sub(connective.len()));
                    lines.extend(if at == 0 {
                        block
                    } else {
                        indent(prefix(&connective, block))
                    });
                }
                lines
            }
            ExprKind::Paren(inside) => {
                let mut lines = vec!["(".to_owned()];
                lines.extend(indent(self.expr_lines(inside, inner)));
                lines.push(")".to_owned());
                lines
            }
            ExprKind::Unary {
                op: UnaryOp::Not,
                expr,
            } => prefix(
                "NOT ",
                self.operand_lines(expr, power::NOT, width.saturating_sub(4)),
            ),
            ExprKind::Call(call) if !call.args.is_empty() => {
                let args = call
                    .args
                    .iter()
                    .map(|arg| self.expr_lines(arg, inner))
                    .collect();
                suffix(
                    bracketed(&self.call_head(call), args, ")", true, width),
                    &self.call_tail(call),
                )
            }
            ExprKind::Array(items) => bracketed(
                "ARRAY[",
                items
                    .iter()
                    .map(|item| self.expr_lines(item, inner))
                    .collect(),
                "]",
                true,
                width,
            ),
            ExprKind::Row(items) => bracketed(
                "(",
                items
                    .iter()
                    .map(|item| self.expr_lines(item, inner))
                    .collect(),
                ")",
                true,
                width,
            ),
            ExprKind::In {
                expr,
                list,
                negated,
            } => {
                let head = self.operand_lines(expr, power::RANGE + 1, width);
                let head = suffix(head, &format!(" {}IN (", not(*negated)));
                let rows = fill(list.iter().map(|item| self.expr(item)).collect(), inner);
                let mut lines = head;
                lines.extend(indent(rows));
                lines.push(")".to_owned());
                lines
            }
            ExprKind::Case {
                operand,
                branches,
                otherwise,
            } => {
                let mut lines = match operand {
                    Some(operand) => prefix("CASE ", self.expr_lines(operand, inner)),
                    None => vec!["CASE".to_owned()],
                };
                for (when, then) in branches {
                    let when = prefix("WHEN ", self.expr_lines(when, inner));
                    let then = self.expr_lines(then, inner);
                    let one = when.len() == 1 && then.len() == 1 && {
                        let length = when
                            .iter()
                            .chain(&then)
                            .map(|line| line.chars().count())
                            .sum::<usize>()
                            + 8;
                        length <= width
                    };
                    let branch = if one {
                        join(suffix(when, " THEN "), then)
                    } else {
                        [when, indent(prefix("THEN ", then))].concat()
                    };
                    lines.extend(indent(branch));
                }
                if let Some(otherwise) = otherwise {
                    lines.extend(indent(prefix("ELSE ", self.expr_lines(otherwise, inner))));
                }
                lines.push("END".to_owned());
                lines
            }
            ExprKind::Binary { op, left, right } => {
                let (of_left, of_right) = operand_powers(*op, left);
                let left = suffix(
                    self.operand_lines(left, of_left, width),
                    &format!(" {} ", sign(*op)),
                );
                join(left, self.operand_lines(right, of_right, inner))
            }
            _ => vec![flat],
        }
    }

    fn operand_lines(&self, expr: &Expr, least: u8, width: usize) -> Vec<String> {
        if binding(expr) >= least {
            return self.expr_lines(expr, width);
        }
        suffix(
            prefix("(", self.expr_lines(expr, width.saturating_sub(2))),
            ")",
        )
    }
}

/// The operands of a chain of one connective, in order.
fn operands_of<'e>(op: BinaryOp, expr: &'e Expr, parts: &mut Vec<&'e Expr>) {
    match &expr.kind {
        ExprKind::Binary {
            op: other,
            left,
            right,
        } if *other == op => {
            operands_of(op, left, parts);
            operands_of(op, right, parts);
        }
        _ => parts.push(expr),
    }
}

/// As many items on each line as fit.
fn fill(items: Vec<String>, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let last = items.len().saturating_sub(1);
    for (at, item) in items.into_iter().enumerate() {
        let item = if at < last { format!("{item},") } else { item };
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + item.chars().count() <= width => {
                line.push(' ');
                line.push_str(&item);
            }
            _ => lines.push(item),
        }
    }
    lines
}
