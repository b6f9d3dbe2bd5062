//! Limits.

/// Limits that keep one query from taking the process down. What is beyond them is shed, and counted in
/// [`QueryStats::shed`](crate::QueryStats::shed).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineConfig {
    /// Threads (ways in which partial matches may go on) that one query may keep alive. At the limit the newest are not
    /// made. Default: 10,000,000.
    pub max_threads_per_query: usize,
    /// Matches that one event (or deadline) may complete in one query; more are shed. Default: 10,000,000.
    pub max_matches_per_event: usize,
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
            classes: Classes::default(),
            index: true,
        }
    }
}
