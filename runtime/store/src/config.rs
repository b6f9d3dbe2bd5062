//! How a log is kept.

use std::time::Duration;

/// When a record counts as durable: what [`crate::Log::durable`] tells and [`crate::Log::wait_durable`] waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// As soon as it is taken. Frames are collected and written a mebibyte at a time: what was not yet written is lost with the process.
    Memory,
    /// When the system has it: it outlives the process, not a power failure.
    Written,
    /// When the disk has it.
    #[default]
    Fsynced,
}

/// What is done about damage that is found when a log is opened or read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDamage {
    /// Refuse, and say what is damaged.
    #[default]
    Fail,
    /// Cut the log at the first damage. All that is cut off is put aside in files that end in `.damaged`. When reading: as `Fail`.
    Truncate,
    /// Go on behind it. Readers are told by [`crate::Record::Gap`].
    Skip,
}

/// How much is read when a log is opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Check {
    /// Every frame of every segment: time in proportion to the log.
    #[default]
    All,
    /// The segments that have no seal, and the seals of the others: time in proportion to a segment. Damage in a sealed segment is found by who reads it.
    Last,
}

/// How a log is kept.
#[derive(Clone, Debug)]
pub struct LogConfig {
    /// When a record counts as durable.
    pub durability: Durability,
    /// A segment that would grow beyond so many bytes is sealed, and the next is begun. A single batch may be greater.
    pub segment_bytes: u64,
    /// A segment that is older is sealed by the next append.
    pub segment_age: Option<Duration>,
    /// What is done about damage.
    pub on_damage: OnDamage,
    /// How much is read when the log is opened.
    pub check: Check,
    /// Bytes of the disk that appends leave free; 0: they don't look.
    pub reserve_bytes: u64,
    /// A position up to which the log is known to have been durable, from a checkpoint say: a log that ends before it is damaged.
    pub known_durable: u64,
}

impl Default for LogConfig {
    /// Fsynced, segments of 128 MiB of any age, damage refused, all checked, no reserve.
    fn default() -> Self {
        Self {
            durability: Durability::Fsynced,
            segment_bytes: 128 << 20,
            segment_age: None,
            on_damage: OnDamage::Fail,
            check: Check::All,
            reserve_bytes: 0,
            known_durable: 0,
        }
    }
}
