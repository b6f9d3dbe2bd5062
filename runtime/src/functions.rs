//! Functions and aggregates of a program's own.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use portent_grammar::codes::runtime as codes;
use portent_grammar::{Type, Value};
use portent_planner::expr::OwnAggregate;
use portent_planner::functions::{Library, OwnFunction};

use crate::error::Errors;
use crate::row::{FromValue, IntoValue};
use crate::session::Session;

/// A scalar function of a program, to be called in every statement of the session that [takes](Session::add_function) it.
///
/// ```
/// use portent::{Function, Session, row};
///
/// let mut session = Session::builder()
///     .function(Function::new("risk", |country: String, amount: f64| {
///         if country == "KP" { 1.0 } else { amount / 10_000.0 }
///     }))?
///     .build();
/// session.run(
///     "CREATE STREAM payments (ts TIMESTAMP, country TEXT, amount DOUBLE);
///      CREATE QUERY risky AS SELECT country, RISK(country, amount) AS risk FROM payments WHERE risk(country, amount) > 0.9;",
/// )?;
/// session.push("payments", row!["2026-01-31 10:00:00Z", "DE", 50.0])?;
/// session.push("payments", row!["2026-01-31 10:00:01Z", "KP", 50.0])?;
/// assert_eq!(session.drain().next().unwrap().get::<f64>("risk"), Some(1.0));
/// # Ok::<(), portent::Errors>(())
/// ```
///
/// The same arguments must always give the same value: a function that looks at a clock or a table that changes makes a replay differ from
/// what was live, and a call whose arguments are constant is made once. It must be quick, since it runs on the session's thread. If it
/// panics, the call fails with the panic's text, as it does with the error that it returns, and nothing else is harmed.
#[derive(Clone, Debug)]
pub struct Function {
    own: OwnFunction,
}

impl Function {
    /// A function over Rust's types: `bool`, `i64`, `f64`, `String`, `DateTime<Utc>`, `NaiveDate`, `serde_json::Value`, and `Option` of them. It
    /// takes up to five arguments, and gives one of these types, or a `Result` of it. Where an argument that is no `Option` is NULL, its
    /// value is NULL, and it is not called.
    pub fn new<A>(name: &str, function: impl IntoFunction<A>) -> Self {
        let mut own = function.into_own();
        name.clone_into(&mut own.name);
        Self { own }
    }

    /// A function over values, which are of the types that it says, or NULL. What it gives must be of the type that it says, or NULL.
    pub fn over_values(
        name: &str,
        params: impl IntoIterator<Item = Type>,
        returns: Type,
        function: impl Fn(&[&Value]) -> Result<Value, String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            own: OwnFunction {
                name: name.to_owned(),
                doc: String::new(),
                params: params.into_iter().collect(),
                rest: None,
                returns,
                strict: false,
                eval: Arc::new(function),
            },
        }
    }

    /// Lets a call have any number of further arguments of this type. Only a function [over values](Self::over_values) sees them.
    #[must_use]
    pub fn and_any_number_of(mut self, ty: Type) -> Self {
        self.own.rest = Some(ty);
        self
    }

    /// A sentence that says what it does.
    #[must_use]
    pub fn doc(mut self, text: &str) -> Self {
        text.clone_into(&mut self.own.doc);
        self
    }

    pub(crate) fn add_to(self, library: &mut Library) -> Result<(), Errors> {
        library.add(self.own).map_err(|error| refused(&error))
    }
}

/// An aggregate of a program, over the rows of a match or of a group.
///
/// ```
/// use portent::{Aggregate, Session, Type, Value, row};
///
/// let geometric_mean = Aggregate::new("geomean", [Type::Float], Type::Float)
///     .start([Value::Float(0.0), Value::Int(0)])
///     .step(|state, args| {
///         let [Value::Float(logs), Value::Int(count)] = state.as_mut_slice() else { return Err("a broken state".into()) };
///         *logs += args[0].as_f64().unwrap_or_default().ln();
///         *count += 1;
///         Ok(())
///     })
///     .finish(|state| match state {
///         [_, Value::Int(0)] => Ok(Value::Null),
///         [Value::Float(logs), Value::Int(count)] => Ok(Value::Float((logs / *count as f64).exp())),
///         _ => Err("a broken state".into()),
///     });
/// let mut session = Session::builder().aggregate(geometric_mean)?.build();
/// session.run("CREATE STREAM s (ts TIMESTAMP, v DOUBLE); CREATE QUERY q AS SELECT GEOMEAN(v) AS mean FROM s MATCH (a b) WITHIN 1 MINUTE;")?;
/// session.push("s", row!["2026-01-31 10:00:00Z", 2.0])?;
/// session.push("s", row!["2026-01-31 10:00:01Z", 8.0])?;
/// let mean: f64 = session.drain().next().unwrap().get("mean").unwrap();
/// assert!((mean - 4.0).abs() < 1e-9);
/// # Ok::<(), portent::Errors>(())
/// ```
///
/// Its state is a few values, so that the session can copy it, and keep it. As with a [`Function`], the same rows must give the same value.
/// DISTINCT and FILTER (WHERE …) go with it as with any other aggregate.
#[derive(Clone, Debug)]
pub struct Aggregate {
    own: OwnAggregate,
}

impl Aggregate {
    /// An aggregate over arguments of these types, that gives a value of that type. Without [`Self::step`] and [`Self::finish`], it is NULL.
    pub fn new(name: &str, params: impl IntoIterator<Item = Type>, returns: Type) -> Self {
        Self {
            own: OwnAggregate {
                name: name.to_owned(),
                doc: String::new(),
                params: params.into_iter().collect(),
                returns,
                start: Vec::new(),
                strict: true,
                step: Arc::new(|_, _| Ok(())),
                finish: Arc::new(|_| Ok(Value::Null)),
            },
        }
    }

    /// The state over no rows.
    #[must_use]
    pub fn start(mut self, state: impl IntoIterator<Item = Value>) -> Self {
        self.own.start = state.into_iter().collect();
        self
    }

    /// What a row does to the state.
    #[must_use]
    pub fn step(
        mut self,
        step: impl Fn(&mut Vec<Value>, &[Value]) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.own.step = Arc::new(step);
        self
    }

    /// What the state comes to: a value of the type that the aggregate gives, or NULL.
    #[must_use]
    pub fn finish(
        mut self,
        finish: impl Fn(&[Value]) -> Result<Value, String> + Send + Sync + 'static,
    ) -> Self {
        self.own.finish = Arc::new(finish);
        self
    }

    /// Whether it sees rows with a NULL among the arguments. Default: they are passed over.
    #[must_use]
    pub fn with_nulls(mut self, yes: bool) -> Self {
        self.own.strict = !yes;
        self
    }

    /// A sentence that says what it does.
    #[must_use]
    pub fn doc(mut self, text: &str) -> Self {
        text.clone_into(&mut self.own.doc);
        self
    }

    pub(crate) fn add_to(self, library: &mut Library) -> Result<(), Errors> {
        library
            .add_aggregate(self.own)
            .map_err(|error| refused(&error))
    }
}

impl Session {
    /// Lets statements call a function from now on.
    ///
    /// # Errors
    /// P0643: its name can't be called, or there is a function of that name. What is built in can't be replaced.
    pub fn add_function(&mut self, function: Function) -> Result<(), Errors> {
        function.add_to(self.library_mut())
    }

    /// Lets statements call an aggregate from now on.
    ///
    /// # Errors
    /// As [`Self::add_function`].
    pub fn add_aggregate(&mut self, aggregate: Aggregate) -> Result<(), Errors> {
        aggregate.add_to(self.library_mut())
    }
}

fn refused(error: &portent_planner::functions::LibraryError) -> Errors {
    Errors::plain(codes::OWN_NAME, error.to_string())
}

/// A type that an argument of a [`Function`] can have. Sealed: more can come.
pub trait Argument: Sized + sealed::Sealed {
    #[doc(hidden)]
    const NULLABLE: bool;
    #[doc(hidden)]
    fn ty() -> Type;
    #[doc(hidden)]
    fn take(value: &Value) -> Option<Self>;
}

/// What a [`Function`] can give: a value, an `Option` of one (`None` is NULL), or a `Result`. Sealed.
pub trait Outcome: sealed::Sealed {
    #[doc(hidden)]
    fn ty() -> Type;
    #[doc(hidden)]
    fn outcome(self) -> Result<Value, String>;
}

/// A closure that can be a [`Function`]: `A` are the types of its arguments. Sealed.
pub trait IntoFunction<A>: sealed::Closure<A> {
    #[doc(hidden)]
    fn into_own(self) -> OwnFunction;
}

mod sealed {
    pub trait Sealed {}
    pub trait Closure<A> {}
}

macro_rules! types {
    ($($rust:ty => $sql:expr;)*) => {
        $(
            impl sealed::Sealed for $rust {}
            impl sealed::Sealed for Option<$rust> {}

            impl Argument for $rust {
                const NULLABLE: bool = false;

                fn ty() -> Type {
                    $sql
                }

                fn take(value: &Value) -> Option<Self> {
                    Self::from_value(value)
                }
            }

            impl Argument for Option<$rust> {
                const NULLABLE: bool = true;

                fn ty() -> Type {
                    $sql
                }

                fn take(value: &Value) -> Option<Self> {
                    if value.is_null() {
                        return Some(None);
                    }
                    <$rust>::from_value(value).map(Some)
                }
            }

            impl Outcome for $rust {
                fn ty() -> Type {
                    $sql
                }

                fn outcome(self) -> Result<Value, String> {
                    Ok(self.into_value())
                }
            }

            impl Outcome for Option<$rust> {
                fn ty() -> Type {
                    $sql
                }

                fn outcome(self) -> Result<Value, String> {
                    Ok(self.into_value())
                }
            }
        )*
    };
}

types! {
    bool => Type::Bool;
    i64 => Type::Int;
    f64 => Type::Float;
    String => Type::Text;
    DateTime<Utc> => Type::Timestamp;
    NaiveDate => Type::Date;
    serde_json::Value => Type::Json;
}

impl<T: Outcome, E: fmt::Display> sealed::Sealed for Result<T, E> {}

impl<T: Outcome, E: fmt::Display> Outcome for Result<T, E> {
    fn ty() -> Type {
        T::ty()
    }

    fn outcome(self) -> Result<Value, String> {
        self.map_err(|error| error.to_string())?.outcome()
    }
}

/// What the binder does not let through.
#[cold]
fn wrong<T: Argument>(value: &Value) -> String {
    format!("takes {}, and got {}", T::ty(), value.type_of())
}

macro_rules! closures {
    ($($arg:ident),*) => {
        impl<F, R, $($arg),*> sealed::Closure<($($arg,)*)> for F
        where
            F: Fn($($arg),*) -> R,
        {
        }

        impl<F, R, $($arg),*> IntoFunction<($($arg,)*)> for F
        where
            F: Fn($($arg),*) -> R + Send + Sync + 'static,
            R: Outcome,
            $($arg: Argument,)*
        {
            fn into_own(self) -> OwnFunction {
                // The binder sees to the number of arguments.
                #[allow(unused_mut, unused_variables)]
                let eval = move |args: &[&Value]| {
                    let mut args = args.iter();
                    let null = &Value::Null;
                    self($({
                        let value = args.next().copied().unwrap_or(null);
                        $arg::take(value).ok_or_else(|| wrong::<$arg>(value))?
                    }),*).outcome()
                };
                let nullable: &[bool] = &[$($arg::NULLABLE),*];
                OwnFunction {
                    name: String::new(),
                    doc: String::new(),
                    params: vec![$($arg::ty()),*],
                    rest: None,
                    returns: R::ty(),
                    // Those that take NULL are called also where another argument is NULL; the loop above refuses that one.
                    strict: !nullable.contains(&true),
                    eval: if nullable.contains(&true) { nulls(nullable.to_vec(), eval) } else { Arc::new(eval) },
                }
            }
        }
    };
}

/// NULL where an argument is that may not be.
fn nulls(
    nullable: Vec<bool>,
    eval: impl Fn(&[&Value]) -> Result<Value, String> + Send + Sync + 'static,
) -> portent_planner::functions::Eval {
    Arc::new(move |args: &[&Value]| {
        let refuses = |(arg, nullable): (&&Value, &bool)| arg.is_null() && !nullable;
        if args.iter().zip(&nullable).any(refuses) {
            return Ok(Value::Null);
        }
        eval(args)
    })
}

closures!();
closures!(A);
closures!(A, B);
closures!(A, B, C);
closures!(A, B, C, D);
closures!(A, B, C, D, E);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row;

    /// The rows of a SELECT, as text.
    fn answer(session: &mut Session, sql: &str) -> Result<String, String> {
        let replies = session.run(sql).map_err(|errors| errors.to_string())?;
        let rows: Vec<String> = replies
            .iter()
            .filter_map(|reply| match reply {
                crate::Reply::Rows { rows, .. } => Some(rows),
                _ => None,
            })
            .flatten()
            .map(|row| {
                row.iter()
                    .map(Value::to_string)
                    .collect::<Vec<_>>()
                    .join(", ")
            })
            .collect();
        Ok(rows.join("; "))
    }

    #[test]
    fn types_nulls_and_errors() {
        let mut session = Session::builder()
            .function(Function::new("twice", |x: i64| x * 2))
            .unwrap()
            .function(Function::new("nothing", || None::<String>))
            .unwrap()
            .function(Function::new("or_else", |a: Option<String>, b: String| {
                a.unwrap_or(b)
            }))
            .unwrap()
            .function(Function::new("checked", |x: f64| {
                if x < 0.0 {
                    Err("is below zero")
                } else {
                    Ok(x.sqrt())
                }
            }))
            .unwrap()
            .build();
        assert_eq!(answer(&mut session, "SELECT twice(21)").unwrap(), "42");
        assert_eq!(
            answer(&mut session, "SELECT Twice(NULL), NOTHING()").unwrap(),
            "NULL, NULL"
        );
        assert_eq!(
            answer(
                &mut session,
                "SELECT or_else(NULL, 'b'), or_else('a', NULL)"
            )
            .unwrap(),
            "b, NULL"
        );
        assert_eq!(answer(&mut session, "SELECT checked(4)").unwrap(), "2");
        let error = answer(&mut session, "SELECT checked(-1)").unwrap_err();
        assert!(error.contains("CHECKED: is below zero"), "{error}");
        let error = answer(&mut session, "SELECT twice('x', 1)").unwrap_err();
        assert!(error.contains("TWICE(bigint) → bigint"), "{error}");
        let error = answer(&mut session, "SELECT twise(1)").unwrap_err();
        assert!(error.contains("did you mean TWICE?"), "{error}");
    }

    #[test]
    fn names_that_can_not_be() {
        let mut session = Session::new();
        for name in [
            "upper", "Count", "FIRST", "now", "select", "", "a b", "1st", "median",
        ] {
            let error = session
                .add_function(Function::new(name, || 1_i64))
                .unwrap_err();
            assert_eq!(error.code(), Some(codes::OWN_NAME), "{name}");
        }
        session
            .add_function(Function::new("mine", || 1_i64))
            .unwrap();
        assert!(
            session
                .add_function(Function::new("MINE", || 2_i64))
                .is_err()
        );
        assert!(
            session
                .add_aggregate(Aggregate::new("mine", [], Type::Int))
                .is_err()
        );
    }

    #[test]
    fn a_panic_is_an_error_of_the_call() {
        let boom = |x: i64| -> i64 { if x > 1 { panic!("boom at {x}") } else { x } };
        let mut session = Session::builder()
            .function(Function::new("boom", boom))
            .unwrap()
            .build();
        session
            .run(
                "CREATE STREAM s (ts TIMESTAMP, v BIGINT);
                 CREATE QUERY q AS SELECT v FROM s WHERE boom(v) = 1;",
            )
            .unwrap();
        session.push("s", row!["2026-01-31 10:00:00Z", 1]).unwrap();
        session.push("s", row!["2026-01-31 10:00:01Z", 2]).unwrap();
        session.push("s", row!["2026-01-31 10:00:02Z", 1]).unwrap();
        assert_eq!(session.drain().count(), 2);
        let error = answer(&mut session, "SELECT boom(7)").unwrap_err();
        assert!(error.contains("BOOM: panicked: boom at 7"), "{error}");
    }

    #[test]
    fn what_is_declared_is_held_to() {
        let wrong = Function::over_values("wrong", [], Type::Int, |_| Ok(Value::text("no")));
        let sum = Function::over_values("sum_of", [], Type::Int, |args| {
            Ok(Value::Int(
                args.iter().filter_map(|it| i64::from_value(it)).sum(),
            ))
        });
        let mut session = Session::new();
        session.add_function(wrong).unwrap();
        session
            .add_function(sum.and_any_number_of(Type::Int))
            .unwrap();
        let error = answer(&mut session, "SELECT wrong()").unwrap_err();
        assert!(
            error.contains("it gave TEXT, and declares BIGINT"),
            "{error}"
        );
        assert_eq!(
            answer(&mut session, "SELECT sum_of(), sum_of(1, 2, 3)").unwrap(),
            "0, 6"
        );
        let shown = session.run("SHOW FUNCTIONS").unwrap();
        assert!(
            format!("{shown:?}").contains("SUM_OF(bigint, …) → bigint"),
            "{shown:?}"
        );
    }

    #[test]
    fn an_aggregate_over_groups_and_matches() {
        let longest = Aggregate::new("longest", [Type::Text], Type::Text)
            .start([Value::Null])
            .step(|state, args| {
                let length = |value: &Value| value.as_str().map_or(-1, |it| it.len() as i64);
                if length(&args[0]) > length(&state[0]) {
                    state[0] = args[0].clone();
                }
                Ok(())
            })
            .finish(|state| Ok(state[0].clone()));
        let mut session = Session::builder().aggregate(longest).unwrap().build();
        session
            .run("CREATE STREAM s (ts TIMESTAMP, k TEXT, v TEXT)")
            .unwrap();
        session
            .run(
                "INSERT INTO s VALUES ('2026-01-01 00:00:00Z', 'a', 'x'), ('2026-01-01 00:00:01Z', 'a', 'xyz'),
                 ('2026-01-01 00:00:02Z', 'b', NULL), ('2026-01-01 00:00:03Z', 'a', 'xy')",
            )
            .unwrap();
        let grouped = "SELECT k, LONGEST(v) FROM s GROUP BY k ORDER BY k";
        assert_eq!(answer(&mut session, grouped).unwrap(), "a, xyz; b, NULL");
        let filtered = "SELECT longest(v) FILTER (WHERE v <> 'xyz') FROM s";
        assert_eq!(answer(&mut session, filtered).unwrap(), "xy");
        let matched = "SELECT longest(x.v) FROM s MATCH (x{2} y) PARTITION BY k WITHIN 1 MINUTE";
        assert_eq!(answer(&mut session, matched).unwrap(), "xyz");
        let error = answer(&mut session, "SELECT longest(v, k) FROM s").unwrap_err();
        assert!(error.contains("LONGEST takes 1 argument"), "{error}");
        let error = answer(&mut session, "SELECT v FROM s WHERE longest(v) = 'x'").unwrap_err();
        assert!(error.contains("LONGEST is an aggregate"), "{error}");
    }
}
