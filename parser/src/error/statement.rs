//! What begins a statement, and what ends it.

use portent_grammar::Diagnostic;
use portent_grammar::codes::syntax as codes;
use portent_grammar::keywords::{STATEMENTS, nearest};
use portent_grammar::syntax::Rule;
use portent_grammar::token::Token;

use super::context::{Context, replace};
use crate::parse::judge;

/// Statements of other systems, and what to do instead.
const ELSEWHERE: &[(&[&str], &str)] = &[
    (
        &["ALTER"],
        "drop it and create it again; a query is replaced by CREATE OR REPLACE QUERY",
    ),
    (
        &["UPDATE", "DELETE", "MERGE", "UPSERT", "TRUNCATE"],
        "events are facts and are not changed; write a query that gives what you want to see",
    ),
    (
        &["BEGIN", "COMMIT", "ROLLBACK", "START", "SAVEPOINT"],
        "there are no transactions: each statement takes effect by itself",
    ),
    (
        &["GRANT", "REVOKE"],
        "there are no permissions inside the language",
    ),
    (
        &["COPY", "LOAD", "IMPORT"],
        "create a stream on the file: CREATE STREAM s WITH (connector = 'file', path = 'x.csv')",
    ),
    (&["USE", "ATTACH", "DETACH"], "there is only one catalog"),
    (
        &["CALL", "EXECUTE", "PREPARE", "DECLARE", "DO"],
        "there are no procedures and prepared statements",
    ),
    (
        &["ANALYZE", "VACUUM", "OPTIMIZE", "REFRESH"],
        "nothing has to be maintained by hand; EXPLAIN ANALYZE measures a query",
    ),
    (&["STOP", "CANCEL", "KILL"], "use PAUSE QUERY or DROP QUERY"),
];

pub(super) fn unknown_statement(context: &Context<'_>) -> Option<Diagnostic> {
    if context.token(context.at) == Some(Token::Semicolon) {
        return Some(Diagnostic::error(
            codes::UNEXPECTED_TOKEN,
            context.place,
            "only a single one can stand here, without `;`",
        ));
    }
    if context.entry == Rule::query_entry && !context.is(0, &["SELECT"]) {
        return not_a_query(context);
    }
    if context.entry != Rule::statement_entry || context.at > 1 || context.is(0, STATEMENTS) {
        return None;
    }
    let place = context.place_of(0);
    let word = context.word(0);
    if context.is(0, &["WITH"]) {
        return Some(
            Diagnostic::error(codes::UNSUPPORTED_WITH, place, "WITH … AS before a SELECT is not supported")
                .help("put the subquery into FROM, FROM (SELECT …) AS x, or create it as a query of its own, which others may read"),
        );
    }
    for (words, advice) in ELSEWHERE {
        if context.is(0, words) {
            let name = word.to_uppercase();
            let message = format!("{name} is not supported");
            return Some(
                Diagnostic::error(codes::UNSUPPORTED_STATEMENT, place, message).help(*advice),
            );
        }
    }
    if context.is(0, &["FROM", "MATCH", "WHERE"]) {
        let name = word.to_uppercase();
        return Some(
            Diagnostic::error(
                codes::UNKNOWN_STATEMENT,
                place,
                format!("{name} does not begin a statement"),
            )
            .help("a query begins with SELECT: SELECT * FROM stream MATCH ( … )"),
        );
    }
    if context.token(0) == Some(Token::Dot) {
        return Some(
            Diagnostic::error(
                codes::UNKNOWN_STATEMENT,
                place,
                "commands with a dot work in the shell only",
            )
            .help(
                "begin it at the start of a line in the shell; in a file only statements may stand",
            ),
        );
    }
    if context.token(0) == Some(Token::Word)
        && let Some(near) = nearest(word, STATEMENTS.iter().copied())
    {
        return Some(
            Diagnostic::error(
                codes::MISSPELT_KEYWORD,
                place,
                format!("`{word}` does not begin a statement; did you mean {near}?"),
            )
            .fix(place, near),
        );
    }
    Some(
        Diagnostic::error(codes::UNKNOWN_STATEMENT, place, format!("{} does not begin a statement", context.found(0))).help(
            "a statement begins with CREATE, SELECT, INSERT, EXPLAIN, DROP, PAUSE, RESUME, SHOW, DESCRIBE, REPLAY or SET",
        ),
    )
}

fn not_a_query(context: &Context<'_>) -> Option<Diagnostic> {
    let place = context.place_of(0);
    if let Some(near) = nearest(context.word(0), ["SELECT"]) {
        let message = format!(
            "`{}` does not begin a query; did you mean SELECT?",
            context.word(0)
        );
        return Some(Diagnostic::error(codes::MISSPELT_KEYWORD, place, message).fix(place, near));
    }
    Some(Diagnostic::error(
        codes::UNKNOWN_STATEMENT,
        place,
        format!("a query begins with SELECT, not with {}", context.found(0)),
    ))
}

/// What can be created, and other systems' words for it.
const OBJECTS: &[(&str, &[&str])] = &[
    ("STREAM", &["SOURCE", "EVENT", "CHANNEL", "TOPIC"]),
    ("TABLE", &[]),
    ("QUERY", &["RULE", "PATTERN", "VIEW", "JOB", "PIPELINE"]),
    ("MATERIALIZED VIEW", &["MATERIALIZED"]),
    ("SINK", &["OUTPUT", "TARGET"]),
];

pub(super) fn unknown_object(context: &Context<'_>) -> Option<Diagnostic> {
    if context.entry != Rule::statement_entry
        || !context.is(0, &["CREATE", "DROP", "PAUSE", "RESUME"])
    {
        return None;
    }
    let at = if context.are(1, &["OR", "REPLACE"]) {
        3
    } else {
        1
    };
    if context.at != at && !(context.at == at + 1 && context.is(at, &["MATERIALIZED"])) {
        return None;
    }
    let verb = context.word(0).to_uppercase();
    let place = context.place_of(at);
    if matches!(verb.as_str(), "PAUSE" | "RESUME") {
        let error = Diagnostic::error(
            codes::UNEXPECTED_TOKEN,
            place,
            format!(
                "{verb} is followed by QUERY and its name, not by {}",
                context.found(at)
            ),
        );
        return Some(error.help(format!("write {verb} QUERY name")));
    }
    let kinds = if verb == "CREATE" {
        "STREAM, TABLE, QUERY, MATERIALIZED VIEW or SINK"
    } else {
        "STREAM, TABLE, QUERY, VIEW or SINK"
    };
    let message = format!(
        "{verb} is followed by {kinds}, not by {}",
        context.found(at)
    );
    let error = Diagnostic::error(codes::UNKNOWN_OBJECT, place, message);
    let word = context.word(at);
    let near = OBJECTS
        .iter()
        .find(|(_, others)| context.is(at, others))
        .map(|(kind, _)| *kind);
    let near = near.or_else(|| nearest(word, OBJECTS.iter().map(|(kind, _)| *kind)));
    Some(
        match near.filter(|_| {
            context.token(at) == Some(Token::Word) && !context.is(at, &["MATERIALIZED"])
        }) {
            Some(near) => error
                .help(format!("did you mean {verb} {near}?"))
                .fix(place, near),
            None => error,
        },
    )
}

/// `CREATE STREAM s (…)` `SELECT …` with no `;` between them.
pub(super) fn missing_semicolon(context: &Context<'_>) -> Option<Diagnostic> {
    if context.entry != Rule::statement_entry {
        return None;
    }
    // The word before may have been taken for an alias.
    for at in [
        context.at,
        context.at.saturating_sub(1),
        context.at.saturating_sub(2),
    ] {
        if at == 0 || !context.is(at, STATEMENTS) || context.opener(at).is_some() {
            continue;
        }
        if !context.begins_line(at)
            && !context.is(at, &["CREATE", "SELECT", "INSERT", "DROP", "EXPLAIN"])
        {
            continue;
        }
        let last = context.place_of(at - 1);
        let rest = replace(
            portent_grammar::Span {
                start: last.end,
                end: context.span.end,
            },
            "",
        );
        let before = context.edited(&[rest]);
        if judge(&before, context.entry).is_err() {
            continue;
        }
        let end = portent_grammar::Span {
            start: last.end,
            end: last.end,
        };
        return Some(
            Diagnostic::error(codes::MISSING_SEMICOLON, end, "a semicolon is missing here")
                .also(context.place_of(at), "another statement begins here")
                .fix(end, ";"),
        );
    }
    None
}

/// `SELECT FROM s`
pub(super) fn empty_select(context: &Context<'_>) -> Option<Diagnostic> {
    let before = context.before(context.at, 1)?;
    if !context.is(before, &["SELECT", "DISTINCT"])
        || !context.is(context.at, &["FROM", "WHERE", "MATCH"])
    {
        return None;
    }
    let gap = context.place_of(before);
    Some(
        Diagnostic::error(
            codes::UNEXPECTED_TOKEN,
            context.place,
            "SELECT does not say what to select",
        )
        .help("write SELECT * for every column")
        .fix(
            portent_grammar::Span {
                start: gap.end,
                end: gap.end,
            },
            " *",
        ),
    )
}
