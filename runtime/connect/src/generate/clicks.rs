//! `clicks (ts TIMESTAMP, session TEXT, user TEXT, action TEXT, product TEXT, price DOUBLE)`: a visit begins about every 5 seconds.
//!
//! `action` is `view`, `add_to_cart`, `checkout` or `purchase`; product and price are NULL at checkout and purchase. Half of the visits only
//! look. Planted: of those that fill a cart two of five leave it, before or after checkout; the others purchase within half an hour.

use portent_grammar::{Column, Schema, Type, Value};

use super::logins::USERS;
use super::rng::cents;
use super::{MINUTE, Out, Rng, SECOND, Scene};

const PRODUCTS: [&str; 8] = [
    "bag", "boots", "coat", "gloves", "hat", "lamp", "scarf", "tent",
];

pub(super) fn schema() -> Schema {
    vec![
        Column::new("ts", Type::Timestamp),
        Column::new("session", Type::Text),
        Column::new("user", Type::Text),
        Column::new("action", Type::Text),
        Column::new("product", Type::Text),
        Column::new("price", Type::Float),
    ]
}

#[derive(Default)]
pub(super) struct Clicks {
    sessions: u64,
}

impl Scene for Clicks {
    fn step(&self) -> i64 {
        5 * SECOND
    }

    fn tick(&mut self, _number: u64, now: i64, rng: &mut Rng, out: &mut Out) {
        self.sessions += 1;
        let session = Value::text(format!("s{:06}", self.sessions));
        let user = Value::text(rng.pick(&USERS));
        let mut time = now;
        let mut click =
            |action: &str, thing: Option<(&str, f64)>, least: i64, most: i64, rng: &mut Rng| {
                let (product, price) = match thing {
                    Some((product, price)) => (Value::text(product), Value::Float(price)),
                    None => (Value::Null, Value::Null),
                };
                out.at(
                    time,
                    [
                        session.clone(),
                        user.clone(),
                        Value::text(action),
                        product,
                        price,
                    ],
                );
                time = time.saturating_add(rng.between(least, most));
            };
        let mut last = ("", 0.0);
        for _ in 0..rng.between(1, 5) {
            last = thing(rng);
            click("view", Some(last), 5 * SECOND, MINUTE, rng);
        }
        if rng.chance(0.5) {
            return;
        }
        click("add_to_cart", Some(last), 10 * SECOND, 2 * MINUTE, rng);
        let leaves = rng.chance(0.4);
        if leaves && rng.chance(0.5) {
            return;
        }
        click("checkout", None, 30 * SECOND, 5 * MINUTE, rng);
        if !leaves {
            click("purchase", None, 0, 0, rng);
        }
    }
}

fn thing(rng: &mut Rng) -> (&'static str, f64) {
    let index = rng.below(PRODUCTS.len() as u64);
    let price = cents(9.9 + 15.0 * index as f64);
    (
        PRODUCTS.get(index as usize).copied().unwrap_or_default(),
        price,
    )
}
