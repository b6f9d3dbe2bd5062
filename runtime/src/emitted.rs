//! What comes out.

use std::sync::Arc;

use portent_grammar::{Schema, Value};

use crate::row::FromValue;

/// One row of a standing query: a match, or a plain row.
///
/// ```
/// # use portent::{row, Session};
/// let mut session = Session::new();
/// session.run(
///     "CREATE STREAM logins (ts TIMESTAMP, user TEXT, ok BOOLEAN);
///      CREATE QUERY failed AS SELECT user, ts FROM logins WHERE NOT ok;",
/// )?;
/// session.push("logins", row!["2026-01-31 10:00:00Z", "ann", false])?;
/// let emitted = session.drain().next().expect("one row");
/// assert_eq!(&*emitted.query, "failed");
/// assert_eq!(emitted.get::<String>("user").as_deref(), Some("ann"));
/// # Ok::<(), portent::Errors>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Emitted {
    /// The query that it comes from.
    pub query: Arc<str>,
    /// The event time at which it was certain, µs since 1970-01-01 UTC.
    pub time: i64,
    /// The match's identity, the same for the same input; `None` for a plain row.
    pub match_id: Option<u128>,
    /// The columns.
    pub schema: Arc<Schema>,
    /// The values, one for each column.
    pub values: Vec<Value>,
}

impl Emitted {
    /// The value of a column by name (exact, else whatever the case).
    pub fn value(&self, column: &str) -> Option<&Value> {
        let exact = self.schema.iter().position(|it| it.name == column);
        let at = exact.or_else(|| {
            self.schema
                .iter()
                .position(|it| it.name.eq_ignore_ascii_case(column))
        })?;
        self.values.get(at)
    }

    /// The value of a column as a Rust type; `None` if there is no such column, if it is NULL, or if it is of another type.
    pub fn get<T: FromValue>(&self, column: &str) -> Option<T> {
        self.value(column).and_then(T::from_value)
    }

    /// As a JSON object, the columns in order.
    pub fn to_json(&self) -> serde_json::Value {
        let columns = self.schema.iter().zip(&self.values);
        columns
            .map(|(column, value)| (column.name.clone(), value.to_json()))
            .collect()
    }
}
