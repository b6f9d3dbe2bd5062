//! What Portent knows by name, and doesn't do yet.

use portent_grammar::codes::unsupported as codes;
use portent_grammar::{Code, Diagnostic, Span};
use portent_parser::ast::{ExplainTarget, Statement, StatementKind};

fn not_yet(code: Code, span: Span, what: &str) -> Diagnostic {
    Diagnostic::error(code, span, format!("{what} not supported yet"))
}

pub(crate) fn tables(span: Span) -> Diagnostic {
    not_yet(codes::TABLES, span, "tables are")
        .help("a stream that is read to its end can stand in for one")
}

pub(crate) fn views(span: Span) -> Diagnostic {
    not_yet(codes::VIEWS, span, "materialized views are")
        .help("CREATE QUERY gives its rows as a stream")
}

pub(crate) fn windows(span: Span, function: &str) -> Diagnostic {
    not_yet(
        codes::WINDOWS,
        span,
        &format!("windows ({}) are", function.to_uppercase()),
    )
    .help("GROUP BY date_trunc('minute', ts) does the same over bounded input")
}

pub(crate) fn joins(span: Span) -> Diagnostic {
    not_yet(codes::JOINS, span, "joins are")
        .help("a pattern over several streams may do: FROM a, b MATCH (x:a -> y:b) PARTITION BY a.key = b.key")
}

pub(crate) fn over(span: Span) -> Diagnostic {
    not_yet(codes::OVER, span, "OVER (…) is")
        .help("in a pattern, PREV, FIRST, LAST and aggregates look at other rows")
}

pub(crate) fn group_live(span: Span) -> Diagnostic {
    not_yet(
        codes::GROUP_BY_LIVE,
        span,
        "GROUP BY over a stream that never ends needs windows, which are",
    )
    .help("over bounded input (a file) it works: one row a group, at the end")
}

pub(crate) fn emit_windows(span: Span) -> Diagnostic {
    not_yet(
        codes::EMIT_WINDOWS,
        span,
        "EMIT FINAL and EMIT CHANGES speak of windows, which are",
    )
}

pub(crate) fn table_function(span: Span, name: &str) -> Diagnostic {
    let message = format!("table function {} is", name.to_uppercase());
    not_yet(codes::TABLE_FUNCTION, span, &message).help("there are UNNEST and GENERATE_SERIES")
}

/// Statements that are parsed in full, and not done yet. `None`: this one is done.
pub fn statement(statement: &Statement) -> Option<Diagnostic> {
    let span = statement.span;
    Some(match &statement.kind {
        StatementKind::CreateTable(create) => tables(create.name.span),
        StatementKind::CreateView(create) => views(create.name.span),
        StatementKind::Explain(explain) if explain.analyze => {
            not_yet(codes::EXPLAIN_ANALYZE, span, "EXPLAIN ANALYZE is")
                .help("EXPLAIN without ANALYZE tells the plan")
        }
        StatementKind::Explain(explain) => match &explain.target {
            ExplainTarget::Statement(inner) => return self::statement(inner),
            ExplainTarget::Query(_) => return None,
        },
        _ => return None,
    })
}
