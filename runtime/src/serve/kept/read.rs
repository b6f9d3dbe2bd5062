//! Reading matches of a query from the log.

use std::sync::Arc;

use portent_store::{LogError, Reader, Record, Upto};

use super::{Index, rows, store::Store};
use crate::serve::group::Claim;
use crate::serve::log::Entry;

/// If the next block lies so many positions ahead, it is gone to at once; what is nearer is read on to.
const NEAR: u64 = 1024;
/// Matches whose numbers are no further apart are read together.
const TOGETHER: u64 = 256;

impl Store {
    /// Matches of a query, in order: at most so many of those with numbers in `from..to` that are there. `key`: its name in lower case; `query`: as it is shown.
    ///
    /// Reads a part of the log that is in proportion to what it gives, and to the spacing of the index.
    ///
    /// # Errors
    /// What the system refuses.
    pub fn read(
        &self,
        (key, query): (&str, &Arc<str>),
        from: u64,
        to: u64,
        most: usize,
    ) -> Result<Vec<Arc<Entry>>, LogError> {
        let mut found: Vec<Arc<Entry>> = Vec::new();
        let mut at = from;
        let mut reader: Option<Reader> = None;
        while found.len() < most && at < to {
            let place = self.shelves().by_key.get(key).and_then(|it| it.find(at));
            let Some(place) = place else { break };
            let mut open = match reader.take() {
                Some(open) if place.saturating_sub(open.position()) < NEAR => open,
                _ => match self.log.reader(place, Upto::Written) {
                    Ok(mut open) => {
                        open.only(key);
                        open
                    }
                    Err(LogError::Gone { first, .. }) => {
                        self.gone(first);
                        continue;
                    }
                    Err(error) => return Err(error),
                },
            };
            match open.next() {
                Ok(Some(Record::Events(events))) => {
                    let last = rows::numbers(&events.rows).map_or(0, |(_, last)| last);
                    let block = rows::entries(&events.rows, &events.stream, query, at..to);
                    at = at.max(last.saturating_add(1));
                    found.extend(block.into_iter().take(most - found.len()));
                    reader = Some(open);
                }
                // What is damaged is not there.
                Ok(Some(_)) => reader = Some(open),
                Ok(None) => break,
                Err(LogError::Gone { first, .. }) => self.gone(first),
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// Looks for those of some matches that are not in memory.
    ///
    /// # Errors
    /// What the system refuses.
    pub fn fetch(
        &self,
        query: (&str, &Arc<str>),
        wanted: &mut [(Claim, Option<Arc<Entry>>)],
    ) -> Result<(), LogError> {
        let mut numbers: Vec<(u64, usize)> = wanted
            .iter()
            .enumerate()
            .filter(|(_, (_, entry))| entry.is_none())
            .map(|(at, (claim, _))| (claim.number, at))
            .collect();
        numbers.sort_unstable();
        let near = |pair: &[(u64, usize)]| match pair {
            [(one, _), (other, _)] => other - one <= TOGETHER,
            _ => false,
        };
        let mut rest = numbers.as_slice();
        while let Some((first, _)) = rest.first() {
            let cut = rest.windows(2).position(|pair| !near(pair));
            let (together, behind) = rest.split_at(cut.map_or(rest.len(), |at| at + 1));
            rest = behind;
            let end = together.last().map_or(*first, |(number, _)| *number) + 1;
            let most = usize::try_from(end - first).unwrap_or(usize::MAX);
            for entry in self.read(query, *first, end, most)? {
                if let Ok(found) = together.binary_search_by_key(&entry.number, |it| it.0)
                    && let Some((_, at)) = together.get(found)
                    && let Some((_, place)) = wanted.get_mut(*at)
                {
                    *place = Some(entry);
                }
            }
        }
        Ok(())
    }

    /// Retention was faster: the index must not lead there again.
    fn gone(&self, first: u64) {
        let mut shelves = self.shelves();
        let all = shelves.by_key.values_mut();
        let gone: usize = all.map(|index: &mut Index| index.prune(first)).sum();
        shelves.slots -= gone.min(shelves.slots);
    }
}
