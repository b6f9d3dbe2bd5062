//! A session that keeps a log: what it has taken in is there after a crash, and all that follows from it.
//!
//! Every event, every advance of time, and every statement that changes what stands is written into an event log before the session takes it in.
//! A checkpoint is the state of the session at a position of the log. Whoever opens the directory again gets the session as it was: what stood is made
//! again, the state of the newest checkpoint is put in, and what the log has behind it is done again.
//!
//! ```
//! use portent::durable::{Durable, DurableConfig};
//! use portent::{Session, row};
//!
//! let folder = std::env::temp_dir().join(format!("portent-durable-{}", std::process::id()));
//! let open = || Durable::open(DurableConfig::new(&folder), Session::builder());
//! let mut session = open()?;
//! session.run(
//!     "CREATE STREAM s (ts TIMESTAMP, kind TEXT);
//!      CREATE QUERY pairs AS SELECT b.ts AS at FROM s MATCH (a[kind = 'a'] -> b[kind = 'b']) WITHIN 1 HOUR;",
//! )?;
//! session.push("s", row!["2026-01-31 10:00:00Z", "a"])?;
//! session.commit()?; // from here on a power failure does not undo it
//! drop(session);
//!
//! let mut session = open()?;
//! session.push("s", row!["2026-01-31 10:00:01Z", "b"])?;
//! assert_eq!(session.drain().count(), 1);
//! # drop(session); std::fs::remove_dir_all(folder).ok();
//! # Ok::<(), portent::Errors>(())
//! ```
//!
//! **What comes out twice.** Rows that what stands behind the last checkpoint brought about are given again when the directory is opened, with the same
//! [match ids](crate::Emitted::match_id): who keeps the ids of what he has done with them tells them apart. Nothing that was committed is left out.
//!
//! **What must be the same.** Functions, aggregates and connectors of the program must be there again when the directory is opened, and give the same values.
//! Columns that were inferred from a file are inferred again.

mod describe;
mod history;
mod journal;
mod keeper;
mod past;
mod replay;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portent_grammar::codes::runtime as codes;
use portent_store::meta::{Checkpoint, META_FILE};
use portent_store::{DiskStorage, Durability, Log, LogConfig, Meta, Retained, Retention, Storage};

use crate::builder::SessionBuilder;
use crate::error::Errors;
use crate::session::Session;
pub use describe::describe_marker;
pub use keeper::Checkpointed;
pub(crate) use keeper::{Keeper, Moment};
use keeper::{foreign, state};

/// Under this name a checkpoint has the state of the whole session.
const SESSION: &str = "$session";
/// Under this name a checkpoint has the statements that made what stands.
const STATEMENTS: &str = "$statements";
/// Under this name a checkpoint has where the sinks are.
const SINKS: &str = "$sinks";
/// A state is kept in pieces of so many bytes.
const CHUNK: usize = 1 << 20;

/// How a session is kept.
#[derive(Clone)]
#[non_exhaustive]
pub struct DurableConfig {
    /// The directory; it is made if it is not there. One process has it at a time.
    pub folder: PathBuf,
    /// The log's segments, what makes it durable, and what is done about damage.
    pub log: LogConfig,
    storage: Option<Arc<dyn Storage>>,
}

impl DurableConfig {
    /// In this directory, fsynced, damage refused.
    pub fn new(folder: impl AsRef<Path>) -> Self {
        Self {
            folder: folder.as_ref().to_owned(),
            log: LogConfig::default(),
            storage: None,
        }
    }

    /// When what was taken in counts as durable: [`Durable::commit`] waits for that. Default: fsynced.
    #[must_use]
    pub fn durability(mut self, durability: Durability) -> Self {
        self.log.durability = durability;
        self
    }

    /// Another storage than the directory: for tests.
    #[must_use]
    pub fn storage(mut self, storage: Arc<dyn Storage>) -> Self {
        self.storage = Some(storage);
        self
    }
}

impl fmt::Debug for DurableConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DurableConfig")
            .field("folder", &self.folder)
            .field("log", &self.log)
            .finish_non_exhaustive()
    }
}

/// Hears what a checkpoint has under a name.
pub(crate) type Begun<'a> = dyn FnMut(&str, Option<&[u8]>) -> Result<(), Errors> + 'a;

/// What was found when a directory was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Restored {
    /// The number of the checkpoint from which the session goes on; `None`: there was none.
    pub checkpoint: Option<u64>,
    /// Where it is in the log.
    pub position: u64,
    /// Records behind it, which were done again.
    pub replayed: u64,
    /// Bytes of a half-written end that were cut off: never promised to anybody.
    pub cut: u64,
    /// What is worth a warning, a sentence each: checkpoints that can't be used, damage that was cut off or skipped.
    pub warnings: Vec<String>,
}

/// How far it is with what the log has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Restoring {
    /// Records done again.
    pub done: u64,
    /// Of so many.
    pub total: u64,
}

impl Restoring {
    /// The same in hundredths: 100 when all is done.
    pub fn percent(self) -> u64 {
        match self.total {
            0 => 0,
            total => self.done.min(total).saturating_mul(100) / total,
        }
    }
}

/// See the [module](self). It is a [`Session`] in all other respects.
pub struct Durable {
    session: Session,
    keeper: Keeper,
    restored: Restored,
}

impl Durable {
    /// Opens a directory: the session is as it was, or new.
    ///
    /// # Errors
    /// Another process has the directory; it is damaged, or of a later version; what stood can't be made again.
    pub fn open(config: DurableConfig, builder: SessionBuilder) -> Result<Self, Errors> {
        Self::open_telling(config, builder, &mut |_| {})
    }

    /// As [`Self::open`]; `on` hears now and then how far it is.
    ///
    /// # Errors
    /// As there.
    pub fn open_telling(
        config: DurableConfig,
        builder: SessionBuilder,
        on: &mut dyn FnMut(Restoring),
    ) -> Result<Self, Errors> {
        Self::open_with(config, builder, &[], &mut |_, _| Ok(()), on)
    }

    /// As [`Self::open_telling`]; `begun` hears what the checkpoint has under these names, before anything is done again.
    pub(crate) fn open_with(
        config: DurableConfig,
        builder: SessionBuilder,
        names: &[&str],
        begun: &mut Begun<'_>,
        on: &mut dyn FnMut(Restoring),
    ) -> Result<Self, Errors> {
        let storage: Arc<dyn Storage> = match config.storage {
            Some(storage) => storage,
            None => Arc::new(DiskStorage::new(&config.folder).map_err(|error| {
                let message = format!("'{}' can't be used: {error}", config.folder.display());
                Errors::plain(codes::LOG, message)
            })?),
        };
        let now = crate::session::wall();
        let was_made = Meta::is_made(&storage).map_err(Errors::from)?;
        let place = storage.place(META_FILE);
        let meta = Meta::open(&storage).map_err(Errors::from)?;
        let mut restored = Restored::default();
        let (checkpoint, unusable) = meta.newest_checkpoint().map_err(Errors::from)?;
        restored
            .warnings
            .extend(unusable.iter().map(ToString::to_string));
        if checkpoint.is_none() && !unusable.is_empty() {
            // To begin with an empty state would be a wrong one.
            let message = "no checkpoint of this directory can be used";
            return Err(unusable
                .iter()
                .fold(Errors::plain(codes::LOG, message), |errors, why| {
                    errors.help(why.to_string())
                }));
        }
        let mut log_config = config.log;
        if let Some(checkpoint) = &checkpoint {
            log_config.known_durable = log_config.known_durable.max(checkpoint.position);
        }
        let (log, recovery) = Log::open(storage, log_config, now).map_err(Errors::from)?;
        restored.cut = recovery.cut.as_ref().map_or(0, |cut| cut.bytes);
        restored
            .warnings
            .extend(recovery.damages.iter().map(ToString::to_string));
        if !was_made && log.next() > 0 {
            restored.warnings.push(format!(
                "'{place}' is not there, though the log is: all of it is done again, and sinks may get rows twice"
            ));
        }
        let mut session = builder.build();
        session.begin_replay();
        let mut size = 0;
        if let Some(checkpoint) = checkpoint {
            restored.checkpoint = Some(checkpoint.id);
            restored.position = checkpoint.position;
            size = state(&checkpoint, SESSION).map_or(0, |it| it.len() as u64);
            for name in names {
                begun(name, state(&checkpoint, name).as_deref())?;
            }
            let whole = log.first() == 0;
            resume(&mut session, &checkpoint)
                .map_err(|errors| not_resumed(errors, &checkpoint, whole, &place))?;
        } else {
            names.iter().try_for_each(|name| begun(name, None))?;
        }
        let from = restored.position;
        let to = log.next();
        let log = Arc::new(log);
        let past = Arc::new(past::LogPast::new(Arc::clone(&log)));
        session.look_back_into(Arc::clone(&past) as Arc<dyn crate::past::Past>);
        let undone = replay::replay(&mut session, &log, to, &mut restored, on)?;
        restored.warnings.extend(session.take_sink_notices());
        let keeper = Keeper::new(log, past, meta, size, from);
        let journal = keeper.journal();
        session.keep_journal(Box::new(journal));
        if undone {
            session.note_undone()?;
        }
        Ok(Self {
            session,
            keeper,
            restored,
        })
    }

    /// What was found when the directory was opened.
    pub fn restored(&self) -> &Restored {
        &self.restored
    }

    /// The session, and what keeps it.
    #[cfg(feature = "serve")]
    pub(crate) fn into_parts(self) -> (Session, Keeper, Restored) {
        (self.session, self.keeper, self.restored)
    }

    /// Waits until all that was taken in so far is durable. Many events before each wait share one fsync.
    ///
    /// # Errors
    /// The disk refuses: then nothing more is taken in until the directory is opened again.
    pub fn commit(&self) -> Result<(), Errors> {
        self.keeper.commit()
    }

    /// Writes the state of the session down: when the directory is opened again, only what comes from now on is done again. Takes time in proportion to what
    /// is open, and nothing is taken in meanwhile. Watches are not in it.
    ///
    /// # Errors
    /// Rows wait to be taken (P0644); the disk refuses.
    pub fn checkpoint(&mut self) -> Result<Checkpointed, Errors> {
        let moment = self.keeper.moment(&mut self.session, Some(true))?;
        self.keeper.write(moment)
    }

    /// A checkpoint of the session as it is now, to be written by another thread: the session may go on at once. Where its state may be large it is not
    /// looked at; what lies behind the newest checkpoint is done again in a session like it, which takes the time and the memory that this takes.
    ///
    /// ```
    /// # use portent::durable::{Durable, DurableConfig};
    /// # use portent::{Session, row};
    /// # let folder = std::env::temp_dir().join(format!("portent-pending-{}", std::process::id()));
    /// # let mut session = Durable::open(DurableConfig::new(&folder), Session::builder())?;
    /// session.run("CREATE STREAM s (ts TIMESTAMP, v BIGINT)")?;
    /// session.push("s", row!["2026-01-31 10:00:00Z", 1])?;
    /// let pending = session.begin_checkpoint()?;
    /// let writing = std::thread::spawn(move || pending.write());
    /// session.push("s", row!["2026-01-31 10:00:01Z", 2])?;
    /// assert!(writing.join().expect("the thread")?.position < session.log().next());
    /// # drop(session); std::fs::remove_dir_all(folder).ok();
    /// # Ok::<(), portent::Errors>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::checkpoint`].
    pub fn begin_checkpoint(&mut self) -> Result<PendingCheckpoint, Errors> {
        let moment = self.keeper.moment(&mut self.session, None)?;
        Ok(PendingCheckpoint {
            keeper: self.keeper.clone(),
            moment,
        })
    }

    /// Removes what is too old or too much from the log, whole segments only, and nothing that the newest checkpoint needs, nor a statement
    /// behind it that looked back.
    ///
    /// # Errors
    /// The system refuses.
    pub fn retain(&self, retention: &Retention) -> Result<Retained, Errors> {
        let retained = self.keeper.retain(retention, self.keeper.position());
        retained.map_err(Errors::from)
    }

    /// The log, to read it.
    pub fn log(&self) -> &Log {
        &self.keeper.log
    }

    /// Takes a checkpoint, and lets go of the directory.
    ///
    /// # Errors
    /// As [`Self::checkpoint`].
    pub fn close(mut self) -> Result<(), Errors> {
        self.checkpoint().map(|_| ())
    }
}

/// A checkpoint that is to be written: by any thread, one at a time.
pub struct PendingCheckpoint {
    keeper: Keeper,
    moment: Moment,
}

impl PendingCheckpoint {
    /// Writes it down.
    ///
    /// # Errors
    /// The disk refuses; what is behind the newest checkpoint can't be done again.
    pub fn write(self) -> Result<Checkpointed, Errors> {
        self.keeper.write(self.moment)
    }
}

impl fmt::Debug for PendingCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PendingCheckpoint")
    }
}

impl Deref for Durable {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl DerefMut for Durable {
    fn deref_mut(&mut self) -> &mut Session {
        &mut self.session
    }
}

impl fmt::Debug for Durable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Durable")
            .field("restored", &self.restored)
            .finish_non_exhaustive()
    }
}

/// What to do about a checkpoint that is none for this version. `whole`: all that ever came is in the log.
fn not_resumed(errors: Errors, checkpoint: &Checkpoint, whole: bool, place: &str) -> Errors {
    let errors = errors.help(format!(
        "this is checkpoint {} (position {}): if another version of portent wrote it, open the directory with that one",
        checkpoint.id, checkpoint.position
    ));
    match whole {
        true => errors.help(format!(
            "or move '{place}' away: the log is whole, and all of it is done again; sinks may get rows twice then"
        )),
        false => errors,
    }
}

/// What stood at a checkpoint is made again, and its state is put in.
fn resume(session: &mut Session, checkpoint: &Checkpoint) -> Result<(), Errors> {
    let (Some(statements), Some(bytes)) =
        (state(checkpoint, STATEMENTS), state(checkpoint, SESSION))
    else {
        return Err(foreign());
    };
    if let Some(sinks) = state(checkpoint, SINKS) {
        session.restore_sink_marks(&sinks)?;
    }
    history::run(&statements, session)?;
    session.restore(&bytes)
}
