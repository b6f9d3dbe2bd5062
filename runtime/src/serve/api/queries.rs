//! Standing queries.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use portent_parser::ast::StatementKind;
use serde_json::{Value, json};

use super::{Shared, run};
use crate::serve::app::App;
use crate::serve::body::{self, Body};
use crate::serve::failure::Failure;
use crate::serve::wire;
use crate::status::QueryStatus;

fn status(app: &App, query: &QueryStatus) -> Value {
    let log = app.hub.log(&query.name.as_str().into());
    json!({
        "name": query.name,
        "state": query.state.to_string(),
        "events": query.events,
        "matches": query.matches,
        "rows": query.rows,
        "partial_matches": query.partial_matches,
        "bytes": query.bytes,
        "shed": query.shed,
        "dropped": query.dropped,
        "errors": query.errors,
        "first_error": query.first_error,
        "into": query.into,
        "columns": wire::schema(&query.columns),
        "next_number": log.next(),
        "first_number": log.first(),
        "kept": log.kept(),
    })
}

/// All of them.
pub(super) async fn list(State(app): Shared) -> Result<Json<Value>, Failure> {
    let queries = app.ask(|session| session.queries()).await?;
    let queries: Vec<Value> = queries.iter().map(|it| status(&app, it)).collect();
    Ok(Json(json!({ "queries": queries })))
}

/// One of them.
pub(super) async fn one(
    State(app): Shared,
    Path(name): Path<String>,
) -> Result<Json<Value>, Failure> {
    let queries = app.ask(|session| session.queries()).await?;
    let found = queries
        .iter()
        .find(|it| it.name.eq_ignore_ascii_case(&name));
    match found {
        Some(query) => Ok(Json(status(&app, query))),
        None => Err(unknown(&name, queries.iter().map(|it| it.name.as_str()))),
    }
}

/// There is no such query, but perhaps another one was meant.
pub(super) fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> Failure {
    let failure = Failure::not_found(format!("there is no query \"{name}\""));
    match crate::suggest::nearest(name, known) {
        Some(near) => failure.help(&format!("did you mean \"{near}\"?")),
        None => failure,
    }
}

/// A `CREATE QUERY`.
pub(super) async fn create(
    State(app): Shared,
    body: axum::body::Body,
) -> Result<(StatusCode, Json<Value>), Failure> {
    let body = body::text(&app, body).await?;
    only(&body, None)?;
    let replies = run::execute(&app, body).await?;
    Ok((StatusCode::CREATED, Json(json!({ "replies": replies }))))
}

/// A `CREATE OR REPLACE QUERY` of this name, or the SELECT alone.
pub(super) async fn replace(
    State(app): Shared,
    Path(name): Path<String>,
    body: axum::body::Body,
) -> Result<Json<Value>, Failure> {
    let mut body = body::text(&app, body).await?;
    let parsed = portent_parser::parse(&body.content);
    if let [statement] = parsed.statements.as_slice() {
        let mut statement = statement.clone();
        match &mut statement.kind {
            StatementKind::Select(_) => {
                let name = name.replace('"', "\"\"");
                body.content = format!("CREATE OR REPLACE QUERY \"{name}\" AS {}", body.content);
            }
            StatementKind::CreateQuery(create) => {
                create.or_replace = true;
                create.if_not_exists = false;
                body.content = portent_parser::print_statement(&statement);
            }
            _ => {}
        }
    }
    only(&body, Some(&name))?;
    let replies = run::execute(&app, body).await?;
    Ok(Json(json!({ "replies": replies })))
}

/// Nothing but one CREATE QUERY may stand in a body.
fn only(body: &Body<String>, name: Option<&str>) -> Result<(), Failure> {
    let parsed = portent_parser::parse(&body.content);
    if !parsed.diagnostics.is_empty() {
        // Whoever executes it tells what is wrong.
        return Ok(());
    }
    match parsed.statements.as_slice() {
        [statement] => match (&statement.kind, name) {
            (StatementKind::CreateQuery(_), None) => Ok(()),
            (StatementKind::CreateQuery(create), Some(name))
                if create.name.text.eq_ignore_ascii_case(name) =>
            {
                Ok(())
            }
            (StatementKind::CreateQuery(create), Some(name)) => Err(Failure::bad_request(format!(
                "the statement creates \"{}\", and the address says \"{name}\"",
                create.name.text
            ))),
            _ => Err(
                Failure::bad_request("the body must be one CREATE QUERY statement")
                    .help("other statements go to POST /v1/run"),
            ),
        },
        _ => Err(
            Failure::bad_request("the body must be one CREATE QUERY statement")
                .help("several statements go to POST /v1/run"),
        ),
    }
}

async fn statement(app: &Arc<App>, verb: &str, name: &str) -> Result<Json<Value>, Failure> {
    let names =
        app.ask(|session| -> Vec<String> { session.query_names().map(str::to_owned).collect() });
    let names = names.await?;
    let Some(known) = names.iter().find(|it| it.eq_ignore_ascii_case(name)) else {
        return Err(unknown(name, names.iter().map(String::as_str)));
    };
    let text = format!("{verb} QUERY \"{}\"", known.replace('"', "\"\""));
    let replies = run::execute(app, Body::of(text)).await?;
    Ok(Json(json!({ "replies": replies })))
}

/// `DROP QUERY`
pub(super) async fn remove(
    State(app): Shared,
    Path(name): Path<String>,
) -> Result<Json<Value>, Failure> {
    statement(&app, "DROP", &name).await
}

/// `PAUSE QUERY`
pub(super) async fn pause(
    State(app): Shared,
    Path(name): Path<String>,
) -> Result<Json<Value>, Failure> {
    statement(&app, "PAUSE", &name).await
}

/// `RESUME QUERY`
pub(super) async fn resume(
    State(app): Shared,
    Path(name): Path<String>,
) -> Result<Json<Value>, Failure> {
    statement(&app, "RESUME", &name).await
}
