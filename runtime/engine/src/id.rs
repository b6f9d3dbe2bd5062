//! The identity of a match.

use std::fmt;

use portent_grammar::Value;
use xxhash_rust::xxh3::Xxh3;

/// A hash of the query's name, the partition's key and what is bound: the same input gives the same identities again,
/// so that whatever comes after can drop duplicates. Prints as 32 hexadecimal digits.
///
/// xxh3-128 over the name, the key's values, and for each bound event the variable's number, the input, and the event's
/// number within its own stream (not over all streams: what else runs in the engine must not matter).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MatchId(pub u128);

impl fmt::Display for MatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// Collects what a [`MatchId`] is made of.
pub(crate) struct IdHasher(Xxh3);

impl IdHasher {
    /// Begins with the query and the partition.
    pub fn new(query: &str, key: &[Value]) -> Self {
        let mut hasher = Xxh3::new();
        hasher.update(query.as_bytes());
        hasher.update(&[0]);
        for value in key {
            // The printed form: it does not change with the version of a hash function or the layout of values.
            let text = match value {
                Value::Null => String::from("\u{0}null"),
                value => value.to_string(),
            };
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        Self(hasher)
    }

    /// The state as it is now, to add different matches of one partition to.
    pub fn fork(&self) -> Self {
        Self(self.0.clone())
    }

    /// One bound event.
    pub fn bound(&mut self, variable: u16, input: u16, ordinal: u64, part: u32) {
        let mut bytes = [0_u8; 16];
        bytes[..2].copy_from_slice(&variable.to_le_bytes());
        bytes[2..4].copy_from_slice(&input.to_le_bytes());
        bytes[4..12].copy_from_slice(&ordinal.to_le_bytes());
        bytes[12..].copy_from_slice(&part.to_le_bytes());
        self.0.update(&bytes);
    }

    /// Marks what else tells two matches apart: the start of an empty match, a timeout.
    pub fn mark(&mut self, tag: u8, number: u64) {
        self.0.update(&[tag]);
        self.0.update(&number.to_le_bytes());
    }

    /// The identity.
    pub fn finish(&self) -> MatchId {
        MatchId(self.0.digest128())
    }
}
