//! `a | b`: either, the left preferred.

use super::{Builder, Item, Kind, TooLarge};
use crate::pattern::Node;

pub(super) fn build(
    builder: &mut Builder,
    branches: &[Node],
    excluded: bool,
    next: Item,
) -> Result<Item, TooLarge> {
    let mut entries = Vec::with_capacity(branches.len());
    for branch in branches {
        entries.push(builder.node(branch, excluded, next)?);
    }
    builder.add(Kind::Choice(entries))
}
