//! `{- a -}`: matched as ever, but its rows are left out of ALL ROWS PER MATCH.

use super::{Builder, Item, TooLarge};
use crate::pattern::Node;

pub(super) fn build(builder: &mut Builder, inner: &Node, next: Item) -> Result<Item, TooLarge> {
    builder.node(inner, true, next)
}
