//! The matches of all queries, as they come (server-sent events).

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::{Query, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures_util::{StreamExt as _, stream};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::Shared;
use super::matches::KEEP_ALIVE;
use crate::serve::app::{App, stopped};
use crate::serve::failure::Failure;
use crate::serve::log::Entry;
use crate::serve::shell::Line;

/// How they look.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// `rows`: as the matches of one query; `shell`: as lines of the shell, which keep their types.
    format: Option<String>,
}

/// Somebody who listens.
struct Listener {
    app: Arc<App>,
    matches: Receiver<(u64, Arc<Entry>)>,
    stop: tokio::sync::watch::Receiver<bool>,
    shell: bool,
    ended: bool,
}

impl Drop for Listener {
    fn drop(&mut self) {
        let subscribers = &self.app.counters.subscribers;
        subscribers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Those that come from now on. Nothing is kept for those who are not there: a query's own matches can be read from any number.
pub(super) async fn feed(
    State(app): Shared,
    Query(options): Query<Options>,
) -> Result<Response, Failure> {
    let shell = match options.format.as_deref() {
        None | Some("rows") => false,
        Some("shell") => true,
        Some(other) => {
            return Err(Failure::bad_request(format!(
                "format must be rows or shell, not `{other}`"
            )));
        }
    };
    let (seen, matches) = app.hub.listen();
    app.counters.subscribers.fetch_add(1, Ordering::Relaxed);
    let listener = Listener {
        matches,
        stop: app.stop.subscribe(),
        app,
        shell,
        ended: false,
    };
    let hello = format!("id: {seen}\nevent: hello\ndata: {{\"seen\":{seen}}}\n\n");
    let first = stream::once(async { hello });
    let rest = stream::unfold(listener, |mut listener| async move {
        let text = listener.text().await?;
        Some((text, listener))
    });
    let body = axum::body::Body::from_stream(first.chain(rest).map(Ok::<_, Infallible>));
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("text/event-stream");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

impl Listener {
    /// What is to be sent next; `None`: nothing any more.
    async fn text(&mut self) -> Option<String> {
        if self.ended {
            return None;
        }
        tokio::select! {
            // What came before the end is told before it.
            biased;
            received = self.matches.recv() => match received {
                Ok((number, entry)) => Some(self.event(number, &entry)),
                Err(RecvError::Lagged(lost)) => {
                    self.app.counters.lagged.fetch_add(1, Ordering::Relaxed);
                    let told = json!({ "lost": lost });
                    Some(format!("event: lost\ndata: {told}\n\n"))
                }
                Err(RecvError::Closed) => None,
            },
            () = stopped(&mut self.stop) => {
                self.ended = true;
                Some("event: end\ndata: {\"reason\":\"stopping\"}\n\n".to_owned())
            }
            () = tokio::time::sleep(KEEP_ALIVE) => Some(": here\n\n".to_owned()),
        }
    }

    fn event(&self, number: u64, entry: &Entry) -> String {
        let delivered = &self.app.counters.delivered;
        delivered.fetch_add(1, Ordering::Relaxed);
        match self.shell {
            true => {
                let line = Line::Match(entry.emitted.clone()).encode(None);
                format!("id: {number}\nevent: match\ndata: {line}\n\n")
            }
            false => format!("id: {number}\nevent: match\ndata: {}\n\n", entry.json()),
        }
    }
}
