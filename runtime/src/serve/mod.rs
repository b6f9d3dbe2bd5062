//! The daemon: a session that others reach over HTTP. Query files, events in, matches out, metrics.
//!
//! ```no_run
//! use portent::serve::{ServeConfig, Server};
//!
//! let config = ServeConfig::from_toml("listen = \"127.0.0.1:8090\"\nqueries = [\"queries/*.sql\"]")?;
//! let runtime = tokio::runtime::Runtime::new()?;
//! runtime.block_on(async {
//!     let server = Server::start(config).await.map_err(|it| it.to_string())?;
//!     println!("listens on {}", server.address());
//!     let stopper = server.stopper();
//!     tokio::spawn(async move {
//!         if tokio::signal::ctrl_c().await.is_ok() {
//!             stopper.stop();
//!         }
//!     });
//!     server.run().await.map_err(|it| it.to_string())
//! })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod ahead;
mod api;
mod app;
mod body;
mod config;
mod deploy;
mod durable;
mod failure;
mod group;
mod hub;
mod kept;
mod listen;
mod load;
mod log;
mod metrics;
mod news;
pub mod shell;
mod sources;
mod starting;
mod state;
#[cfg(test)]
mod tests;
mod watch;
mod wire;

use std::fmt;
use std::net::SocketAddr;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::watch as latest;

use crate::durable::Restoring;
use crate::host::Host;
use crate::session::Session;
use app::{App, Phase, stopped};
pub use config::{
    Damaged, Level, Limits, LogConfig, LogFormat, MatchConfig, OnLag, Secret, ServeConfig, Span,
    StoreConfig, TlsConfig,
};
use deploy::{DeployError, Difference};
use failure::Failure;

/// So often time passes for streams without an event time.
const TICK: Duration = Duration::from_millis(100);

/// Why a daemon does not run.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServeError {
    /// What it was told can't be.
    Config(String),
    /// What is wrong with the query files, file by file.
    Queries(String),
    /// The data directory can't be used.
    Store(String),
    /// The system refuses.
    Io(String),
}

impl fmt::Display for ServeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(message)
            | Self::Queries(message)
            | Self::Store(message)
            | Self::Io(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for ServeError {}

/// A daemon that listens.
pub struct Server {
    app: Arc<App>,
    host: Host,
    listener: TcpListener,
    address: SocketAddr,
    tls: listen::Tls,
    /// From when it is set on, nobody waits for receivers that have gone.
    sinks_stop: portent_connect::live::Stop,
    seen: watch::Seen,
}

/// Tells a daemon to stop, or to read its query files again. Cheap to clone.
#[derive(Clone)]
pub struct Stopper {
    app: Arc<App>,
}

impl Stopper {
    /// Intake stops, requests at hand come to their end, consumers are told, sinks are written out.
    pub fn stop(&self) {
        self.app.set_phase(Phase::Draining);
        self.app.sources.tell();
        self.app.stop.send_replace(true);
    }

    /// Reads the query files again: what changed, for people.
    ///
    /// # Errors
    /// What is wrong; then nothing has changed.
    pub async fn reload(&self) -> Result<String, String> {
        match reload(&self.app).await {
            Ok(difference) => Ok(difference.to_json().to_string()),
            Err(failure) => Err(failure.to_string()),
        }
    }
}

impl Server {
    /// Restores what was there before, loads the query files, and listens.
    ///
    /// # Errors
    /// What is wrong with the configuration, the data directory or the query files; the address is taken.
    pub async fn start(config: ServeConfig) -> Result<Self, ServeError> {
        Self::start_telling(config, |_| {}).await
    }

    /// As [`Self::start`]; `on` hears now and then how far it is with what must be restored.
    ///
    /// # Errors
    /// As there.
    pub async fn start_telling(
        config: ServeConfig,
        on: impl Fn(Restoring) + Send + 'static,
    ) -> Result<Self, ServeError> {
        config.check().map_err(ServeError::Config)?;
        let tls = match &config.tls {
            None => None,
            Some(tls) => listen::tls(tls).map_err(ServeError::Config)?,
        };
        let io = |error: std::io::Error| ServeError::Io(error.to_string());
        let (listener, second) = bind(config.listen)?;
        let address = listener.local_addr().map_err(io)?;
        let progress = Arc::<starting::Progress>::default();
        // Whoever asks meanwhile hears how far it is.
        #[allow(clippy::clone_on_copy)]
        let starting = config.data_dir.is_some().then(|| {
            let (limits, progress) = (config.limits.clone(), Arc::clone(&progress));
            starting::Starting::start(second, tls.clone(), limits, progress)
        });
        let seen = watch::look(&config.queries);
        let work = config.clone();
        // Restoring and loading is work.
        let loaded = tokio::task::spawn_blocking(move || {
            let mut told = Instant::now();
            load::load(&work, &mut |it| {
                progress.set(it);
                on(it);
                if told.elapsed() >= Duration::from_secs(1) {
                    told = Instant::now();
                    tracing::info!(
                        done = it.done,
                        total = it.total,
                        "restoring {}%",
                        it.percent()
                    );
                }
            })
        });
        let loaded = loaded
            .await
            .map_err(|error| ServeError::Io(error.to_string()));
        if let Some(starting) = starting {
            starting.stop().await;
        }
        let load::Loaded {
            session,
            hub,
            deployment,
            store,
        } = loaded??;
        let sinks_stop = session.sinks_stop();
        let (watches, keeping) = (Arc::clone(&hub), store.clone());
        let (failed, unwritten) = (news::News::default(), news::News::default());
        let host = Host::start_ticking(session, TICK, move |session| {
            watches.end_watches(session);
            if let Err(error) = session.tick().and_then(|()| session.flush())
                && failed.is(&error.to_string())
            {
                tracing::error!(%error, "a tick failed");
            }
            if let Some(store) = &keeping {
                store.release(session);
                if let Err(error) = store.write_matches()
                    && unwritten.is(&error.to_string())
                {
                    tracing::error!(%error, "matches can't be written");
                }
            }
        });
        let host = host.map_err(|error| ServeError::Io(format!("there is no thread: {error}")))?;
        if let Some(store) = &store {
            store.start(&host.handle()).map_err(io)?;
        }
        let (stop, _) = latest::channel(false);
        let app = App::new(config, host.handle(), hub, deployment, store, stop);
        Ok(Self {
            app: Arc::new(app),
            host,
            listener,
            address,
            tls,
            sinks_stop,
            seen,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// To stop it.
    pub fn stopper(&self) -> Stopper {
        Stopper {
            app: Arc::clone(&self.app),
        }
    }

    /// Serves until it is told to stop, and drains.
    ///
    /// # Errors
    /// What could not be written out at the end.
    pub async fn run(self) -> Result<(), ServeError> {
        let Self {
            app,
            host,
            listener,
            address,
            tls,
            sinks_stop,
            seen,
        } = self;
        app.set_phase(Phase::Ready);
        if let Err(failure) = sources::follow(&app).await {
            return Err(ServeError::Io(failure.to_string()));
        }
        tracing::info!(%address, tls = tls.is_some(), "ready");
        if app.config.watch {
            tokio::spawn(watch::watch(Arc::clone(&app), seen));
        }
        let mut stop = app.stop.subscribe();
        let router = api::router(Arc::clone(&app));
        let limits = app.config.limits.clone();
        let mut serving = Box::pin(listen::serve(
            listener,
            router,
            &limits,
            tls,
            app.stop.subscribe(),
        ));
        tokio::select! {
            biased;
            () = stopped(&mut stop) => {
                tracing::info!("draining");
                let drain = app.config.drain_timeout.0;
                if tokio::time::timeout(drain, serving).await.is_err() {
                    tracing::warn!("some requests did not come to their end in time");
                }
            }
            () = &mut serving => {}
        }
        let finished = tokio::task::spawn_blocking(move || -> Result<(), String> {
            sinks_stop.set();
            app.sources.stop();
            let mut session = host.stop().map_err(|error| error.to_string())?;
            if let Some(store) = &app.store {
                store.close(&mut session);
            }
            // Not the end of the input: what is open may go on another day.
            session.close_sinks().map_err(|error| error.to_string())
        });
        finished
            .await
            .map_err(|error| ServeError::Io(error.to_string()))?
            .map_err(ServeError::Io)?;
        tracing::info!("stopped");
        Ok(())
    }
}

/// The socket, twice: for whoever answers at the start, and for the daemon.
fn bind(address: SocketAddr) -> Result<(TcpListener, TcpListener), ServeError> {
    let bound = || {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let second = listener.try_clone()?;
        Ok((
            TcpListener::from_std(listener)?,
            TcpListener::from_std(second)?,
        ))
    };
    bound().map_err(|error: std::io::Error| {
        ServeError::Io(format!("can't listen on {address}: {error}"))
    })
}

/// Reads the query files again: all or nothing, and to the end even if nobody waits for the answer any more.
pub(crate) async fn reload(app: &Arc<App>) -> Result<Difference, Failure> {
    let app = Arc::clone(app);
    let reloaded = tokio::spawn(async move { reload_files(&app).await });
    reloaded.await.unwrap_or_else(|_| Err(Failure::gone()))
}

async fn reload_files(app: &Arc<App>) -> Result<Difference, Failure> {
    let worker = Arc::clone(app);
    let result = tokio::task::spawn_blocking(move || {
        let mut deployment = worker.deployment.blocking_lock();
        // Beside the session, which goes on with events meanwhile.
        let prepared = match deployment.prepare() {
            Ok(prepared) => prepared,
            Err(error) => return Ok(Err(error)),
        };
        let standing = std::mem::take(&mut *deployment);
        let (mut taken, prepared, statements) = worker.handle.call(move |session| {
            let statements = standing.statements(session, &prepared);
            (standing, prepared, Arc::new(statements))
        })?;
        let plan = move |session: &mut Session| session.ahead(&statements);
        let ahead = ahead::beside(&worker, plan, &mut |_| ControlFlow::Continue(()))?;
        let ahead = match ahead {
            Ok(ahead) => ahead,
            Err(errors) => {
                *deployment = taken;
                return Ok(Err(DeployError::of(errors)));
            }
        };
        let store = worker.store.clone();
        let noted = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let notes = Arc::clone(&noted);
        let (taken, result, position) = worker.handle.call(move |session| {
            let mut again = |all: &[(String, String)]| {
                notes.store(true, Ordering::Release);
                store.as_ref().map_or(Ok(()), |it| it.note_again(all))
            };
            let result = taken.apply(session, prepared, ahead, &mut again);
            let position = store.map(|store| {
                store.release(session);
                store.position()
            });
            (taken, result, position)
        })?;
        *deployment = taken;
        // Nothing else changes what stands until this is on the disk.
        let settled = worker.settle_reload(position, noted.load(Ordering::Acquire));
        Ok::<_, crate::host::HostError>(result.map(|difference| (difference, settled)))
    });
    let result = result
        .await
        .ok()
        .and_then(Result::ok)
        .ok_or_else(Failure::gone)?;
    let counters = &app.counters;
    match result {
        Ok((difference, settled)) => {
            counters.reloads.fetch_add(1, Ordering::Relaxed);
            let (added, changed) = (difference.added.len(), difference.changed.len());
            let (removed, rebuilt) = (difference.removed.len(), difference.rebuilt.len());
            tracing::info!(
                added,
                changed,
                rebuilt,
                removed,
                "the query files are reloaded"
            );
            settled?;
            app.catalog_changed().await?;
            Ok(difference)
        }
        Err(error) => {
            counters.reloads_failed.fetch_add(1, Ordering::Relaxed);
            tracing::error!(%error, "the query files are not reloaded: nothing has changed");
            Err(error.into())
        }
    }
}
