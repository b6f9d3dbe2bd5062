//! Lines from JSON. Whatever does not look as it should is `None`: it comes over a network.

use std::sync::Arc;

use portent_grammar::{Code, Column, Diagnostic, Schema, Span, Type, Value};
use serde_json::Value as Json;

use super::{Line, value};
use crate::Emitted;
use crate::error::{Errors, SourceText};
use crate::reply::Reply;
use crate::session::Watch;
use crate::stats::Progress;

pub(super) fn line(json: &Json, request: Option<&Arc<SourceText>>) -> Option<Line> {
    let (kind, it) = json.as_object()?.iter().next()?;
    Some(match kind.as_str() {
        "reply" => Line::Reply(reply(it)?),
        "columns" => Line::Header(columns(it)?),
        "rows" => Line::Rows(rows(it)?),
        "end" => Line::End,
        "waiting" => Line::Waiting,
        "progress" => Line::Progress(Progress {
            events: number(it, "events")?,
            rows_out: number(it, "rows_out")?,
            bytes: number(it, "bytes")?,
            total_bytes: it.get("total_bytes").and_then(Json::as_u64),
            waiting: truth(it, "waiting")?,
        }),
        "match" => Line::Match(Emitted {
            query: text(it, "query")?.into(),
            time: it.get("time")?.as_i64()?,
            match_id: match it.get("match_id")? {
                Json::Null => None,
                id => Some(u128::from_str_radix(id.as_str()?, 16).ok()?),
            },
            schema: columns(it.get("columns")?)?,
            values: row(it.get("row")?)?,
        }),
        "lost" => Line::Lost(it.as_u64()?),
        "watching" => Line::Watching(Watch {
            name: text(it, "name")?,
            schema: columns(it.get("columns")?)?,
            warnings: list(it.get("warnings")?, diagnostic)?,
        }),
        "seen" => Line::Seen(it.as_u64()?),
        "errors" => Line::Errors(errors(it, request)?),
        "failed" => Line::Failed {
            message: text(it, "message")?,
            help: text(it, "help"),
        },
        "here" => Line::Here,
        "done" => Line::Done,
        _ => return None,
    })
}

fn text(json: &Json, key: &str) -> Option<String> {
    json.get(key)?.as_str().map(str::to_owned)
}

fn number(json: &Json, key: &str) -> Option<u64> {
    json.get(key)?.as_u64()
}

fn truth(json: &Json, key: &str) -> Option<bool> {
    json.get(key)?.as_bool()
}

fn list<T>(json: &Json, read: impl Fn(&Json) -> Option<T>) -> Option<Vec<T>> {
    json.as_array()?.iter().map(read).collect()
}

fn columns(json: &Json) -> Option<Arc<Schema>> {
    let column = |it: &Json| {
        // The type of a bare NULL has no name.
        let ty = Type::parse(it.get("type")?.as_str()?).unwrap_or(Type::Null);
        Some(Column::new(text(it, "name")?, ty))
    };
    list(json, column).map(Arc::new)
}

fn row(json: &Json) -> Option<Vec<Value>> {
    list(json, value::decode)
}

fn rows(json: &Json) -> Option<Vec<Vec<Value>>> {
    list(json, row)
}

fn reply(it: &Json) -> Option<Reply> {
    let name = || text(it, "name");
    Some(match it.get("kind")?.as_str()? {
        "created" => Reply::Created {
            what: what(it)?,
            name: name()?,
            new: truth(it, "new")?,
        },
        "dropped" => Reply::Dropped {
            what: what(it)?,
            name: name()?,
            existed: truth(it, "existed")?,
        },
        "paused" => Reply::Paused {
            name: name()?,
            dropped: number(it, "dropped")?,
        },
        "resumed" => Reply::Resumed { name: name()? },
        "rows" => Reply::Rows {
            schema: columns(it.get("columns")?)?,
            rows: rows(it.get("rows")?)?,
        },
        "shown" => Reply::Shown {
            title: text(it, "title")?,
            schema: columns(it.get("columns")?)?,
            rows: rows(it.get("rows")?)?,
        },
        "explained" => Reply::Explained(text(it, "text")?),
        "set" => Reply::Set {
            name: name()?,
            value: text(it, "value")?,
        },
        "inserted" => Reply::Inserted {
            into: text(it, "into")?,
            accepted: number(it, "accepted")?,
            late: number(it, "late")?,
        },
        "notice" => Reply::Notice(text(it, "text")?),
        "warning" => Reply::Warning(diagnostic(it.get("diagnostic")?)?),
        _ => return None,
    })
}

/// What was created or dropped.
fn what(it: &Json) -> Option<&'static str> {
    match it.get("what")?.as_str()? {
        "STREAM" => Some("STREAM"),
        "QUERY" => Some("QUERY"),
        "SINK" => Some("SINK"),
        _ => None,
    }
}

fn errors(it: &Json, request: Option<&Arc<SourceText>>) -> Option<Errors> {
    let source = match it.get("source")? {
        Json::Null => None,
        Json::String(_) => Some(Arc::clone(request?)),
        source => Some(SourceText::new(
            text(source, "name")?,
            text(source, "text")?,
        )),
    };
    let diagnostics = list(it.get("diagnostics")?, diagnostic)?;
    Some(Errors::new(diagnostics, source))
}

fn diagnostic(it: &Json) -> Option<Diagnostic> {
    let code = Code(u16::try_from(number(it, "code")?).ok()?);
    let labels = it.get("labels")?.as_array()?;
    let first = labels.first();
    let place = match first {
        Some(first) => span(first.get("span")?)?,
        None => Span::default(),
    };
    let message = text(it, "message")?;
    let mut diagnostic = match truth(it, "error")? {
        true => Diagnostic::error(code, place, message),
        false => Diagnostic::warning(code, place, message),
    };
    match first {
        Some(first) => diagnostic = diagnostic.label(text(first, "text")?),
        None => diagnostic.labels.clear(),
    }
    for label in labels.iter().skip(1) {
        diagnostic = diagnostic.also(span(label.get("span")?)?, text(label, "text")?);
    }
    for help in it.get("help")?.as_array()? {
        diagnostic = diagnostic.help(help.as_str()?);
    }
    if let Some(fix) = it.get("fix").filter(|it| !it.is_null()) {
        diagnostic = diagnostic.fix(span(fix.get("span")?)?, text(fix, "replacement")?);
    }
    Some(diagnostic)
}

fn span(json: &Json) -> Option<Span> {
    let at = |at: usize| u32::try_from(json.get(at)?.as_u64()?).ok();
    Some(Span {
        start: at(0)?,
        end: at(1)?,
    })
}
