//! A query goes on with the state of a query of another engine, or of the one whose place it takes, while all others run on.

use std::sync::Arc;

use crate::engine::{Engine, QueryId};
use crate::error::EngineError;
use crate::query::Query;
use crate::standing::Standing;

/// Whose state a query goes on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Donor {
    /// The same query in another engine, which was told the same things.
    Same,
    /// The same query in another engine; here its output has another past, which readers have seen: it goes on where it is.
    Again,
    /// A query whose place it takes, with the same pattern. What it makes of its matches may be other.
    Replaced,
}

impl Engine {
    /// In what form the state of a query is kept, and what of it: only a query of the same form can go on with it. `None`: there is no
    /// such query.
    pub fn state_form(&self, id: QueryId) -> Option<String> {
        let query = self.queries.get(id.0 as usize)?.as_ref()?;
        Some(query.whole_form())
    }

    /// Puts the state of a query ([`Self::snapshot_query`]) into one that was just registered; nobody else is touched. The slice is of this position.
    /// With [`Donor::Replaced`] the caller vouches for the plans: inputs, pattern, groups and limits must be the same.
    ///
    /// A query comes into a family of its own where that of others holds nodes already: those of a graph lie in the order of their making, and
    /// what comes later can't be put between. O(the state, and the queries that read its output).
    ///
    /// # Errors
    /// As [`Self::restore_slices`]; then the query is as one that has seen nothing, and must be dropped.
    pub fn transplant(
        &mut self,
        id: QueryId,
        slice: &[u8],
        donor: Donor,
    ) -> Result<(), EngineError> {
        self.renew_one(id)?;
        self.load_one(id, slice, donor)?;
        // The output's queue of deadlines was forgotten with what it was before: who reads it stands in it again.
        let output = self.queries.get(id.0 as usize).and_then(Option::as_ref);
        let output = output.map(|query| query.plan.output_stream);
        let output = output.and_then(|output| self.streams.get(&output));
        let readers: Vec<QueryId> = output
            .map(|output| output.readers.all.iter().map(|it| it.query).collect())
            .unwrap_or_default();
        for reader in readers {
            if self
                .standings
                .get(reader.0 as usize)
                .is_some_and(|it| !it.asleep)
            {
                self.refresh(reader);
            }
        }
        Ok(())
    }

    /// Puts a query that has seen nothing in the place of one; it is asleep.
    fn renew_one(&mut self, id: QueryId) -> Result<(), EngineError> {
        let number = id.0 as usize;
        let taken = self.queries.get_mut(number).and_then(Option::take);
        let mut old = taken.ok_or(EngineError::UnknownQuery(id))?;
        let (plan, deliver) = (Arc::clone(&old.plan), old.deliver);
        old.leave(&mut self.families);
        self.detach(id, &plan);
        let names = self.names_of_inputs(&plan);
        let invalid = |reason| EngineError::InvalidQuery {
            query: plan.name.clone(),
            reason,
        };
        let make = |families: &mut _| {
            Query::new(Arc::clone(&plan), deliver, &names, self.config, families)
        };
        let mut made = make(&mut self.families).map_err(invalid)?;
        if made.shares_nodes(&self.families) {
            made.leave(&mut self.families);
            self.families.alone = true;
            let alone = make(&mut self.families);
            self.families.alone = false;
            made = alone.map_err(invalid)?;
        }
        if let Some(place) = self.queries.get_mut(number) {
            *place = Some(Box::new(made));
        }
        if let Some(standing) = self.standings.get_mut(number) {
            *standing = Standing::new(self.position);
            standing.asleep = true;
        }
        // Those that it reads may be told how far they are, since somebody reads them.
        let first_output = self.outputs.len();
        self.attach(id);
        self.run(first_output);
        Ok(())
    }

    /// Lets an engine that was told nothing begin at a position: so that what is told it again has the numbers that it had.
    pub fn begin_at(&mut self, position: u64) {
        if self.position == 0 {
            self.position = position;
        }
    }
}
