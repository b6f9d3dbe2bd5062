//! How a session is set up.

use portent_connect::{Connectors, OnBad, OwnConnector};
use portent_grammar::Span;

use portent_planner::functions::Library;

use crate::emitted::Emitted;
use crate::error::Errors;
use crate::functions::{Aggregate, Function};
use crate::session::Session;

/// Called with each row that a standing query reports.
pub type OnMatch = Box<dyn FnMut(&Emitted) + Send>;

/// What a session is told when it is built.
#[derive(Clone)]
pub(crate) struct Options {
    /// Scripts may read the stream `stdin` without creating it.
    pub standard_input: bool,
    /// Standard input is not looked at: what reads it is not checked.
    pub check_only: bool,
    /// Streams and sinks lead nowhere: a rule test.
    pub no_connectors: bool,
    /// Every query reports, whether others read it or not.
    pub report_all: bool,
    /// A query that a SELECT reads is a step on the way, and doesn't report.
    pub script: bool,
    /// Rows of `push` are kept for later SELECTs, as those of INSERT are.
    pub keep_pushed: bool,
    pub max_kept_rows: usize,
    /// Goes before what streams say.
    pub on_bad: Option<OnBad>,
    /// A stream without event time takes the time from `advance_to`, not from the clock on the wall.
    pub virtual_clock: bool,
    /// A SELECT may read a source that has no end: whoever takes its rows can stop it.
    pub endless: bool,
    /// `INSERT … SELECT` puts in nothing before the SELECT has come to its end.
    pub whole_inserts: bool,
}

/// Sets a [`Session`] up.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use portent::{row, Session};
///
/// let users: Arc<Mutex<Vec<String>>> = Arc::default();
/// let seen = Arc::clone(&users);
/// let mut session = Session::builder()
///     .on_match(move |emitted| seen.lock().unwrap().extend(emitted.get("user")))
///     .build();
/// session.run(
///     "CREATE STREAM logins (ts TIMESTAMP, user TEXT, ok BOOLEAN);
///      CREATE QUERY failed AS SELECT user FROM logins WHERE NOT ok;",
/// )?;
/// session.push("logins", row!["2026-01-31 10:00:00Z", "ann", false])?;
/// assert_eq!(*users.lock().unwrap(), ["ann"]);
/// # Ok::<(), portent::Errors>(())
/// ```
pub struct SessionBuilder {
    options: Options,
    on_match: Option<OnMatch>,
    library: Library,
    connectors: Connectors,
}

impl Default for SessionBuilder {
    fn default() -> Self {
        Self {
            options: Options {
                standard_input: false,
                check_only: false,
                no_connectors: false,
                report_all: false,
                script: false,
                keep_pushed: false,
                max_kept_rows: 1_000_000,
                on_bad: None,
                virtual_clock: false,
                endless: false,
                whole_inserts: false,
            },
            on_match: None,
            library: Library::default(),
            connectors: Connectors::default(),
        }
    }
}

impl SessionBuilder {
    /// Calls this with each row that a standing query reports; without it, rows wait for [`Session::drain`].
    #[must_use]
    pub fn on_match(mut self, callback: impl FnMut(&Emitted) + Send + 'static) -> Self {
        self.on_match = Some(Box::new(callback));
        self
    }

    /// Whether scripts may read standard input as the stream `stdin` without creating it. Default: no.
    #[must_use]
    pub fn standard_input(mut self, yes: bool) -> Self {
        self.options.standard_input = yes;
        self
    }

    /// For [`Session::diagnose`]: standard input is never looked at. A script that reads the stream `stdin` without creating it can then
    /// only be checked as far as that goes, and a warning says so (P0624). Default: no.
    #[must_use]
    pub fn check_only(mut self, yes: bool) -> Self {
        self.options.check_only = yes;
        self
    }

    /// Connectors are ignored: no file is read or written, events come only from [`Session::push`] and INSERT. For tests of
    /// query files. Time is what events and [`Session::advance_to`] say. Default: no.
    #[must_use]
    pub fn ignore_connectors(mut self, yes: bool) -> Self {
        self.options.no_connectors = yes;
        self.options.virtual_clock = yes;
        self
    }

    /// Every query reports its rows, also those that others read or that write `INTO` something. Default: no.
    #[must_use]
    pub fn report_all(mut self, yes: bool) -> Self {
        self.options.report_all = yes;
        self
    }

    /// The texts are a script that is run as a whole: a standing query that a `SELECT` of it reads is a step on the way to that
    /// SELECT, and does not report rows of its own. Default: no.
    #[must_use]
    pub fn script(mut self, yes: bool) -> Self {
        self.options.script = yes;
        self
    }

    /// Whether rows of [`Session::push`] are kept, so that a later `SELECT` reads them; rows of `INSERT` always are. Default: no.
    #[must_use]
    pub fn keep_pushed(mut self, yes: bool) -> Self {
        self.options.keep_pushed = yes;
        self
    }

    /// How many rows a stream without connector keeps; more are an error (P0610). Default: 1,000,000.
    #[must_use]
    pub fn max_kept_rows(mut self, rows: usize) -> Self {
        self.options.max_kept_rows = rows;
        self
    }

    /// Whether a SELECT may read a source that has no end: for those who take its rows as they come, and can stop it. Default: no.
    #[must_use]
    pub fn endless_selects(mut self, yes: bool) -> Self {
        self.options.endless = yes;
        self
    }

    /// Statements can call this function.
    ///
    /// # Errors
    /// P0643: its name can't be called, or there is a function of that name.
    pub fn function(mut self, function: Function) -> Result<Self, Errors> {
        function.add_to(&mut self.library)?;
        Ok(self)
    }

    /// Statements can call this aggregate.
    ///
    /// # Errors
    /// As [`Self::function`].
    pub fn aggregate(mut self, aggregate: Aggregate) -> Result<Self, Errors> {
        aggregate.add_to(&mut self.library)?;
        Ok(self)
    }

    /// Streams and sinks can name this connector: `WITH (connector = 'name', …)`.
    ///
    /// # Errors
    /// P0547: there is a connector of that name.
    pub fn connector(mut self, connector: OwnConnector) -> Result<Self, Errors> {
        let added = self.connectors.add(connector);
        added.map_err(|error| Errors::from(error.to_diagnostic(Span::default())))?;
        Ok(self)
    }

    /// Whether `INSERT … SELECT` gathers its rows, and puts them in only once the SELECT has come to its end: one that is stopped, or
    /// fails, has put in nothing. The rows are bounded as by [`Self::max_kept_rows`]. Default: no, they are put in as they come.
    #[must_use]
    pub fn whole_inserts(mut self, yes: bool) -> Self {
        self.options.whole_inserts = yes;
        self
    }

    /// The session.
    pub fn build(self) -> Session {
        Session::with(self.options, self.on_match, self.library, self.connectors)
    }
}
