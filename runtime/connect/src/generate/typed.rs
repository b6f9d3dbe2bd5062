//! `typed (ts TIMESTAMP, type TEXT, id BIGINT, price DOUBLE, volume BIGINT)`: one every 10 ms, for measuring.
//!
//! All uniform and independent: type A to J, id 0 to 999, price 0 to 99.99, volume 1 to 1,000.

use portent_grammar::{Column, Schema, Type, Value};

use super::rng::cents;
use super::{Out, Rng, Scene};

const TYPES: [&str; 10] = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"];

pub(super) fn schema() -> Schema {
    vec![
        Column::new("ts", Type::Timestamp),
        Column::new("type", Type::Text),
        Column::new("id", Type::Int),
        Column::new("price", Type::Float),
        Column::new("volume", Type::Int),
    ]
}

pub(super) struct Typed;

impl Scene for Typed {
    fn step(&self) -> i64 {
        10_000
    }

    fn tick(&mut self, _number: u64, now: i64, rng: &mut Rng, out: &mut Out) {
        let ty = rng.pick(&TYPES);
        let id = rng.between(0, 999);
        let price = cents(rng.below(10_000) as f64 / 100.0);
        out.at(
            now,
            [
                Value::text(ty),
                Value::Int(id),
                Value::Float(price),
                Value::Int(rng.between(1, 1_000)),
            ],
        );
    }
}
