//! `LIMIT n PER duration BY …`: mutes after an alert, and counts what it muted.

mod saved;

use hashbrown::HashMap;
use portent_grammar::Value;

/// The state of one key.
#[derive(Clone, Copy, Debug)]
struct Period {
    /// When the first match of the period came.
    began: i64,
    /// Matches passed on in this period.
    passed: u64,
    /// Matches held back since the last one that was passed on.
    suppressed: u64,
}

/// The periods of all keys. A period that is over is forgotten, unless `SUPPRESSED()` must still tell of it.
#[derive(Debug)]
pub(crate) struct LimitPeriods {
    count: u64,
    per: i64,
    /// Whether the query asks for `SUPPRESSED()`.
    tells: bool,
    periods: HashMap<Vec<Value>, Period, foldhash::fast::RandomState>,
    /// Above this many keys, those whose period is over are swept out.
    sweep_at: usize,
}

const SWEEP_LEAST: usize = 1024;

impl LimitPeriods {
    /// `count` matches per `per` µs.
    pub fn new(count: u64, per: i64, tells: bool) -> Self {
        Self {
            count,
            per,
            tells,
            periods: HashMap::default(),
            sweep_at: SWEEP_LEAST,
        }
    }

    /// Whether a match of this key at this time is passed on; if so, how many were held back before it.
    pub fn pass(&mut self, key: Vec<Value>, time: i64) -> Option<u64> {
        if self.periods.len() >= self.sweep_at {
            self.sweep(time);
        }
        let (count, per) = (self.count, self.per);
        let period = self.periods.entry(key).or_insert(Period {
            began: time,
            passed: 0,
            suppressed: 0,
        });
        if time.saturating_sub(period.began) >= per {
            period.began = time;
            period.passed = 0;
        }
        if period.passed < count {
            period.passed += 1;
            Some(std::mem::take(&mut period.suppressed))
        } else {
            period.suppressed += 1;
            None
        }
    }

    fn sweep(&mut self, time: i64) {
        let (per, tells) = (self.per, self.tells);
        self.periods.retain(|_, period| {
            time.saturating_sub(period.began) < per || (tells && period.suppressed > 0)
        });
        self.sweep_at = SWEEP_LEAST.max(self.periods.len() * 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_begins_with_the_first_match_after_the_last_period() {
        let mut limit = LimitPeriods::new(2, 10, true);
        let key = || vec![Value::Int(1)];
        assert_eq!(limit.pass(key(), 100), Some(0));
        assert_eq!(limit.pass(key(), 105), Some(0));
        assert_eq!(limit.pass(key(), 106), None);
        assert_eq!(limit.pass(vec![Value::Int(2)], 106), Some(0));
        assert_eq!(limit.pass(key(), 109), None);
        // Ten have gone by since the first: a new period, which tells of what was held back.
        assert_eq!(limit.pass(key(), 110), Some(2));
        assert_eq!(limit.pass(key(), 119), Some(0));
        assert_eq!(limit.pass(key(), 119), None);
        assert_eq!(limit.pass(key(), 500), Some(1));
    }

    #[test]
    fn forgets_keys_whose_period_is_over() {
        let mut limit = LimitPeriods::new(1, 10, false);
        for key in 0..100_000 {
            limit.pass(vec![Value::Int(key)], key);
        }
        assert!(
            limit.periods.len() <= 2 * SWEEP_LEAST,
            "{}",
            limit.periods.len()
        );
    }
}
