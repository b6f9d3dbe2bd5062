//! Brackets that do not pair.

use portent_grammar::codes::syntax as codes;
use portent_grammar::token::Token;
use portent_grammar::{Diagnostic, Fix, Span};

use super::context::{Context, Inside, replace};

pub(super) fn brackets(context: &Context<'_>) -> Option<Diagnostic> {
    let mut open: Vec<usize> = Vec::new();
    for (at, word) in context.words.iter().enumerate() {
        if word.token.opens() {
            open.push(at);
        } else if word.token.closes() {
            match open.pop() {
                None => return Some(unopened(context, at)),
                Some(opener) if closing(context.token(opener)) != Some(context.word(at)) => {
                    return Some(mismatch(context, opener, at, open.last().copied()));
                }
                Some(_) => {}
            }
        }
    }
    open.last()
        .map(|opener| unclosed(context, *opener, context.words.len()))
}

fn closing(token: Option<Token>) -> Option<&'static str> {
    Some(match token? {
        Token::LeftParen => ")",
        Token::LeftBracket => "]",
        Token::LeftBrace => "}",
        _ => return None,
    })
}

fn unopened(context: &Context<'_>, at: usize) -> Diagnostic {
    let place = context.place_of(at);
    let error = Diagnostic::error(
        codes::UNOPENED_BRACKET,
        place,
        format!("this `{}` closes nothing", context.word(at)),
    );
    let fix = replace(place, "");
    if context.mends(std::slice::from_ref(&fix)) {
        error.help("delete it").fix(place, "")
    } else {
        error
    }
}

/// `(a]`: either the first is not closed, or the second not opened.
fn mismatch(context: &Context<'_>, opener: usize, at: usize, outer: Option<usize>) -> Diagnostic {
    // If it closes the bracket around, the inner one was forgotten.
    if outer.is_some_and(|outer| closing(context.token(outer)) == Some(context.word(at))) {
        return unclosed(context, opener, at);
    }
    let right = closing(context.token(opener)).unwrap_or_default();
    let place = context.place_of(at);
    let error = Diagnostic::error(
        codes::UNOPENED_BRACKET,
        place,
        format!(
            "`{}` does not close `{}`",
            context.word(at),
            context.word(opener)
        ),
    )
    .also(context.place_of(opener), "the open bracket");
    let fix = replace(place, right);
    if context.reads_on(std::slice::from_ref(&fix)) {
        error.fix(place, right)
    } else {
        error.help(format!("`{right}` closes it"))
    }
}

/// Nothing closes `opener` before the word `end`.
fn unclosed(context: &Context<'_>, opener: usize, end: usize) -> Diagnostic {
    let sign = context.word(opener).to_owned();
    let excludes = context.sign(opener, &["{"]) && context.sign(opener + 1, &["-"]);
    let close = if excludes {
        " -}"
    } else {
        closing(context.token(opener)).unwrap_or_default()
    };
    let place = context.place_of(opener);
    let mut error = Diagnostic::error(
        codes::UNCLOSED_BRACKET,
        place,
        format!("this `{sign}` is never closed"),
    )
    .label("opened here");
    if let Some(fix) = closing_place(context, opener, end, close) {
        error = error.help(format!("close it with `{}`", close.trim()));
        error.fix = Some(fix);
        return error;
    }
    error.help(format!("close it with `{}`", close.trim()))
}

/// Where the bracket was likely to be closed: a place where the statement can be read then, before a word that begins
/// something new if possible.
fn closing_place(context: &Context<'_>, opener: usize, end: usize, close: &str) -> Option<Fix> {
    const STARTS: &[&str] = &[
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
        "WITH",
        "AS",
        "AND",
        "OR",
        "MEASURES",
        "PATTERN",
        "VALUES",
        "SELECT",
        "ON",
        "JOIN",
        "THEN",
        "ELSE",
        "WHEN",
        "END",
        "OVER",
    ];
    let after = |at: usize| {
        let last = context.place_of(at);
        replace(
            Span {
                start: last.end,
                end: last.end,
            },
            close,
        )
    };
    let in_pattern = context.inside(opener + 1) == Inside::Pattern;
    let braces = context.token(opener) == Some(Token::LeftBrace);
    let natural = |at: usize| {
        braces && context.token(at) == Some(Token::Number)
            || at + 1 >= end
            || context.is(at + 1, STARTS)
            || (!in_pattern && context.token(at + 1) == Some(Token::Comma))
            || matches!(context.token(at + 1), Some(Token::Arrow | Token::AnyArrow))
            || context.token(at + 1).is_some_and(Token::closes)
    };
    let inside = (opener + 1..end).take(60);
    let try_at = |at: usize| Some(after(at)).filter(|fix| context.mends(std::slice::from_ref(fix)));
    inside
        .clone()
        .filter(|at| natural(*at))
        .find_map(try_at)
        .or_else(|| inside.filter(|at| !natural(*at)).find_map(try_at))
}
