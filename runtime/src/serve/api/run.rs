//! Statements, as typed.

use std::ops::ControlFlow;

use axum::Json;
use axum::extract::State;
use portent_parser::ast::StatementKind;
use serde_json::{Value as Json_, json};

use super::Shared;
use crate::error::{Errors, SourceText};
use crate::serve::app::{App, Phase};
use crate::serve::body::{self, Body};
use crate::serve::deploy::{self, Key, Unit};
use crate::serve::failure::Failure;
use crate::serve::wire;
use crate::session::{Piece, Session};

/// A SELECT answers at most so many rows: the session does nothing else meanwhile, and whoever wants more subscribes.
const MOST_ROWS: usize = 10_000;

/// Executes statements: JSON, one answer for each.
pub(super) async fn run(
    State(app): Shared,
    body: axum::body::Body,
) -> Result<Json<Json_>, Failure> {
    let body = body::text(&app, body).await?;
    let replies = execute(&app, body).await?;
    Ok(Json(json!({ "replies": replies })))
}

/// Executes a text, and keeps what it created.
pub(super) async fn execute(app: &App, body: Body<String>) -> Result<Vec<Json_>, Failure> {
    if app.phase() == Phase::Draining {
        return Err(Failure::gone());
    }
    let source = SourceText::new("<request>", body.content.as_str());
    let parsed = portent_parser::parse(&source.text);
    let changes: Vec<Change> = parsed
        .statements
        .iter()
        .filter_map(|statement| Change::of(&statement.kind, statement, &source))
        .collect();
    // One after the other: what is kept must be what stands.
    let mut deployment = app.deployment.lock().await;
    for change in &changes {
        let (Change::Create(key, _) | Change::Drop(key)) = change else {
            continue;
        };
        if let Some(file) = deployment.origin(key) {
            let message = format!("\"{}\" is created in '{file}'", key.1);
            return Err(Failure::new(
                axum::http::StatusCode::CONFLICT,
                "deployed_by_file",
                message,
            )
            .help("change the file and reload, or PAUSE it"));
        }
    }
    let (replies, result, stands) = app
        .ask(move |session| {
            let (replies, result) = answers(session, &source);
            let stands: Vec<bool> = changes.iter().map(|it| it.stands(session)).collect();
            (replies, result, (changes, stands))
        })
        .await?;
    let changed = !stands.0.is_empty();
    for (change, stands) in stands.0.into_iter().zip(stands.1) {
        match change {
            Change::Create(key, unit) if stands => {
                // What is replaced runs.
                deployment.state.paused.shift_remove(&key.1);
                deployment.state.add(key, unit);
            }
            Change::Drop(key) if !stands => {
                deployment.state.paused.shift_remove(&key.1);
                deployment.state.remove(&key);
            }
            Change::Pause(name) if stands => {
                deployment.state.paused.insert(name);
            }
            Change::Resume(name) => {
                deployment.state.paused.shift_remove(&name);
            }
            _ => {}
        }
    }
    if changed {
        save(&deployment)?;
        app.catalog_changed().await?;
    }
    result.map_err(|errors| Failure::from(errors).with("replies", replies.clone().into()))?;
    Ok(replies)
}

/// Writes the catalog down.
pub(super) fn save(deployment: &deploy::Deployment) -> Result<(), Failure> {
    deployment.state.save().map_err(|error| {
        tracing::error!(%error, "the catalog can't be written");
        Failure::new(
            axum::http::StatusCode::INTERNAL_SERVER_ERROR,
            "catalog",
            format!(
                "done, but it will not outlive the daemon: the catalog can't be written: {error}"
            ),
        )
    })
}

/// What a statement does to the catalog.
enum Change {
    Create(Key, Unit),
    Drop(Key),
    /// In lower case.
    Pause(String),
    Resume(String),
}

impl Change {
    fn of(
        kind: &StatementKind,
        statement: &portent_parser::ast::Statement,
        source: &std::sync::Arc<SourceText>,
    ) -> Option<Self> {
        match kind {
            StatementKind::Pause { name } => Some(Self::Pause(name.text.to_lowercase())),
            StatementKind::Resume { name } => Some(Self::Resume(name.text.to_lowercase())),
            _ => deploy::dropped(statement).map(Self::Drop).or_else(|| {
                let (key, unit) = deploy::unit(statement, source)?;
                Some(Self::Create(key, unit))
            }),
        }
    }

    /// Whether what it names is there.
    fn stands(&self, session: &Session) -> bool {
        match self {
            Self::Create(key, _) | Self::Drop(key) => session.has(key.0, &key.1),
            Self::Pause(name) | Self::Resume(name) => session.has(deploy::Kind::Query, name),
        }
    }
}

fn answers(
    session: &mut Session,
    source: &std::sync::Arc<SourceText>,
) -> (Vec<Json_>, Result<(), Errors>) {
    let mut replies: Vec<Json_> = Vec::new();
    let mut open: Option<(Json_, Vec<Json_>)> = None;
    let mut too_many = false;
    let result = session.run_source(source, &mut |piece| {
        match piece {
            Piece::Reply(reply) => replies.push(wire::reply(&reply)),
            Piece::Header(schema) => open = Some((wire::schema(schema), Vec::new())),
            Piece::Row(values) => {
                if let Some((_, rows)) = &mut open {
                    rows.push(wire::row(values));
                    too_many = rows.len() > MOST_ROWS;
                }
            }
            Piece::Waiting | Piece::Progress(_) => {}
            Piece::End => {
                if let Some((columns, rows)) = open.take() {
                    replies.push(json!({ "kind": "rows", "columns": columns, "rows": rows }));
                }
            }
        }
        match too_many {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    if too_many {
        let message = format!("a SELECT answers at most {MOST_ROWS} rows here, and there are more");
        let error = Errors::plain(portent_grammar::codes::runtime::STOPPED, message);
        let error = error.help("add LIMIT, or CREATE QUERY and subscribe to its matches");
        return (replies, Err(error));
    }
    (replies, result)
}
