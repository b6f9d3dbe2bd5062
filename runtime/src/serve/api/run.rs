//! Statements, as typed.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use portent_parser::ast::{Statement, StatementKind};
use serde_json::{Value as Json_, json};
use tokio::sync::OwnedMutexGuard;

use super::taker::{Asker, Limit, Taker};
use super::{Shared, ahead};
use crate::error::{Errors, SourceText};
use crate::reply::Reply;
use crate::serve::app::{App, Phase};
use crate::serve::body::{self, Body};
use crate::serve::deploy::{self, Deployment, Key, Unit};
use crate::serve::failure::Failure;
use crate::serve::wire;
use crate::session::{OnPiece, Piece, Session, may_look_back};

/// A SELECT or REPLAY answers at most so many rows, which are gathered before they go: whoever wants more subscribes.
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
pub(super) async fn execute(app: &Arc<App>, body: Body<String>) -> Result<Vec<Json_>, Failure> {
    let ready = Ready::of(app, body, "<request>").await?;
    let (answers, result) = ready.execute(Answers::default()).await?;
    let (replies, result) = answers.end(result);
    result
        .map_err(|errors| Failure::of_statement(&errors).with("replies", replies.clone().into()))?;
    Ok(replies)
}

/// A text that may be executed: it changes nothing that a file has created.
pub(super) struct Ready {
    app: Arc<App>,
    source: Arc<SourceText>,
    /// SELECTs and REPLAYs, and nothing else.
    only_reads: bool,
    /// A statement of it may look back, and there is a log.
    looks_back: bool,
    changes: Vec<Change>,
    /// Held while the text changes the catalog, one after the other: what is kept must be what stands.
    deployment: Option<OwnedMutexGuard<Deployment>>,
    /// What the text takes of the room for bodies.
    _body: Body<String>,
}

impl Ready {
    /// Looks a text over, and waits for its turn if it changes the catalog.
    ///
    /// # Errors
    /// 409: it changes what a file has created; 503.
    pub async fn of(app: &Arc<App>, body: Body<String>, name: &str) -> Result<Self, Failure> {
        if app.phase() == Phase::Draining {
            return Err(Failure::gone());
        }
        let source = SourceText::new(name, body.content.as_str());
        let parsed = portent_parser::parse(&source.text);
        let is_read = |it: &Statement| {
            matches!(
                it.kind,
                StatementKind::Select(_) | StatementKind::Replay { .. }
            )
        };
        let only_reads = parsed.diagnostics.is_empty()
            && !parsed.statements.is_empty()
            && parsed.statements.iter().all(is_read);
        let looks_back = app.store.is_some()
            && parsed.diagnostics.is_empty()
            && parsed.statements.iter().any(may_look_back);
        let changes: Vec<Change> = parsed
            .statements
            .iter()
            .filter_map(|statement| Change::of(&statement.kind, statement, &source))
            .collect();
        let mut deployment = None;
        if !changes.is_empty() {
            let locked = Arc::clone(&app.deployment).lock_owned().await;
            changes.iter().try_for_each(|it| it.is_free(&locked))?;
            deployment = Some(locked);
        }
        Ok(Self {
            app: Arc::clone(app),
            source,
            only_reads,
            looks_back,
            changes,
            deployment,
            _body: body,
        })
    }

    /// The text.
    pub fn source(&self) -> Arc<SourceText> {
        Arc::clone(&self.source)
    }

    /// Executes it; the pieces of its answer go to the taker, which comes back.
    ///
    /// SELECTs and REPLAYs alone run beside the session, one after the other, and stop when whoever asked goes away. Anything else is one job on the
    /// session's thread, and what stands then is written down: to its end, also if whoever asked goes away meanwhile. Where there is a log, a statement that
    /// looks back begins a job of its own, and reads the log beside the session before.
    ///
    /// # Errors
    /// 429, 503; what was done can't be written down.
    pub async fn execute<T: Taker>(self, taker: T) -> Result<(T, Result<(), Errors>), Failure> {
        if self.only_reads {
            return self.read(taker).await;
        }
        let gone = Arc::new(AtomicBool::new(false));
        let _asker = Asker(Arc::clone(&gone));
        let done = tokio::spawn(self.finish(taker, gone)).await;
        done.map_err(|_| Failure::gone())?
    }

    async fn read<T: Taker>(self, mut taker: T) -> Result<(T, Result<(), Errors>), Failure> {
        let Self {
            app, source, _body, ..
        } = self;
        // Kept by the thread as well: it may go on for a moment when whoever asked has gone.
        let place = Arc::new(app.select_place().await?);
        let limit = Limit {
            timeout: app.statement_timeout(),
            ..Limit::default()
        };
        taker.beside(limit.timeout.unwrap_or(Duration::MAX));
        let _asker = Asker(Arc::clone(&limit.gone));
        let text = Arc::clone(&source);
        let checked = app.ask(move |session| session.check_text(&text)).await?;
        let statements = match checked {
            Ok(statements) => statements,
            Err(errors) => return Ok((taker, Err(errors))),
        };
        for statement in statements {
            let text = Arc::clone(&source);
            let ready = app.ask(move |session| session.beside(&statement, &text));
            let ready = match ready.await? {
                Ok(ready) => ready,
                Err(errors) => return Ok((taker, Err(errors))),
            };
            let (limit, place) = (limit.clone(), Arc::clone(&place));
            let ran = tokio::task::spawn_blocking(move || {
                let _place = place;
                let result = limit.run(&mut taker, &mut Vec::new(), |on| ready.run(on));
                (taker, result)
            });
            let result;
            (taker, result) = ran.await.map_err(|_| Failure::gone())?;
            if result.is_err() {
                return Ok((taker, result));
            }
        }
        Ok((taker, Ok(())))
    }

    async fn finish<T: Taker>(
        self,
        taker: T,
        gone: Arc<AtomicBool>,
    ) -> Result<(T, Result<(), Errors>), Failure> {
        let Self {
            app,
            source,
            looks_back,
            changes,
            deployment,
            _body,
            ..
        } = self;
        let mut marks = Vec::new();
        let done = match looks_back {
            true => in_parts(&app, &source, &gone, taker, &mut marks).await,
            false => {
                let run = move |session: &mut Session, on: &mut OnPiece<'_>| {
                    session.run_source(&source, on)
                };
                let asked = app.change(job(&app, taker, run)).await;
                asked.map(|(taker, result, done)| {
                    marks = done;
                    (taker, result)
                })
            }
        };
        // What failed, or was there already, has changed nothing. Answers come in the order of the statements.
        let mut marks = marks.into_iter().peekable();
        let noted: Vec<Change> = changes
            .into_iter()
            .filter(|change| marks.next_if_eq(&change.mark()).is_some())
            .collect();
        if let Some(mut deployment) = deployment
            && !noted.is_empty()
        {
            noted.into_iter().for_each(|it| it.note(&mut deployment));
            save(&deployment)?;
            app.catalog_changed().await?;
        }
        done
    }
}

/// Statements on the session's thread, their pieces going to the taker; what they did comes back.
fn job<T: Taker>(
    app: &App,
    mut taker: T,
    run: impl FnOnce(&mut Session, &mut OnPiece<'_>) -> Result<(), Errors> + Send + 'static,
) -> impl FnOnce(&mut Session) -> (T, Result<(), Errors>, Vec<Mark>) + Send + 'static {
    let limit = Limit {
        timeout: app.statement_timeout(),
        ..Limit::default()
    };
    let hub = Arc::clone(&app.hub);
    move |session| {
        let mut marks = Vec::new();
        let result = limit.run(&mut taker, &mut marks, |on| {
            run(session, &mut |piece| {
                if let Piece::Reply(Reply::Dropped {
                    what: "QUERY",
                    name,
                    existed: true,
                }) = &piece
                {
                    // One that the same text creates anew is another.
                    hub.drop_query(name);
                }
                on(piece)
            })
        });
        (taker, result, marks)
    }
}

/// Executes a text in which statements may look back: each of them has read the log by then. `marks`: what was done.
async fn in_parts<T: Taker>(
    app: &Arc<App>,
    source: &Arc<SourceText>,
    gone: &Arc<AtomicBool>,
    mut taker: T,
    marks: &mut Vec<Mark>,
) -> Result<(T, Result<(), Errors>), Failure> {
    let text = Arc::clone(source);
    let checked = app.ask(move |session| session.check_text(&text)).await?;
    let mut statements = match checked {
        Ok(statements) => statements,
        Err(errors) => return Ok((taker, Err(errors))),
    };
    for part in ahead::parts(&statements) {
        let rest = statements.split_off(part.min(statements.len()));
        let part = std::mem::replace(&mut statements, rest);
        let mut caught_up = None;
        if part.first().is_some_and(may_look_back) {
            let result;
            (taker, result) = ahead::catch_up(app, part.clone(), source, gone, taker).await?;
            caught_up = match result {
                Ok(caught_up) => caught_up,
                Err(errors) => return Ok((taker, Err(errors))),
            };
        }
        let text = Arc::clone(source);
        let run = move |session: &mut Session, on: &mut OnPiece<'_>| {
            session.look_ahead(caught_up);
            let result = session.run_checked(&part, &text, on);
            session.look_ahead(None);
            result
        };
        let (back, result, done) = app.insist_change(job(app, taker, run)).await?;
        taker = back;
        marks.extend(done);
        if result.is_err() {
            return Ok((taker, result));
        }
    }
    Ok((taker, Ok(())))
}

/// Writes the catalog down.
pub(super) fn save(deployment: &Deployment) -> Result<(), Failure> {
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

    /// Fails if a file has created what it changes.
    fn is_free(&self, deployment: &Deployment) -> Result<(), Failure> {
        let (Self::Create(key, _) | Self::Drop(key)) = self else {
            return Ok(());
        };
        let Some(file) = deployment.origin(key) else {
            return Ok(());
        };
        let message = format!("\"{}\" is created in '{file}'", key.1);
        let conflict = axum::http::StatusCode::CONFLICT;
        Err(Failure::new(conflict, "deployed_by_file", message)
            .help("change the file and reload, or PAUSE it"))
    }

    /// Keeps what it did.
    fn note(self, deployment: &mut Deployment) {
        let state = &mut deployment.state;
        match self {
            Self::Create(key, unit) => {
                // What is replaced runs.
                state.paused.shift_remove(&key.1);
                state.add(key, unit);
            }
            Self::Drop(key) => {
                state.paused.shift_remove(&key.1);
                state.remove(&key);
            }
            Self::Pause(name) => {
                state.paused.insert(name);
            }
            Self::Resume(name) => {
                state.paused.shift_remove(&name);
            }
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
pub(super) type Mark = (&'static str, &'static str, String);

pub(super) fn mark(reply: &Reply) -> Option<Mark> {
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

/// Gathers the answers.
#[derive(Default)]
struct Answers {
    replies: Vec<Json_>,
    open: Option<(Json_, Vec<Json_>)>,
    too_many: bool,
}

impl Taker for Answers {
    fn take(&mut self, piece: Piece<'_>) -> ControlFlow<()> {
        match piece {
            Piece::Reply(reply) => self.replies.push(wire::reply(&reply)),
            Piece::Header(schema) => self.open = Some((wire::schema(schema), Vec::new())),
            Piece::Row(values) => {
                if let Some((_, rows)) = &mut self.open {
                    rows.push(wire::row(values));
                    self.too_many = rows.len() > MOST_ROWS;
                }
            }
            Piece::Waiting | Piece::Progress(_) => {}
            Piece::End => {
                if let Some((columns, rows)) = self.open.take() {
                    let rows = json!({ "kind": "rows", "columns": columns, "rows": rows });
                    self.replies.push(rows);
                }
            }
        }
        match self.too_many {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }
}

impl Answers {
    /// All answers, and how the text ended.
    fn end(self, result: Result<(), Errors>) -> (Vec<Json_>, Result<(), Errors>) {
        if !self.too_many {
            return (self.replies, result);
        }
        let message =
            format!("a statement answers at most {MOST_ROWS} rows here, and there are more");
        let error = Errors::plain(portent_grammar::codes::runtime::STOPPED, message);
        let error = error
            .help("of a SELECT: add LIMIT, or CREATE QUERY and subscribe to its matches")
            .help("of a REPLAY: give it a TO, or replay in a shell (`--connect`), which takes all rows");
        (self.replies, Err(error))
    }
}
