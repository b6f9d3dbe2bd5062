//! Lines as JSON.

use std::sync::Arc;

use portent_grammar::{Diagnostic, Schema, Span, Value};
use serde_json::{Value as Json, json};

use super::{Line, value};
use crate::error::{Errors, SourceText};
use crate::reply::Reply;
use crate::serve::wire;

pub(super) fn line(line: &Line, request: Option<&Arc<SourceText>>) -> Json {
    match line {
        Line::Reply(it) => json!({ "reply": reply(it) }),
        Line::Header(schema) => json!({ "columns": columns(schema) }),
        Line::Rows(all) => json!({ "rows": rows(all) }),
        Line::End => json!({ "end": true }),
        Line::Waiting => json!({ "waiting": true }),
        Line::Progress(it) => json!({ "progress": {
            "events": it.events,
            "rows_out": it.rows_out,
            "bytes": it.bytes,
            "total_bytes": it.total_bytes,
            "waiting": it.waiting,
        }}),
        Line::Match(it) => json!({ "match": {
            "query": &*it.query,
            "time": it.time,
            "match_id": it.match_id.map(|id| format!("{id:032x}")),
            "columns": columns(&it.schema),
            "row": row(&it.values),
        }}),
        Line::Lost(count) => json!({ "lost": count }),
        Line::Watching(it) => json!({ "watching": {
            "name": it.name,
            "columns": columns(&it.schema),
            "warnings": it.warnings.iter().map(diagnostic).collect::<Vec<_>>(),
        }}),
        Line::Seen(number) => json!({ "seen": number }),
        Line::Errors(it) => json!({ "errors": errors(it, request) }),
        Line::Failed { message, help } => json!({ "failed": { "message": message, "help": help } }),
        Line::Here => json!({ "here": true }),
        Line::Done => json!({ "done": true }),
    }
}

fn columns(schema: &Schema) -> Json {
    wire::schema(schema)
}

fn row(values: &[Value]) -> Json {
    values.iter().map(value::encode).collect()
}

fn rows(rows: &[Vec<Value>]) -> Json {
    rows.iter().map(|it| row(it)).collect()
}

/// As everywhere in the API, but for values, which keep their types, and for warnings, which keep their places.
fn reply(it: &Reply) -> Json {
    match it {
        Reply::Rows {
            schema,
            rows: content,
        } => json!({ "kind": "rows", "columns": columns(schema), "rows": rows(content) }),
        Reply::Shown {
            title,
            schema,
            rows: content,
        } => json!({
            "kind": "shown",
            "title": title,
            "columns": columns(schema),
            "rows": rows(content),
        }),
        Reply::Warning(it) => json!({ "kind": "warning", "diagnostic": diagnostic(it) }),
        other => wire::reply(other),
    }
}

fn errors(it: &Errors, request: Option<&Arc<SourceText>>) -> Json {
    let source = match (&it.source, request) {
        (None, _) => Json::Null,
        (Some(source), Some(request)) if Arc::ptr_eq(source, request) => "request".into(),
        (Some(source), _) => json!({ "name": source.name, "text": source.text }),
    };
    let diagnostics: Vec<Json> = it.diagnostics.iter().map(diagnostic).collect();
    json!({ "source": source, "diagnostics": diagnostics })
}

fn diagnostic(it: &Diagnostic) -> Json {
    let labels = it.labels.iter().map(
        |label| json!({ "span": span(label.span), "text": label.text, "primary": label.primary }),
    );
    json!({
        "code": it.code.0,
        "error": it.is_error(),
        "message": it.message,
        "labels": labels.collect::<Vec<_>>(),
        "help": it.help,
        "fix": it.fix.as_ref().map(|fix| json!({
            "span": span(fix.span),
            "replacement": fix.replacement,
        })),
    })
}

fn span(span: Span) -> Json {
    json!([span.start, span.end])
}
