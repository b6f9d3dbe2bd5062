//! All queries' matches, on their way from the session to consumers.

use std::sync::{Arc, PoisonError, RwLock};

use indexmap::IndexMap;

use super::log::MatchLog;
use crate::Emitted;

/// See the module.
#[derive(Debug)]
pub(crate) struct Hub {
    logs: RwLock<IndexMap<Arc<str>, Arc<MatchLog>>>,
    /// How many matches of a query are kept.
    keep: usize,
}

impl Hub {
    pub fn new(keep: usize) -> Self {
        Self {
            logs: RwLock::default(),
            keep,
        }
    }

    /// Takes a row, on the session's thread. Never waits for a consumer.
    pub fn push(&self, emitted: &Emitted) {
        self.log(&emitted.query).push(emitted.clone());
    }

    /// The log of a query, made if need be.
    pub fn log(&self, query: &Arc<str>) -> Arc<MatchLog> {
        let known = self.logs.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(log) = known.get(query) {
            return Arc::clone(log);
        }
        drop(known);
        let mut logs = self.logs.write().unwrap_or_else(PoisonError::into_inner);
        let log = logs
            .entry(Arc::clone(query))
            .or_insert_with(|| Arc::new(MatchLog::new(self.keep)));
        Arc::clone(log)
    }

    /// Forgets the queries that are gone.
    pub fn retain(&self, exists: impl Fn(&str) -> bool) {
        let mut logs = self.logs.write().unwrap_or_else(PoisonError::into_inner);
        logs.retain(|query, log| {
            let keep = exists(query);
            if !keep {
                log.drop_query();
            }
            keep
        });
    }

    /// All logs, for metrics.
    pub fn all(&self) -> Vec<(Arc<str>, Arc<MatchLog>)> {
        let logs = self.logs.read().unwrap_or_else(PoisonError::into_inner);
        let pairs = logs.iter();
        pairs
            .map(|(query, log)| (Arc::clone(query), Arc::clone(log)))
            .collect()
    }
}
