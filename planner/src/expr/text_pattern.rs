//! LIKE, ILIKE, SIMILAR TO, `~` and `~*`: patterns over text, compiled once.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::VecDeque;

use memchr::memmem::Finder;
use portent_parser::ast::LikeKind;
use regex::{Regex, RegexBuilder};

/// The most memory that one compiled regular expression may take.
const SIZE_LIMIT: usize = 4 << 20;
/// How many patterns that are not constant a thread keeps compiled.
const CACHE_SIZE: usize = 32;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct TextPattern {
    /// Which operator it belongs to.
    pub kind: LikeKind,
    /// As written.
    pub source: String,
    /// The escape character of LIKE and SIMILAR (`\` unless said); `None`: there is none.
    pub escape: Option<char>,
    shape: PatternShape,
}

/// What there is to do to match, the cheapest way.
#[derive(Clone, Debug)]
pub enum PatternShape {
    /// `LIKE 'x'`
    Exact(String),
    /// `LIKE 'x%'`
    Prefix(String),
    /// `LIKE '%x'`
    Suffix(String),
    /// `LIKE '%x%'`
    Contains(Box<Finder<'static>>),
    /// `LIKE '%'`: every text
    Any,
    /// Everything else.
    Regex(Regex),
}

impl PartialEq for TextPattern {
    fn eq(&self, other: &Self) -> bool {
        (self.kind, self.escape, &self.source) == (other.kind, other.escape, &other.source)
    }
}

impl TextPattern {
    /// Compiles a pattern. `escape` counts for LIKE, ILIKE and SIMILAR only.
    ///
    /// # Errors
    /// One sentence in plain words: a regular expression that can't be read, or is too large.
    pub fn new(kind: LikeKind, source: &str, escape: Option<char>) -> Result<Self, String> {
        let shape = match kind {
            LikeKind::Like => like_shape(source, escape)?,
            LikeKind::ILike => PatternShape::Regex(compile(
                &like_regex(&like_parts(source, escape)?),
                true,
                true,
            )?),
            LikeKind::Similar => {
                PatternShape::Regex(compile(&similar_regex(source, escape)?, false, true)?)
            }
            LikeKind::Regex => regex_shape(source)?,
            LikeKind::IRegex => PatternShape::Regex(compile(source, true, true)?),
        };
        Ok(Self {
            kind,
            source: source.to_owned(),
            escape,
            shape,
        })
    }

    /// How it is matched: for indexes over many patterns.
    pub fn shape(&self) -> &PatternShape {
        &self.shape
    }

    /// Whether upper and lower case are one to it.
    pub fn ignores_case(&self) -> bool {
        matches!(self.kind, LikeKind::ILike | LikeKind::IRegex)
    }

    /// Whether the text matches. O(length) for every pattern.
    pub fn is_match(&self, text: &str) -> bool {
        match &self.shape {
            PatternShape::Exact(exact) => text == exact,
            PatternShape::Prefix(prefix) => text.starts_with(prefix.as_str()),
            PatternShape::Suffix(suffix) => text.ends_with(suffix.as_str()),
            PatternShape::Contains(finder) => finder.find(text.as_bytes()).is_some(),
            PatternShape::Any => true,
            PatternShape::Regex(regex) => regex.is_match(text),
        }
    }
}

/// Compiles a regular expression of the `regex` crate (linear time; no look-around, no back references). As in PostgreSQL a dot
/// matches a newline too (`dot_all`), unless a flag says otherwise.
///
/// # Errors
/// One sentence in plain words.
pub(crate) fn compile(source: &str, ignore_case: bool, dot_all: bool) -> Result<Regex, String> {
    let built = RegexBuilder::new(&postgres_escapes(source))
        .case_insensitive(ignore_case)
        .dot_matches_new_line(dot_all)
        .size_limit(SIZE_LIMIT)
        .build();
    built.map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => {
            format!("the pattern {source:?} is too large; repeat less in it")
        }
        other => {
            // The last line says what is wrong; those before repeat the pattern.
            let text = other.to_string();
            let reason = text
                .lines()
                .last()
                .unwrap_or_default()
                .trim_start_matches("error: ")
                .to_owned();
            format!("the regular expression {source:?} can't be read: {reason}")
        }
    })
}

/// PostgreSQL's escapes for the edges of words and of the text, where the `regex` crate spells them otherwise.
fn postgres_escapes(source: &str) -> Cow<'_, str> {
    if !source.contains('\\') {
        return Cow::Borrowed(source);
    }
    let mut written = String::with_capacity(source.len());
    let mut characters = source.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            written.push(character);
            continue;
        }
        match characters.next() {
            Some('y') => written.push_str(r"\b"),
            Some('Y') => written.push_str(r"\B"),
            Some('m') => written.push_str(r"\b{start}"),
            Some('M') => written.push_str(r"\b{end}"),
            Some('Z') => written.push_str(r"\z"),
            other => {
                written.push('\\');
                written.extend(other);
            }
        }
    }
    Cow::Owned(written)
}

/// Calls `use_it` with a pattern that is known only at run time. The last few are kept compiled, per thread.
///
/// # Errors
/// As [`TextPattern::new`].
pub(crate) fn with_dynamic<R>(
    kind: LikeKind,
    source: &str,
    escape: Option<char>,
    use_it: impl FnOnce(&TextPattern) -> R,
) -> Result<R, String> {
    thread_local! {
        static CACHE: RefCell<VecDeque<TextPattern>> = const { RefCell::new(VecDeque::new()) };
    }
    CACHE.with_borrow_mut(|cache| {
        let known = cache.iter().position(|pattern| {
            pattern.kind == kind && pattern.escape == escape && pattern.source == source
        });
        if let Some(index) = known {
            cache.swap(0, index);
        } else {
            let pattern = TextPattern::new(kind, source, escape)?;
            cache.truncate(CACHE_SIZE - 1);
            cache.push_front(pattern);
        }
        cache
            .front()
            .map(use_it)
            .ok_or_else(|| "no pattern".to_owned())
    })
}

enum Part {
    Literal(char),
    One,
    Many,
}

fn like_parts(source: &str, escape: Option<char>) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut characters = source.chars();
    while let Some(character) = characters.next() {
        parts.push(match character {
            c if Some(c) == escape => match characters.next() {
                Some(next) => Part::Literal(next),
                None => {
                    return Err(format!(
                        "the pattern {source:?} ends with its escape character {c:?}"
                    ));
                }
            },
            '%' => Part::Many,
            '_' => Part::One,
            other => Part::Literal(other),
        });
    }
    Ok(parts)
}

fn like_shape(source: &str, escape: Option<char>) -> Result<PatternShape, String> {
    let parts = like_parts(source, escape)?;
    let leading = matches!(parts.first(), Some(Part::Many));
    let trailing = matches!(parts.last(), Some(Part::Many));
    let inner = parts.iter().skip_while(|part| matches!(part, Part::Many));
    let mut literal = String::new();
    let mut after = false;
    for part in inner {
        match part {
            Part::Literal(c) if !after => literal.push(*c),
            Part::Many => after = true,
            Part::Literal(_) | Part::One => {
                return compile(&like_regex(&parts), false, true).map(PatternShape::Regex);
            }
        }
    }
    Ok(match (leading, trailing) {
        (true, _) if literal.is_empty() => PatternShape::Any,
        (true, true) => {
            PatternShape::Contains(Box::new(Finder::new(literal.as_bytes()).into_owned()))
        }
        (true, false) => PatternShape::Suffix(literal),
        (false, true) => PatternShape::Prefix(literal),
        (false, false) => PatternShape::Exact(literal),
    })
}

fn like_regex(parts: &[Part]) -> String {
    let mut regex = String::from("^");
    for part in parts {
        match part {
            Part::Literal(c) => push_escaped(&mut regex, *c),
            Part::One => regex.push('.'),
            Part::Many => regex.push_str(".*"),
        }
    }
    regex.push('$');
    regex
}

fn push_escaped(regex: &mut String, character: char) {
    let mut buffer = [0; 4];
    regex.push_str(&regex::escape(character.encode_utf8(&mut buffer)));
}

/// SQL's SIMILAR TO: `%` and `_` as in LIKE, and `| * + ? {} () []` as in regular expressions; the whole text must match.
fn similar_regex(source: &str, escape: Option<char>) -> Result<String, String> {
    let mut regex = String::from("^(?:");
    let mut characters = source.chars();
    let mut in_class = false;
    while let Some(character) = characters.next() {
        match character {
            c if Some(c) == escape => match characters.next() {
                Some(next) => push_escaped(&mut regex, next),
                None => {
                    return Err(format!(
                        "the pattern {source:?} ends with its escape character {c:?}"
                    ));
                }
            },
            ']' if in_class => {
                in_class = false;
                regex.push(']');
            }
            '[' if !in_class => {
                in_class = true;
                regex.push('[');
            }
            '^' | '-' | ':' if in_class => regex.push(character),
            c if in_class => push_escaped(&mut regex, c),
            '%' => regex.push_str(".*"),
            '_' => regex.push('.'),
            '(' => regex.push_str("(?:"),
            '|' | '*' | '+' | '?' | '{' | '}' | ')' | ',' => regex.push(character),
            other => push_escaped(&mut regex, other),
        }
    }
    regex.push_str(")$");
    Ok(regex)
}

/// A regular expression without metacharacters is a search for a text.
fn regex_shape(source: &str) -> Result<PatternShape, String> {
    if regex::escape(source) == source {
        return Ok(PatternShape::Contains(Box::new(
            Finder::new(source.as_bytes()).into_owned(),
        )));
    }
    compile(source, false, true).map(PatternShape::Regex)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn like(pattern: &str, text: &str) -> bool {
        TextPattern::new(LikeKind::Like, pattern, Some('\\'))
            .unwrap()
            .is_match(text)
    }

    #[test]
    fn like_shapes() {
        let shape = |pattern| like_shape(pattern, Some('\\')).unwrap();
        assert!(matches!(shape("abc"), PatternShape::Exact(text) if text == "abc"));
        assert!(matches!(shape("ab%"), PatternShape::Prefix(text) if text == "ab"));
        assert!(matches!(shape("%ab"), PatternShape::Suffix(text) if text == "ab"));
        assert!(matches!(shape("%ab%%"), PatternShape::Contains(_)));
        assert!(matches!(shape("%%"), PatternShape::Any));
        assert!(matches!(shape("a%b"), PatternShape::Regex(_)));
        assert!(matches!(shape("a\\%"), PatternShape::Exact(text) if text == "a%"));
    }

    #[test]
    fn like_matches() {
        assert!(like("a_c%", "abcd\nx"));
        assert!(!like("a_c", "abcd"));
        assert!(like("100\\%", "100%"));
        assert!(like("", ""));
        assert!(!like("", "a"));
        assert!(like("a.c", "a.c") && !like("a.c", "abc"));
        assert!(like("%é_", "caféx"));
        assert!(TextPattern::new(LikeKind::Like, "x\\", Some('\\')).is_err());
        assert!(
            TextPattern::new(LikeKind::ILike, "A%", Some('\\'))
                .unwrap()
                .is_match("abc")
        );
    }

    #[test]
    fn similar_and_regex() {
        let similar = |pattern, text| {
            TextPattern::new(LikeKind::Similar, pattern, Some('\\'))
                .unwrap()
                .is_match(text)
        };
        assert!(similar("(a|b)%", "bxyz"));
        assert!(!similar("a|b", "ab"));
        assert!(similar("[a-c]+", "abcab"));
        assert!(similar("a.b", "a.b") && !similar("a.b", "axb"));
        assert!(similar("x{2,3}", "xxx"));
        let regex = |kind, pattern, text| {
            TextPattern::new(kind, pattern, None)
                .unwrap()
                .is_match(text)
        };
        assert!(regex(LikeKind::Regex, "b+", "abbc"));
        assert!(regex(LikeKind::Regex, "bb", "abbc"));
        assert!(regex(LikeKind::IRegex, "^AB", "abbc"));
        assert!(regex(LikeKind::Regex, "b.c", "ab\nc"));
        assert!(regex(LikeKind::Regex, r"\mfoo\M \ybar", "a foo bar"));
        assert!(!regex(LikeKind::Regex, r"\mfoo\M", "foobar"));
        assert!(regex(LikeKind::Regex, r"a\\m", r"a\m"));
        let error = TextPattern::new(LikeKind::Regex, "(", None).unwrap_err();
        assert!(error.contains("unclosed group"), "{error}");
        assert!(TextPattern::new(LikeKind::Regex, r"\pL{1000}{1000}", None).is_err());
    }

    #[test]
    fn dynamic_patterns_are_kept() {
        for round in 0..100 {
            let pattern = format!("^{}$", round % 40);
            let found = with_dynamic(LikeKind::Regex, &pattern, None, |p| p.is_match("7")).unwrap();
            assert_eq!(found, round % 40 == 7);
        }
    }
}
