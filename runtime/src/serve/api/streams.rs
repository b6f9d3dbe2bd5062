//! Streams, and events into them.

use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use portent_connect::Format;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Shared;
use super::producer::{Producer, Taken};
use crate::serve::app::Phase;
use crate::serve::body;
use crate::serve::failure::Failure;
use crate::serve::wire;
use crate::session::Rejected;
use crate::sources::SourceState;

/// So many rejected rows are told one by one; all are counted.
const TOLD: usize = 100;

/// All of them.
pub(super) async fn list(State(app): Shared) -> Result<Json<Value>, Failure> {
    let streams = app.ask(|session| session.streams()).await?;
    let time =
        |micros: Option<i64>| micros.map(|it| portent_grammar::Value::Timestamp(it).to_json());
    let sources = app.sources.status();
    let streams = streams.iter().map(|it| {
        let source = sources.iter().find(|(name, _)| *name == it.name);
        let source = source.map(|(_, status)| {
            let state = status.state();
            json!({
                "state": state.word(),
                "error": match &state {
                    SourceState::Failed(why) => Some(why),
                    _ => None,
                },
                "rows": status.rows(),
                "bad": status.bad(),
            })
        });
        json!({
            "source": source,
            "name": it.name,
            "bounded": it.bounded,
            "events": it.events,
            "late": it.late,
            "ahead": it.ahead,
            "bad": it.bad,
            "first_bad": it.first_bad,
            "watermark": time(it.watermark),
            "latest": time(it.latest),
            "waiting": it.waiting,
            "columns": wire::schema(&it.columns),
        })
    });
    Ok(Json(json!({ "streams": streams.collect::<Vec<_>>() })))
}

/// How events are to be taken.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// `jsonl` or `csv`, where the content type does not say it.
    format: Option<String>,
    /// `skip` (rows that can't be read are told, the others are taken) or `fail` (all or nothing).
    on_bad: Option<String>,
}

/// Takes events: JSON lines or CSV, one or many.
pub(super) async fn push(
    State(app): Shared,
    Path(stream): Path<String>,
    Query(options): Query<Options>,
    headers: HeaderMap,
    body: axum::body::Body,
) -> Result<Json<Value>, Failure> {
    if app.phase() == Phase::Draining {
        return Err(Failure::gone());
    }
    let format = format(&options, &headers)?;
    let all_or_nothing = match options.on_bad.as_deref() {
        None | Some("skip") => false,
        Some("fail") => true,
        Some(other) => {
            return Err(Failure::bad_request(format!(
                "on_bad must be skip or fail, not `{other}`"
            )));
        }
    };
    let producer = Producer::of(&headers)?;
    let decoder = app.decoder(&stream, format).await?;
    let (content, room) = body::bytes(&app, body).await?.split();
    let content = match format {
        Format::Jsonl => lines(content),
        _ => content,
    };
    // Decoding is work: it shall not hold up those who only wait.
    let decoded = tokio::task::spawn_blocking(move || decoder.decode(content)).await;
    let decoded = decoded
        .map_err(|_| Failure::gone())?
        .map_err(Failure::from)?;
    let rejected: Vec<Value> = decoded.first_rejected.iter().take(TOLD).map(told).collect();
    let counted = json!({ "accepted": 0, "late": 0, "rejected": decoded.rejected });
    let counters = &app.counters;
    if decoded.rejected > 0 && (all_or_nothing || decoded.blocks.is_empty()) {
        counters
            .rejected
            .fetch_add(decoded.rejected, Ordering::Relaxed);
        let message = match all_or_nothing {
            true => "some rows can't be read, and so none was taken",
            false => "no row can be read",
        };
        let failure = Failure::new(StatusCode::UNPROCESSABLE_ENTITY, "rejected", message);
        return Err(failure
            .with("counts", counted)
            .with("errors", rejected.into()));
    }
    let (blocks, store) = (decoded.blocks, app.store.clone());
    let pushed = app.change(move |session| {
        if let Some(store) = store {
            store.write_matches()?;
        }
        // Until the engine has them.
        let _room = room;
        match producer {
            None => {
                let (pushed, result) = session.push_blocks(blocks);
                Ok(Taken::Pushed(pushed, result))
            }
            Some(producer) => match producer.push(session, blocks) {
                Taken::Half(sequence) => Err(producer.half(sequence)),
                taken => Ok(taken),
            },
        }
    });
    let (pushed, result) = match pushed.await?? {
        Taken::Pushed(pushed, result) => (pushed, result),
        Taken::Duplicate | Taken::Half(_) => {
            return Ok(Json(json!({
                "accepted": 0,
                "late": 0,
                "rejected": decoded.rejected,
                "errors": rejected,
                "duplicate": true,
            })));
        }
    };
    let (accepted, late) = (pushed.accepted, pushed.late);
    counters.accepted.fetch_add(accepted, Ordering::Relaxed);
    counters.late.fetch_add(late, Ordering::Relaxed);
    counters
        .rejected
        .fetch_add(decoded.rejected, Ordering::Relaxed);
    if let Err(errors) = result {
        let counts = json!({ "accepted": accepted, "late": late, "rejected": decoded.rejected });
        let failure = Failure::of_push(errors).with("counts", counts);
        return Err(match accepted + late {
            0 => failure,
            taken => failure.help(&format!(
                "the first {taken} events that can be read are in: send those behind them, and not these again"
            )),
        });
    }
    Ok(Json(json!({
        "accepted": accepted,
        "late": late,
        "rejected": decoded.rejected,
        "errors": rejected,
    })))
}

fn told(rejected: &Rejected) -> Value {
    json!({
        "line": rejected.line,
        "code": rejected.code.to_string(),
        "column": rejected.column,
        "message": rejected.message,
        "help": rejected.help,
    })
}

fn format(options: &Options, headers: &HeaderMap) -> Result<Format, Failure> {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|it| it.to_str().ok())
        .map(|it| {
            it.split(';')
                .next()
                .unwrap_or_default()
                .trim()
                .to_lowercase()
        });
    let said = options.format.as_deref().or(content_type.as_deref());
    match said {
        // What curl says if nobody tells it otherwise.
        None
        | Some(
            "jsonl"
            | "json"
            | "ndjson"
            | "application/json"
            | "application/x-ndjson"
            | "application/jsonl"
            | "application/x-www-form-urlencoded"
            | "text/plain",
        ) => Ok(Format::Jsonl),
        Some("csv" | "text/csv" | "application/csv") => Ok(Format::Csv),
        Some(other) => Err(Failure::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "media_type",
            format!("`{other}` is no format of events"),
        )
        .help("send application/x-ndjson (JSON lines) or text/csv")),
    }
}

/// JSON over several lines, or an array, as JSON lines; JSON lines as they are.
fn lines(content: Vec<u8>) -> Vec<u8> {
    let first = content.iter().find(|it| !it.is_ascii_whitespace());
    let one_line = |content: &[u8]| !content.trim_ascii().contains(&b'\n');
    let whole = match first {
        Some(b'[') => serde_json::from_slice::<Vec<&serde_json::value::RawValue>>(&content).ok(),
        Some(b'{') if !one_line(&content) => {
            // An object that was laid out for people: its first line alone is no JSON.
            let first_line = content.trim_ascii_start().split(|it| *it == b'\n').next();
            match first_line.map(serde_json::from_slice::<&serde_json::value::RawValue>) {
                Some(Ok(_)) => None,
                _ => serde_json::from_slice(&content).ok().map(|it| vec![it]),
            }
        }
        _ => None,
    };
    match whole {
        None => content,
        Some(rows) => {
            let mut text = Vec::with_capacity(content.len());
            for row in rows {
                // A line break in JSON stands between its parts only.
                let row = row.get().bytes();
                text.extend(row.map(|it| {
                    if matches!(it, b'\n' | b'\r') {
                        b' '
                    } else {
                        it
                    }
                }));
                text.push(b'\n');
            }
            text
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_in_any_layout_becomes_lines() {
        let text = |content: &str| String::from_utf8(lines(content.into())).unwrap();
        assert_eq!(text("{\"a\": 1}\n{\"a\": 2}\n"), "{\"a\": 1}\n{\"a\": 2}\n");
        assert_eq!(
            text("[{\"a\": 1},\n {\"a\":\n2}]"),
            "{\"a\": 1}\n{\"a\": 2}\n"
        );
        assert_eq!(text("{\n\"a\": 1\n}"), "{ \"a\": 1 }\n");
        // What can't be read stays: its lines are told.
        assert_eq!(text("[{\"a\": 1},"), "[{\"a\": 1},");
    }
}
