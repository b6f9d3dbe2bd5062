//! Statements of a shell: the answer comes line by line, as it arises.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde_json::{Value as Json_, json};

use super::Shared;
use super::lines::{self, Outlet};
use super::run::{Mark, Ready, mark};
use crate::error::{Errors, SourceText};
use crate::serve::body;
use crate::serve::failure::Failure;
use crate::serve::hub::Hub;
use crate::serve::shell::Line;
use crate::session::{Piece, Session};

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
        let hub = Arc::clone(&app.hub);
        let source = ready.source();
        let done = ready.execute(move |session, source, marks| {
            let mut outlet = outlet;
            let result = run(session, source, &hub, &mut outlet, marks);
            (result, hub.seen())
        });
        let mut last = Vec::new();
        match done.await {
            Ok((result, seen)) => {
                last.push(Line::Seen(seen));
                last.extend(result.err());
            }
            Err(failure) => last.push(failure.to_line()),
        }
        last.push(Line::Done);
        ending.end(last.iter().map(|it| it.encode(Some(&source))));
    });
    Ok(inlet.response())
}

/// On the session's thread.
fn run(
    session: &mut Session,
    source: &Arc<SourceText>,
    hub: &Hub,
    outlet: &mut Outlet,
    marks: &mut Vec<Mark>,
) -> Result<(), Line> {
    if outlet.is_closed() {
        return Ok(());
    }
    let mut told = hub.seen();
    let (mut rows, mut began) = (Vec::new(), Instant::now());
    let result = session.run_source(source, &mut |piece| {
        if let Piece::Row(values) = &piece {
            if rows.is_empty() {
                began = Instant::now();
            }
            rows.push(values.to_vec());
            if rows.len() < BUNDLE && began.elapsed() < OLD {
                return ControlFlow::Continue(());
            }
        }
        if !rows.is_empty() {
            let count = rows.len();
            outlet.send(&Line::Rows(std::mem::take(&mut rows)), count)?;
        }
        let line = match piece {
            Piece::Row(_) => return ControlFlow::Continue(()),
            Piece::Reply(reply) => {
                marks.extend(mark(&reply));
                Line::Reply(reply)
            }
            Piece::Header(schema) => Line::Header(Arc::clone(schema)),
            Piece::End => Line::End,
            Piece::Waiting => Line::Waiting,
            Piece::Progress(progress) => Line::Progress(*progress),
        };
        // Whoever listens to matches, too, can tell what came first.
        let seen = hub.seen();
        if seen != told && matches!(line, Line::Reply(_)) {
            told = seen;
            outlet.send(&Line::Seen(seen), 0)?;
        }
        outlet.send(&line, 1)
    });
    match result {
        Err(_) if outlet.behind => Err(behind()),
        other => other.map_err(Line::Errors),
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
    let iso = |time: i64| portent_grammar::Value::Timestamp(time).to_json();
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
