//! `logins (ts TIMESTAMP, user TEXT, source_ip TEXT, ok BOOLEAN)`: one about every 2 seconds.
//!
//! Forty users log in from home (10.0.0.x), now and then mistyping once or twice. Planted, about every 150 events: a
//! burst of 5 to 12 failures for one user from one address of 203.0.113.0/24, 1 to 15 seconds apart; two of three bursts end with a success.

use portent_grammar::{Column, Schema, Type, Value};

use super::{Out, Rng, SECOND, Scene};

pub(super) const USERS: [&str; 40] = [
    "alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "karl",
    "laura", "mallory", "nina", "oscar", "peggy", "quentin", "rita", "sybil", "trent", "ursula",
    "victor", "wendy", "xavier", "yvonne", "zoe", "adam", "beth", "carl", "dora", "emil", "fay",
    "gus", "hana", "igor", "jana", "kurt", "lena", "mark", "nora",
];

pub(super) fn schema() -> Schema {
    vec![
        Column::new("ts", Type::Timestamp),
        Column::new("user", Type::Text),
        Column::new("source_ip", Type::Text),
        Column::new("ok", Type::Bool),
    ]
}

#[derive(Default)]
pub(super) struct Logins {
    attacks: u64,
}

impl Scene for Logins {
    fn step(&self) -> i64 {
        2 * SECOND
    }

    fn tick(&mut self, _number: u64, now: i64, rng: &mut Rng, out: &mut Out) {
        let index = rng.below(USERS.len() as u64);
        let user = USERS.get(index as usize).copied().unwrap_or_default();
        let home = format!("10.0.0.{}", index + 10);
        let mut time = now + rng.between(0, SECOND);
        if rng.chance(0.05) {
            for _ in 0..rng.between(1, 2) {
                out.at(time, row(user, &home, false));
                time += rng.between(2 * SECOND, 8 * SECOND);
            }
        }
        out.at(time, row(user, &home, true));
        if rng.chance(1.0 / 140.0) {
            self.attack(now, rng, out);
        }
    }
}

impl Logins {
    fn attack(&mut self, now: i64, rng: &mut Rng, out: &mut Out) {
        self.attacks += 1;
        let user = rng.pick(&USERS);
        // An address attacks once in a while only, so that two bursts don't run into each other.
        let address = format!("203.0.113.{}", self.attacks % 250 + 1);
        let mut time = now;
        for _ in 0..rng.between(5, 12) {
            time += rng.between(SECOND, 15 * SECOND);
            out.at(time, row(user, &address, false));
        }
        if rng.below(3) > 0 {
            time += rng.between(SECOND, 15 * SECOND);
            out.at(time, row(user, &address, true));
        }
    }
}

fn row(user: &str, address: &str, ok: bool) -> [Value; 3] {
    [Value::text(user), Value::text(address), Value::Bool(ok)]
}
