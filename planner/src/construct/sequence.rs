//! `a b`, `a -> b`, `a ->> b`: one after the other, a link between each two.

use super::{Builder, Item, Kind, TooLarge};
use crate::automaton::Gap;
use crate::pattern::Node;

pub(super) fn build(
    builder: &mut Builder,
    elements: &[Node],
    links: &[Gap],
    excluded: bool,
    mut next: Item,
) -> Result<Item, TooLarge> {
    for (at, element) in elements.iter().enumerate().rev() {
        next = builder.node(element, excluded, next)?;
        if let Some(link) = at.checked_sub(1).and_then(|at| links.get(at)) {
            next = builder.add(Kind::Link(*link, next))?;
        }
    }
    Ok(next)
}
