//! The matches of a query over a WebSocket: to all, or, in a group, each to one, with acknowledgements coming back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Shared, matches};
use crate::Errors;
use crate::serve::app::{App, stopped};
use crate::serve::config::OnLag;
use crate::serve::failure::Failure;
use crate::serve::log::{From, MatchLog};

/// So many matches are taken from the log at once.
const PAGE: usize = 64;
/// In a group: so many may wait for their acknowledgement.
const UNACKNOWLEDGED: usize = 1_000;
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Consumers that do not say their name get a number.
static NUMBER: AtomicU64 = AtomicU64::new(1);
/// What clients send is small.
const MOST_BYTES: usize = 1 << 20;

/// Where to begin, and how.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    from: Option<String>,
    on_lag: Option<String>,
    group: Option<String>,
    consumer: Option<String>,
}

/// What clients may say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    ack: Vec<u64>,
}

/// Changes to a WebSocket.
pub(super) async fn socket(
    State(app): Shared,
    Path(query): Path<String>,
    Query(options): Query<Options>,
    upgrade: WebSocketUpgrade,
) -> Result<Response, Failure> {
    let log = matches::log(&app, &query).await?;
    let otherwise = match options.group {
        Some(_) => From::Earliest,
        None => From::Now,
    };
    let from = matches::from(options.from.as_deref(), otherwise)?;
    let on_lag = matches::on_lag(&app, options.on_lag.as_deref())?;
    let consumer = match (options.group, options.consumer) {
        (Some(group), consumer) => {
            matches::join(&app, &log, &group, from).await?;
            let name = || format!("socket-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
            Some((group, consumer.unwrap_or_else(name)))
        }
        (None, Some(_)) => {
            return Err(Failure::bad_request(
                "a consumer belongs to a group: add ?group=…",
            ));
        }
        (None, None) => None,
    };
    let next = log.begin(from);
    Ok(upgrade
        .max_message_size(MOST_BYTES)
        .on_upgrade(move |socket| async move {
            app.counters.subscribers.fetch_add(1, Ordering::Relaxed);
            let peer = Peer {
                app: Arc::clone(&app),
                log: Arc::clone(&log),
                next,
                on_lag,
                consumer: consumer.clone(),
            };
            peer.serve(socket).await;
            if let Some((group, consumer)) = consumer {
                log.leave(&group, &consumer, Instant::now());
            }
            app.counters.subscribers.fetch_sub(1, Ordering::Relaxed);
        }))
}

struct Peer {
    app: Arc<App>,
    log: Arc<MatchLog>,
    next: u64,
    on_lag: OnLag,
    consumer: Option<(String, String)>,
}

/// Why the conversation ends.
enum End {
    /// The peer has gone.
    Gone,
    /// Said to the peer.
    Close(u16, &'static str),
}

impl Peer {
    async fn serve(mut self, mut socket: WebSocket) {
        if let Err(End::Close(code, reason)) = self.talk(&mut socket).await {
            let frame = CloseFrame {
                code,
                reason: reason.into(),
            };
            let _ = socket.send(Message::Close(Some(frame))).await;
        }
    }

    async fn talk(&mut self, socket: &mut WebSocket) -> Result<(), End> {
        let mut changed = self.log.watch();
        let mut stop = self.app.stop.subscribe();
        loop {
            changed.mark_unchanged();
            // A lease that ends meanwhile is one to wake up for.
            let asked = Instant::now();
            let sent = self.send_some(socket).await?;
            if sent {
                // What the peer has to say meanwhile shall not wait until there is nothing to tell.
                while let Some(message) = futures_util::FutureExt::now_or_never(socket.recv()) {
                    self.hear(message)?;
                }
                continue;
            }
            if self.log.is_dropped() {
                return Err(End::Close(close_code::NORMAL, "the query was dropped"));
            }
            let lease = self
                .consumer
                .as_ref()
                .and_then(|(group, _)| self.log.next_lease(group, asked));
            let wake = Instant::now() + KEEP_ALIVE;
            let wake = lease.map_or(wake, |it| it.min(wake));
            tokio::select! {
                _ = changed.changed() => {}
                message = socket.recv() => self.hear(message)?,
                () = tokio::time::sleep_until(wake.into()) => {
                    let ping = socket.send(Message::Ping(Vec::new().into()));
                    ping.await.map_err(|_| End::Gone)?;
                }
                () = stopped(&mut stop) => {
                    return Err(End::Close(close_code::AWAY, "the daemon is stopping"));
                }
            }
        }
    }

    /// Sends what there is; whether it was anything.
    async fn send_some(&mut self, socket: &mut WebSocket) -> Result<bool, End> {
        let mut texts: Vec<String> = Vec::new();
        if let Some((group, consumer)) = &self.consumer {
            let timeout = self.app.config.matches.ack_timeout.0;
            let now = Instant::now();
            let held = self.log.held(group, consumer, now);
            let room = UNACKNOWLEDGED.saturating_sub(held).min(PAGE);
            let given = self.log.take(group, consumer, room, timeout, now);
            for given in given.await.map_err(|error| disk(&error))? {
                let mut one: Value = serde_json::from_str(&given.entry.json()).unwrap_or_default();
                one["deliveries"] = given.deliveries.into();
                texts.push(one.to_string());
            }
        } else {
            let page = self.log.page(self.next, PAGE);
            let page = page.await.map_err(|error| disk(&error))?;
            if page.lost > 0 {
                self.app.counters.lagged.fetch_add(1, Ordering::Relaxed);
                let text = json!({ "lost": page.lost }).to_string();
                socket
                    .send(Message::text(text))
                    .await
                    .map_err(|_| End::Gone)?;
                if self.on_lag == OnLag::Disconnect {
                    return Err(End::Close(
                        close_code::POLICY,
                        "too slow: matches were lost",
                    ));
                }
            }
            self.next = page.next;
            texts.extend(page.entries.iter().map(|it| it.json().to_string()));
        }
        let count = texts.len() as u64;
        for text in texts {
            socket
                .send(Message::text(text))
                .await
                .map_err(|_| End::Gone)?;
        }
        let delivered = &self.app.counters.delivered;
        delivered.fetch_add(count, Ordering::Relaxed);
        Ok(count > 0)
    }

    fn hear(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        let text = match message {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Ok(()),
            Some(Ok(Message::Binary(_))) => {
                return Err(End::Close(close_code::UNSUPPORTED, "send text"));
            }
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(End::Gone),
        };
        let Ok(Said { ack }) = serde_json::from_str(&text) else {
            let reason = "say {\"ack\": [numbers]}, and nothing else";
            return Err(End::Close(close_code::INVALID, reason));
        };
        let Some((group, _)) = &self.consumer else {
            let reason = "only consumers of a group acknowledge: ?group=…";
            return Err(End::Close(close_code::POLICY, reason));
        };
        if self.log.acknowledge(group, &ack).is_some_and(|it| it > 0) {
            self.app.hub.note_group(&self.log, group);
        }
        Ok(())
    }
}

fn disk(error: &Errors) -> End {
    tracing::error!(%error, "matches can't be read");
    End::Close(close_code::ERROR, "the disk refuses")
}
