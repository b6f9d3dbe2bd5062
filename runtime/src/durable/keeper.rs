//! What keeps a session: its log, and the checkpoints of its state.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portent_connect::Unsynced;
use portent_grammar::codes::runtime as codes;
use portent_store::meta::QueryState;
use portent_store::{Log, LogError, Meta, Retained, Retention};

use super::journal::LogJournal;
use super::past::LogPast;
use super::{CHUNK, SESSION, SINKS, STATEMENTS, history, replay};
use crate::error::Errors;
use crate::session::Session;

/// A state that can't be larger is written down on the spot; a larger one is made again beside the session, which goes on meanwhile. Bytes.
const ON_THE_SPOT: u64 = 1 << 20;
/// So many bytes of state an event brings at most, as a rule.
const PER_EVENT: u64 = 128;

/// The log, the checkpoints and the statements of a session. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Keeper {
    pub log: Arc<Log>,
    /// Who looked back into it.
    past: Arc<LogPast>,
    pub meta: Arc<Meta>,
    /// The size of the newest checkpoint, and its position.
    last: Arc<Mutex<(u64, u64)>>,
}

/// A session at a position of its log, to be written down as a checkpoint.
pub(crate) struct Moment {
    position: u64,
    states: Vec<(&'static str, Vec<u8>)>,
    /// Its state; or a session like it, in which that is made again.
    session: Result<Vec<u8>, Box<Session>>,
    /// What stands, by name, and what tells one version of a query from another.
    queries: Vec<(String, u64)>,
    /// Files of sinks.
    unsynced: Vec<Unsynced>,
    /// How long it was held up.
    held_up: Duration,
}

/// A checkpoint that was written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Checkpointed {
    /// Its number.
    pub id: u64,
    /// Where it is in the log.
    pub position: u64,
    /// The size of the state.
    pub bytes: u64,
    /// How long the session was held up for it.
    pub held_up: Duration,
    /// How long it took altogether.
    pub took: Duration,
    /// Whether the state was made again beside the session.
    pub beside: bool,
}

impl Keeper {
    pub(super) fn new(
        log: Arc<Log>,
        past: Arc<LogPast>,
        meta: Meta,
        bytes: u64,
        position: u64,
    ) -> Self {
        Self {
            log,
            past,
            meta: Arc::new(meta),
            last: Arc::new(Mutex::new((bytes, position))),
        }
    }

    /// What notes all that a session takes in.
    pub(super) fn journal(&self) -> LogJournal {
        LogJournal::new(Arc::clone(&self.log))
    }

    /// All that was taken in is durable.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn commit(&self) -> Result<(), Errors> {
        self.log.wait_durable(self.log.next()).map_err(Errors::from)
    }

    /// Removes what is too old or too much from the log, whole segments only, and nothing that is needed: from the checkpoint at this position, by
    /// statements behind it, by those that read it now.
    ///
    /// # Errors
    /// The system refuses.
    pub fn retain(&self, retention: &Retention, checkpoint: u64) -> Result<Retained, LogError> {
        self.past
            .retain(retention, checkpoint, crate::session::wall())
    }

    /// Where the newest checkpoint is.
    pub fn position(&self) -> u64 {
        self.last().1
    }

    /// The size of its state.
    #[cfg(feature = "serve")]
    pub fn bytes(&self) -> u64 {
        self.last().0
    }

    fn last(&self) -> (u64, u64) {
        *self
            .last
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The session as it is now: all that was taken in is durable, and all rows that this brought about have been given out.
    ///
    /// Where the state may be large, it is not looked at: what lies behind the newest checkpoint is done again in a session like it, by [`Self::write`].
    ///
    /// # Errors
    /// Rows wait to be taken (P0644); a sink or the disk refuses.
    pub fn moment(&self, session: &mut Session, must: Option<bool>) -> Result<Moment, Errors> {
        let began = Instant::now();
        session.settle()?;
        let position = self.log.next();
        // A checkpoint of what a power failure undoes would be ahead of its log.
        self.log.sync().map_err(Errors::from)?;
        let statements = history::write(session, self.log.first())?;
        let (bytes, before) = self.last();
        let most = bytes.saturating_add(position.saturating_sub(before).saturating_mul(PER_EVENT));
        let on_the_spot = must.unwrap_or(most <= ON_THE_SPOT) && session.watch_names().is_empty();
        let state = match on_the_spot {
            true => Ok(session.snapshot()?),
            false => Err(Box::new(session.twin())),
        };
        let (sinks, unsynced) = session.sink_marks()?;
        Ok(Moment {
            position,
            states: vec![(STATEMENTS, statements), (SINKS, sinks)],
            queries: session.fingerprints(),
            unsynced,
            session: state,
            held_up: began.elapsed(),
        })
    }

    /// Writes it down. For another thread than the session's; checkpoints are written one at a time.
    ///
    /// # Errors
    /// The disk refuses; what is behind the newest checkpoint can't be done again.
    pub fn write(&self, moment: Moment) -> Result<Checkpointed, Errors> {
        let began = Instant::now();
        let Moment {
            position,
            states,
            session,
            queries,
            unsynced,
            held_up,
        } = moment;
        for file in &unsynced {
            file.sync().map_err(|error| {
                Errors::plain(
                    codes::LOG,
                    format!("the file of a sink can't be brought to the disk: {error}"),
                )
            })?;
        }
        let beside = session.is_err();
        let bytes = match session {
            Ok(bytes) => bytes,
            Err(twin) => self.again(*twin, position)?,
        };
        let state = |(name, bytes): (&str, &[u8])| QueryState {
            query: name.to_owned(),
            fingerprint: String::new(),
            position,
            chunks: bytes.chunks(CHUNK).map(<[u8]>::to_vec).collect(),
        };
        let all = states.iter().map(|(name, bytes)| (*name, bytes.as_slice()));
        let all = all.chain([(SESSION, bytes.as_slice())]);
        // Their states are in that of the session; for whoever looks into it.
        let named = queries.into_iter().map(|(query, fingerprint)| QueryState {
            query,
            fingerprint: format!("{fingerprint:016x}"),
            position,
            chunks: Vec::new(),
        });
        let states: Vec<QueryState> = all.map(state).chain(named).collect();
        let size = bytes.len() as u64;
        drop(bytes);
        let written = self
            .meta
            .write(|writer| writer.checkpoint(position, &states));
        let id = written.map_err(Errors::from)?;
        *self
            .last
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = (size, position);
        Ok(Checkpointed {
            id,
            position,
            bytes: size,
            held_up,
            took: began.elapsed() + held_up,
            beside,
        })
    }

    /// The state of the session at a position, made again from the newest checkpoint and the log.
    pub(super) fn again(&self, mut twin: Session, position: u64) -> Result<Vec<u8>, Errors> {
        twin.mute(true);
        twin.look_back_into(Arc::new(LogPast::new(Arc::clone(&self.log))));
        let (checkpoint, _) = self.meta.newest_checkpoint().map_err(Errors::from)?;
        let mut restored = super::Restored::default();
        if let Some(checkpoint) = checkpoint {
            restored.position = checkpoint.position;
            super::resume(&mut twin, &checkpoint)?;
        }
        replay::replay(&mut twin, &self.log, position, &mut restored, &mut |_| {})?;
        twin.snapshot()
    }
}

impl Moment {
    /// Something else that belongs to it.
    #[cfg(feature = "serve")]
    pub fn with(mut self, name: &'static str, bytes: Vec<u8>) -> Self {
        self.states.push((name, bytes));
        self
    }

    /// What [`Self::with`] put there.
    #[cfg(feature = "serve")]
    pub fn state_mut(&mut self, name: &str) -> Option<&mut Vec<u8>> {
        let mut states = self.states.iter_mut();
        states.find(|(of, _)| *of == name).map(|(_, bytes)| bytes)
    }
}

impl Session {
    /// All that was taken in is durable, all rows have been given out, and sinks have them.
    fn settle(&mut self) -> Result<(), Errors> {
        self.settle_held()?;
        self.flush()
    }
}

/// The state of that name in a checkpoint. The first checkpoints had it without a `$`, and no queries.
pub(super) fn state(checkpoint: &portent_store::meta::Checkpoint, name: &str) -> Option<Vec<u8>> {
    let parts = || checkpoint.queries.iter();
    let name = match parts().any(|it| it.query.starts_with('$')) {
        true => name,
        false => name.trim_start_matches('$'),
    };
    parts()
        .find(|it| it.query == name)
        .map(|it| it.chunks.concat())
}

/// What is no checkpoint of a session.
pub(super) fn foreign() -> Errors {
    Errors::plain(codes::LOG, "the checkpoint is none of a session")
}
