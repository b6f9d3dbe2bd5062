//! Reading the matches of a query, in memory and on disk.

use std::sync::Arc;

use super::{Entry, MatchLog, on_disk};
use crate::Errors;

/// Some entries, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub entries: Vec<Arc<Entry>>,
    /// The number to go on with.
    pub next: u64,
    /// So many that were asked for are not kept any more.
    pub lost: u64,
}

/// Where a consumer begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    Number(u64),
    /// The first that is kept.
    Earliest,
    /// The next that comes.
    Now,
}

impl MatchLog {
    /// The number that a consumer begins with.
    pub fn begin(&self, from: From) -> u64 {
        let inner = self.inner();
        match from {
            From::Number(number) => number.max(inner.floor),
            From::Earliest => self.first_kept(&inner),
            From::Now => inner.next,
        }
    }

    /// At most so many entries of those in memory, from a number on.
    pub fn read(&self, from: u64, most: usize) -> Page {
        let inner = self.inner();
        let from = from.max(inner.floor);
        page(inner.from(from, most), from, inner.next)
    }

    /// At most so many entries from a number on, wherever they are.
    ///
    /// # Errors
    /// The disk refuses.
    pub async fn page(self: &Arc<Self>, from: u64, most: usize) -> Result<Page, Errors> {
        if self.store.is_none() || from >= self.inner().first() {
            return Ok(self.read(from, most));
        }
        let log = Arc::clone(self);
        on_disk(move || log.page_with_disk(from, most)).await
    }

    /// As [`Self::page`], on this thread.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn page_with_disk(&self, from: u64, most: usize) -> Result<Page, Errors> {
        // What is in memory first: what goes from there meanwhile is on disk.
        let (from, next, first, newer) = {
            let inner = self.inner();
            let from = from.max(inner.floor);
            (from, inner.next, inner.first(), inner.from(from, most))
        };
        let mut entries = match &self.store {
            Some(store) if from < first => store
                .read((&self.key, &self.name), from, first, most)
                .map_err(Errors::from)?,
            _ => Vec::new(),
        };
        let room = most.saturating_sub(entries.len());
        entries.extend(newer.into_iter().take(room));
        Ok(page(entries, from, next))
    }
}

/// A page of what was found of those from `from` on, when `end` was the next number.
fn page(entries: Vec<Arc<Entry>>, from: u64, end: u64) -> Page {
    let next = entries.last().map_or(end.max(from), |it| it.number + 1);
    Page {
        next,
        lost: (next - from.min(next)).saturating_sub(entries.len() as u64),
        entries,
    }
}
