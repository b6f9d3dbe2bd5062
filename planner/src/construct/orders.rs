//! All orders of some elements, in lexicographic order of position.

use rustc_hash::FxHashMap;

use super::{Builder, Item, Kind, TooLarge};
use crate::automaton::Gap;
use crate::pattern::{Node, NodeKind};

/// The beginnings of all orders of `operands` with `link` between them, in front of `next`.
///
/// Among single variables the orders share what is left to come (n · 2ⁿ⁻¹ places instead of n · n!); which of them is preferred
/// is decided at the same choices: unless a `->>` makes the event itself a choice, which comes after that of the order. They share
/// in a race too, where time decides what goes first among what is left. Otherwise elements with
/// choices of their own are written out order by order, since there the order is the first choice and theirs come after it.
pub(super) fn build(
    builder: &mut Builder,
    operands: &[Node],
    link: Gap,
    excluded: bool,
    next: Item,
    race: bool,
) -> Result<Vec<Item>, TooLarge> {
    if operands.len() > 31 {
        return Err(TooLarge);
    }
    let single = operands
        .iter()
        .all(|operand| matches!(operand.kind, NodeKind::Variable(_)));
    let orders = Orders {
        operands,
        link,
        excluded,
        next,
        race,
    };
    let all = (1_u32 << operands.len()) - 1;
    if (single && !builder.any) || race {
        return orders.shared(builder, all, &mut FxHashMap::default());
    }
    let mut entries = Vec::new();
    let mut order = Vec::with_capacity(operands.len());
    orders.written_out(builder, all, &mut order, &mut entries)?;
    Ok(entries)
}

struct Orders<'a> {
    operands: &'a [Node],
    link: Gap,
    excluded: bool,
    next: Item,
    race: bool,
}

impl Orders<'_> {
    /// The beginnings of all orders of the operands in the set `left`. Recursion is as deep as there are operands.
    fn shared(
        &self,
        builder: &mut Builder,
        left: u32,
        known: &mut FxHashMap<u32, Item>,
    ) -> Result<Vec<Item>, TooLarge> {
        let mut entries = Vec::new();
        for (at, operand) in self.operands.iter().enumerate() {
            let bit = 1_u32 << at;
            if left & bit == 0 {
                continue;
            }
            let rest = left & !bit;
            let after = match known.get(&rest) {
                _ if rest == 0 => self.next,
                Some(after) => *after,
                None => {
                    let orders = self.shared(builder, rest, known)?;
                    let choice = builder.add(if self.race {
                        Kind::Race(orders)
                    } else {
                        Kind::Choice(orders)
                    })?;
                    let after = builder.add(Kind::Link(self.link, choice))?;
                    known.insert(rest, after);
                    after
                }
            };
            entries.push(builder.node(operand, self.excluded, after)?);
        }
        Ok(entries)
    }

    fn written_out(
        &self,
        builder: &mut Builder,
        left: u32,
        order: &mut Vec<usize>,
        entries: &mut Vec<Item>,
    ) -> Result<(), TooLarge> {
        if left == 0 {
            let mut next = self.next;
            for (place, at) in order.iter().enumerate().rev() {
                if let Some(operand) = self.operands.get(*at) {
                    next = builder.node(operand, self.excluded, next)?;
                }
                if place > 0 {
                    next = builder.add(Kind::Link(self.link, next))?;
                }
            }
            entries.push(next);
            return Ok(());
        }
        for at in 0..self.operands.len() {
            let bit = 1_u32 << at;
            if left & bit != 0 {
                order.push(at);
                self.written_out(builder, left & !bit, order, entries)?;
                order.pop();
            }
        }
        Ok(())
    }
}
