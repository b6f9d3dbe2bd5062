//! The statements that made what stands, with the numbers that streams and queries had: engines know them by number.

use portent_grammar::codes::runtime as codes;
use serde::{Deserialize, Serialize};

use crate::error::Errors;
use crate::past::Made;
use crate::session::{At, Session};

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    /// In the order in which they were executed. What was dropped stays in it: an engine that is built again must have the same past, since what was
    /// dropped may have left something behind that others still hold.
    made: Vec<Numbered>,
    /// It is being executed: it counts unless it fails.
    begun: Option<Numbered>,
}

/// A statement as it stands in the log: with the numbers that the next stream and query had before it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Numbered {
    pub streams: u32,
    pub queries: u32,
    pub text: String,
    /// The text that it stood in, for people: a file, or where else it came from.
    #[serde(default)]
    pub origin: String,
}

impl History {
    /// A statement is about to be executed; the one before it was.
    pub fn begin(&mut self, numbered: Numbered) {
        self.settle();
        self.begun = Some(numbered);
    }

    /// The statement that was begun failed.
    pub fn void(&mut self) {
        self.begun = None;
    }

    /// Whatever was begun was done.
    pub fn settle(&mut self) {
        if let Some(begun) = self.begun.take() {
            self.made.push(begun);
        }
    }

    /// Where each statement comes from, and its text.
    #[cfg(feature = "serve")]
    pub fn statements(&mut self) -> Vec<(String, String)> {
        self.settle();
        let made = self.made.iter();
        made.map(|it| (it.origin.clone(), it.text.clone()))
            .collect()
    }

    /// Makes it all again; rows that this brings about go nowhere.
    ///
    /// # Errors
    /// What stood can't be made again.
    pub fn run(&self, session: &mut Session) -> Result<(), Errors> {
        let muted = session.mute(true);
        let at = session.look_from(At::Making);
        let result = self.made.iter().try_for_each(|it| it.run(session));
        session.look_from(at);
        session.mute(muted);
        result
    }

    /// # Errors
    /// It can't be written down.
    pub fn write(&mut self) -> Result<Vec<u8>, Errors> {
        self.settle();
        serde_json::to_vec(&self.made).map_err(|error| Errors::plain(codes::LOG, error.to_string()))
    }

    /// # Errors
    /// The bytes are no history.
    pub fn read(bytes: &[u8]) -> Result<Self, Errors> {
        let statements: Vec<Numbered> = serde_json::from_slice(bytes).map_err(|error| {
            let message = format!("the statements of the checkpoint can't be read: {error}");
            Errors::plain(codes::LOG, message)
        })?;
        Ok(Self {
            made: statements,
            begun: None,
        })
    }
}

impl Numbered {
    /// Executes it, so that what it makes has the numbers that it had.
    ///
    /// # Errors
    /// As [`Session::run_source`].
    pub fn run(&self, session: &mut Session) -> Result<(), Errors> {
        let origin = match self.origin.as_str() {
            "" => "<from the log>",
            origin => origin,
        };
        session.make_again(Made {
            streams: self.streams,
            queries: self.queries,
            text: self.text.clone(),
            origin: origin.to_owned(),
        })
    }
}
