//! `machine_temperature (ts TIMESTAMP, machine TEXT, temperature DOUBLE)`: five machines, each every minute.
//!
//! Normally 64 to 76 degrees, never 80. Planted, for each machine about every 200 of its readings, an excursion: the temperature climbs
//! within 3 readings to at least 90, stays there for 12 to 30 readings, and falls within 3.

use portent_grammar::{Column, Schema, Type, Value};

use super::rng::cents;
use super::{Out, Rng, SECOND, Scene};

const MACHINES: [&str; 5] = ["m1", "m2", "m3", "m4", "m5"];

pub(super) fn schema() -> Schema {
    vec![
        Column::new("ts", Type::Timestamp),
        Column::new("machine", Type::Text),
        Column::new("temperature", Type::Float),
    ]
}

#[derive(Default)]
struct Machine {
    /// Above or below 70.
    drift: f64,
    /// Readings of an excursion to come, last first.
    script: Vec<f64>,
}

pub(super) struct Machines {
    machines: Vec<Machine>,
}

impl Machines {
    pub fn new() -> Self {
        Self {
            machines: MACHINES.iter().map(|_| Machine::default()).collect(),
        }
    }
}

impl Scene for Machines {
    fn step(&self) -> i64 {
        12 * SECOND
    }

    fn tick(&mut self, number: u64, now: i64, rng: &mut Rng, out: &mut Out) {
        let index = (number % MACHINES.len() as u64) as usize;
        let name = MACHINES.get(index).copied().unwrap_or_default();
        let Some(machine) = self.machines.get_mut(index) else {
            return;
        };
        let temperature = match machine.script.pop() {
            Some(temperature) => temperature,
            None => {
                machine.drift = (machine.drift * 0.9 + rng.normal() * 0.6).clamp(-4.5, 4.5);
                if rng.chance(1.0 / 200.0) {
                    machine.script = excursion(rng);
                }
                70.0 + machine.drift + (rng.unit() - 0.5) * 2.0
            }
        };
        out.at(now, [Value::text(name), Value::Float(cents(temperature))]);
    }
}

fn excursion(rng: &mut Rng) -> Vec<f64> {
    let mut script = vec![78.0, 83.0, 88.0];
    let peak = 93.0 + 10.0 * rng.unit();
    for _ in 0..rng.between(12, 30) {
        script.push(peak + (rng.unit() - 0.5) * 5.0);
    }
    script.extend([88.0, 84.0, 79.0]);
    script
}
