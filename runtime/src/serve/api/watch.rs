//! A SELECT over what is to come, for as long as somebody reads the answer.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::{StreamExt as _, stream};
use tokio::sync::watch::Receiver;

use super::lines::answer;
use super::matches::{KEEP_ALIVE, PAGE};
use super::{Shared, shell};
use crate::error::SourceText;
use crate::serve::app::{App, Phase, stopped};
use crate::serve::body;
use crate::serve::failure::Failure;
use crate::serve::log::{From, MatchLog};
use crate::serve::shell::Line;
use crate::serve::sources;

/// Begins to watch: the first line says what, rows follow.
pub(super) async fn watch(State(app): Shared, body: axum::body::Body) -> Result<Response, Failure> {
    if app.phase() == Phase::Draining {
        return Err(Failure::gone());
    }
    let body = body::text(&app, body).await?;
    let source = SourceText::new("<live>", body.content.as_str());
    let (text, owner) = (Arc::clone(&source), Arc::clone(&app));
    let begun = app.ask(move |session| {
        let watch = session.watch_source(&text)?;
        let log = owner.hub.watch(&watch.name);
        owner.counters.subscribers.fetch_add(1, Ordering::Relaxed);
        // Made here: if whoever asked has gone, it goes with the answer.
        let lease = Lease {
            name: watch.name.as_str().into(),
            app: owner,
        };
        Ok((watch, log, lease))
    });
    let (watch, log, lease) = match begun.await? {
        Ok(begun) => begun,
        Err(errors) => {
            let lines = [shell::errors(errors, &source), Line::Done.encode(None)];
            let lines = stream::iter(lines).map(|it| it + "\n");
            return Ok(answer(lines));
        }
    };
    // What it reads may have a source that nobody has read so far.
    sources::follow(&app).await?;
    let first = Line::Watching(watch).encode(Some(&source)) + "\n";
    let rows = Rows {
        next: log.begin(From::Earliest),
        changed: log.watch(),
        stop: lease.app.stop.subscribe(),
        log,
        lease,
        ended: false,
    };
    let rest = stream::unfold(rows, |mut rows| async move {
        let text = rows.text().await?;
        Some((text, rows))
    });
    let first = stream::once(async { first });
    Ok(answer(first.chain(rest)))
}

/// Ends a watch, which may have ended by itself.
pub(super) async fn unwatch(
    State(app): Shared,
    Path(name): Path<String>,
) -> Result<StatusCode, Failure> {
    let hub = Arc::clone(&app.hub);
    app.ask(move |session| {
        hub.leave(name.into());
        hub.end_watches(session);
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the watch when it goes.
struct Lease {
    name: Arc<str>,
    app: Arc<App>,
}

impl Drop for Lease {
    fn drop(&mut self) {
        let subscribers = &self.app.counters.subscribers;
        subscribers.fetch_sub(1, Ordering::Relaxed);
        self.app.hub.leave(Arc::clone(&self.name));
        let hub = Arc::clone(&self.app.hub);
        // At once if there is room; else with the next tick.
        let _ = self
            .app
            .handle
            .try_post(move |session| hub.end_watches(session));
        // A source that nobody else reads is not wanted any more. (Dropped elsewhere than in a task, it was never begun.)
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let app = Arc::clone(&self.app);
            runtime.spawn(async move {
                let _ = sources::follow(&app).await;
            });
        }
    }
}

/// The rows on their way.
struct Rows {
    log: Arc<MatchLog>,
    next: u64,
    changed: Receiver<u64>,
    stop: Receiver<bool>,
    lease: Lease,
    ended: bool,
}

impl Rows {
    /// What is to be sent next; `None`: nothing any more.
    async fn text(&mut self) -> Option<String> {
        if self.ended {
            return None;
        }
        loop {
            self.changed.mark_unchanged();
            // Asked before it is looked: what came before the end is there then.
            let name = Arc::clone(&self.lease.name);
            let ended = self.lease.app.ask(move |session| {
                let why = session.why_watch_ended(&name).map(str::to_owned);
                session.is_watch_done(&name).then_some(why)
            });
            let ended = ended.await.unwrap_or(None);
            let page = self.log.read(self.next, PAGE);
            if !page.entries.is_empty() || page.lost > 0 {
                self.next = page.next;
                let lost = (page.lost > 0).then_some(Line::Lost(page.lost));
                let rows = page
                    .entries
                    .iter()
                    .map(|it| Line::Match(it.emitted.clone()));
                let lines = lost.into_iter().chain(rows);
                return Some(lines.map(|it| it.encode(None) + "\n").collect());
            }
            if let Some(why) = ended {
                return Some(self.end(why));
            }
            tokio::select! {
                _ = self.changed.changed() => {}
                () = tokio::time::sleep(KEEP_ALIVE) => return Some(Line::Here.encode(None) + "\n"),
                () = stopped(&mut self.stop) => return Some(self.end(None)),
            }
        }
    }

    /// The last lines; the first of them says why it ends, where that is not what the SELECT said itself.
    fn end(&mut self, why: Option<String>) -> String {
        self.ended = true;
        let why = why.map(|why| Line::Failed {
            message: format!("the SELECT has ended: {why}"),
            help: None,
        });
        let lines = why.into_iter().chain([Line::Done]);
        lines.map(|it| it.encode(None) + "\n").collect()
    }
}
