//! `ticks (ts TIMESTAMP, symbol TEXT, price DOUBLE, volume BIGINT)`: one every 10 ms, for measuring.
//!
//! A hundred symbols S000 to S099; each price walks at random by up to 0.50, from between 50 and 150, never below 1. Volume 1 to 1,000.

use portent_grammar::{Column, Schema, Type, Value};

use super::rng::cents;
use super::{Out, Rng, Scene};

pub(super) fn schema() -> Schema {
    vec![
        Column::new("ts", Type::Timestamp),
        Column::new("symbol", Type::Text),
        Column::new("price", Type::Float),
        Column::new("volume", Type::Int),
    ]
}

pub(super) struct Ticks {
    /// Name, and price in cents.
    symbols: Vec<(Value, i64)>,
}

impl Ticks {
    pub fn new(rng: &mut Rng) -> Self {
        let symbols = (0..100)
            .map(|number| {
                (
                    Value::text(format!("S{number:03}")),
                    rng.between(5_000, 14_999),
                )
            })
            .collect();
        Self { symbols }
    }
}

impl Scene for Ticks {
    fn step(&self) -> i64 {
        10_000
    }

    fn tick(&mut self, _number: u64, now: i64, rng: &mut Rng, out: &mut Out) {
        let index = rng.below(self.symbols.len() as u64) as usize;
        let Some((name, price)) = self.symbols.get_mut(index) else {
            return;
        };
        *price = (*price + rng.between(-50, 50)).max(100);
        let price = cents(*price as f64 / 100.0);
        out.at(
            now,
            [
                name.clone(),
                Value::Float(price),
                Value::Int(rng.between(1, 1_000)),
            ],
        );
    }
}
