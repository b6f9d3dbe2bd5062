//! Scalar functions: a file per family, and the registry that finds them by name.
//!
//! A function has one implementation, which looks at the types of the values it gets; its signatures say which types the
//! binder lets through and what comes out.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use portent_grammar::{Type, Value};

use crate::expr::EvalError;

mod array;
mod bytes;
mod calendar;
mod conditional;
mod format_time;
mod function;
mod geo;
mod inet;
mod json;
mod maths;
mod operators;
mod own;
mod regex;
mod resolve;
mod rounding;
mod suggest;
#[cfg(test)]
mod tests;
mod text;
mod time;

pub use function::Function;
pub(crate) use own::declared;
pub use own::{Eval, Library, LibraryError, OwnFunction};
pub use resolve::{Resolved, resolve};
pub use suggest::{NOT_SCALAR, unknown, volatile};

/// A scalar function: the same arguments always give the same value.
pub struct ScalarFunction {
    /// In upper case.
    pub name: &'static str,
    /// Which shelf it stands on.
    pub family: Family,
    /// The argument types it takes and the type it gives, tried in order.
    pub signatures: &'static [Signature],
    /// Whether equal arguments give equal values.
    pub volatility: Volatility,
    /// One sentence, with an example where that helps.
    pub doc: &'static str,
    /// How it is computed.
    pub body: Body,
}

/// A shelf of functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// Over texts: LOWER, SUBSTRING, …
    Text,
    /// Regular expressions.
    Regex,
    /// Over numbers: ROUND, LOG, …
    Maths,
    /// COALESCE, GREATEST and the like.
    Conditional,
    /// Over times and intervals: DATE_TRUNC, EXTRACT, …
    Time,
    /// Over JSON.
    Json,
    /// Over arrays.
    Array,
    /// Over addresses and networks.
    Inet,
    /// Over places on the earth.
    Geo,
    /// Over bytes: hashes, hexadecimal, base64.
    Bytes,
    /// What operators are lowered to; not to be called by name.
    Operator,
}

impl Family {
    /// For listings.
    pub fn name(self) -> &'static str {
        match self {
            Family::Text => "text",
            Family::Regex => "regex",
            Family::Maths => "maths",
            Family::Conditional => "conditional",
            Family::Time => "time",
            Family::Json => "json",
            Family::Array => "array",
            Family::Inet => "inet",
            Family::Geo => "geo",
            Family::Bytes => "bytes",
            Family::Operator => "operator",
        }
    }
}

/// Whether a call may be computed once. Functions that would give something else on a replay do not exist here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Volatility {
    /// Equal arguments always give equal values.
    Immutable,
}

/// What comes out, or why nothing does: one sentence in plain words.
pub type Outcome = Result<Value, String>;

/// How a function is computed.
#[derive(Clone, Copy)]
pub enum Body {
    /// NULL if any argument is NULL; else this.
    Strict(fn(&[&Value]) -> Outcome),
    /// Sees NULLs.
    Nullable(fn(&[&Value]) -> Outcome),
    /// The first argument that is not NULL; the others are not even evaluated.
    Coalesce,
}

/// The types of one way to call a function.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// The types of its arguments, in order.
    pub params: &'static [Param],
    /// Any number (also none) of further arguments of this type.
    pub rest: Option<Param>,
    /// The type of the result.
    pub returns: Returns,
}

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Param {
    /// BOOLEAN
    Bool,
    /// BIGINT
    Int,
    /// DOUBLE
    Float,
    /// DECIMAL
    Decimal,
    /// TEXT
    Text,
    /// BYTEA
    Bytes,
    /// TIMESTAMP
    Timestamp,
    /// DATE
    Date,
    /// INTERVAL
    Interval,
    /// UUID
    Uuid,
    /// INET
    Inet,
    /// JSON
    Json,
    /// `TEXT[]`
    TextArray,
    /// Anything.
    Any,
    /// Anything; all of a call's `T` have one type in common.
    T,
    /// An array of `T`.
    ArrayOfT,
}

/// The type of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returns {
    /// BOOLEAN
    Bool,
    /// BIGINT
    Int,
    /// DOUBLE
    Float,
    /// DECIMAL
    Decimal,
    /// TEXT
    Text,
    /// BYTEA
    Bytes,
    /// TIMESTAMP
    Timestamp,
    /// DATE
    Date,
    /// INTERVAL
    Interval,
    /// INET
    Inet,
    /// JSON
    Json,
    /// `TEXT[]`
    TextArray,
    /// `BIGINT[]`
    IntArray,
    /// The type that the `T` have in common.
    T,
    /// An array of `T`.
    ArrayOfT,
}

/// A signature.
const fn sig(params: &'static [Param], returns: Returns) -> Signature {
    Signature {
        params,
        rest: None,
        returns,
    }
}

/// A signature with any number of further arguments.
const fn sig_rest(params: &'static [Param], rest: Param, returns: Returns) -> Signature {
    Signature {
        params,
        rest: Some(rest),
        returns,
    }
}

/// A function that gives NULL for NULL.
const fn strict(
    family: Family,
    name: &'static str,
    signatures: &'static [Signature],
    doc: &'static str,
    eval: fn(&[&Value]) -> Outcome,
) -> ScalarFunction {
    let volatility = Volatility::Immutable;
    ScalarFunction {
        name,
        family,
        signatures,
        volatility,
        doc,
        body: Body::Strict(eval),
    }
}

/// A function that sees NULLs.
const fn nullable(
    family: Family,
    name: &'static str,
    signatures: &'static [Signature],
    doc: &'static str,
    eval: fn(&[&Value]) -> Outcome,
) -> ScalarFunction {
    let volatility = Volatility::Immutable;
    ScalarFunction {
        name,
        family,
        signatures,
        volatility,
        doc,
        body: Body::Nullable(eval),
    }
}

impl ScalarFunction {
    /// Its value for these arguments, which have the types that one of its signatures asks for.
    ///
    /// # Errors
    /// What the function refuses: out of range, not in its domain, text that can't be read.
    pub fn call(&self, args: &[&Value]) -> Result<Value, EvalError> {
        let outcome = match self.body {
            Body::Strict(_) if args.iter().any(|arg| arg.is_null()) => return Ok(Value::Null),
            Body::Strict(eval) | Body::Nullable(eval) => eval(args),
            Body::Coalesce => {
                return Ok(args
                    .iter()
                    .find(|arg| !arg.is_null())
                    .map_or(Value::Null, |arg| (*arg).clone()));
            }
        };
        outcome.map_err(|message| EvalError {
            message: format!("{}: {message}", self.name),
        })
    }

    /// Each way to call it, on a line: `LEFT(text, bigint) → text`.
    pub fn signature_lines(&self) -> Vec<String> {
        self.signatures
            .iter()
            .map(|signature| format!("{}{signature}", self.name))
            .collect()
    }
}

impl fmt::Debug for ScalarFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for ScalarFunction {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut params: Vec<String> = self.params.iter().map(Param::to_string).collect();
        if let Some(rest) = self.rest {
            params.push(format!("{rest}, …"));
        }
        write!(f, "({}) → {}", params.join(", "), self.returns)
    }
}

impl fmt::Display for Param {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Param::Bool => "boolean",
            Param::Int => "bigint",
            Param::Float => "double",
            Param::Decimal => "decimal",
            Param::Text => "text",
            Param::Bytes => "bytea",
            Param::Timestamp => "timestamp",
            Param::Date => "date",
            Param::Interval => "interval",
            Param::Uuid => "uuid",
            Param::Inet => "inet",
            Param::Json => "json",
            Param::TextArray => "text[]",
            Param::Any => "any",
            Param::T => "T",
            Param::ArrayOfT => "T[]",
        })
    }
}

impl fmt::Display for Returns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Returns::Bool => "boolean",
            Returns::Int => "bigint",
            Returns::Float => "double",
            Returns::Decimal => "decimal",
            Returns::Text => "text",
            Returns::Bytes => "bytea",
            Returns::Timestamp => "timestamp",
            Returns::Date => "date",
            Returns::Interval => "interval",
            Returns::Inet => "inet",
            Returns::Json => "json",
            Returns::TextArray => "text[]",
            Returns::IntArray => "bigint[]",
            Returns::T => "T",
            Returns::ArrayOfT => "T[]",
        })
    }
}

impl Param {
    /// The type, where the parameter has one by itself.
    fn fixed(self) -> Option<Type> {
        Some(match self {
            Param::Bool => Type::Bool,
            Param::Int => Type::Int,
            Param::Float => Type::Float,
            Param::Decimal => Type::Decimal(None),
            Param::Text => Type::Text,
            Param::Bytes => Type::Bytes,
            Param::Timestamp => Type::Timestamp,
            Param::Date => Type::Date,
            Param::Interval => Type::Interval,
            Param::Uuid => Type::Uuid,
            Param::Inet => Type::Inet,
            Param::Json => Type::Json,
            Param::TextArray => Type::array_of(Type::Text),
            Param::Any | Param::T | Param::ArrayOfT => return None,
        })
    }
}

impl Returns {
    fn ty(self, common: &Type) -> Type {
        match self {
            Returns::Bool => Type::Bool,
            Returns::Int => Type::Int,
            Returns::Float => Type::Float,
            Returns::Decimal => Type::Decimal(None),
            Returns::Text => Type::Text,
            Returns::Bytes => Type::Bytes,
            Returns::Timestamp => Type::Timestamp,
            Returns::Date => Type::Date,
            Returns::Interval => Type::Interval,
            Returns::Inet => Type::Inet,
            Returns::Json => Type::Json,
            Returns::TextArray => Type::array_of(Type::Text),
            Returns::IntArray => Type::array_of(Type::Int),
            Returns::T => common.clone(),
            Returns::ArrayOfT => Type::array_of(common.clone()),
        }
    }
}

static REGISTRY: LazyLock<HashMap<&'static str, &'static ScalarFunction>> = LazyLock::new(|| {
    families()
        .flatten()
        .map(|function| (function.name, function))
        .collect()
});

static LIST: LazyLock<Vec<&'static ScalarFunction>> = LazyLock::new(|| {
    let mut all: Vec<&ScalarFunction> = families()
        .flatten()
        .filter(|function| function.family != Family::Operator)
        .collect();
    all.sort_by_key(|function| function.name);
    all
});

fn families() -> impl Iterator<Item = &'static [ScalarFunction]> {
    [
        text::FUNCTIONS,
        regex::FUNCTIONS,
        maths::FUNCTIONS,
        rounding::FUNCTIONS,
        conditional::FUNCTIONS,
        time::FUNCTIONS,
        calendar::FUNCTIONS,
        format_time::FUNCTIONS,
        json::FUNCTIONS,
        array::FUNCTIONS,
        inet::FUNCTIONS,
        geo::FUNCTIONS,
        bytes::FUNCTIONS,
        operators::FUNCTIONS,
    ]
    .into_iter()
}

/// All functions that can be called by name, in alphabetical order.
pub fn list() -> &'static [&'static ScalarFunction] {
    &LIST
}

/// A function by its name in any case.
pub fn find(name: &str) -> Option<&'static ScalarFunction> {
    let function = REGISTRY.get(name.to_ascii_uppercase().as_str()).copied()?;
    (function.family != Family::Operator).then_some(function)
}

/// A function that an operator is lowered to.
pub(crate) fn operator(name: &str) -> Option<Function> {
    REGISTRY.get(name).copied().map(Function::BuiltIn)
}

/// For the arm of an implementation that no signature lets through.
#[cold]
fn mismatch(args: &[&Value]) -> Outcome {
    let types: Vec<String> = args.iter().map(|arg| arg.type_of().to_string()).collect();
    Err(format!("can't be called with ({})", types.join(", ")))
}
