//! Snapshots: all that decides what an engine gives from now on, as bytes; and an engine that goes on from there.
//!
//! # The law
//! An engine that was restored gives the same rows as one that never stopped, with the same times and identities and in the same
//! order, for whatever follows, in blocks of whatever size; and its statistics are the same. A snapshot of it is, to the last byte, the one that
//! it was restored from. (Later ones may tell of clocks that lag behind: a query hears of a watermark where something may happen to it, and
//! who has forgotten deadlines that mean nothing any more does not hear of those. Nothing comes of a clock but by what happens.)
//!
//! # What is kept
//! * Of each stream how far it is, what it has counted, and the events that wait for its watermark.
//! * Of each query what it has counted, its clock, the events that wait for other inputs, what is open in its pattern (see below), and what
//!   stands behind that: groups, periods of LIMIT PER, what DISTINCT has seen, what ORDER BY has collected, how far OFFSET and LIMIT are;
//!   and how far its output is as a stream. That it is paused, done or was stopped at a limit.
//! * Of a pattern its partitions, each with the rows that are kept for neighbours, what was absent before, and its open partial matches:
//!
//! | class | what is open | file |
//! |---|---|---|
//! | `preferred` | starts, their threads in order, what they have found | `matcher/preferred/saved.rs` |
//! | `every` | threads by step, in order | `matcher/every/saved.rs` |
//! | `any`, also by key and light | what waits in the states, and the nodes of the graph | `matcher/any/saved.rs`, `matcher/any/arena/saved.rs` |
//! | `count` | the products of the window, and its events | `matcher/any/count/saved.rs` |
//! | `row` | groups of starts, their threads, the trail | `matcher/row/saved.rs` |
//!
//! # What is made anew
//! All that follows from these and from the plan, so that it need not be trusted: hash tables, who waits for which event (`watch`, and the
//! predicate index), queues of deadlines, the order of ages, what a binding remembers, what is known of the row at hand, the
//! determinised automaton (but for the numbering of its states, and in class `count` which of its moves were asked for: products are
//! worked out again by these), how much is open and kept. Why this gives the same is said where it is done. What was kept for EXPLAIN is
//! not in a snapshot.
//!
//! # The form of the bytes
//! A kind, a version, a checksum (so that damage is an error before anything is read), then the content: numbers in groups of seven bits, each
//! event once and then by how long ago it was written, bindings too (see [`Writer`]). All lengths and references are checked on reading:
//! bytes that are no snapshot give an error.
//!
//! # Slices
//! A host that must not stop for as long as all the state takes to be written takes it in slices, each at a position of its own: first
//! that of the streams ([`Engine::snapshot_streams`]), then those of the queries ([`Engine::snapshot_query`]), with events in between.
//! A position is how many things the engine was told ([`Engine::position`]). After [`Engine::restore_slices`] the host tells it again all
//! that it was told from the position of the streams on. A query whose slice is from a later position is *asleep* until that: it does not hear
//! of what it has heard of already, and gives nothing. This is right because
//! * what a stream lets go, and when, follows from what it was told alone: it lets go the same again;
//! * the order of arrival of an event is the position at which it came, whatever the queries do meanwhile;
//! * the output of a query, as a stream, belongs to the slice of the query: it is as far as that.
//!
//! A query that reads another one's output must not have been taken before that one: what that gave in between would be lost to it.
//! [`Engine::slice_order`] sees to it. Whoever carries rows of a query back into a stream by its own means must take all slices at one
//! position: those rows come only while the query is awake.
//!
//! A slice is a query's whole state: partitions are written one after the other and refer to nothing outside them but events, so that a
//! later form can cut within a query too.
//!
//! [`Engine::position`]: crate::Engine::position
//! [`Engine::restore_slices`]: crate::Engine::restore_slices
//! [`Engine::slice_order`]: crate::Engine::slice_order
//! [`Engine::snapshot_query`]: crate::Engine::snapshot_query
//! [`Engine::snapshot_streams`]: crate::Engine::snapshot_streams

mod accumulator;
mod engine;
mod head;
mod plain;
mod reader;
mod restore;
mod stats;
mod value;
mod writer;

pub(crate) use accumulator::{load_accumulator, save_accumulator};
pub(crate) use reader::Vocabulary;
pub(crate) use writer::sorted;

pub use engine::QuerySlice;
pub use head::Kind;
pub use plain::Saved;
pub use reader::Reader;
pub use writer::Writer;

use crate::error::EngineError;

/// Why bytes can't be read: half a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage(pub &'static str);

impl Damage {
    pub(crate) const CUT: Damage = Damage("it is cut off");
    pub(crate) const NUMBER: Damage = Damage("a number is out of range");
    pub(crate) const KIND: Damage = Damage("something is of a kind that is not known there");
    pub(crate) const REFERENCE: Damage = Damage("something refers to what is not there");
    pub(crate) const ORDER: Damage = Damage("something is out of order");
}

impl From<Damage> for EngineError {
    fn from(damage: Damage) -> Self {
        EngineError::SnapshotDamaged(damage.0)
    }
}

/// Of so many taken and free places, which are free: each must be one of them, and is so once.
pub(crate) fn free_places(free: &[u32], taken: usize) -> Result<Vec<bool>, Damage> {
    let mut is_free = vec![false; free.len() + taken];
    for place in free {
        match is_free.get_mut(*place as usize) {
            Some(is_free) if !*is_free => *is_free = true,
            _ => return Err(Damage::REFERENCE),
        }
    }
    Ok(is_free)
}
