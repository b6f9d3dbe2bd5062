//! What makes a daemon outlive itself: its log, its checkpoints, and who waits for them.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use portent_store::meta::META_FILE;
use portent_store::{DiskStorage, LogError, Meta, Retention, Storage, Syncer};
use tokio::sync::watch;

use super::config::{MatchConfig, StoreConfig};
use super::failure::Failure;
use super::hub::Hub;
use super::kept;
use super::news::News;
use crate::builder::SessionBuilder;
use crate::durable::{Checkpointed, Durable, DurableConfig, Keeper, Moment, Restored, Restoring};
use crate::error::Errors;
use crate::host::Handle;
use crate::session::Session;

/// The log and the checkpoints, in the data directory.
const LOG: &str = "log";
/// The log of matches, and where consumer groups are.
const MATCHES_LOG: &str = "matches";
/// Whether a checkpoint is due is looked at so often.
const GLANCE: Duration = Duration::from_secs(1);
/// A checkpoint pays when an event was taken in for so many bytes of state …
const PAYS: u64 = 1024;
/// … and is taken all the same after so many intervals.
const SELDOM: u32 = 60;
/// Under this name a checkpoint has what the daemon knows of matches.
pub(super) const MATCHES: &str = "$matches";

/// How far the log is on its way to the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Reached {
    To(u64),
    /// Nothing more gets there: why.
    Failed(String),
}

/// See the module.
pub(crate) struct Store {
    keeper: Keeper,
    config: StoreConfig,
    reached: watch::Sender<Reached>,
    /// Whether the session is to be told already.
    told: AtomicBool,
    hub: Arc<Hub>,
    stop: Stop,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// One checkpoint at a time.
    taking: Mutex<()>,
    /// What sinks say.
    refused: News,
    pub counts: Counts,
}

/// For metrics.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub checkpoints: AtomicU64,
    pub failed: AtomicU64,
    /// Of the last one: bytes, µs altogether, µs of them in which nothing was taken in.
    pub bytes: AtomicU64,
    pub took: AtomicU64,
    pub held_up: AtomicU64,
    /// The longest of these.
    pub longest: AtomicU64,
}

#[derive(Default)]
struct Stop {
    set: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    fn locked(&self) -> MutexGuard<'_, bool> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self) {
        *self.locked() = true;
        self.changed.notify_all();
    }

    /// Waits; whether it is set.
    fn wait(&self, most: Duration) -> bool {
        let set = self.locked();
        let waited = self.changed.wait_timeout_while(set, most, |set| !*set);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// A session that was opened.
pub(super) struct Opened {
    pub session: Session,
    pub keeper: Keeper,
    pub restored: Restored,
    /// What stands by statements, the oldest first: where from, and the text.
    pub statements: Vec<(String, String)>,
}

/// Matches and consumer groups as they were left.
///
/// # Errors
/// Another process has them; they are of a later version; the system refuses.
pub(super) fn hub(folder: &Path, config: &MatchConfig) -> Result<Hub, Errors> {
    let folder = folder.join(MATCHES_LOG);
    let store = kept::Store::open(&folder, config)?;
    let opened = store.opened().clone();
    tracing::debug!(matches = opened.matches, took = ?opened.took, "the log of matches is read");
    for warning in &opened.warnings {
        tracing::warn!("{warning}");
    }
    let storage: Arc<dyn Storage> = Arc::new(DiskStorage::new(&folder).map_err(|error| {
        let message = format!("'{}' can't be used: {error}", folder.display());
        Errors::plain(portent_grammar::codes::store::LOG_FOLDER, message)
    })?);
    if store.position() > 0 && !Meta::is_made(&storage).map_err(Errors::from)? {
        tracing::warn!(
            "'{}' is not there, though there are matches: consumer groups begin again, and matches of queries that were dropped may be shown",
            folder.join(META_FILE).display()
        );
    }
    // A database of its own: whoever acknowledges does not wait for a checkpoint.
    let meta = Meta::open(&storage).map_err(Errors::from)?;
    let (checkpoint, unusable) = meta.newest_checkpoint().map_err(Errors::from)?;
    if checkpoint.is_some() || !unusable.is_empty() {
        let message = format!(
            "'{}' has checkpoints: it is that of the log of events",
            folder.join(META_FILE).display()
        );
        let error = Errors::plain(portent_grammar::codes::store::META_DATABASE, message);
        return Err(error.help("put each file back where it was"));
    }
    Hub::durable(config.keep, store, Arc::new(meta))
}

/// Under this name the catalog has what a reload is about to make again.
const AGAIN: &str = "made again";

/// These are about to be dropped and made again, where from and the text; none: they are. On the disk when it returns.
///
/// # Errors
/// The disk refuses.
pub(super) fn note(keeper: &Keeper, again: &[(String, String)]) -> Result<(), Errors> {
    let code = portent_grammar::codes::store::META_DATABASE;
    let bytes = serde_json::to_vec(again);
    let bytes = bytes.map_err(|error| Errors::plain(code, error.to_string()))?;
    let written = keeper.meta.write(|writer| match again.is_empty() {
        true => writer.remove(AGAIN).map(drop),
        false => writer.put(AGAIN, &bytes),
    });
    written.map_err(Errors::from)
}

/// What was noted by [`note`] and not done when the process ended.
///
/// # Errors
/// It can't be read.
pub(super) fn noted(keeper: &Keeper) -> Result<Vec<(String, String)>, Errors> {
    let Some(bytes) = keeper.meta.get(AGAIN).map_err(Errors::from)? else {
        return Ok(Vec::new());
    };
    serde_json::from_slice(&bytes).map_err(|error| {
        let message = format!("what a reload was making again can't be read: {error}");
        Errors::plain(portent_grammar::codes::store::META_DATABASE, message)
    })
}

/// Opens the data directory: the session is as it was.
///
/// # Errors
/// Another process has it; it is damaged, or of a later version; what stood can't be made again.
pub(super) fn open(
    folder: &Path,
    config: &StoreConfig,
    builder: SessionBuilder,
    hub: &Hub,
    on: &mut dyn FnMut(Restoring),
) -> Result<Opened, Errors> {
    let mut durable = DurableConfig::new(folder.join(LOG));
    durable.log.durability = config.durability.into();
    durable.log.on_damage = config.on_damage.into();
    durable.log.segment_bytes = config.segment_bytes;
    durable.log.reserve_bytes = config.reserve_bytes;
    let mut begun = |name: &str, bytes: Option<&[u8]>| match name {
        MATCHES => hub.restore(bytes),
        _ => Ok(()),
    };
    let opened = Durable::open_with(durable, builder, &[MATCHES], &mut begun, on)?;
    let (session, keeper, restored) = opened.into_parts();
    let statements = session.remembered().iter();
    let statements = statements.map(|it| (it.origin.clone(), it.text.clone()));
    let statements = statements.collect();
    Ok(Opened {
        session,
        keeper,
        restored,
        statements,
    })
}

impl Store {
    pub fn new(keeper: Keeper, config: StoreConfig, hub: Arc<Hub>) -> Self {
        let durable = keeper.log.durable();
        Self {
            keeper,
            config,
            reached: watch::Sender::new(Reached::To(durable)),
            told: AtomicBool::new(false),
            hub,
            stop: Stop::default(),
            threads: Mutex::default(),
            taking: Mutex::default(),
            refused: News::default(),
            counts: Counts::default(),
        }
    }

    /// Its threads: one brings the log to the disk, one takes checkpoints.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub fn start(self: &Arc<Self>, handle: &Handle) -> std::io::Result<()> {
        let (store, session, syncer) = (Arc::clone(self), handle.clone(), self.keeper.log.syncer());
        let sync = move || store.sync(&syncer, &session);
        let (store, session) = (Arc::clone(self), handle.clone());
        let check = move || store.check(&session);
        let mut threads = self.threads();
        threads.push(named("portent-log").spawn(sync)?);
        threads.push(named("portent-checkpoint").spawn(check)?);
        Ok(())
    }

    fn threads(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The position behind all that was taken in: on the session's thread, so that it is behind what was just done.
    pub fn position(&self) -> u64 {
        self.keeper.log.next()
    }

    /// Positions: all before them is taken in, durable, and in a checkpoint; and the first that is still there.
    pub fn positions(&self) -> [(&'static str, u64); 4] {
        let log = &self.keeper.log;
        [
            ("next", log.next()),
            ("durable", log.durable()),
            ("checkpoint", self.keeper.position()),
            ("first", log.first()),
        ]
    }

    /// Waits until all before a position is durable, and what it has brought about is out: whoever gets an answer sees its matches.
    ///
    /// # Errors
    /// 503: it never will be.
    pub async fn durable(&self, position: u64) -> Result<(), Failure> {
        let mut reached = self.reached.subscribe();
        let there = reached.wait_for(|it| !matches!(it, Reached::To(to) if *to < position));
        match there.await.as_deref() {
            Ok(Reached::To(_)) => Ok(()),
            Ok(Reached::Failed(why)) => Err(lost(why)),
            Err(_) => Err(Failure::gone()),
        }
    }

    /// Why nothing gets to the disk any more.
    pub fn failed(&self) -> Option<String> {
        match &*self.reached.borrow() {
            Reached::To(_) => None,
            Reached::Failed(why) => Some(why.clone()),
        }
    }

    /// As [`note`].
    ///
    /// # Errors
    /// As there.
    pub fn note_again(&self, again: &[(String, String)]) -> Result<(), Errors> {
        note(&self.keeper, again)
    }

    /// Gives out what is durable by now. On the session's thread.
    pub fn release(&self, session: &mut Session) {
        if self.failed().is_some() {
            return;
        }
        let durable = self.keeper.log.durable();
        if let Err(error) = session.release(durable)
            && self.refused.is(&error.to_string())
        {
            tracing::error!(%error, "a sink can't be written");
        }
        self.reached.send_if_modified(|reached| match reached {
            Reached::To(to) if *to < durable => {
                *to = durable;
                true
            }
            _ => false,
        });
    }

    /// Matches that have gathered go into their log. On the session's thread.
    ///
    /// # Errors
    /// The disk refuses. They wait, and nothing more should be taken in.
    pub fn write_matches(&self) -> Result<(), Errors> {
        self.hub.write()
    }

    /// Brings the log to the disk, as long as the daemon runs.
    fn sync(self: &Arc<Self>, syncer: &Syncer, session: &Handle) {
        while !*self.stop.locked() {
            match syncer.next(Some(GLANCE)) {
                Ok(Some(_)) => {
                    if !self.told.swap(true, Ordering::AcqRel) {
                        let store = Arc::clone(self);
                        let posted = session.post(move |session| {
                            store.told.store(false, Ordering::Release);
                            store.release(session);
                        });
                        if posted.is_err() {
                            return;
                        }
                    }
                    if self.config.durability != super::config::Level::Fsynced {
                        // Nobody waits for it.
                        self.stop.wait(GLANCE);
                    }
                }
                Ok(None) => {}
                Err(error @ LogError::StorageFull { .. }) => {
                    tracing::error!(%error, "the log can't be brought to the disk");
                    self.stop.wait(GLANCE);
                }
                Err(error) => {
                    tracing::error!(%error, "the log can't be brought to the disk: nothing is taken any more");
                    self.reached
                        .send_replace(Reached::Failed(error.to_string()));
                    return;
                }
            }
        }
    }

    /// Takes checkpoints when they are due, as long as the daemon runs.
    fn check(&self, session: &Handle) {
        let mut last = Instant::now();
        while !self.stop.wait(GLANCE) {
            let behind = self.position().saturating_sub(self.keeper.position());
            let interval = self.config.checkpoint_interval.0;
            // Where little came, to do it again is cheaper than to write a large state.
            let pays = behind.saturating_mul(PAYS) >= self.keeper.bytes();
            let is_due = behind >= self.config.checkpoint_events
                || (last.elapsed() >= interval && pays)
                || last.elapsed() >= interval.saturating_mul(SELDOM);
            if behind == 0 || !is_due || self.failed().is_some() {
                continue;
            }
            last = Instant::now();
            if let Err(error) = self.checkpoint(session) {
                tracing::error!(%error, "no checkpoint could be taken: the last one is good still");
            }
        }
    }

    /// Takes a checkpoint, while the daemon goes on.
    ///
    /// # Errors
    /// One sentence.
    pub fn checkpoint(&self, session: &Handle) -> Result<Checkpointed, String> {
        let _one = self.taking.lock().unwrap_or_else(PoisonError::into_inner);
        let (keeper, hub) = (self.keeper.clone(), Arc::clone(&self.hub));
        let moment = session.call(move |session| moment(&keeper, &hub, session, None));
        let written = moment
            .map_err(|error| error.to_string())
            .and_then(|moment| moment.map_err(|error| error.to_string()))
            .and_then(|moment| self.write(moment));
        let counter = match &written {
            Ok(_) => &self.counts.checkpoints,
            Err(_) => &self.counts.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        written
    }

    fn write(&self, mut moment: Moment) -> Result<Checkpointed, String> {
        self.hub.sync().map_err(|error| error.to_string())?;
        if let Some(mark) = moment.state_mut(MATCHES) {
            self.hub.place(mark).map_err(|error| error.to_string())?;
        }
        // What the checkpoint before this one needs stays: this one may turn out to be damaged.
        let needed = self.keeper.position();
        let written = self.keeper.write(moment).map_err(|it| it.to_string())?;
        let micros = |it: Duration| u64::try_from(it.as_micros()).unwrap_or(u64::MAX);
        let held_up = micros(written.held_up);
        for (count, value) in [
            (&self.counts.bytes, written.bytes),
            (&self.counts.took, micros(written.took)),
            (&self.counts.held_up, held_up),
        ] {
            count.store(value, Ordering::Relaxed);
        }
        self.counts.longest.fetch_max(held_up, Ordering::Relaxed);
        tracing::debug!(?written, "a checkpoint is taken");
        self.retain(needed);
        Ok(written)
    }

    /// Removes what is too old or too much, but nothing that a restart needs.
    fn retain(&self, needed: u64) {
        let none_if_zero = |it: u64| (it > 0).then_some(it);
        let age = self.config.keep_age.0;
        let retention = Retention {
            max_age: (!age.is_zero()).then_some(age),
            max_bytes: none_if_zero(self.config.keep_bytes),
            ..Retention::default()
        };
        match self.keeper.retain(&retention, needed) {
            Ok(retained) => {
                let segments = retained.removed.len();
                if segments > 0 {
                    tracing::info!(segments, first = retained.first, "the log is cut off");
                }
            }
            Err(error) => tracing::error!(%error, "the log can't be cut off"),
        }
    }

    /// The end: a last checkpoint, so that the next start has nothing to do again. What can't be written is told.
    pub fn close(&self, session: &mut Session) {
        self.stop.set();
        let threads = std::mem::take(&mut *self.threads());
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the log ended in a panic");
            }
        }
        if self.failed().is_some() {
            return;
        }
        // What has been delivered by now need not be sent again. (Not the end of the input: what is open may go on another day.)
        if let Err(error) = session.close_sinks() {
            tracing::error!(%error, "a sink can't be ended");
        }
        let moment = moment(&self.keeper, &self.hub, session, Some(true));
        let written = moment.map_err(|error| error.to_string());
        if let Err(error) = written.and_then(|moment| self.write(moment)) {
            tracing::error!(%error, "no last checkpoint could be taken: the log is replayed from the one before");
        }
    }
}

fn named(name: &str) -> std::thread::Builder {
    std::thread::Builder::new().name(name.to_owned())
}

/// The session and the matches as they are now.
fn moment(
    keeper: &Keeper,
    hub: &Hub,
    session: &mut Session,
    must: Option<bool>,
) -> Result<Moment, Errors> {
    let moment = keeper.moment(session, must)?;
    // All rows of what was taken in have gone there by now.
    Ok(moment.with(MATCHES, hub.mark()))
}

/// What was taken in does not get to the disk.
fn lost(why: &str) -> Failure {
    let status = axum::http::StatusCode::SERVICE_UNAVAILABLE;
    let message = format!("what was sent could not be made durable, and may be lost: {why}");
    Failure::new(status, "not_durable", message)
        .help("the daemon must be restarted when the disk is sound; then send it again")
}
