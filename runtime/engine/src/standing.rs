//! How the engine treats its queries: what it must know of each to pass it over.

use crate::matcher::Place;

/// How the engine treats a query. All of them lie side by side: an event that does not matter to a query looks here alone.
/// Aligned, so that it lies in one line of the cache.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(crate) struct Standing {
    /// The bits of its entries in the index.
    pub registered: u64,
    /// Of a light query, the bits that matter while nothing is open; of any other, those of its bits whose tests are all that is asked
    /// of an event alone. Of a light query these are all.
    pub special: u64,
    /// The bits that matter now.
    pub waiting: u64,
    /// Of a light query: after this time nothing is open any more.
    pub until: i64,
    /// It sees the events that arrived from this one on, also of those that wait for the watermark.
    pub since: u64,
    /// The time for which it stands in the queue of what is due; `i64::MAX`: for none.
    pub due: i64,
    /// Its family.
    pub place: Place,
    /// It hears of every watermark, not only of those by which something happens.
    pub eager: bool,
    /// Its events go to its family.
    pub light: bool,
    /// It has heard of what is told now, and hears of it no more (see `snapshot`).
    pub asleep: bool,
}

impl Standing {
    /// That of a query that sees what arrives from an event on.
    pub fn new(since: u64) -> Self {
        Self {
            registered: 0,
            special: 0,
            waiting: u64::MAX,
            until: i64::MIN,
            since,
            due: i64::MAX,
            place: Place::default(),
            eager: false,
            light: false,
            asleep: false,
        }
    }

    /// The bits whose tests are all that is asked of an event alone.
    #[inline]
    pub fn complete(&self) -> u64 {
        match self.light {
            true => self.registered,
            false => self.special,
        }
    }

    /// The bits that matter at a time.
    #[inline]
    pub fn waiting_at(&self, time: i64) -> u64 {
        match self.light && time > self.until {
            true => self.special,
            false => self.waiting,
        }
    }
}
