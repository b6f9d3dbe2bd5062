//! `orders (ts TIMESTAMP, order_id BIGINT, customer TEXT, amount DOUBLE)`: one every 2 minutes, ids from 1.
//! `shipments (ts TIMESTAMP, order_id BIGINT, carrier TEXT)`: of the orders of the same seed, start and step; `count` is the number of
//! orders.
//!
//! Most orders are shipped within 1 to 20 hours. Planted: 4 % are never shipped, 3 % only after 26 to 40 hours.

use portent_grammar::{Column, Schema, Type, Value};

use super::logins::USERS;
use super::rng::cents;
use super::{HOUR, MINUTE, Out, Rng, Scene};

const CARRIERS: [&str; 4] = ["drone", "post", "rail", "van"];

pub(super) fn schema() -> Schema {
    vec![
        Column::new("ts", Type::Timestamp),
        Column::new("order_id", Type::Int),
        Column::new("customer", Type::Text),
        Column::new("amount", Type::Float),
    ]
}

pub(super) fn shipments_schema() -> Schema {
    vec![
        Column::new("ts", Type::Timestamp),
        Column::new("order_id", Type::Int),
        Column::new("carrier", Type::Text),
    ]
}

/// Everything about an order follows from the seed and its number, so that both streams know it.
struct Order {
    customer: &'static str,
    amount: f64,
    /// µs after the order.
    shipped_after: Option<i64>,
    carrier: &'static str,
}

fn order(seed: u64, number: u64) -> Order {
    let mut rng = Rng::of(seed, number.wrapping_add(1_000));
    let customer = rng.pick(&USERS);
    let amount = cents(8.0 + 390.0 * rng.unit() * rng.unit());
    let fate = rng.unit();
    let shipped_after = match fate {
        fate if fate < 0.04 => None,
        fate if fate < 0.07 => Some(rng.between(26 * HOUR, 40 * HOUR)),
        _ => Some(rng.between(HOUR, 20 * HOUR)),
    };
    Order {
        customer,
        amount,
        shipped_after,
        carrier: rng.pick(&CARRIERS),
    }
}

fn id(number: u64) -> Value {
    Value::Int(i64::try_from(number).unwrap_or(i64::MAX).saturating_add(1))
}

pub(super) struct Orders {
    seed: u64,
}

impl Orders {
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }
}

impl Scene for Orders {
    fn step(&self) -> i64 {
        2 * MINUTE
    }

    fn tick(&mut self, number: u64, now: i64, _rng: &mut Rng, out: &mut Out) {
        let order = order(self.seed, number);
        out.at(
            now,
            [
                id(number),
                Value::text(order.customer),
                Value::Float(order.amount),
            ],
        );
    }
}

pub(super) struct Shipments {
    seed: u64,
}

impl Shipments {
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }
}

impl Scene for Shipments {
    fn step(&self) -> i64 {
        2 * MINUTE
    }

    fn tick(&mut self, number: u64, now: i64, _rng: &mut Rng, out: &mut Out) {
        let order = order(self.seed, number);
        if let Some(after) = order.shipped_after {
            out.at(
                now.saturating_add(after),
                [id(number), Value::text(order.carrier)],
            );
        }
    }

    fn counts_ticks(&self) -> bool {
        true
    }
}
