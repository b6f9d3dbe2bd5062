//! Functions that choose.

use portent_grammar::Value;

use super::Family::Conditional as F;
use super::{
    Body, Outcome, Param as P, Returns as R, ScalarFunction, Volatility, mismatch, nullable, sig,
    sig_rest,
};

const SAME: &[super::Signature] = &[sig_rest(&[P::T], P::T, R::T)];

pub(super) static FUNCTIONS: &[ScalarFunction] = &[
    ScalarFunction {
        name: "COALESCE",
        family: F,
        signatures: SAME,
        volatility: Volatility::Immutable,
        doc: "The first that is not NULL.",
        body: Body::Coalesce,
    },
    nullable(
        F,
        "NULLIF",
        &[sig(&[P::T, P::T], R::T)],
        "NULL if both are equal, else the first.",
        nullif,
    ),
    nullable(
        F,
        "GREATEST",
        SAME,
        "The greatest; NULLs are left out.",
        greatest,
    ),
    nullable(F, "LEAST", SAME, "The least; NULLs are left out.", least),
];

fn nullif(args: &[&Value]) -> Outcome {
    let [left, right] = args else {
        return mismatch(args);
    };
    Ok(if left.eq_sql(right) == Some(true) {
        Value::Null
    } else {
        (*left).clone()
    })
}

fn greatest(args: &[&Value]) -> Outcome {
    Ok(args
        .iter()
        .filter(|arg| !arg.is_null())
        .max()
        .map_or(Value::Null, |arg| (*arg).clone()))
}

fn least(args: &[&Value]) -> Outcome {
    Ok(args
        .iter()
        .filter(|arg| !arg.is_null())
        .min()
        .map_or(Value::Null, |arg| (*arg).clone()))
}
