//! What the shell needs of whoever executes its statements: a session of its own, or a daemon.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;

use portent::{Errors, Names, RunStats, SourceText, Value, Watch};

use super::inbox::Part;
use super::stop::Stop;

/// Takes the parts of an answer as they come, and matches that come between them; `Break` stops the statement.
pub type OnPart<'a> = dyn FnMut(Part) -> ControlFlow<()> + 'a;

/// Why something was not done.
#[derive(Debug)]
pub enum Trouble {
    /// A statement has errors, or failed.
    Errors(Box<Errors>),
    /// A sentence, and perhaps a second one that helps.
    Message(String, Option<String>),
    /// Whoever executes statements is not there any more.
    Gone(String),
    /// What comes out can't be written.
    Io(io::Error),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Trouble::Io(error)
    }
}

impl From<Errors> for Trouble {
    fn from(errors: Errors) -> Self {
        Trouble::Errors(Box::new(errors))
    }
}

impl Trouble {
    /// A sentence alone.
    pub fn message(text: impl Into<String>) -> Self {
        Trouble::Message(text.into(), None)
    }

    /// A sentence, and one that helps.
    pub fn helped(text: impl Into<String>, help: impl Into<String>) -> Self {
        Trouble::Message(text.into(), Some(help.into()))
    }

    /// Whether the shell can't go on after it.
    pub fn is_fatal(&self) -> bool {
        match self {
            Trouble::Gone(_) => true,
            Trouble::Io(error) => error.kind() == io::ErrorKind::BrokenPipe,
            _ => false,
        }
    }

    /// Whether somebody stopped the statement.
    pub fn is_stop(&self) -> bool {
        let stopped = portent::codes::runtime::STOPPED;
        matches!(self, Trouble::Errors(errors) if errors.code() == Some(stopped))
    }
}

/// What to do with the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockChange {
    /// Only look at it.
    Look,
    /// Set it to a time, µs since 1970-01-01 UTC.
    Set(i64),
    /// Move it on by so many µs.
    Forward(i64),
    /// Back to the clock on the wall.
    Wall,
}

/// What time it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// µs since 1970-01-01 UTC.
    pub now: i64,
    /// Whether it is set by hand.
    pub by_hand: bool,
    /// How far each stream is.
    pub streams: Vec<(String, Option<i64>)>,
}

impl Clock {
    /// The time for people.
    pub fn shown(&self) -> String {
        Value::Timestamp(self.now).to_string()
    }
}

/// Executes statements. Nothing in what goes in and comes out borrows from a session: all of it may as well travel as JSON lines:
/// see [`portent::serve::shell`].
///
/// Every call takes the parts that come while it waits, matches among them: whoever sends them may wait for room in the queue.
pub trait Door {
    /// Executes the statements of a text.
    fn run(
        &mut self,
        text: &Arc<SourceText>,
        stop: &Stop,
        on: &mut OnPart<'_>,
    ) -> Result<(), Trouble>;

    /// Reads the sources of standing queries to their end; these queries, or all that have a source.
    fn run_sources(
        &mut self,
        only: &[String],
        stop: &Stop,
        on: &mut OnPart<'_>,
    ) -> Result<RunStats, Trouble>;

    /// Whether the sources of standing queries are read without being asked to.
    fn runs_by_itself(&self) -> bool {
        false
    }

    /// Whether those of them whose events arise by themselves are: files that grow, sockets.
    fn reads_live_sources(&self) -> bool {
        self.runs_by_itself()
    }

    /// Lets a SELECT stand over what is to come: its rows are matches of the name that the watch has.
    fn watch(&mut self, text: &Arc<SourceText>, on: &mut OnPart<'_>) -> Result<Watch, Trouble>;

    /// Whether nothing more will come out of it.
    fn is_watch_done(&mut self, watch: &str, on: &mut OnPart<'_>) -> Result<bool, Trouble>;

    /// Ends it.
    fn unwatch(&mut self, watch: &str, on: &mut OnPart<'_>) -> Result<(), Trouble>;

    /// The names that may be used.
    fn names(&mut self, on: &mut OnPart<'_>) -> Result<Names, Trouble>;

    /// Leaves: files of sinks are ended as they must be. Nothing can be asked afterwards.
    fn close(&mut self);

    /// What time it is, and the change of it.
    fn clock(&mut self, change: ClockChange, on: &mut OnPart<'_>) -> Result<Clock, Trouble>;
}
