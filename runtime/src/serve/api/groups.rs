//! Consumer groups: each match goes to one consumer of a group, and again to another one if it is not acknowledged in time.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Shared, matches};
use crate::serve::app::stopped;
use crate::serve::body;
use crate::serve::failure::Failure;
use crate::serve::log::From;

/// At most so many matches are given at once.
const MOST: usize = 1_000;

/// What a consumer wants.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Take {
    /// Who it is.
    consumer: String,
    /// At most so many matches.
    limit: Option<usize>,
    /// How many seconds to wait for the first.
    wait: Option<f64>,
    /// Where the group begins, if it is new: a number, `earliest` (the default) or `now`.
    from: Option<String>,
}

/// Gives matches to a consumer of a group.
pub(super) async fn take(
    State(app): Shared,
    Path((query, group)): Path<(String, String)>,
    body: axum::body::Body,
) -> Result<Json<Value>, Failure> {
    let take: Take = body::json(&app, body).await?;
    let log = matches::log(&app, &query).await?;
    let limit = take.limit.unwrap_or(100);
    if limit == 0 || limit > MOST {
        return Err(Failure::bad_request(format!("limit must be 1 to {MOST}")));
    }
    matches::join(
        &app,
        &log,
        &group,
        matches::from(take.from.as_deref(), From::Earliest)?,
    )
    .await?;
    let wait = Duration::try_from_secs_f64(take.wait.unwrap_or(0.0)).unwrap_or_default();
    let until = Instant::now() + wait.min(Duration::from_secs(60));
    let timeout = app.config.matches.ack_timeout.0;
    let mut changed = log.watch();
    let mut stop = app.stop.subscribe();
    let given = loop {
        changed.mark_unchanged();
        let now = Instant::now();
        let given = log.take(&group, &take.consumer, limit, timeout, now);
        let given = given.await.map_err(|error| Failure::of_disk(&error))?;
        if !given.is_empty() || now >= until || log.is_dropped() {
            break given;
        }
        // A lease that ends is as good as a new match.
        let next = log
            .next_lease(&group, now)
            .map_or(until, |it| it.min(until));
        tokio::select! {
            _ = changed.changed() => {}
            () = tokio::time::sleep_until(next.into()) => {}
            () = stopped(&mut stop) => break given,
        }
    };
    let delivered = &app.counters.delivered;
    delivered.fetch_add(given.len() as u64, Ordering::Relaxed);
    let matches = given.iter().map(|it| {
        let mut one: Value = serde_json::from_str(&it.entry.json()).unwrap_or_default();
        one["deliveries"] = it.deliveries.into();
        one
    });
    Ok(Json(json!({
        "matches": matches.collect::<Vec<_>>(),
        "ack_within": timeout.as_secs_f64(),
    })))
}

/// What a consumer has done.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Acknowledge {
    numbers: Vec<u64>,
}

/// These matches need not be given out again.
pub(super) async fn acknowledge(
    State(app): Shared,
    Path((query, group)): Path<(String, String)>,
    body: axum::body::Body,
) -> Result<Json<Value>, Failure> {
    let Acknowledge { numbers } = body::json(&app, body).await?;
    let log = matches::log(&app, &query).await?;
    let Some(acknowledged) = log.acknowledge(&group, &numbers) else {
        return Err(unknown(&query, &group));
    };
    // Also if it was none: perhaps an acknowledgement is said again since it could not be written down.
    let saved = app.hub.save_group(&log, &group).await;
    saved.map_err(|error| Failure::of_disk(&error))?;
    Ok(Json(json!({
        "acknowledged": acknowledged,
        "not_pending": numbers.len() as u64 - acknowledged,
    })))
}

/// All groups of a query.
pub(super) async fn list(
    State(app): Shared,
    Path(query): Path<String>,
) -> Result<Json<Value>, Failure> {
    let log = matches::log(&app, &query).await?;
    let groups = log.groups().into_iter().map(|it| {
        json!({
            "name": it.name,
            "next": it.next,
            "pending": it.pending,
            "acknowledged": it.acknowledged,
            "redelivered": it.redelivered,
            "lost": it.lost,
        })
    });
    Ok(Json(json!({ "groups": groups.collect::<Vec<_>>() })))
}

/// Forgets a group.
pub(super) async fn remove(
    State(app): Shared,
    Path((query, group)): Path<(String, String)>,
) -> Result<Json<Value>, Failure> {
    let log = matches::log(&app, &query).await?;
    if !log.remove_group(&group) {
        return Err(unknown(&query, &group));
    }
    let saved = app.hub.save_group(&log, &group).await;
    saved.map_err(|error| Failure::of_disk(&error))?;
    Ok(Json(json!({ "removed": group })))
}

fn unknown(query: &str, group: &str) -> Failure {
    Failure::not_found(format!("query \"{query}\" has no group \"{group}\""))
        .help("a group comes to be when its first consumer takes from it")
}
