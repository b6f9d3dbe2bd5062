//! Pauses between attempts: longer each time, and never the same for all who wait.

use std::time::{Duration, SystemTime};

use crate::generate::Rng;

pub(crate) struct Backoff {
    initial: Duration,
    most: Duration,
    next: Duration,
    rng: Rng,
}

impl Backoff {
    pub fn new(initial: Duration, most: Duration) -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let seed = now.map_or(0, |now| u64::from(now.subsec_nanos()));
        Self {
            initial,
            most,
            next: initial,
            rng: Rng::new(seed ^ u64::from(std::process::id()).rotate_left(32)),
        }
    }

    /// How long to wait now: from half of what it would be to all of it, so that many who lost the same receiver don't come back at once.
    pub fn next(&mut self) -> Duration {
        let whole = self.next.min(self.most);
        self.next = whole.saturating_mul(2);
        whole.mul_f64(0.5 + 0.5 * self.rng.unit())
    }

    /// It has worked: the next pause is the first again.
    pub fn reset(&mut self) {
        self.next = self.initial;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let ms = Duration::from_millis;
        let mut backoff = Backoff::new(ms(100), ms(350));
        for whole in [100, 200, 350, 350] {
            let pause = backoff.next();
            assert!(pause >= ms(whole) / 2 && pause <= ms(whole), "{pause:?}");
        }
        backoff.reset();
        assert!(backoff.next() <= ms(100));
    }
}
