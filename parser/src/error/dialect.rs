//! Things that other dialects of SQL have.

use portent_grammar::Diagnostic;
use portent_grammar::codes::syntax as codes;
use portent_grammar::token::Token;

use super::context::{Context, Inside};

/// `IN (SELECT …)`, `EXISTS (SELECT …)`, `= (SELECT …)`
pub(super) fn subquery(context: &Context<'_>) -> Option<Diagnostic> {
    let at = context.at;
    let open = context.before(at, 1)?;
    if !context.is(at, &["SELECT"]) || context.token(open) != Some(Token::LeftParen) {
        return None;
    }
    let before = context.before(open, 1)?;
    let in_from = context.is(before, &["FROM", "JOIN", "LATERAL"])
        || (context.token(before) == Some(Token::Comma));
    if in_from || context.is(before, &["AS", "INTO"]) {
        return None;
    }
    let mut error = Diagnostic::error(
        codes::UNSUPPORTED_SUBQUERY,
        context.place,
        "a subquery can't stand in an expression",
    );
    error = match context.is(before, &["IN", "EXISTS"]) {
        true => error.help("to relate events of two streams write a pattern over both: FROM a, b MATCH (x:a -> y:b[y.id = x.id])"),
        false => error.help("subqueries stand in FROM: FROM (SELECT …) AS x"),
    };
    Some(error)
}

pub(super) fn set_operation(context: &Context<'_>) -> Option<Diagnostic> {
    let at = context.at;
    if !context.is(at, &["UNION", "INTERSECT", "EXCEPT", "MINUS"])
        || context.is(at, &["MINUS"]) && !context.is(at + 1, &["SELECT"])
    {
        return None;
    }
    let name = context.word(at).to_uppercase();
    Some(
        Diagnostic::error(codes::UNSUPPORTED_SET_OPERATION, context.place, format!("{name} is not supported"))
            .help("name several streams in FROM for one pattern, or let several queries write INTO the same sink"),
    )
}

/// Clauses that have another spelling here: the words, the sentence, the advice.
const CLAUSES: &[(&[&str], &str, &str)] = &[
    (&["FETCH"], "FETCH FIRST is not supported", "write LIMIT 10"),
    (
        &["TOP"],
        "TOP is not supported",
        "write LIMIT 10 at the end",
    ),
    (
        &["QUALIFY"],
        "QUALIFY is not supported",
        "put the query into FROM, and filter around it",
    ),
    (
        &["WINDOW"],
        "a WINDOW clause is not supported",
        "write the window into OVER ( … )",
    ),
    (
        &["TABLESAMPLE"],
        "TABLESAMPLE is not supported",
        "filter with a condition",
    ),
    (&["USING"], "USING is not supported", "write ON a.id = b.id"),
    (
        &["NATURAL"],
        "NATURAL JOIN is not supported",
        "write JOIN … ON a.id = b.id",
    ),
    (
        &["RETURNING"],
        "RETURNING is not supported",
        "read the stream with a query",
    ),
    (
        &["CASCADE"],
        "CASCADE is not supported",
        "drop the queries that read it first",
    ),
    (
        &["PARTITIONED"],
        "PARTITIONED BY is not supported",
        "a pattern names its key itself: PARTITION BY",
    ),
    (
        &["SEEK", "INITIAL"],
        "INITIAL and SEEK are not supported",
        "write PATTERN ( … ) alone",
    ),
    (
        &["COMMENT"],
        "COMMENT is not supported",
        "write a comment: -- …",
    ),
    (
        &["DEFAULT"],
        "DEFAULT is not supported",
        "write COALESCE(column, value) where it is read",
    ),
    (
        &["UNIQUE", "CHECK", "REFERENCES", "FOREIGN", "CONSTRAINT"],
        "constraints are not supported",
        "filter events with a condition where they are read",
    ),
    (
        &["COLLATE"],
        "COLLATE is not supported",
        "texts are compared by their code points",
    ),
    (&["ISNULL"], "ISNULL is not supported", "write IS NULL"),
    (
        &["NOTNULL"],
        "NOTNULL is not supported",
        "write IS NOT NULL",
    ),
    (
        &["RLIKE", "REGEXP"],
        "there is another operator for regular expressions",
        "write a ~ 'pattern'",
    ),
    (
        &["DIV"],
        "DIV is not an operator",
        "write a / b: it gives whole numbers for whole numbers",
    ),
    (&["MOD"], "MOD is not an operator", "write a % b"),
    (&["XOR"], "XOR is not an operator", "write a <> b"),
];

pub(super) fn dialect_clause(context: &Context<'_>) -> Option<Diagnostic> {
    // The word may have been taken for an alias; then the next one does not fit.
    for back in 0..2 {
        let at = context.before(context.at, back)?;
        if at == 0 || context.inside(at) != Inside::Plain {
            continue;
        }
        let place = context.place_of(at);
        if context.are(at, &["ON"])
            && context
                .before(at, 1)
                .is_some_and(|before| context.is(before, &["DISTINCT"]))
        {
            return Some(
                Diagnostic::error(
                    codes::UNSUPPORTED_CLAUSE,
                    place,
                    "DISTINCT ON is not supported",
                )
                .help("write LIMIT 1 PER duration BY key, or GROUP BY with FIRST( … )"),
            );
        }
        if let Some((_, message, advice)) = CLAUSES.iter().find(|(words, ..)| context.is(at, words))
        {
            return Some(
                Diagnostic::error(codes::UNSUPPORTED_CLAUSE, place, *message).help(*advice),
            );
        }
    }
    if context.token(context.at) == Some(Token::Comma) {
        let limit = context
            .before(context.at, 2)
            .is_some_and(|before| context.is(before, &["LIMIT"]));
        if limit {
            return Some(
                Diagnostic::error(
                    codes::UNSUPPORTED_CLAUSE,
                    context.place,
                    "LIMIT takes one number",
                )
                .help("write LIMIT 10 OFFSET 5"),
            );
        }
    }
    if context.is(context.at, &["AS"])
        && context.is(0, &["CREATE"])
        && context.is(1, &["STREAM", "TABLE", "SINK"])
        && context.is(context.at + 1, &["SELECT"])
    {
        let kind = context.word(1).to_uppercase();
        return Some(
            Diagnostic::error(codes::UNSUPPORTED_CLAUSE, context.place, format!("CREATE {kind} … AS SELECT is not supported"))
                .help("the matches of a query are a stream of its name: write CREATE QUERY name AS SELECT …"),
        );
    }
    None
}

/// `STRING_AGG(x, ',' ORDER BY y)`, `COUNT(ALL x)`, `f(name => 1)`
pub(super) fn call_parts(context: &Context<'_>) -> Option<Diagnostic> {
    let at = context.at;
    let open = context.opener(at)?;
    let called = context.token(open) == Some(Token::LeftParen)
        && context.before(open, 1).is_some_and(|before| {
            context.token(before).is_some_and(Token::is_name)
                && !portent_grammar::keywords::is_reserved(context.word(before))
                && !context.is(before, &["OVER", "MATCH", "PATTERN", "VALUES"])
        });
    if !called {
        return None;
    }
    if context.are(at, &["ORDER", "BY"]) {
        return Some(
            Diagnostic::error(
                codes::MISPLACED_CALL_PART,
                context.place,
                "ORDER BY can't stand in a call",
            )
            .help("events come in the order of their time; leave it out"),
        );
    }
    if context.is(at, &["DISTINCT"]) {
        return Some(
            Diagnostic::error(
                codes::MISPLACED_CALL_PART,
                context.place,
                "DISTINCT stands before the first argument",
            )
            .help("write COUNT(DISTINCT x)"),
        );
    }
    None
}
