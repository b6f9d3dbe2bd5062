//! Aggregates that a program brings along: a state, a step, and an end, as in PostgreSQL's CREATE AGGREGATE.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use portent_grammar::{Type, Value};

use super::EvalError;
use crate::functions::declared;
use portent_grammar::guard::guarded;

/// Takes a row into the state, by the values of the arguments.
pub type Step = Arc<dyn Fn(&mut Vec<Value>, &[Value]) -> Result<(), String> + Send + Sync>;
/// The value of the aggregate over the rows that the state knows.
pub type Finish = Arc<dyn Fn(&[Value]) -> Result<Value, String> + Send + Sync>;

/// An aggregate of a program. Its state is values, so that it can be copied, and written down, like everything else.
#[derive(Clone)]
pub struct OwnAggregate {
    /// In upper case.
    pub name: String,
    /// One sentence for SHOW FUNCTIONS.
    pub doc: String,
    /// The types of its arguments.
    pub params: Vec<Type>,
    /// The type of its value.
    pub returns: Type,
    /// The state over no rows.
    pub start: Vec<Value>,
    /// Whether rows with a NULL among the arguments are passed over.
    pub strict: bool,
    /// What a row does to the state.
    pub step: Step,
    /// What the state comes to.
    pub finish: Finish,
}

impl OwnAggregate {
    /// How to call it: `NAME(double) → double`.
    pub fn signature(&self) -> String {
        let lower = |ty: &Type| ty.to_string().to_lowercase();
        let params: Vec<String> = self.params.iter().map(lower).collect();
        format!(
            "{}({}) → {}",
            self.name,
            params.join(", "),
            lower(&self.returns)
        )
    }

    /// Takes a row into the state.
    ///
    /// # Errors
    /// What the program's step refuses; that it panicked.
    pub fn step(&self, state: &mut Vec<Value>, args: &[Value]) -> Result<(), EvalError> {
        if self.strict && args.iter().any(Value::is_null) {
            return Ok(());
        }
        guarded(|| (self.step)(state, args)).map_err(|error| self.failed(&error))
    }

    /// The value of the aggregate.
    ///
    /// # Errors
    /// What the program's end refuses; that it panicked.
    pub fn finish(&self, state: &[Value]) -> Result<Value, EvalError> {
        let value = guarded(|| (self.finish)(state));
        let value = value.and_then(|value| declared(value, &self.returns));
        value.map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &str) -> EvalError {
        EvalError {
            message: format!("{}: {error}", self.name),
        }
    }
}

impl fmt::Debug for OwnAggregate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl PartialEq for OwnAggregate {
    /// A library has one of a name.
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for OwnAggregate {}

impl Hash for OwnAggregate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}
