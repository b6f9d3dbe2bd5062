//! A function as an expression calls it.

use std::fmt;
use std::sync::Arc;

use portent_grammar::Value;

use super::{Body, OwnFunction, ScalarFunction};
use crate::expr::EvalError;

/// One of the built-in functions, or one that a program brought along. Cloning is cheap.
#[derive(Clone)]
pub enum Function {
    /// One that is always there.
    BuiltIn(&'static ScalarFunction),
    /// One of a [`Library`](super::Library).
    Own(Arc<OwnFunction>),
}

impl Function {
    /// In upper case.
    pub fn name(&self) -> &str {
        match self {
            Function::BuiltIn(function) => function.name,
            Function::Own(own) => &own.name,
        }
    }

    /// Its value for these arguments, which have the types that it asks for.
    ///
    /// # Errors
    /// What the function refuses: out of range, not in its domain, text that can't be read.
    pub fn call(&self, args: &[&Value]) -> Result<Value, EvalError> {
        match self {
            Function::BuiltIn(function) => function.call(args),
            Function::Own(own) => own.call(args),
        }
    }

    /// Each way to call it, on a line: `LEFT(text, bigint) → text`.
    pub fn signature_lines(&self) -> Vec<String> {
        match self {
            Function::BuiltIn(function) => function.signature_lines(),
            Function::Own(own) => vec![own.signature()],
        }
    }

    /// Whether it is COALESCE, which does not look at all of its arguments.
    pub(crate) fn is_coalesce(&self) -> bool {
        matches!(self, Function::BuiltIn(function) if matches!(function.body, Body::Coalesce))
    }

    /// The built-in one.
    pub(crate) fn built_in(&self) -> Option<&'static ScalarFunction> {
        match self {
            Function::BuiltIn(function) => Some(function),
            Function::Own(_) => None,
        }
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl PartialEq for Function {
    /// A library has one of a name.
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}
