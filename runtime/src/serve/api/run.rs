//! Statements, as typed.

use std::ops::ControlFlow;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use portent_parser::ast::StatementKind;
use serde_json::{Value as Json_, json};

use super::Shared;
use crate::error::{Errors, SourceText};
use crate::reply::Reply;
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

/// Executes a text, and keeps what it created: to the end even if nobody waits for the answer any more.
pub(super) async fn execute(app: &Arc<App>, body: Body<String>) -> Result<Vec<Json_>, Failure> {
    let app = Arc::clone(app);
    let executed = tokio::spawn(async move { execute_text(&app, body).await });
    executed.await.unwrap_or_else(|_| Err(Failure::gone()))
}

async fn execute_text(app: &App, body: Body<String>) -> Result<Vec<Json_>, Failure> {
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
    let Answers {
        replies,
        marks,
        result,
    } = app.ask(move |session| answers(session, &source)).await?;
    // What failed, or was there already, has changed nothing. Answers come in the order of the statements.
    let mut marks = marks.into_iter().peekable();
    let done: Vec<Change> = changes
        .into_iter()
        .filter(|change| marks.next_if_eq(&change.mark()).is_some())
        .collect();
    let changed = !done.is_empty();
    for change in done {
        match change {
            Change::Create(key, unit) => {
                // What is replaced runs.
                deployment.state.paused.shift_remove(&key.1);
                deployment.state.add(key, unit);
            }
            Change::Drop(key) => {
                deployment.state.paused.shift_remove(&key.1);
                deployment.state.remove(&key);
            }
            Change::Pause(name) => {
                deployment.state.paused.insert(name);
            }
            Change::Resume(name) => {
                deployment.state.paused.shift_remove(&name);
            }
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
        source: &Arc<SourceText>,
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

    /// What the answer says if it was done.
    fn mark(&self) -> Mark {
        match self {
            Self::Create((kind, name), _) => ("create", kind.word(), name.clone()),
            Self::Drop((kind, name)) => ("drop", kind.word(), name.clone()),
            Self::Pause(name) => ("pause", "QUERY", name.clone()),
            Self::Resume(name) => ("resume", "QUERY", name.clone()),
        }
    }
}

/// That something was done: what, with which kind of thing, and its name in lower case.
type Mark = (&'static str, &'static str, String);

fn mark(reply: &Reply) -> Option<Mark> {
    match reply {
        Reply::Created {
            what,
            name,
            new: true,
        } => Some(("create", what, name.to_lowercase())),
        Reply::Set { name, .. } => {
            Some(("create", deploy::Kind::Setting.word(), name.to_lowercase()))
        }
        Reply::Dropped {
            what,
            name,
            existed: true,
        } => Some(("drop", what, name.to_lowercase())),
        Reply::Paused { name, .. } => Some(("pause", "QUERY", name.to_lowercase())),
        Reply::Resumed { name } => Some(("resume", "QUERY", name.to_lowercase())),
        _ => None,
    }
}

/// What came of a text.
struct Answers {
    replies: Vec<Json_>,
    marks: Vec<Mark>,
    result: Result<(), Errors>,
}

fn answers(session: &mut Session, source: &Arc<SourceText>) -> Answers {
    let mut marks: Vec<Mark> = Vec::new();
    let mut replies: Vec<Json_> = Vec::new();
    let mut open: Option<(Json_, Vec<Json_>)> = None;
    let mut too_many = false;
    let result = session.run_source(source, &mut |piece| {
        match piece {
            Piece::Reply(reply) => {
                marks.extend(mark(&reply));
                replies.push(wire::reply(&reply));
            }
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
    let result = if too_many {
        let message = format!("a SELECT answers at most {MOST_ROWS} rows here, and there are more");
        let error = Errors::plain(portent_grammar::codes::runtime::STOPPED, message);
        let error = error.help("add LIMIT, or CREATE QUERY and subscribe to its matches");
        Err(error)
    } else {
        result
    };
    Answers {
        replies,
        marks,
        result,
    }
}
