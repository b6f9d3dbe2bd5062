//! The matches of a query: a page of them, or as they come (server-sent events).

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{Shared, queries};
use crate::serve::app::{App, stopped};
use crate::serve::config::OnLag;
use crate::serve::failure::Failure;
use crate::serve::log::{From, MatchLog, Page};

/// So many matches are taken from the log at once.
pub(super) const PAGE: usize = 256;
/// A page that is asked for has at most so many.
const MOST: usize = 10_000;
/// Something is sent at least so often, so that whoever stands between does not think that nobody is there.
pub(super) const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Where to begin, and how.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// A number, `earliest` or `now`.
    from: Option<String>,
    /// Of a page: at most so many.
    limit: Option<usize>,
    /// Of a page: how many seconds to wait for the first match.
    wait: Option<f64>,
    /// `disconnect` or `skip`.
    on_lag: Option<String>,
}

/// The log of a query that is there.
pub(super) async fn log(app: &App, query: &str) -> Result<Arc<MatchLog>, Failure> {
    let name = query.to_owned();
    let found = app.ask(move |session| {
        let mut names = session.query_names();
        let found = names.find(|it| it.eq_ignore_ascii_case(&name));
        found.map(str::to_owned).ok_or_else(|| {
            let known: Vec<&str> = session.query_names().collect();
            queries::unknown(&name, known.into_iter())
        })
    });
    Ok(app.hub.log(&found.await??.into()))
}

/// Makes a group that begins there, unless it is there. A new one is on the disk then.
pub(super) async fn join(
    app: &App,
    log: &Arc<MatchLog>,
    group: &str,
    from: From,
) -> Result<(), Failure> {
    if log.join(group, from) {
        let saved = app.hub.save_group(log, group).await;
        saved.map_err(|error| Failure::of_disk(&error))?;
    }
    Ok(())
}

/// Where a consumer wants to begin.
pub(super) fn from(text: Option<&str>, otherwise: From) -> Result<From, Failure> {
    match text {
        None => Ok(otherwise),
        Some("earliest") => Ok(From::Earliest),
        Some("now" | "latest") => Ok(From::Now),
        Some(number) => number.parse().map(From::Number).map_err(|_| {
            Failure::bad_request(format!(
                "from must be the number of a match, earliest or now, not `{number}`"
            ))
        }),
    }
}

pub(super) fn on_lag(app: &App, text: Option<&str>) -> Result<OnLag, Failure> {
    match text {
        None => Ok(app.config.matches.on_lag),
        Some("disconnect") => Ok(OnLag::Disconnect),
        Some("skip") => Ok(OnLag::Skip),
        Some(other) => Err(Failure::bad_request(format!(
            "on_lag must be disconnect or skip, not `{other}`"
        ))),
    }
}

/// A stream of events if that is what the client accepts, else a page.
pub(super) async fn matches(
    State(app): Shared,
    Path(query): Path<String>,
    Query(options): Query<Options>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let log = log(&app, &query).await?;
    let accepts = headers.get(header::ACCEPT).and_then(|it| it.to_str().ok());
    if accepts.is_some_and(|it| it.contains("text/event-stream")) {
        return events(app, log, &options, &headers);
    }
    let mut next = log.begin(from(options.from.as_deref(), From::Earliest)?);
    let limit = options.limit.unwrap_or(1_000);
    if limit == 0 || limit > MOST {
        return Err(Failure::bad_request(format!("limit must be 1 to {MOST}")));
    }
    let wait = Duration::try_from_secs_f64(options.wait.unwrap_or(0.0)).unwrap_or_default();
    let until = tokio::time::Instant::now() + wait.min(Duration::from_secs(60));
    let mut changed = log.watch();
    let mut stop = app.stop.subscribe();
    let page = loop {
        changed.mark_unchanged();
        let page = log.page(next, limit).await;
        let page = page.map_err(|error| Failure::of_disk(&error))?;
        if !page.entries.is_empty() || log.is_dropped() {
            break page;
        }
        next = page.next;
        tokio::select! {
            _ = changed.changed() => {}
            () = tokio::time::sleep_until(until) => break page,
            () = stopped(&mut stop) => break page,
        }
    };
    app.counters
        .delivered
        .fetch_add(page.entries.len() as u64, Ordering::Relaxed);
    let matches: Vec<Box<RawValue>> = page
        .entries
        .iter()
        .filter_map(|it| RawValue::from_string(it.json().to_string()).ok())
        .collect();
    let matches = serde_json::value::to_raw_value(&matches).unwrap_or_default();
    #[derive(serde::Serialize)]
    struct Answer {
        matches: Box<RawValue>,
        next: u64,
        lost: u64,
    }
    Ok(Json(Answer {
        matches,
        next: page.next,
        lost: page.lost,
    })
    .into_response())
}

/// A consumer on its way through a log.
struct Consumer {
    app: Arc<App>,
    log: Arc<MatchLog>,
    next: u64,
    on_lag: OnLag,
    changed: tokio::sync::watch::Receiver<u64>,
    stop: tokio::sync::watch::Receiver<bool>,
    ended: bool,
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.app
            .counters
            .subscribers
            .fetch_sub(1, Ordering::Relaxed);
    }
}

fn events(
    app: Arc<App>,
    log: Arc<MatchLog>,
    options: &Options,
    headers: &HeaderMap,
) -> Result<Response, Failure> {
    // Whoever comes back says what it saw last.
    let seen = headers
        .get("last-event-id")
        .and_then(|it| it.to_str().ok())
        .and_then(|it| it.parse::<u64>().ok());
    let begin = match (seen, options.from.as_deref()) {
        (Some(seen), None) => From::Number(seen.saturating_add(1)),
        (_, text) => from(text, From::Now)?,
    };
    let on_lag = on_lag(&app, options.on_lag.as_deref())?;
    app.counters.subscribers.fetch_add(1, Ordering::Relaxed);
    let consumer = Consumer {
        next: log.begin(begin),
        changed: log.watch(),
        stop: app.stop.subscribe(),
        app,
        log,
        on_lag,
        ended: false,
    };
    // The head goes at once, so that whoever waits knows that it is heard.
    let first = stream::once(async { Ok::<_, Infallible>(": hello\n\n".to_owned()) });
    let rest = stream::unfold(consumer, |mut consumer| async move {
        let text = consumer.text().await?;
        Some((Ok::<_, Infallible>(text), consumer))
    });
    let body = axum::body::Body::from_stream(futures_util::StreamExt::chain(first, rest));
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

impl Consumer {
    /// What is to be sent next; `None`: nothing any more. Nothing is gathered: who does not read is not read for.
    async fn text(&mut self) -> Option<String> {
        if self.ended {
            return None;
        }
        loop {
            self.changed.mark_unchanged();
            let page = match self.log.page(self.next, PAGE).await {
                Ok(page) => page,
                Err(error) => {
                    tracing::error!(%error, "matches can't be read");
                    self.ended = true;
                    return Some("event: end\ndata: {\"reason\":\"disk\"}\n\n".to_owned());
                }
            };
            if !page.entries.is_empty() || page.lost > 0 {
                return Some(self.page(&page));
            }
            if self.log.is_dropped() {
                self.ended = true;
                return Some("event: end\ndata: {\"reason\":\"dropped\"}\n\n".to_owned());
            }
            tokio::select! {
                _ = self.changed.changed() => {}
                () = tokio::time::sleep(KEEP_ALIVE) => return Some(": here\n\n".to_owned()),
                () = stopped(&mut self.stop) => {
                    self.ended = true;
                    return Some("event: end\ndata: {\"reason\":\"stopping\"}\n\n".to_owned());
                }
            }
        }
    }

    fn page(&mut self, page: &Page) -> String {
        use std::fmt::Write as _;
        let mut text = String::new();
        if page.lost > 0 {
            self.app.counters.lagged.fetch_add(1, Ordering::Relaxed);
            let told: Value =
                json!({ "lost": page.lost, "next": page.next - page.entries.len() as u64 });
            let _ = write!(text, "event: lost\ndata: {told}\n\n");
            if self.on_lag == OnLag::Disconnect {
                self.ended = true;
                return text;
            }
        }
        self.next = page.next;
        let delivered = &self.app.counters.delivered;
        delivered.fetch_add(page.entries.len() as u64, Ordering::Relaxed);
        for entry in &page.entries {
            let _ = write!(
                text,
                "id: {}\nevent: match\ndata: {}\n\n",
                entry.number,
                entry.json()
            );
        }
        text
    }
}
