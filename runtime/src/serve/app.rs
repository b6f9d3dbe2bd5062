//! What all requests share.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use portent_connect::Format;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

use super::config::ServeConfig;
use super::deploy::Deployment;
use super::durable::Store;
use super::failure::Failure;
use super::hub::Hub;
use super::sources;
use crate::host::{Handle, HostError};
use crate::session::{Decoder, Session};
use crate::sources::Sources;

/// Bodies are counted in units of so many bytes.
pub(crate) const UNIT: usize = 1024;

/// How far the daemon is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Phase {
    Starting,
    Ready,
    /// It was told to stop: nothing is taken any more.
    Draining,
}

/// Counted for metrics.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub requests: AtomicU64,
    pub accepted: AtomicU64,
    pub late: AtomicU64,
    pub rejected: AtomicU64,
    pub throttled: AtomicU64,
    pub unauthorized: AtomicU64,
    pub subscribers: AtomicU64,
    pub lagged: AtomicU64,
    pub delivered: AtomicU64,
    pub reloads: AtomicU64,
    pub reloads_failed: AtomicU64,
}

/// Decoders by stream, in lower case, and format.
#[derive(Default)]
struct Decoders {
    /// How often the catalog has changed: a decoder that was asked for before is not kept.
    catalog: u64,
    known: HashMap<(String, Format), Decoder>,
}

/// See the module.
pub(crate) struct App {
    pub config: ServeConfig,
    pub handle: Handle,
    pub hub: Arc<Hub>,
    pub deployment: Arc<tokio::sync::Mutex<Deployment>>,
    /// What outlives the daemon; `None`: nothing does.
    pub store: Option<Arc<Store>>,
    pub counters: Counters,
    /// Room for bodies, in [`UNIT`]s.
    pub room: Arc<Semaphore>,
    /// Places for SELECTs that run beside the session.
    pub selects: Arc<Semaphore>,
    pub stop: watch::Sender<bool>,
    pub started: Instant,
    pub sources: Sources,
    phase: AtomicU8,
    decoders: Mutex<Decoders>,
}

impl App {
    pub fn new(
        config: ServeConfig,
        handle: Handle,
        hub: Arc<Hub>,
        deployment: Deployment,
        store: Option<Arc<Store>>,
        stop: watch::Sender<bool>,
    ) -> Self {
        let room = (config.limits.in_flight_bytes / UNIT).clamp(1, Semaphore::MAX_PERMITS);
        let selects = config.limits.selects.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            config,
            handle,
            hub,
            deployment: Arc::new(tokio::sync::Mutex::new(deployment)),
            store,
            counters: Counters::default(),
            room: Arc::new(Semaphore::new(room)),
            selects: Arc::new(Semaphore::new(selects)),
            stop,
            started: Instant::now(),
            sources: Sources::default(),
            phase: AtomicU8::new(Phase::Starting as u8),
            decoders: Mutex::default(),
        }
    }

    pub fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Acquire) {
            0 => Phase::Starting,
            1 => Phase::Ready,
            _ => Phase::Draining,
        }
    }

    pub fn set_phase(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Release);
    }

    /// Does something with the session, in its turn.
    ///
    /// # Errors
    /// 429 if too much waits for it already, 503 if it is not there any more.
    pub async fn ask<R: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Session) -> R + Send + 'static,
    ) -> Result<R, Failure> {
        let (answer, wait) = oneshot::channel();
        let posted = self.handle.try_post(move |session| {
            // Whoever asked may have gone.
            let _ = answer.send(job(session));
        });
        match posted {
            Ok(()) => {}
            Err(HostError::Full) => {
                self.counters.throttled.fetch_add(1, Ordering::Relaxed);
                return Err(Failure::busy("the engine is behind: its queue is full"));
            }
            Err(HostError::Stopped) => return Err(Failure::gone()),
        }
        wait.await.map_err(|_| Failure::gone())
    }

    /// As [`Self::ask`], for what changes the session: answers when that is durable.
    ///
    /// # Errors
    /// As there; 503 if the disk refuses.
    pub async fn change<R: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Session) -> R + Send + 'static,
    ) -> Result<R, Failure> {
        let Some(store) = self.store.clone() else {
            return self.ask(job).await;
        };
        let (done, position) = self.ask(noting(&store, job)).await?;
        store.durable(position).await?;
        Ok(done)
    }

    /// As [`Self::change`], but waits for a place in the queue: for a part of something, of which the parts before it are done.
    ///
    /// # Errors
    /// 503 if the session is not there any more, or the disk refuses.
    pub async fn insist_change<R: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Session) -> R + Send + 'static,
    ) -> Result<R, Failure> {
        let Some(store) = self.store.clone() else {
            return self.insist(job).await;
        };
        let (done, position) = self.insist(noting(&store, job)).await?;
        store.durable(position).await?;
        Ok(done)
    }

    /// How long a statement may run.
    pub fn statement_timeout(&self) -> Option<Duration> {
        let timeout = self.config.limits.statement_timeout.0;
        (!timeout.is_zero()).then_some(timeout)
    }

    /// A place for a SELECT; waits for one no longer than a statement may run.
    ///
    /// # Errors
    /// 429.
    pub async fn select_place(&self) -> Result<OwnedSemaphorePermit, Failure> {
        let place = Arc::clone(&self.selects).acquire_owned();
        let place = match self.statement_timeout() {
            None => place.await.ok(),
            Some(timeout) => tokio::time::timeout(timeout, place)
                .await
                .ok()
                .and_then(Result::ok),
        };
        place.ok_or_else(|| {
            self.counters.throttled.fetch_add(1, Ordering::Relaxed);
            Failure::busy("other SELECTs took all the time that this one had: limits.selects")
        })
    }

    /// As [`Self::ask`], but waits for a place in the queue: for what must not be left half done.
    ///
    /// # Errors
    /// 503 if the session is not there any more.
    pub async fn insist<R: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Session) -> R + Send + 'static,
    ) -> Result<R, Failure> {
        let handle = self.handle.clone();
        let called = tokio::task::spawn_blocking(move || handle.call(job)).await;
        called.ok().and_then(Result::ok).ok_or_else(Failure::gone)
    }

    /// Waits until a reload is on the disk up to this position; then what it `noted` needs to be known no more. On a thread of the runtime that may wait.
    ///
    /// # Errors
    /// 503: it never will be; what was noted can't be taken back. What is noted and stands is no harm at the next start.
    pub fn settle_reload(&self, position: Option<u64>, noted: bool) -> Result<(), Failure> {
        let (Some(store), Some(position)) = (&self.store, position) else {
            return Ok(());
        };
        tokio::runtime::Handle::current().block_on(store.durable(position))?;
        if noted {
            let taken_back = store.note_again(&[]);
            taken_back.map_err(|error| Failure::of_disk(&error))?;
        }
        Ok(())
    }

    /// A decoder for a stream, as long as the catalog stays as it is.
    pub async fn decoder(&self, stream: &str, format: Format) -> Result<Decoder, Failure> {
        let key = (stream.to_lowercase(), format);
        let catalog = {
            let decoders = self.decoders();
            if let Some(known) = decoders.known.get(&key) {
                return Ok(known.clone());
            }
            decoders.catalog
        };
        let name = stream.to_owned();
        let decoder = self.ask(move |session| session.decoder(&name, format));
        let decoder = decoder.await?.map_err(Failure::from)?;
        let mut decoders = self.decoders();
        if decoders.catalog == catalog {
            decoders.known.insert(key, decoder.clone());
        }
        drop(decoders);
        Ok(decoder)
    }

    fn decoders(&self) -> std::sync::MutexGuard<'_, Decoders> {
        self.decoders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The catalog has changed: what was derived from it is forgotten.
    pub async fn catalog_changed(&self) -> Result<(), Failure> {
        {
            let mut decoders = self.decoders();
            decoders.catalog += 1;
            decoders.known.clear();
        }
        let hub = Arc::clone(&self.hub);
        // In the session's turn: nobody creates a query anew meanwhile, whose matches would be taken for those of the one that is gone.
        let forgotten = self.insist(move |session| {
            let queries: HashSet<String> = session.query_names().map(str::to_owned).collect();
            let watches = session.watch_names().iter();
            let watches: HashSet<&str> = watches.map(String::as_str).collect();
            hub.retain(&queries);
            hub.retain_watches(|watch| watches.contains(watch));
        });
        forgotten.await?;
        let settled = self.hub.settle().await;
        settled.map_err(|error| Failure::of_disk(&error))?;
        sources::follow(self).await
    }
}

/// A job, and the position of the log behind what it did.
fn noting<R>(
    store: &Arc<Store>,
    job: impl FnOnce(&mut Session) -> R + Send + 'static,
) -> impl FnOnce(&mut Session) -> (R, u64) + Send + 'static {
    let store = Arc::clone(store);
    move |session| {
        let done = job(session);
        store.release(session);
        (done, store.position())
    }
}

/// Waits until the daemon is told to stop.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    while !*stop.borrow_and_update() {
        if stop.changed().await.is_err() {
            return;
        }
    }
}
