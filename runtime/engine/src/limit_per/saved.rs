//! Periods in a snapshot, in an order that does not depend on that of the table.

use portent_grammar::Value;

use crate::snapshot::{Damage, Reader, Saved, Writer, sorted};

use super::{LimitPeriods, Period};

impl LimitPeriods {
    /// Writes the periods. O(n log n).
    #[allow(
        clippy::disallowed_methods,
        reason = "what is written is put in order first"
    )]
    pub fn save(&self, w: &mut Writer) {
        w.length(self.sweep_at);
        sorted(self.periods.iter(), w, |(key, period), w| {
            key.save(w);
            w.i64(period.began);
            w.u64(period.passed);
            w.u64(period.suppressed);
        });
    }

    /// Reads the periods of the same limit.
    pub fn load(&mut self, r: &mut Reader<'_>) -> Result<(), Damage> {
        self.sweep_at = usize::try_from(r.count()?).map_err(|_| Damage::NUMBER)?;
        for _ in 0..r.length()? {
            r.rebase();
            let key: Vec<Value> = Saved::load(r)?;
            let period = Period {
                began: r.i64()?,
                passed: r.count()?,
                suppressed: r.count()?,
            };
            self.periods.insert(key, period);
        }
        r.rebase();
        Ok(())
    }
}
