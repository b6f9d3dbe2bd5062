//! Regular expressions: those of the `regex` crate, matched in linear time. A pattern that is the same for every event is in
//! fact compiled once, since the last few are kept.

use std::cell::RefCell;
use std::collections::VecDeque;

use portent_grammar::Value;
use regex::Regex;

use super::Family::Regex as F;
use super::{Outcome, Param as P, Returns as R, ScalarFunction, mismatch, sig, strict};
use crate::expr::compile;

const TEST: &[super::Signature] = &[
    sig(&[P::Text, P::Text], R::Bool),
    sig(&[P::Text, P::Text, P::Text], R::Bool),
];
const COUNT: &[super::Signature] = &[
    sig(&[P::Text, P::Text], R::Int),
    sig(&[P::Text, P::Text, P::Text], R::Int),
];
const ARRAY: &[super::Signature] = &[
    sig(&[P::Text, P::Text], R::TextArray),
    sig(&[P::Text, P::Text, P::Text], R::TextArray),
];
const PART: &[super::Signature] = &[
    sig(&[P::Text, P::Text], R::Text),
    sig(&[P::Text, P::Text, P::Int], R::Text),
];
const REPLACE: &[super::Signature] = &[
    sig(&[P::Text, P::Text, P::Text], R::Text),
    sig(&[P::Text, P::Text, P::Text, P::Text], R::Text),
];

pub(super) static FUNCTIONS: &[ScalarFunction] = &[
    strict(
        F,
        "REGEXP_LIKE",
        TEST,
        "Whether the pattern is found; flags: i ignores case, s lets . match newlines, m, x.",
        like,
    ),
    strict(
        F,
        "REGEXP_MATCHES",
        TEST,
        "Whether the pattern is found (as in DuckDB).",
        like,
    ),
    strict(
        F,
        "REGEXP_MATCH",
        ARRAY,
        "The groups of the first match (or the whole match if there are none); NULL if there is no match.",
        matching,
    ),
    strict(
        F,
        "REGEXP_SUBSTR",
        PART,
        "The first match, or its n-th group; NULL if there is no match.",
        substr,
    ),
    strict(
        F,
        "REGEXP_EXTRACT",
        PART,
        "The first match, or its n-th group; NULL if there is no match.",
        substr,
    ),
    strict(
        F,
        "REGEXP_REPLACE",
        REPLACE,
        "With the first match replaced (\\1 is a group, \\& the match); flag g: all matches.",
        replace,
    ),
    strict(F, "REGEXP_COUNT", COUNT, "Number of matches.", count),
    strict(
        F,
        "REGEXP_SPLIT_TO_ARRAY",
        ARRAY,
        "The parts between the matches.",
        split,
    ),
];

/// How many regular expressions a thread keeps compiled.
const CACHE_SIZE: usize = 32;

/// The compiled pattern, from the cache if it was met before. A `Regex` is a shared handle: cloning it is cheap.
fn regex(pattern: &str, flags: &str) -> Result<Regex, String> {
    thread_local! {
        static CACHE: RefCell<VecDeque<(String, String, Regex)>> = const { RefCell::new(VecDeque::new()) };
    }
    CACHE.with_borrow_mut(|cache| {
        if let Some(index) = cache
            .iter()
            .position(|entry| entry.0 == pattern && entry.1 == flags)
        {
            cache.swap(0, index);
            if let Some(entry) = cache.front() {
                return Ok(entry.2.clone());
            }
        }
        let mut source = String::new();
        if let Some(unknown) = flags.chars().find(|flag| !"igcsnmx".contains(*flag)) {
            return Err(format!(
                "the flag {unknown:?} is not known; there are g, i, n (or m), s and x"
            ));
        }
        // n, of which m is an older name: `.` stops at the end of a line, `^` and `$` stand at it. s is the default.
        if flags.contains(['n', 'm']) {
            source.push_str("(?m-s)");
        }
        if flags.contains('x') {
            source.push_str("(?x)");
        }
        source.push_str(pattern);
        let compiled = compile(&source, flags.contains('i'), true)?;
        cache.truncate(CACHE_SIZE - 1);
        cache.push_front((pattern.to_owned(), flags.to_owned(), compiled.clone()));
        Ok(compiled)
    })
}

/// Text, pattern and flags of the functions that take them in this order.
fn with_flags<'a>(args: &[&'a Value]) -> Option<(&'a str, &'a str, &'a str)> {
    match args {
        [Value::Text(text), Value::Text(pattern)] => Some((text, pattern, "")),
        [Value::Text(text), Value::Text(pattern), Value::Text(flags)] => {
            Some((text, pattern, flags))
        }
        _ => None,
    }
}

fn like(args: &[&Value]) -> Outcome {
    let Some((text, pattern, flags)) = with_flags(args) else {
        return mismatch(args);
    };
    Ok(Value::Bool(regex(pattern, flags)?.is_match(text)))
}

fn matching(args: &[&Value]) -> Outcome {
    let Some((text, pattern, flags)) = with_flags(args) else {
        return mismatch(args);
    };
    let Some(captures) = regex(pattern, flags)?.captures(text) else {
        return Ok(Value::Null);
    };
    let skip = usize::from(captures.len() > 1);
    let groups = captures
        .iter()
        .skip(skip)
        .map(|group| group.map(|group| group.as_str()).into());
    Ok(Value::array(groups.collect()))
}

fn substr(args: &[&Value]) -> Outcome {
    let (text, pattern, group) = match args {
        [Value::Text(text), Value::Text(pattern)] => (text, pattern, 0),
        [Value::Text(text), Value::Text(pattern), Value::Int(group)] => (text, pattern, *group),
        _ => return mismatch(args),
    };
    let Ok(group) = usize::try_from(group) else {
        return Err("a group's number can't be negative".to_owned());
    };
    let captures = regex(pattern, "")?.captures(text);
    let found = captures.as_ref().and_then(|captures| captures.get(group));
    Ok(found.map(|found| found.as_str()).into())
}

fn replace(args: &[&Value]) -> Outcome {
    let (text, pattern, by, flags) = match args {
        [Value::Text(text), Value::Text(pattern), Value::Text(by)] => (text, pattern, by, ""),
        [
            Value::Text(text),
            Value::Text(pattern),
            Value::Text(by),
            Value::Text(flags),
        ] => (text, pattern, by, flags.as_str()),
        _ => return mismatch(args),
    };
    let by = replacement(by);
    let limit = usize::from(!flags.contains('g'));
    let replaced = regex(pattern, flags)?.replacen(text, limit, by.as_str());
    if replaced.len() > super::text::MAX_TEXT.max(text.len()) {
        return Err("the text would be too long".to_owned());
    }
    Ok(Value::text(replaced.as_ref()))
}

/// PostgreSQL's `\1` and `\&` as the crate's `${1}` and `${0}`.
fn replacement(by: &str) -> String {
    let mut result = String::with_capacity(by.len());
    let mut characters = by.chars();
    while let Some(character) = characters.next() {
        match character {
            '$' => result.push_str("$$"),
            '\\' => match characters.next() {
                Some(digit @ '0'..='9') => result.push_str(&format!("${{{digit}}}")),
                Some('&') => result.push_str("${0}"),
                Some('$') => result.push_str("$$"),
                Some(other) => result.push(other),
                None => result.push('\\'),
            },
            other => result.push(other),
        }
    }
    result
}

fn count(args: &[&Value]) -> Outcome {
    let Some((text, pattern, flags)) = with_flags(args) else {
        return mismatch(args);
    };
    let count = regex(pattern, flags)?.find_iter(text).count();
    Ok(Value::Int(i64::try_from(count).unwrap_or(i64::MAX)))
}

fn split(args: &[&Value]) -> Outcome {
    let Some((text, pattern, flags)) = with_flags(args) else {
        return mismatch(args);
    };
    Ok(Value::array(
        regex(pattern, flags)?
            .split(text)
            .map(Value::from)
            .collect(),
    ))
}
