//! Who may ask: whoever shows the token, if there is one.

use std::sync::atomic::Ordering;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use subtle::ConstantTimeEq as _;

use super::Shared;
use crate::serve::failure::Failure;

/// Lets a request through, or not.
pub(super) async fn check(
    State(app): Shared,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let Some(token) = &app.config.token else {
        return Ok(next.run(request).await);
    };
    let shown = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|it| it.to_str().ok())
        .and_then(|it| it.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim());
    // In the same time, however much of it is right.
    let right = shown.is_some_and(|it| it.as_bytes().ct_eq(token.reveal().as_bytes()).into());
    if right {
        return Ok(next.run(request).await);
    }
    app.counters.unauthorized.fetch_add(1, Ordering::Relaxed);
    let message = match shown {
        None => "this needs a token",
        Some(_) => "this is not the token",
    };
    Err(
        Failure::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
            .help("send the header `Authorization: Bearer …`"),
    )
}
