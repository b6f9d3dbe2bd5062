//! Expressions.

use portent_grammar::Span;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::words::{bare, duration, function, ident, label, number, text, type_name};
use crate::ast::{
    BinaryOp, Call, CastStyle, Expr, ExprKind, Ident, LikeKind, Semantics, TypeName, UnaryOp,
};
use crate::build::expr::{binary_power, power};
use crate::print::expr::binding;

pub(super) fn of_kind(kind: ExprKind) -> Expr {
    Expr {
        kind,
        span: Span::default(),
    }
}

/// In brackets if it binds less tightly than it must.
pub(super) fn at_least(expr: Expr, least: u8) -> Box<Expr> {
    Box::new(if binding(&expr) < least {
        of_kind(ExprKind::Paren(Box::new(expr)))
    } else {
        expr
    })
}

/// Any expression.
pub fn expr() -> BoxedStrategy<Expr> {
    leaf()
        .prop_recursive(4, 24, 4, |inner| compound(inner.boxed()).prop_map(of_kind))
        .boxed()
}

/// A small one, for where there are many.
pub(super) fn small() -> BoxedStrategy<Expr> {
    leaf()
        .prop_recursive(2, 5, 2, |inner| compound(inner.boxed()).prop_map(of_kind))
        .boxed()
}

pub(super) fn leaf() -> BoxedStrategy<Expr> {
    let name = (ident(), vec(label(), 0..3))
        .prop_map(|(first, rest)| ExprKind::Name(std::iter::once(first).chain(rest).collect()));
    let types = select(vec![
        "TIMESTAMP",
        "TIMESTAMPTZ",
        "DATE",
        "TIME",
        "UUID",
        "INET",
        "JSON",
        "BYTEA",
        "TIMESTAMP WITH TIME ZONE",
    ]);
    let typed = (types, text()).prop_map(|(name, text)| {
        let ty = TypeName {
            name: name.to_owned(),
            args: Vec::new(),
            array: 0,
            span: Span::default(),
        };
        ExprKind::TypedText { ty, text }
    });
    prop_oneof![
        6 => name,
        2 => number().prop_map(ExprKind::Number),
        2 => text().prop_map(ExprKind::Text),
        1 => duration().prop_map(ExprKind::Duration),
        1 => typed,
        1 => Just(ExprKind::Null),
        1 => any::<bool>().prop_map(ExprKind::Bool),
    ]
    .prop_map(of_kind)
    .boxed()
}

fn compound(inner: BoxedStrategy<Expr>) -> BoxedStrategy<ExprKind> {
    let one = inner.clone();
    let two = (inner.clone(), inner.clone());
    let three = (inner.clone(), inner.clone(), inner.clone());
    let some = vec(inner.clone(), 1..4);
    prop_oneof![
        6 => (binary_op(), two.clone()).prop_map(|(op, (left, right))| binary(op, left, right)),
        2 => (select(vec![UnaryOp::Not, UnaryOp::Minus, UnaryOp::Plus]), one.clone()).prop_map(|(op, expr)| {
            let least = if op == UnaryOp::Not { power::NOT } else { power::SIGN };
            ExprKind::Unary { op, expr: at_least(expr, least) }
        }),
        1 => (one.clone(), any::<bool>()).prop_map(|(expr, negated)| ExprKind::IsNull { expr: at_least(expr, power::IS), negated }),
        1 => (one.clone(), of(any::<bool>()), any::<bool>()).prop_map(|(expr, value, negated)| {
            ExprKind::IsBool { expr: at_least(expr, power::IS), value, negated }
        }),
        1 => (two.clone(), any::<bool>()).prop_map(|((left, right), negated)| {
            let least = if matches!(left.kind, ExprKind::IsDistinct { .. }) { power::IS + 1 } else { power::IS };
            ExprKind::IsDistinct { left: at_least(left, least), right: at_least(right, power::IS + 1), negated }
        }),
        1 => (three, any::<bool>()).prop_map(|((expr, low, high), negated)| {
            let least = power::RANGE + 1;
            ExprKind::Between { expr: at_least(expr, least), low: at_least(low, least), high: at_least(high, least), negated }
        }),
        1 => (one.clone(), some.clone(), any::<bool>()).prop_map(|(expr, list, negated)| {
            ExprKind::In { expr: at_least(expr, power::RANGE + 1), list, negated }
        }),
        2 => like(inner.clone()),
        1 => (of(one.clone()), vec(two.clone(), 1..3), of(one.clone())).prop_map(|(operand, branches, otherwise)| ExprKind::Case {
            operand: operand.map(Box::new),
            branches,
            otherwise: otherwise.map(Box::new),
        }),
        1 => (one.clone(), type_name(), select(vec![CastStyle::Function, CastStyle::Try, CastStyle::Colons])).prop_map(|(expr, ty, style)| {
            let expr = if style == CastStyle::Colons { at_least(expr, power::POSTFIX) } else { Box::new(expr) };
            ExprKind::Cast { expr, ty, style }
        }),
        1 => (extract_field(), one.clone()).prop_map(|(field, from)| ExprKind::Extract { field, from: Box::new(from) }),
        1 => two.prop_map(|(expr, zone)| ExprKind::AtTimeZone { expr: at_least(expr, power::ZONE), zone: at_least(zone, power::ZONE + 1) }),
        4 => call(inner.clone()).prop_map(ExprKind::Call),
        1 => vec(inner.clone(), 0..3).prop_map(ExprKind::Array),
        1 => vec(inner.clone(), 2..4).prop_map(ExprKind::Row),
        1 => one.clone().prop_map(|expr| ExprKind::Paren(Box::new(expr))),
        1 => (one.clone(), one.clone()).prop_map(|(of, index)| ExprKind::Index { of: at_least(of, power::POSTFIX), index: Box::new(index) }),
        1 => (one, label()).prop_map(|(of, field)| {
            let bare = matches!(of.kind, ExprKind::Name(_) | ExprKind::Number(_));
            let of = if bare { at_least(of, u8::MAX) } else { at_least(of, power::POSTFIX) };
            ExprKind::Field { of, field }
        }),
    ]
    .boxed()
}

fn binary_op() -> impl Strategy<Value = BinaryOp> {
    use BinaryOp::*;
    select(vec![
        Or,
        And,
        Eq,
        NotEq,
        Lt,
        LtEq,
        Gt,
        GtEq,
        Add,
        Subtract,
        Multiply,
        Divide,
        Modulo,
        Power,
        Concat,
        ContainedBy,
        ContainedByOrEq,
        Contains,
        ContainsOrEq,
    ])
}

fn binary(op: BinaryOp, left: Expr, right: Expr) -> ExprKind {
    let tight = binary_power(op);
    let of_left = if tight == power::COMPARISON {
        tight + 1
    } else {
        tight
    };
    ExprKind::Binary {
        op,
        left: at_least(left, of_left),
        right: at_least(right, tight + 1),
    }
}

fn like(inner: BoxedStrategy<Expr>) -> impl Strategy<Value = ExprKind> {
    let kinds = vec![
        LikeKind::Like,
        LikeKind::ILike,
        LikeKind::Similar,
        LikeKind::Regex,
        LikeKind::IRegex,
    ];
    (
        inner.clone(),
        inner.clone(),
        of(inner),
        select(kinds),
        any::<bool>(),
    )
        .prop_map(|(expr, pattern, escape, kind, negated)| {
            let regex = matches!(kind, LikeKind::Regex | LikeKind::IRegex);
            let (of_left, of_right) = if regex {
                (power::OTHER, power::OTHER + 1)
            } else {
                (power::RANGE + 1, power::RANGE + 1)
            };
            ExprKind::Like {
                expr: at_least(expr, of_left),
                pattern: at_least(pattern, of_right),
                escape: escape
                    .filter(|_| !regex)
                    .map(|escape| at_least(escape, of_right)),
                kind,
                negated,
            }
        })
}

fn extract_field() -> impl Strategy<Value = Ident> {
    prop_oneof![label(), Just(bare("time of day"))]
}

fn call(inner: BoxedStrategy<Expr>) -> impl Strategy<Value = Call> {
    let semantics = of(select(vec![Semantics::Running, Semantics::Final]));
    let star = prop_oneof![3 => Just(None), 1 => of(ident()).prop_map(Some)];
    let parts = (
        vec(inner.clone(), 0..4),
        star,
        any::<bool>(),
        of(inner),
        any::<bool>(),
    );
    (function(), semantics, parts).prop_map(
        |(name, semantics, (args, star, distinct, filter, over))| {
            let args = if star.is_some() { Vec::new() } else { args };
            Call {
                name,
                semantics,
                distinct: distinct && !args.is_empty(),
                star,
                args,
                filter: filter.map(Box::new),
                over: over.then(Span::default),
            }
        },
    )
}
