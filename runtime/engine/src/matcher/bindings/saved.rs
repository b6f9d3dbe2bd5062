//! Bindings in a snapshot: each once, and those that were made one after the other together.
//!
//! A chain of bindings is written from its first new one on, so that neither writing nor reading needs a stack, however long it is. What a
//! binding remembers (its memo) is not written: it follows from the bindings before it and from the rows that are kept.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use portent_planner::expr::VarId;

use crate::event::Row;
use crate::matcher::history::History;
use crate::matcher::program::Program;
use crate::snapshot::{Damage, Reader, Saved, Writer};

use super::{Candidate, Node};

const EXCLUDED: u8 = 1;
/// The bits of what was reported begin here.
const REPORTED: u8 = 1;

impl Node {
    /// Writes a reference to what is bound: 0 for nothing, 1 for what is new and follows, else how far back it was written, plus one.
    pub fn save(node: Option<&Arc<Node>>, w: &mut Writer) {
        let Some(node) = node else { return w.u64(0) };
        if let Some(back) = w.known_node(node) {
            return w.u64(back + 1);
        }
        let (mut new, mut known) = (vec![node], None);
        let mut at = node;
        while let Some(parent) = &at.parent {
            known = w.known_node(parent);
            if known.is_some() {
                break;
            }
            new.push(parent);
            at = parent;
        }
        w.u64(1);
        w.u64(known.unwrap_or(0));
        w.length(new.len());
        let mut before = 0;
        for node in new.into_iter().rev() {
            node.row.save(w);
            w.near(node.position, before);
            before = node.position;
            w.u64(u64::from(node.variable.0));
            let reported = node.reported.load(Ordering::Relaxed);
            let excluded = if node.excluded { EXCLUDED } else { 0 };
            w.byte(excluded | (reported << REPORTED));
            w.note_node(node);
        }
    }

    /// Reads what is bound, in a partition with these rows.
    pub fn load(
        r: &mut Reader<'_>,
        program: &Program,
        history: &History,
    ) -> Result<Option<Arc<Node>>, Damage> {
        match r.u64()? {
            0 => return Ok(None),
            1 => {}
            back => return r.known_node(back - 1).cloned().map(Some),
        }
        let mut last = match r.u64()? {
            0 => None,
            back => Some(Arc::clone(r.known_node(back)?)),
        };
        let mut before = 0;
        for _ in 0..r.length()? {
            let row = Row::load(r)?;
            let position = r.near(before)?;
            before = position;
            let variable = r.u16()?;
            if usize::from(variable) >= program.names.len() {
                return Err(Damage("a variable is none of the pattern"));
            }
            let flags = r.byte()?;
            let bound = Candidate {
                row: &row,
                position,
                variable: VarId(variable),
                excluded: flags & EXCLUDED != 0,
            };
            let node = Node::new(program, history, last.as_ref(), &bound);
            node.reported.store(flags >> REPORTED, Ordering::Relaxed);
            r.note_node(Arc::clone(&node));
            last = Some(node);
        }
        match last {
            Some(last) => Ok(Some(last)),
            None => Err(Damage("a partial match has bound nothing")),
        }
    }
}
