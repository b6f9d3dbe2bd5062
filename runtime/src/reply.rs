//! What a statement answers.

use std::sync::Arc;

use portent_grammar::{Diagnostic, Schema, Value};

/// The answer to one statement.
///
/// ```
/// use portent::{Reply, Session};
///
/// let mut session = Session::new();
/// for reply in session.run("CREATE STREAM s (ts TIMESTAMP); SET end_of_input = 'undecided'")? {
///     match reply {
///         Reply::Created { what, name, .. } => println!("{what} {name} is there"),
///         Reply::Set { name, value } => println!("{name} is {value}"),
///         _ => {}
///     }
/// }
/// # Ok::<(), portent::Errors>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reply {
    /// `CREATE …`
    Created {
        /// `STREAM`, `QUERY`, `SINK`
        what: &'static str,
        /// Its name.
        name: String,
        /// False: `IF NOT EXISTS`, and it did.
        new: bool,
    },
    /// `DROP …`
    Dropped {
        /// `STREAM`, `QUERY`, `SINK`
        what: &'static str,
        /// Its name.
        name: String,
        /// False: `IF EXISTS`, and it didn't.
        existed: bool,
    },
    /// `PAUSE QUERY`
    Paused {
        /// The query.
        name: String,
        /// How many partial matches were open in it: they are gone.
        dropped: u64,
    },
    /// `RESUME QUERY`
    Resumed {
        /// The query.
        name: String,
    },
    /// The result of a `SELECT`.
    Rows {
        /// The columns.
        schema: Arc<Schema>,
        /// The rows, in order.
        rows: Vec<Vec<Value>>,
    },
    /// The answer of `SHOW` and `DESCRIBE`: a small table.
    Shown {
        /// `streams`, `queries`, the name that was described, …
        title: String,
        /// The columns.
        schema: Arc<Schema>,
        /// The rows.
        rows: Vec<Vec<Value>>,
    },
    /// `EXPLAIN`
    Explained(String),
    /// `SET`
    Set {
        /// The setting.
        name: String,
        /// Its new value, as `SHOW` prints it.
        value: String,
    },
    /// `INSERT`
    Inserted {
        /// Where to.
        into: String,
        /// Rows that went in.
        accepted: u64,
        /// Rows that came too late, counted and sent to the stream's `$late`.
        late: u64,
    },
    /// Something worth knowing: the inferred definition of a stream, say.
    Notice(String),
    /// A lint.
    Warning(Diagnostic),
}
