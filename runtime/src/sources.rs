//! Sources that are read in the background, each on a thread of its own, as long as it is wanted: what they give goes to a session on a
//! thread of its own, through its [`Handle`].

use std::fmt;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use indexmap::IndexMap;
use portent_connect::live::{self, Event, Stop};
use portent_connect::{Batch, ConnectError, Position, parts};
use portent_grammar::codes::input as codes;

use crate::error::Errors;
use crate::host::Handle;
use crate::session::{Decoded, Decoder, Mark, Rejected, source_origin};

/// A source that could not begin, or go on, is tried again after so long, twice as long each time …
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
    /// It failed, and goes on where it was after so long.
    GoesOn(ConnectError, Duration),
    /// It failed, and is not read any more: it can't go on where it was, and from its beginning it would give again what it has given.
    Failed(ConnectError),
    /// What is known of how far it was is of a source with other options: it begins at its beginning.
    Afresh,
    /// The session does not take its events, and it is not read any more; or, in a session that keeps a log, it is tried again.
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
/// In a session that keeps a log each goes on where it was when the session was last there: how far it is is kept with its events
/// ([`Session::push_marked`](crate::Session::push_marked)), so that each of its rows is in once. Those that have no [`Position`] begin as if they were new.
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
                places: Mutex::default(),
                skips: Mutex::default(),
                refused: AtomicBool::new(false),
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
    /// By part: how far it is with the session.
    places: Mutex<IndexMap<u32, Mark>>,
    /// By part: how many of the next events are in already.
    skips: Mutex<IndexMap<u32, u64>>,
    /// The session did not take what came last.
    refused: AtomicBool,
}

impl Job {
    fn tell(&self, news: SourceNews) {
        (self.on)(&self.name, news);
    }

    fn run(self) {
        let mut wait = RETRY;
        if !self.look_up() {
            return;
        }
        loop {
            self.status.set(SourceState::Running);
            let (config, schema) = self.decoder.source();
            let on = |batch: Batch, _: &[Arc<str>]| self.take(batch);
            let report = |event: Event| self.tell(SourceNews::Event(event));
            let before = self.status.rows();
            let from = self.begin();
            match live::run_from(config, schema, &from, &self.stop, &on, &report) {
                Ok(()) => {
                    if self.refused.swap(false, Ordering::Relaxed) && self.is_kept() {
                        // A full disk, say. How much of it is in the session knows.
                        if self.stop.wait_timeout(wait) || !self.look_up() {
                            return;
                        }
                        wait = (wait * 2).min(RETRY_MOST);
                        continue;
                    }
                    self.status.set(SourceState::Ended);
                    if !self.stop.is_set() {
                        self.tell(SourceNews::Ended);
                    }
                    return;
                }
                Err(error) => {
                    self.status.set(SourceState::Failed(error.to_string()));
                    let goes_on = !locked(&self.places).is_empty();
                    // One that has given rows, and can't go on, would give them again from its beginning.
                    if error.code == codes::POSITION || (self.status.rows() > 0 && !goes_on) {
                        self.tell(SourceNews::Failed(error));
                        return;
                    }
                    if self.status.rows() > before {
                        wait = RETRY;
                    }
                    self.tell(match goes_on {
                        true => SourceNews::GoesOn(error, wait),
                        false => SourceNews::CantBegin(error, wait),
                    });
                    if self.stop.wait_timeout(wait) {
                        return;
                    }
                    wait = (wait * 2).min(RETRY_MOST);
                }
            }
        }
    }

    /// Whether the session keeps a log, and has the stream.
    fn is_kept(&self) -> bool {
        let decoder = self.decoder.clone();
        let kept = self
            .handle
            .call(move |session| session.keeps_log() && session.has_stream_of(&decoder));
        kept.unwrap_or(false) && parts(self.decoder.source().0) > 0
    }

    /// Asks a session that keeps a log how far the source was. False if it is not to be read.
    fn look_up(&self) -> bool {
        let (config, _) = self.decoder.source();
        let (name, parts) = (self.name.clone(), parts(config));
        let known = self.handle.call(move |session| {
            let logged = (0..parts).filter(|_| session.keeps_log());
            let known = logged.filter_map(|part| {
                let mark = session.mark_of(&source_origin(&name, part))?;
                Some((part, mark))
            });
            known.collect::<IndexMap<u32, Mark>>()
        });
        let Ok(known) = known else {
            return false;
        };
        for position in positions(&known) {
            match position.is_of(config) {
                Ok(true) => {}
                Ok(false) => {
                    self.tell(SourceNews::Afresh);
                    return true;
                }
                Err(error) => {
                    self.status.set(SourceState::Failed(error.to_string()));
                    self.tell(SourceNews::Failed(error));
                    return false;
                }
            }
        }
        *locked(&self.places) = known;
        true
    }

    /// Where the source is to go on, as far as anything is known.
    fn begin(&self) -> Vec<Position> {
        let places = locked(&self.places);
        let skips = places.iter().map(|(part, mark)| (*part, mark.skip));
        *locked(&self.skips) = skips.collect();
        positions(&places).collect()
    }

    /// Hands a batch over, and waits until the engine has it: nothing more is read meanwhile.
    fn take(&self, mut batch: Batch) -> ControlFlow<()> {
        let position = batch.position.take();
        let mut decoded = Decoded::default();
        self.decoder.take(&mut batch, &mut decoded);
        let bad = decoded.rejected + decoded.first_rejected.len() as u64;
        if let Some(first) = decoded.first_rejected.first()
            && self.status.bad.fetch_add(bad, Ordering::Relaxed) == 0
        {
            self.tell(SourceNews::Rejected(first.clone()));
        }
        let pushed = match position {
            Some(position) => self.push_marked(position, decoded),
            None => self.push(decoded),
        };
        match pushed {
            Some(Ok(())) => ControlFlow::Continue(()),
            Some(Err(error)) => {
                self.status.set(SourceState::Failed(error.to_string()));
                self.refused.store(true, Ordering::Relaxed);
                self.tell(SourceNews::NotTaken(error));
                ControlFlow::Break(())
            }
            None => ControlFlow::Break(()),
        }
    }

    fn count(&self, events: usize) {
        let rows = &self.status.rows;
        rows.fetch_add(events as u64, Ordering::Relaxed);
    }

    /// `None`: the session has gone.
    fn push(&self, decoded: Decoded) -> Option<Result<(), Errors>> {
        self.count(decoded.events());
        for block in decoded.blocks {
            let pushed = self.handle.call(move |session| session.push_block(block));
            if let Err(error) = pushed.ok()? {
                return Some(Err(error));
            }
        }
        Some(Ok(()))
    }

    /// The same, with where the source is behind them. What is in already is left out.
    fn push_marked(&self, position: Position, decoded: Decoded) -> Option<Result<(), Errors>> {
        let part = position.part;
        let events = decoded.events() as u64;
        let skip = locked(&self.skips).get(&part).copied().unwrap_or_default();
        if skip > events {
            // The place that is known stays until all is behind it that is in already.
            locked(&self.skips).insert(part, skip - events);
            return Some(Ok(()));
        }
        let mut left = decoded;
        left.skip(skip);
        let events = left.events();
        let (origin, at) = (source_origin(&self.name, part), position.bytes.clone());
        let (decoder, stop) = (self.decoder.clone(), self.stop.clone());
        let pushed = self.handle.call(move |session| {
            // Another one may be about to begin where this one is: it gets these. And a stream that was made anew has a source of its own.
            let is_over = session.keeps_log() && stop.is_set();
            if is_over || !session.has_stream_of(&decoder) {
                return Ok(false);
            }
            session.push_marked(&origin, &at, left.blocks).1?;
            if position.settle {
                session.settle_taken()?;
            }
            Ok(true)
        });
        match pushed.ok()? {
            Ok(true) => {}
            Ok(false) => return None,
            Err(error) => return Some(Err(error)),
        }
        self.count(events);
        let mark = Mark {
            at: position.bytes,
            ..Mark::default()
        };
        locked(&self.skips).insert(part, 0);
        locked(&self.places).insert(part, mark);
        Some(Ok(()))
    }
}

fn positions(known: &IndexMap<u32, Mark>) -> impl Iterator<Item = Position> {
    let known = known.iter().filter(|(_, mark)| !mark.at.is_empty());
    known.map(|(part, mark)| Position::new(*part, mark.at.clone()))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, feature = "serve"))]
#[path = "sources_tests.rs"]
mod tests;
