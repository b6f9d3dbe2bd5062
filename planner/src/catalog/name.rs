//! How a written name finds the thing it means.
//!
//! A quoted name is exact. Any other first looks for an exact match, then for one that differs only in case, if
//! there is just one such.

use portent_grammar::{Code, Diagnostic, Span};
use portent_parser::ast;

/// What a name found: the index of the candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Just one.
    One(usize),
    /// Nothing of that name.
    None,
    /// Several that differ only in case; their indexes.
    Several(Vec<usize>),
}

impl Found {
    /// The one that was found.
    pub fn one(self) -> Option<usize> {
        match self {
            Found::One(at) => Some(at),
            Found::None | Found::Several(_) => None,
        }
    }
}

/// Whether two names are the same but for case.
pub fn same_but_case(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.eq_ignore_ascii_case(b)
        || a.chars()
            .flat_map(char::to_lowercase)
            .eq(b.chars().flat_map(char::to_lowercase))
}

/// Whether a thing of this name is what `ident` would create: a quoted name differs from one in another case.
pub fn is_same(name: &str, ident: &ast::Ident) -> bool {
    if ident.quoted {
        name == ident.text
    } else {
        same_but_case(name, &ident.text)
    }
}

/// Finds `ident` among `names`. O(names). Exact matches win, the first of several equal ones.
pub fn find<'a>(ident: &ast::Ident, names: impl Iterator<Item = &'a str>) -> Found {
    let mut loose = Vec::new();
    for (at, name) in names.enumerate() {
        if name == ident.text {
            return Found::One(at);
        }
        if !ident.quoted && same_but_case(name, &ident.text) {
            loose.push(at);
        }
    }
    match loose.as_slice() {
        [] => Found::None,
        [one] => Found::One(*one),
        _ => Found::Several(loose),
    }
}

/// The name most like `text`, near enough to be what was meant: an edit distance of at most a third of its length (and at
/// least one), or the same beginning.
pub fn similar<'a>(text: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    let wanted = text.to_lowercase();
    let most = (wanted.chars().count() / 3).max(1);
    names
        .filter(|name| !name.is_empty())
        .map(|name| {
            let lower = name.to_lowercase();
            (strsim::damerau_levenshtein(&wanted, &lower), name)
        })
        .filter(|(distance, name)| *distance <= most && *distance < name.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name.to_owned())
}

/// An "unknown …" error with a suggestion, or the list of what there is.
pub fn unknown<'a>(
    code: Code,
    what: &str,
    ident: &ast::Ident,
    names: impl Iterator<Item = &'a str> + Clone,
) -> Diagnostic {
    let message = format!("unknown {what} \"{}\"", ident.text);
    suggest(
        Diagnostic::error(code, ident.span, message),
        what,
        &ident.text,
        ident.span,
        names,
    )
}

/// Adds "did you mean" with its fix to a diagnostic, or else lists what there is.
pub fn suggest<'a>(
    diagnostic: Diagnostic,
    what: &str,
    text: &str,
    span: Span,
    names: impl Iterator<Item = &'a str> + Clone,
) -> Diagnostic {
    if let Some(near) = similar(text, names.clone()) {
        let written = quote(&near);
        return diagnostic
            .help(format!("did you mean \"{near}\"?"))
            .fix(span, written);
    }
    let all: Vec<&str> = names.take(13).collect();
    match all.len() {
        0 => diagnostic,
        1..=12 => diagnostic.help(format!("there is: {}", all.join(", "))),
        _ => diagnostic.help(format!(
            "there are {what}s such as: {}, …",
            all[..12].join(", ")
        )),
    }
}

/// A name as it must be written: quoted where it is not a plain word.
pub fn quote(name: &str) -> String {
    let mut chars = name.chars();
    let plain = chars.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_' || c == '$');
    if plain {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

/// An identifier that stands nowhere in the text.
pub fn ident(text: impl Into<String>) -> ast::Ident {
    ast::Ident {
        text: text.into(),
        quoted: true,
        span: Span::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str, quoted: bool) -> ast::Ident {
        ast::Ident {
            text: text.into(),
            quoted,
            span: Span::default(),
        }
    }

    #[test]
    fn exact_first_then_case_insensitive_if_unique() {
        let names = ["userId", "USERID", "price"];
        assert_eq!(
            find(&word("userId", false), names.into_iter()),
            Found::One(0)
        );
        assert_eq!(
            find(&word("userid", false), names.into_iter()),
            Found::Several(vec![0, 1])
        );
        assert_eq!(
            find(&word("PRICE", false), names.into_iter()),
            Found::One(2)
        );
        assert_eq!(find(&word("PRICE", true), names.into_iter()), Found::None);
    }

    #[test]
    fn near_misses() {
        assert_eq!(
            similar("prise", ["price", "size"].into_iter()).as_deref(),
            Some("price")
        );
        assert_eq!(similar("x", ["price", "y"].into_iter()), None);
        assert_eq!(
            similar("usr", ["user"].into_iter()).as_deref(),
            Some("user")
        );
    }
}
