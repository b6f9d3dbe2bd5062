//! `a & b`: both, in either order, relaxed. All orders: whichever operand's first event comes earliest goes first, and so on
//! among the rest.

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
