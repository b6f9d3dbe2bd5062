//! A flow takes over the state of a query, and gives out what came of it elsewhere.

use portent_engine::snapshot::QuerySlice;
use portent_engine::{Donor, Output, QueryId};

use super::{Deliver, Flow, refused};
use crate::error::Errors;

impl Flow {
    /// In what form the state of a query is kept.
    pub fn state_form(&self, id: QueryId) -> Option<String> {
        self.engine.state_form(id)
    }

    /// The state of a query.
    pub fn slice(&self, id: QueryId) -> Result<QuerySlice, Errors> {
        self.engine.snapshot_query(id).map_err(refused)
    }

    /// Lets a query that was just registered go on with a state.
    pub fn transplant(&mut self, id: QueryId, slice: &[u8], donor: Donor) -> Result<(), Errors> {
        self.engine.transplant(id, slice, donor).map_err(refused)
    }

    /// Gives out what came of a query, after which it is as far as it is now. `steps`: rows, and before them how far its output was then.
    ///
    /// Streams that it writes into get them one after the other, as they would have come; only then are these as far as the query is.
    pub fn give(
        &mut self,
        id: QueryId,
        steps: Vec<(Option<i64>, Vec<Output>)>,
        deliver: &mut Deliver<'_>,
    ) -> Result<(), Errors> {
        let mut failed = Vec::new();
        for (watermark, rows) in steps {
            if let Some(watermark) = watermark {
                self.reach(id, watermark);
            }
            for row in rows {
                self.route_one(row, deliver, &mut failed)?;
            }
            self.route_all(deliver, &mut failed)?;
        }
        self.pump_all(deliver, &mut failed)?;
        failed
            .into_iter()
            .next()
            .map_or(Ok(()), |(_, errors)| Err(errors))
    }

    /// The streams that a query writes into come to a time, if all others that write into them have.
    fn reach(&mut self, id: QueryId, watermark: i64) {
        let streams = self.entrances.iter();
        let fed = streams.filter(|(_, it)| it.fed_by.contains(&id));
        let reached = fed.filter_map(|(stream, entrance)| {
            let others = entrance.fed_by.iter().filter(|it| **it != id);
            let others = others.map(|it| self.engine.output_watermark(*it));
            let least = others.chain([Some(watermark)]).min().flatten()?;
            let now = self.engine.stream_stats(*stream)?.watermark;
            now.is_none_or(|now| now < least)
                .then_some((*stream, least))
        });
        for (stream, to) in reached.collect::<Vec<_>>() {
            self.advance_stream(stream, to);
        }
    }
}

#[cfg(feature = "store")]
impl Flow {
    /// Registers a query under this number; see [`Self::register`].
    pub fn register_at(
        &mut self,
        id: QueryId,
        query: &std::sync::Arc<portent_planner::CompiledQuery>,
        route: Option<super::Route>,
    ) -> Result<(), Errors> {
        let registered = self
            .engine
            .register_at(id, std::sync::Arc::clone(query), route.is_some());
        registered.map_err(refused)?;
        self.route_to(id, route);
        Ok(())
    }

    /// How many things its engine was told.
    pub fn position(&self) -> u64 {
        self.engine.position()
    }

    /// Its engine, which was told nothing yet, begins at a position.
    pub fn begin_at(&mut self, position: u64) {
        self.engine.begin_at(position);
    }

    /// Lets a stream that has taken nothing yet count from here.
    pub fn count_from(&mut self, stream: portent_planner::compiled::StreamId, ordinal: u64) {
        let point = portent_engine::StreamPoint {
            ordinal,
            ..portent_engine::StreamPoint::default()
        };
        self.engine.restore_stream(stream, &point);
    }

    /// How far the output of a query is.
    pub fn output_watermark(&self, id: QueryId) -> Option<i64> {
        self.engine.output_watermark(id)
    }
}
