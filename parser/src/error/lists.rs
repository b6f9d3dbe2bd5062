//! Commas too many and too few.

use portent_grammar::codes::syntax as codes;
use portent_grammar::token::Token;
use portent_grammar::{Diagnostic, Span, keywords};

use super::context::{Context, Inside, replace};

/// `a, b, FROM`, `(a, )`, `a,, b`
pub(super) fn commas(context: &Context<'_>) -> Option<Diagnostic> {
    // A clause's word may have been taken for a name: the comma may lie a few words back.
    for back in 0..4 {
        let at = context.before(context.at, back)?;
        if context.token(at) != Some(Token::Comma) {
            continue;
        }
        let place = context.place_of(at);
        let doubled = context
            .before(at, 1)
            .is_some_and(|before| context.token(before) == Some(Token::Comma));
        // `a, WITHIN 10 …` and `a, )`; but not `a, b c`, where a comma is missing instead.
        let ends = doubled
            || at + 1 >= context.words.len()
            || context.token(at + 1).is_some_and(Token::closes)
            || context.is(at + 1, CLAUSES)
            || context.before(at, 1).is_some_and(|before| {
                context.token(before).is_some_and(Token::opens)
                    || context.is(before, &["SELECT", "BY", "FROM", "DISTINCT"])
            });
        if !ends || !context.reads_on(&[replace(place, "")]) {
            continue;
        }
        let message = if doubled {
            "there is a comma too many here".to_owned()
        } else if at + 1 >= context.words.len() {
            "the list ends with a comma".to_owned()
        } else if context.before(at, 1).is_some_and(|before| {
            context.token(before) != Some(Token::Comma) && !starts_list(context, before)
        }) {
            format!(
                "after this comma another item was expected, not {}",
                context.found(at + 1)
            )
        } else {
            "there is a comma too many here".to_owned()
        };
        return Some(
            Diagnostic::error(codes::TRAILING_COMMA, place, message)
                .help("delete the comma")
                .fix(place, ""),
        );
    }
    None
}

const CLAUSES: &[&str] = &[
    "FROM",
    "WHERE",
    "MATCH",
    "PARTITION",
    "WITHIN",
    "DEFINE",
    "SUBSET",
    "AFTER",
    "GROUP",
    "ORDER",
    "HAVING",
    "LIMIT",
    "EMIT",
    "OFFSET",
    "MEASURES",
    "PATTERN",
    "ONE",
    "ALL",
    "AS",
    "INTO",
    "WITH",
];

fn starts_list(context: &Context<'_>, at: usize) -> bool {
    context.token(at).is_some_and(Token::opens)
        || context.is(at, &["SELECT", "BY", "FROM", "DISTINCT"])
}

/// `(id BIGINT name TEXT)`, `WHERE a = 1 b = 2`
pub(super) fn missing_comma(context: &Context<'_>) -> Option<Diagnostic> {
    if context.inside(context.at) == Inside::Pattern {
        return None;
    }
    if let Some(error) = comma_for_and(context) {
        return Some(error);
    }
    let glue = [
        (",", codes::MISSING_COMMA, "a comma is missing here"),
        (
            " AND",
            codes::UNEXPECTED_TOKEN,
            "AND, OR or another operator is missing here",
        ),
        (" =", codes::UNEXPECTED_TOKEN, "`=` is missing here"),
        (" AS", codes::UNEXPECTED_TOKEN, "AS is missing here"),
        (" BY", codes::UNEXPECTED_TOKEN, "BY is missing here"),
    ];
    // The word before may have been taken for an alias.
    for back in [0, 1] {
        let at = context.before(context.at, back)?;
        let before = context.before(at, 1)?;
        if at >= context.words.len() || !ends_item(context.token(before)) {
            continue;
        }
        let last = context.place_of(before);
        let gap = Span {
            start: last.end,
            end: last.end,
        };
        for (sign, code, message) in glue {
            let reserved =
                context.token(at) == Some(Token::Word) && keywords::is_reserved(context.word(at));
            let likely = match sign {
                "," => !context.is(at, &["AS"]) && !context.is(before, STARTS),
                " BY" => context.is(before, &["PARTITION", "GROUP", "ORDER"]),
                " AS" => !reserved || context.is(at, &["SELECT"]),
                _ => !reserved,
            };
            if likely && context.mends(&[replace(gap, sign)]) {
                return Some(
                    Diagnostic::error(code, gap, message)
                        .also(context.place_of(at), "before this")
                        .fix(gap, sign),
                );
            }
        }
    }
    None
}

/// `WHERE a = 1, b = 2`, `BETWEEN 1, 10`
fn comma_for_and(context: &Context<'_>) -> Option<Diagnostic> {
    if context.token(context.at) != Some(Token::Comma)
        || !context.mends(&[replace(context.place, " AND")])
    {
        return None;
    }
    let between = (1..6)
        .filter_map(|back| context.before(context.at, back))
        .any(|at| context.is(at, &["BETWEEN"]));
    let error = if between {
        Diagnostic::error(
            codes::INCOMPLETE_BETWEEN,
            context.place,
            "the bounds of BETWEEN are joined by AND",
        )
    } else {
        Diagnostic::error(
            codes::UNEXPECTED_TOKEN,
            context.place,
            "conditions are joined by AND, not by a comma",
        )
    };
    Some(error.fix(context.place, " AND"))
}

const STARTS: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "BY",
    "AND",
    "OR",
    "NOT",
    "GROUP",
    "ORDER",
    "PARTITION",
    "LIMIT",
    "MATCH",
];

fn ends_item(token: Option<Token>) -> bool {
    token.is_some_and(|token| {
        token.is_name() || token.closes() || matches!(token, Token::Text | Token::Number)
    })
}
