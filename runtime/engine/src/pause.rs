//! Queries that see nothing for a while.

use std::sync::Arc;

use portent_planner::compiled::StreamId;

use crate::engine::{Engine, QueryId};
use crate::query::Query;
use crate::standing::Standing;
use crate::stream::Origin;

impl Engine {
    /// From now on a query sees nothing, and its output stands still. What is open in it is dropped: a gap in what it sees would make
    /// absences lie. How many partial matches that were; `None` if there is no such query, if it is done, or paused already.
    pub fn pause(&mut self, id: QueryId) -> Option<u64> {
        let number = id.0 as usize;
        let seen = self.stats(id)?.events;
        let query = self.queries.get_mut(number)?.as_mut()?;
        if query.is_done() || query.is_paused() {
            return None;
        }
        let open = query.pause(seen, &mut self.families);
        let plan = Arc::clone(&query.plan);
        self.detach(id, &plan);
        if let Some(standing) = self.standings.get_mut(number) {
            *standing = Standing::new(self.position);
        }
        Some(open)
    }

    /// A query that was paused begins afresh, with what comes from now on; it goes on counting. Whether there was one.
    pub fn resume(&mut self, id: QueryId) -> bool {
        let number = id.0 as usize;
        let Some(Some(paused)) = self.queries.get_mut(number) else {
            return false;
        };
        if !paused.is_paused() {
            return false;
        }
        let plan = Arc::clone(&paused.plan);
        let deliver = paused.deliver;
        let names = self.names_of_inputs(&plan);
        let made = Query::new(plan, deliver, &names, self.config, &mut self.families);
        // It was made once already, of the same plan.
        let (Ok(made), Some(Some(paused))) = (made, self.queries.get_mut(number)) else {
            return false;
        };
        let made = made.resumed(paused);
        if let Some(place) = self.queries.get_mut(number) {
            *place = Some(Box::new(made));
        }
        if let Some(standing) = self.standings.get_mut(number) {
            *standing = Standing::new(self.position);
        }
        let first_output = self.outputs.len();
        self.attach(id);
        self.run(first_output);
        true
    }

    /// Whether a query is paused.
    pub fn is_paused(&self, id: QueryId) -> bool {
        let query = self.queries.get(id.0 as usize);
        query
            .and_then(Option::as_ref)
            .is_some_and(|query| query.is_paused())
    }

    /// Nothing will come out of paused queries any more: those that read them need not wait.
    pub fn finish_paused(&mut self) {
        self.count();
        let first_output = self.outputs.len();
        self.end_paused();
        self.run(first_output);
    }

    pub(crate) fn end_paused(&mut self) {
        let paused = |stream: &StreamId| match self.streams.get(stream).map(|it| it.origin) {
            Some(Origin::Query(id)) => self.is_paused(id),
            _ => false,
        };
        let paused: Vec<StreamId> = self
            .streams
            .keys()
            .copied()
            .filter(|it| paused(it))
            .collect();
        for stream in paused {
            self.end(stream);
        }
    }
}
