//! Limits.

use portent_planner::compiled::{Limits, Overflow};

/// Limits that keep one query from taking the process down, for queries that set none of their own (see
/// [`Limits`]). What is beyond them is counted in [`QueryStats`](crate::QueryStats).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineConfig {
    /// Threads (ways in which partial matches may go on) that one query may keep alive; in classes that share them, nodes of the
    /// graph, or events that moved something. Default: 10,000,000.
    pub max_threads_per_query: usize,
    /// Matches that one event (or deadline) may complete in one query; more are shed. Default: 10,000,000.
    pub max_matches_per_event: usize,
    /// Bytes that one query may hold, as they are estimated ([`QueryStats::bytes`](crate::QueryStats::bytes)). Default: no limit.
    pub max_bytes_per_query: usize,
    /// What a query does at its limits. Default: no new partial match begins.
    pub overflow: Overflow,
    /// Which execution classes may be chosen. For tests and comparisons: whatever is said here, the answers are the same.
    pub classes: Classes,
    /// Whether a query is shown only the events that the predicate index says concern it, or all of them. For tests and comparisons: the
    /// answers are the same. Default: true.
    pub index: bool,
}

/// A choice of execution classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Classes {
    /// For each query the cheapest that its pattern allows: what EXPLAIN tells.
    #[default]
    Cheapest,
    /// The same, but matches are gone through one by one even where counting them would do.
    Enumerate,
    /// Threads for all patterns: one for each open partial match, and an event goes through all of them.
    Threads,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            max_threads_per_query: 10_000_000,
            max_matches_per_event: 10_000_000,
            max_bytes_per_query: usize::MAX,
            overflow: Overflow::default(),
            classes: Classes::default(),
            index: true,
        }
    }
}

impl EngineConfig {
    /// What holds for a query with limits of its own.
    pub(crate) fn of(self, limits: &Limits) -> Self {
        let or = |own: Option<u64>, otherwise| {
            own.map_or(otherwise, |own| usize::try_from(own).unwrap_or(usize::MAX))
        };
        Self {
            max_threads_per_query: or(limits.max_partial_matches, self.max_threads_per_query),
            max_matches_per_event: or(limits.max_matches_per_event, self.max_matches_per_event),
            max_bytes_per_query: or(limits.max_query_memory, self.max_bytes_per_query),
            overflow: limits.on_overflow.unwrap_or(self.overflow),
            ..self
        }
    }
}
