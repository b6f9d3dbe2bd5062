//! The products of a window in a snapshot: as they are, so that they go on as they would have. What is written is what is kept: a row
//! of weights for each of the older events that are worked out, and the events themselves for the others.

use std::collections::VecDeque;

use crate::matcher::any::saved::load_state;
use crate::snapshot::{Damage, Reader, Saved, Writer};

use super::{Block, Counter, Moved, Row, Weight};

impl<W: Weight> Counter<W> {
    /// Writes the products.
    pub fn save(&self, w: &mut Writer) {
        self.older.save(w);
        w.length(self.blocks.len());
        for block in &self.blocks {
            save_events(&block.events, w);
            block.onward.save(w);
        }
        save_events(&self.newer, w);
        w.length(self.product.len());
        for (state, row) in &self.product {
            w.length(state.index());
            row.save(w);
        }
        self.open.save(w);
        self.stale.save(w);
        w.u64(self.work);
    }

    pub fn load(states: &[u32], r: &mut Reader<'_>) -> Result<Self, Damage> {
        let mut made = Self::default();
        for _ in 0..r.length()? {
            let at = r.i64()?;
            made.older.push((at, load_row(states, r)?));
        }
        made.held = made.older.len();
        for _ in 0..r.length()? {
            let events = load_events(r)?;
            made.held += events.len();
            let rows = r.length()?;
            let mut onward: Vec<Row<W>> = Vec::new();
            for state in 0..rows {
                let row = load_row(states, r)?;
                let now = states.get(state).ok_or(Damage::REFERENCE)?;
                let now = *now as usize;
                if onward.len() <= now {
                    onward.resize_with(now + 1, Row::new);
                }
                if let Some(place) = onward.get_mut(now) {
                    *place = row;
                }
            }
            made.blocks.push(Block { events, onward });
        }
        made.newer = load_events(r)?;
        made.held += made.newer.len();
        for _ in 0..r.length()? {
            let state = load_state(states, r)?;
            made.product.push((state, load_row(states, r)?));
        }
        made.open = load_row(states, r)?;
        made.stale = r.bool()?;
        made.work = r.count()?;
        Ok(made)
    }
}

/// Weights by state, under the numbers that the states have now.
fn load_row<W: Weight>(states: &[u32], r: &mut Reader<'_>) -> Result<Row<W>, Damage> {
    let mut row = Row::new();
    for state in 0..r.length()? {
        let weight = W::load(r)?;
        let now = *states.get(state).ok_or(Damage::REFERENCE)? as usize;
        if row.len() <= now {
            row.resize_with(now + 1, W::default);
        }
        if let Some(place) = row.get_mut(now) {
            *place = weight;
        }
    }
    Ok(row)
}

fn save_events<W: Weight>(events: &VecDeque<Moved<W>>, w: &mut Writer) {
    w.length(events.len());
    for moved in events {
        w.i64(moved.at);
        w.u64(moved.bits);
        moved.begins.save(w);
        moved.values.save(w);
    }
}

fn load_events<W: Weight>(r: &mut Reader<'_>) -> Result<VecDeque<Moved<W>>, Damage> {
    let count = r.length()?;
    let mut events = r.list(count);
    for _ in 0..count {
        events.push(Moved {
            at: r.i64()?,
            bits: r.u64()?,
            begins: r.bool()?,
            values: Saved::load(r)?,
        });
    }
    Ok(events.into())
}
