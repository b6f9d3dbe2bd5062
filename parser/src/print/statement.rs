//! Statements.

use crate::ast::{
    Explain, ExplainFormat, ExplainTarget, Insert, InsertSource, ObjectKind, Show, Statement,
    StatementKind,
};
use crate::build::expr::power;

use super::lines::{join, suffix};
use super::types::{option_value, setting_name};
use super::{Printer, WIDTH, name, names, text};

impl Printer<'_> {
    pub(super) fn statement(&self, statement: &Statement) -> Vec<String> {
        match &statement.kind {
            StatementKind::CreateStream(stream) => self.create_stream("STREAM", stream),
            StatementKind::CreateTable(table) => self.create_stream("TABLE", table),
            StatementKind::CreateQuery(query) => self.create_query("QUERY", query),
            StatementKind::CreateView(view) => self.create_query("MATERIALIZED VIEW", view),
            StatementKind::CreateSink(sink) => self.create_sink(sink),
            StatementKind::Insert(insert) => self.insert(insert),
            StatementKind::Select(query) => self.query(query, WIDTH),
            StatementKind::Drop {
                what,
                if_exists,
                name: of,
            } => {
                let what = match what {
                    ObjectKind::Stream => "STREAM",
                    ObjectKind::Table => "TABLE",
                    ObjectKind::Query => "QUERY",
                    ObjectKind::View => "VIEW",
                    ObjectKind::Sink => "SINK",
                };
                vec![format!(
                    "DROP {what} {}{}",
                    if *if_exists { "IF EXISTS " } else { "" },
                    name(of)
                )]
            }
            StatementKind::Pause { name: of } => vec![format!("PAUSE QUERY {}", name(of))],
            StatementKind::Resume { name: of } => vec![format!("RESUME QUERY {}", name(of))],
            StatementKind::Show(show) => vec![format!("SHOW {}", shown(show))],
            StatementKind::Describe { name: of } => vec![format!("DESCRIBE {}", name(of))],
            StatementKind::Explain(explain) => self.explain(explain),
            StatementKind::ExplainMatch { format, query, id } => {
                let format = shown_format(*format);
                vec![format!(
                    "EXPLAIN{format} MATCH {} {}",
                    name(query),
                    text(id)
                )]
            }
            StatementKind::ExplainWhyNot {
                format,
                query,
                key,
                between,
            } => {
                let format = shown_format(*format);
                let mut line = format!("EXPLAIN{format} WHY NOT {}", name(query));
                if !key.is_empty() {
                    line.push_str(&format!(" FOR ({})", self.exprs(key)));
                }
                if let Some((low, high)) = between {
                    let (low, high) = (
                        self.operand(low, power::OTHER),
                        self.operand(high, power::OTHER),
                    );
                    line.push_str(&format!(" BETWEEN {low} AND {high}"));
                }
                vec![line]
            }
            StatementKind::Replay {
                stream,
                from,
                to,
                into,
            } => {
                let to = to
                    .as_ref()
                    .map(|to| format!(" TO {}", self.expr(to)))
                    .unwrap_or_default();
                vec![format!(
                    "REPLAY {} FROM {}{to} INTO {}",
                    name(stream),
                    self.since(from),
                    name(into)
                )]
            }
            StatementKind::Set { name: of, value } => vec![format!(
                "SET {} = {}",
                setting_name(of),
                option_value(value)
            )],
        }
    }

    fn insert(&self, insert: &Insert) -> Vec<String> {
        let columns = if insert.columns.is_empty() {
            String::new()
        } else {
            format!(" ({})", names(&insert.columns))
        };
        let head = format!("INSERT INTO {}{columns}", name(&insert.into));
        match &insert.source {
            InsertSource::Values(rows) => {
                let values = self.values(rows, WIDTH.saturating_sub(head.len() + 1));
                join(suffix(vec![head], " "), values)
            }
            InsertSource::Query(query) => [vec![head], self.query(query, WIDTH)].concat(),
        }
    }

    fn explain(&self, explain: &Explain) -> Vec<String> {
        let format = shown_format(explain.format);
        let head = format!(
            "EXPLAIN{}{format}",
            if explain.analyze { " ANALYZE" } else { "" }
        );
        match &explain.target {
            ExplainTarget::Query(query) => vec![format!("{head} {}", name(query))],
            ExplainTarget::Statement(statement) => [vec![head], self.statement(statement)].concat(),
        }
    }
}

fn shown(show: &Show) -> String {
    match show {
        Show::Streams => "STREAMS".to_owned(),
        Show::Queries => "QUERIES".to_owned(),
        Show::Tables => "TABLES".to_owned(),
        Show::Views => "VIEWS".to_owned(),
        Show::Sinks => "SINKS".to_owned(),
        Show::Functions => "FUNCTIONS".to_owned(),
        Show::Jobs => "JOBS".to_owned(),
        Show::All => "ALL".to_owned(),
        Show::Setting(setting) => setting_name(setting),
    }
}

fn shown_format(format: ExplainFormat) -> &'static str {
    match format {
        ExplainFormat::Text => "",
        ExplainFormat::Json => " (FORMAT JSON)",
        ExplainFormat::Dot => " (FORMAT DOT)",
        ExplainFormat::Mermaid => " (FORMAT MERMAID)",
    }
}
