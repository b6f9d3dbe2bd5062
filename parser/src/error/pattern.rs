//! Mistakes in and around patterns.

use portent_grammar::Diagnostic;
use portent_grammar::codes::syntax as codes;
use portent_grammar::token::Token;

use super::context::{Context, Inside, replace};
use super::operators::gap_after;

/// `AFTER MATCH SKIP`, `AFTER MATCH PAST LAST ROW`, `SKIP PAST LAST`
pub(super) fn incomplete_skip(context: &Context<'_>) -> Option<Diagnostic> {
    let first = (0..6)
        .filter_map(|back| context.before(context.at, back))
        .find(|at| context.are(*at, &["AFTER", "MATCH"]))?;
    if first + 2 > context.at || (first + 2 == context.at && context.is(context.at, &["SKIP"])) {
        return None;
    }
    let last = context.at.saturating_sub(1);
    let place = context
        .place_of(first)
        .to(context.place_of(last.max(first + 1)));
    let complete = |from: usize| {
        context.are(from, &["PAST", "LAST", "ROW"])
            || context.are(from, &["TO", "NEXT", "ROW"])
            || (context.is(from, &["TO"])
                && context.token(from + 1).is_some_and(Token::is_name)
                && from + 2 <= context.at
                && !context.is(from + 1, &["FIRST", "LAST"]))
            || (context.are(from, &["TO", "FIRST"]) || context.are(from, &["TO", "LAST"]))
                && from + 3 <= context.at
    };
    if context.is(first + 2, &["SKIP"]) && complete(first + 3) && context.at > first + 5 {
        return None;
    }
    let message = if context.is(first + 2, &["SKIP"]) {
        format!(
            "AFTER MATCH SKIP does not say where to go on, but is followed by {}",
            context.found(context.at)
        )
    } else {
        format!(
            "AFTER MATCH is followed by SKIP, not by {}",
            context.found(context.at)
        )
    };
    Some(
        Diagnostic::error(codes::INCOMPLETE_SKIP, place, message).help(
            "write AFTER MATCH SKIP PAST LAST ROW, … TO NEXT ROW, … TO FIRST v or … TO LAST v",
        ),
    )
}

/// `FROM MATCH (…)`, `FROM s MATCH a -> b`
pub(super) fn match_source(context: &Context<'_>) -> Option<Diagnostic> {
    for back in 0..3 {
        let at = context.before(context.at, back)?;
        if !context.is(at, &["MATCH", "MATCH_RECOGNIZE"]) {
            continue;
        }
        let name = context.word(at).to_uppercase();
        let place = context.place_of(at);
        if context
            .before(at, 1)
            .is_some_and(|before| context.is(before, &["FROM"]))
            && context.token(at + 1) == Some(Token::LeftParen)
        {
            return Some(
                Diagnostic::error(
                    codes::MATCH_WITHOUT_SOURCE,
                    place,
                    format!("{name} has no stream to search"),
                )
                .help(format!("name one before it: FROM stream {name} ( … )")),
            );
        }
        let no_from = !(0..at).any(|earlier| context.is(earlier, &["FROM"]));
        if no_from
            && at > 0
            && context.is(0, &["SELECT"])
            && context.token(at + 1) == Some(Token::LeftParen)
        {
            return Some(
                Diagnostic::error(
                    codes::MATCH_WITHOUT_SOURCE,
                    place,
                    format!("{name} has no stream to search"),
                )
                .help(format!("name one before it: FROM stream {name} ( … )")),
            );
        }
        let steps = at + 1 + usize::from(context.is(at + 1, &["ALL"]));
        let preceded = context.before(at, 1).is_some_and(|before| {
            context
                .token(before)
                .is_some_and(|t| t.is_name() || t.closes())
        });
        let arrow_follows = context
            .words
            .iter()
            .skip(steps)
            .take(4)
            .any(|word| matches!(word.token, Token::Arrow | Token::AnyArrow));
        if preceded && arrow_follows && context.token(steps) != Some(Token::LeftParen) {
            return Some(
                Diagnostic::error(
                    codes::UNEXPECTED_TOKEN,
                    context.place_of(steps),
                    "the pattern of MATCH stands in brackets",
                )
                .help("write MATCH (a -> b)"),
            );
        }
    }
    None
}

/// Arrows without a step, two in a row, bounds without their arrow.
pub(super) fn arrow(context: &Context<'_>) -> Option<Diagnostic> {
    let is_arrow = |at: usize| matches!(context.token(at), Some(Token::Arrow | Token::AnyArrow));
    let at = context.at;
    if context.inside(at) != Inside::Pattern {
        return None;
    }
    let before = context.before(at, 1);
    let place = context.place;
    if let Some(before) = before.filter(|before| is_arrow(*before)) {
        let arrow = context.place_of(before);
        if is_arrow(at) {
            return Some(
                Diagnostic::error(codes::BAD_ARROW, place, "two arrows stand in a row")
                    .help("put a step between them")
                    .also(arrow, "the first"),
            );
        }
        if context.token(at).is_some_and(Token::closes)
            || at >= context.words.len()
            || context.sign(at, &["|", "&", ","])
        {
            return Some(
                Diagnostic::error(
                    codes::BAD_ARROW,
                    arrow,
                    "after this arrow a step is missing",
                )
                .help("name a variable after it, or delete the arrow"),
            );
        }
    }
    if is_arrow(at)
        && before.is_some_and(|before| {
            context.token(before) == Some(Token::LeftParen)
                || context.sign(before, &["|", "&", ","])
        })
    {
        return Some(
            Diagnostic::error(
                codes::BAD_ARROW,
                place,
                "before this arrow a step is missing",
            )
            .help("an arrow may lead only a group that is repeated: (-> f){5}"),
        );
    }
    if context.token(at) == Some(Token::Comma) {
        return Some(
            Diagnostic::error(codes::BAD_ARROW, place, "the steps of a pattern are not separated by commas")
                .help("write `a b` (the very next event), `a -> b` (the next that fits) or `a ->> b` (any later one)")
                .fix(place, " ->"),
        );
    }
    let names = before.is_some_and(|before| context.token(before).is_some_and(Token::is_name));
    if names
        && (context.token(at) == Some(Token::Dot)
            || context.sign(at, &["=", "<", ">", "<=", ">=", "<>", "!="]))
    {
        let variable = before
            .map(|before| context.word(before))
            .unwrap_or_default();
        return Some(
            Diagnostic::error(
                codes::UNEXPECTED_TOKEN,
                place,
                "a condition can't stand bare in a pattern",
            )
            .help(format!(
                "write it in square brackets after its variable: {variable}[x > 1]"
            )),
        );
    }
    if context.token(at) == Some(Token::RightParen)
        && before.is_some_and(|before| context.token(before) == Some(Token::LeftParen))
    {
        return Some(
            Diagnostic::error(codes::UNEXPECTED_TOKEN, place, "the pattern is empty")
                .help("name at least one step; the pattern of no event at all is (())"),
        );
    }
    // `-[5 MINUTES] b`
    let closer = before.filter(|before| context.token(*before) == Some(Token::RightBracket));
    let of_bound = |closer: usize| {
        let opener = context.opener(closer)?;
        let minus = context.before(opener, 1)?;
        context.sign(minus, &["-"]).then_some(minus)
    };
    if let Some((closer, minus)) = closer.and_then(|closer| Some((closer, of_bound(closer)?))) {
        let gap = gap_after(context, closer);
        let mend = if context.sign(at, &[">"]) {
            replace(place, "->")
        } else {
            replace(gap, "->")
        };
        let error = Diagnostic::error(
            codes::BAD_ARROW,
            context.place_of(minus).to(context.place_of(closer)),
            "this bound has no arrow after it",
        )
        .help("write -[5 MINUTES]-> or -[5 MINUTES]->>");
        return Some(if context.reads_on(std::slice::from_ref(&mend)) {
            error.fix(mend.span, mend.replacement)
        } else {
            error
        });
    }
    // `a [5 MINUTES]-> b`, `a - b`
    if context.sign(at, &["-"]) || before.is_some_and(|before| context.sign(before, &["-"])) {
        let minus = if context.sign(at, &["-"]) {
            at
        } else {
            at.saturating_sub(1)
        };
        let place = context.place_of(minus);
        let error = Diagnostic::error(codes::BAD_ARROW, place, "`-` alone is not an operator of patterns")
            .help("write `a b` (the very next event), `a -> b` (the next that fits) or `a -[5 MINUTES]-> b`");
        let fix = replace(place, "->");
        return Some(if context.reads_on(std::slice::from_ref(&fix)) {
            error.fix(place, "->")
        } else {
            error
        });
    }
    None
}

/// `a+*`, `a{3..5}`, `a{n}`
pub(super) fn quantifier(context: &Context<'_>) -> Option<Diagnostic> {
    let at = context.at;
    let braces = (0..5)
        .filter_map(|back| context.before(at, back))
        .find(|at| context.token(*at) == Some(Token::LeftBrace));
    if let Some(open) = braces.filter(|open| context.inside(open + 1) == Inside::Braces) {
        let close = (open..context.words.len())
            .take(8)
            .find(|at| context.token(*at) == Some(Token::RightBrace));
        if close.is_none_or(|close| close >= at) {
            let place = context
                .place_of(open)
                .to(close.map_or(context.place, |close| context.place_of(close)));
            let error = Diagnostic::error(
                codes::BAD_QUANTIFIER,
                place,
                "this is not a number of repetitions",
            )
            .help("write {2}, {2,}, {2,5} or {,5}");
            let numbers: Vec<&str> = (open..close.unwrap_or(open))
                .filter(|at| context.token(*at) == Some(Token::Number))
                .map(|at| context.word(at).trim_matches('.'))
                .collect();
            let mend = match numbers.as_slice() {
                [low, high] => format!("{{{low},{high}}}"),
                _ => return Some(error),
            };
            return Some(if context.reads_on(&[replace(place, mend.clone())]) {
                error.fix(place, mend)
            } else {
                error
            });
        }
    }
    if context.inside(at) != Inside::Pattern {
        return None;
    }
    let before = context.before(at, 1)?;
    let is_quantifier = |at: usize| context.sign(at, &["*", "+", "?", "}"]);
    if (is_quantifier(at) || context.token(at) == Some(Token::LeftBrace)) && is_quantifier(before) {
        return Some(
            Diagnostic::error(
                codes::BAD_QUANTIFIER,
                context.place,
                "a step takes only one quantifier",
            )
            .also(context.place_of(before), "the first")
            .help("to repeat a repetition, put it in brackets: (a+){2}"),
        );
    }
    if is_quantifier(at) && !context.sign(at, &["}"]) {
        return Some(
            Diagnostic::error(
                codes::BAD_QUANTIFIER,
                context.place,
                format!(
                    "there is nothing before `{}` that it could repeat",
                    context.word(at)
                ),
            )
            .help("a quantifier follows its step: a+"),
        );
    }
    None
}

/// `!(a b)`, `!a+`
pub(super) fn absent(context: &Context<'_>) -> Option<Diagnostic> {
    let at = context.at;
    if context.inside(at) != Inside::Pattern {
        return None;
    }
    let before = context.before(at, 1)?;
    if context.is(at, &["NOT"]) && context.token(at + 1).is_some_and(Token::is_name) {
        let place = context.place.to(context.place_of(at + 1));
        let mend = format!("!{}", context.word(at + 1));
        return Some(
            Diagnostic::error(
                codes::UNEXPECTED_TOKEN,
                context.place,
                "the absence of an event is not written NOT",
            )
            .help(format!("write {mend}"))
            .fix(place, mend),
        );
    }
    let negated = context.token(before).is_some_and(Token::is_name)
        && context
            .before(before, 1)
            .is_some_and(|b| context.sign(b, &["!"]));
    if negated
        && (context.sign(at, &["*", "+", "?"]) || context.token(at) == Some(Token::LeftBrace))
    {
        return Some(
            Diagnostic::error(
                codes::BAD_QUANTIFIER,
                context.place,
                "an absent step can't be repeated",
            )
            .help("no such event is no such event: delete the quantifier")
            .fix(context.place, ""),
        );
    }
    if context.sign(before, &["!"]) {
        return Some(
            Diagnostic::error(codes::UNEXPECTED_TOKEN, context.place, format!("after `!` a variable is expected, not {}", context.found(at)))
                .help("only a single variable can be absent: a -> !n -> b; give it a condition that covers all cases: !n[x = 1 OR y = 2]"),
        );
    }
    None
}
