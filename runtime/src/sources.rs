//! Sources that are read in the background, each on a thread of its own, as long as it is wanted: what they give goes to a session on a
//! thread of its own, through its [`Handle`].

use std::fmt;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use indexmap::IndexMap;
use portent_connect::live::{self, Event, Stop};
use portent_connect::{Batch, ConnectError};

use crate::error::Errors;
use crate::host::Handle;
use crate::session::{Decoded, Decoder, Rejected};

/// A source that could not begin is tried again after so long, twice as long each time …
const RETRY: Duration = Duration::from_secs(1);
/// … up to this.
const RETRY_MOST: Duration = Duration::from_secs(60);

/// What a source tells of itself.
#[derive(Debug)]
#[non_exhaustive]
pub enum SourceNews {
    /// It reads, and this happened to it.
    Event(Event),
    /// The first row of it that can't be read.
    Rejected(Rejected),
    /// It can't begin, and is tried again after so long.
    CantBegin(ConnectError, Duration),
    /// It failed, and is not read any more: from its beginning it would give again what it has given.
    Failed(ConnectError),
    /// The session does not take its events, and it is not read any more.
    NotTaken(Errors),
    /// All was read.
    Ended,
    /// There is no thread to read it.
    NoThread(std::io::Error),
    /// Its thread ended in a panic.
    Panicked,
}

/// Hears what the sources of streams tell, on their threads: the stream, and what.
pub type OnSourceNews = Arc<dyn Fn(&str, SourceNews) + Send + Sync>;

/// Sources that are read in the background, by stream: those of [`Session::wanted_sources`](crate::Session::wanted_sources), say.
///
/// ```
/// use std::sync::Arc;
/// use portent::{Host, Session, Sources};
///
/// let mut session = Session::new();
/// session.run(
///     "CREATE STREAM ticks WITH (connector = 'generator', kind = 'ticks', count = 10);
///      CREATE QUERY all_of_them AS SELECT * FROM ticks",
/// )?;
/// let host = Host::start(session)?;
/// let handle = host.handle();
/// let sources = Sources::default();
/// let wanted = handle.call(|session| session.wanted_sources())?;
/// sources.follow(wanted, &handle, &(Arc::new(|_: &str, _| {}) as _));
/// while handle.call(|session| session.drain().count())? == 0 {}
/// sources.stop();
/// # drop(host.stop()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct Sources {
    running: Mutex<IndexMap<String, Running>>,
}

#[derive(Debug)]
struct Running {
    /// What it was started with: another one is another source.
    told: String,
    stop: Stop,
    status: Arc<SourceStatus>,
    thread: JoinHandle<()>,
    on: Told,
}

/// Whom a source tells.
#[derive(Clone)]
struct Told(OnSourceNews);

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnSourceNews")
    }
}

/// How a source is.
#[derive(Debug, Default)]
pub struct SourceStatus {
    rows: AtomicU64,
    bad: AtomicU64,
    state: Mutex<SourceState>,
}

/// What a source does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceState {
    /// Its thread begins.
    #[default]
    Starting,
    /// It reads, or waits for more.
    Running,
    /// All was read.
    Ended,
    /// Why it does not read.
    Failed(String),
}

impl SourceState {
    /// In one word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Ended => "ended",
            Self::Failed(_) => "failed",
        }
    }
}

impl SourceStatus {
    /// Rows that became events.
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// Rows that can't be read.
    pub fn bad(&self) -> u64 {
        self.bad.load(Ordering::Relaxed)
    }

    /// What it does.
    pub fn state(&self) -> SourceState {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn set(&self, state: SourceState) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

impl Sources {
    fn running(&self) -> MutexGuard<'_, IndexMap<String, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts what is wanted and does not run, and stops what is not wanted any more. `on` hears what they tell.
    pub fn follow(&self, wanted: Vec<(String, Decoder)>, handle: &Handle, on: &OnSourceNews) {
        let mut running = self.running();
        running.retain(|name, it| {
            let keep = wanted
                .iter()
                .any(|(known, decoder)| known == name && it.told == told(decoder));
            if !keep {
                it.stop.set();
            }
            keep
        });
        for (name, decoder) in wanted {
            if running.contains_key(&name) {
                continue;
            }
            let (stop, status) = (Stop::default(), Arc::<SourceStatus>::default());
            let told = told(&decoder);
            let job = Job {
                name: name.clone(),
                decoder,
                handle: handle.clone(),
                stop: stop.clone(),
                status: Arc::clone(&status),
                on: Arc::clone(on),
            };
            let thread = std::thread::Builder::new()
                .name(format!("portent-source-{name}"))
                .spawn(move || job.run());
            match thread {
                Ok(thread) => {
                    running.insert(
                        name,
                        Running {
                            told,
                            stop,
                            status,
                            thread,
                            on: Told(Arc::clone(on)),
                        },
                    );
                }
                Err(error) => on(&name, SourceNews::NoThread(error)),
            }
        }
    }

    /// How each source is.
    pub fn status(&self) -> Vec<(String, Arc<SourceStatus>)> {
        let running = self.running();
        let status = running.iter();
        status
            .map(|(name, it)| (name.clone(), Arc::clone(&it.status)))
            .collect()
    }

    /// Tells all to stop.
    pub fn tell(&self) {
        self.running().values().for_each(|it| it.stop.set());
    }

    /// Stops all, and waits until what they have read is with the engine.
    pub fn stop(&self) {
        let all = std::mem::take(&mut *self.running());
        all.values().for_each(|it| it.stop.set());
        for (name, it) in all {
            if it.thread.join().is_err() {
                (it.on.0)(&name, SourceNews::Panicked);
            }
        }
    }
}

/// What makes a source what it is.
fn told(decoder: &Decoder) -> String {
    format!("{:?}", decoder.source())
}

/// A source at work.
struct Job {
    name: String,
    decoder: Decoder,
    handle: Handle,
    stop: Stop,
    status: Arc<SourceStatus>,
    on: OnSourceNews,
}

impl Job {
    fn tell(&self, news: SourceNews) {
        (self.on)(&self.name, news);
    }

    fn run(self) {
        let mut wait = RETRY;
        loop {
            self.status.set(SourceState::Running);
            let (config, schema) = self.decoder.source();
            let on = |batch: Batch, _: &[Arc<str>]| self.take(batch);
            let report = |event: Event| self.tell(SourceNews::Event(event));
            match live::run(config, schema, &self.stop, &on, &report) {
                Ok(()) => {
                    self.status.set(SourceState::Ended);
                    if !self.stop.is_set() {
                        self.tell(SourceNews::Ended);
                    }
                    return;
                }
                Err(error) => {
                    self.status.set(SourceState::Failed(error.to_string()));
                    // One that has given rows would give them again from its beginning.
                    if self.status.rows() > 0 {
                        self.tell(SourceNews::Failed(error));
                        return;
                    }
                    self.tell(SourceNews::CantBegin(error, wait));
                    if self.stop.wait_timeout(wait) {
                        return;
                    }
                    wait = (wait * 2).min(RETRY_MOST);
                }
            }
        }
    }

    /// Hands a batch over, and waits until the engine has it: nothing more is read meanwhile.
    fn take(&self, mut batch: Batch) -> ControlFlow<()> {
        let mut decoded = Decoded::default();
        self.decoder.take(&mut batch, &mut decoded);
        let status = &self.status;
        status
            .rows
            .fetch_add(decoded.events() as u64, Ordering::Relaxed);
        let bad = decoded.rejected + decoded.first_rejected.len() as u64;
        if let Some(first) = decoded.first_rejected.first()
            && status.bad.fetch_add(bad, Ordering::Relaxed) == 0
        {
            self.tell(SourceNews::Rejected(first.clone()));
        }
        for block in decoded.blocks {
            match self.handle.call(move |session| session.push_block(block)) {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => {
                    self.tell(SourceNews::NotTaken(error));
                    return ControlFlow::Break(());
                }
                Err(_) => return ControlFlow::Break(()),
            }
        }
        ControlFlow::Continue(())
    }
}
