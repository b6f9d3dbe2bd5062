//! Columns as text: names and types, as they stand in CREATE STREAM.

use portent_grammar::codes::store as codes;
use portent_grammar::{Diagnostic, Schema, keywords};
use portent_parser::ast::{ColumnKind, StatementKind};
use portent_planner::catalog::{Catalog, NoFiles};

use crate::{Errors, SourceText};

/// `ts TIMESTAMP, "order" TEXT`: what [`parse_columns`] takes.
pub fn columns_sql(schema: &Schema) -> String {
    let columns: Vec<String> = schema
        .iter()
        .map(|column| format!("{} {}", identifier(&column.name), column.ty))
        .collect();
    columns.join(", ")
}

fn identifier(name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !keywords::is_reserved(name);
    if plain {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

/// Columns from names and types.
///
/// # Errors
/// What is wrong with the text, with its place; P0732: more than names and types.
pub fn parse_columns(text: &str) -> Result<Schema, Errors> {
    const BEFORE: &str = "CREATE STREAM s (";
    let source = SourceText::new("<columns>", format!("{BEFORE}{text}\n)"));
    let parsed = portent_parser::parse(&source.text);
    if parsed.diagnostics.iter().any(Diagnostic::is_error) {
        return Err(Errors::new(parsed.diagnostics, Some(source)));
    }
    let plain_only = || {
        Errors::plain(
            codes::IMPORT_COLUMNS,
            format!("`{text}` is more than columns of a name and a type"),
        )
        .help("for example: ts TIMESTAMP, user TEXT, ok BOOLEAN")
    };
    let [statement] = parsed.statements.as_slice() else {
        return Err(plain_only());
    };
    let StatementKind::CreateStream(create) = &statement.kind else {
        return Err(plain_only());
    };
    let plain = create.columns.iter().all(|column| {
        !column.not_null && matches!(&column.kind, ColumnKind::Physical { from: None, .. })
    });
    let bare =
        create.watermark.is_none() && create.primary_key.is_empty() && create.options.is_empty();
    if !plain || !bare || create.columns.is_empty() {
        return Err(plain_only());
    }
    let mut diagnostics = Vec::new();
    let created = Catalog::new().create_stream(create, &NoFiles, &mut diagnostics);
    match created {
        Some(created) if !diagnostics.iter().any(Diagnostic::is_error) => Ok(created.def.schema()),
        _ => Err(Errors::new(diagnostics, Some(source))),
    }
}
