//! `PERMUTE(a, b)`: all, contiguous, in any order; the orders are preferred in lexicographic order of position.

use super::{Builder, Item, Kind, TooLarge, orders};
use crate::pattern::Node;
use crate::pattern::contiguity::CONTIGUOUS;

pub(super) fn build(
    builder: &mut Builder,
    operands: &[Node],
    excluded: bool,
    next: Item,
) -> Result<Item, TooLarge> {
    let entries = orders::build(builder, operands, CONTIGUOUS, excluded, next, false)?;
    builder.add(Kind::Choice(entries))
}
