//! Which signature a call means.

use portent_grammar::{Type, Value};

use super::{Function, OwnFunction, Param, Signature};
use crate::expr::{Expr, ExprKind};

/// The types that a call's arguments are cast to, and that of its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// The types that the arguments are cast to, one each.
    pub params: Vec<Type>,
    /// The type of the result.
    pub returns: Type,
}

/// The signature that takes these arguments with the fewest implicit casts; among equals the first.
pub fn resolve(function: &Function, args: &[Expr]) -> Option<Resolved> {
    let function = match function {
        Function::BuiltIn(function) => function,
        Function::Own(own) => return resolve_own(own, args),
    };
    let mut best: Option<(u32, Resolved)> = None;
    for signature in function.signatures {
        if let Some((cost, resolved)) = try_signature(signature, args)
            && best.as_ref().is_none_or(|(least, _)| cost < *least)
        {
            best = Some((cost, resolved));
        }
    }
    best.map(|(_, resolved)| resolved)
}

/// As declared, if the arguments can be cast to it.
fn resolve_own(own: &OwnFunction, args: &[Expr]) -> Option<Resolved> {
    let fixed = own.params.len();
    if args.len() < fixed || (args.len() > fixed && own.rest.is_none()) {
        return None;
    }
    let declared = own.params.iter().chain(own.rest.iter().cycle());
    let pairs = args.iter().zip(declared);
    let castable = |(arg, ty): (&Expr, &Type)| conversion_cost(arg, ty).map(|_| ty.clone());
    Some(Resolved {
        params: pairs.map(castable).collect::<Option<_>>()?,
        returns: own.returns.clone(),
    })
}

fn try_signature(signature: &Signature, args: &[Expr]) -> Option<(u32, Resolved)> {
    let fixed = signature.params.len();
    if args.len() < fixed || (args.len() > fixed && signature.rest.is_none()) {
        return None;
    }
    let params = signature
        .params
        .iter()
        .copied()
        .chain(signature.rest.into_iter().cycle());
    let pairs: Vec<(Param, &Expr)> = params.zip(args).collect();
    let common = common_t(&pairs)?;
    let mut cost = 0;
    let mut types = Vec::with_capacity(args.len());
    for (param, arg) in pairs {
        let ty = match param {
            Param::Any => arg.ty.clone(),
            Param::T => common.clone(),
            Param::ArrayOfT => Type::array_of(common.clone()),
            fixed => fixed.fixed()?,
        };
        if matches!(param, Param::ArrayOfT) && !matches!(arg.ty, Type::Array(_) | Type::Null) {
            return None;
        }
        cost += conversion_cost(arg, &ty)?;
        types.push(ty);
    }
    let returns = signature.returns.ty(&common);
    Some((
        cost,
        Resolved {
            params: types,
            returns,
        },
    ))
}

/// What the arguments for `T` and `T[]` have in common.
fn common_t(pairs: &[(Param, &Expr)]) -> Option<Type> {
    let operands = pairs
        .iter()
        .filter_map(|(param, arg)| match (param, &arg.ty) {
            (Param::T, ty) => Some((ty.clone(), crate::expr::is_text_literal(arg))),
            (Param::ArrayOfT, Type::Array(element)) => Some((*element.clone(), false)),
            _ => None,
        });
    crate::expr::common(operands)
}

/// How far it is from the argument to the type; `None`: there is no implicit cast.
fn conversion_cost(arg: &Expr, to: &Type) -> Option<u32> {
    let literal = matches!(arg.kind, ExprKind::Const(Value::Text(_)));
    Some(match (&arg.ty, to) {
        (from, to) if from == to => 0,
        (Type::Null, _) | (_, Type::Null) => 0,
        (Type::Decimal(_), Type::Decimal(_)) => 0,
        (Type::Int, Type::Decimal(_))
        | (Type::Decimal(_), Type::Float)
        | (Type::Date, Type::Timestamp) => 1,
        (Type::Int, Type::Float) => 2,
        (Type::Text, to) if literal && !to.is_numeric() => 3,
        (Type::Json, Type::Text) => 4,
        (Type::Json, Type::Float) => 5,
        (Type::Json, _) => 6,
        (Type::Array(from), Type::Array(to))
            if **from == Type::Null || from.can_cast_to(to) && from.is_numeric() =>
        {
            1
        }
        _ => return None,
    })
}
