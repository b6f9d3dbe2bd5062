//! `CREATE …`

use crate::ast::{ColumnDef, ColumnKind, CreateQuery, CreateSink, CreateStream, Ident, Since};

use super::lines::{bracketed, fits, join, prefix, suffix};
use super::types::type_name;
use super::{Printer, WIDTH, name, names, text};

fn head(or_replace: bool, kind: &str, if_not_exists: bool, of: &Ident) -> String {
    let replace = if or_replace { "OR REPLACE " } else { "" };
    let exists = if if_not_exists { "IF NOT EXISTS " } else { "" };
    format!("CREATE {replace}{kind} {exists}{}", name(of))
}

impl Printer<'_> {
    pub(super) fn create_stream(&self, kind: &str, stream: &CreateStream) -> Vec<String> {
        let head = head(stream.or_replace, kind, stream.if_not_exists, &stream.name);
        let mut items: Vec<Vec<String>> = stream
            .columns
            .iter()
            .map(|column| self.column(column))
            .collect();
        if let Some(watermark) = &stream.watermark {
            let head = format!("WATERMARK FOR {} AS ", name(&watermark.column));
            items.push(prefix(
                &head,
                self.expr_lines(&watermark.expr, WIDTH.saturating_sub(head.len() + 3)),
            ));
        }
        if !stream.primary_key.is_empty() {
            items.push(vec![format!(
                "PRIMARY KEY ({})",
                names(&stream.primary_key)
            )]);
        }
        let lines = if items.is_empty() {
            vec![head]
        } else {
            let spans = stream
                .columns
                .iter()
                .map(|column| column.span)
                .chain(stream.watermark.as_ref().map(|watermark| watermark.span));
            let key = stream.primary_key.iter().map(|column| column.span);
            let spans: Vec<_> = spans.chain(key).collect();
            let vertical = self.commented(spans.iter().min().copied(), spans.iter().max().copied());
            bracketed(&format!("{head} ("), items, ")", vertical, WIDTH)
        };
        self.with(lines, &stream.options)
    }

    /// Options on the same line if they fit.
    fn with(&self, lines: Vec<String>, options: &[crate::ast::WithOption]) -> Vec<String> {
        if options.is_empty() {
            return lines;
        }
        let flat = self.with_options(options, WIDTH);
        let last = lines.last().map_or(0, |line| line.chars().count());
        let first = flat.first().cloned().unwrap_or_default();
        let one = flat.len() == 1 && fits(&first, WIDTH.saturating_sub(last + 1));
        // After `)` alone even a broken list goes on: `) WITH (`.
        if one || lines.len() > 1 {
            let options = if one {
                flat
            } else {
                self.with_options(options, WIDTH.saturating_sub(last + 1))
            };
            return join(suffix(lines, " "), options);
        }
        [lines, flat].concat()
    }

    fn column(&self, column: &ColumnDef) -> Vec<String> {
        let of = name(&column.name);
        let from = |from: &Option<String>| {
            from.as_ref()
                .map(|from| format!(" FROM {}", text(from)))
                .unwrap_or_default()
        };
        let not_null = if column.not_null { " NOT NULL" } else { "" };
        match &column.kind {
            ColumnKind::Physical { ty, from: source } => {
                vec![format!("{of} {}{}{not_null}", type_name(ty), from(source))]
            }
            ColumnKind::Metadata { ty, from: source } => vec![format!(
                "{of} {} METADATA{}{not_null}",
                type_name(ty),
                from(source)
            )],
            ColumnKind::Computed(expr) => {
                let head = format!("{of} AS ");
                prefix(
                    &head,
                    self.expr_lines(expr, WIDTH.saturating_sub(head.len() + 3)),
                )
            }
        }
    }

    pub(super) fn create_query(&self, kind: &str, query: &CreateQuery) -> Vec<String> {
        let mut lines = vec![head(
            query.or_replace,
            kind,
            query.if_not_exists,
            &query.name,
        )];
        if let Some(since) = &query.since {
            lines = suffix(lines, &format!(" FROM {}", self.since(since)));
        }
        lines = self.with(lines, &query.options);
        if !query.into.is_empty() {
            lines = suffix(lines, &format!(" INTO {}", names(&query.into)));
        }
        lines = suffix(lines, " AS");
        lines.extend(self.query(&query.query, WIDTH));
        lines
    }

    /// What stands behind FROM.
    pub(super) fn since(&self, since: &Since) -> String {
        match since {
            Since::Earliest(_) => "EARLIEST".to_owned(),
            Since::Now(_) => "NOW".to_owned(),
            Since::At(expr) => self.expr(expr),
        }
    }

    pub(super) fn create_sink(&self, sink: &CreateSink) -> Vec<String> {
        self.with(
            vec![head(
                sink.or_replace,
                "SINK",
                sink.if_not_exists,
                &sink.name,
            )],
            &sink.options,
        )
    }
}
