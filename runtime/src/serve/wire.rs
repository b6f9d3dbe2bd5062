//! Answers as JSON: how statements, errors and schemas look to clients.

use std::sync::Arc;

use portent_grammar::{Schema, Value};
use serde_json::{Value as Json, json};

use crate::error::{Errors, SourceText, diagnostic_json};
use crate::reply::Reply;

/// Columns: their names and types.
pub(crate) fn schema(schema: &Schema) -> Json {
    let column =
        |it: &portent_grammar::Column| json!({ "name": it.name, "type": it.ty.to_string() });
    schema.iter().map(column).collect()
}

/// A row: its values in the order of the columns.
pub(crate) fn row(values: &[Value]) -> Json {
    values.iter().map(Value::to_json).collect()
}

/// What is wrong: each diagnostic with its place, and all of it as a terminal shows it.
pub(crate) fn errors(errors: &Errors) -> Json {
    let nowhere = SourceText::new("", "");
    let source: &Arc<SourceText> = errors.source.as_ref().unwrap_or(&nowhere);
    let diagnostics = errors.diagnostics.iter();
    json!({
        "code": errors.code().map(|it| it.to_string()),
        "message": errors.first().map(|it| it.message.clone()),
        "diagnostics": diagnostics.map(|it| diagnostic_json(it, source)).collect::<Vec<_>>(),
        "rendered": errors.render(false),
    })
}

/// The answer to one statement.
pub(crate) fn reply(reply: &Reply) -> Json {
    match reply {
        Reply::Created { what, name, new } => {
            json!({ "kind": "created", "what": what, "name": name, "new": new })
        }
        Reply::Dropped {
            what,
            name,
            existed,
        } => json!({ "kind": "dropped", "what": what, "name": name, "existed": existed }),
        Reply::Rows {
            schema: columns,
            rows,
        } => json!({
            "kind": "rows",
            "columns": schema(columns),
            "rows": rows.iter().map(|it| row(it)).collect::<Vec<_>>(),
        }),
        Reply::Shown {
            title,
            schema: columns,
            rows,
        } => json!({
            "kind": "shown",
            "title": title,
            "columns": schema(columns),
            "rows": rows.iter().map(|it| row(it)).collect::<Vec<_>>(),
        }),
        Reply::Explained(text) => json!({ "kind": "explained", "text": text }),
        Reply::Set { name, value } => json!({ "kind": "set", "name": name, "value": value }),
        Reply::Inserted {
            into,
            accepted,
            late,
        } => json!({ "kind": "inserted", "into": into, "accepted": accepted, "late": late }),
        Reply::Paused { name, dropped } => {
            json!({ "kind": "paused", "name": name, "dropped": dropped })
        }
        Reply::Resumed { name } => json!({ "kind": "resumed", "name": name }),
        Reply::Notice(text) => json!({ "kind": "notice", "text": text }),
        Reply::Warning(diagnostic) => json!({
            "kind": "warning",
            "code": diagnostic.code.to_string(),
            "message": diagnostic.message,
            "help": diagnostic.help,
        }),
    }
}
