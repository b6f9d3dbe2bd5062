//! The HTTP API: who answers what.

mod admin;
mod ahead;
mod auth;
mod feed;
mod groups;
mod lines;
mod matches;
mod producer;
mod queries;
mod run;
mod shell;
mod socket;
mod streams;
mod taker;
mod watch;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, delete, get, post};

use super::app::App;
use super::failure::Failure;

/// Where the state of the daemon lies in a request.
pub(crate) type Shared = State<Arc<App>>;

/// All routes. Every one of them stands in the OpenAPI document: a test says so.
pub(crate) fn router(app: Arc<App>) -> Router {
    let open = Router::new()
        .route("/healthz", get(admin::healthz))
        .route("/readyz", get(admin::readyz))
        .route("/version", get(admin::version))
        .route("/openapi.json", get(admin::openapi));
    let guarded = Router::new()
        .route("/metrics", get(admin::metrics))
        .route("/v1/run", post(run::run))
        .route("/v1/shell", post(shell::shell))
        .route("/v1/watch", post(watch::watch))
        .route("/v1/watch/{watch}", delete(watch::unwatch))
        .route("/v1/matches", get(feed::feed))
        .route("/v1/names", get(shell::names))
        .route("/v1/clock", get(shell::clock))
        .route("/v1/reload", post(admin::reload))
        .route("/v1/checkpoint", post(admin::checkpoint))
        .route("/v1/streams", get(streams::list))
        .route("/v1/streams/{stream}/events", post(streams::push))
        .route("/v1/queries", get(queries::list).post(queries::create))
        .route(
            "/v1/queries/{query}",
            get(queries::one)
                .put(queries::replace)
                .delete(queries::remove),
        )
        .route("/v1/queries/{query}/pause", post(queries::pause))
        .route("/v1/queries/{query}/resume", post(queries::resume))
        .route("/v1/queries/{query}/matches", get(matches::matches))
        .route("/v1/queries/{query}/ws", any(socket::socket))
        .route("/v1/queries/{query}/groups", get(groups::list))
        .route(
            "/v1/queries/{query}/groups/{group}/take",
            post(groups::take),
        )
        .route(
            "/v1/queries/{query}/groups/{group}/ack",
            post(groups::acknowledge),
        )
        .route("/v1/queries/{query}/groups/{group}", delete(groups::remove))
        .route_layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            auth::check,
        ));
    open.merge(guarded)
        .fallback(not_found)
        .method_not_allowed_fallback(no_such_method)
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(Arc::clone(&app), count))
        .with_state(app)
}

async fn count(State(app): Shared, request: Request, next: Next) -> Response {
    app.counters.requests.fetch_add(1, Ordering::Relaxed);
    as_json(next.run(request).await).await
}

/// What the framework refuses by itself (parameters that are none, a path that is not UTF-8), told as everything else is.
async fn as_json(response: Response) -> Response {
    let status = response.status();
    let plain = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|it| it.as_bytes().starts_with(b"text/plain"));
    if !status.is_client_error() || !plain {
        return response;
    }
    let text = axum::body::to_bytes(response.into_body(), 1 << 16).await;
    let text = text.unwrap_or_default();
    Failure::new(status, "bad_request", String::from_utf8_lossy(&text))
        .help("GET /openapi.json says what there is")
        .into_response()
}

async fn not_found(request: Request) -> Failure {
    Failure::not_found(format!("there is nothing at {}", request.uri().path()))
        .help("GET /openapi.json says what there is")
}

async fn no_such_method(request: Request) -> Failure {
    let message = format!(
        "{} does not know {}",
        request.uri().path(),
        request.method()
    );
    Failure::new(
        axum::http::StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        message,
    )
    .help("GET /openapi.json says what there is")
}
