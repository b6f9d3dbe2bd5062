//! The identity of a match.

use std::fmt;

use portent_grammar::Value;
use xxhash_rust::xxh3::xxh3_128;

/// A hash of the query's name, the partition's key and what is bound: the same input gives the same identities again,
/// so that whatever comes after can drop duplicates. Prints as 32 hexadecimal digits.
///
/// xxh3-128 of a hash of the name and the key's values, and for each bound event the variable's number, the input, and the
/// event's number within its own stream (not over all streams: what else runs in the engine must not matter).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MatchId(pub u128);

impl fmt::Display for MatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// What the identities of one partition's matches have in common.
pub(crate) fn partition_hash(query: &str, key: &[Value]) -> u128 {
    let mut bytes = Vec::with_capacity(64);
    bytes.extend_from_slice(query.as_bytes());
    for value in key {
        // The printed form: it does not change with the version of a hash function or the layout of values.
        bytes.push(u8::from(value.is_null()));
        let text = value.to_string();
        bytes.extend_from_slice(&(text.len() as u64).to_le_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    xxh3_128(&bytes)
}

/// Collects what a [`MatchId`] is made of.
#[derive(Default)]
pub(crate) struct IdBuilder(Vec<u8>);

impl IdBuilder {
    /// Begins a match of a partition.
    pub fn begin(&mut self, partition: u128) {
        self.0.clear();
        self.0.extend_from_slice(&partition.to_le_bytes());
    }

    /// One bound event.
    pub fn bound(&mut self, variable: u16, input: u16, ordinal: u64, part: u32) {
        self.0.extend_from_slice(&variable.to_le_bytes());
        self.0.extend_from_slice(&input.to_le_bytes());
        self.0.extend_from_slice(&ordinal.to_le_bytes());
        self.0.extend_from_slice(&part.to_le_bytes());
    }

    /// What else tells two matches apart: an empty match's place, a timeout.
    pub fn mark(&mut self, tag: u8) {
        self.0.push(tag);
    }

    /// The identity.
    pub fn finish(&self) -> MatchId {
        MatchId(xxh3_128(&self.0))
    }
}
