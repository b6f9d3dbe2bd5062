//! `trades (ts TIMESTAMP, symbol TEXT, price DOUBLE, volume BIGINT)`: one every 250 ms, of ten symbols.
//!
//! Prices walk at random around a level. Planted, for each symbol about every 120 of its trades, a double bottom (W): the price
//! falls by 4 to 7 trades, rises by 3 to 5, falls again by 3 to 5 to about the same bottom, and rises by 4 to 7 above the middle top.
//! Every step of it is strictly down or up.

use portent_grammar::{Column, Schema, Type, Value};

use super::rng::cents;
use super::{Out, Rng, SECOND, Scene};

const SYMBOLS: [&str; 10] = [
    "ACME", "BOLT", "CRUX", "DUNE", "ECHO", "FLUX", "GALE", "HALO", "IRIS", "JADE",
];

pub(super) fn schema() -> Schema {
    vec![
        Column::new("ts", Type::Timestamp),
        Column::new("symbol", Type::Text),
        Column::new("price", Type::Float),
        Column::new("volume", Type::Int),
    ]
}

pub(super) struct Trades {
    /// Level, price, and the prices of a W to come, last first; all in cents.
    symbols: Vec<(i64, i64, Vec<i64>)>,
}

impl Trades {
    pub fn new(rng: &mut Rng) -> Self {
        let symbols = SYMBOLS
            .iter()
            .map(|_| {
                let level = rng.between(4_000, 20_000);
                (level, level, Vec::new())
            })
            .collect();
        Self { symbols }
    }
}

impl Scene for Trades {
    fn step(&self) -> i64 {
        SECOND / 4
    }

    fn tick(&mut self, _number: u64, now: i64, rng: &mut Rng, out: &mut Out) {
        let index = rng.below(SYMBOLS.len() as u64) as usize;
        let name = SYMBOLS.get(index).copied().unwrap_or_default();
        let Some((level, price, script)) = self.symbols.get_mut(index) else {
            return;
        };
        match script.pop() {
            Some(next) => *price = next,
            None => {
                // Pulled back to its level, so that no symbol ever reaches zero.
                let pull = (*level - *price) / 20;
                *price = (*price + pull + rng.between(-25, 25)).max(100);
                if rng.chance(1.0 / 120.0) {
                    *script = double_bottom(*price, rng);
                }
            }
        }
        let volume = 10 * rng.between(1, 100);
        out.at(
            now,
            [
                Value::text(name),
                Value::Float(cents(*price as f64 / 100.0)),
                Value::Int(volume),
            ],
        );
    }
}

/// The prices of a W that begins after a trade at `top`, last first.
fn double_bottom(top: i64, rng: &mut Rng) -> Vec<i64> {
    let mut prices = Vec::new();
    let mut price = top;
    let mut leg = |steps: i64, direction: i64, rng: &mut Rng| {
        for _ in 0..steps {
            price = (price + direction * rng.between(20, 60)).max(1);
            prices.push(price);
        }
    };
    let (fall, rise) = (rng.between(4, 7), rng.between(3, 5));
    leg(fall, -1, rng);
    leg(rise, 1, rng);
    let again = rng.between(3, 5);
    leg(again, -1, rng);
    let last = rng.between(4, 7);
    leg(last, 1, rng);
    prices.reverse();
    prices
}
