//! Sample events: deterministic, with patterns planted in them.
//!
//! Every kind of stream is a `Scene` in a file of its own, with its schema and what is planted. The same kind, seed and options
//! give the same rows, in every version that doesn't say otherwise in its change log.

mod clicks;
mod deliveries;
mod logins;
mod machine_temperature;
mod orders;
mod payments;
mod rng;
#[cfg(test)]
mod tests;
mod ticks;
mod trades;
mod typed;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use portent_grammar::codes::input as codes;
use portent_grammar::{Schema, Value};

use crate::error::{ConnectError, nearest};

pub use rng::Rng;

/// A kind of stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Log-ins, with brute-force bursts among them.
    Logins,
    /// Card payments, with card testing among them.
    Payments,
    /// Trades, with double bottoms (W shapes) in the prices.
    Trades,
    /// Readings of machines, with overheating.
    MachineTemperature,
    /// Orders, some of which are never shipped.
    Orders,
    /// Shipments of the orders of the same seed.
    Shipments,
    /// What visitors of a shop do, with abandoned carts.
    Clicks,
    /// Parcels on their way, some of which never arrive.
    Deliveries,
    /// Uniform types, ids, prices: for measuring.
    Typed,
    /// Random walks of a hundred symbols: for measuring.
    Ticks,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 10] = [
        Kind::Logins,
        Kind::Payments,
        Kind::Trades,
        Kind::MachineTemperature,
        Kind::Orders,
        Kind::Shipments,
        Kind::Clicks,
        Kind::Deliveries,
        Kind::Typed,
        Kind::Ticks,
    ];

    /// As the option `kind` has it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Logins => "logins",
            Kind::Payments => "payments",
            Kind::Trades => "trades",
            Kind::MachineTemperature => "machine_temperature",
            Kind::Orders => "orders",
            Kind::Shipments => "shipments",
            Kind::Clicks => "clicks",
            Kind::Deliveries => "deliveries",
            Kind::Typed => "typed",
            Kind::Ticks => "ticks",
        }
    }

    /// One line on what it holds.
    pub fn about(self) -> &'static str {
        match self {
            Kind::Logins => {
                "log-ins; bursts of 5 to 12 failures from one address, most of which end with a success"
            }
            Kind::Payments => {
                "card payments; cards that are tested with small amounts, then used for a large one"
            }
            Kind::Trades => "trades of ten symbols; double bottoms (W shapes)",
            Kind::MachineTemperature => "readings of five machines; stretches of overheating",
            Kind::Orders => "orders; see shipments",
            Kind::Shipments => {
                "shipments of the orders of the same seed; some orders have none, some have a late one"
            }
            Kind::Clicks => "visits to a shop; carts that are filled and left",
            Kind::Deliveries => {
                "parcels on their way; some are out for delivery and never delivered"
            }
            Kind::Typed => "types A to J, ids 0 to 999, prices, volumes, every 10 ms",
            Kind::Ticks => "random walks of 100 symbols, every 10 ms",
        }
    }

    /// By name, in any case.
    ///
    /// # Errors
    /// P0545.
    pub fn parse(name: &str) -> Result<Self, ConnectError> {
        let lower = name.to_lowercase();
        if let Some(kind) = Self::ALL.into_iter().find(|kind| kind.name() == lower) {
            return Ok(kind);
        }
        let names = Self::ALL.map(Kind::name);
        let mut error = ConnectError::new(
            codes::GENERATOR_KIND,
            format!("the generator knows no kind '{name}'"),
        );
        if let Some(near) = nearest(name, names) {
            error = error.help(format!("did you mean '{near}'?"));
        }
        Err(error.help(format!("the kinds are {}", names.join(", "))))
    }

    /// Its columns. The first is the event time, `ts`.
    pub fn schema(self) -> Schema {
        match self {
            Kind::Logins => logins::schema(),
            Kind::Payments => payments::schema(),
            Kind::Trades => trades::schema(),
            Kind::MachineTemperature => machine_temperature::schema(),
            Kind::Orders => orders::schema(),
            Kind::Shipments => orders::shipments_schema(),
            Kind::Clicks => clicks::schema(),
            Kind::Deliveries => deliveries::schema(),
            Kind::Typed => typed::schema(),
            Kind::Ticks => ticks::schema(),
        }
    }

    fn scene(self, seed: u64) -> Box<dyn Scene> {
        match self {
            Kind::Logins => Box::new(logins::Logins::default()),
            Kind::Payments => Box::new(payments::Payments::default()),
            Kind::Trades => Box::new(trades::Trades::new(&mut Rng::of(seed, 1))),
            Kind::MachineTemperature => Box::new(machine_temperature::Machines::new()),
            Kind::Orders => Box::new(orders::Orders::new(seed)),
            Kind::Shipments => Box::new(orders::Shipments::new(seed)),
            Kind::Clicks => Box::new(clicks::Clicks::default()),
            Kind::Deliveries => Box::new(deliveries::Deliveries::default()),
            Kind::Typed => Box::new(typed::Typed),
            Kind::Ticks => Box::new(ticks::Ticks::new(&mut Rng::of(seed, 1))),
        }
    }
}

/// What to generate.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneratorConfig {
    /// The kind of stream.
    pub kind: Kind,
    /// How many rows; `None`: without end. For shipments: of how many orders.
    pub count: Option<u64>,
    /// The same seed, the same rows.
    pub seed: u64,
    /// µs since 1970: the time of the first event, about.
    pub start: i64,
    /// µs between two events of the background; `None`: by kind.
    pub step: Option<i64>,
    /// The share of events, 0 to 1, that come after later ones.
    pub disorder: f64,
    /// µs: how much event time passes at most until such an event comes.
    pub disorder_max: i64,
    /// Rows per second of real time; `None`: as fast as they are read.
    pub rate: Option<f64>,
}

impl GeneratorConfig {
    /// 10,000 rows of this kind, seed 7, from 2026-01-01 00:00:00 UTC on, in order.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            count: Some(10_000),
            seed: 7,
            start: 1_767_225_600_000_000,
            step: None,
            disorder: 0.0,
            disorder_max: 5_000_000,
            rate: None,
        }
    }
}

/// No tick is later, so that a scene may add hours without overflow.
const END_OF_TIME: i64 = i64::MAX / 2;

/// In µs.
const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// What happens in a kind of stream.
trait Scene: Send {
    /// µs between two ticks.
    fn step(&self) -> i64;

    /// What happens at the tick `number`, at time `now`: events of this time, and of later ones if a story begins here.
    fn tick(&mut self, number: u64, now: i64, rng: &mut Rng, out: &mut Out);

    /// Whether `count` counts ticks, not rows.
    fn counts_ticks(&self) -> bool {
        false
    }
}

/// Events to come, by time, then by the order in which they were made.
#[derive(Default)]
struct Out {
    heap: BinaryHeap<Reverse<(i64, u64)>>,
    rows: HashMap<u64, (i64, Vec<Value>)>,
    made: u64,
}

impl Out {
    /// An event at a time; its row begins with that time.
    fn at(&mut self, time: i64, rest: impl IntoIterator<Item = Value>) {
        let mut row = vec![Value::Timestamp(time)];
        row.extend(rest);
        self.push(time, time, row);
    }

    fn push(&mut self, order: i64, time: i64, row: Vec<Value>) {
        self.made += 1;
        self.heap.push(Reverse((order, self.made)));
        self.rows.insert(self.made, (time, row));
    }

    /// The earliest, if it is before `limit`.
    fn pop_before(&mut self, limit: i64) -> Option<(i64, Vec<Value>)> {
        let Reverse((order, number)) = *self.heap.peek()?;
        if order >= limit {
            return None;
        }
        self.heap.pop();
        self.rows.remove(&number)
    }
}

/// The rows of a generated stream.
pub struct Generator {
    scene: Box<dyn Scene>,
    rng: Rng,
    out: Out,
    /// In the order in which events arrive.
    arrivals: Out,
    arrival_rng: Rng,
    config: GeneratorConfig,
    step: i64,
    now: i64,
    ticks: u64,
    given: u64,
}

impl Generator {
    /// Rows of this kind.
    pub fn new(config: &GeneratorConfig) -> Self {
        let scene = config.kind.scene(config.seed);
        let step = config.step.unwrap_or_else(|| scene.step()).max(1);
        Self {
            scene,
            rng: Rng::of(config.seed, 0),
            out: Out::default(),
            arrivals: Out::default(),
            arrival_rng: Rng::of(config.seed, 2),
            config: config.clone(),
            step,
            now: config.start.max(-END_OF_TIME),
            ticks: 0,
            given: 0,
        }
    }

    /// Its columns.
    pub fn schema(&self) -> Schema {
        self.config.kind.schema()
    }

    fn ticks_ended(&self) -> bool {
        let counted =
            self.scene.counts_ticks() && self.config.count.is_some_and(|count| self.ticks >= count);
        counted || self.now > END_OF_TIME
    }

    /// The next event by time.
    fn next_in_time(&mut self) -> Option<(i64, Vec<Value>)> {
        loop {
            let limit = if self.ticks_ended() {
                i64::MAX
            } else {
                self.now
            };
            if let Some(event) = self.out.pop_before(limit) {
                return Some(event);
            }
            if self.ticks_ended() {
                return None;
            }
            self.scene
                .tick(self.ticks, self.now, &mut self.rng, &mut self.out);
            self.ticks += 1;
            self.now = self.now.saturating_add(self.step);
        }
    }

    /// The next event by arrival.
    fn next_arrival(&mut self) -> Option<Vec<Value>> {
        if self.config.disorder <= 0.0 {
            return self.next_in_time().map(|(_, row)| row);
        }
        loop {
            // Nothing that is still to be made arrives before the time that has been reached.
            let Some((time, row)) = self.next_in_time() else {
                return self.arrivals.pop_before(i64::MAX).map(|(_, row)| row);
            };
            let late = self.arrival_rng.chance(self.config.disorder);
            let delay = if late {
                self.arrival_rng.between(1, self.config.disorder_max.max(1))
            } else {
                0
            };
            self.arrivals.push(time.saturating_add(delay), time, row);
            if let Some((_, row)) = self.arrivals.pop_before(time.saturating_add(1)) {
                return Some(row);
            }
        }
    }
}

impl Iterator for Generator {
    type Item = Vec<Value>;

    fn next(&mut self) -> Option<Vec<Value>> {
        if !self.scene.counts_ticks() && self.config.count.is_some_and(|count| self.given >= count)
        {
            return None;
        }
        self.given += 1;
        self.next_arrival()
    }
}

/// The rows of a generated stream, first column `ts`.
pub fn generate(config: &GeneratorConfig) -> Generator {
    Generator::new(config)
}
