//! A small random number generator of our own, so that a seed gives the same events in every version and on every machine.

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014): 64 bits of state, one
/// addition and three mixing steps a number. Good enough for sample data, not for secrets.
#[derive(Clone, Debug)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// The same seed, the same numbers.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A generator of its own for part `part` of seed `seed`: what belongs together in two streams is drawn from the same one.
    pub fn of(seed: u64, part: u64) -> Self {
        let mut rng = Self::new(seed ^ part.wrapping_mul(0xd134_2543_de82_ef95));
        rng.next();
        rng
    }

    /// 64 random bits.
    #[allow(clippy::should_implement_trait, reason = "it never ends")]
    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to, not including, `limit` (0 for 0). The bias is below 2⁻³² for the limits used here.
    pub fn below(&mut self, limit: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(limit);
        (wide >> 64) as u64
    }

    /// From `least` to `most`, both included.
    pub fn between(&mut self, least: i64, most: i64) -> i64 {
        let span = most.saturating_sub(least).max(0).cast_unsigned();
        least.saturating_add(self.below(span.saturating_add(1)).cast_signed())
    }

    /// From 0 up to, not including, 1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of them; the last of none is the default.
    pub fn pick<T: Copy + Default>(&mut self, from: &[T]) -> T {
        let index = self.below(from.len() as u64);
        from.get(index as usize).copied().unwrap_or_default()
    }

    /// About normal, mean 0, deviation 1: the sum of twelve uniform numbers (no logarithms, whose last bit differs between machines).
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }
}

/// Rounded to hundredths.
pub fn cents(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_sequence() {
        // From the reference implementation, seed 1234567.
        let mut rng = Rng::new(1_234_567);
        let found: Vec<u64> = (0..3).map(|_| rng.next()).collect();
        assert_eq!(
            found,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn limits() {
        let mut rng = Rng::new(1);
        for _ in 0..1000 {
            assert!((3..=5).contains(&rng.between(3, 5)));
            assert!((0.0..1.0).contains(&rng.unit()));
        }
        assert_eq!(rng.below(0), 0);
        assert_eq!(rng.between(5, 3), 5);
    }
}
