//! `a*`, `a+`, `a?`, `a{n,m}` and their reluctant forms.
//!
//! The counted part is unrolled, the rest is a loop. A repetition that has bound nothing ends the loop once the minimum is
//! met: without this `(a?)*` would go round for ever.

use super::{Builder, Item, Kind, TooLarge};
use crate::automaton::Gap;
use crate::pattern::Node;

pub(super) struct Repeat<'a> {
    pub element: &'a Node,
    pub min: u32,
    pub max: Option<u32>,
    pub reluctant: bool,
    /// Between two repetitions.
    pub link: Gap,
}

pub(super) fn build(
    builder: &mut Builder,
    repeat: &Repeat<'_>,
    excluded: bool,
    next: Item,
) -> Result<Item, TooLarge> {
    // Built from the back: first what may follow the minimum, as seen by the repetition before it.
    let first_optional = repeat.min + 1;
    let mut rest = match repeat.max {
        None => star(builder, repeat, excluded, next)?,
        Some(max) => {
            let mut rest = next;
            for number in (first_optional..=max).rev() {
                if number == 1 {
                    // The first repetition has no link before it, and stands apart below.
                    break;
                }
                let linked = once(builder, repeat, excluded, rest, next, Some(true))?;
                rest = choice(builder, repeat, linked, next)?;
            }
            rest
        }
    };
    if repeat.min == 0 {
        let body = once(builder, repeat, excluded, rest, next, Some(false))?;
        return choice(builder, repeat, body, next);
    }
    for number in (1..=repeat.min).rev() {
        let body = if number == repeat.min {
            once(builder, repeat, excluded, rest, next, None)?
        } else {
            builder.node(repeat.element, excluded, rest)?
        };
        rest = if number > 1 {
            builder.add(Kind::Link(repeat.link, body))?
        } else {
            body
        };
    }
    Ok(rest)
}

/// One repetition, after which `again` may follow, or `exit` if it has bound nothing.
fn once(
    builder: &mut Builder,
    repeat: &Repeat<'_>,
    excluded: bool,
    again: Item,
    exit: Item,
    // Beyond the minimum; and whether a link stands before it.
    beyond: Option<bool>,
) -> Result<Item, TooLarge> {
    let linked = beyond == Some(true);
    if !crate::pattern::nullable::nullable(repeat.element) || (again == exit && beyond.is_none()) {
        let body = builder.node(repeat.element, excluded, again)?;
        return if linked {
            builder.add(Kind::Link(repeat.link, body))
        } else {
            Ok(body)
        };
    }
    let begin = builder.add(Kind::Accept)?;
    let ended = builder.add(Kind::Ended {
        begin,
        again,
        exit,
        beyond: beyond.is_some(),
    })?;
    let mut body = builder.node(repeat.element, excluded, ended)?;
    if linked {
        body = builder.add(Kind::Link(repeat.link, body))?;
    }
    builder.set(begin, Kind::Begin(body));
    Ok(begin)
}

/// Any number of further repetitions, each with the link before it.
fn star(
    builder: &mut Builder,
    repeat: &Repeat<'_>,
    excluded: bool,
    next: Item,
) -> Result<Item, TooLarge> {
    let again = builder.add(Kind::Accept)?;
    let linked = once(builder, repeat, excluded, again, next, Some(true))?;
    let entries = if repeat.reluctant {
        vec![next, linked]
    } else {
        vec![linked, next]
    };
    builder.set(again, Kind::Choice(entries));
    Ok(again)
}

/// To repeat or not to repeat.
fn choice(
    builder: &mut Builder,
    repeat: &Repeat<'_>,
    body: Item,
    next: Item,
) -> Result<Item, TooLarge> {
    builder.add(Kind::Choice(if repeat.reluctant {
        vec![next, body]
    } else {
        vec![body, next]
    }))
}
