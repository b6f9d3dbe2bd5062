//! A flow in a snapshot: its engine, and what it has counted around it. What was kept of what came, to be explained, is not in it.

use portent_engine::QueryId;
use portent_engine::snapshot::{Damage, Reader, Saved, Writer};
use portent_planner::compiled::StreamId;

use super::{Flow, refused};
use crate::error::Errors;

impl Flow {
    /// Writes it.
    pub fn save(&self, w: &mut Writer) -> Result<(), Errors> {
        w.u64(self.moment());
        let mut rows: Vec<(u32, u64)> =
            self.routes.iter().map(|(id, it)| (id.0, it.rows)).collect();
        rows.sort_unstable();
        rows.save(w);
        let entrances = self.entrances.iter();
        let bad = entrances.map(|(id, it)| (id.0, it.bad, it.first_bad.clone()));
        bad.collect::<Vec<_>>().save(w);
        w.bytes(&self.engine.snapshot().map_err(refused)?);
        Ok(())
    }

    /// Goes on from there. The streams and queries are those that it had.
    pub fn load(&mut self, r: &mut Reader<'_>) -> Result<(), Errors> {
        let damaged = |damage: Damage| refused(damage.into());
        let moment = r.count().map_err(damaged)?;
        let rows: Vec<(u32, u64)> = Saved::load(r).map_err(damaged)?;
        let bad: Vec<(u32, u64, Option<String>)> = Saved::load(r).map_err(damaged)?;
        let engine = r.bytes().map_err(damaged)?;
        self.engine.restore(engine).map_err(refused)?;
        self.forget_history(moment);
        for (id, rows) in rows {
            if let Some(route) = self.routes.get_mut(&QueryId(id)) {
                route.rows = rows;
            }
        }
        for (id, bad, first_bad) in bad {
            if let Some(entrance) = self.entrances.get_mut(&StreamId(id)) {
                (entrance.bad, entrance.first_bad) = (bad, first_bad);
            }
        }
        Ok(())
    }
}
