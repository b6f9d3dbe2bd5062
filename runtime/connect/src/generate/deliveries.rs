//! `deliveries (ts TIMESTAMP, parcel BIGINT, status TEXT, depot TEXT)`: a parcel begins every 4 minutes, ids from 1.
//!
//! `status` goes `accepted`, `in_depot`, `out_for_delivery`, `delivered`, with `failed_attempt` and a second `out_for_delivery` a day later for some. A
//! parcel that is out is delivered within 8 hours. Planted: 5 % are out for delivery and then never heard of again.

use portent_grammar::{Column, Schema, Type, Value};

use super::{HOUR, MINUTE, Out, Rng, Scene};

const DEPOTS: [&str; 5] = ["east", "harbour", "north", "south", "west"];

pub(super) fn schema() -> Schema {
    vec![
        Column::new("ts", Type::Timestamp),
        Column::new("parcel", Type::Int),
        Column::new("status", Type::Text),
        Column::new("depot", Type::Text),
    ]
}

#[derive(Default)]
pub(super) struct Deliveries {
    parcels: i64,
}

impl Scene for Deliveries {
    fn step(&self) -> i64 {
        4 * MINUTE
    }

    fn tick(&mut self, _number: u64, now: i64, rng: &mut Rng, out: &mut Out) {
        self.parcels += 1;
        let parcel = self.parcels;
        let depot = Value::text(rng.pick(&DEPOTS));
        let mut time = now;
        let mut at = |status: &str, after: i64| {
            time = time.saturating_add(after);
            out.at(
                time,
                [Value::Int(parcel), Value::text(status), depot.clone()],
            );
        };
        at("accepted", 0);
        at("in_depot", rng.between(30 * MINUTE, 10 * HOUR));
        at("out_for_delivery", rng.between(HOUR, 14 * HOUR));
        if rng.chance(0.05) {
            return;
        }
        if rng.chance(0.08) {
            at("failed_attempt", rng.between(HOUR, 7 * HOUR));
            at("out_for_delivery", rng.between(16 * HOUR, 24 * HOUR));
        }
        at("delivered", rng.between(20 * MINUTE, 8 * HOUR));
    }
}
