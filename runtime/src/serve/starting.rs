//! What a daemon answers while it restores its session: that it lives, and how far it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::config::Limits;
use super::failure::Failure;
use super::listen::{self, Tls};
use crate::durable::Restoring;

/// How far it is, for whoever asks.
#[derive(Debug, Default)]
pub(super) struct Progress {
    done: AtomicU64,
    total: AtomicU64,
}

impl Progress {
    pub fn set(&self, it: Restoring) {
        self.done.store(it.done, Ordering::Relaxed);
        self.total.store(it.total, Ordering::Relaxed);
    }

    fn text(&self) -> String {
        let [done, total] = [&self.done, &self.total].map(|it| it.load(Ordering::Relaxed));
        format!("restoring {}%", Restoring { done, total }.percent())
    }
}

/// Answers until it is stopped; the connections are closed then.
pub(super) struct Starting {
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl Starting {
    pub fn start(listener: TcpListener, tls: Tls, limits: Limits, progress: Arc<Progress>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let router = Router::new()
            .route("/healthz", get(|| async { "ok\n" }))
            .route("/readyz", get(readyz))
            .fallback(wait)
            .with_state(progress);
        let serving = async move { listen::serve(listener, router, &limits, tls, stopped).await };
        Self {
            stop,
            serving: tokio::spawn(serving),
        }
    }

    pub async fn stop(self) {
        self.stop.send_replace(true);
        // Whoever is slow to go shall not hold up the start.
        let most = std::time::Duration::from_secs(1);
        let abort = self.serving.abort_handle();
        if tokio::time::timeout(most, self.serving).await.is_err() {
            abort.abort();
        }
    }
}

async fn readyz(State(progress): State<Arc<Progress>>) -> Response {
    let text = format!("{}\n", progress.text());
    closing((StatusCode::SERVICE_UNAVAILABLE, text).into_response())
}

async fn wait(State(progress): State<Arc<Progress>>) -> Response {
    let message = format!("the daemon is {}: nothing is taken yet", progress.text());
    let status = StatusCode::SERVICE_UNAVAILABLE;
    closing(Failure::new(status, "starting", message).into_response())
}

/// The next request is for the daemon itself.
fn closing(mut response: Response) -> Response {
    let close = HeaderValue::from_static("close");
    response.headers_mut().insert(header::CONNECTION, close);
    response
}
