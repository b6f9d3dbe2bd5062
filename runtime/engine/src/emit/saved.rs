//! What stands behind a query's rows or matches, in a snapshot.

use crate::group_by::Groups;
use crate::snapshot::{Damage, Reader, Saved, Writer, sorted};

use super::{Emitter, Produced, Seen};

const GROUPS: u8 = 1;
const PERIODS: u8 = 2;
const SEEN: u8 = 4;
const DONE: u8 = 8;

impl Emitter {
    /// Writes groups, periods, what DISTINCT has seen, what ORDER BY has collected, and how far OFFSET and LIMIT are.
    #[allow(
        clippy::disallowed_methods,
        reason = "what is written is put in order first"
    )]
    pub fn save(&self, w: &mut Writer) {
        let flag = |is: bool, flag: u8| if is { flag } else { 0 };
        w.byte(
            flag(self.groups.is_some(), GROUPS)
                | flag(self.periods.is_some(), PERIODS)
                | flag(self.seen.is_some(), SEEN)
                | flag(self.done, DONE),
        );
        self.groups.iter().for_each(|groups| groups.save(w));
        self.periods.iter().for_each(|periods| periods.save(w));
        if let Some(seen) = &self.seen {
            sorted(seen.iter(), w, |row, w| row.save(w));
        }
        self.collected.save(w);
        w.u64(self.skipped);
        w.u64(self.passed);
    }

    /// Reads the same of a query that has seen nothing.
    pub fn load(&mut self, r: &mut Reader<'_>) -> Result<(), Damage> {
        let flags = r.byte()?;
        let has = |flag: u8| flags & flag != 0;
        self.done = has(DONE);
        self.groups = match (has(GROUPS), &self.plan.group) {
            (false, _) => None,
            (true, None) => return Err(Damage::KIND),
            (true, Some(group)) => Some(Box::new(Groups::load(group, r)?)),
        };
        match (has(PERIODS), &mut self.periods) {
            (false, periods) => *periods = None,
            (true, None) => return Err(Damage::KIND),
            (true, Some(periods)) => periods.load(r)?,
        }
        self.seen = None;
        if has(SEEN) {
            let mut seen = Box::<Seen>::default();
            for _ in 0..r.length()? {
                r.rebase();
                seen.insert(Saved::load(r)?);
            }
            r.rebase();
            self.seen = Some(seen);
        }
        self.collected = Saved::load(r)?;
        self.skipped = r.count()?;
        self.passed = r.count()?;
        Ok(())
    }
}

impl Saved for Produced {
    fn save(&self, w: &mut Writer) {
        w.i64(self.time);
        self.values.save(w);
        self.match_id.save(w);
    }

    fn load(r: &mut Reader<'_>) -> Result<Self, Damage> {
        Ok(Self {
            time: r.i64()?,
            values: Saved::load(r)?,
            match_id: Saved::load(r)?,
        })
    }
}
