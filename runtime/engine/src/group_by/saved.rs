//! Groups in a snapshot, in the order in which they were first seen.

use portent_planner::compiled::Group;

use crate::snapshot::{Damage, Reader, Saved, Writer, load_accumulator, save_accumulator};

use super::Groups;

impl Groups {
    /// Writes the groups.
    pub fn save(&self, w: &mut Writer) {
        w.length(self.groups.len());
        for (key, accumulators) in &self.groups {
            key.save(w);
            accumulators.iter().for_each(|it| save_accumulator(it, w));
        }
    }

    pub fn load(plan: &Group, r: &mut Reader<'_>) -> Result<Self, Damage> {
        let mut groups = indexmap::IndexMap::default();
        for _ in 0..r.length()? {
            let key = Saved::load(r)?;
            let aggregates = plan.aggregates.iter();
            let accumulators = aggregates.map(|aggregate| load_accumulator(aggregate, r));
            groups.insert(key, accumulators.collect::<Result<_, _>>()?);
        }
        Ok(Self { groups })
    }
}
