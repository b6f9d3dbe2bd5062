//! Bodies of requests: received within bounds of size, time and of what all of them take together.

use axum::http::StatusCode;
use futures_util::StreamExt as _;
use tokio::sync::OwnedSemaphorePermit;

use super::app::{App, UNIT};
use super::failure::Failure;

/// A body, and the room that it takes until it is dropped.
#[derive(Debug)]
pub(crate) struct Body<T> {
    pub content: T,
    room: Vec<OwnedSemaphorePermit>,
}

impl<T> Body<T> {
    /// One that nobody sent.
    pub fn of(content: T) -> Self {
        Self {
            content,
            room: Vec::new(),
        }
    }

    /// The content, and what holds its room.
    pub fn split(self) -> (T, Vec<OwnedSemaphorePermit>) {
        (self.content, self.room)
    }
}

/// A body as it is.
pub(crate) async fn bytes(app: &App, body: axum::body::Body) -> Result<Body<Vec<u8>>, Failure> {
    let timeout = app.config.limits.body_timeout.0;
    let received = tokio::time::timeout(timeout, receive(app, body)).await;
    received.unwrap_or_else(|_| {
        let message = format!("the body did not come within {} s", timeout.as_secs_f64());
        Err(Failure::new(
            StatusCode::REQUEST_TIMEOUT,
            "timeout",
            message,
        ))
    })
}

/// A body that is text.
pub(crate) async fn text(app: &App, body: axum::body::Body) -> Result<Body<String>, Failure> {
    let (content, room) = bytes(app, body).await?.split();
    let content = String::from_utf8(content).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::bad_request(format!("the body is not UTF-8, from byte {at} on"))
    })?;
    Ok(Body { content, room })
}

/// A body that is JSON, whatever its content type says; an empty one is `{}`.
pub(crate) async fn json<T: serde::de::DeserializeOwned>(
    app: &App,
    body: axum::body::Body,
) -> Result<T, Failure> {
    let (content, _room) = bytes(app, body).await?.split();
    let content = match content.trim_ascii() {
        b"" => b"{}".as_slice(),
        content => content,
    };
    serde_json::from_slice(content)
        .map_err(|error| Failure::bad_request(format!("the body can't be read: {error}")))
}

async fn receive(app: &App, body: axum::body::Body) -> Result<Body<Vec<u8>>, Failure> {
    let most = app.config.limits.body_bytes;
    let mut content = Vec::new();
    let mut room = Vec::new();
    let mut chunks = body.into_data_stream();
    let failure = loop {
        let Some(chunk) = chunks.next().await else {
            return Ok(Body { content, room });
        };
        let chunk =
            chunk.map_err(|error| Failure::bad_request(format!("the body broke off: {error}")))?;
        if content.len() + chunk.len() > most {
            let message = format!("a body may have {most} bytes, and this one has more");
            break Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
                .help("send it in parts, or raise limits.body_bytes");
        }
        let units = u32::try_from(chunk.len().div_ceil(UNIT)).unwrap_or(u32::MAX);
        match std::sync::Arc::clone(&app.room).try_acquire_many_owned(units) {
            Ok(permit) => room.push(permit),
            Err(_) => {
                let throttled = &app.counters.throttled;
                throttled.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                break Failure::busy("too many bytes wait for the engine: limits.in_flight_bytes");
            }
        }
        content.extend_from_slice(&chunk);
    };
    drop((content, room));
    // Whoever is still sending would see its connection break, and not the answer: the rest is read, and kept nowhere.
    let mut rest = 0;
    while let Some(Ok(chunk)) = chunks.next().await {
        rest += chunk.len();
        if rest > most {
            break;
        }
    }
    Err(failure)
}
