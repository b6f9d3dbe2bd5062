//! Functions and aggregates that a program brings along.

use std::fmt;
use std::mem::discriminant;
use std::sync::Arc;

use indexmap::IndexMap;
use portent_grammar::guard::guarded;
use portent_grammar::keywords;
use portent_grammar::{Diagnostic, Span, Type, Value};

use super::{Function, Outcome, find, suggest};
use crate::expr::aggregate::{OwnAggregate, aggregate_by_name, aggregate_not_supported};
use crate::expr::{AggregateFunction, EvalError};
use crate::resolve::PATTERN_FUNCTIONS;

/// A scalar function of a program: the same arguments must always give the same value, or a replay would differ.
#[derive(Clone)]
pub struct OwnFunction {
    /// In upper case.
    pub name: String,
    /// One sentence for SHOW FUNCTIONS.
    pub doc: String,
    /// The types of its arguments.
    pub params: Vec<Type>,
    /// Any number (also none) of further arguments of this type.
    pub rest: Option<Type>,
    /// The type of its value.
    pub returns: Type,
    /// Whether it is NULL if any argument is, without being asked.
    pub strict: bool,
    /// What it does. That it panics is an error of the call.
    pub eval: Eval,
}

/// What a function does with the values of its arguments.
pub type Eval = Arc<dyn Fn(&[&Value]) -> Outcome + Send + Sync>;

impl OwnFunction {
    /// Its value for these arguments, which have the types that it declares.
    ///
    /// # Errors
    /// What it refuses; that it panicked.
    pub fn call(&self, args: &[&Value]) -> Result<Value, EvalError> {
        if self.strict && args.iter().any(|arg| arg.is_null()) {
            return Ok(Value::Null);
        }
        let outcome = guarded(|| (self.eval)(args));
        let outcome = outcome.and_then(|value| declared(value, &self.returns));
        outcome.map_err(|message| EvalError {
            message: format!("{}: {message}", self.name),
        })
    }

    /// How to call it: `NAME(text) → double`.
    pub fn signature(&self) -> String {
        let lower = |ty: &Type| ty.to_string().to_lowercase();
        let mut params: Vec<String> = self.params.iter().map(lower).collect();
        params.extend(self.rest.iter().map(|rest| format!("{}, …", lower(rest))));
        format!(
            "{}({}) → {}",
            self.name,
            params.join(", "),
            lower(&self.returns)
        )
    }
}

impl fmt::Debug for OwnFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The functions that there are: the built-in ones, and those of a program. Cloning is cheap, and a clone does not see what is added later.
#[derive(Clone, Debug, Default)]
pub struct Library {
    own: Option<Arc<Own>>,
}

#[derive(Clone, Debug, Default)]
struct Own {
    functions: IndexMap<String, Arc<OwnFunction>>,
    aggregates: IndexMap<String, Arc<OwnAggregate>>,
}

/// Why a function could not be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LibraryError {
    /// It can't be called: the name is none, or a word of the language.
    Name(String),
    /// There is a function or an aggregate of that name.
    Taken(String),
}

impl fmt::Display for LibraryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LibraryError::Name(name) => write!(
                f,
                "{name:?} can't be the name of a function: it is to be letters, digits and _, begin with a letter, and be no word of the language"
            ),
            LibraryError::Taken(name) => {
                write!(f, "there is a function of the name {name} already")
            }
        }
    }
}

impl std::error::Error for LibraryError {}

impl Library {
    /// Adds a function; its name is taken in upper case. Plans made before don't see it.
    ///
    /// # Errors
    /// The name can't be called, or is taken: what is built in can't be replaced.
    pub fn add(&mut self, mut function: OwnFunction) -> Result<(), LibraryError> {
        let name = self.free(&function.name)?;
        function.name.clone_from(&name);
        self.own_mut().functions.insert(name, Arc::new(function));
        Ok(())
    }

    /// Adds an aggregate; its name is taken in upper case.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn add_aggregate(&mut self, mut aggregate: OwnAggregate) -> Result<(), LibraryError> {
        let name = self.free(&aggregate.name)?;
        aggregate.name.clone_from(&name);
        self.own_mut().aggregates.insert(name, Arc::new(aggregate));
        Ok(())
    }

    /// A function by its name in any case.
    pub fn find(&self, name: &str) -> Option<Function> {
        if let Some(built_in) = find(name) {
            return Some(Function::BuiltIn(built_in));
        }
        let own = self.own.as_ref()?;
        let function = own.functions.get(name.to_ascii_uppercase().as_str())?;
        Some(Function::Own(Arc::clone(function)))
    }

    /// An aggregate by its name in any case.
    pub fn aggregate(&self, name: &str) -> Option<AggregateFunction> {
        if let Some(built_in) = aggregate_by_name(name) {
            return Some(built_in);
        }
        let own = self.own.as_ref()?;
        let aggregate = own.aggregates.get(name.to_ascii_uppercase().as_str())?;
        Some(AggregateFunction::Own(Arc::clone(aggregate)))
    }

    /// The program's own functions, in the order in which they were added.
    pub fn functions(&self) -> impl Iterator<Item = &OwnFunction> {
        let own = self.own.iter().flat_map(|own| own.functions.values());
        own.map(AsRef::as_ref)
    }

    /// The program's own aggregates, in the order in which they were added.
    pub fn aggregates(&self) -> impl Iterator<Item = &OwnAggregate> {
        let own = self.own.iter().flat_map(|own| own.aggregates.values());
        own.map(AsRef::as_ref)
    }

    /// The error for a name that is no function.
    pub(crate) fn unknown(&self, name: &str, span: Span) -> Diagnostic {
        let own = self.functions().map(|it| it.name.as_str());
        let own = own.chain(self.aggregates().map(|it| it.name.as_str()));
        suggest::unknown(name, span, own)
    }

    fn own_mut(&mut self) -> &mut Own {
        Arc::make_mut(self.own.get_or_insert_default())
    }

    /// The name in upper case, if it can be used.
    fn free(&self, name: &str) -> Result<String, LibraryError> {
        let upper = name.to_ascii_uppercase();
        let mut letters = upper.chars();
        let first = letters
            .next()
            .is_some_and(|it| it.is_ascii_alphabetic() || it == '_');
        let rest = letters.all(|it| it.is_ascii_alphanumeric() || it == '_');
        if !first || !rest || keywords::is_reserved(&upper) {
            return Err(LibraryError::Name(name.to_owned()));
        }
        let span = Span::default();
        let known = PATTERN_FUNCTIONS.contains(&upper.as_str())
            || ["IF", "IIF"].contains(&upper.as_str())
            || self.find(&upper).is_some()
            || self.aggregate(&upper).is_some()
            || aggregate_not_supported(&upper, span).is_some()
            || suggest::volatile(&upper, span).is_some();
        if known {
            return Err(LibraryError::Taken(upper));
        }
        Ok(upper)
    }
}

/// A value of another type would be taken for what it is not.
pub(crate) fn declared(value: Value, ty: &Type) -> Outcome {
    let given = value.type_of();
    if value.is_null() || discriminant(&given) == discriminant(ty) {
        return Ok(value);
    }
    Err(format!("it gave {given}, and declares {ty}"))
}
