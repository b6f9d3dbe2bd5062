//! Statements of a shell: the answer comes line by line, as it arises.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use portent_grammar::Value;
use serde_json::{Value as Json_, json};

use super::Shared;
use super::lines::{self, Outlet};
use super::run::Ready;
use super::taker::Taker;
use crate::error::{Errors, SourceText};
use crate::serve::body;
use crate::serve::failure::Failure;
use crate::serve::hub::Hub;
use crate::serve::shell::Line;
use crate::session::Piece;

/// Rows travel in bundles, which do not wait for their last row for longer than this.
const BUNDLE: usize = 256;
const OLD: Duration = Duration::from_millis(100);

/// Executes statements.
pub(super) async fn shell(State(app): Shared, body: axum::body::Body) -> Result<Response, Failure> {
    let body = body::text(&app, body).await?;
    let ready = Ready::of(&app, body, "<request>").await?;
    let (outlet, inlet) = lines::channel();
    let ending = outlet.ending();
    tokio::spawn(async move {
        let source = ready.source();
        let hub = Arc::clone(&app.hub);
        let lines = Lines {
            told: hub.seen(),
            seen: hub.seen(),
            hub,
            outlet,
            rows: Vec::new(),
            began: Instant::now(),
        };
        let mut last = Vec::new();
        match ready.execute(lines).await {
            Ok((lines, result)) => {
                last.push(Line::Seen(lines.seen));
                last.extend(match result {
                    Err(_) if lines.outlet.behind => Some(behind()),
                    Err(errors) => Some(Line::Errors(errors)),
                    Ok(()) => None,
                });
            }
            Err(failure) => last.push(failure.to_line()),
        }
        last.push(Line::Done);
        ending.end(last.iter().map(|it| it.encode(Some(&source))));
    });
    Ok(inlet.response())
}

/// Pieces as lines.
struct Lines {
    outlet: Outlet,
    hub: Arc<Hub>,
    /// The last match that the shell was told of, and the last there is.
    told: u64,
    seen: u64,
    rows: Vec<Vec<Value>>,
    began: Instant,
}

impl Taker for Lines {
    fn take(&mut self, piece: Piece<'_>) -> ControlFlow<()> {
        if let Piece::Row(values) = &piece {
            if self.rows.is_empty() {
                self.began = Instant::now();
            }
            self.rows.push(values.to_vec());
            if self.rows.len() < BUNDLE && self.began.elapsed() < OLD {
                return ControlFlow::Continue(());
            }
        }
        if !self.rows.is_empty() {
            let count = self.rows.len();
            let rows = Line::Rows(std::mem::take(&mut self.rows));
            self.outlet.send(&rows, count)?;
        }
        let line = match piece {
            Piece::Row(_) => return ControlFlow::Continue(()),
            Piece::Reply(reply) => Line::Reply(reply),
            Piece::Header(schema) => Line::Header(Arc::clone(schema)),
            Piece::End => Line::End,
            Piece::Waiting => Line::Waiting,
            Piece::Progress(progress) => Line::Progress(*progress),
        };
        // Whoever listens to matches, too, can tell what came first.
        self.seen = self.hub.seen();
        if self.seen != self.told && matches!(line, Line::Reply(_)) {
            self.told = self.seen;
            self.outlet.send(&Line::Seen(self.seen), 0)?;
        }
        self.outlet.send(&line, 1)
    }

    fn is_gone(&self) -> bool {
        self.outlet.is_closed()
    }

    fn done(&mut self) {
        self.seen = self.hub.seen();
    }

    fn beside(&mut self, patience: Duration) {
        self.outlet.wait(patience);
    }
}

fn behind() -> Line {
    Line::Failed {
        message: "the statement was stopped: too many of its rows wait to be read, and the daemon waits for nobody"
            .to_owned(),
        help: Some("add LIMIT, or CREATE QUERY and follow its matches".to_owned()),
    }
}

/// The names that a statement may use.
pub(super) async fn names(State(app): Shared) -> Result<Json<crate::Names>, Failure> {
    Ok(Json(app.ask(|session| session.names()).await?))
}

/// What time it is, and how far the streams are.
pub(super) async fn clock(State(app): Shared) -> Result<Json<Json_>, Failure> {
    let iso = |time: i64| Value::Timestamp(time).to_json();
    let (now, by_hand, streams) = app
        .ask(|session| {
            let times = session.stream_times();
            (session.now(), session.is_virtual_clock(), times)
        })
        .await?;
    let streams: Vec<Json_> = streams
        .into_iter()
        .map(|(name, reached)| json!({ "name": name, "reached": reached.map(iso) }))
        .collect();
    Ok(Json(
        json!({ "now": iso(now), "by_hand": by_hand, "streams": streams }),
    ))
}

/// An error that a shell shows as its own.
pub(super) fn errors(errors: Errors, source: &Arc<SourceText>) -> String {
    Line::Errors(errors).encode(Some(source))
}
