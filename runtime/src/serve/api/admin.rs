//! How the daemon is, and what it is told.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::Shared;
use crate::serve::app::Phase;
use crate::serve::failure::Failure;
use crate::serve::{metrics, reload as reload_files};

/// It lives.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// It takes events, and its session answers.
pub(super) async fn readyz(State(app): Shared) -> Response {
    let state = match app.phase() {
        Phase::Starting => Some("starting"),
        Phase::Draining => Some("draining"),
        Phase::Ready => {
            if let Some(why) = app.store.as_ref().and_then(|it| it.failed()) {
                let text = format!("nothing is taken: {why}\n");
                return (StatusCode::SERVICE_UNAVAILABLE, text).into_response();
            }
            match app.ask(|_| ()).await {
                Ok(()) => None,
                Err(failure) => return failure.into_response(),
            }
        }
    };
    match state {
        None => "ready\n".into_response(),
        Some(state) => (StatusCode::SERVICE_UNAVAILABLE, format!("{state}\n")).into_response(),
    }
}

/// What it is.
pub(super) async fn version(State(app): Shared) -> Json<Value> {
    Json(json!({
        "name": "portent",
        "version": env!("CARGO_PKG_VERSION"),
        "uptime_seconds": app.started.elapsed().as_secs_f64(),
    }))
}

/// The OpenAPI document.
pub(super) async fn openapi() -> Response {
    let document = include_str!("../openapi.json");
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json)], document).into_response()
}

/// For Prometheus.
pub(super) async fn metrics(State(app): Shared, headers: HeaderMap) -> Result<Response, Failure> {
    let text = metrics::text(&app).await?;
    let accepts = headers.get(header::ACCEPT).and_then(|it| it.to_str().ok());
    let (text, kind) = match accepts {
        Some(kinds) if kinds.contains("application/openmetrics-text") => (
            text,
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        ),
        // For whoever looks with curl, and for promtool.
        _ => (
            metrics::classic(&text),
            "text/plain; version=0.0.4; charset=utf-8",
        ),
    };
    let kind = HeaderValue::from_static(kind);
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

/// Takes a checkpoint now.
pub(super) async fn checkpoint(State(app): Shared) -> Result<Json<Value>, Failure> {
    let Some(store) = app.store.clone() else {
        let message = "nothing is kept: there is no data directory";
        return Err(Failure::bad_request(message).help("start the daemon with --data-dir"));
    };
    let handle = app.handle.clone();
    let taken = tokio::task::spawn_blocking(move || store.checkpoint(&handle)).await;
    let taken = taken.map_err(|_| Failure::gone())?;
    let taken = taken.map_err(|why| {
        let message = format!("no checkpoint could be taken: {why}");
        Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "checkpoint", message)
    })?;
    Ok(Json(json!({
        "checkpoint": taken.id,
        "position": taken.position,
        "bytes": taken.bytes,
        "seconds": taken.took.as_secs_f64(),
        "held_up_seconds": taken.held_up.as_secs_f64(),
        "beside": taken.beside,
    })))
}

/// Reads the query files again.
pub(super) async fn reload(State(app): Shared) -> Result<Json<Value>, Failure> {
    let difference = reload_files(&app).await?;
    Ok(Json(difference.to_json()))
}
