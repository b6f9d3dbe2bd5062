//! Structural equality and hash of expressions, without spans: equal conditions are one predicate.

use std::hash::{Hash, Hasher};

use portent_grammar::Value;
use portent_parser::ast::LikeKind;
use xxhash_rust::xxh3::Xxh3;

use super::{Expr, ExprKind, PathStep, for_each_child};

/// Whether both have the same shape, types and constants, wherever they were written.
pub fn same(left: &Expr, right: &Expr) -> bool {
    left.ty == right.ty && same_kind(&left.kind, &right.kind)
}

fn all_same(left: &[Expr], right: &[Expr]) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(l, r)| same(l, r))
}

fn same_kind(left: &ExprKind, right: &ExprKind) -> bool {
    use ExprKind as K;
    match (left, right) {
        (K::Const(l), K::Const(r)) => l.identical(r),
        (K::Column(l), K::Column(r)) => l == r,
        (K::FromInput(l), K::FromInput(r)) => l == r,
        (K::And(l), K::And(r)) | (K::Or(l), K::Or(r)) | (K::Array(l), K::Array(r)) => {
            all_same(l, r)
        }
        (K::Not(l), K::Not(r)) | (K::Negate(l), K::Negate(r)) => same(l, r),
        (K::Arithmetic(op, a, b), K::Arithmetic(other, c, d)) => {
            op == other && same(a, c) && same(b, d)
        }
        (K::Compare(op, a, b), K::Compare(other, c, d)) => op == other && same(a, c) && same(b, d),
        (
            K::IsDistinct {
                left: a,
                right: b,
                negated,
            },
            K::IsDistinct {
                left: c,
                right: d,
                negated: other,
            },
        ) => negated == other && same(a, c) && same(b, d),
        (
            K::IsNull { expr: l, negated },
            K::IsNull {
                expr: r,
                negated: other,
            },
        ) => negated == other && same(l, r),
        (
            K::IsBool {
                expr: l,
                value,
                negated,
            },
            K::IsBool {
                expr: r,
                value: other_value,
                negated: other,
            },
        ) => value == other_value && negated == other && same(l, r),
        (
            K::InConst {
                expr: l,
                set,
                negated,
            },
            K::InConst {
                expr: r,
                set: other_set,
                negated: other,
            },
        ) => negated == other && set == other_set && same(l, r),
        (
            K::Matches {
                expr: l,
                pattern,
                negated,
            },
            K::Matches {
                expr: r,
                pattern: other_pattern,
                negated: other,
            },
        ) => negated == other && pattern == other_pattern && same(l, r),
        (
            K::Case {
                branches: l,
                otherwise,
            },
            K::Case {
                branches: r,
                otherwise: other,
            },
        ) => {
            l.len() == r.len()
                && l.iter()
                    .zip(r)
                    .all(|(l, r)| same(&l.0, &r.0) && same(&l.1, &r.1))
                && match (otherwise, other) {
                    (Some(l), Some(r)) => same(l, r),
                    (None, None) => true,
                    _ => false,
                }
        }
        (
            K::Cast { expr: l, try_ },
            K::Cast {
                expr: r,
                try_: other,
            },
        ) => try_ == other && same(l, r),
        (
            K::Call { function, args },
            K::Call {
                function: other,
                args: others,
            },
        ) => function.name() == other.name() && all_same(args, others),
        (
            K::Path { of: l, steps },
            K::Path {
                of: r,
                steps: others,
            },
        ) => steps == others && same(l, r),
        (K::Navigate(l), K::Navigate(r)) => l == r,
        (K::Aggregate(l), K::Aggregate(r)) => l == r,
        (K::Classifier(l), K::Classifier(r)) => l == r,
        (K::MatchInfo(l), K::MatchInfo(r)) => l == r,
        (K::MatchKey(l), K::MatchKey(r)) => l == r,
        _ => false,
    }
}

/// A hash that equal expressions (as by [`same`]) share, the same in every process of one build.
pub fn structural_hash(expr: &Expr) -> u64 {
    let mut state = Xxh3::new();
    hash_expr(expr, &mut state);
    state.finish()
}

/// Feeds an expression to a hasher, without spans.
pub fn hash_expr<H: Hasher>(expr: &Expr, state: &mut H) {
    use ExprKind as K;
    expr.ty.hash(state);
    match &expr.kind {
        K::Const(value) => {
            state.write_u8(0);
            value.hash(state);
        }
        K::Column(slot) => {
            state.write_u8(1);
            state.write_u64(*slot as u64);
        }
        K::FromInput(input) => {
            state.write_u8(2);
            state.write_u16(*input);
        }
        K::And(_) => state.write_u8(3),
        K::Or(_) => state.write_u8(4),
        K::Not(_) => state.write_u8(5),
        K::Negate(_) => state.write_u8(6),
        K::Arithmetic(op, ..) => {
            state.write_u8(7);
            state.write_u8(*op as u8);
        }
        K::Compare(op, ..) => {
            state.write_u8(8);
            state.write_u8(*op as u8);
        }
        K::IsDistinct { negated, .. } => {
            state.write_u8(9);
            negated.hash(state);
        }
        K::IsNull { negated, .. } => {
            state.write_u8(10);
            negated.hash(state);
        }
        K::IsBool { value, negated, .. } => {
            state.write_u8(11);
            (value, negated).hash(state);
        }
        K::InConst { set, negated, .. } => {
            state.write_u8(12);
            (set.has_null(), negated).hash(state);
            // Sets are equal whatever their order.
            let mut values: Vec<&Value> = set.values().collect();
            values.sort();
            values.hash(state);
        }
        K::Matches {
            pattern, negated, ..
        } => {
            state.write_u8(13);
            state.write_u8(like_tag(pattern.kind));
            (&pattern.source, pattern.escape, negated).hash(state);
        }
        K::Case { otherwise, .. } => {
            state.write_u8(14);
            otherwise.is_some().hash(state);
        }
        K::Cast { try_, .. } => {
            state.write_u8(15);
            try_.hash(state);
        }
        K::Call { function, .. } => {
            state.write_u8(16);
            function.name().hash(state);
        }
        K::Path { steps, .. } => {
            state.write_u8(17);
            for step in steps {
                match step {
                    PathStep::Field(field) => field.as_str().hash(state),
                    PathStep::Index(_) => state.write_u8(0),
                }
            }
        }
        K::Array(_) => state.write_u8(18),
        K::Navigate(navigate) => {
            state.write_u8(19);
            navigate.row.hash(state);
        }
        K::Aggregate(aggregate) => {
            state.write_u8(20);
            aggregate.function.hash(state);
            aggregate.variables.hash(state);
            (
                aggregate.running,
                aggregate.distinct,
                aggregate.filter.is_some(),
            )
                .hash(state);
        }
        K::Classifier(row) => {
            state.write_u8(21);
            row.hash(state);
        }
        K::MatchInfo(info) => {
            state.write_u8(22);
            info.hash(state);
        }
        K::MatchKey(component) => {
            state.write_u8(23);
            state.write_u16(*component);
        }
    }
    let mut children = 0_u32;
    for_each_child(expr, &mut |child| {
        children += 1;
        hash_expr(child, state);
    });
    state.write_u32(children);
}

fn like_tag(kind: LikeKind) -> u8 {
    match kind {
        LikeKind::Like => 0,
        LikeKind::ILike => 1,
        LikeKind::Similar => 2,
        LikeKind::Regex => 3,
        LikeKind::IRegex => 4,
    }
}
