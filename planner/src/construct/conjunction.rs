//! `a & b`: both, in either order, relaxed. All orders, and the one whose first event comes earliest is preferred.

use super::{Builder, Item, Kind, TooLarge, orders};
use crate::pattern::Node;
use crate::pattern::contiguity::NEXT;

pub(super) fn build(
    builder: &mut Builder,
    operands: &[Node],
    excluded: bool,
    next: Item,
) -> Result<Item, TooLarge> {
    let entries = orders::build(builder, operands, NEXT, excluded, next, true)?;
    builder.add(Kind::Race(entries))
}
