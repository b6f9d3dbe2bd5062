//! Errors of single words: what is never closed, and characters that begin no word.

use super::{Lexeme, Token};
use crate::codes::syntax as codes;
use crate::{Diagnostic, Span};

/// The errors of a statement's words. `tokens` are the statement's own; `text` is the whole text.
pub fn lexical_errors(text: &str, tokens: &[Lexeme]) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    for (at, lexeme) in tokens.iter().enumerate() {
        let before = tokens.get(..at).unwrap_or_default();
        match lexeme.token {
            Token::OpenText => errors.push(open_text(text, lexeme, before)),
            Token::OpenName => errors.push(open_name(text, lexeme)),
            Token::BlockComment(comment) if !comment.closed => errors.push(open_comment(lexeme)),
            Token::BadNumber => errors.push(bad_number(text, lexeme)),
            Token::Stray => errors.push(stray(text, lexeme, tokens.get(at + 1))),
            _ => {}
        }
    }
    errors
}

fn first_char(text: &str, span: Span) -> Span {
    let start = span.start as usize;
    let length = text
        .get(start..)
        .and_then(|rest| rest.chars().next())
        .map_or(0, char::len_utf8);
    Span::new(start, start + length)
}

fn open_text(text: &str, lexeme: &Lexeme, before: &[Lexeme]) -> Diagnostic {
    let mut error = Diagnostic::error(
        codes::UNCLOSED_TEXT,
        first_char(text, lexeme.span),
        "this text is never closed",
    )
    .label("the text begins here");
    // An apostrophe lost earlier pairs all later ones wrongly; a text that runs over a line's end is the likely place.
    let suspect = before
        .iter()
        .find(|earlier| earlier.token == Token::Text && earlier.text(text).contains('\n'));
    if let Some(suspect) = suspect {
        error = error.also(
            first_char(text, suspect.span),
            "or does this one, which runs over several lines, lack its end?",
        );
    }
    error.help("end it with ' (and double any ' inside it: 'it''s')")
}

fn open_name(text: &str, lexeme: &Lexeme) -> Diagnostic {
    let quote = lexeme.text(text).chars().next().unwrap_or('"');
    Diagnostic::error(
        codes::UNCLOSED_NAME,
        first_char(text, lexeme.span),
        "this quoted name is never closed",
    )
    .label("the name begins here")
    .help(format!(
        "end it with {quote}; a text stands in single quotes: 'text'"
    ))
}

fn open_comment(lexeme: &Lexeme) -> Diagnostic {
    let start = lexeme.span.start as usize;
    Diagnostic::error(
        codes::UNCLOSED_COMMENT,
        Span::new(start, start + 2),
        "this comment is never closed",
    )
    .label("the comment begins here")
    .help("end it with */; comments nest, so each /* inside it needs a */ of its own")
}

fn bad_number(text: &str, lexeme: &Lexeme) -> Diagnostic {
    let word = lexeme.text(text);
    let digits = word
        .char_indices()
        .find(|(at, c)| !(c.is_ascii_digit() || *c == '.' || exponent(word, *at, *c)))
        .map_or(word.len(), |(at, _)| at);
    let (number, letters) = word.split_at(digits);
    let error = Diagnostic::error(
        codes::BAD_NUMBER,
        lexeme.span,
        format!("the number `{number}` runs into `{letters}`"),
    );
    match unit_of(letters) {
        Some(unit) => {
            let mend = format!("{number} {unit}");
            error.help(format!("a duration is written with a blank: {mend}")).fix(lexeme.span, mend)
        }
        None if number.chars().all(|c| c.is_ascii_digit()) && number.len() < 20 => error
            .help("put a blank or an operator between them; a name that begins with a digit is quoted")
            .fix(lexeme.span, format!("\"{word}\"")),
        None => error.help("put a blank or an operator between them"),
    }
}

/// Whether the `e` or sign at `at` belongs to an exponent.
fn exponent(word: &str, at: usize, c: char) -> bool {
    let digit_at = |at: usize| word.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    match c {
        'e' | 'E' => {
            digit_at(at + 1)
                || (matches!(word.as_bytes().get(at + 1), Some(b'+' | b'-')) && digit_at(at + 2))
        }
        '+' | '-' => at > 0,
        _ => false,
    }
}

fn unit_of(letters: &str) -> Option<&'static str> {
    Some(match letters.to_ascii_lowercase().as_str() {
        "us" => "MICROSECONDS",
        "ms" | "msec" => "MILLISECONDS",
        "s" | "sec" | "secs" | "second" | "seconds" => "SECONDS",
        "m" | "min" | "mins" | "minute" | "minutes" => "MINUTES",
        "h" | "hr" | "hrs" | "hour" | "hours" => "HOURS",
        "d" | "day" | "days" => "DAYS",
        "w" | "week" | "weeks" => "WEEKS",
        _ => return None,
    })
}

fn stray(text: &str, lexeme: &Lexeme, next: Option<&Lexeme>) -> Diagnostic {
    let character = lexeme.text(text).chars().next().unwrap_or(' ');
    let span = lexeme.span;
    let known = |code, message: String, mend: &str| {
        Diagnostic::error(code, span, message)
            .help(format!("write {mend}"))
            .fix(span, mend.to_owned())
    };
    match character {
        '\u{2018}' | '\u{2019}' | '\u{201A}' | '\u{2032}' | '\u{B4}' => Diagnostic::error(
            codes::TYPOGRAPHIC_QUOTE,
            span,
            format!("`{character}` is a typographic quote, as text processors write it"),
        )
        .help("texts stand in straight single quotes: 'text'")
        .fix(span, "'"),
        '\u{201C}' | '\u{201D}' | '\u{201E}' | '\u{2033}' | '\u{AB}' | '\u{BB}' => Diagnostic::error(
            codes::TYPOGRAPHIC_QUOTE,
            span,
            format!("`{character}` is a typographic quote, as text processors write it"),
        )
        .help("texts stand in straight single quotes, 'text', and quoted names in straight double quotes, \"name\"")
        .fix(span, "\""),
        '\u{A0}' | '\u{1680}' | '\u{2000}'..='\u{200A}' | '\u{2028}' | '\u{2029}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => {
            let kind = if character == '\u{A0}' { "a non-breaking blank".to_owned() } else { code_point(character) };
            Diagnostic::error(codes::ODD_BLANK, span, format!("this looks like a blank, but is {kind}"))
                .help("write an ordinary blank (such characters come in when text is copied from a web page or document)")
                .fix(span, " ")
        }
        '\u{AD}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}' => {
            Diagnostic::error(
                codes::ODD_BLANK,
                span,
                format!("there is a character here that can't be seen ({})", code_point(character)),
            )
            .help("delete it (such characters come in when text is copied from a web page or document)")
            .fix(span, "")
        }
        '@' => at_sign(text, span, next),
        '\u{2192}' | '\u{27F6}' | '\u{21D2}' => known(codes::STRAY_CHARACTER, format!("`{character}` is not an operator"), "->"),
        '\u{21A0}' => known(codes::STRAY_CHARACTER, format!("`{character}` is not an operator"), "->>"),
        '\u{2264}' => known(codes::STRAY_CHARACTER, format!("`{character}` is not an operator"), "<="),
        '\u{2265}' => known(codes::STRAY_CHARACTER, format!("`{character}` is not an operator"), ">="),
        '\u{2260}' => known(codes::STRAY_CHARACTER, format!("`{character}` is not an operator"), "<>"),
        '\u{D7}' | '\u{22C5}' => known(codes::STRAY_CHARACTER, format!("`{character}` is not an operator"), "*"),
        '\u{F7}' => known(codes::STRAY_CHARACTER, format!("`{character}` is not an operator"), "/"),
        '\u{2212}' | '\u{2010}'..='\u{2015}' => known(codes::STRAY_CHARACTER, format!("`{character}` is a typographic dash"), "-"),
        '\u{AC}' => known(codes::STRAY_CHARACTER, format!("`{character}` is not an operator"), "NOT"),
        '\u{FF1B}' => known(codes::STRAY_CHARACTER, format!("`{character}` does not end a statement"), ";"),
        '\u{FF0C}' | '\u{3001}' => known(codes::STRAY_CHARACTER, format!("`{character}` is not a comma of this language"), ","),
        '\u{FF08}' => known(codes::STRAY_CHARACTER, format!("`{character}` is not a bracket of this language"), "("),
        '\u{FF09}' => known(codes::STRAY_CHARACTER, format!("`{character}` is not a bracket of this language"), ")"),
        '#' => Diagnostic::error(codes::STRAY_CHARACTER, span, "`#` has no meaning here").help("a comment begins with --"),
        '\\' => Diagnostic::error(codes::STRAY_CHARACTER, span, "`\\` has no meaning here")
            .help("backslash commands work in the shell only, at the beginning of a line"),
        character if character.is_control() => Diagnostic::error(
            codes::STRAY_CHARACTER,
            span,
            format!("there is a control character here ({})", code_point(character)),
        )
        .help("delete it")
        .fix(span, ""),
        character => Diagnostic::error(codes::STRAY_CHARACTER, span, format!("`{character}` has no meaning here"))
            .help("a name with such a character stands in double quotes: \"name\""),
    }
}

/// `@timestamp`, `@version`: names that need quotes.
fn at_sign(text: &str, span: Span, next: Option<&Lexeme>) -> Diagnostic {
    match next.filter(|next| next.token == Token::Word && next.span.start == span.end) {
        Some(next) => {
            let whole = span.to(next.span);
            let name = format!("\"@{}\"", next.text(text));
            Diagnostic::error(
                codes::SPECIAL_NAME,
                whole,
                "a name that begins with `@` needs double quotes",
            )
            .help(format!("write {name}"))
            .fix(whole, name)
        }
        None => Diagnostic::error(codes::STRAY_CHARACTER, span, "`@` has no meaning here")
            .help("a name with such a character stands in double quotes: \"@name\""),
    }
}

fn code_point(character: char) -> String {
    format!("U+{:04X}", u32::from(character))
}
