//! Why a request was not done, as clients get it: a status and JSON.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use portent_grammar::codes::{runtime as codes, store};
use serde_json::json;

use super::shell::Line;
use super::wire;
use crate::error::Errors;

/// See the module.
#[derive(Debug)]
pub(crate) struct Failure {
    pub status: StatusCode,
    body: serde_json::Value,
    /// Whether the same request may go well a little later.
    again: bool,
}

impl Failure {
    /// A status, a word for programs, and a sentence for people.
    pub fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            body: json!({ "error": { "code": code, "message": message.into() } }),
            again: true,
        }
    }

    /// Adds what mends it.
    #[must_use]
    pub fn help(mut self, help: &str) -> Self {
        if let Some(error) = self.body.get_mut("error") {
            error["help"] = help.into();
        }
        self
    }

    /// Adds something for programs.
    #[must_use]
    pub fn with(mut self, name: &str, value: serde_json::Value) -> Self {
        self.body[name] = value;
        self
    }

    /// For a shell whose answer has begun already.
    pub fn to_line(&self) -> Line {
        let error = self.body.get("error");
        let text = |key: &str| Some(error?.get(key)?.as_str()?.to_owned());
        Line::Failed {
            message: text("message").unwrap_or_else(|| self.status.to_string()),
            help: text("help"),
        }
    }

    /// The engine is behind: try again.
    pub fn busy(message: &str) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "busy", message)
            .help("nothing was accepted: send it again after the time in Retry-After")
    }

    /// The session has ended.
    pub fn gone() -> Self {
        let message = "the daemon is stopping: nothing is taken any more";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", message)
    }

    /// The disk refuses matches, or where a group is.
    pub fn of_disk(errors: &Errors) -> Self {
        let mut failure = Self::of_statement(errors);
        failure.status = StatusCode::SERVICE_UNAVAILABLE;
        failure.again = true;
        failure
    }

    /// Events were understood, and something behind them failed: a sink, say.
    pub fn of_push(errors: Errors) -> Self {
        let mut failure = Self::from(errors);
        if failure.status == StatusCode::BAD_REQUEST {
            failure.status = StatusCode::INTERNAL_SERVER_ERROR;
        }
        failure
    }

    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }
}

impl Failure {
    /// A statement is wrong: whatever it names, the request was understood. Or it took too long.
    pub fn of_statement(errors: &Errors) -> Self {
        let status = match errors.code() {
            Some(codes::STATEMENT_TIME) => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        };
        Self {
            status,
            body: json!({ "error": wire::errors(errors) }),
            again: false,
        }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.status, self.body)
    }
}

impl From<Errors> for Failure {
    fn from(errors: Errors) -> Self {
        let unknown = [
            codes::NO_SUCH_QUERY,
            portent_grammar::codes::names::UNKNOWN_STREAM,
        ];
        let mut failure = Self::of_statement(&errors);
        if errors.code().is_some_and(|code| unknown.contains(&code)) {
            failure.status = StatusCode::NOT_FOUND;
        }
        match errors.code() {
            Some(codes::STREAM_GONE) => failure.status = StatusCode::CONFLICT,
            Some(store::STORE_FULL | store::MATCHES_UNWRITTEN) => {
                (failure.status, failure.again) = (StatusCode::INSUFFICIENT_STORAGE, true);
            }
            Some(store::LOG_IO | store::LOG_POISONED | store::LOG_CLOSED) => {
                failure.status = StatusCode::SERVICE_UNAVAILABLE;
            }
            _ => {}
        }
        failure
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body)).into_response();
        let headers = response.headers_mut();
        match self.status {
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::INSUFFICIENT_STORAGE
                if self.again =>
            {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            StatusCode::UNAUTHORIZED => {
                let scheme = HeaderValue::from_static("Bearer");
                headers.insert(header::WWW_AUTHENTICATE, scheme);
            }
            _ => {}
        }
        response
    }
}
