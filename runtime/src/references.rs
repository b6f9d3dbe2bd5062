//! Which names a text mentions, without knowing what they are.

use portent_parser::ast::{
    CreateQuery, Explain, ExplainTarget, Insert, InsertSource, Query, Statement, StatementKind,
    TableKind, TableRef,
};

/// Whether a statement reads something of this name (in any case).
pub(crate) fn reads(statement: &Statement, name: &str) -> bool {
    let of = |query: &Query| query_reads(query, name, 0);
    match &statement.kind {
        StatementKind::CreateQuery(CreateQuery { query, .. })
        | StatementKind::CreateView(CreateQuery { query, .. })
        | StatementKind::Select(query) => of(query),
        StatementKind::Insert(Insert {
            source: InsertSource::Query(query),
            ..
        }) => of(query),
        StatementKind::Explain(Explain {
            target: ExplainTarget::Statement(inner),
            ..
        }) => match &inner.kind {
            StatementKind::Explain(_) => false,
            _ => reads(inner, name),
        },
        StatementKind::Describe { name: described } => described.text.eq_ignore_ascii_case(name),
        _ => false,
    }
}

/// Visits the names of all that a query reads, as they are written.
#[cfg(feature = "store")]
pub(crate) fn each_read(query: &Query, visit: &mut dyn FnMut(&str)) {
    let mut tables: Vec<&TableRef> = query.from.iter().collect();
    while let Some(table) = tables.pop() {
        match &table.kind {
            TableKind::Named(ident) => visit(&ident.text),
            TableKind::Subquery(query) => tables.extend(&query.from),
            TableKind::MatchRecognize(inner, _) => tables.push(inner),
            TableKind::Join(join) => tables.extend([&join.left, &join.right]),
            TableKind::File(_) | TableKind::Values(_) | TableKind::Function { .. } => {}
        }
    }
}

/// Deeper nesting than this is refused by the planner.
const MAX_DEPTH: usize = 200;

fn query_reads(query: &Query, name: &str, depth: usize) -> bool {
    depth < MAX_DEPTH
        && query
            .from
            .iter()
            .any(|table| table_reads(table, name, depth + 1))
}

fn table_reads(table: &TableRef, name: &str, depth: usize) -> bool {
    if depth >= MAX_DEPTH {
        return false;
    }
    match &table.kind {
        TableKind::Named(ident) => {
            let of = |text: &str| text.eq_ignore_ascii_case(name);
            of(&ident.text) || ident.text.strip_suffix("$late").is_some_and(of)
        }
        TableKind::Subquery(query) => query_reads(query, name, depth + 1),
        TableKind::MatchRecognize(inner, _) => table_reads(inner, name, depth + 1),
        TableKind::Join(join) => {
            table_reads(&join.left, name, depth + 1) || table_reads(&join.right, name, depth + 1)
        }
        TableKind::File(_) | TableKind::Values(_) | TableKind::Function { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::reads;

    fn any(text: &str) -> bool {
        portent_parser::parse(text)
            .statements
            .iter()
            .any(|it| reads(it, "stdin"))
    }

    #[test]
    fn names_are_found_wherever_they_are_read() {
        assert!(any("SELECT * FROM stdin"));
        assert!(any("SELECT * FROM (SELECT a FROM STDIN) AS x"));
        assert!(any(
            "CREATE QUERY q AS SELECT * FROM stdin MATCH (a b) WITHIN 1 MINUTE"
        ));
        assert!(any("EXPLAIN SELECT * FROM stdin$late"));
        assert!(!any("SELECT stdin FROM t WHERE x = 'stdin'"));
        assert!(!any("SELECT * FROM 'stdin'"));
    }
}
