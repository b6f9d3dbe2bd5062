//! Operators and quotes of other languages.

use portent_grammar::codes::syntax as codes;
use portent_grammar::token::Token;
use portent_grammar::{Diagnostic, Span};

use super::context::{Context, Inside, replace};

/// `==`, `=>`, `:=`, `&&`, `!`
pub(super) fn foreign_operator(context: &Context<'_>) -> Option<Diagnostic> {
    for back in 0..3 {
        let at = context.before(context.at, back)?;
        let in_pattern = context.inside(at) == Inside::Pattern;
        let place = context.place_of(at);
        let next = place.to(context.place_of(at + 1));
        let adjacent = context.place_of(at + 1).start == place.end;
        let (span, mend) = match context.word(at) {
            "=>" if in_pattern => (place, "->"),
            "==" | "=>" => (place, "="),
            ":" if adjacent && context.sign(at + 1, &["="]) => (next, "="),
            ":" if !in_pattern => (
                place,
                if context.place_of(at.saturating_sub(1)).end == place.start {
                    " ="
                } else {
                    "="
                },
            ),
            "&" if adjacent && context.sign(at + 1, &["&"]) => (
                next,
                if in_pattern {
                    "&"
                } else {
                    if spaced(context, at) { "AND" } else { " AND " }
                },
            ),
            "||" if in_pattern => (place, "|"),
            "!" if !in_pattern => (place, "NOT "),
            "<" if context.sign(at + 1, &["="]) => (next, "<="),
            ">" if context.sign(at + 1, &["="]) => (next, ">="),
            "<" if context.sign(at + 1, &[">"]) => (next, "<>"),
            "!" if context.sign(at + 1, &["="]) => (next, "<>"),
            "-" if in_pattern && context.sign(at + 1, &[">"]) => (next, "->"),
            "-" if in_pattern && context.sign(at + 1, &[">>"]) => (next, "->>"),
            "=" if in_pattern && context.sign(at + 1, &[">"]) => (next, "->"),
            _ => continue,
        };
        if context.token(at) == Some(Token::Word) || !context.reads_on(&[replace(span, mend)]) {
            continue;
        }
        let written = if span == place {
            context.word(at).to_owned()
        } else {
            format!(
                "{}{}{}",
                context.word(at),
                if adjacent { "" } else { " " },
                context.word(at + 1)
            )
        };
        let code = if in_pattern {
            codes::BAD_ARROW
        } else {
            codes::WRONG_OPERATOR
        };
        let message = format!("`{written}` is not an operator here");
        return Some(
            Diagnostic::error(code, span, message)
                .help(format!("write `{}`", mend.trim()))
                .fix(span, mend),
        );
    }
    None
}

/// Whether a blank stands before a two-part operator and after it.
fn spaced(context: &Context<'_>, at: usize) -> bool {
    let before = context
        .before(at, 1)
        .is_some_and(|before| context.place_of(before).end < context.place_of(at).start);
    before && context.place_of(at + 1).end < context.place_of(at + 2).start
}

/// `payload->'user'->>'id'`
pub(super) fn arrow_in_expression(context: &Context<'_>) -> Option<Diagnostic> {
    let is_arrow = |at: usize| matches!(context.token(at), Some(Token::Arrow | Token::AnyArrow));
    let mut at = context.at;
    if !is_arrow(at) {
        at = context.before(at, 1).filter(|before| is_arrow(*before))?;
    }
    if context.inside(at) != Inside::Plain {
        return None;
    }
    let place = context.place_of(at);
    let error = Diagnostic::error(
        codes::ARROW_IN_EXPRESSION,
        place,
        format!("`{}` has no meaning in an expression", context.word(at)),
    );
    if context.token(at + 1) != Some(Token::Text) {
        return Some(
            error.help("a field is reached with a dot, `a.b`; a pattern stands in MATCH ( … )"),
        );
    }
    // The whole chain of fields.
    let (mut path, mut end) = (String::new(), at);
    while is_arrow(end) && context.token(end + 1) == Some(Token::Text) {
        let field = context.word(end + 1).trim_matches('\'');
        path.push('.');
        path.push_str(&if crate::print::is_word(field) {
            field.to_owned()
        } else {
            format!("\"{field}\"")
        });
        end += 2;
    }
    let span = place.to(context.place_of(end - 1));
    Some(
        error
            .help("a field of a JSON value is reached with a dot")
            .fix(span, path),
    )
}

/// `connector = "file"`, `INTERVAL "5" MINUTE`, `AS 'name'`
pub(super) fn quotes(context: &Context<'_>) -> Option<Diagnostic> {
    for back in 0..2 {
        let at = context.before(context.at, back)?;
        let place = context.place_of(at);
        let word = context.word(at);
        match context.token(at) {
            Some(Token::QuotedName) => {
                let inner = word.trim_matches(['"', '`']).replace('\'', "''");
                let mend = format!("'{inner}'");
                if context.reads_on(&[replace(place, mend.clone())]) {
                    return Some(
                        Diagnostic::error(
                            codes::TEXT_IN_DOUBLE_QUOTES,
                            place,
                            "a text is expected here, and double quotes hold names",
                        )
                        .help(format!("write it in single quotes: {mend}"))
                        .fix(place, mend),
                    );
                }
            }
            Some(Token::Text) => {
                let inner = word.trim_matches('\'').replace('"', "\"\"");
                let mend = format!("\"{inner}\"");
                let named = context.before(at, 1).is_some_and(|before| {
                    context.is(before, &["AS", "BY", "STREAM", "QUERY", "SINK", "TABLE"])
                });
                if named && context.reads_on(&[replace(place, mend.clone())]) {
                    return Some(
                        Diagnostic::error(
                            codes::UNEXPECTED_TOKEN,
                            place,
                            "a name is expected here, and single quotes hold texts",
                        )
                        .help(format!("write it in double quotes: {mend}"))
                        .fix(place, mend),
                    );
                }
            }
            _ => {}
        }
    }
    None
}

/// The gap after a word, for insertions.
pub(super) fn gap_after(context: &Context<'_>, at: usize) -> Span {
    let end = context.place_of(at).end;
    Span { start: end, end }
}
