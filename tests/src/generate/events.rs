//! Random small streams: few types, small values, ties, NULLs, a little disorder.

use std::fmt::Write as _;

use super::rng::Rng;

/// Where the streams begin: 2026-01-01 00:00:00 UTC, in seconds.
pub const BASE: i64 = 1_767_225_600;

/// A stream; its columns are those of `COLUMNS`.
#[derive(Clone, Debug, PartialEq)]
pub struct Stream {
    pub name: String,
    /// Seconds.
    pub lateness: i64,
    /// Whether it ends: what only the end can decide is then allowed.
    pub bounded: bool,
}

/// Name and type of the columns of every stream. `bit` is a power of two of its own for each event, so that `SUM(v.bit)` tells
/// exactly which events a variable has.
pub const COLUMNS: &[(&str, &str)] = &[
    ("ts", "TIMESTAMP"),
    ("k", "TEXT"),
    ("t", "TEXT"),
    ("v", "BIGINT"),
    ("bit", "BIGINT"),
];

impl Stream {
    /// `CREATE STREAM …`
    pub fn sql(&self) -> String {
        let columns: Vec<String> = COLUMNS
            .iter()
            .map(|(name, ty)| format!("{name} {ty}"))
            .collect();
        format!(
            "CREATE STREAM {} ({}, WATERMARK FOR ts AS ts - INTERVAL '{}' SECOND){}",
            self.name,
            columns.join(", "),
            self.lateness,
            if self.bounded {
                " WITH (bounded = true)"
            } else {
                ""
            }
        )
    }
}

/// An event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Index of its stream.
    pub stream: usize,
    /// Seconds after `BASE`.
    pub at: i64,
    pub k: Option<char>,
    pub t: char,
    pub v: Option<i64>,
}

/// Events in the order of arrival.
pub fn events(rng: &mut Rng, streams: &[Stream], count: usize) -> Vec<Event> {
    let keys = rng.weighted(&[(5, 1), (4, 2)]);
    let mut at = 0;
    let mut events = Vec::new();
    for _ in 0..count {
        at += rng.weighted(&[(3, 0), (6, 1), (3, 2), (1, 4), (1, 9)]);
        let stream = rng.below(streams.len());
        let late = streams[stream].lateness;
        // Now and then out of order: mostly within the lateness, sometimes beyond it.
        let beyond = i64::from(rng.percent(30));
        let back = if rng.percent(20) {
            rng.between(0, late + beyond)
        } else {
            0
        };
        events.push(Event {
            stream,
            at: (at - back).max(0),
            k: (!rng.percent(3)).then(|| ['x', 'y'][rng.below(keys)]),
            t: *rng.pick(&['A', 'A', 'B', 'B', 'C']),
            v: (!rng.percent(8)).then(|| rng.between(0, 4)),
        });
    }
    events
}

/// Events as CSV, with the name of their stream in front where there are several.
pub fn csv(streams: &[Stream], events: &[Event]) -> String {
    let mut text = String::from(if streams.len() > 1 { "stream," } else { "" });
    text.push_str("ts,k,t,v,bit\n");
    for (index, event) in events.iter().enumerate() {
        if streams.len() > 1 {
            let _ = write!(text, "{},", streams[event.stream].name);
        }
        let k = event.k.map(String::from).unwrap_or_default();
        let v = event.v.map(|v| v.to_string()).unwrap_or_default();
        let (minute, second) = (event.at / 60, event.at % 60);
        let _ = writeln!(
            text,
            "2026-01-01 00:{minute:02}:{second:02}Z,{k},{},{v},{}",
            event.t,
            1_i64 << index
        );
    }
    text
}
