//! `payments (ts TIMESTAMP, payment_id BIGINT, card TEXT, merchant TEXT, country TEXT, amount DOUBLE)`: one about every 3 seconds.
//!
//! Three hundred cards are used in shops of their own country, for 3 to 250. Planted, about every 200 events, card testing: 4 to 8
//! payments of less than 2 with one card, 3 to 20 seconds apart, then one of 600 to 2,500 within two minutes.

use portent_grammar::{Column, Schema, Type, Value};

use super::rng::cents;
use super::{MINUTE, Out, Rng, SECOND, Scene};

const MERCHANTS: [&str; 12] = [
    "bakery", "books", "cinema", "fuel", "gifts", "grocer", "hotel", "pharmacy", "shoes", "taxi",
    "tools", "toys",
];
const ONLINE: [&str; 4] = ["apps", "donations", "games", "music"];
const COUNTRIES: [&str; 6] = ["AT", "CH", "DE", "FR", "IT", "PL"];

pub(super) fn schema() -> Schema {
    vec![
        Column::new("ts", Type::Timestamp),
        Column::new("payment_id", Type::Int),
        Column::new("card", Type::Text),
        Column::new("merchant", Type::Text),
        Column::new("country", Type::Text),
        Column::new("amount", Type::Float),
    ]
}

#[derive(Default)]
pub(super) struct Payments {
    made: i64,
}

impl Scene for Payments {
    fn step(&self) -> i64 {
        3 * SECOND
    }

    fn tick(&mut self, _number: u64, now: i64, rng: &mut Rng, out: &mut Out) {
        let card = rng.below(300);
        let merchant = rng.pick(&MERCHANTS);
        let amount = 3.0 + 247.0 * rng.unit() * rng.unit();
        let time = now + rng.between(0, SECOND);
        self.pay(time, card, merchant, amount, out);
        if rng.chance(1.0 / 200.0) {
            let card = rng.below(300);
            let mut time = now;
            for _ in 0..rng.between(4, 8) {
                time += rng.between(3 * SECOND, 20 * SECOND);
                let merchant = rng.pick(&ONLINE);
                let amount = 0.5 + 1.49 * rng.unit();
                self.pay(time, card, merchant, amount, out);
            }
            time += rng.between(10 * SECOND, 2 * MINUTE);
            let amount = 600.0 + 1_900.0 * rng.unit();
            self.pay(time, card, "electronics", amount, out);
        }
    }
}

impl Payments {
    fn pay(&mut self, time: i64, card: u64, merchant: &str, amount: f64, out: &mut Out) {
        self.made += 1;
        let country = COUNTRIES
            .get((card % 6) as usize)
            .copied()
            .unwrap_or_default();
        out.at(
            time,
            [
                Value::Int(self.made),
                Value::text(format!("4000-{card:04}")),
                Value::text(merchant),
                Value::text(country),
                Value::Float(cents(amount)),
            ],
        );
    }
}
