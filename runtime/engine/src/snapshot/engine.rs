//! The state of an engine is written: as a whole, or in slices.

use std::cmp::Reverse;

use crate::engine::{Engine, QueryId};
use crate::error::EngineError;
use crate::stream::{Origin, Stream};

use super::head::Kind;
use super::{Saved, Writer};

/// The state of a query at a position.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuerySlice {
    /// For [`Engine::restore_slices`].
    pub bytes: Vec<u8>,
    /// How many things the engine had been told, as far as the query has heard of them.
    pub position: u64,
    /// The position at which the first event came that the query still holds; `None`: it holds none. Nothing before that is needed for what
    /// is open in it.
    pub oldest: Option<u64>,
}

impl Engine {
    /// How many things it was told: events, watermarks and ends. The order of arrival of an event is the position at which it came.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// All that decides what comes out from now on, to go on from by [`Self::restore`]. Rows that wait for [`Self::drain`] must be
    /// taken first. O(the state); the engine is not changed.
    ///
    /// # Errors
    /// [`EngineError::SnapshotImpossible`]: rows wait, or something is in the state that can't be written.
    pub fn snapshot(&self) -> Result<Vec<u8>, EngineError> {
        self.check_drained()?;
        let mut w = Writer::default();
        self.save_streams(&mut w);
        let queries = self.queries.iter().zip(0..);
        let ids: Vec<QueryId> = queries
            .filter_map(|(query, id)| query.is_some().then_some(QueryId(id)))
            .collect();
        w.length(ids.len());
        for id in ids {
            w.u64(u64::from(id.0));
            self.save_query(id, &mut w)?;
        }
        Kind::Engine.finish(w)
    }

    /// What belongs to no query, at this position: how far the streams from outside are, and the events that wait in them. It is taken before
    /// the slices of the queries. O(the events that wait).
    ///
    /// # Errors
    /// As [`Self::snapshot`].
    pub fn snapshot_streams(&self) -> Result<Vec<u8>, EngineError> {
        self.check_drained()?;
        let mut w = Writer::default();
        self.save_streams(&mut w);
        Kind::Streams.finish(w)
    }

    /// The order in which the slices of the queries are taken: each after those whose output it reads.
    pub fn slice_order(&self) -> Vec<QueryId> {
        let mut order = Vec::with_capacity(self.queries.len());
        let mut seen = vec![false; self.queries.len()];
        // A query, and whether those that it reads stand in the order already.
        let count = u32::try_from(self.queries.len()).unwrap_or(u32::MAX);
        let numbers = (0..count).rev();
        let mut stack: Vec<(u32, bool)> = numbers.map(|number| (number, false)).collect();
        while let Some((number, ready)) = stack.pop() {
            let Some(Some(query)) = self.queries.get(number as usize) else {
                continue;
            };
            if ready {
                order.push(QueryId(number));
                continue;
            }
            match seen.get_mut(number as usize) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            stack.push((number, true));
            let inputs = query.plan.inputs.iter();
            let inputs = inputs.filter_map(|input| self.streams.get(&input.stream));
            stack.extend(inputs.filter_map(|stream| match stream.origin {
                Origin::Query(QueryId(read)) => Some((read, false)),
                _ => None,
            }));
        }
        order
    }

    /// The state of one query at this position. Slices are taken in [`Self::slice_order`]: one that reads another's output not before that
    /// one. O(its state).
    ///
    /// # Errors
    /// As [`Self::snapshot`]; [`EngineError::UnknownQuery`].
    pub fn snapshot_query(&self, id: QueryId) -> Result<QuerySlice, EngineError> {
        self.check_drained()?;
        let mut w = Writer::default();
        self.save_query(id, &mut w)?;
        let oldest = w.oldest();
        Ok(QuerySlice {
            bytes: Kind::Query.finish(w)?,
            position: self.position_of(id),
            oldest,
        })
    }

    /// The position at which the first event came that a query still holds, in an open partial match, as a row that it may yet ask for, or as
    /// one that waits for other inputs. `None`: it holds none, or there is no such query. As dear as [`Self::snapshot_query`].
    pub fn oldest_needed(&self, id: QueryId) -> Option<u64> {
        let mut w = Writer::default();
        self.save_query(id, &mut w).ok()?;
        w.oldest()
    }

    /// The position that a query's state is of: a later one than that of the engine while it is asleep.
    fn position_of(&self, id: QueryId) -> u64 {
        let asleep = self.asleep.iter().map(|Reverse((until, of))| (*until, *of));
        let until = asleep.filter(|(_, of)| *of == id).map(|(until, _)| until);
        until.max().unwrap_or(0).max(self.position)
    }

    fn check_drained(&self) -> Result<(), EngineError> {
        match self.outputs.is_empty() {
            true => Ok(()),
            false => Err(EngineError::SnapshotImpossible(
                "rows wait to be taken from the engine",
            )),
        }
    }

    fn save_streams(&self, w: &mut Writer) {
        w.u64(self.position);
        let streams = self.streams.values();
        let streams = streams.filter(|it| !matches!(it.origin, Origin::Query(_)));
        let streams: Vec<&Stream> = streams.map(|it| &**it).collect();
        w.length(streams.len());
        for stream in streams {
            stream.spec.id.0.save(w);
            w.text(&stream.spec.name);
            w.length(stream.spec.schema.len());
            w.byte(match stream.origin {
                Origin::Source => SOURCE,
                Origin::Late => LATE,
                Origin::Query(_) | Origin::Orphan => ORPHAN,
            });
            stream.save(w);
        }
    }

    fn save_query(&self, id: QueryId, w: &mut Writer) -> Result<(), EngineError> {
        let number = id.0 as usize;
        let query = self.queries.get(number).and_then(Option::as_deref);
        let (Some(query), Some(standing)) = (query, self.standings.get(number)) else {
            return Err(EngineError::UnknownQuery(id));
        };
        w.begin_section();
        w.raw(&query.plan.fingerprint.to_le_bytes());
        w.text(&query.plan.name);
        w.u64(self.position_of(id));
        w.u64(standing.since);
        let input = query.plan.inputs.first();
        let input = input.and_then(|input| self.streams.get(&input.stream));
        query.save(input.map_or(0, |it| it.released()), &self.families, w);
        let output = self.streams.get(&query.plan.output_stream);
        let output = output.filter(|it| it.origin == Origin::Query(id));
        w.byte(u8::from(output.is_some()));
        output.iter().for_each(|output| output.save(w));
        Ok(())
    }
}

pub(super) const SOURCE: u8 = 0;
pub(super) const LATE: u8 = 1;
/// The output of a query that is gone.
pub(super) const ORPHAN: u8 = 2;
