//! The statements that made what stands, with the numbers that streams and queries had: engines know them by number.

use std::collections::HashMap;

use indexmap::IndexSet;
use portent_grammar::codes::runtime as codes;
use portent_parser::ast::{ObjectKind, StatementKind};
use serde::{Deserialize, Serialize};

use super::spoken::Spoken;
use crate::error::Errors;
use crate::past::Made;
use crate::session::{At, Session};

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    /// In the order in which they were executed. What was dropped is not in it any more, unless something that stands was made with it once: a query that was replaced is
    /// made again by all its statements, and the first may have read what is gone.
    made: Vec<Numbered>,
    /// What each of them creates, or drops.
    keys: Vec<Option<Key>>,
    /// How many statements there are about each.
    counts: HashMap<Key, usize>,
    /// Of what those speak that others about the same thing have followed.
    spoken: Spoken,
    /// What was dropped and could not be forgotten.
    dropped: IndexSet<Key>,
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
        let Some(begun) = self.begun.take() else {
            return;
        };
        self.add(begun);
        // What was dropped later may have been all that spoke of what was dropped before.
        while let Some(gone) = self.dropped.iter().find(|key| !self.spoken.has(&key.1)) {
            let gone = gone.clone();
            self.forget(&gone);
        }
    }

    fn add(&mut self, it: Numbered) {
        let key = it.key();
        if let Some(key) = &key {
            let count = self.counts.entry(key.clone()).or_default();
            *count += 1;
            if *count > 1 {
                let mut before = self.made.iter().zip(&self.keys).rev();
                if let Some((before, _)) = before.find(|(_, of)| of.as_ref() == Some(key)) {
                    self.spoken.add(&before.text, &key.1);
                }
            }
            match it.is_drop() {
                true => self.dropped.insert(key.clone()),
                false => self.dropped.shift_remove(key),
            };
        }
        self.keys.push(key);
        self.made.push(it);
    }

    /// All that it ever was: what replaces something stands in its place.
    fn forget(&mut self, gone: &Key) {
        let mut of = self.counts.remove(gone).unwrap_or_default();
        let mut keys = self.keys.iter();
        self.made.retain(|it| {
            let keep = keys.next().is_none_or(|key| key.as_ref() != Some(gone));
            if !keep {
                of = of.saturating_sub(1);
                // All but the last.
                if of > 0 {
                    self.spoken.remove(&it.text, &gone.1);
                }
            }
            keep
        });
        self.keys.retain(|key| key.as_ref() != Some(gone));
        self.dropped.shift_remove(gone);
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
        let mut history = Self::default();
        statements.into_iter().for_each(|it| history.add(it));
        Ok(history)
    }
}

/// A kind of thing, and a name in lower case: names are the same whatever their case.
type Key = (ObjectKind, String);

impl Numbered {
    fn kind(&self) -> Option<StatementKind> {
        let mut statements = portent_parser::parse(&self.text).statements;
        statements.pop().map(|it| it.kind)
    }

    /// Whether it drops something. Texts are laid out in the canonical way.
    fn is_drop(&self) -> bool {
        self.text.starts_with("DROP")
    }

    /// What it is about.
    fn key(&self) -> Option<Key> {
        self.drops().or_else(|| self.creates())
    }

    /// What it drops.
    fn drops(&self) -> Option<Key> {
        // Most don't, and need not be read for it.
        if !self.is_drop() {
            return None;
        }
        match self.kind()? {
            StatementKind::Drop { what, name, .. } => Some((what, name.text.to_lowercase())),
            _ => None,
        }
    }

    /// What it creates, or replaces.
    fn creates(&self) -> Option<Key> {
        let (what, name) = match self.kind()? {
            StatementKind::CreateStream(create) => (ObjectKind::Stream, create.name),
            StatementKind::CreateSink(create) => (ObjectKind::Sink, create.name),
            StatementKind::CreateQuery(create) => (ObjectKind::Query, create.name),
            _ => return None,
        };
        Some((what, name.text.to_lowercase()))
    }

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
