//! The sources of streams that standing queries read: each runs on a thread of its own, as long as it is wanted.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use indexmap::IndexMap;
use portent_connect::Batch;
use portent_connect::live::{self, Event, Stop};

use super::app::{App, Phase};
use super::failure::Failure;
use crate::host::Handle;
use crate::session::{Decoded, Decoder};

/// A source that could not begin is tried again after so long, twice as long each time …
const RETRY: Duration = Duration::from_secs(1);
/// … up to this.
const RETRY_MOST: Duration = Duration::from_secs(60);

/// All of them, by stream.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    running: Mutex<IndexMap<String, Running>>,
}

#[derive(Debug)]
struct Running {
    /// What it was started with: another one is another source.
    told: String,
    stop: Stop,
    status: Arc<Status>,
    thread: JoinHandle<()>,
}

/// How a source is.
#[derive(Debug, Default)]
pub(crate) struct Status {
    pub rows: AtomicU64,
    pub bad: AtomicU64,
    state: Mutex<State>,
}

/// What a source does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum State {
    #[default]
    Starting,
    /// It reads, or waits for more.
    Running,
    /// All was read.
    Ended,
    /// Why it does not read.
    Failed(String),
}

impl State {
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

impl Status {
    pub fn state(&self) -> State {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn set(&self, state: State) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

impl Sources {
    fn running(&self) -> MutexGuard<'_, IndexMap<String, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts what is wanted now and does not run, and stops what is not wanted any more: while events are taken.
    pub async fn follow(&self, app: &App) -> Result<(), Failure> {
        if app.phase() != Phase::Ready {
            return Ok(());
        }
        let wanted = app.insist(|session| session.wanted_sources()).await?;
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
            let (stop, status) = (Stop::default(), Arc::<Status>::default());
            let told = told(&decoder);
            let job = Job {
                name: name.clone(),
                decoder,
                handle: app.handle.clone(),
                stop: stop.clone(),
                status: Arc::clone(&status),
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
                        },
                    );
                }
                Err(error) => tracing::error!(stream = %name, %error, "its source has no thread"),
            }
        }
        Ok(())
    }

    /// How each source is.
    pub fn status(&self) -> Vec<(String, Arc<Status>)> {
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
                tracing::error!(stream = %name, "its source ended in a panic");
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
    status: Arc<Status>,
}

impl Job {
    fn run(self) {
        let mut wait = RETRY;
        loop {
            self.status.set(State::Running);
            let (config, schema) = self.decoder.source();
            let on = |batch: Batch, _: &[Arc<str>]| self.take(batch);
            let report = |event: Event| self.report(&event);
            let result = live::run(config, schema, &self.stop, &on, &report);
            let stream = &self.name;
            match result {
                Ok(()) => {
                    self.status.set(State::Ended);
                    if !self.stop.is_set() {
                        tracing::info!(%stream, "its source has ended");
                    }
                    return;
                }
                Err(error) => {
                    self.status.set(State::Failed(error.to_string()));
                    // One that has given rows would give them again from its beginning.
                    if self.status.rows.load(Ordering::Relaxed) > 0 {
                        tracing::error!(%stream, %error, "its source has failed");
                        return;
                    }
                    tracing::error!(%stream, %error, retry = ?wait, "its source can't begin");
                    if self.stop.wait_timeout(wait) {
                        return;
                    }
                    wait = (wait * 2).min(RETRY_MOST);
                }
            }
        }
    }

    /// Hands a batch over, and waits until the engine has it: nothing more is read meanwhile.
    fn take(&self, mut batch: Batch) -> std::ops::ControlFlow<()> {
        use std::ops::ControlFlow;
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
            tracing::warn!(stream = %self.name, line = first.line, error = %first.message, "the first row of its source that can't be read");
        }
        for block in decoded.blocks {
            match self.handle.call(move |session| session.push_block(block)) {
                Ok(Ok(_)) => {}
                Ok(Err(error)) => {
                    tracing::error!(stream = %self.name, %error, "its events are not taken");
                    return ControlFlow::Break(());
                }
                Err(_) => return ControlFlow::Break(()),
            }
        }
        ControlFlow::Continue(())
    }

    fn report(&self, event: &Event) {
        let stream = &self.name;
        match event {
            Event::Listening { address } => {
                tracing::info!(%stream, %address, "its source listens");
            }
            Event::Connected { peer } => tracing::info!(%stream, peer, "a producer is there"),
            Event::Disconnected { peer, rows } => {
                tracing::info!(%stream, peer, rows, "a producer has gone");
            }
            Event::Opened { file } => tracing::info!(%stream, file, "a file is read"),
            Event::Rotated { file } => tracing::info!(%stream, file, "a file was rotated"),
            Event::Failed { error } => {
                tracing::warn!(%stream, %error, "a part of its source failed")
            }
            other => tracing::info!(%stream, event = ?other),
        }
    }
}
