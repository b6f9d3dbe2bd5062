//! Durations without a unit, or with one that is none.

use portent_grammar::Diagnostic;
use portent_grammar::codes::syntax as codes;
use portent_grammar::keywords::{UNITS, nearest};
use portent_grammar::token::Token;

use super::context::{Context, Inside, replace};
use super::operators::gap_after;
use crate::build::unit_of;

/// `WITHIN 10`, `-[5 mins TO 10]->`, `PER 5 minuets`, `WITHIN '10 minutes'`
pub(super) fn unit(context: &Context<'_>) -> Option<Diagnostic> {
    for back in 0..3 {
        let at = context.before(context.at, back)?;
        let introduced = context.before(at, 1).is_some_and(|before| {
            context.is(before, &["WITHIN", "PER", "INTERVAL"])
                || (context.inside(at) == Inside::Bound
                    && (context.token(before) == Some(Token::LeftBracket)
                        || context.is(before, &["TO"])))
        });
        if !introduced {
            continue;
        }
        let place = context.place_of(at);
        let events = context
            .before(at, 1)
            .is_some_and(|before| context.is(before, &["WITHIN"]));
        let also_events = if events { ", or EVENTS" } else { "" };
        match context.token(at) {
            Some(Token::Number)
                if context.token(at + 1) == Some(Token::Word)
                    && unit_of(context.word(at + 1)).is_some() => {}
            Some(Token::Number)
                if context.token(at + 1) == Some(Token::Word)
                    && !starts_clause(context, at + 1) =>
            {
                return Some(unknown_unit(context, at + 1, also_events));
            }
            Some(Token::Number) => {
                let gap = gap_after(context, at);
                return Some(
                    Diagnostic::error(
                        codes::MISSING_UNIT,
                        place,
                        format!("{} of what? A unit of time is missing", context.word(at)),
                    )
                    .help(format!(
                        "write {0} SECONDS, {0} MINUTES, {0} HOURS or {0} DAYS{also_events}",
                        context.word(at)
                    ))
                    .fix(gap, " MINUTES"),
                );
            }
            Some(Token::Text) => {
                let mend = format!("INTERVAL {}", context.word(at));
                if context.reads_on(&[replace(place, mend.clone())]) {
                    return Some(
                        Diagnostic::error(codes::MISSING_UNIT, place, "a duration is expected here, not a text")
                            .help("write a number and a unit, 10 MINUTES, or an interval, INTERVAL '10 minutes'")
                            .fix(place, mend),
                    );
                }
            }
            _ if at == context.at => {
                return Some(
                    Diagnostic::error(
                        codes::MISSING_UNIT,
                        place,
                        format!("a duration is expected here, not {}", context.found(at)),
                    )
                    .help(format!(
                        "write a number and a unit, such as 10 MINUTES{}",
                        if events { " or 10 EVENTS" } else { "" }
                    )),
                );
            }
            _ => {}
        }
    }
    None
}

fn starts_clause(context: &Context<'_>, at: usize) -> bool {
    const CLAUSES: &[&str] = &[
        "PARTITION",
        "DEFINE",
        "SUBSET",
        "WITHIN",
        "AFTER",
        "WHERE",
        "GROUP",
        "HAVING",
        "ORDER",
        "LIMIT",
        "EMIT",
        "BY",
        "ON",
        "TO",
        "AND",
        "OR",
        "FROM",
        "OFFSET",
    ];
    context.is(at, CLAUSES)
}

fn unknown_unit(context: &Context<'_>, at: usize, also_events: &str) -> Diagnostic {
    let (word, place) = (context.word(at), context.place_of(at));
    if word.eq_ignore_ascii_case("m") {
        return Diagnostic::error(codes::MISSING_UNIT, place, "`m` may be minutes or months")
            .help("write MINUTES (or min) or MONTHS")
            .fix(place, "MINUTES");
    }
    let error = Diagnostic::error(
        codes::MISSING_UNIT,
        place,
        format!("`{word}` is not a unit of time"),
    );
    match nearest(word, UNITS.iter().copied().chain(["EVENTS"])) {
        Some(near) => error.help(format!("did you mean {near}?")).fix(place, near),
        None if word.to_ascii_lowercase().starts_with("nano") => error.help("time is kept in microseconds: write MICROSECONDS"),
        None => error.help(format!(
            "units are MICROSECONDS, MILLISECONDS, SECONDS, MINUTES, HOURS, DAYS, WEEKS, MONTHS, QUARTERS, YEARS{also_events}"
        )),
    }
}
