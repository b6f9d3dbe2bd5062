//! Lines on their way to a shell. The session's thread never waits long for one that does not read.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures_util::stream;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use super::matches::KEEP_ALIVE;
use crate::serve::shell::Line;

/// So many rows may wait for the shell.
const MOST_ROWS: usize = 10_000;
/// So long, in all, a statement waits for a shell that has more to read than that.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where a statement puts its lines.
pub(super) struct Outlet {
    lines: UnboundedSender<(String, usize)>,
    waiting: Arc<Waiting>,
    patience: Duration,
    /// The shell did not keep up.
    pub behind: bool,
}

/// What is said at the end waits for nobody.
pub(super) struct Ending(UnboundedSender<(String, usize)>);

impl Ending {
    pub fn end(self, lines: impl IntoIterator<Item = String>) {
        for line in lines {
            // Whoever asked may have gone.
            let _ = self.0.send((line, 0));
        }
    }
}

/// Where the answer takes them from.
pub(super) struct Inlet {
    lines: UnboundedReceiver<(String, usize)>,
    waiting: Arc<Waiting>,
}

/// How many rows wait.
#[derive(Default)]
struct Waiting {
    rows: Mutex<usize>,
    fewer: Condvar,
}

pub(super) fn channel() -> (Outlet, Inlet) {
    let (send, receive) = mpsc::unbounded_channel();
    let waiting = Arc::new(Waiting::default());
    let outlet = Outlet {
        lines: send,
        waiting: Arc::clone(&waiting),
        patience: PATIENCE,
        behind: false,
    };
    let inlet = Inlet {
        lines: receive,
        waiting,
    };
    (outlet, inlet)
}

impl Outlet {
    /// Sends a line that counts as so many rows. `Break`: the shell has gone, or is behind.
    pub fn send(&mut self, line: &Line, rows: usize) -> ControlFlow<()> {
        let mut waiting = self
            .waiting
            .rows
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        while *waiting + rows > MOST_ROWS && *waiting > 0 && !self.lines.is_closed() {
            if self.patience.is_zero() {
                self.behind = true;
                return ControlFlow::Break(());
            }
            let began = Instant::now();
            let woken = self.waiting.fewer.wait_timeout(waiting, self.patience);
            waiting = woken.unwrap_or_else(PoisonError::into_inner).0;
            self.patience = self.patience.saturating_sub(began.elapsed());
        }
        *waiting += rows;
        drop(waiting);
        match self.lines.send((line.encode(None), rows)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }

    /// Waits for the shell longer than the session would.
    pub fn wait(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// For the last lines, also if the outlet has gone by then.
    pub fn ending(&self) -> Ending {
        Ending(self.lines.clone())
    }

    /// Whether nobody reads any more.
    pub fn is_closed(&self) -> bool {
        self.lines.is_closed()
    }
}

impl Inlet {
    async fn next(&mut self) -> Option<String> {
        let next = tokio::time::timeout(KEEP_ALIVE, self.lines.recv()).await;
        let Ok(next) = next else {
            return Some(Line::Here.encode(None) + "\n");
        };
        let (mut text, mut rows) = next?;
        text.push('\n');
        // What is there goes together.
        while text.len() < 64 << 10
            && let Ok((more, its_rows)) = self.lines.try_recv()
        {
            text.push_str(&more);
            text.push('\n');
            rows += its_rows;
        }
        let mut waiting = self
            .waiting
            .rows
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *waiting = waiting.saturating_sub(rows);
        drop(waiting);
        self.waiting.fewer.notify_all();
        Some(text)
    }

    /// The answer: the lines as they come.
    pub fn response(self) -> Response {
        answer(stream::unfold(self, |mut inlet| async move {
            let text = inlet.next().await?;
            Some((text, inlet))
        }))
    }
}

impl Drop for Inlet {
    fn drop(&mut self) {
        self.lines.close();
        self.waiting.fewer.notify_all();
    }
}

/// An answer of lines.
pub(super) fn answer(lines: impl futures_util::Stream<Item = String> + Send + 'static) -> Response {
    let lines = futures_util::StreamExt::map(lines, Ok::<_, Infallible>);
    let mut response = Response::new(axum::body::Body::from_stream(lines));
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("application/x-ndjson");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
