//! Misspelt keywords, and names that need quotes.

use portent_grammar::Diagnostic;
use portent_grammar::codes::syntax as codes;
use portent_grammar::keywords::{self, KEYWORDS, nearest};
use portent_grammar::token::Token;

use super::context::{Context, replace};

/// Keywords that are worth a guess; short ones would fit nearly any short name.
fn candidates() -> impl Iterator<Item = &'static str> {
    KEYWORDS
        .iter()
        .map(|keyword| keyword.text)
        .filter(|text| text.len() > 2)
}

/// `SELECT a FORM s`, `PARTITON BY`, `WITHN`, `MACTH`
///
/// A misspelt word that could be a name is taken for one, so the slip may lie before the place where reading stops.
pub(super) fn keyword(context: &Context<'_>) -> Option<Diagnostic> {
    let last = context.at.min(context.words.len().saturating_sub(1));
    for at in (0..=last).rev() {
        let word = context.word(at);
        if context.token(at) != Some(Token::Word) || word.len() < 3 || keywords::is_reserved(word) {
            continue;
        }
        let place = context.place_of(at);
        let mut tried = Vec::new();
        // The nearest need not be the one that fits here: try a few.
        for _ in 0..3 {
            let Some(near) = nearest(word, candidates().filter(|text| !tried.contains(text)))
            else {
                break;
            };
            tried.push(near);
            if context.reads_on(&[replace(place, near)]) {
                let message = format!("`{word}` can't be read here; did you mean {near}?");
                return Some(
                    Diagnostic::error(codes::MISSPELT_KEYWORD, place, message).fix(place, near),
                );
            }
        }
    }
    None
}

/// `PM2.5`
pub(super) fn special_name(context: &Context<'_>) -> Option<Diagnostic> {
    for back in 0..2 {
        let at = context.before(context.at, back)?;
        let before = context.before(at, 1)?;
        let adjacent = context.place_of(before).end == context.place_of(at).start;
        if !(adjacent
            && context.token(at) == Some(Token::Number)
            && context.token(before) == Some(Token::Word))
        {
            continue;
        }
        let place = context.place_of(before).to(context.place_of(at));
        let mend = format!("\"{}{}\"", context.word(before), context.word(at));
        let message = "a name with a digit after its dot needs double quotes";
        let error = Diagnostic::error(codes::SPECIAL_NAME, place, message);
        return Some(
            error
                .help(format!(
                    "write {mend}; an element of an array is {}[1]",
                    context.word(before)
                ))
                .fix(place, mend),
        );
    }
    None
}

/// `SELECT order FROM s`
pub(super) fn reserved(context: &Context<'_>) -> Option<Diagnostic> {
    let at = context.at;
    let word = context.word(at);
    if context.token(at) != Some(Token::Word) || !keywords::is_reserved(word) {
        return None;
    }
    // `SELECT FROM s` lacks something; `SELECT from, to` uses a name.
    let begins_clause = context.is(
        at,
        &[
            "FROM", "WHERE", "SELECT", "AND", "OR", "NOT", "NULL", "GROUP", "ORDER", "HAVING",
            "LIMIT", "ON", "AS",
        ],
    );
    let used_as_name = matches!(
        context.token(at + 1),
        None | Some(
            Token::Comma
                | Token::Equals
                | Token::RightParen
                | Token::RightBracket
                | Token::Operator
        )
    ) || context.is(
        at + 1,
        &[
            "FROM",
            "AS",
            "ASC",
            "DESC",
            "IS",
            "IN",
            "TEXT",
            "BIGINT",
            "INT",
            "DOUBLE",
            "TIMESTAMP",
            "BOOLEAN",
            "VARCHAR",
        ],
    ) || (context.is(at, &["GROUP", "ORDER"]) && !context.is(at + 1, &["BY"]))
        || context.before(at, 1).is_some_and(|before| {
            context.is(
                before,
                &["STREAM", "QUERY", "TABLE", "VIEW", "SINK", "INTO", "EXISTS"],
            )
        });
    let name_missing = context.is(at, &["AS"]) && context.is(at + 1, &["SELECT"]);
    if begins_clause && !used_as_name || name_missing {
        return None;
    }
    let quoted = format!("\"{word}\"");
    if !context.reads_on(&[replace(context.place, quoted.clone())]) {
        return None;
    }
    Some(
        Diagnostic::error(
            codes::RESERVED_WORD,
            context.place,
            format!("`{word}` is a word of the language"),
        )
        .help(format!("if it is meant as a name, quote it: {quoted}"))
        .fix(context.place, quoted),
    )
}
